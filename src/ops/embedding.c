/* Rows of a table by position, and the sums of gradients that go back to them. */
#include <math.h>

#include "ops/places.h"

#define NO_PADDING (-1)

/* The places of the rows that `indices` names, in order; scratch memory of the open scope. */
static int rows(tide_Call *k, tide__Places *p, const tide_Tensor *table, tide_Tensor *indices) {
  tide_Tensor *flat = tide_reshape(indices, &indices->n, 1);
  return flat && tide__places_along(k, p, table, 0, flat, 0);
}

static int embedding_infer(tide_Call *k) {
  const tide_Tensor *weight = k->in[0], *at = k->in[1];
  int64_t shape[TIDE_MAXDIM];
  if (weight->ndim != 2) return FAIL(k, TIDE_ESHAPE, "weight has sizes %s; a matrix, one row for each position, is wanted", SHAPE_TEXT(weight));
  if (at->ndim >= TIDE_MAXDIM) return FAIL(k, TIDE_ESHAPE, "the result would have more than %d dimensions", TIDE_MAXDIM);
  memcpy(shape, at->shape, sizeof(int64_t) * at->ndim);
  shape[at->ndim] = weight->shape[1];
  return tide__result(k, 0, weight->dtype, at->ndim + 1, shape);
}

static int embedding_run(tide_Call *k) {
  tide_Tensor *weight = k->in[0], *o = k->out[0];
  tide_Scope scope = tide_scope(k->c);
  tide__Places p;
  int ok = rows(k, &p, weight, k->in[1]);
  if (ok) tide__places_walk(&p, tide__pick_loop(o->dtype), weight, o->data, o->dtype, (int64_t[]){weight->shape[1], 1});
  tide_close(k->c, scope, NULL);
  return ok;
}

static tide_Tensor *embedding_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  return tide_embedding_grad(g, tide__saved(n, 1), shape[0], ARG(n, 2).i, (int)ARG(n, 3).i);
}

static int embedding_grad_infer(tide_Call *k) {
  const tide_Tensor *g = k->in[0];
  return tide__result(k, 0, g->dtype, 2, (int64_t[]){k->v[2].i, g->shape[g->ndim - 1]});
}

/* Divides each row of `sum` by how often it is named. */
static void by_frequency(tide_Call *k, tide_Tensor *sum, const int64_t *offset, int64_t n, int64_t row) {
  int64_t *times = tide__scratch(k->c, (size_t)(sum->shape[0] + 1) * sizeof *times), d = sum->shape[1];
  if (!times) return;
  memset(times, 0, (size_t)sum->shape[0] * sizeof *times);
  for (int64_t i = 0; i < n; i++) times[offset[i] / row]++;
  for (int64_t i = 0; i < sum->shape[0]; i++)
    for (int64_t j = 0; times[i] > 1 && j < d; j++) {
      char *x = (char *)sum->data + i * row + j * (int64_t)tide__size[sum->dtype];
      tide__write(sum->dtype, x, tide__read(sum->dtype, x) / (double)times[i]);
    }
}

static int embedding_grad_run(tide_Call *k) {
  tide_Tensor *o = k->out[0], *sum = o;
  int64_t d = o->shape[1], n = k->in[1]->n;
  if (o->n) memset(o->data, 0, (size_t)o->n * tide__size[o->dtype]);
  if (n == 0 || d == 0) return 1;
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *g = tide__packed(k->in[0]);
  tide__Places p;
  if (o->dtype == TIDE_FLOAT32 && n > o->shape[0]) sum = tide__converted(o, TIDE_FLOAT64);
  int ok = g && sum && rows(k, &p, sum, k->in[1]);
  if (ok) {
    int64_t from = (int64_t)tide__size[g->dtype], to = (int64_t)tide__size[sum->dtype], padding = k->v[3].i == NO_PADDING ? -1 : k->v[3].i * d * to;
    tide__Loop add = tide__combine_loop(TIDE_COMBINE_ADD, sum->dtype, g->dtype);
    for (int64_t i = 0; i < n; i++)
      if (p.offset[i] != padding) add(d, (char *[]){(char *)&p.offset[i], (char *)g->data + i * d * from, sum->data}, (int64_t[]){0, from, to}, NULL);
    if (k->v[4].i) by_frequency(k, sum, p.offset, n, d * to);
    if (sum != o) tide__copy(o->ndim, o->shape, o->dtype, o->data, tide__strides(o), sum->dtype, sum->data, tide__strides(sum));
  }
  tide_close(k->c, scope, NULL);
  return ok;
}

/* Back to the rows: none from padding_idx, and divided by how often each is named. */
static tide_Tensor *embedding_grad_vjp(tide_Node *n, tide_Tensor *g, int i) {
  tide_Tensor *at = tide__saved(n, 1), *y = tide_embedding_of(g, at, NO_PADDING, 0);
  int64_t padding = ARG(n, 3).i;
  (void)i;
  if (padding != NO_PADDING) y = tide_where(tide_unsqueeze(tide_eq(at, tide_integer(n->ctx, padding + n->ctx->base)), -1), K(0), y);
  if (!ARG(n, 4).i || !at || !y) return y;
  tide_Tensor *one = tide_ones_like(tide_unsqueeze(at, -1), y->dtype);
  return tide_div(y, tide_embedding_of(tide_embedding_grad(one, at, ARG(n, 2).i, NO_PADDING, 0), at, NO_PADDING, 0));
}


/* {======================== max_norm ======================== */

static int renorm_infer(tide_Call *k) {
  const tide_Tensor *x = k->in[0];
  if (x->ndim != 2 || !tide__is_float(x->dtype)) return FAIL(k, TIDE_ESHAPE, "weight is %s of sizes %s; a matrix of floats is wanted", tide_dtype_name(x->dtype), SHAPE_TEXT(x));
  return tide__target(k, x->ndim, x->shape);
}

static double row_norm(int dtype, const char *x, int64_t n, int64_t step, double p) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    double v = fabs(tide__read(dtype, x + i * step));
    sum = isinf(p) ? fmax(sum, v) : sum + (p == 2 ? v * v : pow(v, p));
  }
  return isinf(p) ? sum : p == 2 ? sqrt(sum) : pow(sum, 1 / p);
}

static int renorm_run(tide_Call *k) {
  tide_Tensor *o = k->out[0];
  tide_Scope scope = tide_scope(k->c);
  tide__Places p;
  int64_t n = k->in[1]->n, d = o->shape[1], step = tide__strides(o)[1] * (int64_t)tide__size[o->dtype];
  double most = k->v[2].d;
  int ok = rows(k, &p, o, k->in[1]);
  for (int64_t i = 0; ok && i < n; i++) {                    /* a row seen again is within the norm already */
    char *x = (char *)o->data + p.offset[i];
    double norm = row_norm(o->dtype, x, d, step, k->v[3].d), scale = most / (norm + 1e-7);
    for (int64_t j = 0; norm > most && j < d; j++) tide__write(o->dtype, x + j * step, tide__read(o->dtype, x + j * step) * scale);
  }
  tide_close(k->c, scope, NULL);
  return ok;
}

static tide_Tensor *renorm_vjp(tide_Node *n, tide_Tensor *g, int i) {
  (void)g; (void)i;
  return tide__fail(n->ctx, TIDE_EGRAD, "scaling to max_norm has no derivative");
}

/* }========================================================= */


static tide_Tensor *embedding(tide_Tensor *at, tide_Tensor *weight, int64_t padding, double max_norm, double norm_type, int by_freq, int sparse) {
  if (!at || !weight) return NULL;
  tide_Context *c = weight->ctx;
  int64_t size = weight->ndim ? weight->shape[0] : 0;
  if (sparse) return tide__fail(c, TIDE_EARG, "sparse gradients are not there");
  if (padding != TIDE_ABSENT && (padding < -size || padding >= size)) return tide__fail(c, TIDE_EINDEX, "padding_idx %lld is out of range for %lld rows", tide__shown(c, padding), (long long)size);
  padding = padding == TIDE_ABSENT ? NO_PADDING : padding < 0 ? padding + size : padding;
  if (!isnan(max_norm)) {
    uint8_t mode = c->mode.grad;
    c->mode.grad = 0;
    tide_Tensor *scaled = tide_embedding_renorm_(weight, at, max_norm, norm_type);
    c->mode.grad = mode;
    if (!scaled) return NULL;
  }
  return tide_embedding_of(weight, at, padding, by_freq);
}

#define TABLE "ops/embedding.def"
#include "ops/define.h"
