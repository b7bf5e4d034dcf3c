/* Softmax for any machine. */
#define T float
#include "kernels/softmax_loops.h"
#define T double
#include "kernels/softmax_loops.h"

tide__SoftmaxTable tide__softmax_base = TABLE_OF_SOFTMAX;
