/*
** Rows of set TABLE for float32 at AVX-512, by hand: sigmoid, silu, gelu and the derivatives of the last two. A division and an exponential cost more than the
** whole of this: |x| is in one of 32 intervals, whose polynomial's coefficients the processor picks from registers (math_tables.h). Beyond the last
** on the negative side, where results vanish, elements are far: a vector that has some goes through the row's expression, too, and they are taken from there.
*/
#include <immintrin.h>

#include "kernels/math_tables.h"

typedef struct Step { __m512 a, d; __m512i k; } Step;       /* |x|, how far it is from the middle of its interval, and which that is */

TIDE_INLINE __m512 pick(const float row[32], __m512i k) { return _mm512_permutex2var_ps(_mm512_loadu_ps(row), k, _mm512_loadu_ps(row + 16)); }
/* Interval alpha |x| + beta x^2; what is more than `most` counts as that. nan stays. */
TIDE_INLINE Step step_of(const float (*row)[32], __m512 x, float most, float alpha, float beta) {
  __m512 a = _mm512_min_ps(_mm512_set1_ps(most), _mm512_abs_ps(x)), s = _mm512_set1_ps(alpha);
  if (beta != 0) s = _mm512_fmadd_ps(a, _mm512_set1_ps(beta), s);
  __m512i k = _mm512_castps_si512(_mm512_fmadd_ps(a, s, _mm512_set1_ps(12582912.0f)));      /* 1.5 * 2^23: the low bits are the whole number */
  return (Step){a, _mm512_sub_ps(a, pick(row[0], k)), k};
}
/* The coefficients of d, d^2 ..., summed up but for a factor d. */
TIDE_INLINE __m512 higher(const float (*row)[32], int rows, Step s) {
  __m512 p = pick(row[rows - 1], s.k);
  for (int i = rows - 2; i > 2; i--) p = _mm512_fmadd_ps(p, s.d, pick(row[i], s.k));
  return p;
}
/* The polynomial, and a times it, rounded about once. */
TIDE_INLINE __m512 value(const float (*row)[32], int rows, Step s) {
  return _mm512_add_ps(pick(row[1], s.k), _mm512_fmadd_ps(higher(row, rows, s), s.d, pick(row[2], s.k)));
}
TIDE_INLINE __m512 product(const float (*row)[32], int rows, Step s) {
  __m512 low = _mm512_fmadd_ps(_mm512_mul_ps(s.a, s.d), higher(row, rows, s), _mm512_mul_ps(s.a, pick(row[2], s.k)));
  return _mm512_fmadd_ps(s.a, pick(row[1], s.k), low);
}
#define ROWS(table) (table), (int)(sizeof (table) / sizeof *(table))
#define NEGATIVE(x) _mm512_movepi32_mask(_mm512_castps_si512(x))
/* x above 0, else -0: where what vanishes for large x is taken away */
TIDE_INLINE __m512 base_of(__m512 x) { return _mm512_mask_mov_ps(x, NEGATIVE(x), _mm512_set1_ps(-0.0f)); }
TIDE_INLINE __m512 complement(__m512 x, __m512 w) { return _mm512_mask_mov_ps(_mm512_sub_ps(_mm512_set1_ps(1), w), NEGATIVE(x), w); }

#define LOGISTIC(x)  step_of(tide__logistic_table, x, LOGISTIC_MOST, 1.6f, 0)
#define TAIL(row, x) step_of(row, x, TAIL_MOST, 1.09375f, 0.6875f)

TIDE_INLINE __m512 near_sigmoid(__m512 x) { return complement(x, value(ROWS(tide__logistic_table), LOGISTIC(x))); }
TIDE_INLINE __m512 near_silu(__m512 x) { return _mm512_sub_ps(base_of(x), product(ROWS(tide__logistic_table), LOGISTIC(x))); }
/* s (1 + x (1 - s)) */
TIDE_INLINE __m512 near_silu_slope(__m512 x) {
  Step step = LOGISTIC(x);
  __m512 w = value(ROWS(tide__logistic_table), step), v = _mm512_sub_ps(_mm512_set1_ps(1), w);
  __m512 b = _mm512_mask_sub_ps(step.a, NEGATIVE(x), _mm512_setzero_ps(), step.a), s = _mm512_mask_mov_ps(v, NEGATIVE(x), w), t = _mm512_mask_mov_ps(w, NEGATIVE(x), v);
  return _mm512_mul_ps(s, _mm512_fmadd_ps(b, t, _mm512_set1_ps(1)));
}
TIDE_INLINE __m512 near_gelu(__m512 x) { return _mm512_sub_ps(base_of(x), product(ROWS(tide__tail_table), TAIL(tide__tail_table, x))); }
TIDE_INLINE __m512 near_gelu_slope(__m512 x) { return complement(x, value(ROWS(tide__slope_table), TAIL(tide__slope_table, x))); }

/* The elements in which x < -most. */
#define FAR_LANES(x, most) _mm512_cmp_ps_mask(x, _mm512_set1_ps(-(most)), _CMP_LT_OQ)
#define TAIL_MASK(n) ((__mmask16)((n) >= 16 ? 0xffff : (1u << (n)) - 1))

#define BY_TABLE(name, near, most, E) \
  static __attribute__((noinline)) __m512 far_##name(__m512 v) { \
    float q[16]; \
    _mm512_storeu_ps(q, v); \
    for (int i = 0; i < 16; i++) { float x = q[i]; q[i] = E; } \
    return _mm512_loadu_ps(q); \
  } \
  TIDE_INLINE __m512 all_##name(__m512 x) { \
    __m512 y = near(x); \
    __mmask16 far = FAR_LANES(x, most); \
    return __builtin_expect(far != 0, 0) ? _mm512_mask_mov_ps(y, far, far_##name(x)) : y; \
  }
#define TABLE_ROW1(name, near, most, E) \
  BY_TABLE(name, near, most, E) \
  static void name##_float32(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    ORDERED(name, 2, 0, s[0] == sizeof(float) && s[1] == sizeof(float), sizeof(float), sizeof(float)) \
    PLAIN \
    float *o = (float *)p[0]; \
    const float *px = (const float *)p[1]; \
    for (; n >= 16; n -= 16, o += 16, px += 16) _mm512_storeu_ps(o, all_##name(_mm512_loadu_ps(px))); \
    if (n) _mm512_mask_storeu_ps(o, TAIL_MASK(n), all_##name(_mm512_maskz_loadu_ps(TAIL_MASK(n), px))); \
  }
/* a times the function of b */
#define TABLE_ROW2(name, near, most, E) \
  BY_TABLE(name, near, most, E) \
  static void name##_float32(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    ORDERED(name, 3, 2, s[0] == sizeof(float) && (s[1] == sizeof(float) || s[1] == 0) && s[2] == sizeof(float), sizeof(float), sizeof(float), sizeof(float)) \
    PLAIN \
    float *o = (float *)p[0]; \
    const float *pa = (const float *)p[1], *pb = (const float *)p[2]; \
    int64_t step = s[1] ? 16 : 0; \
    __m512 same = _mm512_set1_ps(*pa); \
    for (; n >= 16; n -= 16, o += 16, pa += step, pb += 16) _mm512_storeu_ps(o, _mm512_mul_ps(step ? _mm512_loadu_ps(pa) : same, all_##name(_mm512_loadu_ps(pb)))); \
    if (n) { \
      __m512 a = step ? _mm512_maskz_loadu_ps(TAIL_MASK(n), pa) : same; \
      _mm512_mask_storeu_ps(o, TAIL_MASK(n), _mm512_mul_ps(a, all_##name(_mm512_maskz_loadu_ps(TAIL_MASK(n), pb)))); \
    } \
  }
#define DTYPE float32
TABLE_ROW1(sigmoid, near_sigmoid, LOGISTIC_MOST, v_sigmoid(x))
TABLE_ROW1(silu, near_silu, LOGISTIC_MOST, v_silu(x))
TABLE_ROW2(silu_grad, near_silu_slope, LOGISTIC_MOST, v_silu_slope(x))
TABLE_ROW1(gelu_erf, near_gelu, TAIL_MOST, v_gelu_erf(x))
TABLE_ROW2(gelu_erf_grad, near_gelu_slope, TAIL_MOST, v_gelu_erf_slope(x))
#undef DTYPE
