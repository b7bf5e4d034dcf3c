/* Random numbers: checks first, so that a call that fails draws nothing; then the kernels fill. */
#include <float.h>
#include <math.h>

#include "kernels/random.h"
#include "ops/op.h"

static tide__Target target_of(tide_Tensor *o) {
  return (tide__Target){o->dtype, o->ndim, o->shape, tide__strides(o), o->data, (o->flags & T_CONTIG) != 0, o->n};
}
#define GENERATOR (k->c->generator)

static tide_Tensor *zero_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)n; (void)i; return tide_zeros_like(g, -1); }
static tide_Tensor *no_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  return tide_zeros(n->ctx, shape, nd, g->dtype);
}

static int floats(tide_Call *k, int dtype) {
  return tide__is_float(dtype) || FAIL(k, TIDE_EDTYPE, "the numbers are of a float dtype, not %s", tide_dtype_name(dtype));
}


/* {======================== uniform, normal, exponential ======================== */

static int float_dtype(const tide_Call *k, int64_t wanted) { return wanted < 0 ? k->c->mode.default_dtype : (int)wanted; }

static int rand_infer(tide_Call *k) {
  int dtype = float_dtype(k, k->v[2].i);
  return floats(k, dtype) && tide__result(k, 0, dtype, k->v[1].n, k->v[1].ints);
}
static int rand_like_infer(tide_Call *k) {
  int dtype = k->v[1].i < 0 ? k->in[0]->dtype : (int)k->v[1].i;
  return floats(k, dtype) && tide__result_like(k, 0, dtype, k->in[0]);
}
static int uniform(tide_Call *k, double low, double high) {
  tide__Target t = target_of(k->out[0]);
  tide__random_uniform(GENERATOR, &t, low, high);
  return 1;
}
static int normal_numbers(tide_Call *k, double mean, double std) {
  tide__Target t = target_of(k->out[0]);
  tide__random_normal(GENERATOR, &t, mean, std);
  return 1;
}
static int rand_run(tide_Call *k) { return uniform(k, 0, 1); }
static int randn_run(tide_Call *k) { return normal_numbers(k, 0, 1); }

static int uniform_fill_infer(tide_Call *k) {
  double low = k->v[1].d, high = k->v[2].d, most = k->in[0]->dtype == TIDE_FLOAT32 ? FLT_MAX : DBL_MAX;
  const char *dtype = tide_dtype_name(k->in[0]->dtype);
  if (!floats(k, k->in[0]->dtype)) return 0;
  if (!(fabs(low) <= most)) return FAIL(k, TIDE_EVALUE, "from %g is out of the range of %s", low, dtype);
  if (!(fabs(high) <= most)) return FAIL(k, TIDE_EVALUE, "to %g is out of the range of %s", high, dtype);
  if (low > high) return FAIL(k, TIDE_EVALUE, "from %g is greater than to %g", low, high);
  if (!(high - low <= most)) return FAIL(k, TIDE_EVALUE, "the distance from %g to %g is out of the range of %s", low, high, dtype);
  return tide__target_like(k);
}
static int uniform_fill_run(tide_Call *k) { return uniform(k, k->v[1].d, k->v[2].d); }

static int good_std(tide_Call *k, double std) { return std >= 0 || FAIL(k, TIDE_EVALUE, "the standard deviation %g is negative or no number", std); }

static int normal_fill_infer(tide_Call *k) { return floats(k, k->in[0]->dtype) && good_std(k, k->v[2].d) && tide__target_like(k); }
static int normal_fill_run(tide_Call *k) { return normal_numbers(k, k->v[1].d, k->v[2].d); }

static int exponential_fill_infer(tide_Call *k) {
  if (!floats(k, k->in[0]->dtype)) return 0;
  if (!(k->v[1].d > 0)) return FAIL(k, TIDE_EVALUE, "the rate %g is not positive", k->v[1].d);
  return tide__target_like(k);
}
static int exponential_fill_run(tide_Call *k) {
  tide__Target t = target_of(k->out[0]);
  tide__random_exponential(GENERATOR, &t, k->v[1].d);
  return 1;
}

/* }========================================================= */


/* {======================== normal of tensors ======================== */

/* Is a value outside of [low, high], or nan? */
typedef struct Bounds { double low, high; int bad; double value; } Bounds;

#define LOOK_FOR(name, T) \
  static void name(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    Bounds *b = (Bounds *)(uintptr_t)param; \
    for (int64_t i = 0; i < n; i++) { \
      double v = *(const T *)(p[0] + i * s[0]); \
      if (!(v >= b->low && v <= b->high)) { b->bad = 1; b->value = v; } \
    } \
  }
LOOK_FOR(look_f32, float)
LOOK_FOR(look_f64, double)

static Bounds outside(const tide_Tensor *x, double low, double high) {
  Bounds b = {low, high, 0, 0};
  tide__Iter it;
  const int64_t *strides[1] = {tide__strides(x)};
  tide__iter_init(&it, x->ndim, x->shape, 1, strides, (size_t[]){tide__size[x->dtype]});
  tide__iterate(&it, (char *[]){x->data}, x->dtype == TIDE_FLOAT32 ? look_f32 : look_f64, (const double *)(const void *)&b);
  return b;
}

static int good_stds(tide_Call *k, const tide_Tensor *std) {
  if (!floats(k, std->dtype)) return 0;
  Bounds b = outside(std, 0, INFINITY);
  return !b.bad || b.value != b.value || FAIL(k, TIDE_EVALUE, "the standard deviation %g is negative", b.value);
}

static int normal_infer(tide_Call *k) {
  int nd;
  int64_t shape[TIDE_MAXDIM];
  return floats(k, k->in[0]->dtype) && good_stds(k, k->in[1]) && tide__broadcast(k->c, 2, k->in, &nd, shape) && tide__result(k, 0, k->in[0]->dtype, nd, shape);
}
static int normal_mean_infer(tide_Call *k) {
  const tide_Tensor *mean = k->in[0];
  return floats(k, mean->dtype) && good_std(k, k->v[1].d) && tide__result(k, 0, mean->dtype, mean->ndim, mean->shape);
}
static int normal_std_infer(tide_Call *k) {
  const tide_Tensor *std = k->in[0];
  return good_stds(k, std) && tide__result(k, 0, std->dtype, std->ndim, std->shape);
}
static int normal_sized_infer(tide_Call *k) {
  int dtype = float_dtype(k, k->v[4].i);
  return floats(k, dtype) && good_std(k, k->v[2].d) && tide__result(k, 0, dtype, k->v[3].n, k->v[3].ints);
}

#define COMBINE(name, T, OP) \
  static void name(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    (void)param; \
    for (int64_t i = 0; i < n; i++) *(T *)(p[0] + i * s[0]) OP *(const T *)(p[1] + i * s[1]); \
  }
COMBINE(times_f32, float, *=) COMBINE(times_f64, double, *=)
COMBINE(plus_f32, float, +=) COMBINE(plus_f64, double, +=)

/* o *= x or o += x, x broadcasting; rounded each time, as PyTorch does it. */
static int combine(tide_Tensor *o, tide_Tensor *x, int plus) {
  tide_Scope scope = tide_scope(o->ctx);
  if (!(x = tide__converted(x, o->dtype))) return 0;
  int64_t stride[TIDE_MAXDIM];
  int off = o->ndim - x->ndim;
  for (int d = 0; d < o->ndim; d++) stride[d] = d < off || x->shape[d - off] == 1 ? 0 : tide__strides(x)[d - off];
  tide__Iter it;
  const int64_t *strides[2] = {tide__strides(o), stride};
  size_t w = tide__size[o->dtype];
  tide__Loop loop = o->dtype == TIDE_FLOAT32 ? (plus ? plus_f32 : times_f32) : (plus ? plus_f64 : times_f64);
  tide__iter_init(&it, o->ndim, o->shape, 2, strides, (size_t[]){w, w});
  tide__iterate(&it, (char *[]){o->data, x->data}, loop, NULL);
  tide_close(o->ctx, scope, NULL);
  return 1;
}

static int normal_run(tide_Call *k) { return normal_numbers(k, 0, 1) && combine(k->out[0], k->in[1], 0) && combine(k->out[0], k->in[0], 1); }
static int normal_mean_run(tide_Call *k) { return normal_numbers(k, 0, k->v[1].d) && combine(k->out[0], k->in[0], 1); }
static int normal_std_run(tide_Call *k) {
  tide_Tensor *mean = tide_number(k->c, k->v[0].d);
  return mean && normal_numbers(k, 0, 1) && combine(k->out[0], k->in[0], 0) && combine(k->out[0], mean, 1);
}
static int normal_sized_run(tide_Call *k) { return normal_numbers(k, k->v[1].d, k->v[2].d); }

/* }========================================================= */


/* {======================== bernoulli ======================== */

static int good_p(tide_Call *k, double p) { return (p >= 0 && p <= 1) || FAIL(k, TIDE_EVALUE, "the probability %g is not in 0 .. 1", p); }
static int good_ps(tide_Call *k, const tide_Tensor *p) {
  if (!tide__is_float(p->dtype)) return FAIL(k, TIDE_EDTYPE, "probabilities are of a float dtype, not %s", tide_dtype_name(p->dtype));
  Bounds b = outside(p, 0, 1);
  return !b.bad || good_p(k, b.value);
}

static int bernoulli_infer(tide_Call *k) {
  const tide_Tensor *p = k->in[0];
  return good_ps(k, p) && tide__result(k, 0, p->dtype, p->ndim, p->shape);
}
static int bernoulli_p_infer(tide_Call *k) {
  const tide_Tensor *x = k->in[0];
  return good_p(k, k->v[1].d) && tide__result(k, 0, x->dtype, x->ndim, x->shape);
}
static int bernoulli_fill_infer(tide_Call *k) { return good_p(k, k->v[1].d) && tide__target_like(k); }
static int bernoulli_fill_each_infer(tide_Call *k) {
  const tide_Tensor *x = k->in[0], *p = k->in[1];
  int nd;
  int64_t shape[TIDE_MAXDIM];
  if (!good_ps(k, p) || !tide__broadcast(k->c, 2, k->in, &nd, shape)) return 0;
  if (nd != x->ndim || memcmp(shape, x->shape, sizeof(int64_t) * x->ndim)) return FAIL(k, TIDE_ESHAPE, "sizes %s do not fit into %s", SHAPE_TEXT(p), SHAPE_TEXT(x));
  return tide__target_like(k);
}

static int each(tide_Call *k, const tide_Tensor *p) {
  tide_Tensor *o = k->out[0];
  tide__Target t = target_of(o);
  int64_t strides[TIDE_MAXDIM];
  int off = o->ndim - p->ndim;
  for (int d = 0; d < o->ndim; d++) strides[d] = d < off || p->shape[d - off] == 1 ? 0 : tide__strides(p)[d - off];
  tide__random_bernoulli_each(GENERATOR, &t, p->dtype, p->data, strides);
  return 1;
}
static int bernoulli_run(tide_Call *k) { return each(k, k->in[0]); }
static int bernoulli_fill_each_run(tide_Call *k) { return each(k, k->in[1]); }
static int bernoulli_p_run(tide_Call *k) {
  tide__Target t = target_of(k->out[0]);
  tide__random_bernoulli(GENERATOR, &t, k->v[1].d);
  return 1;
}

/* }========================================================= */


/* {======================== integers ======================== */

/* Can dtype hold all from low to last? Floats can, rounding. */
static int reaches(int dtype, int64_t low, int64_t last) {
  switch (dtype) {
    case TIDE_INT32: return low >= INT32_MIN && last <= INT32_MAX;
    case TIDE_INT16: return low >= INT16_MIN && last <= INT16_MAX;
    case TIDE_INT8: return low >= INT8_MIN && last <= INT8_MAX;
    case TIDE_UINT8: return low >= 0 && last <= UINT8_MAX;
    case TIDE_BOOL: return low >= 0 && last <= 1;
    default: return 1;
  }
}
static int good_range(tide_Call *k, int dtype, int64_t low, int64_t high) {
  if (low >= high) return FAIL(k, TIDE_EVALUE, "there is no number from %lld to below %lld", (long long)low, (long long)high);
  if (!reaches(dtype, low, high - 1)) return FAIL(k, TIDE_EVALUE, "%s does not reach from %lld to %lld", tide_dtype_name(dtype), (long long)low, (long long)high - 1);
  return 1;
}
static int integers(tide_Call *k, int64_t low, int64_t high) {
  tide__Target t = target_of(k->out[0]);
  uint64_t range = (uint64_t)high - (uint64_t)low;
  tide__random_integers(GENERATOR, &t, low, range, range >= 1u << 28);
  return 1;
}

static int sized_integers(tide_Call *k, int64_t low, int64_t high, const tide_Value *size, int64_t wanted) {
  int dtype = wanted < 0 ? TIDE_INT64 : (int)wanted;
  return good_range(k, dtype, low, high) && tide__result(k, 0, dtype, size->n, size->ints);
}
static int integers_like(tide_Call *k, int64_t low, int64_t high, int64_t wanted) {
  int dtype = wanted < 0 ? k->in[0]->dtype : (int)wanted;
  return good_range(k, dtype, low, high) && tide__result_like(k, 0, dtype, k->in[0]);
}
static int randint_infer(tide_Call *k) { return sized_integers(k, 0, k->v[1].i, &k->v[2], k->v[3].i); }
static int randint_from_infer(tide_Call *k) { return sized_integers(k, k->v[1].i, k->v[2].i, &k->v[3], k->v[4].i); }
static int randint_like_infer(tide_Call *k) { return integers_like(k, 0, k->v[1].i, k->v[2].i); }
static int randint_like_from_infer(tide_Call *k) { return integers_like(k, k->v[1].i, k->v[2].i, k->v[3].i); }
static int randint_run(tide_Call *k) { return integers(k, 0, k->v[1].i); }
static int randint_from_run(tide_Call *k) { return integers(k, k->v[1].i, k->v[2].i); }

static int random_fill_infer(tide_Call *k) { return tide__target_like(k); }
static int random_fill_to_infer(tide_Call *k) { return good_range(k, k->in[0]->dtype, 0, k->v[1].i) && tide__target_like(k); }
static int random_fill_from_infer(tide_Call *k) { return good_range(k, k->in[0]->dtype, k->v[1].i, k->v[2].i) && tide__target_like(k); }
static int random_fill_run(tide_Call *k) {
  static const uint64_t range[TIDE_NDTYPES] = {
    [TIDE_FLOAT32] = (1ULL << 24) + 1, [TIDE_FLOAT64] = (1ULL << 53) + 1, [TIDE_INT64] = 1ULL << 63, [TIDE_INT32] = 1ULL << 31, [TIDE_INT16] = 1 << 15,
    [TIDE_INT8] = 1 << 7, [TIDE_UINT8] = 1 << 8, [TIDE_BOOL] = 2};
  tide__Target t = target_of(k->out[0]);
  tide__random_integers(GENERATOR, &t, 0, range[t.dtype], t.dtype == TIDE_INT64 || t.dtype == TIDE_FLOAT64);
  return 1;
}
static int random_fill_to_run(tide_Call *k) { return integers(k, 0, k->v[1].i); }
static int random_fill_from_run(tide_Call *k) { return integers(k, k->v[1].i, k->v[2].i); }

static int randperm_infer(tide_Call *k) {
  int dtype = k->v[2].i < 0 ? TIDE_INT64 : (int)k->v[2].i;
  int64_t n = k->v[1].i, most = dtype == TIDE_FLOAT32 ? (int64_t)1 << 24 : (int64_t)1 << 53;
  if (n < 0) return FAIL(k, TIDE_EVALUE, "n %lld is negative", (long long)n);
  if (tide__is_float(dtype) ? n > most : !reaches(dtype, 0, n)) return FAIL(k, TIDE_EVALUE, "%s does not hold %lld positions", tide_dtype_name(dtype), (long long)n);
  return tide__result(k, 0, dtype, 1, &n);
}
static int randperm_run(tide_Call *k) {
  tide_Tensor *o = k->out[0];
  tide__random_permutation(GENERATOR, o->dtype, o->data, o->n, k->c->base);
  return 1;
}

/* }========================================================= */


/* {======================== multinomial ======================== */

/* With replacement: a uniform number looks for its place among the sums of the weights so far, which are kept in the weights' dtype as in PyTorch. */
static int multinomial_infer(tide_Call *k) {
  int64_t shape[2];
  const tide_Tensor *w = k->in[0];
  memcpy(shape, w->shape, sizeof *shape * (size_t)w->ndim);
  shape[w->ndim - 1] = k->v[1].i;
  return tide__result(k, 0, TIDE_INT64, w->ndim, shape);
}

#define ROW_OF_SUMS(T, name) \
  static void name(tide__Generator *g, int64_t n, const void *weights, void *scratch, int64_t count, int64_t *out, int base) { \
    const T *w = weights; \
    T *sums = scratch, sum = 0; \
    for (int64_t i = 0; i < n; i++) sums[i] = sum += w[i]; \
    for (int64_t i = 0; i < n; i++) sums[i] /= sum; \
    sums[n - 1] = 1; \
    for (int64_t i = 0; i < count; i++) { \
      double u = tide__uniform53(g); \
      int64_t low = 0, high = n; \
      while (low < high) { int64_t mid = low + (high - low) / 2; if (sums[mid] < u) low = mid + 1; else high = mid; } \
      out[i] = low + base; \
    } \
  }
ROW_OF_SUMS(float, draw_float32)
ROW_OF_SUMS(double, draw_float64)

static int multinomial_run(tide_Call *k) {
  tide_Tensor *w = tide__packed(k->in[0]);
  int64_t n = k->in[0]->shape[k->in[0]->ndim - 1], rows = n ? k->in[0]->n / n : 0, count = k->v[1].i;
  size_t width = tide__size[k->in[0]->dtype];
  void *sums = tide__scratch(k->c, (size_t)n * width + 1);
  if (!w || !sums) return 0;
  for (int64_t r = 0; r < rows; r++)
    (w->dtype == TIDE_FLOAT32 ? draw_float32 : draw_float64)(GENERATOR, n, w->data + (size_t)(r * n) * width, sums, count, (int64_t *)(void *)k->out[0]->data + r * count, k->c->base);
  return 1;
}

/* Of numbers that are whole, is any true? */
static int any_true(tide_Tensor *t) {
  tide_Tensor *any = tide_any(t);
  return any ? tide_element(any, 0) != 0 : -1;
}

static tide_Tensor *multinomial(tide_Tensor *input, int64_t count, int replacement) {
  if (!input) return NULL;
  tide_Context *c = input->ctx;
  if (!tide__is_float(input->dtype)) return tide__fail(c, TIDE_EDTYPE, "weights are of a float dtype, not %s", tide_dtype_name(input->dtype));
  if (input->ndim < 1 || input->ndim > 2) return tide__fail(c, TIDE_ESHAPE, "weights have 1 or 2 dimensions, not %d", input->ndim);
  int64_t n = input->shape[input->ndim - 1];
  if (count < 1) return tide__fail(c, TIDE_EVALUE, "num_samples %lld is less than 1", (long long)count);
  if (n < 1 || n > 1 << 24) return tide__fail(c, TIDE_EVALUE, "%lld weights: there are 1 to 2^24", (long long)n);
  if (!replacement && count > n) return tide__fail(c, TIDE_EVALUE, "without replacement %lld samples cannot be drawn from %lld weights", (long long)count, (long long)n);
  tide_Tensor *w = tide_detach(input), *zero = tide_number(c, 0);
  int bad = any_true(tide_logical_or(tide_lt(w, zero), tide_logical_not(tide_isfinite(w)))), empty = any_true(tide_eq(tide_sum_dim(w, (int64_t[]){-1}, 1, 0, -1), zero));
  if (bad < 0 || empty < 0) return NULL;
  if (bad) return tide__fail(c, TIDE_EVALUE, "a weight is negative or not finite");
  if (empty) return tide__fail(c, TIDE_EVALUE, "the weights of a row sum to 0");
  if (replacement && count > 1) return tide_multinomial_repeated(w, count);
  tide_Tensor *q = tide_div(w, tide_exponential_fill_(tide_empty_like(w, -1), 1)), *positions = NULL;
  if (count == 1) return tide_argmax(q, -1, 1);
  return tide_topk(q, count, -1, 1, 1, &positions) ? positions : NULL;
}

/* }========================================================= */

#define TABLE "ops/random.def"
#include "ops/define.h"
