/*
** The loops of scans, compiled once per instruction-set level: the level's file defines LEVEL (LEVEL_ALL for the base, which has every dtype; WIDE for
** those with vectors of 32 bytes) and includes this.
**
** Lines side by side are taken step after step, each with a state of its own. A line whose elements lie in order is taken by itself, four elements at a
** time: they are added up among themselves while the state of the last four is still under way. Extremes look first whether any of the
** next few beats the best so far, which is rare; if none does, there is nothing to do but to write it down.
*/
#include "kernels/math.h"
#include "kernels/scan.h"

#if defined(__clang__)
#define NO_DEPENDENCE _Pragma("clang loop vectorize(assume_safety)")
#pragma clang diagnostic ignored "-Wtautological-compare"   /* x != x: a nan, where there are any */
#else
#define NO_DEPENDENCE _Pragma("GCC ivdep")       /* states, elements and results are apart */
#endif

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define AT(T, k) (*(T *)(p[k] + i * s[k] + j * t[k]))

#define ADD(u, x)      ((u) + (x))
#define MULTIPLY(u, x) ((u) * (x))

/* {======================== one line ======================== */

/* Four at a time: a, ab, abc, abcd, by way of two pairs. `step` is 1 or -1. */
#define LINE(NAME, T, A, JOIN) \
  static void line_##NAME(int64_t m, const T *x, T *y, int64_t step) { \
    A state = (A)x[0]; \
    int64_t j = 1; \
    y[0] = x[0]; \
    for (; j + 4 <= m; j += 4) { \
      const T *q = x + j * step; \
      T *o = y + j * step; \
      A a = (A)q[0], b = (A)q[step], c = (A)q[2 * step], d = (A)q[3 * step], ab = JOIN(a, b), cd = JOIN(c, d), abc = JOIN(ab, c), abcd = JOIN(ab, cd); \
      o[0] = (T)JOIN(state, a); \
      o[step] = (T)JOIN(state, ab); \
      o[2 * step] = (T)JOIN(state, abc); \
      state = JOIN(state, abcd); \
      o[3 * step] = (T)state; \
    } \
    for (; j < m; j++) { A v = (A)x[j * step]; state = JOIN(state, v); y[j * step] = (T)state; } \
  }

#if defined(WIDE)
/* The same in a vector: two shifted additions. BACK: the memory runs the other way. */
typedef double Doubles __attribute__((vector_size(32)));
typedef int64_t Longs __attribute__((vector_size(32)));
typedef float Floats __attribute__((vector_size(16)));
#define BACK(v) __builtin_shufflevector(v, v, 3, 2, 1, 0)
#define VECTOR_LINE(NAME, T, V, NARROW, JOIN, NEUTRAL) \
  static void line_##NAME(int64_t m, const T *x, T *y, int64_t step) { \
    const V neutral = NEUTRAL; \
    V state = neutral; \
    int64_t j = 0; \
    for (; j + 4 <= m; j += 4) { \
      NARROW in; \
      memcpy(&in, step > 0 ? x + j : x - j - 3, sizeof in); \
      if (step < 0) in = BACK(in); \
      V v = __builtin_convertvector(in, V); \
      v = JOIN(v, __builtin_shufflevector(neutral, v, 0, 4, 5, 6)); \
      v = JOIN(v, __builtin_shufflevector(neutral, v, 0, 1, 4, 5)); \
      NARROW out = __builtin_convertvector(JOIN(state, v), NARROW); \
      state = JOIN(state, __builtin_shufflevector(v, v, 3, 3, 3, 3)); \
      if (step < 0) out = BACK(out); \
      memcpy(step > 0 ? y + j : y - j - 3, &out, sizeof out); \
    } \
    __typeof__(state[0]) one = state[0]; \
    for (; j < m; j++) { one = JOIN(one, x[j * step]); y[j * step] = (T)one; } \
  }
#endif

/* }========================================================= */


/* {======================== lines side by side ======================== */

#define IN_LINES(NAME, T) \
    if (t[0] == t[1] && (t[0] == w || t[0] == -w)) { \
      for (int64_t i = 0; i < n; i++) line_##NAME(m, (const T *)(p[0] + i * s[0]), (T *)(p[1] + i * s[1]), t[0] / w); \
      return; \
    }
#define SIDE_BY_SIDE(NAME, T)

/* ORDER: IN_LINES where there is such a loop, else SIDE_BY_SIDE. */
#define SCAN(NAME, T, A, JOIN, ORDER) \
  static void NAME(int64_t m, int64_t n, char *const *p, const int64_t *s, const int64_t *t, int64_t first) { \
    A state[TIDE_REDUCE_WIDTH]; \
    const int64_t w = sizeof(T); \
    (void)first; \
    ORDER(NAME, T) \
    for (int64_t i = 0, j = 0; i < n; i++) { T x = AT(const T, 0); state[i] = (A)x; AT(T, 1) = x; } \
    for (int64_t j = 1; j < m; j++) { \
      if (s[0] == w && s[1] == w) { \
        const T *x = (const T *)(p[0] + j * t[0]); \
        T *y = (T *)(p[1] + j * t[1]); \
        NO_DEPENDENCE for (int64_t i = 0; i < n; i++) { A u = state[i], v = (A)x[i]; u = JOIN(u, v); state[i] = u; y[i] = (T)u; } \
      } \
      else for (int64_t i = 0; i < n; i++) { A u = state[i], v = (A)AT(const T, 0); state[i] = u = JOIN(u, v); AT(T, 1) = (T)u; } \
    } \
  }

/* }========================================================= */


/* {======================== extremes so far ======================== */

/* once a nan, always a nan */
#define RISES(x, b)    (((x) >= (b)) | ((x) != (x)))
#define FALLS(x, b)    (((x) <= (b)) | ((x) != (x)))
#define LOOK 32

#define EXTREME(NAME, T, BEATS) \
  static void line_##NAME(int64_t m, const T *x, T *y, int64_t *place, int64_t first) { \
    T best = x[0]; \
    int64_t k = first, j = 0; \
    for (; j + LOOK <= m; j += LOOK) { \
      int any = 0; \
      for (int i = 0; i < LOOK; i++) any |= BEATS(x[j + i], best); \
      if (any) for (int i = 0; i < LOOK; i++) { int b = BEATS(x[j + i], best); best = b ? x[j + i] : best; k = b ? first + j + i : k; y[j + i] = best; place[j + i] = k; } \
      else for (int i = 0; i < LOOK; i++) { y[j + i] = best; place[j + i] = k; } \
    } \
    for (; j < m; j++) { if (BEATS(x[j], best)) { best = x[j]; k = first + j; } y[j] = best; place[j] = k; } \
  } \
  static void NAME(int64_t m, int64_t n, char *const *p, const int64_t *s, const int64_t *t, int64_t first) { \
    T best[TIDE_REDUCE_WIDTH]; \
    int64_t place[TIDE_REDUCE_WIDTH]; \
    const int64_t w = sizeof(T), wide = sizeof(int64_t); \
    if (t[0] == w && t[1] == w && t[2] == wide) { \
      for (int64_t i = 0; i < n; i++) line_##NAME(m, (const T *)(p[0] + i * s[0]), (T *)(p[1] + i * s[1]), (int64_t *)(p[2] + i * s[2]), first); \
      return; \
    } \
    for (int64_t i = 0, j = 0; i < n; i++) { best[i] = AT(const T, 0); place[i] = first; } \
    for (int64_t j = 0; j < m; j++) { \
      if (s[0] == w && s[1] == w && s[2] == wide) { \
        const T *x = (const T *)(p[0] + j * t[0]); \
        T *y = (T *)(p[1] + j * t[1]); \
        int64_t *to = (int64_t *)(p[2] + j * t[2]); \
        NO_DEPENDENCE for (int64_t i = 0; i < n; i++) { \
          T u = best[i], v = x[i]; \
          int64_t k = place[i]; \
          int b = BEATS(v, u); \
          best[i] = y[i] = b ? v : u; \
          place[i] = to[i] = b ? first + j : k; \
        } \
      } \
      else for (int64_t i = 0; i < n; i++) { \
        T x = AT(const T, 0); \
        if (BEATS(x, best[i])) { best[i] = x; place[i] = first + j; } \
        AT(T, 1) = best[i]; \
        AT(int64_t, 2) = place[i]; \
      } \
    } \
  }

/* }========================================================= */


static inline double PASTE(add_logs, LEVEL)(double u, double x) {
  double low = x < u || x != x ? x : u, high = x < u || x != x ? u : x;
  if (low != low || high != high) return low + high;
  return low != high || isfinite(low) ? high + log1p(exp(low - high)) : high;
}
#define ADD_LOGS(u, x) PASTE(add_logs, LEVEL)(u, x)

#define LINEAR(NAME, T) \
  static void NAME(int64_t m, int64_t n, char *const *p, const int64_t *s, const int64_t *t, int64_t first) { \
    double state[TIDE_REDUCE_WIDTH]; \
    (void)first; \
    for (int64_t i = 0, j = 0; i < n; i++) { state[i] = (double)AT(const T, 0); AT(T, 2) = (T)state[i]; } \
    for (int64_t j = 1; j < m; j++) \
      for (int64_t i = 0; i < n; i++) { state[i] = (double)AT(const T, 0) + (double)AT(const T, 1) * state[i]; AT(T, 2) = (T)state[i]; } \
  }

#if defined(WIDE)
VECTOR_LINE(sum_float32, float, Doubles, Floats, ADD, ((Doubles){0}))
VECTOR_LINE(sum_float64, double, Doubles, Doubles, ADD, ((Doubles){0}))
VECTOR_LINE(sum_int64, int64_t, Longs, Longs, ADD, ((Longs){0}))
VECTOR_LINE(product_float32, float, Doubles, Floats, MULTIPLY, ((Doubles){1, 1, 1, 1}))
#else
LINE(sum_float32, float, double, ADD)
LINE(sum_float64, double, double, ADD)
LINE(sum_int64, int64_t, int64_t, ADD)
LINE(product_float32, float, double, MULTIPLY)
#endif
LINE(product_int64, int64_t, int64_t, MULTIPLY)
/* Not in lines: products of float64, parts of which might overflow where the whole does not; and what takes so long that lines are better mixed. */
SCAN(sum_float32, float, double, ADD, IN_LINES)
SCAN(sum_float64, double, double, ADD, IN_LINES)
SCAN(sum_int64, int64_t, int64_t, ADD, IN_LINES)
SCAN(product_float32, float, double, MULTIPLY, IN_LINES)
SCAN(product_float64, double, double, MULTIPLY, SIDE_BY_SIDE)
SCAN(product_int64, int64_t, int64_t, MULTIPLY, IN_LINES)
SCAN(logsum_float32, float, double, ADD_LOGS, SIDE_BY_SIDE)
SCAN(logsum_float64, double, double, ADD_LOGS, SIDE_BY_SIDE)
LINEAR(linear_float32, float)
LINEAR(linear_float64, double)

#if defined(LEVEL_ALL)
#define SMALL(X) X(INT32, int32_t, int32) X(INT16, int16_t, int16) X(INT8, int8_t, int8) X(UINT8, uint8_t, uint8)
#define SMALL_SCANS(C, T, N) LINE(sum_##N, T, int64_t, ADD) LINE(product_##N, T, int64_t, MULTIPLY) SCAN(sum_##N, T, int64_t, ADD, IN_LINES) SCAN(product_##N, T, int64_t, MULTIPLY, IN_LINES)
SMALL(SMALL_SCANS)
#define DTYPES(X) TIDE_DTYPES(X)
#else
#define SMALL(X)
#define DTYPES(X) X(FLOAT32, float, float32) X(FLOAT64, double, float64) X(INT64, int64_t, int64)
#endif
#define EXTREMES(C, T, N) EXTREME(max_##N, T, RISES) EXTREME(min_##N, T, FALLS)
DTYPES(EXTREMES)

#define SUM_ENTRY(C, T, N)     [TIDE_##C] = sum_##N,
#define PRODUCT_ENTRY(C, T, N) [TIDE_##C] = product_##N,
#define MAX_ENTRY(C, T, N)     [TIDE_##C] = max_##N,
#define MIN_ENTRY(C, T, N)     [TIDE_##C] = min_##N,

tide__ScanTable PASTE(tide__scans, LEVEL) = {
  [SCAN_SUM] = {sum_float32, sum_float64, sum_int64, SMALL(SUM_ENTRY)},
  [SCAN_PRODUCT] = {product_float32, product_float64, product_int64, SMALL(PRODUCT_ENTRY)},
  [SCAN_MAX] = {DTYPES(MAX_ENTRY)},
  [SCAN_MIN] = {DTYPES(MIN_ENTRY)},
  [SCAN_LOGSUM] = {logsum_float32, logsum_float64},
  [SCAN_LINEAR] = {linear_float32, linear_float64}};
