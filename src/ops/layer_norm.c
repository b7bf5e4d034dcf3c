/* Layer normalisation: the whole chain as one operator, with its gradient as another. */
#include "kernels/norm.h"
#include "ops/op.h"

/* The number of elements that are normalised together. */
static int64_t length(const tide_Value *sizes) {
  int64_t n = 1;
  for (int d = 0; d < sizes->n; d++) n *= sizes->ints[d];
  return n;
}

static int fits(tide_Call *k, int i, const char *name) {
  const tide_Tensor *t = k->in[i];
  const tide_Value *sizes = &k->v[1];
  if (t == TIDE_NONE) return 1;
  if (t->ndim != sizes->n || memcmp(t->shape, sizes->ints, sizeof(int64_t) * t->ndim))
    return FAIL(k, TIDE_ESHAPE, "%s is of sizes %s, not normalized_shape %s", name, SHAPE_TEXT(t), SIZES_TEXT(sizes->n, sizes->ints));
  return t->dtype == k->in[0]->dtype || FAIL(k, TIDE_EDTYPE, "%s is %s, input %s", name, tide_dtype_name(t->dtype), tide_dtype_name(k->in[0]->dtype));
}

static int layer_norm_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  const tide_Value *sizes = &k->v[1];
  int before = x->ndim - sizes->n;
  if (!tide__is_float(x->dtype)) return FAIL(k, TIDE_EDTYPE, "not defined for %s", tide_dtype_name(x->dtype));
  if (sizes->n < 1) return FAIL(k, TIDE_EARG, "normalized_shape is empty");
  if (before < 0 || memcmp(x->shape + before, sizes->ints, sizeof(int64_t) * (size_t)sizes->n))
    return FAIL(k, TIDE_ESHAPE, "input of sizes %s does not end in normalized_shape %s", SHAPE_TEXT(x), SIZES_TEXT(sizes->n, sizes->ints));
  return fits(k, 1, "weight") && fits(k, 2, "bias") && tide__result(k, 0, x->dtype, x->ndim, x->shape) && tide__result(k, 1, TIDE_FLOAT64, before, x->shape) &&
         tide__result(k, 2, TIDE_FLOAT64, before, x->shape);
}

static int layer_norm_run(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *t[3];
  for (int i = 0; i < 3; i++) if (!(t[i] = k->in[i] == TIDE_NONE ? TIDE_NONE : tide__packed(k->in[i]))) return 0;
  tide__Norm norm = {.rows = k->out[1]->n, .n = length(&k->v[1]), .eps = k->v[4].d, .x = t[0]->data, .weight = t[1] == TIDE_NONE ? NULL : t[1]->data, .bias = t[2] == TIDE_NONE ? NULL : t[2]->data,
                     .y = k->out[0]->data, .mean = (double *)(void *)k->out[1]->data, .rstd = (double *)(void *)k->out[2]->data};
  tide__norm(t[0]->dtype, &norm);
  tide_close(k->c, scope, NULL);
  return 1;
}

static int layer_norm_grad_infer(tide_Call *k) {
  static const int64_t nothing = 0;
  const tide_Tensor *x = k->in[1];
  const tide_Value *sizes = &k->v[5];
  int64_t wanted = k->v[6].i;
  if (!(wanted & 1 ? tide__result(k, 0, x->dtype, x->ndim, x->shape) : tide__result(k, 0, x->dtype, 1, &nothing))) return 0;
  for (int i = 1; i < 3; i++) if (!(wanted >> i & 1 ? tide__result(k, i, x->dtype, sizes->n, sizes->ints) : tide__result(k, i, x->dtype, 1, &nothing))) return 0;
  return 1;
}

static int layer_norm_grad_run(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *t[5];
  int64_t wanted = k->v[6].i;
  for (int i = 0; i < 5; i++) if (!(t[i] = k->in[i] == TIDE_NONE ? TIDE_NONE : tide__packed(i ? k->in[i] : tide__converted(k->in[i], k->in[1]->dtype)))) return 0;
  tide__Norm norm = {.rows = t[3]->n, .n = length(&k->v[5]), .g = t[0]->data, .x = t[1]->data, .weight = t[2] == TIDE_NONE ? NULL : t[2]->data, .mean = (double *)(void *)t[3]->data,
                     .rstd = (double *)(void *)t[4]->data, .dx = wanted & 1 ? k->out[0]->data : NULL, .dweight = wanted & 2 ? k->out[1]->data : NULL, .dbias = wanted & 4 ? k->out[2]->data : NULL};
  tide__norm_backward(t[1]->dtype, &norm);
  tide_close(k->c, scope, NULL);
  return 1;
}

/* With z = (x - mean) rstd and h = g weight: rstd (h - mean h - z mean(h z)) in x, g z in weight, g in bias. */
static int layer_norm_composition(tide_Node *n, tide_Tensor *g, tide_Tensor **gi, const uint8_t *want) {
  int64_t dims[TIDE_MAXDIM];
  int nd = ARG(n, 1).n;
  for (int d = 0; d < nd; d++) dims[d] = d - nd;
  if (want[2]) gi[2] = g;
  if (!want[0] && !want[1]) return 1;
  tide_Tensor *x = tide__saved(n, 0), *weight = want[0] ? tide__saved(n, 1) : TIDE_NONE;
  tide_Tensor *rstd = tide_rsqrt(tide_add(tide_var_correction(x, dims, nd, 0, 1), K(ARG(n, 4).d)));
  tide_Tensor *z = tide_mul(tide_sub(x, tide_mean_dim(x, dims, nd, 1, -1)), rstd);
  if (want[1] && !(gi[1] = tide_mul(g, z))) return 0;
  if (!want[0]) return 1;
  tide_Tensor *h = weight == TIDE_NONE ? g : tide_mul(g, weight);
  tide_Tensor *along = tide_mul(z, tide_mean_dim(tide_mul(h, z), dims, nd, 1, -1));
  return (gi[0] = tide_mul(rstd, tide_sub(tide_sub(h, tide_mean_dim(h, dims, nd, 1, -1)), along))) != NULL;
}

static int layer_norm_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  if (n->ctx->mode.grad) return layer_norm_composition(n, g[0], gi, want);
  int bias = want[2] != 0, wanted = (want[0] ? 1 : 0) | (want[1] ? 2 : 0) | (bias ? 4 : 0);
  if (wanted == 4) return (gi[2] = g[0]) != NULL;
  tide_Tensor *second, *third, *weight = want[0] ? tide__saved(n, 1) : TIDE_NONE;
  tide_Tensor *first = tide_layer_norm_grad(g[0], tide__saved(n, 0), weight, tide__saved_output(n, 1), tide__saved_output(n, 2), ARG(n, 1).ints, ARG(n, 1).n, wanted, &second, &third);
  if (!first) return 0;
  if (want[0]) gi[0] = first;
  if (want[1]) gi[1] = second;
  if (bias) gi[2] = third;
  return 1;
}

static tide_Tensor *layer_norm(tide_Tensor *x, const int64_t *sizes, int n, tide_Tensor *weight, tide_Tensor *bias, double eps) {
  tide_Tensor *mean, *rstd;
  return tide_layer_norm_of(x, sizes, n, weight, bias, eps, &mean, &rstd);
}

#define TABLE "ops/layer_norm.def"
#include "ops/define.h"
