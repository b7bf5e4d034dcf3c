/*
** The loops of reductions, compiled once per instruction-set level: the level's file defines LEVEL (and LEVEL_ALL for the
** base, which has every dtype) and includes this. They are plain C that the compiler vectorises; the order of every sum is written out here, so all levels give the same bits.
**
** A reduction of one dtype is four functions over its accumulators (double for floats, int64 for integers, the dtype itself for
** extremes): start gives them the neutral value; fold takes a run of elements into one accumulator; rows takes m rows of n elements into n
** accumulators; join takes `groups` sets of n accumulators into the first set. `aux` is one number per accumulator.
**
** Float sums add eight elements as a tree in their own precision and accumulate the trees in double; long float64 sums are cut
** into blocks whose sums are added pairwise.
*/
#include "kernels/math.h"
#include "kernels/reduce.h"

#if defined(__clang__)
#define NO_DEPENDENCE _Pragma("clang loop vectorize(assume_safety)")
#pragma clang diagnostic ignored "-Wtautological-compare"   /* x != x: a nan, where there are any */
#else
#define NO_DEPENDENCE _Pragma("GCC ivdep")       /* accumulators and elements are apart */
#endif

#define PASTE_(a, b) a##_##b
#define PASTE(a, b) PASTE_(a, b)
#define AT(T, p, offset) (*(const T *)((p) + (offset)))

/* Lanes: 16 or 32 for sums and products, 64 for extremes (more than the compiler unrolls, for it vectorises their selections only as a
** loop). They take the elements in turn, the last ones in shrinking steps between those that join the lanes as a tree. */
#define STEP(w, A, T, MAP, JOIN)   for (int j = 0; j < w; j++) { A v = MAP(T, x[i + j], a); lane[j] = JOIN(lane[j], v); }
#define LAST(w, A, T, MAP, JOIN)   if (n - i >= w) { STEP(w, A, T, MAP, JOIN) i += w; }
#define HALVE(h, JOIN)             for (int j = 0; j < h; j++) lane[j] = JOIN(lane[j], lane[j + h]);
#define FINISH_16(A, T, MAP, JOIN) \
  LAST(8, A, T, MAP, JOIN) HALVE(8, JOIN) LAST(4, A, T, MAP, JOIN) HALVE(4, JOIN) LAST(2, A, T, MAP, JOIN) HALVE(2, JOIN) LAST(1, A, T, MAP, JOIN) HALVE(1, JOIN)
#define FINISH_32(A, T, MAP, JOIN) LAST(16, A, T, MAP, JOIN) HALVE(16, JOIN) FINISH_16(A, T, MAP, JOIN)
#define FINISH_64(A, T, MAP, JOIN) LAST(32, A, T, MAP, JOIN) HALVE(32, JOIN) FINISH_32(A, T, MAP, JOIN)
#define FLOATS(X) X(FLOAT32, float, float32) X(FLOAT64, double, float64)
#if defined(LEVEL_ALL)
#define INTEGERS(X) X(INT64, int64_t, int64) X(INT32, int32_t, int32) X(INT16, int16_t, int16) X(INT8, int8_t, int8) X(UINT8, uint8_t, uint8) X(BOOL, uint8_t, bool)
#else
#define INTEGERS(X) X(INT64, int64_t, int64) X(INT32, int32_t, int32)
#endif

/* {======================== the general form ======================== */

/* REDUCTION(max, float32, float, float, 64, -INFINITY, MAP_SELF, JOIN_MAX) becomes start_max_float32 ...; L: lanes */
#define REDUCTION(NAME, N, T, A, L, NEUTRAL, MAP, JOIN) \
  START(NAME, N, A, NEUTRAL) \
  JOINS(NAME, N, A, JOIN) \
  static void fold_##NAME##_##N(int64_t n, const char *p, int64_t s, void *to, const double *aux) { \
    A acc = *(A *)to; \
    const double a = aux ? *aux : 0; \
    int64_t i = 0; \
    (void)a; \
    if (s == sizeof(T) && n >= L) { \
      const T *x = (const T *)p; \
      A lane[L]; \
      for (int j = 0; j < L; j++) lane[j] = NEUTRAL; \
      for (; i + L <= n; i += L) STEP(L, A, T, MAP, JOIN) \
      FINISH_##L(A, T, MAP, JOIN) \
      acc = JOIN(acc, lane[0]); \
    } \
    else if (n >= 8) { \
      A lane[4] = {NEUTRAL, NEUTRAL, NEUTRAL, NEUTRAL}; \
      for (; i + 4 <= n; i += 4) for (int j = 0; j < 4; j++) { A v = MAP(T, AT(T, p, (i + j) * s), a); lane[j] = JOIN(lane[j], v); } \
      for (int j = 0; j < 4; j++) acc = JOIN(acc, lane[j]); \
    } \
    for (; i < n; i++) { A v = MAP(T, AT(T, p, i * s), a); acc = JOIN(acc, v); } \
    *(A *)to = acc; \
  } \
  static void rows_##NAME##_##N(int64_t m, int64_t rs, int64_t n, int64_t cs, const char *p, void *to, const double *aux) { \
    A *acc = to; \
    (void)aux; \
    if (cs == sizeof(T)) \
      for (; m >= 4; m -= 4, p += 4 * rs) { \
        const T *x0 = (const T *)p, *x1 = (const T *)(p + rs), *x2 = (const T *)(p + 2 * rs), *x3 = (const T *)(p + 3 * rs); \
        NO_DEPENDENCE for (int64_t i = 0; i < n; i++) { \
          A u = acc[i], v0 = MAP(T, x0[i], aux[i]), v1 = MAP(T, x1[i], aux[i]), v2 = MAP(T, x2[i], aux[i]), v3 = MAP(T, x3[i], aux[i]); \
          u = JOIN(u, v0); \
          u = JOIN(u, v1); \
          u = JOIN(u, v2); \
          acc[i] = JOIN(u, v3); \
        } \
      } \
    for (; m > 0; m--, p += rs) { \
      if (cs == sizeof(T)) { const T *x = (const T *)p; NO_DEPENDENCE for (int64_t i = 0; i < n; i++) { A v = MAP(T, x[i], aux[i]); acc[i] = JOIN(acc[i], v); } } \
      else for (int64_t i = 0; i < n; i++) { A v = MAP(T, AT(T, p, i * cs), aux[i]); acc[i] = JOIN(acc[i], v); } \
    } \
  }

#define START(NAME, N, A, NEUTRAL) \
  static void start_##NAME##_##N(int64_t n, void *to) { A *acc = to; for (int64_t i = 0; i < n; i++) acc[i] = NEUTRAL; }

#define JOINS(NAME, N, A, JOIN) \
  static void join_##NAME##_##N(int64_t groups, int64_t n, void *to) { \
    A *acc = to; \
    for (int64_t k = 1; k < groups; k++) for (int64_t i = 0; i < n; i++) acc[i] = JOIN(acc[i], acc[k * n + i]); \
  }

#define ENTRY(NAME, C, N, A) [TIDE_##C] = {start_##NAME##_##N, fold_##NAME##_##N, rows_##NAME##_##N, join_##NAME##_##N, sizeof(A)},

/* what an element counts for */
#define MAP_SELF(T, x, a)       (x)
#define MAP_SQUARE(T, x, a)     ((double)(x) * (double)(x))
#define MAP_POWER(T, x, a)      ((double)v_pow(v_abs(x), (T)(a)))
#define MAP_DEVIATION(T, x, a)  (((double)(x) - (a)) * ((double)(x) - (a)))
#define MAP_EXP(T, x, a)        ((double)v_exp((T)((x) - (T)(a))))
#define MAP_NONZERO(T, x, a)    ((int64_t)((x) != 0))
#define MAP_SIZE(T, x, a)       (v_abs(x))
/* how two values become one; a nan wins */
#define JOIN_ADD(u, v)  ((u) + (v))
#define JOIN_MUL(u, v)  ((u) * (v))
#define JOIN_MAX(u, v)  ((((v) > (u)) | ((v) != (v))) ? (v) : (u))
#define JOIN_MIN(u, v)  ((((v) < (u)) | ((v) != (v))) ? (v) : (u))

/* }========================================================= */


/* {======================== sums ======================== */

/* Eight elements `w` apart, mapped by M in their own precision; last ones first, which gcc turns into ascending loads. */
#define TREE(M, q, w) (((M(q[7 * (w)]) + M(q[6 * (w)])) + (M(q[5 * (w)]) + M(q[4 * (w)]))) + ((M(q[3 * (w)]) + M(q[2 * (w)])) + (M(q[w]) + M(q[0]))))
#define GROUP(w, E) { for (int j = 0; j < 16; j++) { const float *q = x + i + j; lane[j] += (double)(E); } i += w; }
#define TREES_float32(M) \
  while (i + 128 <= n) GROUP(128, TREE(M, q, 16)) \
  if (i + 64 <= n) GROUP(64, (M(q[48]) + M(q[32])) + (M(q[16]) + M(q[0]))) \
  if (i + 32 <= n) GROUP(32, M(q[16]) + M(q[0]))
#define TREES_float64(M)                         /* nothing to convert: adding them one by one is as fast */
#define SUM_BLOCK 4096

#define OF_SELF(x)       (x)
#define OF_SIZE(x)       v_abs(x)
#define OF_NUMBER(x)     ((x) == (x) ? (x) : 0)        /* nan counts for nothing */
#define OF_SQUARE(x)     ((x) * (x))
#define MAPPED_SELF(T, x, a)   OF_SELF(x)
#define MAPPED_SIZE(T, x, a)   OF_SIZE(x)
#define MAPPED_NUMBER(T, x, a) OF_NUMBER(x)
#define MAPPED_SQUARE(T, x, a) OF_SQUARE(x)

/* One block, contiguous; and at any stride. */
#define BLOCK_SUM(NAME, MAP, N, T) \
  static double block_##NAME##_##N(int64_t n, const T *x) { \
    double lane[16] = {0}; \
    int64_t i = 0; \
    TREES_##N(OF_##MAP) \
    for (; i + 16 <= n; i += 16) STEP(16, double, T, MAPPED_##MAP, JOIN_ADD) \
    FINISH_16(double, T, MAPPED_##MAP, JOIN_ADD) \
    return lane[0]; \
  }
#define STRIDED_SUM(NAME, MAP, N, T) \
  static double strided_##NAME##_##N(int64_t n, const char *p, int64_t s) { \
    double lane[4] = {0}, rest = 0; \
    for (; n >= 32; n -= 32, p += 32 * s) \
      for (int j = 0; j < 4; j++) { \
        T x[8]; \
        for (int i = 0; i < 8; i++) x[i] = AT(T, p, (8 * j + i) * s); \
        lane[j] += (double)TREE(OF_##MAP, x, 1); \
      } \
    for (; n > 0; n--, p += s) rest += (double)OF_##MAP(AT(T, p, 0)); \
    return ((lane[0] + lane[1]) + (lane[2] + lane[3])) + rest; \
  }

/* Blocks of a long run are added like the digits of a binary counter: level k holds the sum of 2^k blocks. */
#define FOLD_SUM(NAME, N, T) \
  static void fold_##NAME##_##N(int64_t n, const char *p, int64_t s, void *to, const double *aux) { \
    double level[48], total; \
    int top = 0; \
    (void)aux; \
    if (n <= SUM_BLOCK && s == sizeof(T)) { *(double *)to += block_##NAME##_##N(n, (const T *)p); return; } \
    for (uint64_t block = 1; n > 0; block++, n -= SUM_BLOCK, p += SUM_BLOCK * s) { \
      int64_t k = n < SUM_BLOCK ? n : SUM_BLOCK; \
      total = s == sizeof(T) ? block_##NAME##_##N(k, (const T *)p) : strided_##NAME##_##N(k, p, s); \
      for (uint64_t b = block; !(b & 1); b >>= 1) total = level[--top] + total; \
      level[top++] = total; \
    } \
    total = level[--top]; \
    while (top) total = level[--top] + total; \
    *(double *)to += total; \
  }

#define SUM_ROWS(NAME, MAP, N, T) \
  static void rows_##NAME##_##N(int64_t m, int64_t rs, int64_t n, int64_t cs, const char *p, void *to, const double *aux) { \
    double *acc = to; \
    (void)aux; \
    if (cs == sizeof(T)) \
      for (; m >= 8; m -= 8, p += 8 * rs) { \
        const T *x0 = (const T *)p, *x1 = (const T *)(p + rs), *x2 = (const T *)(p + 2 * rs), *x3 = (const T *)(p + 3 * rs); \
        const T *x4 = (const T *)(p + 4 * rs), *x5 = (const T *)(p + 5 * rs), *x6 = (const T *)(p + 6 * rs), *x7 = (const T *)(p + 7 * rs); \
        NO_DEPENDENCE for (int64_t i = 0; i < n; i++) \
          acc[i] += (double)(((OF_##MAP(x0[i]) + OF_##MAP(x1[i])) + (OF_##MAP(x2[i]) + OF_##MAP(x3[i]))) + ((OF_##MAP(x4[i]) + OF_##MAP(x5[i])) + (OF_##MAP(x6[i]) + OF_##MAP(x7[i])))); \
      } \
    for (; m > 0; m--, p += rs) { \
      if (cs == sizeof(T)) { const T *x = (const T *)p; NO_DEPENDENCE for (int64_t i = 0; i < n; i++) acc[i] += (double)OF_##MAP(x[i]); } \
      else for (int64_t i = 0; i < n; i++) acc[i] += (double)OF_##MAP(AT(T, p, i * cs)); \
    } \
  }

#define FLOAT_SUM(NAME, MAP, N, T) \
  START(NAME, N, double, 0) \
  JOINS(NAME, N, double, JOIN_ADD) \
  BLOCK_SUM(NAME, MAP, N, T) \
  STRIDED_SUM(NAME, MAP, N, T) \
  FOLD_SUM(NAME, N, T) \
  SUM_ROWS(NAME, MAP, N, T)
#define SUMS(C, T, N)      FLOAT_SUM(sum, SELF, N, T)
#define ABSOLUTES(C, T, N) FLOAT_SUM(abs, SIZE, N, T)
#define NUMBERS(C, T, N)   FLOAT_SUM(numbers, NUMBER, N, T)
FLOATS(SUMS)
FLOATS(ABSOLUTES)
FLOATS(NUMBERS)

#define INTEGER_SUM(C, T, N) REDUCTION(sum, N, T, int64_t, 32, 0, MAP_SELF, JOIN_ADD)
INTEGERS(INTEGER_SUM)

/* }========================================================= */


/* {======================== the others ======================== */

/* The squares of float32 are taken in float32 where that cannot matter: their sum is far from where squares overflow, or lose digits. */
#define SQUARES(C, T, N)    REDUCTION(exact_squares, N, T, double, 32, 0, MAP_SQUARE, JOIN_ADD)
FLOATS(SQUARES)
BLOCK_SUM(near_squares, SQUARE, float32, float)
static void fold_squares_float32(int64_t n, const char *p, int64_t s, void *to, const double *aux) {
  for (int64_t k; n > 0; n -= k, p += k * s) {
    k = n < SUM_BLOCK ? n : SUM_BLOCK;
    double sum = s == sizeof(float) ? block_near_squares_float32(k, (const float *)p) : 0;
    if (sum > 1e-25 && sum < 1e38) *(double *)to += sum;
    else fold_exact_squares_float32(k, p, s, to, aux);
  }
}
#define POWERS(C, T, N)     REDUCTION(power, N, T, double, 32, 0, MAP_POWER, JOIN_ADD)
#define DEVIATIONS(C, T, N) REDUCTION(deviation, N, T, double, 32, 0, MAP_DEVIATION, JOIN_ADD)
#define EXPS(C, T, N)       REDUCTION(exp, N, T, double, 32, 0, MAP_EXP, JOIN_ADD)
#define FLOAT_PROD(C, T, N) REDUCTION(prod, N, T, double, 32, 1, MAP_SELF, JOIN_MUL)
#define INT_PROD(C, T, N)   REDUCTION(prod, N, T, int64_t, 32, 1, MAP_SELF, JOIN_MUL)
#define NONZEROS(C, T, N)   REDUCTION(nonzero, N, T, int64_t, 32, 0, MAP_NONZERO, JOIN_ADD)
FLOATS(POWERS)
FLOATS(DEVIATIONS)
FLOATS(EXPS)
FLOATS(FLOAT_PROD)
INTEGERS(INT_PROD)
FLOATS(NONZEROS)
INTEGERS(NONZEROS)

#define LOW_float32  -INFINITY
#define LOW_float64  -INFINITY
#define LOW_int64    INT64_MIN
#define LOW_int32    INT32_MIN
#define LOW_int16    INT16_MIN
#define LOW_int8     INT8_MIN
#define LOW_uint8    0
#define LOW_bool     0
#define HIGH_float32 INFINITY
#define HIGH_float64 INFINITY
#define HIGH_int64   INT64_MAX
#define HIGH_int32   INT32_MAX
#define HIGH_int16   INT16_MAX
#define HIGH_int8    INT8_MAX
#define HIGH_uint8   UINT8_MAX
#define HIGH_bool    1
#define MAXIMA(C, T, N) REDUCTION(max, N, T, T, 64, LOW_##N, MAP_SELF, JOIN_MAX)
#define MINIMA(C, T, N) REDUCTION(min, N, T, T, 64, HIGH_##N, MAP_SELF, JOIN_MIN)
#define FARTHEST(C, T, N) REDUCTION(farthest, N, T, T, 64, 0, MAP_SIZE, JOIN_MAX)
#define NEAREST(C, T, N)  REDUCTION(nearest, N, T, T, 64, INFINITY, MAP_SIZE, JOIN_MIN)
FLOATS(FARTHEST)
FLOATS(NEAREST)
FLOATS(MAXIMA)
INTEGERS(MAXIMA)
FLOATS(MINIMA)
INTEGERS(MINIMA)

/* }========================================================= */


/* {======================== places of extremes ======================== */

/* Of one line: the extreme, then the first place that has it (or the first nan). Of many lines at once: row after row. */
#define PLACES(NAME, BETTER, C, T, N) \
  static void line_arg##NAME##_##N(int64_t n, const char *p, int64_t s, void *value, int64_t *index) { \
    T best; \
    start_##NAME##_##N(1, &best); \
    fold_##NAME##_##N(n, p, s, &best, NULL); \
    int64_t i = 0; \
    if (s == sizeof(T)) { \
      const T *x = (const T *)p; \
      for (; i + 64 <= n; i += 64) { int found = 0; for (int j = 0; j < 64; j++) found |= (x[i + j] == best) | (x[i + j] != x[i + j]); if (found) break; } \
    } \
    if (best == best) while (AT(T, p, i * s) != best) i++; \
    else while (AT(T, p, i * s) == AT(T, p, i * s)) i++; \
    *(T *)value = best; \
    *index = i; \
  } \
  static void lines_arg##NAME##_##N(int64_t m, int64_t rs, int64_t n, int64_t cs, const char *p, void *value, int64_t *index) { \
    T *best = value; \
    for (int64_t i = 0; i < n; i++) { best[i] = AT(T, p, i * cs); index[i] = 0; } \
    for (int64_t r = 1; r < m; r++) { \
      p += rs; \
      NO_DEPENDENCE for (int64_t i = 0; i < n; i++) { \
        T x = AT(T, p, i * cs), b = best[i]; \
        int better = (x BETTER b) | ((x != x) & (b == b)); \
        best[i] = better ? x : b; \
        index[i] = better ? r : index[i]; \
      } \
    } \
  }
#define PLACES_MAX(C, T, N) PLACES(max, >, C, T, N)
#define PLACES_MIN(C, T, N) PLACES(min, <, C, T, N)
FLOATS(PLACES_MAX)
INTEGERS(PLACES_MAX)
FLOATS(PLACES_MIN)
INTEGERS(PLACES_MIN)

/* }========================================================= */


#define E_FLOAT_SUM(C, T, N)   ENTRY(sum, C, N, double)
#define E_INT_SUM(C, T, N)     ENTRY(sum, C, N, int64_t)
#define E_ABS(C, T, N)         ENTRY(abs, C, N, double)
#define E_POWER(C, T, N)       ENTRY(power, C, N, double)
#define E_NUMBERS(C, T, N)     ENTRY(numbers, C, N, double)
#define E_DEVIATION(C, T, N)   ENTRY(deviation, C, N, double)
#define E_EXP(C, T, N)         ENTRY(exp, C, N, double)
#define E_FLOAT_PROD(C, T, N)  ENTRY(prod, C, N, double)
#define E_INT_PROD(C, T, N)    ENTRY(prod, C, N, int64_t)
#define E_NONZERO(C, T, N)     ENTRY(nonzero, C, N, int64_t)
#define E_MAX(C, T, N)         ENTRY(max, C, N, T)
#define E_MIN(C, T, N)         ENTRY(min, C, N, T)
#define E_FARTHEST(C, T, N)    ENTRY(farthest, C, N, T)
#define E_NEAREST(C, T, N)     ENTRY(nearest, C, N, T)
#define E_ARGMAX(C, T, N)      [TIDE_##C] = {line_argmax_##N, lines_argmax_##N},
#define E_ARGMIN(C, T, N)      [TIDE_##C] = {line_argmin_##N, lines_argmin_##N},

const tide__ReduceLevel PASTE(tide__reduce, LEVEL) = {
  .reducer = {
    [RED_SUM] = {FLOATS(E_FLOAT_SUM) INTEGERS(E_INT_SUM)},
    [RED_SQUARES] = {[TIDE_FLOAT32] = {start_exact_squares_float32, fold_squares_float32, rows_exact_squares_float32, join_exact_squares_float32, sizeof(double)},
                     ENTRY(exact_squares, FLOAT64, float64, double)},
    [RED_ABS] = {FLOATS(E_ABS)},
    [RED_POWER] = {FLOATS(E_POWER)},
    [RED_NUMBERS] = {FLOATS(E_NUMBERS)},
    [RED_DEVIATION] = {FLOATS(E_DEVIATION)},
    [RED_EXP] = {FLOATS(E_EXP)},
    [RED_PROD] = {FLOATS(E_FLOAT_PROD) INTEGERS(E_INT_PROD)},
    [RED_NONZERO] = {FLOATS(E_NONZERO) INTEGERS(E_NONZERO)},
    [RED_MAX] = {FLOATS(E_MAX) INTEGERS(E_MAX)},
    [RED_MIN] = {FLOATS(E_MIN) INTEGERS(E_MIN)},
    [RED_FARTHEST] = {FLOATS(E_FARTHEST)},
    [RED_NEAREST] = {FLOATS(E_NEAREST)}},
  .finder = {{FLOATS(E_ARGMAX) INTEGERS(E_ARGMAX)}, {FLOATS(E_ARGMIN) INTEGERS(E_ARGMIN)}}};
