/* Random fills: how words become numbers, as PyTorch's CPU loops do it. */
#include <math.h>

#include "kernels/random.h"

/* What a loop needs besides memory. */
typedef struct Draw { tide__Generator *g; double a, b; int64_t low; uint64_t range; int wide; } Draw;

/* Runs a loop over t in the order of memory; `also`: a second operand, read along. */
static void walk(const tide__Target *t, tide__Loop loop, const Draw *draw, int also_dtype, const void *also, const int64_t *also_strides) {
  tide__Iter it;
  const int64_t *strides[2] = {t->strides, also_strides};
  size_t size[2] = {tide__size[t->dtype], tide__size[also_dtype]};
  char *data[2] = {t->data, (char *)(uintptr_t)also};
  tide__iter_init(&it, t->nd, t->shape, also ? 2 : 1, strides, size);
  tide__iterate(&it, data, loop, (const double *)(const void *)draw);
}

/* A loop that sets each element of type T to E, which may use the draw's d->g, d->a ... */
#define FILL(name, T, E) \
  static void name(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    const Draw *d = (const Draw *)(const void *)param; \
    tide__Generator *g = d->g; \
    for (int64_t i = 0; i < n; i++) *(T *)(p[0] + i * s[0]) = (T)(E); \
  }

static int fast(void) { return tide__level() >= TIDE_AVX2; }


/* {======================== uniform, exponential ======================== */

static inline float uniform_f32(tide__Generator *g, const Draw *d) {
  float low = (float)d->a, high = (float)d->b, v = fmaf(tide__uniform24(g), high - low, low);
  return v == high ? low : v;
}
static inline double uniform_f64(tide__Generator *g, const Draw *d) {
  double v = fma(tide__uniform53(g), d->b - d->a, d->a);
  return v == d->b ? d->a : v;
}
FILL(uniform_loop_f32, float, uniform_f32(g, d))
FILL(uniform_loop_f64, double, uniform_f64(g, d))

void tide__random_uniform(tide__Generator *g, const tide__Target *t, double low, double high) {
  Draw draw = {.g = g, .a = low, .b = high};
#if defined(TIDE_X86)
  if (t->dtype == TIDE_FLOAT32 && t->contiguous && fast()) { tide__uniform_f32_avx2(g, t->data, t->n, (float)low, (float)high); return; }
#endif
  if (t->dtype == TIDE_FLOAT32 && t->contiguous) tide__uniform_f32_base(g, t->data, t->n, (float)low, (float)high);
  else walk(t, t->dtype == TIDE_FLOAT32 ? uniform_loop_f32 : uniform_loop_f64, &draw, t->dtype, NULL, NULL);
}

FILL(exponential_f32, float, d->a * log1p(-tide__uniform53(g)))
FILL(exponential_f64, double, d->a * log1p(-tide__uniform53(g)))

void tide__random_exponential(tide__Generator *g, const tide__Target *t, double rate) {
  Draw draw = {.g = g, .a = -1.0 / rate};
  walk(t, t->dtype == TIDE_FLOAT32 ? exponential_f32 : exponential_f64, &draw, t->dtype, NULL, NULL);
}

/* }========================================================= */


/* {======================== normal ======================== */

/* One of a pair; the other waits in the generator. */
static double normal1(tide__Generator *g) {
  if (g->has_normal) { g->has_normal = 0; return g->normal; }
  double u1 = tide__uniform53(g), u2 = tide__uniform53(g), r = sqrt(-2.0 * log1p(-u2)), angle = 2.0 * M_PI * u1;
  g->normal = r * sin(angle);
  g->has_normal = 1;
  return r * cos(angle);
}
FILL(normal_loop_f32, float, fma(normal1(g), d->b, d->a))
FILL(normal_loop_f64, double, fma(normal1(g), d->b, d->a))

static void normal16(double *d, double mean, double std) {
  for (int j = 0; j < 8; j++) {
    double r = sqrt(-2.0 * log(1.0 - d[j])), angle = 2.0 * M_PI * d[j + 8];
    d[j] = fma(r * cos(angle), std, mean);
    d[j + 8] = fma(r * sin(angle), std, mean);
  }
}
static void normal_f64(tide__Generator *g, double *p, int64_t n, double mean, double std) {
  for (int64_t i = 0; i < n; i++) p[i] = tide__uniform53(g);
  for (int64_t i = 0; i + 16 <= n; i += 16) normal16(p + i, mean, std);
  if (n % 16 == 0) return;
  for (int j = 0; j < 16; j++) p[n - 16 + j] = tide__uniform53(g);
  normal16(p + n - 16, mean, std);
}

void tide__random_normal(tide__Generator *g, const tide__Target *t, double mean, double std) {
  Draw draw = {.g = g, .a = mean, .b = std};
  if (t->n < 16 || !t->contiguous) { walk(t, t->dtype == TIDE_FLOAT32 ? normal_loop_f32 : normal_loop_f64, &draw, t->dtype, NULL, NULL); return; }
  if (t->dtype == TIDE_FLOAT64) { normal_f64(g, t->data, t->n, mean, std); return; }
#if defined(TIDE_X86)
  if (fast()) { tide__normal_f32_avx2(g, t->data, t->n, (float)mean, (float)std); return; }
#endif
  tide__normal_f32_base(g, t->data, t->n, (float)mean, (float)std);
}

/* }========================================================= */


/* {======================== bernoulli ======================== */

/* 1 if u < p. In whole numbers, u 2^53 < range = ceil(p 2^53), and without a branch, which would be guessed wrong half of the time. */
static inline int64_t below(tide__Generator *g, const Draw *d) {
  return (int64_t)(((tide__random64(g) & 0x1fffffffffffffULL) - d->range) >> 63);
}
#define BERNOULLI(C, T, N) FILL(bernoulli_##N, T, below(g, d))
TIDE_DTYPES(BERNOULLI)

void tide__random_bernoulli(tide__Generator *g, const tide__Target *t, double p) {
#define ENTRY(C, T, N) bernoulli_##N,
  static const tide__Loop loops[TIDE_NDTYPES] = {TIDE_DTYPES(ENTRY)};
#undef ENTRY
  Draw draw = {.g = g, .range = (uint64_t)ceil(p * 0x1p53)};
  walk(t, loops[t->dtype], &draw, t->dtype, NULL, NULL);
}

#define BERNOULLI_EACH(C, T, N) \
  FILL(bernoulli_f32_##N, T, tide__uniform24(g) < *(const float *)(p[1] + i * s[1])) \
  FILL(bernoulli_f64_##N, T, tide__uniform53(g) < *(const double *)(p[1] + i * s[1]))
TIDE_DTYPES(BERNOULLI_EACH)

void tide__random_bernoulli_each(tide__Generator *g, const tide__Target *t, int dtype, const void *p, const int64_t *strides) {
#define ENTRY(C, T, N) {bernoulli_f32_##N, bernoulli_f64_##N},
  static const tide__Loop loops[TIDE_NDTYPES][2] = {TIDE_DTYPES(ENTRY)};
#undef ENTRY
  Draw draw = {.g = g};
  walk(t, loops[t->dtype][dtype == TIDE_FLOAT64], &draw, dtype, p, strides);
}

/* }========================================================= */


/* {======================== integers ======================== */

static inline int64_t integer(tide__Generator *g, const Draw *d) {
  uint64_t word = d->wide ? tide__random64(g) : tide__random32(g);
  return (int64_t)(word % d->range + (uint64_t)d->low);
}
#define INTEGERS(C, T, N) FILL(integers_##N, T, integer(g, d))
TIDE_DTYPES(INTEGERS)

void tide__random_integers(tide__Generator *g, const tide__Target *t, int64_t low, uint64_t range, int wide) {
#define ENTRY(C, T, N) integers_##N,
  static const tide__Loop loops[TIDE_NDTYPES] = {TIDE_DTYPES(ENTRY)};
#undef ENTRY
  Draw draw = {.g = g, .low = low, .range = range, .wide = wide};
  walk(t, loops[t->dtype], &draw, t->dtype, NULL, NULL);
}

/* Fisher-Yates forwards. From (2^32 - 1) / 20 elements on, where a word's remainder would favour some, inside out. */
#define PERMUTATION(C, T, N) \
  static void permutation_##N(tide__Generator *g, T *p, int64_t n, int base) { \
    if (n >= UINT32_MAX / 20) { \
      for (int64_t i = 0; i < n; i++) { \
        int64_t z = (int64_t)(tide__random32(g) % (uint64_t)(i + 1)); \
        p[i] = p[z]; \
        p[z] = (T)(i + base); \
      } \
      return; \
    } \
    for (int64_t i = 0; i < n; i++) p[i] = (T)(i + base); \
    for (int64_t i = 0; i < n - 1; i++) { \
      int64_t z = (int64_t)(tide__random32(g) % (uint64_t)(n - i)); \
      T kept = p[i]; \
      p[i] = p[z + i]; \
      p[z + i] = kept; \
    } \
  }
TIDE_DTYPES(PERMUTATION)

void tide__random_permutation(tide__Generator *g, int dtype, void *out, int64_t n, int base) {
  switch (dtype) {
#define CASE(C, T, N) case TIDE_##C: permutation_##N(g, out, n, base); break;
    TIDE_DTYPES(CASE)
#undef CASE
  }
}

/* }========================================================= */
