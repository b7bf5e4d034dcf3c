/*
** Functions of float32, correct to 1.5 units in the last place (docs/accuracy.md gives what was measured).
**
** Those that are called most are written in float32, in the ways of math_double.h. The others are evaluated in float64, roughly: to some 30 bits, without a thought to
** rounding, and with a range in which nothing of float32 overflows or is denormal.
*/
#ifndef TIDE_KERNELS_MATH_FLOAT_H
#define TIDE_KERNELS_MATH_FLOAT_H

#include "kernels/math_double.h"

#define FMA tide__fmaf

#define MAGIC    12582912.0f               /* 1.5 * 2^23 */
#define LOG2E    1.44269504f
#define LN2_HI   0.693359375f              /* 10 bits */
#define LN2_LO   (-2.12194440e-4f)


/* {======================== in float32 ======================== */

TIDE_INLINE float tide__exp_rangef(float x, float bias, float *t) {
  *t = FMA(x, LOG2E, MAGIC + bias);
  float n = *t - (MAGIC + bias);
  return FMA(n, -LN2_LO, FMA(n, -LN2_HI, x));
}
TIDE_INLINE float tide__exp_restf(float x, float bias, float *t) {
  float r = tide__exp_rangef(x, bias, t);
  return FMA(r * r, POLY5(r, 0.499999934f, 0.166665204f, 0.0416683901f, 0.00836874519f, 0.00138145804f), r);
}
TIDE_INLINE float tide__scalef(float t) { return tide__floatf(tide__bitsf(t) << 23); }
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
TIDE_INLINE float tide__exp2f(float x) {
  x = x > 129 ? 129 : x;
  x = x < -151 ? -151 : x;
  float t = x + (MAGIC + 254), f = x - (t - (MAGIC + 254));
  return tide__scaledf(FMA(f, POLY6(f, 0.693147215f, 0.240226528f, 0.0555031029f, 0.00961769168f, 0.00134067373f, 0.00015594976f), 1), t);
}
TIDE_INLINE float tide__expm1f(float x) {
  float b = x > 89 ? 89 : x < -20 ? -20 : x, t, r = tide__exp_rangef(b, 126, &t), s = tide__scalef(t);
  float tail = r * r * POLY5(r, 0.499999934f, 0.166665204f, 0.0416683901f, 0.00836874519f, 0.00138145804f);
  float y = FMA(s, tail, FMA(s, r, s - 0.5f)) * 2;
  return fabsf(x) < 0x1p-25f ? x : y;
}

/* log(1 + f) = f + result, with k ln 2 but for its high part, and more */
TIDE_INLINE float tide__log_restf(float k, float f, float more) {
  float z = f * f;
  float p = POLY9(f, 0.333333126f, -0.250000097f, 0.200021195f, -0.16667995f, 0.14219526f, -0.12405562f, 0.118883683f, -0.11676017f, 0.0674663231f);
  return FMA(z, -0.5f, FMA(f * z, p, FMA(k, LN2_LO, more)));
}
TIDE_INLINE float tide__log_endsf(float x, float r) { return x > 0 ? (x < INFINITY ? r : x) : x == 0 ? -INFINITY : NAN; }
TIDE_INLINE float tide__logf(float x) {
  const uint32_t half = 0x3f3504f3;        /* sqrt(1/2) */
  int small = x < 0x1p-126f;
  uint32_t u = tide__bitsf(small ? x * 0x1p24f : x) - half;
  float k = (float)((int32_t)u >> 23) - (small ? 24.0f : 0.0f), f = tide__floatf((u & 0x7fffff) + half) - 1;
  return tide__log_endsf(x, FMA(k, LN2_HI, f + tide__log_restf(k, f, 0)));
}
/* log(1 + w + more), w > -1 finite */
TIDE_INLINE float tide__log1p_twof(float w, float more) {
  const uint32_t half = 0x3f3504f3;
  float v = 1 + w, rest = tide__lostf(1, w, v) + more;
  uint32_t u = tide__bitsf(v) - half;
  float k = (float)((int32_t)u >> 23), f = tide__floatf((u & 0x7fffff) + half) - 1, scale = tide__floatf(0x3f800000u - (u & 0xff800000u));
  return FMA(k, LN2_HI, f + tide__log_restf(k, f, w > 0x1p30f ? 0 : rest * scale * (1 - f)));
}
TIDE_INLINE float tide__log1pf(float x) {
  float r = tide__log1p_twof(x, 0);
  return copysignf(x > -1 ? (x < INFINITY ? r : x) : x == -1 ? -INFINITY : NAN, x);
}
TIDE_INLINE float tide__softplusf(float x) {
  float a = fabsf(x), t, e = tide__exp_restf(-(a > 104 ? 104 : a), 254, &t), p = 1 + e, w = tide__scaledf(p, t), rest = tide__scaledf((1 - p) + e, t);
  return (x > 0 ? x : 0) + (a < 20 ? tide__log1p_twof(w, rest) : x != x ? x : w);
}

TIDE_INLINE float tide__tanhf(float x) {
  float a = fabsf(x), z = x * x, t;
  float p = FMA(a * z, POLY5(z, -0.33333282f, 0.133314432f, -0.0537397718f, 0.0206392046f, -0.00570506382f), a);
  float b = a > 10 ? 10 : a, e = tide__exp_restf(b + b, 127, &t), s = tide__scalef(t);
  float q = 1 - 2 / FMA(s, e, s + 1);
  return copysignf(a < 0.625f ? p : q, x);
}

TIDE_INLINE float tide__one_expf(float a, float *rest) {
  const float one = 0x1p-64f;
  float t, e = tide__exp_restf(a, 127 - 64, &t), s = tide__scalef(t), d = s + one, se = s * e, sum = d + se;
  *rest = ((s - d) + one) + ((d - sum) + se);
  return sum;
}
TIDE_INLINE float tide__sigmoidf(float x) {
  float a = fabsf(x), rest, d = tide__one_expf(a > 110 ? 110 : a, &rest), w = 1 / d;
  w = FMA(-w * rest, w, w) * 0x1p-64f;
  return x < 0 ? w : 1 - w;
}
TIDE_INLINE float tide__siluf(float x) {
  float a = fabsf(x), c = a > 110 ? 110 : a, b = copysignf(c, x), rest, d = tide__one_expf(c, &rest), w = 1 / d, q = b * w;
  q = FMA(tide__leftf(q, d, b) - q * rest, w, q) * 0x1p-64f;
  return x < 0 ? q : x - q;
}
TIDE_INLINE float tide__silu_slopef(float x) {
  float a = fabsf(x), b = a > 110 ? 110 : a, rest, d = tide__one_expf(b, &rest), w = 1 / d;
  w = FMA(-w * rest, w, w);
  float small = w * 0x1p-64f, large = 1 - small;
  return x < 0 ? w * FMA(-b, large, 1) * 0x1p-64f : large * FMA(b, small, 1);
}

TIDE_INLINE float tide__erff(float x) {
  float a = fabsf(x), z = x * x, t, b = a > 4 ? 4 : a;
  float p = FMA(a, POLY7(z, 0.128379167f, -0.376126332f, 0.112836872f, -0.0268589428f, 0.00519990824f, -0.000813001893f, 8.31676899e-05f), a);
  float u = b * POLY7(b, 1.12864849f, 0.635151333f, 0.106236857f, -0.023762052f, 0.00364245754f, -0.00032280447f, 1.12314695e-05f);
  float e = tide__exp_restf(-u, 127, &t), s = tide__scalef(t);
  return copysignf(a < 0.92f ? p : 1 - FMA(s, e, s), x);
}

/* }========================================================= */

#undef FMA
#undef MAGIC
#undef LOG2E
#undef LN2_HI
#undef LN2_LO


/* {======================== roughly, in float64 ======================== */

#define FMA      tide__fma
#define MAGIC    6755399441055744.0

/* 2^(x log2(e)), |x| < 700 */
TIDE_INLINE double tide__rough_exp(double x) {
  double t = FMA(x, 1.4426950408889634, MAGIC), r = FMA(t - MAGIC, -M_LN2, x);
  double p = FMA(r * r, POLY5(r, 0.49999993434036816, 0.16666520398913917, 0.04166839014894815, 0.008368745187132952, 0.0013814580411246919), r) + 1;
  return tide__float(tide__bits(p) + (tide__bits(t) << 52));
}
/* 2^y, |y| < 1000 */
TIDE_INLINE double tide__rough_exp2(double y) {
  double t = y + MAGIC, f = y - (t - MAGIC);
  double p = FMA(f, POLY7(f, 0.6931471838289601, 0.24022650921594577, 0.05550400348394246, 0.009618056745974018, 0.0013341962537757894, 0.00015461437080920365,
                          1.3359528174560556e-05), 1);
  return tide__float(tide__bits(p) + (tide__bits(t) << 52));
}
TIDE_INLINE double tide__rough_split(double x, double *k) {
  const uint64_t half = 0x3fe6a09e667f3bcdu;        /* sqrt(1/2) */
  uint64_t u = tide__bits(x) - half + ((uint64_t)1023 << 52);
  *k = tide__float(u >> 52 | 0x4330000000000000u) - (0x1p52 + 1023);
  return tide__float((u & 0xfffffffffffffu) + half) - 1;
}
/* log(1 + f) */
TIDE_INLINE double tide__rough_sum(double f) {
  double z = f * f;
  return FMA(z * f, POLY9(f, 0.3333331260344764, -0.2500000966204923, 0.20002119463651305, -0.16667994985267556, 0.1421952600854579,
                          -0.12405562035710187, 0.11888368345382441, -0.11676016995788369, 0.06746632311546974), FMA(z, -0.5, f));
}
TIDE_INLINE double tide__rough_log(double x) {
  double k, f = tide__rough_split(x, &k);
  return FMA(k, M_LN2, tide__rough_sum(f));
}
/* log(1 + w), w > -1, correct for small w too. */
TIDE_INLINE double tide__rough_log1p(double w) {
  double k, f = tide__rough_split(1 + w, &k);
  return FMA(k, M_LN2, tide__rough_sum(k == 0 ? w : f));
}

TIDE_INLINE float tide__log2f(float x) {
  double k, f = tide__rough_split((double)x, &k);
  return tide__log_endsf(x, (float)FMA(tide__rough_sum(f), 1.4426950408889634, k));
}
TIDE_INLINE float tide__log10f(float x) { return tide__log_endsf(x, (float)(tide__rough_log((double)x) * 0.4342944819032518)); }
TIDE_INLINE float tide__logitf(float x) {
  double y = (double)x, u = y / (1 - y);
  return u > 0 ? (u < INFINITY ? (float)tide__rough_log(u) : INFINITY) : u == 0 ? -INFINITY : NAN;
}
TIDE_INLINE float tide__asinhf(float x) {
  float a = fabsf(x);
  double b = (double)a, z = b * b, r = tide__rough_log1p(b + z / (1 + sqrt(z + 1)));
  return copysignf(a < INFINITY ? (float)r : a, x);
}
TIDE_INLINE float tide__acoshf(float x) {
  double t = (double)x - 1, r = tide__rough_log1p(t + sqrt(t * (t + 2)));
  return x >= 1 ? (x < INFINITY ? (float)r : x) : NAN;
}
TIDE_INLINE float tide__atanhf(float x) {
  double a = fabs((double)x), r = 0.5 * tide__rough_log1p(2 * a / (1 - a));
  return copysignf(a < 1 ? (float)r : a == 1 ? INFINITY : NAN, x);
}
TIDE_INLINE float tide__sinhf(float x) {
  float a = fabsf(x);
  double b = (double)(a > 100 ? 100 : a), z = b * b, e = tide__rough_exp(b);
  double p = FMA(b * z, POLY4(z, 0.16666666497692523, 0.008333350052952885, 0.00019836160254197026, 2.8169504565560777e-06), b);
  return copysignf((float)(b < 1 ? p : 0.5 * (e - 1 / e)), x);
}
TIDE_INLINE float tide__coshf(float x) {
  float a = fabsf(x);
  double e = tide__rough_exp((double)(a > 100 ? 100 : a));
  return (float)(0.5 * (e + 1 / e));
}

TIDE_INLINE float tide__powf(float a, float b) {
  float x = fabsf(a), half = 0.5f * b;
  double k, f = tide__rough_split((double)x, &k), s = f / (2 + f), z = s * s;
  double v = FMA(FMA(s * z, POLY5(z, 0.6666666667575927, 0.3999999563519358, 0.28572107859096024, 0.22176238481429145, 0.19583490476732052), 2 * s), 1.4426950408889634, k);
  double y = (double)b * (x > 0 ? (x < INFINITY ? v : INFINITY) : x == 0 ? -INFINITY : (double)x);
  y = y > 200 ? 200 : y;
  y = y < -200 ? -200 : y;
  float r = (float)tide__rough_exp2(y);
  float whole = tide__rintf(b), sign = tide__rintf(half) == half ? 1 : a;
  r = y != y ? NAN : r;
  r = x == 1 ? 1 : r;
  r = copysignf(r, whole == b ? sign : 1);
  r = whole == b ? r : a < 0 ? (x < INFINITY ? NAN : r) : r;
  r = b == 0 ? 1 : r;
  return a == 1 ? 1 : r;
}
TIDE_INLINE float tide__hypotf(float a, float b) {
  double x = (double)a, y = (double)b;
  return ((fabsf(a) == INFINITY) | (fabsf(b) == INFINITY)) ? INFINITY : (float)sqrt(x * x + y * y);
}

/* e^(a^2/2) times the normal distribution's tail from a on. */
TIDE_INLINE double tide__rough_tail(double a) {
  double r = 1 / (a + 3), q = FMA(-6, r, 1);
  return r * POLY11(q, 0.7290836903756847, -0.5093319914098726, 0.23001769941992317, -0.04726268799845735, -0.010462512897303534, 0.006969311294116325, 0.0010247540142261835,
                    -0.0010325736010230312, -0.00024473006945439625, 0.00013133022720487092, 5.4489074651407736e-05);
}
TIDE_INLINE float tide__erfcf(float x) {
  float a = fabsf(x);
  double b = (double)(a > 11 ? 11 : a), y = 2 * tide__rough_exp(-b * b) * tide__rough_tail(b * M_SQRT2);
  return (float)(x < 0 ? 2 - y : y);
}
TIDE_INLINE float tide__gelu_erff(float x) {
  float a = fabsf(x);
  double b = (double)(a > 15 ? 15 : a), y = b * tide__rough_exp(-0.5 * b * b) * tide__rough_tail(b);
  return (float)((double)copysignf(x > 0 ? x : 0, x) - y);
}
TIDE_INLINE float tide__gelu_erf_slopef(float x) {
  float a = fabsf(x);
  double b = (double)(a > 15 ? 15 : a), y = tide__rough_exp(-0.5 * b * b) * (tide__rough_tail(b) - b * 0.3989422804014327);
  return (float)(x < 0 ? y : 1 - y);
}
/* u of x sigmoid(u), see math_double.h */
TIDE_INLINE double tide__rough_gate(double x) { return x * FMA(0.07135481627260025, x * x, 1.5957691216057308); }
TIDE_INLINE float tide__gelu_tanhf(float x) {
  float b = x < -20 ? -20 : x > 20 ? 20 : x;
  double y = (double)b, r = y / (1 + tide__rough_exp(-tide__rough_gate(y)));
  return x > 20 ? x : (float)r;
}
TIDE_INLINE float tide__gelu_tanh_slopef(float x) {
  double y = (double)(x < -20 ? -20 : x > 20 ? 20 : x), e = tide__rough_exp(-tide__rough_gate(y)), s = 1 / (1 + e);
  return (float)(s * FMA(y * FMA(3 * 0.07135481627260025, y * y, 1.5957691216057308), s * e, 1));
}
TIDE_INLINE float tide__mishf(float x) {
  float b = x < -110 ? -110 : x > 40 ? 40 : x;
  double w = tide__rough_exp((double)b), n = w * (w + 2), r = (double)b * n / (n + 2);
  return x > 40 ? x : (float)r;
}

/* The angle less n pi / 2, |n| < 2^20. */
TIDE_INLINE double tide__rough_angle(double x, double *t, int *odd) {
  *t = FMA(x, M_2_PI, MAGIC);
  double n = *t - MAGIC, half = 0.5 * n;
  *odd = (half + MAGIC) - MAGIC != half;
  return FMA(n, -6.07710050650619224932e-11, FMA(n, -1.57079632673412561417e+00, x));
}
TIDE_INLINE double tide__rough_sin(double y, double z) {
  return FMA(y * z, POLY4(z, -0.1666666664026426, 0.008333329242774882, -0.0001983929220699298, 2.717929634530222e-06), y);
}
TIDE_INLINE double tide__rough_cos(double z) { return FMA(z, POLY4(z, -0.4999999968816201, 0.04166661963970218, -0.0013886658885285594, 2.4381420227194235e-05), 1); }
TIDE_INLINE float tide__sin_nearf(float x) {
  int odd;
  double t, y = tide__rough_angle((double)x, &t, &odd), z = y * y, r = odd ? tide__rough_cos(z) : tide__rough_sin(y, z);
  r = tide__float(tide__bits(r) ^ tide__bits(t) >> 1 << 63);
  return fabsf(x) < 0x1p-13f ? x * (1 - x * x * (1.0f / 6)) : (float)r;
}
TIDE_INLINE float tide__cos_nearf(float x) {
  int odd;
  double t, y = tide__rough_angle((double)x, &t, &odd), z = y * y, r = odd ? tide__rough_sin(y, z) : tide__rough_cos(z);
  return (float)tide__float(tide__bits(r) ^ (tide__bits(t) + 1) >> 1 << 63);
}
TIDE_INLINE float tide__tan_nearf(float x) {
  int odd;
  double t, y = tide__rough_angle((double)x, &t, &odd), z = y * y, s = tide__rough_sin(y, z), c = tide__rough_cos(z);
  float r = (float)((odd ? -c : s) / (odd ? s : c));
  return x == 0 ? x : r;
}
TIDE_INLINE int tide__far1f(float x) { return !(fabsf(x) <= (float)TIDE_FAR_ANGLE); }
TIDE_INLINE float tide__sinf(float x, int exact) { return exact && tide__far1f(x) ? sinf(x) : tide__sin_nearf(x); }
TIDE_INLINE float tide__cosf(float x, int exact) { return exact && tide__far1f(x) ? cosf(x) : tide__cos_nearf(x); }
TIDE_INLINE float tide__tanf(float x, int exact) { return exact && tide__far1f(x) ? tanf(x) : tide__tan_nearf(x); }

TIDE_INLINE double tide__rough_asin(double s, double z) {
  return FMA(s * z, POLY6(z, 0.16666659999484082, 0.07500503738749355, 0.044517030017583274, 0.03180720095966047, 0.01444016093379107, 0.037514775280396775), s);
}
TIDE_INLINE float tide__asinf(float x) {
  double a = fabs((double)x), z = a < 0.5 ? a * a : 0.5 - 0.5 * a, r = tide__rough_asin(a < 0.5 ? a : sqrt(z), z);
  return copysignf((float)(a < 0.5 ? r : M_PI_2 - 2 * r), x);
}
TIDE_INLINE float tide__acosf(float x) {
  double a = fabs((double)x), z = a < 0.5 ? a * a : 0.5 - 0.5 * a, r = tide__rough_asin(a < 0.5 ? (double)x : sqrt(z), z);
  return (float)(a < 0.5 ? M_PI_2 - r : x > 0 ? 2 * r : M_PI - 2 * r);
}
/* atan(s), 0 <= s <= 1 */
TIDE_INLINE double tide__rough_atan(double s) {
  double z = s * s;
  return FMA(s * z, POLY11(z, -0.3333333213390952, 0.1999992724705197, -0.14284167238812873, 0.11094503444420033, -0.08985437086399524, 0.0725943031495729,
                           -0.05451579477208059, 0.03447564614157253, -0.01629926656668174, 0.004926274691044317, -0.0006979416189502294), s);
}
TIDE_INLINE float tide__atanf(float x) {
  double a = fabs((double)x), r = tide__rough_atan(a > 1 ? 1 / a : a);
  return copysignf((float)(a > 1 ? M_PI_2 - r : r), x);
}
TIDE_INLINE float tide__atan2f(float a, float b) {
  double y = fabs((double)a), x = fabs((double)b), most = y > x ? y : x, least = y > x ? x : y;
  double r = tide__rough_atan(((y == INFINITY) & (x == INFINITY)) ? 1 : least / (most == 0 ? 1 : most));
  r = y > x ? M_PI_2 - r : r;
  r = copysign(1, (double)b) < 0 ? M_PI - r : r;
  return copysignf(((a != a) | (b != b)) ? NAN : (float)r, a);
}

/* Is the quotient too large? (What is not a number, or not of numbers, needs no care.) */
TIDE_INLINE int tide__far2f(float a, float b) { return (fabsf(a) >= 0x1p28f * fabsf(b)) & (fabsf(a) < INFINITY) & (b != 0); }
TIDE_INLINE float tide__fmod_nearf(float a, float b) {
  double x = fabs((double)a), y = fabs((double)b), r = x - tide__trunc(x / y) * y;
  r = r < 0 ? r + y : r;
  return copysignf((float)(x < y ? x : r), a);
}
TIDE_INLINE float tide__fmodf(float a, float b, int exact) { return exact && tide__far2f(a, b) ? fmodf(a, b) : tide__fmod_nearf(a, b); }

/* }========================================================= */

#undef FMA
#undef MAGIC

#endif
