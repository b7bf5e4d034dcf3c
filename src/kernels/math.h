/*
** Scalar mathematics of the pointwise rows: v_name(x) takes the version for x's type. Exact first: these are the C library's
** functions; what is not in it is written out here, in both precisions.
*/
#ifndef TIDE_KERNELS_MATH_H
#define TIDE_KERNELS_MATH_H

#include <math.h>
#include <stdint.h>

#define PICK(x, name) _Generic((x), float: name##f, default: name)
#define v_exp(x)    PICK(x, exp)(x)
#define v_exp2(x)   PICK(x, exp2)(x)
#define v_expm1(x)  PICK(x, expm1)(x)
#define v_log(x)    PICK(x, log)(x)
#define v_log2(x)   PICK(x, log2)(x)
#define v_log10(x)  PICK(x, log10)(x)
#define v_log1p(x)  PICK(x, log1p)(x)
#define v_sqrt(x)   PICK(x, sqrt)(x)
#define v_sin(x)    PICK(x, sin)(x)
#define v_cos(x)    PICK(x, cos)(x)
#define v_tan(x)    PICK(x, tan)(x)
#define v_asin(x)   PICK(x, asin)(x)
#define v_acos(x)   PICK(x, acos)(x)
#define v_atan(x)   PICK(x, atan)(x)
#define v_sinh(x)   PICK(x, sinh)(x)
#define v_cosh(x)   PICK(x, cosh)(x)
#define v_tanh(x)   PICK(x, tanh)(x)
#define v_asinh(x)  PICK(x, asinh)(x)
#define v_acosh(x)  PICK(x, acosh)(x)
#define v_atanh(x)  PICK(x, atanh)(x)
#define v_erf(x)    PICK(x, erf)(x)
#define v_erfc(x)   PICK(x, erfc)(x)
#define v_floor(x)  PICK(x, floor)(x)
#define v_ceil(x)   PICK(x, ceil)(x)
#define v_trunc(x)  PICK(x, trunc)(x)
#define v_round(x)  PICK(x, rint)(x)              /* half to even */
#define v_atan2(a, b)    PICK(a, atan2)(a, b)
#define v_hypot(a, b)    PICK(a, hypot)(a, b)
#define v_fmod(a, b)     PICK(a, fmod)(a, b)
#define v_copysign(a, b) PICK(a, copysign)(a, b)
#define v_nextafter(a, b) PICK(a, nextafter)(a, b)

#define v_abs(x)    _Generic((x), float: fabsf, double: fabs, default: tide__iabs)(x)
#define v_pow(a, b) _Generic((a), float: powf, double: pow, default: tide__ipow)(a, b)

static inline int64_t tide__iabs(int64_t x) { return x < 0 ? (int64_t)(0 - (uint64_t)x) : x; }

/* a^b with wrap-around; for negative b only what an integer can hold: 1 and -1 have powers, the rest gives 0. */
static inline int64_t tide__ipow(int64_t a, int64_t b) {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  uint64_t r = 1, x = (uint64_t)a;
  for (; b; b >>= 1) { if (b & 1) r *= x; x *= x; }
  return (int64_t)r;
}

#endif
