/* Products for AVX2 and FMA. */
#include <immintrin.h>

#define BYTES 32
#define ROWS 6
#define EACH_TILE(X) X(1) X(2) X(3) X(4) X(5) X(6)

static const int firsts[24] = {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
#define MASK(lanes, n)        _mm256_loadu_si256((const __m256i *)(firsts + 16 - (lanes) * (n)))
#define FMA_float             _mm256_fmadd_ps
#define FMA_double            _mm256_fmadd_pd
#define LOAD_float(p, n)      _mm256_maskload_ps(p, MASK(1, n))
#define LOAD_double(p, n)     _mm256_maskload_pd(p, MASK(2, n))
#define STORE_float(p, n, v)  _mm256_maskstore_ps(p, MASK(1, n), v)
#define STORE_double(p, n, v) _mm256_maskstore_pd(p, MASK(2, n), v)
#define LOW_float(a, b)       _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20)
#define HIGH_float(a, b)      _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31)
#define LOW_double(a, b)      _mm256_permute2f128_pd(_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b), 0x20)
#define HIGH_double(a, b)     _mm256_permute2f128_pd(_mm256_unpacklo_pd(a, b), _mm256_unpackhi_pd(a, b), 0x31)

#define T float
#include "kernels/gemm_loops.h"
#define T double
#include "kernels/gemm_loops.h"

tide__GemmTable tide__gemm_avx2 = {GEMM(float), GEMM(double)};
