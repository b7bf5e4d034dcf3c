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

#define TABLE "ops/activation.def"
#include "ops/define.h"
