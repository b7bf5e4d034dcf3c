/* Functions of float32, correct to 1.5 units in the last place (docs/accuracy.md). */
#ifndef TIDE_KERNELS_MATH_FLOAT_H
#define TIDE_KERNELS_MATH_FLOAT_H

#include "kernels/math_bits.h"

#define FMA tide__fmaf

#define MAGIC    12582912.0f               /* 1.5 * 2^23: added to a small number, its whole part comes to stand in the low bits */
#define LOG2E    1.44269504f
#define LN2_HI   0.693359375f              /* 10 bits: its product with a power's exponent is exact */
#define LN2_LO   (-2.12194440e-4f)

/* e^r - 1 with r = x - n ln 2, n the whole number nearest to x / ln 2; n + bias in the low bits of *t. */
TIDE_INLINE float tide__exp_restf(float x, float bias, float *t) {
  *t = FMA(x, LOG2E, MAGIC + bias);
  float n = *t - (MAGIC + bias), r = FMA(n, -LN2_LO, FMA(n, -LN2_HI, x));
  return FMA(r * r, POLY5(r, 0.49999994f, 0.166665211f, 0.0416683853f, 0.00836874638f, 0.00138147804f), r);
}
/* 2^(n + bias - 127) */
TIDE_INLINE float tide__scalef(float t) { return tide__floatf(tide__bitsf(t) << 23); }
/* x 2^n where t came with a bias of 254: in two steps, for 2^n may be beyond the normal numbers. */
TIDE_INLINE float tide__scaledf(float x, float t) {
  uint32_t k = tide__bitsf(t), h = k >> 1 << 23;
  return x * tide__floatf(h) * tide__floatf((k << 23) - h);
}

TIDE_INLINE float tide__expf(float x) {
  float t;
  x = x > 89 ? 89 : x;
  x = x < -104 ? -104 : x;
  float e = tide__exp_restf(x, 254, &t);
  return tide__scaledf(1 + e, t);
}

TIDE_INLINE float tide__logf(float x) {
  const uint32_t half = 0x3f3504f3;        /* sqrt(1/2) */
  float y = x < 0x1p-126f ? x * 0x1p24f : x;
  uint32_t u = tide__bitsf(y) - half;
  float k = (float)((int32_t)u >> 23) - (x < 0x1p-126f ? 24.0f : 0.0f);
  float f = tide__floatf((u & 0x7fffff) + half) - 1, z = f * f;
  float p = POLY9(f, 0.333333135f, -0.250000089f, 0.200021192f, -0.166679904f, 0.142195314f, -0.124056511f, 0.118884429f, -0.11675562f, 0.0674591288f);
  p = FMA(f * z, p, k * LN2_LO);
  p = FMA(z, -0.5f, p);
  float r = FMA(k, LN2_HI, f + p);
  return x > 0 ? (x < INFINITY ? r : x) : x == 0 ? -INFINITY : NAN;
}

/* 1 + e^a for 0 <= a <= 110, and what its rounding left over; both times 2^-64, that nothing overflows. */
TIDE_INLINE float tide__one_expf(float a, float *rest) {
  const float one = 0x1p-64f;
  float t, e = tide__exp_restf(a, 127 - 64, &t), s = tide__scalef(t), d = s + one, se = s * e, sum = d + se;
  *rest = ((s - d) + one) + ((d - sum) + se);
  return sum;
}
/* Below 0 1 / (1 + e^-x), above 1 minus that of -x. */
TIDE_INLINE float tide__sigmoidf(float x) {
  float a = fabsf(x), rest, d = tide__one_expf(a > 110 ? 110 : a, &rest), w = 1 / d;
  w = FMA(-w * rest, w, w) * 0x1p-64f;
  return x < 0 ? w : 1 - w;
}
TIDE_INLINE float tide__siluf(float x) {
  float b = x < -110 ? -110 : x > 110 ? 110 : x, rest, d = tide__one_expf(fabsf(b), &rest), w = 1 / d, q = b * w;
  q = FMA(tide__leftf(q, d, b) - q * rest, w, q) * 0x1p-64f;
  return x < 0 ? q : x - q;
}

/* The derivative of silu, s + x s (1 - s) with s = sigmoid(x); the smaller of s and 1 - s is kept times 1 / 0x1p-64. */
TIDE_INLINE float tide__silu_slopef(float x) {
  float b = x < -110 ? -110 : x > 110 ? 110 : x, rest, d = tide__one_expf(fabsf(b), &rest), w = 1 / d;
  w = FMA(-w * rest, w, w);
  float small = w * 0x1p-64f, large = 1 - small;
  return x < 0 ? w * FMA(b, large, 1) * 0x1p-64f : large * FMA(b, small, 1);
}

TIDE_INLINE float tide__tanhf(float x) {
  float a = fabsf(x), z = x * x, t;
  float p = POLY5(z, -0.333332807f, 0.133314431f, -0.0537397712f, 0.0206391569f, -0.00570497895f);
  p = FMA(p * z, a, a);
  float b = a > 10 ? 10 : a, e = tide__exp_restf(b + b, 127, &t), s = tide__scalef(t);
  float q = 1 - 2 / FMA(s, e, s + 1);
  return copysignf(a < 0.625f ? p : q, x);
}
#undef FMA
#undef MAGIC
#undef LOG2E
#undef LN2_HI
#undef LN2_LO

#endif
