/*
** The loops of layer normalisation for dtype T at one instruction-set level, whose file includes this once for each T. A row is gone through block
** by block: sums are of T within a block, in LANES parts, and of double over the blocks. The variance is taken around the mean, in a second pass.
*/
#include <math.h>

#include "kernels/norm.h"

#if defined(__clang__)
#define NO_DEPENDENCE _Pragma("clang loop vectorize(assume_safety)")
#else
#define NO_DEPENDENCE _Pragma("GCC ivdep")       /* what is written is apart from what is read */
#endif

#define PASTE_(a, b) a##_##b
#define PASTE(a, b)  PASTE_(a, b)
#define NAME(f)      PASTE(f, T)
#define LANES        32
#define BLOCK        2048
#define COLUMNS      512
#define ROWS         16          /* whose sums are of T */
#define BLOCKS       for (int64_t at = 0, k; k = n - at < BLOCK ? n - at : BLOCK, k > 0; at += k)

/* The sum of E over at most BLOCK places i: the last ones in shrinking steps. */
#define STEP(w, E)  for (int j = 0; j < w; j++) lane[j] += E(i + j);
#define LAST(w, E)  if (n - i >= w) { STEP(w, E) i += w; }
#define HALVE(h)    for (int j = 0; j < h; j++) lane[j] += lane[j + h];
#define SUM_BLOCK(E) \
  T lane[LANES] = {0}; \
  int64_t i = 0; \
  for (; i + LANES <= n; i += LANES) STEP(LANES, E) \
  LAST(16, E) HALVE(16) LAST(8, E) HALVE(8) LAST(4, E) HALVE(4) LAST(2, E) HALVE(2) LAST(1, E) HALVE(1) \
  return lane[0];
#define SELF(i)      x[i]
#define PRODUCT(i)   (x[i] * y[i])
#define DEVIATION(i) ((x[i] - mean) * (x[i] - mean))
static T NAME(norm_sum)(int64_t n, const T *x) { SUM_BLOCK(SELF) }
static T NAME(norm_dot)(int64_t n, const T *x, const T *y) { SUM_BLOCK(PRODUCT) }
static T NAME(norm_deviation)(int64_t n, const T *x, T mean) { SUM_BLOCK(DEVIATION) }
#undef SELF
#undef PRODUCT
#undef DEVIATION
#undef STEP
#undef LAST
#undef HALVE
#undef SUM_BLOCK

static void NAME(norm_row)(int64_t n, const T *x, T mean, T rstd, const T *w, const T *b, T *y) {
  if (w && b) { NO_DEPENDENCE for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * rstd * w[i] + b[i]; }
  else if (w) { NO_DEPENDENCE for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * rstd * w[i]; }
  else if (b) { NO_DEPENDENCE for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * rstd + b[i]; }
  else { NO_DEPENDENCE for (int64_t i = 0; i < n; i++) y[i] = (x[i] - mean) * rstd; }
}

/* Short rows go some at a time through each step, so that the steps of different rows overlap. */
static void NAME(norm_rows)(const tide__Norm *t, int64_t begin, int64_t end) {
  const int64_t n = t->n, few = n <= 512 ? 8 : 1;
  const double share = 1 / (double)n;
  double *mean = t->mean, *rstd = t->rstd;
  for (int64_t first = begin, last; first < end; first = last) {
    last = first + few < end ? first + few : end;
    for (int64_t r = first; r < last; r++) {
      const T *x = (const T *)t->x + r * n;
      double sum = 0;
      BLOCKS sum += (double)NAME(norm_sum)(k, x + at);
      mean[r] = sum * share;
    }
    for (int64_t r = first; r < last; r++) {
      const T *x = (const T *)t->x + r * n;
      double squares = 0, off = mean[r] - (double)(T)mean[r];
      BLOCKS squares += (double)NAME(norm_deviation)(k, x + at, (T)mean[r]);
      rstd[r] = squares * share - off * off;
    }
    for (int64_t r = first; r < last; r++) rstd[r] = 1 / sqrt((rstd[r] < 0 ? 0 : rstd[r]) + t->eps);
    for (int64_t r = first; r < last; r++) NAME(norm_row)(n, (const T *)t->x + r * n, (T)mean[r], (T)rstd[r], t->weight, t->bias, (T *)t->y + r * n);
  }
}

/* dx = rstd (gw - mean gw - z mean(gw z)), gw = g weight, z = (x - mean) rstd. */
static void NAME(norm_slopes)(const tide__Norm *t, int64_t begin, int64_t end) {
  const int64_t n = t->n;
  const double share = 1 / (double)n;
  const T *w = t->weight;
  for (int64_t r = begin; r < end; r++) {
    const T *x = (const T *)t->x + r * n, *g = (const T *)t->g + r * n, mean = (T)t->mean[r], rstd = (T)t->rstd[r];
    T *dx = (T *)t->dx + r * n, z[BLOCK], gw[BLOCK];
    double sum = 0, dot = 0;
    BLOCKS {
      const T *q = g + at;
      NO_DEPENDENCE for (int64_t i = 0; i < k; i++) z[i] = (x[at + i] - mean) * rstd;
      if (w) { NO_DEPENDENCE for (int64_t i = 0; i < k; i++) gw[i] = g[at + i] * w[at + i]; q = gw; }
      sum += (double)NAME(norm_sum)(k, q);
      dot += (double)NAME(norm_dot)(k, q, z);
    }
    const T a = (T)(sum * share), c = (T)(dot * share);
    if (w) { NO_DEPENDENCE for (int64_t i = 0; i < n; i++) dx[i] = rstd * (g[i] * w[i] - a - (x[i] - mean) * rstd * c); }
    else { NO_DEPENDENCE for (int64_t i = 0; i < n; i++) dx[i] = rstd * (g[i] - a - (x[i] - mean) * rstd * c); }
  }
}

/* dweight = sum g z, dbias = sum g over the rows, COLUMNS columns at a time. */
static void NAME(norm_sums)(const tide__Norm *t, int64_t begin, int64_t end) {
  int64_t n = t->n;
  for (int64_t at = begin; at < end; at += COLUMNS) {
    int64_t k = end - at < COLUMNS ? end - at : COLUMNS;
    double weight[COLUMNS] = {0}, bias[COLUMNS] = {0};
    for (int64_t start = 0; start < t->rows; start += ROWS) {
      T dw[COLUMNS] = {0}, db[COLUMNS] = {0};
      for (int64_t r = start; r < t->rows && r < start + ROWS; r++) {
        const T *x = (const T *)t->x + r * n + at, *g = (const T *)t->g + r * n + at, mean = (T)t->mean[r], rstd = (T)t->rstd[r];
        NO_DEPENDENCE for (int64_t i = 0; i < k; i++) { dw[i] += g[i] * ((x[i] - mean) * rstd); db[i] += g[i]; }
      }
      for (int64_t i = 0; i < k; i++) { weight[i] += (double)dw[i]; bias[i] += (double)db[i]; }
    }
    for (int64_t i = 0; t->dweight && i < k; i++) ((T *)t->dweight)[at + i] = (T)weight[i];
    for (int64_t i = 0; t->dbias && i < k; i++) ((T *)t->dbias)[at + i] = (T)bias[i];
  }
}

#define NORMS {{norm_rows_float, norm_slopes_float, norm_sums_float}, {norm_rows_double, norm_slopes_double, norm_sums_double}}

#undef T
