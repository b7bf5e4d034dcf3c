/* Layer normalisation for AVX2. */
#define T float
#include "kernels/norm_loops.h"
#define T double
#include "kernels/norm_loops.h"

const tide__NormLoops tide__norm_avx2[2] = NORMS;
