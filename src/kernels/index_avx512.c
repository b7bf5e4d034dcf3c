/* Indexing for AVX-512. */
#define LEVEL avx512
#include "kernels/index_loops.h"
