/*
** Reductions: sums, products, counts, variances; and what the other files of reductions use. The input is walked in the order in which it
** lies in memory (kernels/reduce.h), a chunk of results at a time: a chunk function makes its passes over the inputs of the chunk and
** stores the results.
*/
#include <math.h>

#include "ops/reduce.h"


/* {======================== which dimensions ======================== */

uint32_t tide__reduced(const tide_Call *k, const tide_Value *dims, int *ok) {
  return tide__dims(k->c, dims->ints, dims->n ? dims->n : -1, k->in[0]->ndim, ok);
}

int tide__reduced_one(const tide_Call *k, int64_t dim, uint32_t *mask) {
  int d = tide__dim(k->c, dim, k->in[0]->ndim);
  *mask = k->in[0]->ndim && d >= 0 ? 1u << d : 0;
  return d >= 0;
}

static uint32_t all_dims(const tide_Tensor *x) { return (1u << x->ndim) - 1; }

int tide__reduced_result(tide_Call *k, int output, int dtype, uint32_t mask, int keepdim) {
  const tide_Tensor *x = k->in[0];
  int64_t shape[TIDE_MAXDIM];
  int nd = 0;
  for (int d = 0; d < x->ndim; d++) {
    if (!(mask >> d & 1)) shape[nd++] = x->shape[d];
    else if (keepdim) shape[nd++] = 1;
  }
  return tide__result(k, output, dtype, nd, shape);
}

int tide__not_empty(const tide_Call *k, uint32_t mask) {
  const tide_Tensor *x = k->in[0];
  for (int d = 0; d < x->ndim; d++)
    if (mask >> d & 1 && x->shape[d] == 0) return FAIL(k, TIDE_EVALUE, "dimension %lld of sizes %s is empty, which has no result", tide__shown(k->c, d), SHAPE_TEXT(x));
  return 1;
}

/* }========================================================= */


/* {======================== walking ======================== */

static void walk_over(const tide_Call *k, const tide_Tensor *x, uint32_t mask, tide__ChunkFunction f, void *arg, int in_order) {
  int64_t shape[TIDE_MAXDIM], stride[TIDE_MAXOPERANDS][TIDE_MAXDIM];
  const int64_t *strides[TIDE_MAXOPERANDS];
  size_t size[TIDE_MAXOPERANDS];
  char *data[TIDE_MAXOPERANDS];
  int nd = x->ndim, flat = mask == all_dims(x) && x->flags & T_DENSE;       /* the whole memory, in whatever order */
  if (flat) { nd = 1; shape[0] = x->n; stride[0][0] = 1; mask = 1; }
  else {
    memcpy(shape, x->shape, sizeof *shape * (size_t)nd);
    memcpy(stride[0], tide__strides((tide_Tensor *)x), sizeof *shape * (size_t)nd);
  }
  for (int i = 0; i < k->nout; i++) {
    const tide_Tensor *o = k->out[i];
    for (int d = 0, j = 0; d < nd; d++) {
      int gone = mask >> d & 1;
      stride[i + 1][d] = gone ? 0 : tide__strides((tide_Tensor *)o)[j];
      if (!gone || o->ndim == x->ndim) j++;
    }
    size[i + 1] = tide__size[o->dtype];
    data[i + 1] = o->data;
  }
  for (int i = 0; i <= k->nout; i++) strides[i] = stride[i];
  size[0] = tide__size[x->dtype];
  data[0] = x->data;
  tide__Walk w;
  tide__walk_init(&w, nd, shape, mask, 1 + k->nout, strides, size);
  if (in_order) tide__walk_in_order(&w, data, f, arg);
  else tide__walk(&w, data, f, arg);
}

void tide__reduce_walk(const tide_Call *k, const tide_Tensor *x, uint32_t mask, tide__ChunkFunction f, void *arg) { walk_over(k, x, mask, f, arg, 0); }
void tide__reduce_walk_in_order(const tide_Call *k, const tide_Tensor *x, uint32_t mask, tide__ChunkFunction f, void *arg) { walk_over(k, x, mask, f, arg, 1); }

void tide__store(int64_t n, const double *v, int dtype, char *p, int64_t s) {
  if (dtype == TIDE_FLOAT32) for (int64_t i = 0; i < n; i++) *(float *)(p + i * s) = (float)v[i];
  else if (dtype == TIDE_FLOAT64) for (int64_t i = 0; i < n; i++) *(double *)(p + i * s) = v[i];
  else for (int64_t i = 0; i < n; i++) tide__write(dtype, p + i * s, v[i]);
}

void tide__store_integers(int64_t n, const int64_t *v, int dtype, char *p, int64_t s) {
  if (dtype == TIDE_INT64) for (int64_t i = 0; i < n; i++) *(int64_t *)(p + i * s) = v[i];
  else for (int64_t i = 0; i < n; i++) tide__write_integer(dtype, p + i * s, v[i]);
}

/* }========================================================= */


/* {======================== for formulas ======================== */

tide_Tensor *tide__restored(tide_Node *n, tide_Tensor *t, const tide_Tensor *g, const int64_t *dims, int ndims, int keepdim) {
  int nd, ok;
  int64_t shape[TIDE_MAXDIM];
  if (!t || !g) return NULL;
  const int64_t *full = tide__in_shape(n, g, 0, &nd);
  if (keepdim || nd == t->ndim || t->ndim == 0) return t;
  uint32_t mask = tide__dims(n->ctx, dims, ndims ? ndims : -1, nd, &ok);
  for (int d = 0; d < nd; d++) shape[d] = mask >> d & 1 ? 1 : full[d];
  return tide_reshape(t, shape, nd);
}

tide_Tensor *tide__restored_one(tide_Node *n, tide_Tensor *t, const tide_Tensor *g, int64_t dim, int keepdim) {
  return tide__restored(n, t, g, &dim, 1, keepdim);
}

int tide__contains(tide_Tensor *t, double v, int or_wild) {
  tide_Scope scope = tide_scope(t->ctx);
  tide_Tensor *p = tide__packed(t);
  int found = 0;
  for (int64_t i = 0; p && i < p->n && !found; i++) {
    double x = tide_element(p, i);
    found = x == v || (or_wild && !isfinite(x));
  }
  tide_close(t->ctx, scope, NULL);
  return found;
}

/* g spread over the reduced dimensions. */
static tide_Tensor *spread(tide_Node *n, tide_Tensor *g, const int64_t *dims, int ndims, int keepdim) {
  int nd;
  const int64_t *full = tide__in_shape(n, g, 0, &nd);
  return tide_expand(tide__restored(n, g, g, dims, ndims, keepdim), full, nd);
}

/* How many elements go into one result; at least 1, since a gradient of nothing is divided by it. */
static double count_of(tide_Node *n, const tide_Tensor *g, const int64_t *dims, int ndims) {
  int nd, ok;
  const int64_t *full = tide__in_shape(n, g, 0, &nd);
  uint32_t mask = tide__dims(n->ctx, dims, ndims ? ndims : -1, nd, &ok);
  double total = 1;
  for (int d = 0; d < nd; d++) if (mask >> d & 1) total *= (double)full[d];
  return total > 1 ? total : 1;
}

/* }========================================================= */


/* {======================== sums, products, counts ======================== */

enum { PLAIN, MEAN, ALL, ANY };
typedef struct Sum { int reduction, how, in, out; } Sum;

static void sum_chunk(const tide__Walk *w, int64_t n, char *const *p, const int64_t *s, void *arg) {
  const Sum *r = arg;
  union { double d[TIDE_REDUCE_WIDTH]; int64_t i[TIDE_REDUCE_WIDTH]; } acc;
  tide__reduce(w, r->reduction, r->in, n, p[0], s[0], &acc, NULL);
  if (r->how == MEAN) for (int64_t i = 0; i < n; i++) acc.d[i] /= (double)w->count;
  else if (r->how == ALL) for (int64_t i = 0; i < n; i++) acc.i[i] = acc.i[i] == w->count;
  else if (r->how == ANY) for (int64_t i = 0; i < n; i++) acc.i[i] = acc.i[i] != 0;
  if (r->reduction != RED_NONZERO && tide__is_float(r->in)) tide__store(n, acc.d, r->out, p[1], s[1]);
  else tide__store_integers(n, acc.i, r->out, p[1], s[1]);
}

/* The input is converted first where the result has another dtype; but integers accumulate in int64 anyway. */
static int total(tide_Call *k, uint32_t mask, int reduction, int how) {
  tide_Tensor *x = k->in[0], *o = k->out[0];
  tide_Scope scope = tide_scope(k->c);
  int as_is = x->dtype == o->dtype || reduction == RED_NONZERO || (!tide__is_float(x->dtype) && !tide__is_float(o->dtype) && o->dtype != TIDE_BOOL);
  if (!as_is && !(x = tide__converted(x, o->dtype))) return 0;
  Sum r = {reduction == RED_NUMBERS && !tide__is_float(x->dtype) ? RED_SUM : reduction, how, x->dtype, o->dtype};
  tide__reduce_walk(k, x, mask, sum_chunk, &r);
  tide_close(k->c, scope, NULL);
  return 1;
}

static int total_all(tide_Call *k, int reduction, int how) { return total(k, all_dims(k->in[0]), reduction, how); }
static int total_dims(tide_Call *k, int reduction, int how) {
  int ok;
  return total(k, tide__reduced(k, &k->v[1], &ok), reduction, how);
}

static int sum_dtype(const tide_Call *k, int64_t wanted) {
  int d = k->in[0]->dtype;
  return wanted >= 0 ? (int)wanted : tide__is_float(d) ? d : TIDE_INT64;
}
static int sum_infer(tide_Call *k) { return tide__result(k, 0, sum_dtype(k, k->v[1].i), 0, NULL); }
static int sum_dim_infer(tide_Call *k) {
  int ok;
  uint32_t mask = tide__reduced(k, &k->v[1], &ok);
  return ok && tide__reduced_result(k, 0, sum_dtype(k, k->v[3].i), mask, (int)k->v[2].i);
}
static int needs_float(tide_Call *k, int64_t wanted) {
  int d = wanted >= 0 ? (int)wanted : k->in[0]->dtype;
  return tide__is_float(d) || FAIL(k, TIDE_EDTYPE, "the mean is of floats, not %s; pass dtype or convert first", tide_dtype_name(d));
}
static int mean_infer(tide_Call *k) { return needs_float(k, k->v[1].i) && sum_infer(k); }
static int mean_dim_infer(tide_Call *k) { return needs_float(k, k->v[3].i) && sum_dim_infer(k); }

static int sum_run(tide_Call *k) { return total_all(k, RED_SUM, PLAIN); }
static int sum_dim_run(tide_Call *k) { return total_dims(k, RED_SUM, PLAIN); }
static int mean_run(tide_Call *k) { return total_all(k, RED_SUM, MEAN); }
static int mean_dim_run(tide_Call *k) { return total_dims(k, RED_SUM, MEAN); }
static int nansum_run(tide_Call *k) { return total_dims(k, RED_NUMBERS, PLAIN); }

static tide_Tensor *sum_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return spread(n, g, NULL, -1, 0); }
static tide_Tensor *sum_dim_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return spread(n, g, ARG(n, 1).ints, ARG(n, 1).n, (int)ARG(n, 2).i); }
static tide_Tensor *mean_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return spread(n, tide_div(g, K(count_of(n, g, NULL, -1))), NULL, -1, 0); }
static tide_Tensor *mean_dim_vjp(tide_Node *n, tide_Tensor *g, int i) {
  (void)i;
  return spread(n, tide_div(g, K(count_of(n, g, ARG(n, 1).ints, ARG(n, 1).n))), ARG(n, 1).ints, ARG(n, 1).n, (int)ARG(n, 2).i);
}
static tide_Tensor *nansum_vjp(tide_Node *n, tide_Tensor *g, int i) {
  tide_Tensor *x = tide__saved(n, 0);
  return tide_where(tide_eq(x, x), sum_dim_vjp(n, g, i), K(0));
}

static tide_Tensor *nanmean(tide_Tensor *x, const int64_t *dims, int n, int keepdim, int dtype) {
  if (!x) return NULL;
  int d = dtype >= 0 ? dtype : x->dtype;
  if (!tide__is_float(d)) return tide__fail(x->ctx, TIDE_EDTYPE, "the mean is of floats, not %s; pass dtype or convert first", tide_dtype_name(d));
  tide_Tensor *plain = tide_detach(x);
  return tide_div(tide_nansum(x, dims, n, keepdim, dtype), tide_sum_dim(tide_eq(plain, plain), dims, n, keepdim, -1));
}

static tide_Tensor *sum_to(tide_Tensor *x, const int64_t *size, int nd) {
  if (!x) return NULL;
  int64_t dims[TIDE_MAXDIM];
  int n = 0, lead = x->ndim - nd;
  for (int d = 0; d < x->ndim; d++) if (d < lead || (size[d - lead] == 1 && x->shape[d] != 1)) dims[n++] = d;
  if (n) x = n == x->ndim && nd == 0 ? tide_sum(x, -1) : tide_sum_dim(x, dims, n, 1, -1);
  return x && x->ndim != nd ? tide_reshape(x, size, nd) : x;
}

static int prod_dim_infer(tide_Call *k) {
  uint32_t mask;
  return tide__reduced_one(k, k->v[1].i, &mask) && tide__reduced_result(k, 0, sum_dtype(k, k->v[3].i), mask, (int)k->v[2].i);
}
static int prod_run(tide_Call *k) { return total_all(k, RED_PROD, PLAIN); }
static int prod_dim_run(tide_Call *k) {
  uint32_t mask;
  return tide__reduced_one(k, k->v[1].i, &mask) && total(k, mask, RED_PROD, PLAIN);
}

static int count_infer(tide_Call *k) {
  int ok;
  uint32_t mask = tide__reduced(k, &k->v[1], &ok);
  return ok && tide__reduced_result(k, 0, TIDE_INT64, mask, 0);
}
static int count_run(tide_Call *k) { return total_dims(k, RED_NONZERO, PLAIN); }

static int test_dtype(const tide_Call *k) { return k->in[0]->dtype == TIDE_UINT8 ? TIDE_UINT8 : TIDE_BOOL; }
static int test_infer(tide_Call *k) { return tide__result(k, 0, test_dtype(k), 0, NULL); }
static int test_dim_infer(tide_Call *k) {
  int ok;
  uint32_t mask = tide__dims(k->c, k->v[1].ints, k->v[1].n, k->in[0]->ndim, &ok);
  return ok && tide__reduced_result(k, 0, test_dtype(k), mask, (int)k->v[2].i);
}
static int test_dim_run(tide_Call *k, int how) {
  int ok;
  return total(k, tide__dims(k->c, k->v[1].ints, k->v[1].n, k->in[0]->ndim, &ok), RED_NONZERO, how);
}
static int all_run(tide_Call *k) { return total_all(k, RED_NONZERO, ALL); }
static int any_run(tide_Call *k) { return total_all(k, RED_NONZERO, ANY); }
static int all_dim_run(tide_Call *k) { return test_dim_run(k, ALL); }
static int any_dim_run(tide_Call *k) { return test_dim_run(k, ANY); }

/* The product of the others times g: along dim, the products of all before and of all behind. */
static tide_Tensor *others(tide_Tensor *g, tide_Tensor *x, int64_t dim) {
  if (!g || !x) return NULL;
  if (x->ndim == 0) return g;
  tide_Tensor *before = tide_shift(tide_cumprod(x, dim, -1), dim, 1, 1);
  tide_Tensor *last = tide_shift(tide_zeros_like(x, -1), dim, -1, 1);            /* 1 at the last place, else 0 */
  tide_Tensor *start = tide_where(tide_ne(last, tide_number(x->ctx, 0)), g, tide_number(x->ctx, 0));
  return tide_mul(before, tide_linear_scan(start, tide_shift(x, dim, -1, 0), dim, 1));
}

static tide_Tensor *prod_vjp(tide_Node *n, tide_Tensor *g, int i) {
  (void)i;
  tide_Tensor *x = tide__saved(n, 0), *y = tide__saved_output(n, 0);
  if (!x || !y) return NULL;
  if (!tide__contains(y, 0, 1)) return tide_div(tide_mul(g, y), x);
  return tide_reshape(others(g, tide_reshape(x, (int64_t[]){-1}, x->n ? 1 : -1), 0), x->shape, x->ndim);
}
static tide_Tensor *prod_dim_vjp(tide_Node *n, tide_Tensor *g, int i) {
  (void)i;
  tide_Tensor *x = tide__saved(n, 0), *y = tide__saved_output(n, 0);
  if (!x || !y) return NULL;
  int wild = tide__contains(y, 0, 1);
  tide_Tensor *gk = tide__restored_one(n, g, g, ARG(n, 1).i, (int)ARG(n, 2).i);
  return wild ? others(gk, x, ARG(n, 1).i) : tide_div(tide_mul(gk, tide__restored_one(n, y, g, ARG(n, 1).i, (int)ARG(n, 2).i)), x);
}

/* }========================================================= */


/* {======================== variance ======================== */

typedef struct Variance { int root, in, out; double correction; } Variance;

static void var_chunk(const tide__Walk *w, int64_t n, char *const *p, const int64_t *s, void *arg) {
  const Variance *r = arg;
  double mean[TIDE_REDUCE_WIDTH], acc[TIDE_REDUCE_WIDTH], count = (double)w->count, freedom = count - r->correction;
  tide__reduce(w, RED_SUM, r->in, n, p[0], s[0], mean, NULL);
  for (int64_t i = 0; i < n; i++) mean[i] /= count;
  tide__reduce(w, RED_DEVIATION, r->in, n, p[0], s[0], acc, mean);
  for (int64_t i = 0; i < n; i++) acc[i] /= freedom > 0 ? freedom : 0;
  if (r->root) for (int64_t i = 0; i < n; i++) acc[i] = sqrt(acc[i]);
  tide__store(n, acc, r->out, p[1], s[1]);
  if (w->kept.nop > 2) tide__store(n, mean, r->out, p[2], s[2]);
}

static int var_infer(tide_Call *k) {
  int ok, d = k->in[0]->dtype;
  if (!tide__is_float(d)) return FAIL(k, TIDE_EDTYPE, "defined for floats, not %s; convert first", tide_dtype_name(d));
  uint32_t mask = tide__reduced(k, &k->v[1], &ok);
  for (int i = 0; ok && i < k->nout; i++) ok = tide__reduced_result(k, i, d, mask, (int)k->v[3].i);
  return ok;
}
static int variance(tide_Call *k, int root) {
  int ok;
  Variance r = {root, k->in[0]->dtype, k->out[0]->dtype, k->v[2].d};
  tide__reduce_walk(k, k->in[0], tide__reduced(k, &k->v[1], &ok), var_chunk, &r);
  return 1;
}
static int var_run(tide_Call *k) { return variance(k, 0); }
static int std_run(tide_Call *k) { return variance(k, 1); }

/* g 2 (x - mean) / freedom; without freedom inf, nan at the mean itself, as PyTorch has it. */
static tide_Tensor *var_part(tide_Node *n, tide_Tensor *g, tide_Tensor *like) {
  const int64_t *dims = ARG(n, 1).ints;
  int nd = ARG(n, 1).n, keepdim = (int)ARG(n, 3).i;
  tide_Tensor *x = tide__saved(n, 0), *mean = tide_mean_dim(x, dims, nd, 1, -1);
  if (!x || !g) return NULL;
  double freedom = count_of(n, like, dims, nd) - ARG(n, 2).d;
  tide_Tensor *gk = tide__restored(n, g, like, dims, nd, keepdim);
  if (freedom <= 0) return tide_mul(gk, tide_where(tide_eq(x, mean), K(NAN), K(INFINITY)));
  return tide_mul(tide_mul(gk, K(2 / freedom)), tide_sub(x, mean));
}
/* Of the square root: g / 2y, where y is not 0. */
static tide_Tensor *root_part(tide_Node *n, tide_Tensor *g) {
  tide_Tensor *y = tide__saved_output(n, 0);
  return tide_div(g, tide_mul(tide_where(tide_eq(y, K(0)), K(INFINITY), y), K(2)));
}
static tide_Tensor *mean_part(tide_Node *n, tide_Tensor *g, tide_Tensor *like) {
  const int64_t *dims = ARG(n, 1).ints;
  return tide__restored(n, tide_div(g, K(count_of(n, like, dims, ARG(n, 1).n))), like, dims, ARG(n, 1).n, (int)ARG(n, 3).i);
}

static tide_Tensor *var_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return var_part(n, g, g); }
static tide_Tensor *std_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return var_part(n, root_part(n, g), g); }
static int var_mean_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  (void)want;
  gi[0] = tide_add(var_part(n, g[0], g[0]), mean_part(n, g[1], g[0]));
  return gi[0] != NULL;
}
static int std_mean_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  (void)want;
  gi[0] = tide_add(var_part(n, root_part(n, g[0]), g[0]), mean_part(n, g[1], g[0]));
  return gi[0] != NULL;
}

/* }========================================================= */

#define TABLE "ops/reduce.def"
#include "ops/define.h"
