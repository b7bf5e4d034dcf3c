/*
** Softmax and log_softmax of dtype T and what backward needs, at one instruction-set level. The level's file includes this once for each T.
**
** Where the dimension is the innermost, a line is reduced in LANES accumulators. Elsewhere up to COLUMNS lines that lie side by side are
** worked on together, row after row, each with an accumulator of its own. Sums are kept in float64, the largest element is taken
** away before e^x. A nan, or nothing but -inf, gives nan.
*/
#include <math.h>

#include "kernels/math.h"
#include "kernels/softmax.h"

#define PASTE_(a, b) a##_##b
#define PASTE(a, b)  PASTE_(a, b)
#define NAME(f)      PASTE(f, T)
#define LANES        16
#define COLUMNS      128

static T NAME(largest)(int64_t n, const T *x) {
  T lane[LANES], most = -INFINITY;
  int64_t i = 0;
  for (int j = 0; j < LANES; j++) lane[j] = -INFINITY;
  for (; i + LANES <= n; i += LANES) for (int j = 0; j < LANES; j++) lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
  for (; i < n; i++) most = x[i] > most ? x[i] : most;
  for (int j = 0; j < LANES; j++) most = lane[j] > most ? lane[j] : most;
  return most;
}

/* The sum of E over a line, in which i is the place. */
#define SUM_LINE(n, E) \
  double lane[LANES] = {0}, sum = 0; \
  int64_t i = 0; \
  for (; i + LANES <= n; i += LANES) for (int j = 0; j < LANES; j++) lane[j] += (double)(E(i + j)); \
  for (; i < n; i++) sum += (double)(E(i)); \
  for (int j = 0; j < LANES; j++) sum += lane[j]; \
  return sum;
#define SELF(i)    x[i]
#define PRODUCT(i) ((double)x[i] * (double)y[i])
static double NAME(sum)(int64_t n, const T *x) { SUM_LINE(n, SELF) }
static double NAME(dot)(int64_t n, const T *x, const T *y) { SUM_LINE(n, PRODUCT) }
static double NAME(exps)(int64_t n, const T *x, T most) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += (double)v_exp(x[i] - most);
  return sum;
}


/* {======================== along a line ======================== */

static void NAME(softmax_line)(int64_t n, const T *x, const T *unused, T *y) {
  (void)unused;
  T most = NAME(largest)(n, x);
  for (int64_t i = 0; i < n; i++) y[i] = v_exp(x[i] - most);
  double sum = NAME(sum)(n, y);
  for (int64_t i = 0; i < n; i++) y[i] = (T)((double)y[i] / sum);
}

static void NAME(log_softmax_line)(int64_t n, const T *x, const T *unused, T *y) {
  (void)unused;
  T most = NAME(largest)(n, x);
  double log_sum = log(NAME(exps)(n, x, most));
  for (int64_t i = 0; i < n; i++) y[i] = (T)((double)x[i] - (double)most - log_sum);
}

static void NAME(softmax_grad_line)(int64_t n, const T *g, const T *y, T *to) {
  double sum = NAME(dot)(n, g, y);
  for (int64_t i = 0; i < n; i++) to[i] = (T)((double)y[i] * ((double)g[i] - sum));
}

static void NAME(log_softmax_grad_line)(int64_t n, const T *g, const T *y, T *to) {
  double sum = NAME(sum)(n, g);
  for (int64_t i = 0; i < n; i++) to[i] = (T)((double)g[i] - (double)v_exp(y[i]) * sum);
}

/* }========================================================= */


/* {======================== w lines side by side, one step apart ======================== */

#define EACH_ROW   for (int64_t i = 0; i < n; i++)
#define EACH       for (int64_t j = 0; j < w; j++)
#define AT(p)      p[i * step + j]

static void NAME(largest_of)(int64_t n, int64_t step, int64_t w, const T *x, T *most) {
  EACH most[j] = -INFINITY;
  EACH_ROW EACH most[j] = AT(x) > most[j] ? AT(x) : most[j];
}

static void NAME(softmax_columns)(int64_t n, int64_t step, int64_t w, const T *x, const T *unused, T *y) {
  T most[COLUMNS];
  double sum[COLUMNS] = {0};
  (void)unused;
  NAME(largest_of)(n, step, w, x, most);
  EACH_ROW EACH { T e = v_exp(AT(x) - most[j]); AT(y) = e; sum[j] += (double)e; }
  EACH_ROW EACH AT(y) = (T)((double)AT(y) / sum[j]);
}

static void NAME(log_softmax_columns)(int64_t n, int64_t step, int64_t w, const T *x, const T *unused, T *y) {
  T most[COLUMNS];
  double sum[COLUMNS] = {0};
  (void)unused;
  NAME(largest_of)(n, step, w, x, most);
  EACH_ROW EACH sum[j] += (double)v_exp(AT(x) - most[j]);
  EACH sum[j] = log(sum[j]);
  EACH_ROW EACH AT(y) = (T)((double)AT(x) - (double)most[j] - sum[j]);
}

static void NAME(softmax_grad_columns)(int64_t n, int64_t step, int64_t w, const T *g, const T *y, T *to) {
  double sum[COLUMNS] = {0};
  EACH_ROW EACH sum[j] += (double)AT(g) * (double)AT(y);
  EACH_ROW EACH AT(to) = (T)((double)AT(y) * ((double)AT(g) - sum[j]));
}

static void NAME(log_softmax_grad_columns)(int64_t n, int64_t step, int64_t w, const T *g, const T *y, T *to) {
  double sum[COLUMNS] = {0};
  EACH_ROW EACH sum[j] += (double)AT(g);
  EACH_ROW EACH AT(to) = (T)((double)AT(g) - (double)v_exp(AT(y)) * sum[j]);
}

#undef EACH_ROW
#undef EACH
#undef AT

/* }========================================================= */


#define BOTH(name) \
  static void NAME(name)(int64_t outer, int64_t n, int64_t inner, const void *a, const void *b, void *to) { \
    for (int64_t o = 0; o < outer; o++) { \
      int64_t at = o * n * inner; \
      if (inner == 1) { NAME(name##_line)(n, (const T *)a + at, b ? (const T *)b + at : NULL, (T *)to + at); continue; } \
      for (int64_t j = 0; j < inner; j += COLUMNS, at += COLUMNS) \
        NAME(name##_columns)(n, inner, inner - j < COLUMNS ? inner - j : COLUMNS, (const T *)a + at, b ? (const T *)b + at : NULL, (T *)to + at); \
    } \
  }
BOTH(softmax)
BOTH(log_softmax)
BOTH(softmax_grad)
BOTH(log_softmax_grad)
#undef BOTH

#define PAIR(name) {PASTE(name, float), PASTE(name, double)}
#define TABLE_OF_SOFTMAX {[SOFTMAX] = PAIR(softmax), [LOG_SOFTMAX] = PAIR(log_softmax), [SOFTMAX_GRAD] = PAIR(softmax_grad), [LOG_SOFTMAX_GRAD] = PAIR(log_softmax_grad)}

#undef T
