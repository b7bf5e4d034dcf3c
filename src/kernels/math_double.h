/* Functions of float64, correct to 2 units in the last place (docs/accuracy.md). Ways and shapes are those of math_float.h. */
#ifndef TIDE_KERNELS_MATH_DOUBLE_H
#define TIDE_KERNELS_MATH_DOUBLE_H

#include "kernels/math_bits.h"

#define FMA tide__fma

#define MAGIC    6755399441055744.0        /* 1.5 * 2^52 */
#define LN2_HI   6.93147180369123816490e-01              /* 32 bits */
#define LN2_LO   1.90821492927058770002e-10

TIDE_INLINE double tide__exp_rest(double x, double bias, double *t) {
  *t = FMA(x, M_LOG2E, MAGIC + bias);
  double n = *t - (MAGIC + bias), r = FMA(n, -LN2_LO, FMA(n, -LN2_HI, x));
  return FMA(r * r, POLY10(r, 0.5000000000000011, 0.16666666666666408, 0.04166666666652999, 0.00833333333349689, 0.001388888894370922, 0.00019841269502000915,
                           2.4801492988493078e-05, 2.7557589878914826e-06, 2.7630296083573395e-07, 2.499912994999235e-08), r);
}
TIDE_INLINE double tide__scale(double t) { return tide__float(tide__bits(t) << 52); }
TIDE_INLINE double tide__scaled(double x, double t) {
  uint64_t k = tide__bits(t), h = k >> 1 << 52;
  return x * tide__float(h) * tide__float((k << 52) - h);
}

TIDE_INLINE double tide__exp(double x) {
  double t;
  x = x > 710 ? 710 : x;
  x = x < -746 ? -746 : x;
  double e = tide__exp_rest(x, 2046, &t);
  return tide__scaled(1 + e, t);
}

/* fdlibm */
TIDE_INLINE double tide__log(double x) {
  const uint64_t half = 0x3fe6a09e667f3bcdu;        /* sqrt(1/2) */
  double y = x < 0x1p-1022 ? x * 0x1p54 : x;
  uint64_t u = tide__bits(y) - half + ((uint64_t)1023 << 52);
  double k = tide__float(u >> 52 | 0x4330000000000000u) - (x < 0x1p-1022 ? 0x1p52 + 1023 + 54 : 0x1p52 + 1023);
  double f = tide__float((u & 0xfffffffffffffu) + half) - 1, s = f / (2 + f), z = s * s, h = 0.5 * f * f;
  double r = z * POLY7(z, 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01, 1.818357216161805012e-01,
                       1.531383769920937332e-01, 1.479819860511658591e-01);
  r = FMA(k, LN2_HI, f - (h - FMA(s, h + r, k * LN2_LO)));
  return x > 0 ? (x < INFINITY ? r : x) : x == 0 ? -INFINITY : NAN;
}

/* 1 + e^a for 0 <= a <= 760, and what its rounding left over; both times 2^-512, that nothing overflows. */
TIDE_INLINE double tide__one_exp(double a, double *rest) {
  const double one = 0x1p-512;
  double t, e = tide__exp_rest(a, 1023 - 512, &t), s = tide__scale(t), d = s + one, se = s * e, sum = d + se;
  *rest = ((s - d) + one) + ((d - sum) + se);
  return sum;
}
/* Below 0 1 / (1 + e^-x), above 1 minus that of -x. */
TIDE_INLINE double tide__sigmoid(double x) {
  double a = fabs(x), rest, d = tide__one_exp(a > 760 ? 760 : a, &rest), w = 1 / d;
  w = FMA(-w * rest, w, w) * 0x1p-512;
  return x < 0 ? w : 1 - w;
}
TIDE_INLINE double tide__silu(double x) {
  double b = x < -760 ? -760 : x > 760 ? 760 : x, rest, d = tide__one_exp(fabs(b), &rest), w = 1 / d, q = b * w;
  q = FMA(tide__left(q, d, b) - q * rest, w, q) * 0x1p-512;
  return x < 0 ? q : x - q;
}

/* The derivative of silu, s + x s (1 - s) with s = sigmoid(x); the smaller of s and 1 - s is kept times 1 / 0x1p-512. */
TIDE_INLINE double tide__silu_slope(double x) {
  double b = x < -760 ? -760 : x > 760 ? 760 : x, rest, d = tide__one_exp(fabs(b), &rest), w = 1 / d;
  w = FMA(-w * rest, w, w);
  double small = w * 0x1p-512, large = 1 - small;
  return x < 0 ? w * FMA(b, large, 1) * 0x1p-512 : large * FMA(b, small, 1);
}

/* Cephes */
TIDE_INLINE double tide__tanh(double x) {
  double a = fabs(x), z = x * x, t;
  double p = POLY3(z, -1.61468768441708447952E3, -9.92877231001918586564E1, -9.64399179425052238628E-1) * z;
  double q = POLY4(z, 4.84406305325125486048E3, 2.23548839060100448583E3, 1.12811678491632931402E2, 1.0);
  a = a > 22 ? 22 : a;
  double e = tide__exp_rest(a + a, 1023, &t), s = tide__scale(t);
  double d = (a < 0.625 ? p : 2.0) / (a < 0.625 ? q : FMA(s, e, s + 1));
  return copysign(a < 0.625 ? FMA(a, d, a) : 1 - d, x);
}
#undef FMA
#undef MAGIC
#undef LN2_HI
#undef LN2_LO

#endif
