/*
** Softmax and log_softmax. Each has its derivative fused into an operator of its own, written in the gradient and the saved result; what
** those have for derivatives is rare enough to be put together from others.
*/
#include "kernels/softmax.h"
#include "ops/op.h"

/* The dimension is the argument behind the tensors. */
static int dim_of(const tide_Call *k) { return tide__dim(k->c, k->v[k->nin].i, k->in[0]->ndim); }

static int softmax_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  if (!tide__is_float(x->dtype)) return FAIL(k, TIDE_EDTYPE, "not defined for %s; pass dtype or convert first", tide_dtype_name(x->dtype));
  return dim_of(k) >= 0 && tide__result(k, 0, x->dtype, x->ndim, x->shape);
}

static int run(tide_Call *k, int which) {
  tide_Tensor *o = k->out[0];
  if (o->n == 0) return 1;
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *a = tide__packed(k->in[0]), *b = k->nin > 1 ? tide__packed(tide__converted(k->in[1], o->dtype)) : a;
  if (!a || !b) return 0;
  int dim = dim_of(k);
  int64_t outer = 1, inner = 1;
  for (int d = 0; d < dim; d++) outer *= o->shape[d];
  for (int d = dim + 1; d < o->ndim; d++) inner *= o->shape[d];
  tide__Lines l = {.a = a->data, .b = b->data, .to = o->data};
  tide__softmax(which, o->dtype, outer, o->ndim ? o->shape[dim] : 1, inner, &l);
  tide_close(k->c, scope, NULL);
  return 1;
}
static int softmax_run(tide_Call *k) { return run(k, SOFTMAX); }
static int log_softmax_run(tide_Call *k) { return run(k, LOG_SOFTMAX); }
static int softmax_grad_run(tide_Call *k) { return run(k, SOFTMAX_GRAD); }
static int log_softmax_grad_run(tide_Call *k) { return run(k, LOG_SOFTMAX_GRAD); }

static tide_Tensor *softmax_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_softmax_grad(g, tide__saved_output(n, 0), ARG(n, 1).i); }
static tide_Tensor *log_softmax_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_log_softmax_grad(g, tide__saved_output(n, 0), ARG(n, 1).i); }

static tide_Tensor *sum_along(tide_Tensor *x, int64_t dim) { return tide_sum_dim(x, &dim, 1, 1, -1); }

/* Of y (g - sum g y), with v coming in. In g it is its own adjoint. In y: v g - v sum(g y) - g sum(v y). */
static tide_Tensor *softmax_grad_vjp(tide_Node *n, tide_Tensor *v, int i) {
  int64_t dim = ARG(n, 2).i;
  tide_Tensor *y = tide__saved(n, 1);
  if (i == 0) return tide_softmax_grad(v, y, dim);
  tide_Tensor *g = tide__saved(n, 0);
  return tide_sub(tide_mul(v, tide_sub(g, sum_along(tide_mul(g, y), dim))), tide_mul(g, sum_along(tide_mul(v, y), dim)));
}

/* Of g - e^y sum g. In g: v - sum(v e^y); in y: -v e^y sum g. */
static tide_Tensor *log_softmax_grad_vjp(tide_Node *n, tide_Tensor *v, int i) {
  int64_t dim = ARG(n, 2).i;
  tide_Tensor *e = tide_exp(tide__saved(n, 1));
  if (i == 0) return tide_sub(v, sum_along(tide_mul(v, e), dim));
  return tide_neg(tide_mul(tide_mul(v, e), sum_along(tide__saved(n, 0), dim)));
}

static tide_Tensor *as(tide_Tensor *x, int dtype) { return !x || dtype < 0 || dtype == x->dtype ? x : tide_cast(x, dtype); }
static int64_t usual_dim(const tide_Tensor *x, int64_t dim) { return !x || dim != TIDE_ABSENT ? dim : x->ndim == 0 || x->ndim == 1 || x->ndim == 3 ? 0 : 1; }

#define TABLE "ops/softmax.def"
#include "ops/define.h"
