/* Pointwise loops for AVX-512 (F, DQ, BW, VL): floats and the wide integers. */
#define LEVEL avx512
#define LEVEL_TABLES
#include "kernels/loops.h"
