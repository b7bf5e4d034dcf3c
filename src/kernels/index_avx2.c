/* Indexing for AVX2. */
#define LEVEL avx2
#include "kernels/index_loops.h"
