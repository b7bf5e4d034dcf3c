/*
** Mathematics of the pointwise rows: v_name(x) takes the version for x's type. What is called often is written out so that it can be
** vectorised (math_float.h, math_double.h); the rest is the C library's, or stands in math_special.h. Errors: docs/accuracy.md.
** Integers go through int64_t where an operator has them; what wraps around does so as unsigned.
*/
#ifndef TIDE_KERNELS_MATH_H
#define TIDE_KERNELS_MATH_H

#include <math.h>
#include <stdint.h>

#include "kernels/math_double.h"
#include "kernels/math_float.h"
#include "kernels/math_special.h"

#define PICK(x, name) _Generic((x), float: name##f, default: name)
#define v_exp(x)              PICK(x, tide__exp)(x)
#define v_exp2(x)             PICK(x, tide__exp2)(x)
#define v_expm1(x)            PICK(x, tide__expm1)(x)
#define v_log(x)              PICK(x, tide__log)(x)
#define v_log2(x)             PICK(x, tide__log2)(x)
#define v_log10(x)            PICK(x, tide__log10)(x)
#define v_log1p(x)            PICK(x, tide__log1p)(x)
#define v_asin(x)             PICK(x, tide__asin)(x)
#define v_acos(x)             PICK(x, tide__acos)(x)
#define v_atan(x)             PICK(x, tide__atan)(x)
#define v_sinh(x)             PICK(x, tide__sinh)(x)
#define v_cosh(x)             PICK(x, tide__cosh)(x)
#define v_tanh(x)             PICK(x, tide__tanh)(x)
#define v_asinh(x)            PICK(x, tide__asinh)(x)
#define v_acosh(x)            PICK(x, tide__acosh)(x)
#define v_atanh(x)            PICK(x, tide__atanh)(x)
#define v_erf(x)              PICK(x, tide__erf)(x)
#define v_erfc(x)             PICK(x, tide__erfc)(x)
#define v_sigmoid(x)          PICK(x, tide__sigmoid)(x)
#define v_silu(x)             PICK(x, tide__silu)(x)
#define v_silu_slope(x)       PICK(x, tide__silu_slope)(x)
#define v_softplus(x)         PICK(x, tide__softplus)(x)
#define v_mish(x)             PICK(x, tide__mish)(x)
#define v_logit(x)            PICK(x, tide__logit)(x)
#define v_gelu_erf(x)         PICK(x, tide__gelu_erf)(x)
#define v_gelu_erf_slope(x)   PICK(x, tide__gelu_erf_slope)(x)
#define v_gelu_tanh(x)        PICK(x, tide__gelu_tanh)(x)
#define v_gelu_tanh_slope(x)  PICK(x, tide__gelu_tanh_slope)(x)
#define v_sqrt(x)             PICK(x, sqrt)(x)
#define v_atan2(a, b)         PICK(a, tide__atan2)(a, b)
#define v_hypot(a, b)         PICK(a, tide__hypot)(a, b)
#define v_copysign(a, b)      PICK(a, copysign)(a, b)
#define v_nextafter(a, b)     PICK(a, nextafter)(a, b)
#define v_lgamma(x)           tide__lgamma(x)
#define v_erfinv(x)           tide__erfinv(x)
#define v_digamma(x)          tide__digamma(x)
#define v_polygamma(x, n)     tide__polygamma(x, n)

/* In rows of the sets FAR and NUMFAR only, where `exact` says what is far. */
#define v_far1(x)             PICK(x, tide__far1)(x)
#define v_far2(a, b)          PICK3(a, tide__far2, tide__ifar2)(a, b)
#define v_sin(x)              PICK(x, tide__sin)(x, exact)
#define v_cos(x)              PICK(x, tide__cos)(x, exact)
#define v_tan(x)              PICK(x, tide__tan)(x, exact)
#define v_fmod(a, b)          PICK3(a, tide__fmod, tide__ifmod)(a, b, exact)
#define v_remainder(a, b)     PICK3(a, tide__remainder, tide__iremainder)(a, b, exact)
#define v_fdiv(a, b)          PICK3(a, tide__fdiv, tide__ifdiv)(a, b, exact)

/* With nan if either is, as IEEE 754's maximum and minimum; a where they are equal. */
#define v_max(a, b) ((((a) >= (b)) | ((a) != (a))) ? (a) : (b))
#define v_min(a, b) ((((a) <= (b)) | ((a) != (a))) ? (a) : (b))

/* Of floats and integers. */
#define PICK3(x, name, integer) _Generic((x), float: name##f, double: name, default: integer)
#define v_abs(x)              PICK3(x, fabs, tide__iabs)(x)
#define v_floor(x)            PICK3(x, tide__floor, tide__same)(x)
#define v_ceil(x)             PICK3(x, tide__ceil, tide__same)(x)
#define v_trunc(x)            PICK3(x, tide__trunc, tide__same)(x)
#define v_round(x)            PICK3(x, tide__rint, tide__same)(x)               /* half to even */
#define v_signbit(x)          PICK3(x, tide__signbit, tide__negative)(x)
#define v_pow(a, b)           PICK3(a, tide__pow, tide__ipow)(a, b)
#define v_tdiv(a, b)          PICK3(a, tide__tdiv, tide__itdiv)(a, b)


/* {======================== integers ======================== */

TIDE_INLINE int64_t tide__same(int64_t x) { return x; }
TIDE_INLINE int tide__negative(int64_t x) { return x < 0; }
TIDE_INLINE int64_t tide__iabs(int64_t x) { return x < 0 ? (int64_t)(0 - (uint64_t)x) : x; }

/* a^b with wrap-around; for negative b only what an integer can hold: 1 and -1 have powers, the rest gives 0. */
TIDE_INLINE int64_t tide__ipow(int64_t a, int64_t b) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  uint64_t r = 1, x = (uint64_t)a;
  for (; b; b >>= 1) { if (b & 1) r *= x; x *= x; }
  return (int64_t)r;
}

/* Division. By -1 it wraps, which the machine's would not; by 0 it gives 0 (the operators refuse it before). */
#define EASY(b) ((uint64_t)(b) + 1 <= 1)           /* -1 and 0 */
TIDE_INLINE int64_t tide__itdiv(int64_t a, int64_t b) {
  return EASY(b) ? (b ? (int64_t)(0 - (uint64_t)a) : 0) : a / b;
}
/* What is below 2^51 is divided as doubles, in vectors. Those hold it, and are finer than the quotient's distance from a whole number that it is not: the whole
** part is right. They are made of the integer's bits below those of 1.5 * 2^52, for which every level has instructions. */
TIDE_INLINE int tide__ifar2(int64_t a, int64_t b) { return ((((uint64_t)a + (1ULL << 51)) | ((uint64_t)b + (1ULL << 51))) >> 52) != 0; }
TIDE_INLINE double tide__of_whole(int64_t x) { return tide__float((uint64_t)x + 0x4338000000000000) - 0x1.8p52; }
TIDE_INLINE int64_t tide__to_whole(double x) { return (int64_t)(tide__bits(x + 0x1.8p52) - 0x4338000000000000); }
TIDE_INLINE int64_t tide__ifdiv(int64_t a, int64_t b, int exact) {
  if (!exact) return tide__to_whole(tide__floor(tide__of_whole(a) / tide__of_whole(b)));
  if (EASY(b)) return tide__itdiv(a, b);
  int64_t q = a / b;
  return q - (a % b != 0 && (a < 0) != (b < 0));
}
TIDE_INLINE int64_t tide__ifmod(int64_t a, int64_t b, int exact) {
  if (exact) return EASY(b) ? 0 : a % b;
  double x = tide__of_whole(a), y = tide__of_whole(b);
  return tide__to_whole(x - tide__trunc(x / y) * y);
}
TIDE_INLINE int64_t tide__iremainder(int64_t a, int64_t b, int exact) {
  if (!exact) {
    double x = tide__of_whole(a), y = tide__of_whole(b);
    return tide__to_whole(x - tide__floor(x / y) * y);
  }
  int64_t r = tide__ifmod(a, b, exact);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

/* }========================================================= */


/* {======================== floats, in both precisions ======================== */

#define BOTH2(name, ...) \
  TIDE_INLINE float name##f(float a, float b) { typedef float F; (void)(F)0; __VA_ARGS__ } \
  TIDE_INLINE double name(double a, double b) { typedef double F; (void)(F)0; __VA_ARGS__ }
TIDE_INLINE uint32_t tide__signbitf(float x) { return tide__bitsf(x) >> 31; }
TIDE_INLINE uint64_t tide__signbit(double x) { return tide__bits(x) >> 63; }

BOTH2(tide__tdiv, return v_trunc(a / b);)
#undef BOTH2

#define BOTH2(name, ...) \
  TIDE_INLINE float name##f(float a, float b, int exact) { typedef float F; __VA_ARGS__ } \
  TIDE_INLINE double name(double a, double b, int exact) { typedef double F; __VA_ARGS__ }
BOTH2(tide__remainder,
  F r = v_fmod(a, b);
  return ((r != 0) & ((b < 0) != (r < 0))) ? r + b : r;)
/* floor(a / b), not spoilt by the rounding of a / b: Python's way. */
BOTH2(tide__fdiv,
  F r = v_fmod(a, b), q = (a - r) / b;
  q = ((r != 0) & ((b < 0) != (r < 0))) ? q - 1 : q;
  F whole = v_floor(q);
  whole = q - whole > (F)0.5 ? whole + 1 : whole;
  whole = q == 0 ? v_copysign((F)0, a / b) : whole;
  return b == 0 ? a / b : whole;)
#undef BOTH2

/* }========================================================= */


#endif
