/* Softmax for AVX2. */
#define T float
#include "kernels/softmax_loops.h"
#define T double
#include "kernels/softmax_loops.h"

tide__SoftmaxTable tide__softmax_avx2 = TABLE_OF_SOFTMAX;
