/* Reductions for AVX-512 (F, DQ, BW, VL): floats and the wide integers. */
#define LEVEL avx512
#include "kernels/reduce_loops.h"
