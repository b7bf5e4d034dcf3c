/*
** Reductions. The output is walked together with the input, its strides 0 where a dimension is reduced.
*/
#include "ops/op.h"

/* Sizes of the result for a mask of reduced dimensions. */
static int reduced_shape(const tide_Tensor *x, uint32_t mask, int keepdim, int64_t *shape) {
  int nd = 0;
  for (int d = 0; d < x->ndim; d++) {
    if (!(mask >> d & 1)) shape[nd++] = x->shape[d];
    else if (keepdim) shape[nd++] = 1;
  }
  return nd;
}

static uint32_t all_dims(const tide_Tensor *x) { return x->ndim ? (1u << x->ndim) - 1 : 0; }

static int sum_dtype(const tide_Call *k, int64_t wanted) {
  int d = k->in[0]->dtype;
  return wanted >= 0 ? (int)wanted : tide__is_float(d) ? d : TIDE_INT64;
}

static int sum_infer(tide_Call *k) { return tide__result(k, 0, sum_dtype(k, k->v[1].i), 0, NULL); }
static int sum_dim_infer(tide_Call *k) {
  int ok;
  int64_t shape[TIDE_MAXDIM];
  uint32_t mask = tide__dims(k->c, k->v[1].ints, k->v[1].n ? k->v[1].n : -1, k->in[0]->ndim, &ok);
  return ok && tide__result(k, 0, sum_dtype(k, k->v[3].i), reduced_shape(k->in[0], mask, (int)k->v[2].i, shape), shape);
}

static int needs_float(tide_Call *k, int64_t wanted) {
  int d = wanted >= 0 ? (int)wanted : k->in[0]->dtype;
  return tide__is_float(d) || FAIL(k, TIDE_EDTYPE, "the mean is of floats, not %s; pass dtype or convert first", tide_dtype_name(d));
}
static int mean_infer(tide_Call *k) { return needs_float(k, k->v[1].i) && sum_infer(k); }
static int mean_dim_infer(tide_Call *k) { return needs_float(k, k->v[3].i) && sum_dim_infer(k); }

static uint32_t mask_of(const tide_Call *k) {
  int ok;
  if (k->op == &tide__op_sum || k->op == &tide__op_mean) return all_dims(k->in[0]);
  return tide__dims(k->c, k->v[1].ints, k->v[1].n ? k->v[1].n : -1, k->in[0]->ndim, &ok);
}

static void sum_f32(int64_t n, char *const *p, const int64_t *s, const double *param) {
  (void)param;
  if (s[0] == 0) { *(double *)p[0] += tide__sum_f32(n, p[1], s[1]); return; }
  for (int64_t i = 0; i < n; i++) *(double *)(p[0] + i * s[0]) += (double)*(const float *)(p[1] + i * s[1]);
}
static void sum_f64(int64_t n, char *const *p, const int64_t *s, const double *param) {
  (void)param;
  if (s[0] == 0) { *(double *)p[0] += tide__sum_f64(n, p[1], s[1]); return; }
  for (int64_t i = 0; i < n; i++) *(double *)(p[0] + i * s[0]) += *(const double *)(p[1] + i * s[1]);
}
static void sum_i64(int64_t n, char *const *p, const int64_t *s, const double *param) {
  (void)param;
  for (int64_t i = 0; i < n; i++) *(int64_t *)(p[0] + i * s[0]) += *(const int64_t *)(p[1] + i * s[1]);
}

/* Sums in float64 (int64 for integers), then converts; the mean divides. */
static int sum_run(tide_Call *k) {
  tide_Tensor *x = k->in[0], *o = k->out[0];
  tide_Scope scope = tide_scope(k->c);
  int is_float = tide__is_float(o->dtype), mean = k->op == &tide__op_mean || k->op == &tide__op_mean_dim;
  if (is_float != tide__is_float(x->dtype) || !is_float) { if (!(x = tide__converted(x, is_float ? TIDE_FLOAT64 : TIDE_INT64))) return 0; }
  char *total = tide__scratch(k->c, (size_t)(o->n ? o->n : 1) * 8);
  if (!total) return 0;
  memset(total, 0, (size_t)(o->n ? o->n : 1) * 8);
  uint32_t mask = mask_of(k);
  int64_t kept[TIDE_MAXDIM], dense[TIDE_MAXDIM], stride[TIDE_MAXDIM] = {0};
  int nd = reduced_shape(x, mask, 0, kept), j = 0;
  tide__contiguous_strides(nd, kept, dense);
  for (int d = 0; d < x->ndim; d++) if (!(mask >> d & 1)) stride[d] = dense[j++];
  tide__Iter it;
  const int64_t *strides[2] = {stride, tide__strides(x)};
  tide__iter_init(&it, x->ndim, x->shape, 2, strides, (size_t[]){8, tide__size[x->dtype]});
  char *data[2] = {total, x->data};
  tide__iterate(&it, data, x->dtype == TIDE_FLOAT32 ? sum_f32 : x->dtype == TIDE_FLOAT64 ? sum_f64 : sum_i64, NULL);
  if (mean) for (int64_t i = 0; i < o->n; i++) ((double *)total)[i] /= (double)(x->n / o->n);
  int64_t out_dense[TIDE_MAXDIM];
  tide__contiguous_strides(o->ndim, o->shape, out_dense);
  tide__copy(o->ndim, o->shape, o->dtype, o->data, tide__strides(o), is_float ? TIDE_FLOAT64 : TIDE_INT64, total, out_dense);
  tide_close(k->c, scope, NULL);
  return 1;
}

/* The gradient spread over the reduced dimensions. */
static tide_Tensor *spread_back(tide_Node *n, tide_Tensor *g, const int64_t *dims, int ndims, int keepdim) {
  int nd, ok;
  int64_t shape[TIDE_MAXDIM];
  const int64_t *full = tide__in_shape(n, g, 0, &nd);
  uint32_t mask = tide__dims(n->ctx, dims, ndims ? ndims : -1, nd, &ok);
  if (!ok) return NULL;
  if (!keepdim && g->ndim && nd != g->ndim) {
    for (int d = 0; d < nd; d++) shape[d] = mask >> d & 1 ? 1 : full[d];
    g = tide_reshape(g, shape, nd);
  }
  return tide_expand(g, full, nd);
}
static double reduced_count(tide_Node *n, tide_Tensor *g) {
  int nd;
  const int64_t *full = tide__in_shape(n, g, 0, &nd);
  double total = 1;
  for (int d = 0; d < nd; d++) total *= (double)full[d];
  return g->n ? total / (double)g->n : 1;
}
static tide_Tensor *sum_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return spread_back(n, g, NULL, -1, 0); }
static tide_Tensor *sum_dim_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return spread_back(n, g, ARG(n, 1).ints, ARG(n, 1).n, (int)ARG(n, 2).i); }
static tide_Tensor *mean_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return spread_back(n, tide_div(g, K(reduced_count(n, g))), NULL, -1, 0); }
static tide_Tensor *mean_dim_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return spread_back(n, tide_div(g, K(reduced_count(n, g))), ARG(n, 1).ints, ARG(n, 1).n, (int)ARG(n, 2).i); }

static tide_Tensor *sum_to(tide_Tensor *x, const int64_t *size, int nd) {
  if (!x) return NULL;
  int64_t dims[TIDE_MAXDIM];
  int n = 0, lead = x->ndim - nd;
  for (int d = 0; d < x->ndim; d++) if (d < lead || (size[d - lead] == 1 && x->shape[d] != 1)) dims[n++] = d;
  if (n) x = n == x->ndim && nd == 0 ? tide_sum(x, -1) : tide_sum_dim(x, dims, n, 1, -1);
  return x && x->ndim != nd ? tide_reshape(x, size, nd) : x;
}

#define TABLE "ops/reduce.def"
#include "ops/define.h"
