/* Ranges for AVX2. */
#define LEVEL avx2
#include "kernels/range_loops.h"
