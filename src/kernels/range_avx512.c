/* Ranges for AVX-512. */
#define LEVEL avx512
#include "kernels/range_loops.h"
