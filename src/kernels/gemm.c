/*
** Products of matrices. Vectors and small matrices go to loops of our own, which have nothing to set up; larger ones to BLAS, or to our own packed
** loops where there is none or it cannot count so far. BLAS reads an operand in place if one of its strides is 1; any other is packed
** first. OpenBLAS' number of threads belongs to the process and is left alone.
*/
#include <limits.h>

#include "kernels/gemm.h"

#if !defined(TIDE_BLAS_NONE)
#include <cblas.h>
#endif

#define SMALL 64                         /* multiplications up to which there is nothing to gain by setting anything up */

static const tide__Gemm *loops(int dtype) {
#if defined(TIDE_X86)
  const char *isa = tide__isa();
  if (!strcmp(isa, "avx512")) return &tide__gemm_avx512[dtype];
  if (!strcmp(isa, "avx2")) return &tide__gemm_avx2[dtype];
#endif
  return &tide__gemm_base[dtype];
}


/* {======================== integers ======================== */

#define INTEGER(T, N) \
  static void product_##N(int64_t m, int64_t n, int64_t k, double alpha, tide__Matrix a, tide__Matrix b, double beta, void *to) { \
    const T scale = (T)(int64_t)alpha, keep = (T)(int64_t)beta; \
    for (int64_t i = 0; i < m; i++) { \
      T *c = (T *)to + i * n; \
      for (int64_t j = 0; j < n; j++) c[j] = beta == 0 ? 0 : (T)(keep * c[j]); \
      for (int64_t p = 0; p < k; p++) { \
        const T *y = (const T *)b.data + p * b.row, x = (T)(scale * ((const T *)a.data)[i * a.row + p * a.col]); \
        for (int64_t j = 0; j < n; j++) c[j] = (T)(c[j] + x * y[j * b.col]); \
      } \
    } \
  }
INTEGER(int64_t, int64)
INTEGER(int32_t, int32)
INTEGER(int16_t, int16)
INTEGER(int8_t, int8)
INTEGER(uint8_t, uint8)

/* Is there a p for which both hold? */
static void product_bool(int64_t m, int64_t n, int64_t k, double alpha, tide__Matrix a, tide__Matrix b, double beta, void *to) {
  for (int64_t i = 0; i < m; i++) {
    uint8_t *c = (uint8_t *)to + i * n;
    for (int64_t j = 0; j < n; j++) c[j] = beta != 0 && c[j];
    for (int64_t p = 0; p < k && alpha != 0; p++) {
      const uint8_t *y = (const uint8_t *)b.data + p * b.row;
      if (((const uint8_t *)a.data)[i * a.row + p * a.col]) for (int64_t j = 0; j < n; j++) c[j] |= y[j * b.col];
    }
  }
}

static void integers(int dtype, int64_t m, int64_t n, int64_t k, double alpha, tide__Matrix a, tide__Matrix b, double beta, void *c) {
  switch (dtype) {
    case TIDE_INT64: product_int64(m, n, k, alpha, a, b, beta, c); break;
    case TIDE_INT32: product_int32(m, n, k, alpha, a, b, beta, c); break;
    case TIDE_INT16: product_int16(m, n, k, alpha, a, b, beta, c); break;
    case TIDE_INT8: product_int8(m, n, k, alpha, a, b, beta, c); break;
    case TIDE_UINT8: product_uint8(m, n, k, alpha, a, b, beta, c); break;
    case TIDE_BOOL: product_bool(m, n, k, alpha, a, b, beta, c); break;
  }
}

/* }========================================================= */


/* {======================== BLAS ======================== */

#if defined(TIDE_BLAS_NONE)

static int blas_counts(int64_t m, int64_t n, int64_t k) { (void)m; (void)n; (void)k; return 0; }
static size_t blas_scratch(int dtype, int64_t m, int64_t n, int64_t k, tide__Matrix a, tide__Matrix b) {
  (void)dtype; (void)m; (void)n; (void)k; (void)a; (void)b;
  return 0;
}
static void blas(int dtype, int64_t m, int64_t n, int64_t k, double alpha, tide__Matrix a, tide__Matrix b, double beta, void *c, char *scratch) {
  (void)dtype; (void)m; (void)n; (void)k; (void)alpha; (void)a; (void)b; (void)beta; (void)c; (void)scratch;
}

#else

static int blas_counts(int64_t m, int64_t n, int64_t k) { return m <= INT_MAX && n <= INT_MAX && k <= INT_MAX; }

/* Does BLAS read it in place? (Rows that overlap or repeat do not count as a matrix there.) */
static int in_place(int64_t rows, int64_t cols, tide__Matrix x) {
  return (x.col == 1 && x.row >= cols && x.row <= INT_MAX) || (x.row == 1 && x.col >= rows && x.col <= INT_MAX);
}

/* A copy with unit column stride in `to`. */
static tide__Matrix packed(int dtype, int64_t rows, int64_t cols, tide__Matrix x, void *to) {
  const int64_t shape[2] = {rows, cols}, from[2] = {x.row, x.col}, dense[2] = {cols, 1};
  tide__copy(2, shape, dtype, to, dense, dtype, x.data, from);
  return (tide__Matrix){to, cols, 1};
}

static size_t blas_scratch(int dtype, int64_t m, int64_t n, int64_t k, tide__Matrix a, tide__Matrix b) {
  return ((in_place(m, k, a) ? 0 : (size_t)(m * k)) + (in_place(k, n, b) ? 0 : (size_t)(k * n))) * tide__size[dtype];
}

static void blas(int dtype, int64_t m, int64_t n, int64_t k, double alpha, tide__Matrix a, tide__Matrix b, double beta, void *c, char *scratch) {
  if (!in_place(m, k, a)) {
    a = packed(dtype, m, k, a, scratch);
    scratch += (size_t)(m * k) * tide__size[dtype];
  }
  if (!in_place(k, n, b)) b = packed(dtype, k, n, b, scratch);
  int a_rows = a.col == 1 && a.row >= k, b_rows = b.col == 1 && b.row >= n;
  int lda = (int)(a_rows ? a.row : a.col), ldb = (int)(b_rows ? b.row : b.col);
  enum CBLAS_TRANSPOSE ta = a_rows ? CblasNoTrans : CblasTrans, tb = b_rows ? CblasNoTrans : CblasTrans;
  if (dtype == TIDE_FLOAT32) cblas_sgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, (float)alpha, a.data, lda, b.data, ldb, (float)beta, c, (int)n);
  else cblas_dgemm(CblasRowMajor, ta, tb, (int)m, (int)n, (int)k, alpha, a.data, lda, b.data, ldb, beta, c, (int)n);
}

#endif

/* }========================================================= */


/* What needs no preparation: products with a vector, and small ones. */
static int direct(int64_t m, int64_t n, int64_t k) { return m == 1 || n == 1 || k == 0 || (double)m * (double)n * (double)k <= SMALL; }

size_t tide__gemm_scratch(int dtype, int64_t m, int64_t n, int64_t k, tide__Matrix a, tide__Matrix b) {
  if (!tide__is_float(dtype) || direct(m, n, k)) return 0;
  return blas_counts(m, n, k) ? blas_scratch(dtype, m, n, k, a, b) : loops(dtype)->large_scratch(m, n, k);
}

void tide__gemm(int dtype, int64_t m, int64_t n, int64_t k, double alpha, tide__Matrix a, tide__Matrix b, double beta, void *c, void *scratch) {
  if (!tide__is_float(dtype)) { integers(dtype, m, n, k, alpha, a, b, beta, c); return; }
  const tide__Gemm *f = loops(dtype);
  if (n == 1) f->vector(m, k, alpha, a, b.data, b.row, beta, c);
  else if (m == 1) f->vector(n, k, alpha, (tide__Matrix){b.data, b.col, b.row}, a.data, a.col, beta, c);
  else if (direct(m, n, k)) f->small(m, n, k, alpha, a, b, beta, c);
  else if (blas_counts(m, n, k)) blas(dtype, m, n, k, alpha, a, b, beta, c, scratch);
  else f->large(m, n, k, alpha, a, b, beta, c, scratch);
}
