/* Products for AVX-512. */
#include <immintrin.h>

#define BYTES 64
#define ROWS 12
#define FMA_float  _mm512_fmadd_ps
#define FMA_double _mm512_fmadd_pd
#define T float
#include "kernels/gemm_loops.h"
#define T double
#include "kernels/gemm_loops.h"

tide__GemmTable tide__gemm_avx512 = {GEMM(float), GEMM(double)};
