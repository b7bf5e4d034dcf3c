/* Products of matrices. */
#include "kernels/kernels.h"

#define PRODUCT(C, T, N) \
  static void product_##N(int64_t m, int64_t n, int64_t k, const T *a, int64_t ar, int64_t ac, const T *b, int64_t br, int64_t bc, T *c, int64_t ldc) { \
    for (int64_t i = 0; i < m; i++) \
      for (int64_t j = 0; j < n; j++) { \
        T sum = 0; \
        for (int64_t p = 0; p < k; p++) sum = (T)(sum + a[i * ar + p * ac] * b[p * br + j * bc]); \
        c[i * ldc + j] = sum; \
      } \
  }
TIDE_DTYPES(PRODUCT)

void tide__gemm(int dtype, int64_t m, int64_t n, int64_t k, const void *a, int64_t ar, int64_t ac, const void *b, int64_t br, int64_t bc, void *c, int64_t ldc,
                void *scratch) {
  (void)scratch;
#define CASE(C, T, N) case TIDE_##C: product_##N(m, n, k, a, ar, ac, b, br, bc, c, ldc); break;
  switch (dtype) { TIDE_DTYPES(CASE) }
}
