/* The loops of scans: step after step, the lines of the chunk side by side. */
#include "kernels/scan.h"
#include "kernels/math.h"

#define AT(T, k) (*(T *)(p[k] + i * s[k] + j * t[k]))

/* SCAN(sum_float32, float, double, ADD): JOIN makes the next state of the last one and an element. */
#define SCAN(NAME, T, A, JOIN) \
  static void NAME(int64_t m, int64_t n, char *const *p, const int64_t *s, const int64_t *t) { \
    A state[TIDE_REDUCE_WIDTH]; \
    int64_t j = 0; \
    for (int64_t i = 0; i < n; i++) { T x = AT(const T, 0); state[i] = (A)x; AT(T, 1) = x; } \
    for (j = 1; j < m; j++) \
      for (int64_t i = 0; i < n; i++) { A u = state[i], x = (A)AT(const T, 0); state[i] = u = JOIN(u, x); AT(T, 1) = (T)u; } \
  }

/* A few lines are taken one after the other: what beats the extreme is hard to foresee, and then a line's own state stays in registers. */
#define EXTREME(NAME, T, BEATS) \
  static void NAME(int64_t m, int64_t n, char *const *p, const int64_t *s, const int64_t *t) { \
    T best[TIDE_REDUCE_WIDTH]; \
    int64_t place[TIDE_REDUCE_WIDTH]; \
    if (n <= 8) { \
      for (int64_t i = 0; i < n; i++) { \
        T b = *(const T *)(p[0] + i * s[0]); \
        int64_t k = 0; \
        for (int64_t j = 0; j < m; j++) { \
          T x = AT(const T, 0); \
          if (BEATS(x, b)) { b = x; k = j; } \
          AT(T, 1) = b; \
          AT(int64_t, 2) = k; \
        } \
      } \
      return; \
    } \
    for (int64_t j = 0; j < m; j++) \
      for (int64_t i = 0; i < n; i++) { \
        T x = AT(const T, 0); \
        if (j == 0 || BEATS(x, best[i])) { best[i] = x; place[i] = j; } \
        AT(T, 1) = best[i]; \
        AT(int64_t, 2) = place[i]; \
      } \
  }

#define ADD(u, x)      ((u) + (x))
#define MULTIPLY(u, x) ((u) * (x))
/* once a nan, always a nan */
#define IS_NAN(x)      ((x) != (x))
#define RISES(x, b)    ((x) >= (b) || IS_NAN(x))
#define FALLS(x, b)    ((x) <= (b) || IS_NAN(x))

static double add_logs(double u, double x) {
  double low = x < u || IS_NAN(x) ? x : u, high = x < u || IS_NAN(x) ? u : x;
  if (IS_NAN(low) || IS_NAN(high)) return low + high;
  return low != high || isfinite(low) ? high + log1p(exp(low - high)) : high;
}

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wtautological-compare"
#endif

#define INTEGERS(X) X(INT64, int64_t, int64) X(INT32, int32_t, int32) X(INT16, int16_t, int16) X(INT8, int8_t, int8) X(UINT8, uint8_t, uint8)
#define FLOAT_SCANS(N, T) \
  SCAN(sum_##N, T, double, ADD) \
  SCAN(product_##N, T, double, MULTIPLY) \
  SCAN(logsum_##N, T, double, add_logs) \
  static void linear_##N(int64_t m, int64_t n, char *const *p, const int64_t *s, const int64_t *t) { \
    double state[TIDE_REDUCE_WIDTH]; \
    int64_t j = 0; \
    for (int64_t i = 0; i < n; i++) { state[i] = (double)AT(const T, 0); AT(T, 2) = (T)state[i]; } \
    for (j = 1; j < m; j++) \
      for (int64_t i = 0; i < n; i++) { state[i] = (double)AT(const T, 0) + (double)AT(const T, 1) * state[i]; AT(T, 2) = (T)state[i]; } \
  }
FLOAT_SCANS(float32, float)
FLOAT_SCANS(float64, double)

#define INTEGER_SCANS(C, T, N) SCAN(sum_##N, T, int64_t, ADD) SCAN(product_##N, T, int64_t, MULTIPLY)
#define EXTREMES(C, T, N)      EXTREME(max_##N, T, RISES) EXTREME(min_##N, T, FALLS)
INTEGERS(INTEGER_SCANS)
TIDE_DTYPES(EXTREMES)

#define SUM_ENTRY(C, T, N)     [TIDE_##C] = sum_##N,
#define PRODUCT_ENTRY(C, T, N) [TIDE_##C] = product_##N,
#define MAX_ENTRY(C, T, N)     [TIDE_##C] = max_##N,
#define MIN_ENTRY(C, T, N)     [TIDE_##C] = min_##N,

tide__Scan tide__scan(int scan, int dtype) {
  static const tide__Scan scans[TIDE_SCANS][TIDE_NDTYPES] = {
    [SCAN_SUM] = {sum_float32, sum_float64, INTEGERS(SUM_ENTRY)},
    [SCAN_PRODUCT] = {product_float32, product_float64, INTEGERS(PRODUCT_ENTRY)},
    [SCAN_MAX] = {TIDE_DTYPES(MAX_ENTRY)},
    [SCAN_MIN] = {TIDE_DTYPES(MIN_ENTRY)},
    [SCAN_LOGSUM] = {logsum_float32, logsum_float64},
    [SCAN_LINEAR] = {linear_float32, linear_float64}};
  return scans[scan][dtype];
}
