/*
** How far the pointwise rows are from the truth, in units in the last place, at every instruction-set level that this processor has.
**
**   accuracy                    a quick look; exits with 1 where an error is beyond its bound
**   accuracy 4000000            that many arguments for each function and dtype
**   accuracy 4000000 exp pow    these rows alone
**
** The reference is the C library one precision up: float64 for float32, long double (64 bits of mantissa at least) for float64. Arguments are bit patterns, spread
** over all exponents, numbers spread evenly over ranges and around 1, and odd ones: zeros, infinities, nan, the ends of ranges. An error is the distance
** from the unrounded truth in the spacing of floats there, so that 0.5 is the best that there is. A result of the wrong kind counts as infinite: nan or not,
** infinite or not, and a zero's sign.
*/
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

#define N 4096
#define BOUND_FLOAT   1.5
#define BOUND_DOUBLE  2.0
#define BOUND_SLOPE   3.0                  /* of the larger of a derivative's two terms: their sum has a zero */

typedef double R32;
typedef long double R64;

/* The truth, in both precisions: F(x) is f in the C library, K a constant. */
#define BOTH(name, ...) \
  static double name##_32(double x, double y) { (void)y; __VA_ARGS__; } \
  static long double name##_64(long double x, long double y) { (void)y; __VA_ARGS__; }
#define F(f, ...)  _Generic((x), double: f, long double: f##l)(__VA_ARGS__)
#define PI         3.14159265358979323846264338327950288L
#define SIMPLE(f)  BOTH(f, return F(f, x))
#define T          __typeof__(x)

static double sigmoid_of(double x) { return 1 / (1 + exp(-x)); }
static long double sigmoid_ofl(long double x) { return 1 / (1 + expl(-x)); }

SIMPLE(exp) SIMPLE(exp2) SIMPLE(expm1) SIMPLE(log) SIMPLE(log2) SIMPLE(log10) SIMPLE(log1p)
SIMPLE(sin) SIMPLE(cos) SIMPLE(tan) SIMPLE(asin) SIMPLE(acos) SIMPLE(atan)
SIMPLE(sinh) SIMPLE(cosh) SIMPLE(tanh) SIMPLE(asinh) SIMPLE(acosh) SIMPLE(atanh) SIMPLE(erf) SIMPLE(erfc)
BOTH(rsqrt, return 1 / F(sqrt, x))
BOTH(sigmoid, return F(sigmoid_of, x))
BOTH(silu, return x == -INFINITY ? (T)-0.0 : x * F(sigmoid_of, x))
BOTH(softplus, return (x > 0 ? x : 0) + F(log1p, F(exp, -F(fabs, x))))
BOTH(logsigmoid, return (x < 0 ? x : 0) - F(log1p, F(exp, -F(fabs, x))))
BOTH(mish, return x == -INFINITY ? (T)-0.0 : x > 100 ? x : x * F(tanh, F(log1p, F(exp, x))))
BOTH(logit, return x > (T)0.1 ? 2 * F(atanh, 2 * x - 1) : F(log, x / (1 - x)))
BOTH(gelu_erf, return x == -INFINITY ? (T)-0.0 : x / 2 * F(erfc, -x / F(sqrt, (T)2)))
BOTH(gelu_tanh, return x == -INFINITY ? (T)-0.0 : x * F(sigmoid_of, 2 * F(sqrt, 2 / (T)PI) * x * (1 + (T)0.044715L * x * x)))
/* Derivatives, and the larger of their two terms. */
BOTH(gelu_erf_grad, return F(fabs, y) == INFINITY ? (y > 0) : F(erfc, -y / F(sqrt, (T)2)) / 2 + y * F(exp, -y * y / 2) / F(sqrt, 2 * (T)PI))
BOTH(gelu_erf_grad_size, x = F(erfc, -y / F(sqrt, (T)2)) / 2; y = F(fabs, y) * F(exp, -y * y / 2) / F(sqrt, 2 * (T)PI); return x > y ? x : y)
BOTH(silu_grad, x = F(sigmoid_of, y); return F(fabs, y) == INFINITY ? (y > 0) : x + y * x * F(sigmoid_of, -y))
BOTH(silu_grad_size, x = F(sigmoid_of, y); y = F(fabs, y) * x * F(sigmoid_of, -y); return x > y ? x : y)
#define GATE_U  (2 * F(sqrt, 2 / (T)PI) * y * (1 + (T)0.044715L * y * y))
#define GATE_V  (2 * F(sqrt, 2 / (T)PI) * y * (1 + 3 * (T)0.044715L * y * y))
BOTH(gelu_tanh_grad, x = GATE_U; return F(fabs, y) > 1000 ? (y > 0) : F(sigmoid_of, x) + GATE_V * F(sigmoid_of, x) * F(sigmoid_of, -x))
BOTH(gelu_tanh_grad_size, x = GATE_U; y = F(fabs, GATE_V) * F(sigmoid_of, x) * F(sigmoid_of, -x); x = F(sigmoid_of, x); return x > y ? x : y)
BOTH(pow, return F(pow, x, y))
BOTH(atan2, return F(atan2, x, y))
BOTH(hypot, return F(hypot, x, y))
BOTH(fmod, return F(fmod, x, y))
BOTH(remainder, T r = F(fmod, x, y); return r != 0 && (y < 0) != (r < 0) ? r + y : r)

/* Which arguments: one, a pair, or one and before it a gradient. */
enum { ONE, PAIR, SLOPE };
typedef struct Case {
  const char *name;
  int row, kind;
  double param[3];
  R32 (*f)(R32, R32), (*f_size)(R32, R32);
  R64 (*g)(R64, R64), (*g_size)(R64, R64);
} Case;

#define UNARY(n)        {#n, ROW_##n, ONE, {0}, n##_32, NULL, n##_64, NULL},
#define WITH(n, ...)    {#n, ROW_##n, ONE, {__VA_ARGS__}, n##_32, NULL, n##_64, NULL},
#define BINARY(n)       {#n, ROW_##n, PAIR, {0}, n##_32, NULL, n##_64, NULL},
#define DERIVATIVE(n)      {#n, ROW_##n, SLOPE, {0}, n##_32, n##_size_32, n##_64, n##_size_64},
static const Case cases[] = {
  UNARY(exp) UNARY(exp2) UNARY(expm1) UNARY(log) UNARY(log2) UNARY(log10) UNARY(log1p) UNARY(sin) UNARY(cos) UNARY(tan) UNARY(asin) UNARY(acos) UNARY(atan)
  UNARY(sinh) UNARY(cosh) UNARY(tanh) UNARY(asinh) UNARY(acosh) UNARY(atanh) UNARY(erf) UNARY(erfc) UNARY(rsqrt) UNARY(sigmoid) UNARY(silu) DERIVATIVE(silu_grad)
  WITH(softplus, 1, DBL_MAX) UNARY(logsigmoid) UNARY(mish) WITH(logit, -1) UNARY(gelu_erf) DERIVATIVE(gelu_erf_grad) UNARY(gelu_tanh) DERIVATIVE(gelu_tanh_grad)
  BINARY(pow) BINARY(atan2) BINARY(hypot) BINARY(fmod) BINARY(remainder)
};


/* {======================== arguments ======================== */

static uint64_t state;
static uint64_t draw(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}
static double uniform(void) { return (double)(draw() >> 11) * 0x1p-53; }

static const double odd[] = {
  0, -0.0, INFINITY, -INFINITY, NAN, 1, -1, 0.5, -0.5, 2, -2, 3, 0x1p-149, -0x1p-149, 0x1p-126, -0x1p-126, FLT_MAX, -FLT_MAX, 0x1p-1074, -0x1p-1074, DBL_MIN, -DBL_MIN, DBL_MAX,
  -DBL_MAX, 88.72283, 88.7229, -87.3366, -103.97, -104, 709.782712893384, 709.7827128933841, -708.4, -745.13321910194122, -745.2, 0.625, 0.66, 2.414213562373095,
  1.5707963267948966, 3.141592653589793, 1e5, 262144, 1e6, 1e22, -1e22, 0.7071067811865476, 1.4142135623730951,
};
#define NODD ((int64_t)(sizeof odd / sizeof *odd))

static double one(int wide, int64_t i) {
  double x;
  if (i < NODD) return odd[i];
  switch (i % 4) {
    case 0: case 1: {                                /* any bits */
      uint64_t u = draw();
      float f;
      if (wide) { memcpy(&x, &u, sizeof x); return x; }
      memcpy(&f, &u, sizeof f);
      return (double)f;
    }
    case 2: return (2 * uniform() - 1) * ldexp(1, (int)(draw() % (wide ? 20 : 16)) - 9);
    default: return (1 + (2 * uniform() - 1) * ldexp(1, -(int)(draw() % (wide ? 50 : 22)))) * (draw() & 1 ? 1 : 0.5);
  }
}

/* Exponents whose powers are floats, mostly. */
static double exponent(int wide, double base) {
  double most = wide ? 1100 : 155, l = log2(fabs(base));
  if (draw() % 4 == 0) return (double)((int)(draw() % 41) - 20) * (draw() & 1 ? 1 : 0.5);
  return (2 * uniform() - 1) * most / (l == 0 || l - l != 0 ? 1 : l);
}

/* Pairs begin with every two of the odd numbers. */
static void arguments(const Case *c, int wide, int64_t i, double x[2]) {
  int odds = c->kind == PAIR && i < NODD * NODD;
  x[0] = odds ? odd[i % NODD] : one(wide, i);
  if (c->kind != PAIR) x[1] = x[0];
  else if (odds) x[1] = odd[i / NODD];
  else x[1] = c->row == ROW_pow ? exponent(wide, x[0]) : one(wide, i);
}

/* }========================================================= */


/* {======================== errors ======================== */

typedef struct Worst { double error, x, y; } Worst;

/* The spacing of floats of `digits` bits at |v|, at least `least`. */
#define SPACING(R, frexp_, ldexp_) \
  static R spacing_##R(R v, int digits, int top, R least) { \
    int e; \
    frexp_(v, &e); \
    R s = ldexp_(1, (e > top ? top : e) - digits); \
    return v == 0 || s < least ? least : s; \
  }
SPACING(R32, frexp, ldexp)
SPACING(R64, frexpl, ldexpl)

#define ERROR(R, S, most, top, digits, least) \
  static double error_##S(S y, R truth, R size, int zeros) { \
    R a = truth < 0 ? -truth : truth, unit = spacing_##R(size > a ? size : a, digits, top, least); \
    if (y != y || truth != truth) return (y != y) == (truth != truth) ? 0 : INFINITY; \
    if (y - y != 0) { \
      if ((y > 0) != (truth > 0)) return INFINITY; \
      return a >= most ? 0 : (double)((most - a) / unit); \
    } \
    if (a - a != 0) return INFINITY; \
    if (zeros && y == 0 && truth == 0 && !signbit(y) != !signbit(truth)) return INFINITY; \
    R d = (R)y - truth; \
    return (double)((d < 0 ? -d : d) / unit); \
  }
ERROR(R32, float, (R32)FLT_MAX, 128, 24, 0x1p-149)
ERROR(R64, double, (R64)DBL_MAX, 1024, 53, 0x1p-1074L)

#define CHECK(R, S, f, wide) \
  static void check_##S(const Case *c, tide__Loop loop, int64_t count, Worst *w) { \
    static S a[N], b[N], y[N]; \
    static const S grad = 1; \
    char *p[3] = {(char *)y, c->kind == SLOPE ? (char *)(uintptr_t)&grad : (char *)a, (char *)b}; \
    int64_t s[3] = {sizeof(S), c->kind == SLOPE ? 0 : sizeof(S), sizeof(S)}; \
    for (int64_t at = 0; at < count; at += N) { \
      int64_t n = count - at < N ? count - at : N; \
      for (int64_t i = 0; i < n; i++) { \
        double x[2]; \
        arguments(c, wide, at + i, x); \
        a[i] = (S)x[0]; \
        b[i] = (S)x[1]; \
      } \
      loop(n, p, s, c->param); \
      for (int64_t i = 0; i < n; i++) { \
        R truth = c->f((R)a[i], (R)b[i]), size = c->f##_size ? c->f##_size((R)a[i], (R)b[i]) : 0; \
        double e = error_##S(y[i], truth, size, c->kind != SLOPE); \
        if (!(e <= w->error)) *w = (Worst){e, (double)a[i], (double)b[i]}; \
      } \
    } \
  }
CHECK(R32, float, f, 0)
CHECK(R64, double, g, 1)

/* }========================================================= */


typedef struct Level { const char *name; tide__LoopTable *loops; } Level;

static int levels(Level *level) {
  int n = 0;
  level[n++] = (Level){"base", tide__loops_base};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) level[n++] = (Level){"avx2", tide__loops_avx2};
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    level[n++] = (Level){"avx512", tide__loops_avx512};
#endif
  return n;
}

static Worst measure(const Case *c, const Level *level, int dtype, int64_t count) {
  Worst w = {0, 0, 0};
  tide__Loop loop = level->loops[c->row][dtype] ? level->loops[c->row][dtype] : tide__loops_base[c->row][dtype];
  state = 88172645463325252u;
  if (dtype == TIDE_FLOAT32) check_float(c, loop, count, &w);
  else check_double(c, loop, count, &w);
  return w;
}

static int wanted(const Case *c, int n, char **names) {
  for (int i = 0; i < n; i++) if (!strcmp(c->name, names[i])) return 1;
  return n == 0;
}

/* A row of the table: the largest error at each level, and where the largest of these is. */
static int report(const Case *c, int dtype, int64_t count, const Level *level, int n) {
  double bound = c->kind == SLOPE ? BOUND_SLOPE : dtype == TIDE_FLOAT32 ? BOUND_FLOAT : BOUND_DOUBLE;
  int digits = dtype == TIDE_FLOAT32 ? 9 : 17;
  Worst worst = {-1, 0, 0};
  printf("| %s | float%d |", c->name, dtype == TIDE_FLOAT32 ? 32 : 64);
  for (int i = 0; i < n; i++) {
    Worst w = measure(c, &level[i], dtype, count);
    printf(" %.2f |", w.error);
    if (!(w.error <= worst.error)) worst = w;
  }
  if (worst.error == 0) printf(" |");
  else if (c->kind == PAIR) printf(" %.*g, %.*g |", digits, worst.x, digits, worst.y);
  else printf(" %.*g |", digits, c->kind == SLOPE ? worst.y : worst.x);
  int good = worst.error <= bound;
  printf(good ? "\n" : " FAILED: beyond %g\n", bound);
  fflush(stdout);
  return good;
}

int main(int argc, char **argv) {
  int64_t count = argc > 1 ? atoll(argv[1]) : 40000;
  Level level[3];
  int n = levels(level), good = 1;
  printf("| function | dtype |");
  for (int i = 0; i < n; i++) printf(" %s |", level[i].name);
  printf(" largest at |\n|---|---|---|");
  for (int i = 0; i < n; i++) printf("---|");
  printf("\n");
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    if (!wanted(&cases[k], argc > 2 ? argc - 2 : 0, argv + 2)) continue;
    good &= report(&cases[k], TIDE_FLOAT32, count, level, n);
    if (LDBL_MANT_DIG >= 64) good &= report(&cases[k], TIDE_FLOAT64, count, level, n);
  }
  return !good;
}
