/*
** Softmax and log_softmax of dtype T, what backward needs and what cross entropy is made of, at one instruction-set level. The level's file includes
** this once for each T.
**
** Where the dimension is the innermost, a line is worked on by itself, block by block; else lines that lie side by side, row after
** row, each with an accumulator of its own. The largest element is taken away before e^x. Sums are of T within a block, in LANES parts, and of double over
** the blocks. A nan, or nothing but -inf, gives nan (log sum e^x of nothing but -inf is -inf).
*/
#include <math.h>

#include "kernels/math.h"
#include "kernels/softmax.h"

#if defined(__clang__)
#define NO_DEPENDENCE _Pragma("clang loop vectorize(assume_safety)")
#else
#define NO_DEPENDENCE _Pragma("GCC ivdep")       /* what is written is apart from what is read, or the same place */
#endif

#define PASTE_(a, b) a##_##b
#define PASTE(a, b)  PASTE_(a, b)
#define NAME(f)      PASTE(f, T)
#define LANES        32
#define BLOCK        2048
#define COLUMNS      TIDE_SOFTMAX_COLUMNS
#define ROWS         16          /* of columns, whose sums are of T */

static T NAME(largest)(int64_t n, const T *x) {
  T lane[LANES], most = -INFINITY;
  int64_t i = 0;
  for (int j = 0; j < LANES; j++) lane[j] = -INFINITY;
  for (; i + LANES <= n; i += LANES) for (int j = 0; j < LANES; j++) lane[j] = x[i + j] > lane[j] ? x[i + j] : lane[j];
  for (; i < n; i++) most = x[i] > most ? x[i] : most;
  for (int j = 0; j < LANES; j++) most = lane[j] > most ? lane[j] : most;
  return most;
}

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
#define SELF(i)    x[i]
#define PRODUCT(i) (x[i] * y[i])
static T NAME(block_sum)(int64_t n, const T *x) { SUM_BLOCK(SELF) }
static T NAME(block_dot)(int64_t n, const T *x, const T *y) { SUM_BLOCK(PRODUCT) }
#undef SELF
#undef PRODUCT
#undef STEP
#undef LAST
#undef HALVE
#undef SUM_BLOCK

/* A line, block by block: `at` is the place, `k` the length. */
#define BLOCKS for (int64_t at = 0, k; k = n - at < BLOCK ? n - at : BLOCK, k > 0; at += k)
#define IGNORE(...) (void)step; (void)w; __VA_ARGS__

static void NAME(exps)(int64_t n, const T *x, T most, T *y) { NO_DEPENDENCE for (int64_t i = 0; i < n; i++) y[i] = v_exp(x[i] - most); }


/* {======================== along a line ======================== */

#define LINE(name) static void NAME(name##_line)(int64_t n, int64_t step, int64_t w, const tide__Lines *l)

LINE(softmax) {
  IGNORE(const T *x = l->a; T *y = l->to;)
  T most = NAME(largest)(n, x);
  double sum = 0;
  BLOCKS { NAME(exps)(k, x + at, most, y + at); sum += (double)NAME(block_sum)(k, y + at); }
  T factor = (T)(1 / sum);
  for (int64_t i = 0; i < n; i++) y[i] *= factor;
}

/* The sum of e^(x - most) over a line. */
static double NAME(exp_sum)(int64_t n, const T *x, T most) {
  T e[BLOCK];
  double sum = 0;
  BLOCKS { NAME(exps)(k, x + at, most, e); sum += (double)NAME(block_sum)(k, e); }
  return sum;
}

LINE(log_softmax) {
  IGNORE(const T *x = l->a; T *y = l->to;)
  T most = NAME(largest)(n, x), log_sum = (T)log(NAME(exp_sum)(n, x, most));
  NO_DEPENDENCE for (int64_t i = 0; i < n; i++) y[i] = x[i] - most - log_sum;
}

LINE(softmax_grad) {
  IGNORE(const T *g = l->a, *y = l->b; T *to = l->to;)
  double sum = 0;
  BLOCKS sum += (double)NAME(block_dot)(k, g + at, y + at);
  T s = (T)sum;
  NO_DEPENDENCE for (int64_t i = 0; i < n; i++) to[i] = y[i] * (g[i] - s);
}

LINE(log_softmax_grad) {
  IGNORE(const T *g = l->a, *y = l->b; T *to = l->to;)
  double sum = 0;
  BLOCKS sum += (double)NAME(block_sum)(k, g + at);
  T s = (T)sum;
  NO_DEPENDENCE for (int64_t i = 0; i < n; i++) to[i] = g[i] - v_exp(y[i]) * s;
}

LINE(log_sum) {
  IGNORE(const T *x = l->a;)
  T most = NAME(largest)(n, x);
  if (most - most != 0) most = 0;
  *l->sum = log(NAME(exp_sum)(n, x, most)) + (double)most;
}

/* The sum in two parts, so that x - sum is as good as if it were of T exactly. */
LINE(shares) {
  IGNORE(const T *x = l->a; T *to = l->to;)
  const T high = (T)*l->sum, low = (T)(*l->sum - (double)high), scale = (T)*l->scale, shift = (T)*l->shift;
  NO_DEPENDENCE for (int64_t i = 0; i < n; i++) to[i] = v_exp(x[i] - high - low) * scale - shift;
}

/* }========================================================= */


/* {======================== w lines side by side ======================== */

#define SIDE(name)  static void NAME(name##_columns)(int64_t n, int64_t step, int64_t w, const tide__Lines *l)
#define EACH_ROW    for (int64_t i = 0; i < n; i++)
#define EACH        NO_DEPENDENCE for (int64_t j = 0; j < w; j++)
#define AT(p)       p[i * step + j]
/* Sums over rows: part[] of T over some, then into sum[]. */
#define SUM_ROWS(...) for (int64_t start = 0; start < n; start += ROWS) { \
    EACH part[j] = 0; \
    for (int64_t i = start; i < n && i < start + ROWS; i++) EACH { __VA_ARGS__ } \
    EACH sum[j] += (double)part[j]; \
  }
#define SUMS double sum[COLUMNS] = {0}; T part[COLUMNS], s[COLUMNS];

static void NAME(largest_of)(int64_t n, int64_t step, int64_t w, const T *x, T *most) {
  EACH most[j] = -INFINITY;
  EACH_ROW EACH most[j] = AT(x) > most[j] ? AT(x) : most[j];
}

SIDE(softmax) {
  const T *x = l->a;
  T *y = l->to, most[COLUMNS];
  SUMS
  NAME(largest_of)(n, step, w, x, most);
  SUM_ROWS(T e = v_exp(AT(x) - most[j]); AT(y) = e; part[j] += e;)
  EACH s[j] = (T)(1 / sum[j]);
  EACH_ROW EACH AT(y) *= s[j];
}

SIDE(log_softmax) {
  const T *x = l->a;
  T *y = l->to, most[COLUMNS];
  SUMS
  NAME(largest_of)(n, step, w, x, most);
  SUM_ROWS(part[j] += v_exp(AT(x) - most[j]);)
  EACH sum[j] = v_log(sum[j]);
  EACH s[j] = (T)sum[j];
  EACH_ROW EACH AT(y) = AT(x) - most[j] - s[j];
}

SIDE(softmax_grad) {
  const T *g = l->a, *y = l->b;
  T *to = l->to;
  SUMS
  SUM_ROWS(part[j] += AT(g) * AT(y);)
  EACH s[j] = (T)sum[j];
  EACH_ROW EACH AT(to) = AT(y) * (AT(g) - s[j]);
}

SIDE(log_softmax_grad) {
  const T *g = l->a, *y = l->b;
  T *to = l->to;
  SUMS
  SUM_ROWS(part[j] += AT(g);)
  EACH s[j] = (T)sum[j];
  EACH_ROW EACH AT(to) = AT(g) - v_exp(AT(y)) * s[j];
}

SIDE(log_sum) {
  const T *x = l->a;
  T most[COLUMNS];
  SUMS
  NAME(largest_of)(n, step, w, x, most);
  for (int64_t j = 0; j < w; j++) if (most[j] - most[j] != 0) most[j] = 0;
  SUM_ROWS(part[j] += v_exp(AT(x) - most[j]);)
  (void)s;
  EACH l->sum[j] = v_log(sum[j]) + (double)most[j];
}

SIDE(shares) {
  const T *x = l->a;
  T *to = l->to, high[COLUMNS], low[COLUMNS], scale[COLUMNS], shift[COLUMNS];
  EACH { high[j] = (T)l->sum[j]; low[j] = (T)(l->sum[j] - (double)high[j]); scale[j] = (T)l->scale[j]; shift[j] = (T)l->shift[j]; }
  EACH_ROW EACH AT(to) = v_exp(AT(x) - high[j] - low[j]) * scale[j] - shift[j];
}

#undef EACH_ROW
#undef EACH
#undef AT

/* }========================================================= */


#define PAIR(name) {{PASTE(name##_line, float), PASTE(name##_columns, float)}, {PASTE(name##_line, double), PASTE(name##_columns, double)}}
#define TABLE_OF_SOFTMAX { \
  [SOFTMAX] = PAIR(softmax), [LOG_SOFTMAX] = PAIR(log_softmax), [SOFTMAX_GRAD] = PAIR(softmax_grad), [LOG_SOFTMAX_GRAD] = PAIR(log_softmax_grad), \
  [LOG_SUM] = PAIR(log_sum), [SHARES] = PAIR(shares)}

#undef T
