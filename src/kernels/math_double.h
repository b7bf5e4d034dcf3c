/*
** Functions of float64, correct to 2 units in the last place (docs/accuracy.md gives what was measured).
**
** The usual ways: an argument is brought into a small range, exactly, and there a polynomial (of least largest error, by Remez' exchange: tools/minimax.py)
** or a known rational approximation serves. Those of log, sin, cos, asin are fdlibm's (Sun Microsystems), those of tanh are Cephes' (S. Moshier). Where a
** rounding would count more than once, what it lost is carried along in a second number ("rest", "low").
*/
#ifndef TIDE_KERNELS_MATH_DOUBLE_H
#define TIDE_KERNELS_MATH_DOUBLE_H

#include "kernels/math_bits.h"

#define FMA tide__fma

#define MAGIC    6755399441055744.0              /* 1.5 * 2^52: added to a small number, its whole part comes to stand in the low bits */
#define LOG2E    1.4426950408889634
#define LN2_HI   6.93147180369123816490e-01      /* 32 bits: its product with an exponent is exact */
#define LN2_LO   1.90821492927058770002e-10


/* {======================== exponentials ======================== */

/* x - n ln 2, n the whole number nearest to x / ln 2; n + bias in the low bits of *t. */
TIDE_INLINE double tide__exp_range(double x, double bias, double *t) {
  *t = FMA(x, LOG2E, MAGIC + bias);
  double n = *t - (MAGIC + bias);
  return FMA(n, -LN2_LO, FMA(n, -LN2_HI, x));
}
/* e^r - 1 - r = r^2 (1/2 + r/6 + ...) for such a rest r. */
TIDE_INLINE double tide__exp_tail(double r) {
  return r * r * POLY10(r, 0.5000000000000011, 0.16666666666666408, 0.041666666666530065, 0.008333333333497579, 0.0013888888943696476, 0.0001984126950063521,
                        2.480149299719346e-05, 2.755759095860097e-06, 2.7630294044495655e-07, 2.49988283589196e-08);
}
TIDE_INLINE double tide__exp_rest(double x, double bias, double *t) {
  double r = tide__exp_range(x, bias, t);
  return r + tide__exp_tail(r);
}
/* e^(x + more) = 2^n (1 + e + low) */
TIDE_INLINE double tide__exp_two(double x, double more, double bias, double *t, double *low) {
  *t = FMA(x, LOG2E, MAGIC + bias);
  double n = *t - (MAGIC + bias), high = FMA(n, -LN2_HI, x), r = FMA(n, -LN2_LO, high), rest = FMA(n, -LN2_LO, high - r) + more;
  double tail = tide__exp_tail(r), e = r + tail;
  *low = FMA(rest, e, ((r - e) + tail) + rest);
  return e;
}
/* 2^(n + bias - 1023) */
TIDE_INLINE double tide__scale(double t) { return tide__float(tide__bits(t) << 52); }
/* x 2^n where t came with a bias of 2046: in two steps, for 2^n may be beyond the normal numbers. */
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

/* 2^f - 1, |f| <= 1/2 */
TIDE_INLINE double tide__exp2_rest(double f) {
  return f * POLY12(f, 0.6931471805599453, 0.24022650695910072, 0.055504108664821736, 0.009618129107628562, 0.001333355814638151, 0.0001540353039317101,
                    1.525273386506656e-05, 1.3215487004012408e-06, 1.0178047437758302e-07, 7.054814668713703e-09, 4.457253515639297e-10, 2.5855357776353463e-11);
}
TIDE_INLINE double tide__exp2(double x) {
  x = x > 1025 ? 1025 : x;
  x = x < -1080 ? -1080 : x;
  double t = x + (MAGIC + 2046), f = x - (t - (MAGIC + 2046));
  return tide__scaled(1 + tide__exp2_rest(f), t);
}

/* 2^n (1 + r + tail) - 1; with half of 2^n, which may be the last power of 2. */
TIDE_INLINE double tide__expm1(double x) {
  double b = x > 710 ? 710 : x < -50 ? -50 : x;
  double t = FMA(b, LOG2E, MAGIC + 1022), n = t - (MAGIC + 1022), high = FMA(n, -LN2_HI, b), r = FMA(n, -LN2_LO, high), low = FMA(n, -LN2_LO, high - r);
  double s = tide__scale(t), y = (FMA(s, r, s - 0.5) + s * (tide__exp_tail(r) + low)) * 2;
  return fabs(x) < 0x1p-54 ? x : y;
}

/* e^a / 8 for 0 <= a <= 711, and what its rounding left. */
TIDE_INLINE double tide__exp_eighth(double a, double *rest) {
  double t, low, e = tide__exp_two(a, 0, 1020, &t, &low), s = tide__scale(t), h = FMA(s, e, s);
  *rest = FMA(s, e, s - h) + s * low;
  return h;
}
TIDE_INLINE double tide__sinh(double x) {
  double a = fabs(x), z = x * x, b = a > 711 ? 711 : a, rest, h = tide__exp_eighth(b, &rest);
  double p = FMA(a * z, POLY7(z, 0.16666666666666669, 0.008333333333333148, 0.00019841269841431596, 2.7557319157144536e-06, 2.505212312735332e-08, 1.6057260347153165e-10,
                              7.758735208581744e-13), a);
  return copysign(a < 1 ? p : ((h - 0.015625 / h) + rest) * 4, x);
}
TIDE_INLINE double tide__cosh(double x) {
  double a = fabs(x), b = a > 711 ? 711 : a, rest, h = tide__exp_eighth(b, &rest);
  return ((h + 0.015625 / h) + rest) * 4;
}

/* 1 - 2 / (e^(2a) + 1), or a + a z P(z) / Q(z), z = a^2: the same division. */
TIDE_INLINE double tide__tanh(double x) {
  double a = fabs(x), z = x * x, t;
  double p = POLY3(z, -1.61468768441708447952E3, -9.92877231001918586564E1, -9.64399179425052238628E-1) * z;
  double q = POLY4(z, 4.84406305325125486048E3, 2.23548839060100448583E3, 1.12811678491632931402E2, 1.0);
  double b = a > 22 ? 22 : a, e = tide__exp_rest(b + b, 1023, &t), s = tide__scale(t);
  double d = (a < 0.625 ? p : 2.0) / (a < 0.625 ? q : FMA(s, e, s + 1));
  return copysign(a < 0.625 ? FMA(a, d, a) : 1 - d, x);
}

/* }========================================================= */


/* {======================== logarithms ======================== */

/* x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), for any x > 0 that is finite. */
TIDE_INLINE double tide__log_split(double x, double *k) {
  const uint64_t half = 0x3fe6a09e667f3bcdu;        /* sqrt(1/2) */
  int small = x < 0x1p-1022;
  uint64_t u = tide__bits(small ? x * 0x1p54 : x) - half + ((uint64_t)1023 << 52);
  *k = tide__float(u >> 52 | 0x4330000000000000u) - (small ? 0x1p52 + 1023 + 54 : 0x1p52 + 1023);
  return tide__float((u & 0xfffffffffffffu) + half) - 1;
}
/* log(1 + f) = f - (h - result), h = f^2 / 2 */
TIDE_INLINE double tide__log_rest(double f, double h, double more) {
  double s = f / (2 + f), z = s * s;
  double r = z * POLY7(z, 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01, 1.818357216161805012e-01,
                       1.531383769920937332e-01, 1.479819860511658591e-01);
  return FMA(s, h + r, more);
}
/* k ln 2 + log(1 + f) + more */
TIDE_INLINE double tide__log_sum(double k, double f, double more) {
  double h = 0.5 * f * f;
  return FMA(k, LN2_HI, f - (h - tide__log_rest(f, h, FMA(k, LN2_LO, more))));
}
/* What a logarithm is where it is not r. */
TIDE_INLINE double tide__log_ends(double x, double r) { return x > 0 ? (x < INFINITY ? r : x) : x == 0 ? -INFINITY : NAN; }

TIDE_INLINE double tide__log(double x) {
  double k, f = tide__log_split(x, &k);
  return tide__log_ends(x, tide__log_sum(k, f, 0));
}

/* log(1 + f) to base b and k of base c, in a high part of few bits and a low one (FreeBSD's e_log2.c, e_log10.c). */
TIDE_INLINE double tide__log_base(double x, double one_hi, double one_lo, double two_hi, double two_lo) {
  double k, f = tide__log_split(x, &k), h = 0.5 * f * f, r = tide__log_rest(f, h, 0);
  double high = tide__float(tide__bits(f - h) & 0xffffffff00000000u), low = (f - high) - h + r;
  double val = high * one_hi, y = k * two_hi, sum = y + val;
  return tide__log_ends(x, (FMA(k, two_lo, FMA(low + high, one_lo, low * one_hi)) + ((y - sum) + val)) + sum);
}
TIDE_INLINE double tide__log2(double x) { return tide__log_base(x, 1.44269504072144627571e+00, 1.67517131648865118353e-10, 1, 0); }
TIDE_INLINE double tide__log10(double x) {
  return tide__log_base(x, 4.34294481878168880939e-01, 2.50829467116452752298e-11, 3.01029995663611771306e-01, 3.69423907715893078616e-13);
}

/* log(1 + w + more), w > -1 finite; twice: plus ln 2. */
TIDE_INLINE double tide__log1p_two(double w, double more, int twice) {
  double u = 1 + w, rest = tide__lost(1, w, u) + more, k, f = tide__log_split(u, &k);
  /* rest / u: 2^-k from the exponent's bits, 1 / (1 + f) is near enough to 1 - f */
  double scale = tide__float((uint64_t)0x7fe0000000000000 - (tide__bits(k + (0x1p52 + 1023)) << 52));
  return tide__log_sum(twice ? k + 1 : k, f, w > 0x1p60 ? 0 : rest * scale * (1 - f));
}
TIDE_INLINE double tide__log1p(double x) {
  double r = tide__log1p_two(x, 0, 0);
  return copysign(x > -1 ? (x < INFINITY ? r : x) : x == -1 ? -INFINITY : NAN, x);
}

/* log(1 + e^x): max(x, 0) + log(1 + e^-|x|) */
TIDE_INLINE double tide__softplus(double x) {
  double a = fabs(x), b = a > 746 ? 746 : a, t, low, e = tide__exp_two(-b, 0, 2046, &t, &low), p = 1 + e;
  double w = tide__scaled(p, t), rest = tide__scaled(((1 - p) + e) + low, t);
  return (x > 0 ? x : 0) + (a < 40 ? tide__log1p_two(w, rest, 0) : x != x ? x : w);
}

/* log(x / (1 - x)), by the smaller of the two quotients, whose rounding is made good. */
TIDE_INLINE double tide__logit(double x) {
  double y = 1 - x, lost = (1 - y) - x, num = x > 0.5 ? y : x, den = x > 0.5 ? x : y, u = num / den, k, f = tide__log_split(u, &k);
  double rest = (tide__left(u, den, num) - u * (x > 0.5 ? 0 : lost)) / num;
  double r = tide__log_ends(u, tide__log_sum(k, f, u > 0 ? rest : 0));
  return x > 0.5 ? -r : r;
}

/* log(a + sqrt(a^2 + 1)), as log1p of a + a^2 / (1 + sqrt(a^2 + 1)) */
TIDE_INLINE double tide__asinh(double x) {
  double a = fabs(x), b = a > 0x1p60 ? 1 : a, z = b * b, v = z / (1 + sqrt(z + 1)), w = b + v, rest = (b - w) + v;
  int big = a > 0x1p60;
  double r = tide__log1p_two(big ? a : w, big ? 0 : rest, big);
  return copysign(a < INFINITY ? r : a, x);
}
/* the same of t + sqrt(t^2 + 2t), t = x - 1 */
TIDE_INLINE double tide__acosh(double x) {
  double t = x - 1, b = x > 0x1p60 ? 1 : t, v = sqrt(FMA(b, b, b + b)), w = v + b, rest = (v - w) + b;
  int big = x > 0x1p60;
  double r = tide__log1p_two(big ? x : w, big ? 0 : rest, big);
  return x >= 1 ? (x < INFINITY ? r : x) : NAN;
}
/* 1/2 log(1 + 2a / (1 - a)) */
TIDE_INLINE double tide__atanh(double x) {
  double a = fabs(x), d = 1 - a, r = 1 / d, w = (a + a) * r, rest = r * (tide__left(w, d, a + a) - w * ((1 - d) - a));
  double y = 0.5 * tide__log1p_two(w, rest, 0);
  return copysign(a < 1 ? y : a == 1 ? INFINITY : NAN, x);
}

/* }========================================================= */


/* {======================== powers ======================== */

/*
** 2^(b log2 |a|), the logarithm in two numbers: log(1 + f) = 2s + 2/3 s^3 + s^5 P(s^2), s = f / (2 + f), all but P with their rests.
*/
TIDE_INLINE double tide__pow_size(double x, double b) {
  const double third = 0.6666666666666666, third_low = 3.700743415417188e-17, log2e_low = 2.0355273740931033e-17;
  double k, f = tide__log_split(x, &k), d = 2 + f, r = 1 / d, s = f * r, s_low = r * (tide__left(s, d, f) - s * ((2 - d) + f));
  double z = s * s, z_low = 2 * s * s_low - tide__left(s, s, z);
  double q = z * POLY7(z, 0.40000000000002245, 0.28571428570103885, 0.22222222519211574, 0.18181784424828104, 0.15386754852348478, 0.13256871898327532, 0.13195854692933903);
  double c = third + q, c_low = ((third - c) + q) + third_low, p = z * c, p_low = FMA(z, c_low, z_low * c) - tide__left(z, c, p);
  double w = 2 + p, w_low = ((2 - w) + p) + p_low, l = s * w, l_low = FMA(s, w_low, s_low * w) - tide__left(s, w, l);
  double g = l * LOG2E, g_low = FMA(l, log2e_low, l_low * LOG2E) - tide__left(l, LOG2E, g);
  double v = k + g, v_low = ((k - v) + g) + g_low;
  v = x < INFINITY ? (x > 0 ? v : -INFINITY) : x;
  b = b > 0x1p70 ? 0x1p70 : b;
  b = b < -0x1p70 ? -0x1p70 : b;
  double y = b * v, y_low = FMA(b, v_low, -tide__left(b, v, y));
  y_low = fabs(y) < 1100 ? y_low : 0;
  y = y > 1100 ? 1100 : y;
  y = y < -1100 ? -1100 : y;
  double t = y + (MAGIC + 2046), e = tide__exp2_rest(y - (t - (MAGIC + 2046)));
  return tide__scaled(1 + FMA(y_low * M_LN2, 1 + e, e), t);
}
/* The rest of C's rules: 1 to whatever and whatever to 0 are 1; of negative numbers only whole powers, the odd ones negative. */
TIDE_INLINE double tide__pow(double a, double b) {
  double x = fabs(a), y = tide__pow_size(x, b), half = 0.5 * b, whole = tide__rint(b), sign = tide__rint(half) == half ? 1 : a;
  y = x == 1 ? 1 : y;
  y = copysign(y, whole == b ? sign : 1);
  y = whole == b ? y : a < 0 ? (x < INFINITY ? NAN : y) : y;
  y = b == 0 ? 1 : y;
  return a == 1 ? 1 : y;
}

/* sqrt(a^2 + b^2), scaled so that neither square overflows or vanishes. */
TIDE_INLINE double tide__hypot(double a, double b) {
  double x = fabs(a), y = fabs(b), most = x > y ? x : y, s = most > 0x1p500 ? 0x1p-600 : most < 0x1p-500 ? 0x1p600 : 1;
  double u = x * s, v = y * s, large = u > v ? u : v, least = u > v ? v : u, z = large * large;
  double r = sqrt(z + FMA(least, least, -tide__left(large, large, z)));
  r = r * (most > 0x1p500 ? 0x1p600 : most < 0x1p-500 ? 0x1p-600 : 1);
  return ((x == INFINITY) | (y == INFINITY)) ? INFINITY : r;
}

/* }========================================================= */


/* {======================== gates: x times a number from 0 to 1 ======================== */

/* 2^n (1 + e) + 1 for n >= 0, and what its rounding left; both times 2^-512, that nothing overflows: the bias is 511. */
TIDE_INLINE double tide__one_more(double e, double t, double *rest) {
  const double one = 0x1p-512;
  double s = tide__scale(t), d = s + one, se = s * e, sum = d + se;
  *rest = ((s - d) + one) + ((d - sum) + se);
  return sum;
}
TIDE_INLINE double tide__one_exp(double a, double *rest) {
  double t, e = tide__exp_rest(a, 511, &t);
  return tide__one_more(e, t, rest);
}
/* Below 0 1 / (1 + e^-x), above 1 minus that of -x. */
TIDE_INLINE double tide__sigmoid(double x) {
  double a = fabs(x), rest, d = tide__one_exp(a > 760 ? 760 : a, &rest), w = 1 / d;
  w = FMA(-w * rest, w, w) * 0x1p-512;
  return x < 0 ? w : 1 - w;
}
/* b / d, or x minus that above 0, for d + rest = 2^-512 (1 + e^|u|); b is x, brought near to 0 where the quotient vanishes. */
TIDE_INLINE double tide__gated(double x, double b, double d, double rest) {
  double w = 1 / d, q = b * w;
  q = FMA(tide__left(q, d, b) - q * rest, w, q) * 0x1p-512;
  return x < 0 ? q : x - q;
}
/* The derivative of x sigmoid(u): s + m s (1 - s), s = sigmoid(u), m + m_low = x u'. The smaller of s and 1 - s, and its product with m, are kept times 2^512. */
TIDE_INLINE double tide__gate_slope(double x, double m, double m_low, double d, double rest) {
  double w = 1 / d, q = m * w;
  q = FMA(tide__left(q, d, m) + (m_low - q * rest), w, q);
  w = FMA(tide__left(w, d, 1) - w * rest, w, w);
  double small = w * 0x1p-512, large = 1 - small;
  return x < 0 ? FMA(q, large, w) * 0x1p-512 : FMA(q * 0x1p-512, large, large);
}
TIDE_INLINE double tide__silu(double x) {
  double a = fabs(x), b = a > 760 ? 760 : a, rest, d = tide__one_exp(b, &rest);
  return tide__gated(x, copysign(b, x), d, rest);
}
/* s (1 + x (1 - s)), s = sigmoid(x) */
TIDE_INLINE double tide__silu_slope(double x) {
  double a = fabs(x), b = a > 760 ? 760 : a, rest, d = tide__one_exp(b, &rest), w = 1 / d;
  w = FMA(-w * rest, w, w);
  double small = w * 0x1p-512, large = 1 - small;
  return x < 0 ? w * FMA(-b, large, 1) * 0x1p-512 : large * FMA(b, small, 1);
}

/* gelu by tanh is x sigmoid(u), u = 2 sqrt(2 / pi) (x + 0.044715 x^3). |u| (v is u / x) and x u', x in -22 .. 22, in two numbers. */
#define GATE      1.5957691216057308
#define GATE_LOW  (-9.96930880911092e-17)
#define CUBE      0.07135481627260025
#define CUBE_LOW  (-6.175149918155315e-19)
TIDE_INLINE double tide__gelu_times(double x, double cube, double cube_low, double *low) {
  double a = fabs(x), z = a * a, z_low = -tide__left(a, a, z), p = cube * z, p_low = FMA(cube, z_low, cube_low * z) - tide__left(cube, z, p);
  double v = GATE + p, v_low = (tide__lost(GATE, p, v) + p_low) + GATE_LOW, u = a * v;
  *low = FMA(a, v_low, -tide__left(a, v, u));
  return u;
}
TIDE_INLINE double tide__gelu_one_exp(double x, double *rest) {
  double low, u = tide__gelu_times(x, CUBE, CUBE_LOW, &low), t, r = tide__exp_range(u, 511, &t) + low;
  return tide__one_more(r + tide__exp_tail(r), t, rest);
}
TIDE_INLINE double tide__gelu_tanh(double x) {
  double b = x < -22 ? -22 : x > 22 ? 22 : x, rest, d = tide__gelu_one_exp(b, &rest);
  return tide__gated(x, b, d, rest);
}
TIDE_INLINE double tide__gelu_tanh_slope(double x) {
  double b = x < -22 ? -22 : x > 22 ? 22 : x, rest, d = tide__gelu_one_exp(b, &rest), low, m = tide__gelu_times(b, 3 * CUBE, 3 * CUBE_LOW, &low);
  return tide__gate_slope(b, x < 0 ? -m : m, x < 0 ? -low : low, d, rest);
}

/* x tanh(log(1 + e^x)) = x e^x (e^x + 2) / (e^x (e^x + 2) + 2) */
TIDE_INLINE double tide__mish(double x) {
  double b = x < -760 ? -760 : x > 40 ? 40 : x, t, low, e = tide__exp_two(b, 0, 2046, &t, &low), p = 1 + e, p_low = ((1 - p) + e) + low;
  double w = tide__scaled(p, t), w_low = tide__scaled(p_low, t);
  double n = w + 2, n_low = ((n < 4 ? (2 - n) + w : (w - n) + 2)) + w_low, m = w * n, m_low = FMA(w, n_low, w_low * n) - tide__left(w, n, m);
  double d = m + 2, d_low = tide__lost(m, 2, d) + m_low;
  /* x p n / d, then 2^n */
  double r = 1 / d, q = n * r, q_low = r * (tide__left(q, d, n) + n_low - q * d_low);
  double y = b * p, y_low = FMA(b, p_low, -tide__left(b, p, y)), g = y * q;
  g += FMA(y, q_low, FMA(y_low, q, -tide__left(y, q, g)));
  return copysign(x > 40 ? x : tide__scaled(g, t), x);
}

/* }========================================================= */


/* {======================== the normal distribution ======================== */

/* e^-u for x up to 6 with a polynomial u of x, or x P(x^2) */
TIDE_INLINE double tide__erf(double x) {
  double a = fabs(x), z = x * x, t, b = a > 6 ? 6 : a;
  double p = a * POLY12(z, 1.1283791670955126, -0.3761263890318352, 0.112837916709442, -0.026866170643113415, 0.005223977606130842, -0.0008548325929766244,
                        0.0001205529358693695, -1.4924712439534808e-05, 1.6447132699786545e-06, -1.6206318752968687e-07, 1.3710988704188445e-08, -7.779462971758002e-10);
  double u = POLY9(b, 2.54480922817059e-05, -7.146716971746334e-06, 1.559348741448675e-06, -2.655325209820302e-07, 3.478289165055866e-08, -3.3929949371338423e-09,
                   2.323429329629368e-10, -9.966466806037995e-12, 2.0144402799397094e-13);
  u = b * POLY11(b, 1.128379201423879, 0.6366193612451505, 0.1027749158627663, -0.019136574259824908, -0.000189174062592238, 0.001659454986651887,
                 -0.0005379764882299261, -3.263528732169198e-05, 0.00011709292629842186, -6.778321753398137e-05, u);
  double e = tide__exp_rest(-u, 1023, &t), s = tide__scale(t);
  return copysign(a < 1 ? p : 1 - FMA(s, e, s), x);
}

/*
** The tail: erfc(x) = e^(-x^2) P(q) / (x + 2), q = (x - 2) / (x + 2), and with other numbers for x times the normal distribution's. r = 1 / d is 1 / (a + k) but
** for a share *rest; the polynomial is g + *low.
*/
TIDE_INLINE double tide__tail_range(double a, double k, double *r, double *rest) {
  double d = a + k;
  *r = 1 / d;
  *rest = tide__left(*r, d, 1) - *r * tide__lost(k, a, d);
  return FMA(-2 * k * *r, *rest, FMA(-2 * k, *r, 1));
}
/* c + q p, and what its rounding left. */
TIDE_INLINE double tide__step_two(double q, double p, double c, double *low) {
  double qp = q * p, g = c + qp;
  *low = tide__lost(c, qp, g) - tide__left(q, p, qp);
  return g;
}
/* a + a_low + q (b + b_low + q p), and what its rounding left; of the inner sum only where it is rounded twice. */
TIDE_INLINE double tide__tail_head(double q, double p, double b, double b_low, double a, double a_low, double *low) {
  double f_low = 0, f = TIDE_FMA ? FMA(q, p, b) : tide__step_two(q, p, b, &f_low), g = tide__step_two(q, f, a, low);
  *low += FMA(q, f_low + b_low, a_low);
  return g;
}
TIDE_INLINE double tide__erfc(double x) {
  double a = fabs(x), b = a > 28 ? 28 : a, h = b * b, t, e_low, e = tide__exp_two(-h, tide__left(b, b, h), 1023 + 512, &t, &e_low);
  double r, rest, q = tide__tail_range(b, 2, &r, &rest);
  double p = POLY14(q, -1.6120721933373025e-05, -1.1277400472835927e-06, 3.643112947230859e-06, 2.00801597105159e-06, 4.224208223904565e-09, -5.832022756684039e-07,
    -3.294363488587939e-07, 1.2317941988714346e-08, 1.1780916043152879e-07, 4.509982892841299e-08, -1.6795515870457013e-08, -1.3302620932287321e-08,
    2.085477943084275e-10, 1.115590491751313e-09);
  p = POLY12(q, 0.27947209255605393, -0.03644223150688182, -0.021510661889434814, 0.006479185067836931, 0.0030906120579540976, -0.0008372960639790264,
    -0.0006630734900956951, 3.437144801964264e-05, 0.00014447063535267895, 3.4148840864002985e-05, -2.1695643127010023e-05, p);
  double g_low, g = tide__tail_head(q, p, -0.6871606844138106, 5.1297244035466174e-17, 1.021582705242023, -1.5067915221734127e-17, &g_low), y = r * g;
  double low = FMA(r, g_low, FMA(y, rest, -tide__left(r, g, y)));
  y += FMA(y, e, FMA(y, e_low, FMA(low, e, low)));
  y = y * tide__scale(t) * 0x1p-512;
  return x < 0 ? 2 - y : y;
}

/* Q(a) / r for the normal distribution's tail Q(a) = e^(-a^2/2) r P(q). */
TIDE_INLINE double tide__normal_tail(double q, double *low) {
  double p = POLY15(q, -8.561473893809157e-07, -8.529125161082701e-06, -4.390832583259933e-06, -2.7694505815341218e-08, 1.2942552994106454e-06, 8.308013180569764e-07,
    1.4744502794508712e-07, -1.8749526559401662e-07, -2.0011327739691412e-07, -6.065007114141863e-08, 4.433980081289511e-08, 4.152288469833998e-08,
    3.3938073978075308e-09, -7.2008142768895016e-09, -2.1818333523043684e-09);
  p = POLY12(q, 0.13198727850248781, 0.009239174616338263, -0.01639002539131438, -0.0016250100093338216, 0.002538158548556287, 0.0007592017665408311,
    -0.0003242235429655892, -0.0002625435039184445, -1.8237837468587847e-05, 5.641901897806755e-05, 2.947285991658727e-05, p);
  return tide__tail_head(q, p, -0.43369214184698357, 1.361343339079474e-17, 0.7066566569028766, -5.277531584680463e-17, low);
}
/* x - |x| Q(|x|), below 0 -|x| Q(|x|) */
TIDE_INLINE double tide__gelu_erf(double x) {
  double a = fabs(x), b = a > 39 ? 39 : a, h = b * b, t, e_low, e = tide__exp_two(-0.5 * h, 0.5 * tide__left(b, b, h), 1023 + 512, &t, &e_low);
  double r, rest, q = tide__tail_range(b, 2.5, &r, &rest), g_low, g = tide__normal_tail(q, &g_low), m = b * 0x1p200, c = m * r, y = c * g;
  double low = FMA(c, g_low, FMA(y, rest, FMA(-tide__left(m, r, c), g, -tide__left(c, g, y))));
  y += FMA(y, e, FMA(y, e_low, FMA(low, e, low)));
  return copysign(x > 0 ? x : 0, x) - y * tide__scale(t) * 0x1p-712;
}
/* Its derivative: Q(a) - a e^(-a^2/2) / sqrt(2 pi) below 0, above 1 minus that. */
TIDE_INLINE double tide__gelu_erf_slope(double x) {
  double a = fabs(x), b = a > 39 ? 39 : a, h = b * b, t, e_low, e = tide__exp_two(-0.5 * h, 0.5 * tide__left(b, b, h), 1023 + 512, &t, &e_low);
  double r, rest, q = tide__tail_range(b, 2.5, &r, &rest), g_low, g = tide__normal_tail(q, &g_low), y = r * g, v = b * 0.3989422804014327;
  double low = FMA(r, g_low, FMA(y, rest, -tide__left(r, g, y))) + (tide__left(b, 0.3989422804014327, v) + b * 2.49232720227773e-17), u = y - v;
  low += tide__lost(y, -v, u);
  u += FMA(u, e, FMA(u, e_low, FMA(low, e, low)));
  u = u * tide__scale(t) * 0x1p-512;
  return x < 0 ? u : 1 - u;
}

/* }========================================================= */


/* {======================== angles ======================== */

/* Beyond this sin, cos and tan are far: too many multiples of pi / 2 to take away in three steps. */
#define TIDE_FAR_ANGLE 0x1p18

/* x - n pi / 2, nearest to 0, in two numbers; n in the low bits of *t, *odd: is it odd? Three parts of pi / 2, two of 33 bits. Good to 2^20. */
TIDE_INLINE double tide__angle(double x, double *low, double *t, int *odd) {
  *t = FMA(x, M_2_PI, MAGIC);
  double n = *t - MAGIC, half = 0.5 * n;
  *odd = (half + MAGIC) - MAGIC != half;
  double r = FMA(n, -1.57079632673412561417e+00, x), v = n * 6.07710050630396597660e-11, y = r - v;
  double rest = tide__lost(r, -v, y) - n * 2.02226624879595063154e-21, sum = y + rest;
  *low = (y - sum) + rest;
  return sum;
}
/* sin and cos of y + low, |y| <= pi / 4: high parts, and what to add. */
TIDE_INLINE double tide__sin_part(double y, double low, double z) {
  double v = z * y, r = POLY5(z, 8.33333333332248946124e-03, -1.98412698298579493134e-04, 2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10);
  return FMA(v, -1.66666666666666324348e-01, low - z * (0.5 * low - v * r));
}
TIDE_INLINE double tide__cos_part(double y, double low, double z, double *one) {
  double h = 0.5 * z, w = 1 - h;
  double r = POLY6(z, 4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05, -2.75573143513906633035e-07, 2.08757232129817482790e-09,
                   -1.13596475577881948265e-11);
  *one = w;
  return ((1 - w) - h) + FMA(z * z, r, -y * low);
}
TIDE_INLINE double tide__sin_near(double x) {
  int odd;
  double low, t, y = tide__angle(x, &low, &t, &odd), z = y * y, one, s = tide__sin_part(y, low, z), c = tide__cos_part(y, low, z, &one);
  double r = odd ? one + c : y + s;
  r = tide__float(tide__bits(r) ^ tide__bits(t) >> 1 << 63);
  return fabs(x) < 0x1p-27 ? x : r;
}
TIDE_INLINE double tide__cos_near(double x) {
  int odd;
  double low, t, y = tide__angle(x, &low, &t, &odd), z = y * y, one, s = tide__sin_part(y, low, z), c = tide__cos_part(y, low, z, &one);
  double r = odd ? y + s : one + c;
  return tide__float(tide__bits(r) ^ (tide__bits(t) + 1) >> 1 << 63);
}
/* sin / cos, or -cos / sin, with the rests of both. */
TIDE_INLINE double tide__tan_near(double x) {
  int odd;
  double low, t, y = tide__angle(x, &low, &t, &odd), z = y * y, one, s = tide__sin_part(y, low, z), c = tide__cos_part(y, low, z, &one);
  double sh = y + s, sl = (y - sh) + s, ch = one + c, cl = (one - ch) + c;
  double num = odd ? -ch : sh, num_low = odd ? -cl : sl, den = odd ? sh : ch, den_low = odd ? sl : cl, q = num / den;
  q += (tide__left(q, den, num) + (num_low - q * den_low)) / den;
  return fabs(x) < 0x1p-27 ? x : q;
}
TIDE_INLINE int tide__far1(double x) { return !(fabs(x) <= TIDE_FAR_ANGLE); }
TIDE_INLINE double tide__sin(double x, int exact) { return exact && tide__far1(x) ? sin(x) : tide__sin_near(x); }
TIDE_INLINE double tide__cos(double x, int exact) { return exact && tide__far1(x) ? cos(x) : tide__cos_near(x); }
TIDE_INLINE double tide__tan(double x, int exact) { return exact && tide__far1(x) ? tan(x) : tide__tan_near(x); }

/* asin(s) = s + s result, z = s^2 <= 1/4 */
TIDE_INLINE double tide__asin_part(double z) {
  return z * POLY6(z, 1.66666666666666657415e-01, -3.25565818622400915405e-01, 2.01212532134862925881e-01, -4.00555345006794114027e-02, 7.91534994289814532176e-04,
                   3.47933107596021167570e-05)
           / POLY5(z, 1.0, -2.40339491173441421878e+00, 2.02094576023350569471e+00, -6.88283971605453293030e-01, 7.70381505559019352791e-02);
}
#define PI_2_LOW 6.12323399573676603587e-17
/* From 1/2 on by asin(a) = pi / 2 - 2 asin(sqrt((1 - a) / 2)). */
TIDE_INLINE double tide__asin(double x) {
  double a = fabs(x), z = a < 0.5 ? a * a : 0.5 - 0.5 * a, s = a < 0.5 ? a : sqrt(z), p = s * tide__asin_part(z);
  double rest = tide__left(s, s, z) / (s + s + 0x1p-1022);
  return copysign(a < 0.5 ? a + p : M_PI_2 - (2 * (s + (p + rest)) - PI_2_LOW), x);
}
TIDE_INLINE double tide__acos(double x) {
  double a = fabs(x), z = a < 0.5 ? a * a : 0.5 - 0.5 * a, s = a < 0.5 ? x : sqrt(z), p = s * tide__asin_part(z);
  return a < 0.5 ? M_PI_2 - (x - (PI_2_LOW - p)) : x > 0 ? 2 * (s + p) : 2 * (M_PI_2 - (s + (p - PI_2_LOW)));
}

/* atan(num / den), from -0.42 to 0.66 */
TIDE_INLINE double tide__atan_part(double num, double den) {
  double x = num / den, z = x * x;
  double p = POLY8(z, 0.04752371113588976, -0.043024997617799085, 0.03833504706278552, -0.03229630975406027, 0.02400226868806186, -0.014203653383416589,
                    0.005737116169603883, -0.0011533687796284485);
  p = POLY10(z, -0.3333333333333333, 0.1999999999999973, -0.14285714285685136, 0.11111111109514896, -0.09090909038417691, 0.0769230655560584,
                    -0.06666649487250301, 0.05882164569550378, -0.052616191492165364, p);
  return FMA(x * z, p, x);
}
#define TAN_3PI_8 2.41421356237309504880
TIDE_INLINE double tide__atan(double x) {
  double a = fabs(x);
  int large = a > TAN_3PI_8, small = a <= 0.66;
  double r = tide__atan_part(large ? -1 : small ? a : a - 1, large ? a : small ? 1 : a + 1);
  return copysign((large ? M_PI_2 : small ? 0 : M_PI_4) + (r + (large ? PI_2_LOW : small ? 0 : PI_2_LOW / 2)), x);
}
/* The angle of the point (b, a): that of (|b|, |a|), in its quadrant. Both infinite are like both 1. */
TIDE_INLINE double tide__atan2(double a, double b) {
  double y = fabs(a), x = fabs(b);
  double s = x > 1 ? 0.25 : 0x1p60, u = y * s, v = x * s;
  int both = (y == INFINITY) & (x == INFINITY), large = u * (TAN_3PI_8 - 2) > v, small = (u <= 0.66 * v) & !both, left = copysign(1, b) < 0;
  double dif = both ? 0 : u - v, sum = both ? 1 : u + v;
  double r = tide__atan_part(large ? -x : small ? y : dif, large ? y : small ? x : sum);
  r = y == 0 ? (x == x ? 0 : x) : r;
  double base = large ? M_PI_2 : small ? (left ? M_PI : 0) : left ? 3 * M_PI_4 : M_PI_4;
  double low = large ? PI_2_LOW : small ? (left ? 2 * PI_2_LOW : 0) : left ? 1.5 * PI_2_LOW : PI_2_LOW / 2;
  return copysign(base + ((left ? -r : r) + low), a);
}

/* }========================================================= */


/* {======================== remainders ======================== */

/* Is a / b too large for a whole number, or are there scales at which products of halves fail? (What is not a number, or not of numbers, needs no care.) */
TIDE_INLINE int tide__far2(double a, double b) {
  double x = fabs(a), y = fabs(b);
  return ((x >= 0x1p52 * y) | (x >= 0x1p960) | (y <= 0x1p-900)) & (x < INFINITY) & (y != 0);
}
/* The quotient's rounding may lift it to the next whole number. */
TIDE_INLINE double tide__fmod_near(double a, double b) {
  double x = fabs(a), y = fabs(b), q = tide__trunc(x / y), r = tide__left(q, y, x);
  r = r < 0 ? r + y : r;
  return copysign(x < y ? x : r, a);
}
TIDE_INLINE double tide__fmod(double a, double b, int exact) { return exact && tide__far2(a, b) ? fmod(a, b) : tide__fmod_near(a, b); }

/* }========================================================= */

#undef FMA
#undef MAGIC
#undef LOG2E
#undef LN2_HI
#undef LN2_LO
#undef PI_2_LOW
#undef TAN_3PI_8
#undef GATE
#undef GATE_LOW
#undef CUBE
#undef CUBE_LOW

#endif
