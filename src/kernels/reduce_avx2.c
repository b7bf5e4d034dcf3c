/* Reductions for AVX2 and FMA: floats and the wide integers. */
#define LEVEL avx2
#include "kernels/reduce_loops.h"
