/* The float loops of products, one set per dtype and instruction-set level (gemm_loops.h); gemm.c chooses. */
#ifndef TIDE_KERNELS_GEMM_H
#define TIDE_KERNELS_GEMM_H

#include "kernels/kernels.h"

/* Pointers are to the dtype's elements, strides count elements. C = alpha A B + beta C, C contiguous. */
typedef struct tide__Gemm {
  /* y[m] = alpha A x + beta y */
  void (*vector)(int64_t m, int64_t k, double alpha, tide__Matrix a, const void *x, int64_t sx, double beta, void *y);
  void (*small)(int64_t m, int64_t n, int64_t k, double alpha, tide__Matrix a, tide__Matrix b, double beta, void *c);
  /* scratch of large_scratch(m, n, k) bytes */
  void (*large)(int64_t m, int64_t n, int64_t k, double alpha, tide__Matrix a, tide__Matrix b, double beta, void *c, void *scratch);
  size_t (*large_scratch)(int64_t m, int64_t n, int64_t k);
} tide__Gemm;

typedef const tide__Gemm tide__GemmTable[2];      /* float32, float64 */
extern tide__GemmTable tide__gemm_base, tide__gemm_avx2, tide__gemm_avx512;

#endif
