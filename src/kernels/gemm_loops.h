/*
** Products of one float dtype T at one instruction-set level. The level's file (gemm_base.c ...) defines BYTES (of a vector), ROWS (of a tile)
** and FMA_float, FMA_double (a b + c on vectors), then includes this once for each dtype.
**
**   vector_T   matrix by vector, summed in float64
**   small_T    few elements, one after the other
**   large_T    blocks of A and B are packed, so that tiles of ROWS x COLS run over contiguous memory with their sums in registers
*/
#include "kernels/gemm.h"

#define PASTE_(a, b) a##_##b
#define PASTE(a, b)  PASTE_(a, b)
#define NAME(f)      PASTE(f, T)
#define FMA          NAME(FMA)
#define V            NAME(lanes)
#define LANES        (int)(BYTES / sizeof(T))
#define COLS         (2 * LANES)
#define LEAST(a, b)  ((a) < (b) ? (a) : (b))
#define SUMS         256                 /* of a matrix stored by columns, kept at a time */
#define BLOCK_M      (ROWS * 16)         /* a block of A, BLOCK_M x BLOCK_K, stays in the second-level cache, one of B in the third */
#define BLOCK_K      256
#define BLOCK_N      1024

typedef T V __attribute__((vector_size(BYTES)));

static inline V NAME(load)(const T *p) { V v; memcpy(&v, p, sizeof v); return v; }
static inline V NAME(splat)(T x) { V v = {0}; return v + x; }

/* The sum of a product into its place, which is not read where beta is 0. */
static inline void NAME(put)(T *c, double sum, double alpha, double beta) { *c = (T)(beta == 0 ? alpha * sum : alpha * sum + beta * (double)*c); }

static double NAME(dot)(int64_t n, const T *x, int64_t sx, const T *y, int64_t sy) {
  double lane[16] = {0}, rest = 0;
  int64_t i = 0;
  if (sx == 1 && sy == 1) for (; i + 16 <= n; i += 16) for (int j = 0; j < 16; j++) lane[j] += (double)x[i + j] * (double)y[i + j];
  else for (; i + 4 <= n; i += 4) for (int j = 0; j < 4; j++) lane[j] += (double)x[(i + j) * sx] * (double)y[(i + j) * sy];
  for (; i < n; i++) rest += (double)x[i * sx] * (double)y[i * sy];
  for (int half = 8; half; half /= 2) for (int j = 0; j < half; j++) lane[j] += lane[j + half];
  return lane[0] + rest;
}

/* Stored by rows, each is a dot product; by columns, a block of sums runs along them. */
static void NAME(vector)(int64_t m, int64_t k, double alpha, tide__Matrix a, const void *x_, int64_t sx, double beta, void *y_) {
  const T *from = a.data, *x = x_;
  T *y = y_;
  if (a.row != 1 || m < LANES) {
    for (int64_t i = 0; i < m; i++) NAME(put)(y + i, NAME(dot)(k, from + i * a.row, a.col, x, sx), alpha, beta);
    return;
  }
  for (int64_t i = 0; i < m; i += SUMS) {
    double sum[SUMS] = {0};
    int64_t w = LEAST(m - i, SUMS);
    for (int64_t p = 0; p < k; p++) {
      const T *column = from + i + p * a.col;
      double v = (double)x[p * sx];
      for (int64_t j = 0; j < w; j++) sum[j] += v * (double)column[j];
    }
    for (int64_t j = 0; j < w; j++) NAME(put)(y + i + j, sum[j], alpha, beta);
  }
}

static void NAME(small)(int64_t m, int64_t n, int64_t k, double alpha, tide__Matrix a, tide__Matrix b, double beta, void *c) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      const T *x = (const T *)a.data + i * a.row, *y = (const T *)b.data + j * b.col;
      T sum = 0;
      for (int64_t p = 0; p < k; p++) sum += x[p * a.col] * y[p * b.row];
      NAME(put)((T *)c + i * n + j, sum, alpha, beta);
    }
}

/* sums[ROWS][COLS] of a panel of A, k columns of ROWS, and one of B, k rows of COLS */
static void NAME(tile)(int64_t k, const T *a, const T *b, T *sums) {
  V s[ROWS][2];
  memset(s, 0, sizeof s);
  for (int64_t p = 0; p < k; p++, a += ROWS, b += COLS) {
    V b0 = NAME(load)(b), b1 = NAME(load)(b + LANES);
    for (int i = 0; i < ROWS; i++) {
      V v = NAME(splat)(a[i]);
      s[i][0] = FMA(v, b0, s[i][0]);
      s[i][1] = FMA(v, b1, s[i][1]);
    }
  }
  memcpy(sums, s, sizeof s);
}

/* A block of `lines` lines of k elements as panels of `width` lines, the last one filled up with zeros. */
static void NAME(pack)(int64_t lines, int64_t k, const T *p, int64_t line, int64_t step, int width, T *to) {
  for (int64_t i = 0; i < lines; i += width, p += width * line) {
    int w = (int)LEAST(lines - i, width);
    for (int64_t q = 0; q < k; q++, to += width) {
      for (int j = 0; j < w; j++) to[j] = p[j * line + q * step];
      for (int j = w; j < width; j++) to[j] = 0;
    }
  }
}

/* Elements of the packed block of B. */
static int64_t NAME(b_room)(int64_t n, int64_t k) { return (LEAST(n, BLOCK_N) + COLS) * LEAST(k, BLOCK_K); }
static size_t NAME(large_scratch)(int64_t m, int64_t n, int64_t k) {
  return (size_t)(NAME(b_room)(n, k) + (LEAST(m, BLOCK_M) + ROWS) * LEAST(k, BLOCK_K)) * sizeof(T);
}

/* The part of C that belongs to one packed block of A and one of B. */
static void NAME(block)(int64_t m, int64_t n, int64_t k, double alpha, const T *a, const T *b, double beta, T *c, int64_t ldc) {
  T sums[ROWS * COLS];
  for (int64_t j = 0; j < n; j += COLS)
    for (int64_t i = 0; i < m; i += ROWS) {
      int64_t w = LEAST(n - j, COLS), h = LEAST(m - i, ROWS);
      NAME(tile)(k, a + i * k, b + j * k, sums);
      for (int64_t r = 0; r < h; r++)
        for (int64_t l = 0; l < w; l++) NAME(put)(c + (i + r) * ldc + j + l, sums[r * COLS + l], alpha, beta);
    }
}

static void NAME(large)(int64_t m, int64_t n, int64_t k, double alpha, tide__Matrix a, tide__Matrix b, double beta, void *c, void *scratch) {
  T *packed_b = scratch, *packed_a = packed_b + NAME(b_room)(n, k);
  for (int64_t j = 0; j < n; j += BLOCK_N)
    for (int64_t p = 0; p < k; p += BLOCK_K) {
      int64_t nb = LEAST(n - j, BLOCK_N), kb = LEAST(k - p, BLOCK_K);
      NAME(pack)(nb, kb, (const T *)b.data + p * b.row + j * b.col, b.col, b.row, COLS, packed_b);
      for (int64_t i = 0; i < m; i += BLOCK_M) {
        int64_t mb = LEAST(m - i, BLOCK_M);
        NAME(pack)(mb, kb, (const T *)a.data + i * a.row + p * a.col, a.row, a.col, ROWS, packed_a);
        NAME(block)(mb, nb, kb, alpha, packed_a, packed_b, p ? 1 : beta, (T *)c + i * n + j, n);
      }
    }
}

#define GEMM(T) {PASTE(vector, T), PASTE(small, T), PASTE(large, T), PASTE(large_scratch, T)}

#undef T
