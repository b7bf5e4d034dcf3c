/* Batch and group normalisation: one walk over samples and channels, with its gradient as another; and rms_norm, which is put together. */
#include <float.h>
#include <math.h>

#include "kernels/channels.h"
#include "ops/op.h"


/* {======================== what is normalised together ======================== */

/* A batch falls into chunks that have nothing to do with each other. In a chunk, each of `groups` groups of channels has a mean, over all samples of the chunk. */
typedef struct Plan {
  const tide__Channels *loops;
  int dtype;
  int64_t chunks, samples, channels, inner, groups;
  int64_t each;                                         /* channels in a group; the elements of one in a sample are neighbours */
  double *first, *second, *weights, *third;             /* by channel, or by group: sums; what to multiply; more room */
  char *mean, *p, *q, *r;                               /* by channel, of dtype: arguments of the loops */
} Plan;

/* num_groups 0: every channel is a group, over the whole batch. The arrays are scratch memory of the open scope, zero. */
static int plan_for(tide_Call *k, Plan *p, const tide_Tensor *x, int64_t num_groups) {
  int64_t channels = x->shape[1], samples = x->shape[0];
  *p = (Plan){.loops = tide__channels(x->dtype), .dtype = x->dtype, .channels = channels, .inner = 1, .chunks = num_groups ? samples : 1,
              .samples = num_groups ? 1 : samples, .groups = num_groups ? num_groups : channels};
  p->each = p->groups ? channels / p->groups : 0;
  for (int d = 2; d < x->ndim; d++) p->inner *= x->shape[d];
  size_t bytes = sizeof(double) * (size_t)(8 * channels + 1);
  double *room = tide__scratch(k->c, bytes);
  if (!room) return 0;
  memset(room, 0, bytes);
  p->first = room; p->second = room + channels; p->weights = room + 2 * channels; p->third = room + 3 * channels;
  p->mean = (char *)(room + 4 * channels); p->p = (char *)(room + 5 * channels); p->q = (char *)(room + 6 * channels); p->r = (char *)(room + 7 * channels);
  return 1;
}

static double group_size(const Plan *p) { return (double)(p->samples * p->inner * p->each); }
static double get(const Plan *p, const char *array, int64_t channel) { return tide__read(p->dtype, array + channel * (int64_t)tide__size[p->dtype]); }
static int64_t sample_bytes(const Plan *p) { return p->channels * p->inner * (int64_t)tide__size[p->dtype]; }

/* A vector over channels as numbers; absent: all of them `otherwise`. */
static void numbers(const Plan *p, const tide_Tensor *t, double otherwise, double *to) {
  for (int64_t c = 0; c < p->channels; c++) to[c] = t == TIDE_NONE ? otherwise : tide__read(t->dtype, (const char *)t->data + c * tide__strides((tide_Tensor *)t)[0] * (int64_t)tide__size[t->dtype]);
}

/* Mean and variance of each group of a chunk, in one pass: sums about the group's first element, which is within sqrt(n) standard deviations of the mean. */
static void measure(Plan *p, const char *x, int64_t chunk, double *mean, double *variance) {
  double n = group_size(p);
  const char *sample = x + chunk * p->samples * sample_bytes(p);
  int64_t size = p->each * p->inner;
  for (int64_t g = 0; g < p->groups; g++) mean[g] = get(p, sample, g * size);
  p->loops->spread(p->groups, 1, mean, NULL, p->mean);
  memset(p->first, 0, sizeof(double) * (size_t)(2 * p->channels));
  for (int64_t i = 0; i < p->samples; i++) p->loops->moments(p->groups, size, sample + i * sample_bytes(p), p->mean, p->first, p->second);
  for (int64_t g = 0; g < p->groups; g++) {
    mean[g] += p->first[g] / n;
    variance[g] = fmax((p->second[g] - p->first[g] * p->first[g] / n) / n, 0);
  }
}

/* }========================================================= */


/* {======================== forward ======================== */

static int fits(tide_Call *k, int i) {
  const tide_Tensor *t = k->in[i], *x = k->in[0];
  const char *name = k->op->sig.params[i].name;
  if (t == TIDE_NONE) return 1;
  if (t->ndim != 1 || t->shape[0] != x->shape[1])
    return FAIL(k, TIDE_ESHAPE, "%s is of sizes %s; one number for each of %lld channels is wanted", name, SHAPE_TEXT(t), (long long)x->shape[1]);
  return i > 2 || t->dtype == x->dtype || FAIL(k, TIDE_EDTYPE, "%s is %s, input %s", name, tide_dtype_name(t->dtype), tide_dtype_name(x->dtype));
}

static int by_channel(tide_Call *k) {
  const tide_Tensor *x = k->in[0];
  if (!tide__is_float(x->dtype)) return FAIL(k, TIDE_EDTYPE, "not defined for %s", tide_dtype_name(x->dtype));
  if (x->ndim < 2) return FAIL(k, TIDE_ESHAPE, "input is of sizes %s; at least 2 dimensions are wanted, samples and channels", SHAPE_TEXT(x));
  for (int i = 1; i < k->nin; i++) if (!fits(k, i)) return 0;
  return 1;
}

static int alone(tide_Call *k, int64_t together) {
  return together != 1 || FAIL(k, TIDE_ESHAPE, "input of sizes %s has one value alone to take a mean of", SHAPE_TEXT(k->in[0]));
}

static int batch_norm_infer(tide_Call *k) {
  if (!by_channel(k)) return 0;
  const tide_Tensor *x = k->in[0];
  int64_t together = x->shape[0];
  for (int d = 2; d < x->ndim; d++) together *= x->shape[d];
  if (k->v[5].i && !alone(k, together)) return 0;
  return tide__result(k, 0, x->dtype, x->ndim, x->shape) && tide__result(k, 1, TIDE_FLOAT64, 1, &x->shape[1]) && tide__result(k, 2, TIDE_FLOAT64, 1, &x->shape[1]);
}

static int group_norm_infer(tide_Call *k) {
  if (!by_channel(k)) return 0;
  const tide_Tensor *x = k->in[0];
  int64_t groups = k->v[3].i, together = x->shape[0] * x->shape[1];
  if (groups < 1 || x->shape[1] % groups) return FAIL(k, TIDE_EVALUE, "num_groups %lld does not divide %lld channels", (long long)groups, (long long)x->shape[1]);
  for (int d = 2; d < x->ndim; d++) together *= x->shape[d];
  if (!alone(k, together / groups)) return 0;
  int64_t means[2] = {x->shape[0], groups};
  return tide__result(k, 0, x->dtype, x->ndim, x->shape) && tide__result(k, 1, TIDE_FLOAT64, 2, means) && tide__result(k, 2, TIDE_FLOAT64, 2, means);
}

static int forward(tide_Call *k, int64_t num_groups, int measured, double eps) {
  tide_Tensor *x = tide__packed(k->in[0]), *o = k->out[0];
  double *mean = (double *)(void *)k->out[1]->data, *variance = (double *)(void *)k->out[2]->data;
  Plan p;
  if (!x || !plan_for(k, &p, x, num_groups)) return 0;
  if (!measured) { numbers(&p, k->in[3], 0, mean); numbers(&p, k->in[4], 0, variance); }
  if (x->n == 0) {
    if (measured) { memset(mean, 0, (size_t)k->out[1]->n * sizeof(double)); memset(variance, 0, (size_t)k->out[2]->n * sizeof(double)); }
    return 1;
  }
  numbers(&p, k->in[1], 1, p.weights);
  numbers(&p, k->in[2], 0, p.third);
  p.loops->spread(p.channels, 1, p.third, NULL, p.q);
  for (int64_t chunk = 0; chunk < p.chunks; chunk++, mean += p.groups, variance += p.groups) {
    if (measured) measure(&p, x->data, chunk, mean, variance);
    for (int64_t g = 0; g < p.groups; g++) p.third[g] = 1 / sqrt(variance[g] + eps);
    p.loops->spread(p.groups, p.each, mean, NULL, p.mean);
    p.loops->spread(p.groups, p.each, p.third, p.weights, p.p);
    for (int64_t i = 0; i < p.samples; i++) {
      int64_t at = (chunk * p.samples + i) * sample_bytes(&p);
      p.loops->affine(p.channels, p.inner, (char *)x->data + at, p.mean, p.p, p.q, (char *)o->data + at);
    }
  }
  return 1;
}

static int batch_norm_run(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  int ok = forward(k, 0, (int)k->v[5].i, k->v[6].d);
  tide_close(k->c, scope, NULL);
  return ok;
}
static int group_norm_run(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  int ok = forward(k, k->v[3].i, 1, k->v[4].d);
  tide_close(k->c, scope, NULL);
  return ok;
}

/* }========================================================= */


/* {======================== backward ======================== */

static int grad_infer(tide_Call *k) {
  const tide_Tensor *x = k->in[1];
  return tide__result(k, 0, x->dtype, x->ndim, x->shape) && tide__result(k, 1, x->dtype, 1, &x->shape[1]) && tide__result(k, 2, x->dtype, 1, &x->shape[1]);
}

/* With z = (x - mean) rstd and h = g weight: rstd (h - mean h - z mean(h z)) in x, sum g z in weight, sum g in bias; the means of a group. */
static int gradients(tide_Call *k, int64_t num_groups, int measured, double eps) {
  tide_Tensor *x = tide__packed(k->in[1]), *g = tide__packed(tide__converted(k->in[0], k->in[1]->dtype)), *means = tide__packed(k->in[3]), *variances = tide__packed(k->in[4]);
  Plan p;
  if (!x || !g || !means || !variances || !plan_for(k, &p, x, num_groups)) return 0;
  const double *mean = (const double *)(const void *)means->data, *variance = (const double *)(const void *)variances->data;
  double n = group_size(&p), *sum = tide__scratch(k->c, sizeof(double) * (size_t)(2 * (p.channels + p.groups) + 1));
  if (!sum) return 0;
  memset(sum, 0, sizeof(double) * (size_t)(2 * p.channels));
  double *by_weight = sum, *by_bias = sum + p.channels, *of_x = by_bias + p.channels, *of_all = of_x + p.groups, *rstd = p.third;
  numbers(&p, k->in[2], 1, p.weights);
  for (int64_t chunk = 0; chunk < p.chunks && x->n; chunk++, mean += p.groups, variance += p.groups) {
    memset(p.first, 0, sizeof(double) * (size_t)(2 * p.channels));
    for (int64_t group = 0; group < p.groups; group++) rstd[group] = 1 / sqrt(variance[group] + eps);
    p.loops->spread(p.groups, p.each, mean, NULL, p.mean);
    for (int64_t i = 0; i < p.samples; i++) {
      int64_t at = (chunk * p.samples + i) * sample_bytes(&p);
      p.loops->products(p.channels, p.inner, (char *)x->data + at, p.mean, (char *)g->data + at, p.first, p.second);
    }
    for (int64_t group = 0; group < p.groups; group++) {
      double h = 0, hz = 0, d = mean[group] - get(&p, p.mean, group * p.each);
      for (int64_t c = group * p.each; c < (group + 1) * p.each; c++) {
        double gz = (p.second[c] - d * p.first[c]) * rstd[group];
        by_weight[c] += gz;
        by_bias[c] += p.first[c];
        h += p.weights[c] * p.first[c];
        hz += p.weights[c] * gz;
      }
      of_x[group] = measured ? -rstd[group] * rstd[group] * hz / n : 0;
      of_all[group] = measured ? -rstd[group] * h / n : 0;
    }
    p.loops->spread(p.groups, p.each, rstd, p.weights, p.p);
    p.loops->spread(p.groups, p.each, of_x, NULL, p.q);
    p.loops->spread(p.groups, p.each, of_all, NULL, p.r);
    for (int64_t i = 0; i < p.samples; i++) {
      int64_t at = (chunk * p.samples + i) * sample_bytes(&p);
      p.loops->combine(p.channels, p.inner, (char *)x->data + at, p.mean, (char *)g->data + at, p.p, p.q, p.r, (char *)k->out[0]->data + at);
    }
  }
  p.loops->spread(p.channels, 1, by_weight, NULL, k->out[1]->data);
  p.loops->spread(p.channels, 1, by_bias, NULL, k->out[2]->data);
  return 1;
}
static int grad_run(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  int ok = gradients(k, k->v[5].i, (int)k->v[6].i, k->v[7].d);
  tide_close(k->c, scope, NULL);
  return ok;
}

/* What is normalised together as the dimensions to reduce: of [N, C, *] all but the second, of groups the last of [N, groups, -1]. */
typedef struct Together { int64_t whole[TIDE_MAXDIM], sizes[3], dims[TIDE_MAXDIM]; int nd, ndims, groups; } Together;

static Together together(const tide_Node *n, const tide_Tensor *g, int64_t groups) {
  Together t = {.groups = groups != 0};
  const int64_t *shape = tide__in_shape(n, g, 0, &t.nd);
  memcpy(t.whole, shape, sizeof(int64_t) * (size_t)t.nd);
  if (groups) {
    t.sizes[0] = shape[0]; t.sizes[1] = groups; t.sizes[2] = shape[1] / groups;
    for (int d = 2; d < t.nd; d++) t.sizes[2] *= shape[d];
    t.dims[t.ndims++] = 2;
  }
  else for (int d = 0; d < t.nd; d++) if (d != 1) t.dims[t.ndims++] = d;
  return t;
}
static tide_Tensor *grouped(const Together *t, tide_Tensor *x) { return t->groups ? tide_reshape(x, t->sizes, 3) : x; }
static tide_Tensor *whole(const Together *t, tide_Tensor *x) { return t->groups ? tide_reshape(x, t->whole, t->nd) : x; }
static tide_Tensor *mean_of(const Together *t, tide_Tensor *x) { return tide_mean_dim(x, t->dims, t->ndims, 1, -1); }

/* A vector over channels as [1, C, 1 ..]. */
static tide_Tensor *along_channels(const Together *t, tide_Tensor *v) {
  int64_t shape[TIDE_MAXDIM];
  for (int d = 0; d < t->nd; d++) shape[d] = d == 1 ? t->whole[1] : 1;
  return tide_reshape(v, shape, t->nd);
}

static int composition(tide_Node *n, tide_Tensor *g, tide_Tensor **gi, const uint8_t *want, int64_t groups, int measured, double eps) {
  Together t = together(n, g, groups);
  int64_t over[TIDE_MAXDIM];
  int k = 0;
  for (int d = 0; d < t.nd; d++) if (d != 1) over[k++] = d;
  if (want[2] && !(gi[2] = tide_sum_dim(g, over, k, 0, -1))) return 0;
  if (!want[0] && !want[1]) return 1;
  tide_Tensor *x = grouped(&t, tide__saved(n, 0)), *weight = want[0] ? tide__saved(n, 1) : TIDE_NONE, *mean, *variance;
  if (!x) return 0;
  if (measured) { mean = mean_of(&t, x); variance = tide_var_correction(x, t.dims, t.ndims, 0, 1); }
  else {
    mean = along_channels(&t, tide_cast(tide__saved_output(n, 1), x->dtype));
    variance = along_channels(&t, tide_cast(tide__saved_output(n, 2), x->dtype));
  }
  tide_Tensor *rstd = tide_rsqrt(tide_add(variance, K(eps))), *z = tide_mul(tide_sub(x, mean), rstd);
  if (want[1] && !(gi[1] = tide_sum_dim(tide_mul(g, whole(&t, z)), over, k, 0, -1))) return 0;
  if (!want[0]) return 1;
  tide_Tensor *h = grouped(&t, weight == TIDE_NONE ? g : tide_mul(g, along_channels(&t, weight)));
  if (measured) h = tide_sub(tide_sub(h, mean_of(&t, h)), tide_mul(z, mean_of(&t, tide_mul(h, z))));
  return (gi[0] = whole(&t, tide_mul(rstd, h))) != NULL;
}

static int backward(tide_Node *n, tide_Tensor *g, tide_Tensor **gi, const uint8_t *want, int64_t groups, int measured, double eps) {
  if (n->ctx->mode.grad || (!want[0] && !want[1])) return composition(n, g, gi, want, groups, measured, eps);
  tide_Tensor *second, *third, *weight = want[0] ? tide__saved(n, 1) : TIDE_NONE;
  tide_Tensor *first = tide_channel_norm_grad(g, tide__saved(n, 0), weight, tide__saved_output(n, 1), tide__saved_output(n, 2), groups, measured, eps, &second, &third);
  if (!first) return 0;
  if (want[0]) gi[0] = first;
  if (want[1]) gi[1] = second;
  if (want[2]) gi[2] = third;
  return 1;
}
/* mean and variance are constants: running ones have no gradient. */
static int batch_norm_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  return backward(n, g[0], gi, want, 0, (int)ARG(n, 5).i, ARG(n, 6).d);
}
static int group_norm_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  return backward(n, g[0], gi, want, ARG(n, 3).i, 1, ARG(n, 4).d);
}

/* }========================================================= */


/* {======================== running statistics ======================== */

static int running_infer(tide_Call *k) {
  const tide_Tensor *x = k->in[0];
  if (!tide__same_shape(x, k->in[1]) || !tide__is_float(x->dtype)) return FAIL(k, TIDE_ESHAPE, "a float vector of sizes %s is wanted, not %s of %s", SHAPE_TEXT(k->in[1]), tide_dtype_name(x->dtype), SHAPE_TEXT(x));
  return tide__target(k, x->ndim, x->shape);
}
static int running_run(tide_Call *k) {
  tide_Tensor *o = k->out[0];
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *batch = tide__packed(tide__converted(k->in[1], TIDE_FLOAT64));
  if (!batch) return 0;
  const double *b = (const double *)(const void *)batch->data;
  for (int64_t c = 0; c < o->n; c++) {
    char *at = (char *)o->data + (o->ndim ? c * tide__strides(o)[0] : 0) * (int64_t)tide__size[o->dtype];
    tide__write(o->dtype, at, k->v[2].d * k->v[3].d * b[c] + (1 - k->v[2].d) * tide__read(o->dtype, at));
  }
  tide_close(k->c, scope, NULL);
  return 1;
}

/* Is t, which is to follow the batch or to stand for it, a float for each channel, and no part of a graph? */
static int running_fits(tide_Tensor *x, tide_Tensor *t, const char *name) {
  if (t == TIDE_NONE || x->ndim < 2) return 1;
  if (t->ndim != 1 || t->shape[0] != x->shape[1] || !tide__is_float(t->dtype)) {
    tide__fail(x->ctx, TIDE_ESHAPE, "%s is %s of sizes %s; one float for each of %lld channels is wanted", name, tide_dtype_name(t->dtype), SHAPE_TEXT(t), (long long)x->shape[1]);
    return 0;
  }
  int tracks = x->ctx->mode.grad ? tide__tracks(t) : 0;
  if (tracks > 0) tide__fail(x->ctx, TIDE_EGRAD, "there is no gradient for %s, which must not require grad", name);
  return tracks == 0;
}

static tide_Tensor *batch_norm(tide_Tensor *x, tide_Tensor *mean, tide_Tensor *variance, tide_Tensor *weight, tide_Tensor *bias, int training, double momentum, double eps) {
  tide_Tensor *m, *v;
  if (!x || !mean || !variance) return NULL;
  tide_Context *c = x->ctx;
  if ((mean == TIDE_NONE) != (variance == TIDE_NONE)) return tide__fail(c, TIDE_EARG, "running_mean and running_var are given both or not at all");
  if (!training && mean == TIDE_NONE) return tide__fail(c, TIDE_EARG, "without training, running_mean and running_var are wanted");
  if (training ? !(eps > 0) : !(eps >= 0)) return tide__fail(c, TIDE_EVALUE, "eps is %g, which is not above 0", eps);
  if (!running_fits(x, mean, "running_mean") || !running_fits(x, variance, "running_var")) return NULL;
  if (!training) return tide_batch_norm_of(x, weight, bias, mean, variance, 0, eps, &m, &v);
  tide_Tensor *y = tide_batch_norm_of(x, weight, bias, TIDE_NONE, TIDE_NONE, 1, eps, &m, &v);
  if (!y || mean == TIDE_NONE || x->n == 0) return y;
  double n = (double)(x->n / x->shape[1]);
  uint8_t mode = c->mode.grad;
  c->mode.grad = 0;
  int ok = tide_running_update_(mean, m, momentum, 1) && tide_running_update_(variance, v, momentum, n / (n - 1));
  c->mode.grad = mode;
  return ok ? y : NULL;
}

/* }========================================================= */


static tide_Tensor *group_norm(tide_Tensor *x, int64_t num_groups, tide_Tensor *weight, tide_Tensor *bias, double eps) {
  tide_Tensor *mean, *variance;
  return tide_group_norm_of(x, weight, bias, num_groups, eps, &mean, &variance);
}

static tide_Tensor *rms_norm(tide_Tensor *x, const int64_t *sizes, int n, tide_Tensor *weight, double eps) {
  int64_t dims[TIDE_MAXDIM];
  if (!x || !weight) return NULL;
  tide_Context *c = x->ctx;
  if (!tide__is_float(x->dtype)) return tide__fail(c, TIDE_EDTYPE, "not defined for %s", tide_dtype_name(x->dtype));
  if (n < 1) return tide__fail(c, TIDE_EARG, "normalized_shape is empty");
  if (n > x->ndim || memcmp(x->shape + (x->ndim - n), sizes, sizeof(int64_t) * (size_t)n))
    return tide__fail(c, TIDE_ESHAPE, "input of sizes %s does not end in normalized_shape %s", SHAPE_TEXT(x), SIZES_TEXT(n, sizes));
  if (weight != TIDE_NONE && (weight->ndim != n || memcmp(weight->shape, sizes, sizeof(int64_t) * (size_t)n)))
    return tide__fail(c, TIDE_ESHAPE, "weight is of sizes %s, not normalized_shape %s", SHAPE_TEXT(weight), SIZES_TEXT(n, sizes));
  if (isnan(eps)) eps = x->dtype == TIDE_FLOAT32 ? (double)FLT_EPSILON : DBL_EPSILON;
  for (int d = 0; d < n; d++) dims[d] = d - n;
  tide_Tensor *square = tide_mean_dim(tide_pow_scalar(x, tide_integer(c, 2)), dims, n, 1, -1);
  tide_Tensor *y = tide_mul(x, tide_rsqrt(tide_add(square, tide_number(c, eps))));
  return weight == TIDE_NONE ? y : tide_mul(y, weight);
}

#define TABLE "ops/channel_norm.def"
#include "ops/define.h"
