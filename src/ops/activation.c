/* Activations: choices between rows, and what a row cannot check. */
#include "ops/op.h"

#define SELU_ALPHA 1.6732632423543772848170429916717
#define SELU_SCALE 1.0507009873554804934193349852946

static tide_Tensor *selu(tide_Tensor *x, int inplace) {
  return inplace ? tide_elu_(x, SELU_ALPHA, SELU_SCALE, 1) : tide_elu(x, SELU_ALPHA, SELU_SCALE, 1);
}

static tide_Tensor *celu(tide_Tensor *x, double alpha, int inplace) {
  if (x && alpha == 0) return tide__fail(x->ctx, TIDE_EVALUE, "alpha must not be 0");
  return inplace ? tide_celu_(x, alpha, 1, 1 / alpha) : tide_celu(x, alpha, 1, 1 / alpha);
}

static tide_Tensor *gelu(tide_Tensor *x, const char *approximate) {
  if (!x) return NULL;
  if (!strcmp(approximate, "none")) return tide_gelu_erf(x);
  if (!strcmp(approximate, "tanh")) return tide_gelu_tanh(x);
  return tide__fail(x->ctx, TIDE_EARG, "approximate must be \"none\" or \"tanh\", not \"%s\"", approximate);
}

static tide_Tensor *hardtanh(tide_Tensor *x, double low, double high, int inplace) {
  if (x && low > high) return tide__fail(x->ctx, TIDE_EVALUE, "min_val %g is above max_val %g", low, high);
  return inplace ? tide_hardtanh_(x, low, high) : tide_hardtanh(x, low, high);
}

/* The weight laid along dimension 1. */
static tide_Tensor *prelu(tide_Tensor *x, tide_Tensor *w) {
  int64_t shape[TIDE_MAXDIM];
  if (!x || !w) return NULL;
  int64_t channels = x->ndim >= 2 ? x->shape[1] : 1;
  if (w->ndim > 1 || (w->n != 1 && w->n != channels))
    return tide__fail(x->ctx, TIDE_ESHAPE, "weight has sizes %s; one element is wanted, or %lld for input's %s", SHAPE_TEXT(w), (long long)channels, SHAPE_TEXT(x));
  for (int d = 0; d < x->ndim; d++) shape[d] = 1;
  if (x->ndim >= 2) shape[1] = w->n;
  return tide_prelu_kernel(x, x->ndim ? tide_reshape(w, shape, x->ndim) : w);
}

/* The two halves of x along dimension d. */
static int halves(tide_Tensor *x, int d, tide_Tensor **a, tide_Tensor **b) {
  int64_t half = x ? x->shape[d] / 2 : 0;
  *a = tide_slice(x, d, 0, half, 1);
  *b = tide_slice(x, d, half, 2 * half, 1);
  return *a && *b;
}

static int glu_infer(tide_Call *k) {
  const tide_Tensor *x = k->in[0];
  int64_t shape[TIDE_MAXDIM];
  if (!tide__is_float(x->dtype)) return FAIL(k, TIDE_EDTYPE, "not defined for %s", tide_dtype_name(x->dtype));
  if (x->ndim == 0) return FAIL(k, TIDE_ESHAPE, "a tensor of 0 dimensions has no halves");
  int d = tide__dim(k->c, k->v[1].i, x->ndim);
  if (d < 0) return 0;
  memcpy(shape, x->shape, sizeof(int64_t) * x->ndim);
  if (shape[d] % 2) return FAIL(k, TIDE_ESHAPE, "sizes %s have no equal halves along dimension %lld", SHAPE_TEXT(x), tide__shown(k->c, d));
  shape[d] /= 2;
  return tide__result(k, 0, x->dtype, x->ndim, shape);
}
static int glu_run(tide_Call *k) {
  tide_Tensor *o = k->out[0], *a, *b, *y = NULL;
  tide_Scope scope = tide_scope(k->c);
  uint8_t mode = k->c->mode.grad;
  k->c->mode.grad = 0;
  if (halves(k->in[0], tide__dim(k->c, k->v[1].i, o->ndim), &a, &b) && (y = tide_mul(tide_sigmoid(b), a)) != NULL)
    tide__copy(o->ndim, o->shape, o->dtype, o->data, tide__strides(o), y->dtype, y->data, tide__strides(y));
  k->c->mode.grad = mode;
  tide_close(k->c, scope, NULL);
  return y != NULL;
}
static tide_Tensor *glu_vjp(tide_Node *n, tide_Tensor *g, int i) {
  tide_Tensor *a, *b;
  int d = tide__dim(n->ctx, ARG(n, 1).i, g->ndim);
  (void)i;
  if (!halves(tide__saved(n, 0), d, &a, &b)) return NULL;
  tide_Tensor *gate = tide_sigmoid(b), *first = tide_mul(g, gate), *both[2] = {first, tide_mul(tide_mul(first, tide_rsub(gate, K(1))), a)};
  return both[0] && both[1] ? tide_cat(both, 2, d) : NULL;
}

#define TABLE "ops/activation.def"
#include "ops/define.h"
