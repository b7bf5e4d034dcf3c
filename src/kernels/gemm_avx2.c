/* Products for AVX2 and FMA. */
#include <immintrin.h>

#define BYTES 32
#define ROWS 6
#define FMA_float  _mm256_fmadd_ps
#define FMA_double _mm256_fmadd_pd
#define T float
#include "kernels/gemm_loops.h"
#define T double
#include "kernels/gemm_loops.h"

tide__GemmTable tide__gemm_avx2 = {GEMM(float), GEMM(double)};
