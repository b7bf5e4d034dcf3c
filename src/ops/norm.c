/* Norms and logsumexp: sums of powers and of exponentials, and what is made of them. */
#include <math.h>

#include "kernels/softmax.h"
#include "ops/reduce.h"


/* {======================== the p-norm of elements ======================== */

typedef struct Norm { int reduction, in, out; double p, order[TIDE_REDUCE_WIDTH]; } Norm;      /* order: p, many times, for RED_POWER */

static int norm_reduction(double p) {
  return p == 2 ? RED_SQUARES : p == 1 ? RED_ABS : p == 0 ? RED_NONZERO : p == INFINITY ? RED_FARTHEST : p == -INFINITY ? RED_NEAREST : RED_POWER;
}

static void norm_chunk(const tide__Walk *w, int64_t n, char *const *p, const int64_t *s, void *arg) {
  const Norm *r = arg;
  union { double d[TIDE_REDUCE_WIDTH]; float f[TIDE_REDUCE_WIDTH]; int64_t i[TIDE_REDUCE_WIDTH]; } acc;
  tide__reduce(w, r->reduction, r->in, n, p[0], s[0], &acc, r->order);
  switch (r->reduction) {
    case RED_SQUARES: for (int64_t i = 0; i < n; i++) acc.d[i] = sqrt(acc.d[i]); break;
    case RED_POWER: for (int64_t i = 0; i < n; i++) acc.d[i] = pow(acc.d[i], 1 / r->p); break;
    case RED_NONZERO: tide__store_integers(n, acc.i, r->out, p[1], s[1]); return;
    case RED_FARTHEST: case RED_NEAREST:
      if (r->in == TIDE_FLOAT32) for (int64_t i = n; i-- > 0;) acc.d[i] = (double)acc.f[i];
      break;
    default: break;
  }
  tide__store(n, acc.d, r->out, p[1], s[1]);
}

static int p_norm_infer(tide_Call *k) {
  int ok, d = k->in[0]->dtype;
  if (!tide__is_float(d)) return FAIL(k, TIDE_EDTYPE, "defined for floats, not %s; convert first", tide_dtype_name(d));
  uint32_t mask = tide__reduced(k, &k->v[2], &ok);
  if (!ok || ((isinf(k->v[1].d) || k->v[1].d < 0) && !tide__not_empty(k, mask))) return 0;
  return tide__reduced_result(k, 0, d, mask, (int)k->v[3].i);
}
static int p_norm_run(tide_Call *k) {
  int ok;
  Norm r;
  r.reduction = norm_reduction(r.p = k->v[1].d);
  r.in = k->in[0]->dtype;
  r.out = k->out[0]->dtype;
  for (int i = 0; r.reduction == RED_POWER && i < TIDE_REDUCE_WIDTH; i++) r.order[i] = r.p;
  tide__reduce_walk(k, k->in[0], tide__reduced(k, &k->v[2], &ok), norm_chunk, &r);
  return 1;
}

static tide_Tensor *p_norm_vjp(tide_Node *n, tide_Tensor *g, int i) {
  double p = ARG(n, 1).d;
  const int64_t *dims = ARG(n, 2).ints;
  int nd = ARG(n, 2).n, keepdim = (int)ARG(n, 3).i;
  (void)i;
  if (p == 0) return TIDE_NONE;
  tide_Tensor *x = tide__saved(n, 0), *y = tide__restored(n, tide__saved_output(n, 0), g, dims, nd, keepdim);
  tide_Tensor *gk = tide__restored(n, g, g, dims, nd, keepdim), *zero = K(0);
  if (p == 1) return tide_mul(gk, tide_sign(x));
  if (isinf(p)) {
    tide_Tensor *reached = tide_eq(tide_abs(x), y);
    return tide_where(reached, tide_mul(tide_sign(x), tide_div(gk, tide_sum_dim(reached, dims, nd, 1, -1))), zero);
  }
  tide_Tensor *safe = tide_where(tide_eq(y, zero), K(INFINITY), y);        /* where the norm is 0, its inverse powers are, in every order */
  if (p == 2) return tide_mul(gk, tide_div(x, safe));
  if (p > 2) return tide_mul(tide_mul(x, tide_pow_scalar(tide_abs(x), K(p - 2))), tide_mul(gk, tide_pow_scalar(safe, K(1 - p))));
  tide_Tensor *size = tide_where(tide_eq(x, zero), K(1), tide_abs(x));     /* where x is 0, its sign is too */
  tide_Tensor *power = tide_mul(tide_sign(x), tide_pow_scalar(size, K(p - 1)));
  return p > 1 ? tide_mul(power, tide_mul(gk, tide_pow_scalar(safe, K(1 - p)))) : tide_mul(power, tide_mul(gk, tide_pow_scalar(y, K(1 - p))));
}

/* }========================================================= */


/* {======================== norms of vectors and matrices ======================== */

static tide_Tensor *vector_norm(tide_Tensor *x, double p, const int64_t *dims, int n, int keepdim, int dtype) {
  if (!x) return NULL;
  if (dtype >= 0 && !tide__is_float(x->dtype)) return tide__fail(x->ctx, TIDE_EDTYPE, "defined for floats, not %s; convert first", tide_dtype_name(x->dtype));
  if (dtype >= 0 && !tide__is_float(dtype)) return tide__fail(x->ctx, TIDE_EDTYPE, "dtype is %s, no float", tide_dtype_name(dtype));
  if (dtype >= 0 && tide__size[dtype] < tide__size[x->dtype]) return tide__fail(x->ctx, TIDE_EDTYPE, "dtype is %s, which holds less than the input's %s", tide_dtype_name(dtype), tide_dtype_name(x->dtype));
  return tide_p_norm(dtype >= 0 && dtype != x->dtype ? tide_cast(x, dtype) : x, p, dims, n, keepdim);
}

/* The two dimensions of matrices; absent: the last two. */
static int matrix_dims(tide_Context *c, const tide_Tensor *x, const int64_t *dims, int n, int64_t *two) {
  if (n < 0 && x->ndim < 2) { tide__fail(c, TIDE_ESHAPE, "a matrix is wanted, not sizes %s", SHAPE_TEXT(x)); return 0; }
  if (n >= 0 && n != 2) { tide__fail(c, TIDE_EARG, "the norm of a matrix is over two dimensions, not %d", n); return 0; }
  for (int i = 0; i < 2; i++) if ((two[i] = tide__dim(c, n < 0 ? i - 2 : dims[i], x->ndim)) < 0) return 0;
  if (two[0] == two[1]) { tide__fail(c, TIDE_EARG, "dimension %lld is named twice", tide__shown(c, two[0])); return 0; }
  return 1;
}

static tide_Tensor *matrix_norm(tide_Tensor *x, double ord, const int64_t *dims, int n, int keepdim, int dtype) {
  int64_t two[2];
  if (!x || !matrix_dims(x->ctx, x, dims, n, two)) return NULL;
  if (fabs(ord) != 1 && !isinf(ord)) return tide__fail(x->ctx, TIDE_EVALUE, "the matrix norm of order %g is not there; \"fro\", 1, -1, inf and -inf are", ord);
  tide_Tensor *sums = vector_norm(x, 1, fabs(ord) == 1 ? &two[0] : &two[1], 1, 1, dtype);
  return ord > 0 ? tide_amax(sums, two, 2, keepdim) : tide_amin(sums, two, 2, keepdim);
}

static tide_Tensor *no_such_norm(tide_Tensor *x, const char *name) {
  if (!strcmp(name, "nuc")) return tide__fail(x->ctx, TIDE_EVALUE, "the nuclear norm is not there; \"fro\" is");
  return tide__fail(x->ctx, TIDE_EVALUE, "there is no norm \"%s\"", name);
}

static tide_Tensor *matrix_norm_named(tide_Tensor *x, const char *name, const int64_t *dims, int n, int keepdim, int dtype) {
  int64_t two[2];
  if (!x) return NULL;
  if (strcmp(name, "fro")) return no_such_norm(x, name);
  return matrix_dims(x->ctx, x, dims, n, two) ? vector_norm(x, 2, two, 2, keepdim, dtype) : NULL;
}

static tide_Tensor *linalg_norm(tide_Tensor *x, double ord, const int64_t *dims, int n, int keepdim, int dtype) {
  if (!x) return NULL;
  if (isnan(ord)) return vector_norm(x, 2, dims, n, keepdim, dtype);
  int over = n < 0 ? x->ndim : n;
  if (n < 0 && over != 1 && over != 2) return tide__fail(x->ctx, TIDE_ESHAPE, "with ord and without dim, a vector or matrix is wanted, not sizes %s", SHAPE_TEXT(x));
  return over == 2 ? matrix_norm(x, ord, dims, n, keepdim, dtype) : vector_norm(x, ord, dims, n, keepdim, dtype);
}

static tide_Tensor *norm_named(tide_Tensor *x, const char *name, const int64_t *dims, int n, int keepdim, int dtype) {
  if (!x) return NULL;
  if (strcmp(name, "fro")) return no_such_norm(x, name);
  if (n > 2) return tide__fail(x->ctx, TIDE_EARG, "the norm of a matrix is over two dimensions, not %d", n);
  return vector_norm(x, 2, dims, n, keepdim, dtype);
}

/* }========================================================= */


/* {======================== logsumexp ======================== */

/* Dimensions that are neighbours, of contiguous memory: [outer, n, inner]. Anything else goes through the general walk. */
static int as_lines(const tide_Tensor *x, uint32_t mask, int64_t *outer, int64_t *n, int64_t *inner) {
  int d = 0;
  *outer = *n = *inner = 1;
  for (; d < x->ndim && !(mask >> d & 1); d++) *outer *= x->shape[d];
  for (; d < x->ndim && mask >> d & 1; d++) *n *= x->shape[d];
  for (; d < x->ndim && !(mask >> d & 1); d++) *inner *= x->shape[d];
  return d == x->ndim && x->flags & T_CONTIG;
}

static void logsumexp_chunk(const tide__Walk *w, int64_t n, char *const *p, const int64_t *s, void *arg) {
  const int *dtypes = arg;
  union { double d[TIDE_REDUCE_WIDTH]; float f[TIDE_REDUCE_WIDTH]; } top;
  double acc[TIDE_REDUCE_WIDTH];
  tide__reduce(w, RED_MAX, dtypes[0], n, p[0], s[0], &top, NULL);
  if (dtypes[0] == TIDE_FLOAT32) for (int64_t i = n; i-- > 0;) top.d[i] = (double)top.f[i];
  for (int64_t i = 0; i < n; i++) if (isinf(top.d[i])) top.d[i] = 0;
  tide__reduce(w, RED_EXP, dtypes[0], n, p[0], s[0], acc, top.d);
  for (int64_t i = 0; i < n; i++) acc[i] = log(acc[i]) + top.d[i];
  tide__store(n, acc, dtypes[1], p[1], s[1]);
}

static int logsumexp_infer(tide_Call *k) {
  int ok, d = k->in[0]->dtype;
  uint32_t mask = tide__reduced(k, &k->v[1], &ok);
  return ok && tide__reduced_result(k, 0, tide__is_float(d) ? d : k->c->mode.default_dtype, mask, (int)k->v[2].i);
}
static int logsumexp(tide_Call *k) {
  tide_Tensor *o = k->out[0], *x = tide__converted(k->in[0], o->dtype);
  int64_t outer, n, inner;
  int ok, dtypes[2] = {o->dtype, o->dtype};
  uint32_t mask = tide__reduced(k, &k->v[1], &ok);
  if (!x) return 0;
  if (!as_lines(x, mask, &outer, &n, &inner)) { tide__reduce_walk(k, x, mask, logsumexp_chunk, dtypes); return 1; }
  double *sum = tide__scratch(k->c, sizeof *sum * (size_t)(o->n + 1));
  if (!sum) return 0;
  tide__softmax(LOG_SUM, x->dtype, outer, n, inner, &(tide__Lines){.a = x->data, .sum = sum});
  tide__store(o->n, sum, o->dtype, o->data, (int64_t)tide__size[o->dtype]);
  return 1;
}
static int logsumexp_run(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  int ok = logsumexp(k);
  tide_close(k->c, scope, NULL);
  return ok;
}
static tide_Tensor *logsumexp_vjp(tide_Node *n, tide_Tensor *g, int i) {
  const int64_t *dims = ARG(n, 1).ints;
  int nd = ARG(n, 1).n, keepdim = (int)ARG(n, 2).i;
  (void)i;
  tide_Tensor *y = tide__restored(n, tide__saved_output(n, 0), g, dims, nd, keepdim);
  return tide_mul(tide__restored(n, g, g, dims, nd, keepdim), tide_exp(tide_sub(tide__saved(n, 0), y)));
}

/* }========================================================= */

#define TABLE "ops/norm.def"
#include "ops/define.h"
