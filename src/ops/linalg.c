/*
** Products. An operand goes to the kernel as a tide__Matrix, its last two dimensions with their strides; a vector is a matrix of one column or one
** row, a list of matrices one matrix with its steps. So there is one way to multiply, and what the operators add is the checking of sizes.
**
** The gradients of a product are products with a transpose, a view. An operand that was itself stored by columns (x w^T, where w is the
** leaf) gets its gradient by columns too, as the transpose of the product the other way round: it arrives at w without having been copied.
*/
#include "ops/op.h"


/* {======================== operands ======================== */

static tide__Matrix matrix(const tide_Tensor *t) {
  const int64_t *s = tide__strides(t) + t->ndim - 2;
  return (tide__Matrix){t->data, s[0], s[1]};
}
static tide__Matrix column(const tide_Tensor *v) { return (tide__Matrix){v->data, tide__strides(v)[0], 1}; }
static tide__Matrix row(const tide_Tensor *v) { return (tide__Matrix){v->data, 1, tide__strides(v)[0]}; }

static int64_t rows(const tide_Tensor *t) { return t->shape[t->ndim - 2]; }
static int64_t columns(const tide_Tensor *t) { return t->shape[t->ndim - 1]; }

static int is_rank(tide_Call *k, int i, int ndim) {
  static const char *const what[] = {"a number", "a vector", "a matrix", "a list of matrices (three dimensions)"};
  const tide_Tensor *t = k->in[i];
  return t->ndim == ndim || FAIL(k, TIDE_ESHAPE, "%s is of sizes %s, not %s", k->op->sig.params[i].name, SHAPE_TEXT(t), what[ndim]);
}

static int same_dtype(tide_Call *k) {
  for (int i = 1; i < k->nin; i++)
    if (k->in[i]->dtype != k->in[0]->dtype)
      return FAIL(k, TIDE_EDTYPE, "the operands must have one dtype, not %s and %s", tide_dtype_name(k->in[0]->dtype), tide_dtype_name(k->in[i]->dtype));
  return 1;
}

/* May a (columns, or the length of a vector) meet b (rows, or the length of a vector)? */
static int meets(tide_Context *c, const tide_Tensor *a, const tide_Tensor *b) {
  int64_t have = columns(a), want = b->ndim == 1 ? b->shape[0] : rows(b);
  if (have == want) return 1;
  tide__fail(c, TIDE_ESHAPE, "sizes %s and %s do not fit: %lld %s against %lld %s", SHAPE_TEXT(a), SHAPE_TEXT(b), (long long)have, a->ndim == 1 ? "elements" : "columns", (long long)want,
             b->ndim == 1 ? "elements" : "rows");
  return 0;
}

/* Output 0 of these sizes, for x + product: x broadcasts to them. */
static int sum_result(tide_Call *k, int nd, const int64_t *shape) {
  const tide_Tensor *x = k->in[0];
  int fits = x->ndim <= nd;
  for (int d = 0; fits && d < x->ndim; d++) fits = x->shape[d] == 1 || x->shape[d] == shape[nd - x->ndim + d];
  if (!fits) return FAIL(k, TIDE_ESHAPE, "input of sizes %s does not broadcast to the product's sizes %s", SHAPE_TEXT(x), SIZES_TEXT(nd, shape));
  return tide__result(k, 0, x->dtype, nd, shape);
}

/* }========================================================= */


/* {======================== running ======================== */

/* C = alpha A B + beta input, for the matrices p names; its other half is filled in here. */
static int multiply(tide_Call *k, tide__Products *p) {
  p->dtype = k->out[0]->dtype;
  if (k->out[0]->n == 0) return 1;
  size_t bytes = tide__products_scratch(p);
  if (likely(!bytes)) {
    tide__products(p, NULL);
    return 1;
  }
  tide_Scope scope = tide_scope(k->c);
  void *scratch = tide__scratch(k->c, bytes);
  if (scratch) tide__products(p, scratch);
  tide_close(k->c, scope, NULL);
  return scratch != NULL;
}

/* The step of t along the output's dimension d of nd: 0 where it is broadcast. */
static int64_t step(const tide_Tensor *t, int d, int nd) {
  d -= nd - t->ndim;
  return d < 0 || t->shape[d] == 1 ? 0 : tide__strides(t)[d];
}

/* Adds beta input, of an output of nd dimensions that was given as a matrix [rows, columns]: dimensions of it, or -1. */
static void plus_input(const tide_Call *k, tide__Products *p, int rows_at, int columns_at) {
  const tide_Tensor *x = k->in[0];
  int nd = k->out[0]->ndim;
  p->beta = k->v[3].d;
  p->alpha = k->v[4].d;
  p->x = (tide__Matrix){x->data, rows_at < 0 ? 0 : step(x, rows_at, nd), columns_at < 0 ? 0 : step(x, columns_at, nd)};
  for (int d = 0; d < p->nd; d++) p->x_step[d] = step(x, d, nd);
}

static void product(const tide_Call *k, tide__Products *p, tide__Matrix a, tide__Matrix b, int64_t m, int64_t n, int64_t inner) {
  p->nd = 0;
  p->m = m;
  p->n = n;
  p->k = inner;
  p->alpha = 1;
  p->beta = 0;
  p->a = a;
  p->b = b;
  p->c = k->out[0]->data;
  p->x = (tide__Matrix){p->c, 0, 0};
}

/* of two matrices, or of lists of them whose leading dimensions broadcast */
static void product_of(const tide_Call *k, tide__Products *p, const tide_Tensor *a, const tide_Tensor *b) {
  const tide_Tensor *o = k->out[0];
  product(k, p, matrix(a), matrix(b), rows(a), columns(b), columns(a));
  p->nd = o->ndim - 2;
  for (int d = 0; d < p->nd; d++) {
    p->shape[d] = o->shape[d];
    p->a_step[d] = step(a, d, o->ndim);
    p->b_step[d] = step(b, d, o->ndim);
  }
}

/* }========================================================= */


/* {======================== gradients ======================== */

static tide_Tensor *flip(tide_Tensor *x) { return x && x->ndim == 2 ? tide_t(x) : tide_transpose(x, -2, -1); }
static tide_Tensor *scaled(tide_Node *n, tide_Tensor *x, double by) { return by == 1 ? x : tide_mul(x, K(by)); }

/* The gradients of a and b in a b, of matrices or lists of them, input i laid out as it was. */
static tide_Tensor *times(tide_Tensor *a, tide_Tensor *b) { return a && b && a->ndim == 2 && b->ndim == 2 ? tide_mm(a, b) : tide_batched(a, b); }
static tide_Tensor *left_vjp(tide_Node *n, int i, tide_Tensor *g, tide_Tensor *b) { return n->e[i].by_columns ? flip(times(b, flip(g))) : times(g, flip(b)); }
static tide_Tensor *right_vjp(tide_Node *n, int i, tide_Tensor *g, tide_Tensor *a) { return n->e[i].by_columns ? flip(times(flip(g), a)) : times(flip(a), g); }

/* The gradient of a in a v. */
static tide_Tensor *outer_product(tide_Tensor *a, tide_Tensor *b) { return tide_mul(tide_unsqueeze(a, -1), b); }

/* }========================================================= */


/* {======================== products ======================== */

static int mm_infer(tide_Call *k) {
  tide_Tensor *a = k->in[0], *b = k->in[1];
  return is_rank(k, 0, 2) && is_rank(k, 1, 2) && same_dtype(k) && meets(k->c, a, b) && tide__result(k, 0, a->dtype, 2, (int64_t[]){rows(a), columns(b)});
}
static int mm_run(tide_Call *k) {
  tide__Products p;
  product_of(k, &p, k->in[0], k->in[1]);
  return multiply(k, &p);
}
static tide_Tensor *mm_vjp(tide_Node *n, tide_Tensor *g, int i) { return i == 0 ? left_vjp(n, 0, g, tide__saved(n, 1)) : right_vjp(n, 1, g, tide__saved(n, 0)); }

static int mv_infer(tide_Call *k) {
  tide_Tensor *a = k->in[0];
  return is_rank(k, 0, 2) && is_rank(k, 1, 1) && same_dtype(k) && meets(k->c, a, k->in[1]) && tide__result(k, 0, a->dtype, 1, a->shape);
}
static int mv_run(tide_Call *k) {
  tide_Tensor *a = k->in[0];
  tide__Products p;
  product(k, &p, matrix(a), column(k->in[1]), rows(a), 1, columns(a));
  return multiply(k, &p);
}
static tide_Tensor *mv_vjp(tide_Node *n, tide_Tensor *g, int i) { return i == 0 ? outer_product(g, tide__saved(n, 1)) : tide_mv(tide_t(tide__saved(n, 0)), g); }

static int dot_infer(tide_Call *k) {
  return is_rank(k, 0, 1) && is_rank(k, 1, 1) && same_dtype(k) && meets(k->c, k->in[0], k->in[1]) && tide__result(k, 0, k->in[0]->dtype, 0, NULL);
}
static int dot_run(tide_Call *k) {
  tide__Products p;
  product(k, &p, row(k->in[0]), column(k->in[1]), 1, 1, k->in[0]->n);
  return multiply(k, &p);
}
static tide_Tensor *dot_vjp(tide_Node *n, tide_Tensor *g, int i) { return tide_mul(g, tide__saved(n, 1 - i)); }

/* Sizes of the products of two lists of matrices. */
static int list_shape(tide_Call *k, const tide_Tensor *a, const tide_Tensor *b, int64_t *shape) {
  if (a->shape[0] != b->shape[0])
    return FAIL(k, TIDE_ESHAPE, "sizes %s and %s do not fit: %lld matrices against %lld", SHAPE_TEXT(a), SHAPE_TEXT(b), (long long)a->shape[0], (long long)b->shape[0]);
  shape[0] = a->shape[0];
  shape[1] = rows(a);
  shape[2] = columns(b);
  return meets(k->c, a, b);
}
static int bmm_infer(tide_Call *k) {
  int64_t shape[3];
  return is_rank(k, 0, 3) && is_rank(k, 1, 3) && same_dtype(k) && list_shape(k, k->in[0], k->in[1], shape) && tide__result(k, 0, k->in[0]->dtype, 3, shape);
}
static int batched_infer(tide_Call *k) {
  tide_Tensor *a = k->in[0], *b = k->in[1];
  int64_t shape[TIDE_MAXDIM];
  int nd = a->ndim > b->ndim ? a->ndim : b->ndim;
  if (!same_dtype(k) || !meets(k->c, a, b)) return 0;
  for (int d = nd - 3, x = a->ndim - 3, y = b->ndim - 3; d >= 0; d--, x--, y--) {
    int64_t p = x < 0 ? 1 : a->shape[x], q = y < 0 ? 1 : b->shape[y];
    if (p != q && p != 1 && q != 1)
      return FAIL(k, TIDE_ESHAPE, "sizes %s and %s do not fit: %lld against %lld matrices at dimension %lld", SHAPE_TEXT(a), SHAPE_TEXT(b), (long long)p, (long long)q, tide__shown(k->c, d));
    shape[d] = p == 1 ? q : p;
  }
  shape[nd - 2] = rows(a);
  shape[nd - 1] = columns(b);
  return tide__result(k, 0, a->dtype, nd, shape);
}

/* }========================================================= */


/* {======================== sums with products ======================== */

static int addmm_infer(tide_Call *k) {
  tide_Tensor *a = k->in[1], *b = k->in[2];
  return is_rank(k, 1, 2) && is_rank(k, 2, 2) && same_dtype(k) && meets(k->c, a, b) && sum_result(k, 2, (int64_t[]){rows(a), columns(b)});
}
static int addmm_run(tide_Call *k) {
  tide__Products p;
  product_of(k, &p, k->in[1], k->in[2]);
  plus_input(k, &p, k->out[0]->ndim - 2, k->out[0]->ndim - 1);
  return multiply(k, &p);
}

static int addmv_infer(tide_Call *k) {
  return is_rank(k, 1, 2) && is_rank(k, 2, 1) && same_dtype(k) && meets(k->c, k->in[1], k->in[2]) && sum_result(k, 1, k->in[1]->shape);
}
static int addmv_run(tide_Call *k) {
  tide_Tensor *a = k->in[1];
  tide__Products p;
  product(k, &p, matrix(a), column(k->in[2]), rows(a), 1, columns(a));
  plus_input(k, &p, 0, -1);
  return multiply(k, &p);
}

static int addr_infer(tide_Call *k) {
  return is_rank(k, 1, 1) && is_rank(k, 2, 1) && same_dtype(k) && sum_result(k, 2, (int64_t[]){k->in[1]->n, k->in[2]->n});
}
static int addr_run(tide_Call *k) {
  tide__Products p;
  product(k, &p, column(k->in[1]), row(k->in[2]), k->in[1]->n, k->in[2]->n, 1);
  plus_input(k, &p, 0, 1);
  return multiply(k, &p);
}

static int baddbmm_infer(tide_Call *k) {
  int64_t shape[3];
  return is_rank(k, 1, 3) && is_rank(k, 2, 3) && same_dtype(k) && list_shape(k, k->in[1], k->in[2], shape) && sum_result(k, 3, shape);
}

static int addbmm_infer(tide_Call *k) {
  int64_t shape[3];
  return is_rank(k, 1, 3) && is_rank(k, 2, 3) && same_dtype(k) && list_shape(k, k->in[1], k->in[2], shape) && sum_result(k, 2, shape + 1);
}
/* The first product takes input in, the others are added; without any there is still input. */
static int addbmm_run(tide_Call *k) {
  tide_Tensor *a = k->in[1], *b = k->in[2];
  int64_t n = a->shape[0];
  tide__Products p;
  product(k, &p, matrix(a), matrix(b), rows(a), columns(b), n ? columns(a) : 0);
  plus_input(k, &p, 0, 1);
  for (int64_t i = 0; i < (n ? n : 1); i++) {
    p.a.data = a->data + i * tide__strides(a)[0] * tide__size[a->dtype];
    p.b.data = b->data + i * tide__strides(b)[0] * tide__size[b->dtype];
    if (!multiply(k, &p)) return 0;
    p.x = (tide__Matrix){p.c, p.n, 1};
    p.beta = 1;
  }
  return 1;
}

static tide_Tensor *addmm_vjp(tide_Node *n, tide_Tensor *g, int i) {
  if (i == 0) return scaled(n, g, ARG(n, 3).d);
  return scaled(n, i == 1 ? left_vjp(n, 1, g, tide__saved(n, 2)) : right_vjp(n, 2, g, tide__saved(n, 1)), ARG(n, 4).d);
}
static tide_Tensor *addmv_vjp(tide_Node *n, tide_Tensor *g, int i) {
  if (i == 0) return scaled(n, g, ARG(n, 3).d);
  return scaled(n, i == 1 ? outer_product(g, tide__saved(n, 2)) : tide_mv(tide_t(tide__saved(n, 1)), g), ARG(n, 4).d);
}
static tide_Tensor *addr_vjp(tide_Node *n, tide_Tensor *g, int i) {
  if (i == 0) return scaled(n, g, ARG(n, 3).d);
  return scaled(n, i == 1 ? tide_mv(g, tide__saved(n, 2)) : tide_mv(tide_t(g), tide__saved(n, 1)), ARG(n, 4).d);
}

/* }========================================================= */


/* {======================== any ranks ======================== */

static tide_Tensor *squeezed(tide_Tensor *x, int64_t dim) {             /* in place: x is ours alone */
  if (!x) return NULL;
  const tide_Value v[] = {{.t = x}, {.i = dim}};
  return tide__inplace(&tide__op_squeeze_dim, x->ctx, v);
}

/* Can the leading dimensions be seen as one without a copy? */
static int folds(const tide_Tensor *t) {
  const int64_t *s = tide__strides(t);
  for (int d = 0; d + 2 < t->ndim; d++) if (s[d] != s[d + 1] * t->shape[d + 1]) return 0;
  return 1;
}

/* A list of matrices times one matrix or vector is one product, of all rows. It is that wherever the rows lie in one piece, and also where the one
** matrix wants a gradient, which otherwise would be a list of gradients to be summed. 1, 0, or -1 with the error set. */
static int should_fold(tide_Tensor *a, tide_Tensor *b) {
  tide_Tensor *list = a->ndim >= b->ndim ? a : b, *one = list == a ? b : a;
  if (list->ndim < 3 || one->ndim > 2) return 0;
  int tracks = a->ctx->mode.grad ? tide__tracks(one) : 0;
  return tracks ? tracks : list == a && (list->n == 0 || folds(list));
}

static tide_Tensor *folded(tide_Tensor *a, tide_Tensor *b) {
  int turn = b->ndim > a->ndim;                                         /* one times list: the transpose of list^T times one^T */
  tide_Tensor *list = turn ? tide_transpose(b, -2, -1) : a, *one = turn ? (a->ndim == 2 ? tide_t(a) : a) : b;
  if (!list || !one) return NULL;
  int64_t shape[TIDE_MAXDIM], all[2] = {1, columns(list)};
  int nd = list->ndim - 1;
  for (int d = 0; d < nd; d++) all[0] *= shape[d] = list->shape[d];
  tide_Tensor *flat = tide_reshape(list, all, 2);
  if (one->ndim == 1) return tide_unsafe_view(tide_mv(flat, one), shape, nd);
  shape[nd++] = columns(one);
  tide_Tensor *y = tide_unsafe_view(tide_mm(flat, one), shape, nd);
  return turn ? tide_contiguous(tide_transpose(y, -2, -1)) : y;
}

/* The result of a product in which a vector stood for a matrix: without that dimension. A tensor of its own, not a view. */
static tide_Tensor *without(tide_Tensor *y, int row_too, int column_too) {
  if (!y) return NULL;
  int64_t shape[TIDE_MAXDIM];
  int nd = y->ndim - 2;
  memcpy(shape, y->shape, sizeof(int64_t) * (size_t)nd);
  if (!row_too) shape[nd++] = rows(y);
  if (!column_too) shape[nd++] = columns(y);
  return tide_unsafe_view(y, shape, nd);
}

static tide_Tensor *matmul(tide_Tensor *a, tide_Tensor *b) {
  if (!a || !b) return NULL;
  if (a->ndim == 0 || b->ndim == 0) return tide__fail(a->ctx, TIDE_ESHAPE, "sizes %s and %s: at least one dimension is wanted; multiply by a number with mul", SHAPE_TEXT(a), SHAPE_TEXT(b));
  if (!meets(a->ctx, a, b)) return NULL;
  if (a->ndim == 1 && b->ndim == 1) return tide_dot(a, b);
  if (a->ndim == 2 && b->ndim == 1) return tide_mv(a, b);
  if (a->ndim == 1 && b->ndim == 2) return squeezed(tide_mm(tide_unsqueeze(a, 0), b), 0);
  if (a->ndim == 2 && b->ndim == 2) return tide_mm(a, b);
  int fold = should_fold(a, b);
  if (fold) return fold > 0 ? folded(a, b) : NULL;
  if (a->ndim == 3 && b->ndim == 3 && a->shape[0] != b->shape[0]) {     /* a list of one that wants a gradient: the same */
    if (a->shape[0] == 1 && tide__tracks(a)) return matmul(tide_squeeze_dim(a, 0), b);
    if (b->shape[0] == 1 && tide__tracks(b)) return matmul(a, tide_squeeze_dim(b, 0));
  }
  tide_Tensor *x = a->ndim == 1 ? tide_unsqueeze(a, 0) : a, *y = b->ndim == 1 ? tide_unsqueeze(b, 1) : b;
  return without(tide_batched(x, y), a->ndim == 1, b->ndim == 1);
}

static tide_Tensor *linear(tide_Tensor *x, tide_Tensor *w, tide_Tensor *bias) {
  if (!x || !w || !bias) return NULL;
  if (x->ndim == 0 || w->ndim == 0 || w->ndim > 2) return tide__fail(x->ctx, TIDE_ESHAPE, "sizes %s of input and %s of weight: at least one dimension and a matrix are wanted", SHAPE_TEXT(x), SHAPE_TEXT(w));
  if (columns(x) != columns(w)) return tide__fail(x->ctx, TIDE_ESHAPE, "sizes %s of input and %s of weight do not fit: %lld columns against %lld", SHAPE_TEXT(x), SHAPE_TEXT(w), (long long)columns(x), (long long)columns(w));
  if (bias == TIDE_NONE) return matmul(x, w->ndim == 2 ? tide_t(w) : w);
  if (w->ndim != 2) return tide__fail(x->ctx, TIDE_ESHAPE, "weight is of sizes %s, not a matrix", SHAPE_TEXT(w));
  if (x->ndim == 2) return tide_addmm(bias, x, tide_t(w), 1, 1);
  if (!(x->flags & T_CONTIG) || bias->ndim > 1) return tide_add(matmul(x, tide_t(w)), bias);
  int64_t shape[TIDE_MAXDIM], all[2] = {1, columns(x)};
  for (int d = 0; d < x->ndim - 1; d++) all[0] *= shape[d] = x->shape[d];
  shape[x->ndim - 1] = rows(w);
  return tide_view(tide_addmm(bias, tide_view(x, all, 2), tide_t(w), 1, 1), shape, x->ndim);
}

/* x [*, i], y [*, j], w [out, i, j]: x times w as one matrix [i, out j], then each row's [out, j] times y's. */
static tide_Tensor *bilinear(tide_Tensor *x, tide_Tensor *y, tide_Tensor *w, tide_Tensor *bias) {
  if (!x || !y || !w || !bias) return NULL;
  int fits = x->ndim > 0 && x->ndim == y->ndim && w->ndim == 3 && columns(x) == w->shape[1] && columns(y) == w->shape[2];
  for (int d = 0; fits && d < x->ndim - 1; d++) fits = x->shape[d] == y->shape[d];
  if (!fits) return tide__fail(x->ctx, TIDE_ESHAPE, "sizes %s and %s of the inputs and %s of weight do not fit: [*, i], [*, j] and [out, i, j] are wanted", SHAPE_TEXT(x), SHAPE_TEXT(y), SHAPE_TEXT(w));
  int64_t shape[TIDE_MAXDIM], n = 1, out = w->shape[0], i = w->shape[1], j = w->shape[2];
  for (int d = 0; d < x->ndim - 1; d++) n *= shape[d] = x->shape[d];
  shape[x->ndim - 1] = out;
  tide_Tensor *flat = tide_reshape(tide_transpose(w, 0, 1), (int64_t[]){i, out * j}, 2);
  tide_Tensor *rows_of = tide_reshape(tide_mm(tide_reshape(x, (int64_t[]){n, i}, 2), flat), (int64_t[]){n, out, j}, 3);
  tide_Tensor *z = tide_reshape(tide_bmm(rows_of, tide_reshape(y, (int64_t[]){n, j, 1}, 3)), shape, x->ndim);
  return bias == TIDE_NONE ? z : tide_add(z, bias);
}

static tide_Tensor *outer(tide_Tensor *a, tide_Tensor *b) {
  if (!a || !b) return NULL;
  if (a->ndim != 1 || b->ndim != 1) return tide__fail(a->ctx, TIDE_ESHAPE, "two vectors are wanted, not sizes %s and %s", SHAPE_TEXT(a), SHAPE_TEXT(b));
  return tide_mul(tide_reshape(a, (int64_t[]){a->n, 1}, 2), b);
}

static tide_Tensor *inner(tide_Tensor *a, tide_Tensor *b) {
  if (!a || !b) return NULL;
  if (a->ndim == 0 || b->ndim == 0) return tide_mul(a, b);
  if (columns(a) != columns(b)) return tide__fail(a->ctx, TIDE_ESHAPE, "sizes %s and %s do not fit: %lld against %lld at the last dimension", SHAPE_TEXT(a), SHAPE_TEXT(b), (long long)columns(a), (long long)columns(b));
  return tide_tensordot_dims(a, b, (int64_t[]){-1}, 1, (int64_t[]){-1}, 1);
}

/* }========================================================= */


/* {======================== sums over chosen dimensions ======================== */

/* The dimensions of x that mask does not name, then (or before) those that dims names; the sizes of the former go to *shape. */
static tide_Tensor *gathered(tide_Tensor *x, uint32_t mask, const int *dims, int n, int last, int64_t *shape, int *nd, int64_t *free_size, int64_t *sum_size) {
  int64_t order[TIDE_MAXDIM], at = last ? 0 : n;
  *free_size = *sum_size = 1;
  for (int d = 0; d < x->ndim; d++) {
    if (mask >> d & 1) continue;
    order[at++] = d;
    *free_size *= shape[(*nd)++] = x->shape[d];
  }
  for (int i = 0; i < n; i++) {
    order[last ? x->ndim - n + i : i] = dims[i];
    *sum_size *= x->shape[dims[i]];
  }
  int64_t sizes[2] = {last ? *free_size : *sum_size, last ? *sum_size : *free_size};
  return tide_reshape(tide_permute(x, order, x->ndim), sizes, 2);
}

static tide_Tensor *tensordot(tide_Tensor *a, tide_Tensor *b, const int64_t *dims_a, int na, const int64_t *dims_b, int nb) {
  if (!a || !b) return NULL;
  tide_Context *c = a->ctx;
  int p[TIDE_MAXDIM], q[TIDE_MAXDIM], ok_a, ok_b, nd = 0;
  int64_t shape[2 * TIDE_MAXDIM], free_a, free_b, sum;
  if (na != nb) return tide__fail(c, TIDE_EARG, "%d dimensions of the one against %d of the other", na, nb);
  uint32_t mask_a = tide__dims(c, dims_a, na, a->ndim, &ok_a), mask_b = ok_a ? tide__dims(c, dims_b, nb, b->ndim, &ok_b) : 0;
  if (!ok_a || !ok_b) return NULL;
  for (int i = 0; i < na; i++) {
    p[i] = tide__dim(c, dims_a[i], a->ndim);
    q[i] = tide__dim(c, dims_b[i], b->ndim);
    int64_t s = a->ndim ? a->shape[p[i]] : 1, t = b->ndim ? b->shape[q[i]] : 1;
    if (s == t) continue;
    if (t == 1) a = tide_sum_dim(a, (int64_t[]){p[i]}, 1, 1, -1);
    else if (s == 1) b = tide_sum_dim(b, (int64_t[]){q[i]}, 1, 1, -1);
    else return tide__fail(c, TIDE_ESHAPE, "sizes %s and %s do not fit: %lld at dimension %lld against %lld at dimension %lld", SHAPE_TEXT(a), SHAPE_TEXT(b), (long long)s, tide__shown(c, p[i]),
                           (long long)t, tide__shown(c, q[i]));
    if (!a || !b) return NULL;
  }
  if (a->ndim - na + b->ndim - nb > TIDE_MAXDIM) return tide__fail(c, TIDE_ESHAPE, "%d dimensions: at most %d are possible", a->ndim - na + b->ndim - nb, TIDE_MAXDIM);
  if (a->ndim == 1 && b->ndim == 1 && na == 1) return tide_view(tide_dot(a, b), NULL, 0);
  tide_Tensor *x = gathered(a, mask_a, p, na, 1, shape, &nd, &free_a, &sum), *y = gathered(b, mask_b, q, nb, 0, shape, &nd, &free_b, &sum);
  return tide_reshape(tide_mm(x, y), shape, nd);
}

static tide_Tensor *tensordot_last(tide_Tensor *a, tide_Tensor *b, int64_t n) {
  if (!a || !b) return NULL;
  int64_t p[TIDE_MAXDIM], q[TIDE_MAXDIM];
  if (n < 0 || n > a->ndim || n > b->ndim) return tide__fail(a->ctx, TIDE_EARG, "dims is %lld, for tensors of %d and %d dimensions", (long long)n, a->ndim, b->ndim);
  for (int64_t i = 0; i < n; i++) { p[i] = a->ndim - n + i; q[i] = i; }
  return tensordot(a, b, p, (int)n, q, (int)n);
}

/* The sizes of x between ones: before each of them, or behind. */
static tide_Tensor *spaced(tide_Tensor *x, int nd, int behind) {
  int64_t shape[2 * TIDE_MAXDIM];
  for (int d = 0; d < nd; d++) {
    int e = d - (nd - x->ndim);
    shape[2 * d + behind] = e < 0 ? 1 : x->shape[e];
    shape[2 * d + 1 - behind] = 1;
  }
  return tide_unsafe_view(tide_contiguous(x), shape, 2 * nd);
}

static tide_Tensor *kron(tide_Tensor *a, tide_Tensor *b) {
  if (!a || !b) return NULL;
  int64_t shape[TIDE_MAXDIM];
  int nd = a->ndim > b->ndim ? a->ndim : b->ndim;
  if (2 * nd > TIDE_MAXDIM) return tide__fail(a->ctx, TIDE_ESHAPE, "sizes %s and %s: at most %d dimensions are possible here", SHAPE_TEXT(a), SHAPE_TEXT(b), TIDE_MAXDIM / 2);
  for (int d = 0; d < nd; d++) {
    int x = d - (nd - a->ndim), y = d - (nd - b->ndim);
    shape[d] = (x < 0 ? 1 : a->shape[x]) * (y < 0 ? 1 : b->shape[y]);
  }
  return tide_unsafe_view(tide_mul(spaced(a, nd, 0), spaced(b, nd, 1)), shape, nd);
}

/* }========================================================= */


/* {======================== chains ======================== */

/* The product of t[i] .. t[j], cut where `cut` says. The depth is at most n; chains are short. */
static tide_Tensor *chain(tide_Tensor *const *t, const int *cut, int n, int i, int j) {
  if (i == j) return t[i];
  int at = cut[i * n + j];
  tide_Tensor *a = chain(t, cut, n, i, at);
  return a ? tide_mm(a, chain(t, cut, n, at + 1, j)) : NULL;
}

/* Where to cut so that the fewest multiplications are made: for all parts, shorter ones first (Cormen et al., Introduction to Algorithms, 15.2). */
static void best_cuts(tide_Tensor *const *t, int n, double *cost, int *cut) {
  for (int i = 0; i < n; i++) cost[i * n + i] = 0;
  for (int length = 1; length < n; length++)
    for (int i = 0, j = length; j < n; i++, j++) {
      double best = -1;
      for (int at = i; at < j; at++) {
        double v = cost[i * n + at] + cost[(at + 1) * n + j] + (double)rows(t[i]) * (double)columns(t[at]) * (double)columns(t[j]);
        if (best >= 0 && v >= best) continue;
        best = v;
        cut[i * n + j] = at;
      }
      cost[i * n + j] = best;
    }
}

#define LONGEST_CHAIN 100

static tide_Tensor *multi_dot(tide_Tensor *const *in, int n) {
  tide_Tensor *t[LONGEST_CHAIN];
  for (int i = 0; i < n; i++) if (!in[i]) return NULL;
  if (n < 1) return NULL;
  tide_Context *c = in[0]->ctx;
  if (n < 2 || n > LONGEST_CHAIN) return tide__fail(c, TIDE_EARG, "2 to %d tensors are wanted, not %d", LONGEST_CHAIN, n);
  for (int i = 0; i < n; i++) {
    int vector = in[i]->ndim == 1 && (i == 0 || i == n - 1);
    if (!vector && in[i]->ndim != 2) return tide__fail(c, TIDE_ESHAPE, "tensor %lld is of sizes %s, not a matrix", tide__shown(c, i), SHAPE_TEXT(in[i]));
    if (!(t[i] = vector ? tide_unsqueeze(in[i], i == 0 ? 0 : 1) : in[i])) return NULL;
    if (i && columns(t[i - 1]) != rows(t[i]))
      return tide__fail(c, TIDE_ESHAPE, "tensors %lld and %lld, of sizes %s and %s, do not fit", tide__shown(c, i - 1), tide__shown(c, i), SHAPE_TEXT(in[i - 1]), SHAPE_TEXT(in[i]));
  }
  double *cost = tide__scratch(c, (size_t)(n * n) * sizeof *cost);
  int *cut = cost ? tide__scratch(c, (size_t)(n * n) * sizeof *cut) : NULL;
  if (!cut) return NULL;
  best_cuts(t, n, cost, cut);
  tide_Tensor *y = chain(t, cut, n, 0, n - 1);
  int64_t shape[2];
  int nd = 0;
  if (in[0]->ndim == 2) shape[nd++] = rows(t[0]);
  if (in[n - 1]->ndim == 2) shape[nd++] = columns(t[n - 1]);
  return tide_view(y, shape, nd);
}

/* }========================================================= */


/* {======================== trace, cross ======================== */

static int trace_infer(tide_Call *k) {
  int d = k->in[0]->dtype;
  return is_rank(k, 0, 2) && tide__result(k, 0, tide__is_float(d) ? d : TIDE_INT64, 0, NULL);
}
static int trace_run(tide_Call *k) {
  tide_Tensor *x = k->in[0], *o = k->out[0];
  int64_t n = rows(x) < columns(x) ? rows(x) : columns(x), step = (tide__strides(x)[0] + tide__strides(x)[1]) * tide__size[x->dtype], total = 0;
  double sum = 0;
  for (int64_t i = 0; i < n; i++) {
    if (tide__is_float(x->dtype)) sum += tide__read(x->dtype, x->data + i * step);
    else total += tide__read_integer(x->dtype, x->data + i * step);
  }
  if (tide__is_float(x->dtype)) tide__write(o->dtype, o->data, sum);
  else tide__write_integer(o->dtype, o->data, total);
  return 1;
}
static tide_Tensor *trace_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  int64_t length = shape[0] < shape[1] ? shape[0] : shape[1];
  return tide_diagonal_put(tide_expand(g, &length, 1), shape, 2, 0, 0, 1);
}

static int cross_infer(tide_Call *k) {
  tide_Tensor *a = k->in[0], *b = k->in[1];
  int nd;
  int64_t shape[TIDE_MAXDIM];
  if (a->ndim != b->ndim || a->ndim == 0) return FAIL(k, TIDE_ESHAPE, "sizes %s and %s: the same number of dimensions is wanted, at least one", SHAPE_TEXT(a), SHAPE_TEXT(b));
  int d = tide__dim(k->c, k->v[2].i, a->ndim);
  if (d < 0) return 0;
  if (a->shape[d] != 3 || b->shape[d] != 3) return FAIL(k, TIDE_ESHAPE, "sizes %s and %s: dimension %lld must have 3 elements", SHAPE_TEXT(a), SHAPE_TEXT(b), tide__shown(k->c, d));
  return same_dtype(k) && tide__broadcast(k->c, 2, k->in, &nd, shape) && tide__result(k, 0, a->dtype, nd, shape);
}

/* p[0] = p[1] p[2] - p[3] p[4] */
#define CROSS(C, T, N) \
  static void cross_##N(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    (void)param; \
    for (int64_t i = 0; i < n; i++) \
      *(T *)(p[0] + i * s[0]) = (T)(*(const T *)(p[1] + i * s[1]) * *(const T *)(p[2] + i * s[2]) - *(const T *)(p[3] + i * s[3]) * *(const T *)(p[4] + i * s[4])); \
  }
TIDE_DTYPES(CROSS)
#define CROSS_ENTRY(C, T, N) cross_##N,

static int cross_run(tide_Call *k) {
  static const tide__Loop loops[TIDE_NDTYPES] = {TIDE_DTYPES(CROSS_ENTRY)};
  tide_Tensor *o = k->out[0], *of[5] = {o, k->in[0], k->in[1], k->in[0], k->in[1]};
  int nd = o->ndim, d = tide__dim(k->c, k->v[2].i, nd);
  size_t w = tide__size[o->dtype];
  int64_t shape[TIDE_MAXDIM], stride[5][TIDE_MAXDIM];
  const int64_t *strides[5];
  tide__Iter it;
  for (int e = 0; e < nd; e++) shape[e] = e == d ? 1 : o->shape[e];
  for (int j = 0; j < 5; j++) {
    for (int e = 0; e < nd; e++) stride[j][e] = of[j]->shape[e] == 1 ? 0 : tide__strides(of[j])[e];
    strides[j] = stride[j];
  }
  tide__iter_init(&it, nd, shape, 5, strides, (size_t[]){w, w, w, w, w});
  for (int i = 0; i < 3; i++) {
    const int at[5] = {i, (i + 1) % 3, (i + 2) % 3, (i + 2) % 3, (i + 1) % 3};
    char *data[5];
    for (int j = 0; j < 5; j++) data[j] = of[j]->data + at[j] * stride[j][d] * (int64_t)w;
    tide__iterate(&it, data, loops[o->dtype], NULL);
  }
  return 1;
}
static tide_Tensor *cross_vjp(tide_Node *n, tide_Tensor *g, int i) {
  return i == 0 ? tide_linalg_cross(tide__saved(n, 1), g, ARG(n, 2).i) : tide_linalg_cross(g, tide__saved(n, 0), ARG(n, 2).i);
}

static tide_Tensor *cross(tide_Tensor *a, tide_Tensor *b, int64_t dim) {
  if (!a || !b) return NULL;
  if (dim != TIDE_ABSENT) return tide_linalg_cross(a, b, dim);
  for (int d = 0; d < a->ndim; d++) if (a->shape[d] == 3) return tide_linalg_cross(a, b, d);
  return tide__fail(a->ctx, TIDE_ESHAPE, "no dimension of sizes %s has 3 elements", SHAPE_TEXT(a));
}

/* }========================================================= */

#define TABLE "ops/linalg.def"
#include "ops/define.h"
