/*
** Scans. The lines along the dimension lie side by side: if a line's own elements are closer together than the lines, few lines are taken
** at once (their steps overlap in the processor), else many.
*/
#include "kernels/scan.h"
#include "ops/reduce.h"

typedef struct Lines { tide__Scan scan; int64_t m, step[TIDE_MAXOPERANDS], width, first; } Lines;

static void scan_chunk(const tide__Walk *w, int64_t n, char *const *p, const int64_t *s, void *arg) {
  const Lines *l = arg;
  int nop = w->kept.nop;
  for (int64_t at = 0; at < n; at += l->width) {
    char *q[TIDE_MAXOPERANDS];
    for (int k = 0; k < nop; k++) q[k] = p[k] + at * s[k];
    l->scan(l->m, n - at < l->width ? n - at : l->width, q, s, l->step, l->first);
  }
}

/* Runs a scan over operands of the same sizes, inputs first. */
static int scan(const tide_Call *k, int which, int dtype, int64_t dim, int reverse, int nop, tide_Tensor *const *t) {
  const tide_Tensor *x = t[0];
  int d = tide__dim(k->c, dim, x->ndim);
  int64_t own[TIDE_MAXOPERANDS][TIDE_MAXDIM];
  const int64_t *strides[TIDE_MAXOPERANDS];
  size_t size[TIDE_MAXOPERANDS];
  char *data[TIDE_MAXOPERANDS];
  if (d < 0) return 0;
  if (x->n == 0) return 1;
  Lines l = {tide__scan(which, dtype), x->ndim ? x->shape[d] : 1, {0}, 0, k->c->base};
  for (int i = 0; i < nop; i++) {
    size[i] = tide__size[t[i]->dtype];
    memcpy(own[i], tide__strides(t[i]), sizeof own[i][0] * x->ndim);
    strides[i] = own[i];
    l.step[i] = x->ndim ? own[i][d] * (int64_t)size[i] : 0;
    data[i] = t[i]->data;
    if (reverse) { data[i] += (l.m - 1) * l.step[i]; l.step[i] = -l.step[i]; }
  }
  tide__Walk w;
  tide__walk_init(&w, x->ndim, x->shape, x->ndim ? 1u << d : 0, nop, strides, size);
  w.least = 8;
  int64_t along = reverse ? -l.step[0] : l.step[0];
  l.width = w.kept.nd && w.kept.stride[0][w.kept.nd - 1] > along ? 8 : TIDE_REDUCE_WIDTH;
  tide__walk(&w, data, scan_chunk, &l);
  return 1;
}

/* One input, converted to the result's dtype; and brought into the result's order where neither lines nor neighbours among them would lie in it. */
static tide_Tensor *fit_for_scan(tide_Tensor *x, int dtype) {
  x = tide__converted(x, dtype);
  return x && x->ndim && tide__strides(x)[x->ndim - 1] != 1 && x->shape[x->ndim - 1] > 1 ? tide__packed(x) : x;
}

static int scan_one(tide_Call *k, int which, int64_t dim, int reverse) {
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *t[3] = {fit_for_scan(k->in[0], k->out[0]->dtype), k->out[0], k->nout > 1 ? k->out[1] : NULL};
  if (!t[0] || !scan(k, which, t[0]->dtype, dim, reverse, 1 + k->nout, t)) return 0;
  tide_close(k->c, scope, NULL);
  return 1;
}

static int like(tide_Call *k, int output, int dtype) { return tide__result(k, output, dtype, k->in[0]->ndim, k->in[0]->shape); }
static int good_dim(const tide_Call *k, int argument) { return tide__dim(k->c, k->v[argument].i, k->in[0]->ndim) >= 0; }


/* {======================== sums and products ======================== */

static int running_infer(tide_Call *k) {
  int dtype = k->in[0]->dtype, wanted = (int)k->v[2].i;
  if (wanted == TIDE_BOOL) return FAIL(k, TIDE_EDTYPE, "the result cannot be bool");
  return good_dim(k, 1) && like(k, 0, wanted >= 0 ? wanted : tide__is_float(dtype) ? dtype : TIDE_INT64);
}
static int running_infer_plain(tide_Call *k) { return good_dim(k, 1) && like(k, 0, k->in[0]->dtype); }
static int cumsum_run(tide_Call *k) { return scan_one(k, SCAN_SUM, k->v[1].i, 0); }
static int cumsum_back_run(tide_Call *k) { return scan_one(k, SCAN_SUM, k->v[1].i, 1); }
static int cumprod_run(tide_Call *k) { return scan_one(k, SCAN_PRODUCT, k->v[1].i, 0); }

static tide_Tensor *cumsum_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_cumsum_back(g, ARG(n, 1).i); }
static tide_Tensor *cumsum_back_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_cumsum(g, ARG(n, 1).i, -1); }

/* d y_k / d x_j is the product of all before j times that of those from j + 1 to k; the latter, times g and summed over k, are a scan from behind. */
static tide_Tensor *cumprod_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int64_t dim = ARG(n, 1).i;
  (void)i;
  return tide_mul(tide_shift(tide__saved_output(n, 0), dim, 1, 1), tide_linear_scan(g, tide_shift(tide__saved(n, 0), dim, -1, 0), dim, 1));
}

/* }========================================================= */


/* {======================== extremes so far ======================== */

static int cumextreme_infer(tide_Call *k) { return good_dim(k, 1) && like(k, 0, k->in[0]->dtype) && like(k, 1, TIDE_INT64); }
static int cummax_run(tide_Call *k) { return scan_one(k, SCAN_MAX, k->v[1].i, 0); }
static int cummin_run(tide_Call *k) { return scan_one(k, SCAN_MIN, k->v[1].i, 0); }
static int cumextreme_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  (void)want;
  gi[0] = tide_scatter_add(tide_zeros_like(g[0], -1), ARG(n, 1).i, tide__saved_output(n, 1), g[0]);
  return gi[0] != NULL;
}

/* }========================================================= */


/* {======================== logcumsumexp ======================== */

static int logcumsumexp_infer(tide_Call *k) {
  int d = k->in[0]->dtype;
  if (!tide__is_float(d)) return FAIL(k, TIDE_EDTYPE, "defined for floats, not %s", tide_dtype_name(d));
  return running_infer_plain(k);
}
static int logcumsumexp_run(tide_Call *k) { return scan_one(k, SCAN_LOGSUM, k->v[1].i, 0); }

/* The sum over k >= j of g_k e^(x_j - y_k), as e^(x_j - y_j) times a scan from behind with weights e^(y_j - y_(j+1)), none of which exceeds 1. */
static tide_Tensor *logcumsumexp_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int64_t dim = ARG(n, 1).i;
  tide_Tensor *x = tide__saved(n, 0), *y = tide__saved_output(n, 0);
  (void)i;
  tide_Tensor *weight = tide_exp(tide_sub(y, tide_shift(y, dim, -1, 0)));
  return tide_mul(tide_exp(tide_sub(x, y)), tide_linear_scan(g, weight, dim, 1));
}

/* }========================================================= */


/* {======================== shift and linear scan ======================== */

static int shift_infer(tide_Call *k) { return running_infer_plain(k); }

static int shift_run(tide_Call *k) {
  tide_Tensor *x = k->in[0], *o = k->out[0];
  int d = tide__dim(k->c, k->v[1].i, x->ndim);
  int64_t by = k->v[2].i, m = x->ndim ? x->shape[d] : 1, shape[TIDE_MAXDIM];
  union { char bytes[8]; double align; } fill;
  tide__write(o->dtype, fill.bytes, k->v[3].d);
  tide__fill(o->ndim, o->shape, o->dtype, o->data, tide__strides(o), fill.bytes);
  int64_t left = m - (by < 0 ? -by : by), width = tide__size[x->dtype];
  if (x->n == 0 || left <= 0) return 1;
  memcpy(shape, x->shape, sizeof *shape * x->ndim);
  if (x->ndim) shape[d] = left;
  int64_t from = by < 0 ? -by : 0, to = by > 0 ? by : 0, xs = x->ndim ? tide__strides(x)[d] : 0, os = x->ndim ? tide__strides(o)[d] : 0;
  tide__copy(x->ndim, shape, o->dtype, o->data + to * os * width, tide__strides(o), x->dtype, x->data + from * xs * width, tide__strides(x));
  return 1;
}
static tide_Tensor *shift_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_shift(g, ARG(n, 1).i, -ARG(n, 2).i, 0); }

static int linear_infer(tide_Call *k) {
  if (!tide__same_shape(k->in[0], k->in[1])) return FAIL(k, TIDE_ESHAPE, "sizes %s and %s differ", SHAPE_TEXT(k->in[0]), SHAPE_TEXT(k->in[1]));
  return good_dim(k, 2) && like(k, 0, tide_promote_types(k->in[0]->dtype, k->in[1]->dtype));
}
static int linear_run(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  int dtype = k->out[0]->dtype;
  tide_Tensor *t[3] = {tide__converted(k->in[0], dtype), tide__converted(k->in[1], dtype), k->out[0]};
  if (!t[0] || !t[1] || !scan(k, SCAN_LINEAR, dtype, k->v[2].i, (int)k->v[3].i, 3, t)) return 0;
  tide_close(k->c, scope, NULL);
  return 1;
}
static tide_Tensor *linear_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int64_t dim = ARG(n, 2).i, by = ARG(n, 3).i ? 1 : -1;
  tide_Tensor *back = tide_linear_scan(g, tide_shift(tide__saved(n, 1), dim, by, 0), dim, by < 0);
  return i == 0 ? back : tide_mul(back, tide_shift(tide__saved_output(n, 0), dim, -by, 0));
}

/* }========================================================= */

#define TABLE "ops/scan.def"
#include "ops/define.h"
