/* Products for AVX-512. */
#include <immintrin.h>

#define BYTES 64
#define ROWS 12
#define EACH_TILE(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)

#define MASK(n)               ((1u << (n)) - 1)
#define FMA_float             _mm512_fmadd_ps
#define FMA_double            _mm512_fmadd_pd
#define LOAD_float(p, n)      _mm512_maskz_loadu_ps((__mmask16)MASK(n), p)
#define LOAD_double(p, n)     _mm512_maskz_loadu_pd((__mmask8)MASK(n), p)
#define STORE_float(p, n, v)  _mm512_mask_storeu_ps(p, (__mmask16)MASK(n), v)
#define STORE_double(p, n, v) _mm512_mask_storeu_pd(p, (__mmask8)MASK(n), v)
#define LOW_float(a, b)       _mm512_permutex2var_ps(a, _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), b)
#define HIGH_float(a, b)      _mm512_permutex2var_ps(a, _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), b)
#define LOW_double(a, b)      _mm512_permutex2var_pd(a, _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), b)
#define HIGH_double(a, b)     _mm512_permutex2var_pd(a, _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15), b)

#define T float
#include "kernels/gemm_loops.h"
#define T double
#include "kernels/gemm_loops.h"

tide__GemmTable tide__gemm_avx512 = {GEMM(float), GEMM(double)};
