/*
** gather, scatter and their kin: one position for each element. Below them what writes a part (a slice, a diagonal) into a copy: the view's
** geometry is worked out and src copied there.
*/
#include "ops/places.h"


/* {======================== gather, scatter ======================== */

static int gather_infer(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  int dim = tide__index_dim(k, 1), ok = dim >= 0 && tide__places_gather(k, k->in[0], dim, k->in[1]);
  tide_close(k->c, scope, NULL);
  return ok;
}
static tide_Tensor *gather_vjp(tide_Node *n, tide_Tensor *g, int i) {
  return tide_scatter_add(tide__zeros_in(n, g, i), ARG(n, 1).i, tide__saved(n, 1), g);
}

static int scatter_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0], *index = k->in[1], *src = k->in[2];
  if (tide__index_dim(k, 1) < 0) return 0;
  if (src->dtype != x->dtype) return FAIL(k, TIDE_EDTYPE, "src is %s, the tensor %s: convert it first", tide_dtype_name(src->dtype), tide_dtype_name(x->dtype));
  int fits = (index->ndim ? index->ndim : 1) == (src->ndim ? src->ndim : 1) || index->n == 0;
  for (int d = 0; fits && index->n && d < index->ndim; d++) fits = index->shape[d] <= (src->ndim ? src->shape[d] : 1);
  if (!fits) return FAIL(k, TIDE_ESHAPE, "the index, of sizes %s, is larger than src, %s", SHAPE_TEXT(index), SHAPE_TEXT(src));
  return tide__target(k, x->ndim, x->shape);
}

/* src, cut to the sizes of the index, walked together with its places in `x`. */
static int scatter_into(tide_Call *k, tide_Tensor *x, tide__Loop loop, const tide_Tensor *src) {
  static const int64_t still[TIDE_MAXDIM];
  tide__Places p;
  if (!x || !tide__places_each(k, &p, x, tide__index_dim(k, 1), k->in[1])) return 0;
  tide__places_walk(&p, loop, x, src->data, src->dtype, src->ndim == p.nd ? tide__strides((tide_Tensor *)src) : still);
  return 1;
}

static int scatter_run(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  int ok = scatter_into(k, k->out[0], tide__place_loop(k->out[0]->dtype), k->in[2]);
  tide_close(k->c, scope, NULL);
  return ok;
}

static int scatter_value_infer(tide_Call *k) { return tide__index_dim(k, 1) >= 0 && tide__target(k, k->in[0]->ndim, k->in[0]->shape); }
static int scatter_value_run(tide_Call *k) {
  union { char bytes[8]; double align; } value;
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *o = k->out[0];
  tide__Places p;
  int ok = tide__element_as(k, k->in[2], o->dtype, value.bytes) && tide__places_each(k, &p, o, tide__index_dim(k, 1), k->in[1]);
  if (ok) tide__places_walk(&p, tide__place_loop(o->dtype), o, value.bytes, o->dtype, NULL);
  tide_close(k->c, scope, NULL);
  return ok;
}

/* Where many float32 meet in few places they are added in float64. */
static int scatter_add_run(tide_Call *k) {
  tide_Tensor *o = k->out[0], *src = k->in[2];
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *sum = o->dtype == TIDE_FLOAT32 && k->in[1]->n > o->n ? tide__converted(o, TIDE_FLOAT64) : o;
  int ok = sum && scatter_into(k, sum, tide__combine_loop(TIDE_COMBINE_ADD, sum->dtype, src->dtype), src);
  if (ok && sum != o) tide__copy(o->ndim, o->shape, o->dtype, o->data, tide__strides(o), sum->dtype, sum->data, tide__strides(sum));
  tide_close(k->c, scope, NULL);
  return ok;
}

/* g [sizes of the index] with zeros behind it up to the sizes of src. */
static tide_Tensor *filled_up(tide_Node *n, tide_Tensor *g, const int64_t *size, int nd) {
  if (!g || g->ndim != nd) return tide_reshape(g, size, nd);
  for (int d = 0; g && d < nd; d++) {
    int64_t shape[TIDE_MAXDIM];
    if (g->shape[d] == size[d]) continue;
    memcpy(shape, g->shape, sizeof(int64_t) * (size_t)nd);
    shape[d] = size[d];
    g = tide_slice_scatter(tide__zeros_of(n->ctx, g->dtype, shape, nd), g, d, 0, g->shape[d], 1);
  }
  return g;
}
static tide_Tensor *src_vjp(tide_Node *n, tide_Tensor *g) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, 2, &nd);
  return filled_up(n, tide_gather(g, ARG(n, 1).i, tide__saved(n, 1)), shape, nd);
}
static tide_Tensor *scatter_vjp(tide_Node *n, tide_Tensor *g, int i) {
  return i == 0 ? tide_scatter_value(g, ARG(n, 1).i, tide__saved(n, 1), K(0)) : src_vjp(n, g);
}
static tide_Tensor *scatter_add_vjp(tide_Node *n, tide_Tensor *g, int i) { return i == 0 ? g : src_vjp(n, g); }

/* }========================================================= */


/* {======================== scatter_reduce ======================== */

enum { SUM, PROD, MEAN, AMAX, AMIN };

static int reduction(const char *name) {
  static const char *const names[] = {"sum", "prod", "mean", "amax", "amin"};
  for (int i = 0; name && i < 5; i++) if (!strcmp(name, names[i])) return i;
  return -1;
}

static int scatter_reduce_infer(tide_Call *k) {
  if (reduction(k->v[4].s) < 0) return FAIL(k, TIDE_EARG, "reduce is \"%s\"; there are \"sum\", \"prod\", \"mean\", \"amax\" and \"amin\"", k->v[4].s ? k->v[4].s : "");
  return scatter_infer(k);
}

/* The element that a reduction starts from, at the places named (input does not take part). */
static int start(tide_Call *k, tide_Tensor *x, int how) {
  union { char bytes[8]; double align; } value;
  tide__Places p;
  int low = how == AMAX, is_float = tide__is_float(x->dtype);
  static const int64_t most[TIDE_NDTYPES] = {[TIDE_INT64] = INT64_MAX, [TIDE_INT32] = INT32_MAX, [TIDE_INT16] = INT16_MAX, [TIDE_INT8] = INT8_MAX, [TIDE_UINT8] = UINT8_MAX, [TIDE_BOOL] = 1};
  if (how == AMAX || how == AMIN) {
    if (is_float) tide__write(x->dtype, value.bytes, low ? -__builtin_inf() : __builtin_inf());
    else tide__write_integer(x->dtype, value.bytes, !low ? most[x->dtype] : x->dtype == TIDE_UINT8 || x->dtype == TIDE_BOOL ? 0 : -most[x->dtype] - 1);
  }
  else tide__write_integer(x->dtype, value.bytes, how == PROD);
  if (!tide__places_each(k, &p, x, tide__index_dim(k, 1), k->in[1])) return 0;
  tide__places_walk(&p, tide__place_loop(x->dtype), x, value.bytes, x->dtype, NULL);
  return 1;
}

/* x divided by how many elements met in each place; integers floored. x is contiguous or dense. */
static int divide(tide_Call *k, tide_Tensor *x, int include_self) {
  tide_Tensor *count = tide__new_like(k->c, TIDE_FLOAT64, x);
  if (!count || !tide__own(k->c, count)) return 0;
  double one = include_self;
  tide__fill(count->ndim, count->shape, TIDE_FLOAT64, count->data, tide__strides(count), &one);
  one = 1;
  tide__Places p;
  if (!tide__places_each(k, &p, count, tide__index_dim(k, 1), k->in[1])) return 0;
  tide__places_walk(&p, tide__combine_loop(TIDE_COMBINE_ADD, TIDE_FLOAT64, TIDE_FLOAT64), count, &one, TIDE_FLOAT64, NULL);
  int is_float = tide__is_float(x->dtype);
  for (int64_t i = 0; i < x->n; i++) {                 /* (both have the same memory order) */
    double n = ((double *)count->data)[i];
    char *e = x->data + i * tide__size[x->dtype];
    if (n <= 1) continue;
    if (is_float) tide__write(x->dtype, e, tide__read(x->dtype, e) / n);
    else {
      int64_t v = tide__read_integer(x->dtype, e), m = (int64_t)n;
      tide__write_integer(x->dtype, e, v / m - (v % m < 0));
    }
  }
  return 1;
}

static int scatter_reduce_run(tide_Call *k) {
  static const int combine[] = {TIDE_COMBINE_ADD, TIDE_COMBINE_MULTIPLY, TIDE_COMBINE_ADD, TIDE_COMBINE_MAX, TIDE_COMBINE_MIN};
  tide_Tensor *o = k->out[0], *src = k->in[2];
  int how = reduction(k->v[4].s), include_self = (int)k->v[5].i;
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *sum = o->dtype == TIDE_FLOAT32 ? tide__converted(o, TIDE_FLOAT64) : o;
  int ok = sum && (include_self || start(k, sum, how)) && scatter_into(k, sum, tide__combine_loop(combine[how], sum->dtype, src->dtype), src) &&
           (how != MEAN || divide(k, sum, include_self));
  if (ok && sum != o) tide__copy(o->ndim, o->shape, o->dtype, o->data, tide__strides(o), sum->dtype, sum->data, tide__strides(sum));
  tide_close(k->c, scope, NULL);
  return ok;
}

/* How many elements met in each place, at least 1; as g's dtype. */
static tide_Tensor *meeting(tide_Node *n, tide_Tensor *g, tide_Tensor *index, int64_t dim, int include_self) {
  tide_Tensor *start_at = include_self ? tide_ones_like(g, -1) : tide_zeros_like(g, -1);
  if (!index) return NULL;
  tide_Tensor *count = tide_scatter_add(start_at, dim, index, tide_expand(tide_ones(n->ctx, NULL, 0, g->dtype), index->shape, index->ndim));
  return tide_where(tide_eq(count, K(0)), K(1), count);
}

/* The part of src that the index reaches. */
static tide_Tensor *reached(tide_Tensor *src, const tide_Tensor *index) {
  if (!src || !index || src->ndim != index->ndim) return src;
  for (int d = 0; src && d < index->ndim; d++) if (src->shape[d] != index->shape[d]) src = tide_slice(src, d, 0, index->shape[d], 1);
  return src;
}

static tide_Tensor *like(tide_Tensor *t, const tide_Tensor *g) { return tide_cast(t, g->dtype); }

static tide_Tensor *prod_vjp(tide_Node *n, tide_Tensor *g, int i, tide_Tensor *x, tide_Tensor *index, tide_Tensor *src, tide_Tensor *y, int64_t dim, int include_self) {
  if (i == 0) {
    tide_Tensor *whole = tide_where(tide_eq(x, K(0)), K(1), x);
    return tide_div(tide_mul(g, tide_scatter_reduce(whole, dim, index, src, "prod", include_self)), whole);
  }
  tide_Tensor *zero = tide_eq(src, K(0)), *none = tide_zeros_like(g, -1);
  tide_Tensor *zeros = tide_gather(tide_scatter_add(none, dim, index, zero ? like(zero, g) : NULL), dim, index);
  tide_Tensor *single = tide_mul(zero, tide_eq(zeros, K(1)));
  tide_Tensor *without = tide_scatter_reduce(x, dim, index, tide_where(single, K(1), src), "prod", include_self);
  return tide_where(single, tide_gather(tide_mul(g, without), dim, index), tide_div(tide_gather(tide_mul(g, y), dim, index), tide_where(zero, K(1), src)));
}

static tide_Tensor *extreme_vjp(tide_Node *n, tide_Tensor *g, int i, tide_Tensor *x, tide_Tensor *index, tide_Tensor *src, tide_Tensor *y, int64_t dim, int include_self) {
  tide_Tensor *own = tide_eq(x, y), *other = tide_eq(src, tide_gather(y, dim, index));
  if (!own || !other) return NULL;
  own = like(own, g);
  if (!include_self) own = tide_scatter_value(own, dim, index, K(0));
  tide_Tensor *count = tide_scatter_add(own, dim, index, like(other, g));
  tide_Tensor *share = tide_div(g, tide_where(tide_eq(count, K(0)), K(1), count));
  return i == 0 ? tide_mul(own, share) : tide_mul(other, tide_gather(share, dim, index));
}

static tide_Tensor *scatter_reduce_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int64_t dim = ARG(n, 1).i;
  int how = reduction(ARG(n, 4).s), include_self = (int)ARG(n, 5).i, nd;
  tide_Tensor *x = tide__saved(n, 0), *index = tide__saved(n, 1), *src = reached(tide__saved(n, 2), index), *y = tide__saved_output(n, 0), *gi;
  if (!x || !index || !src || !y) return NULL;
  const int64_t *shape = tide__in_shape(n, g, i == 0 ? 0 : 2, &nd);
  if (how == PROD) gi = prod_vjp(n, g, i, x, index, src, y, dim, include_self);
  else if (how == AMAX || how == AMIN) gi = extreme_vjp(n, g, i, x, index, src, y, dim, include_self);
  else {
    tide_Tensor *share = how == MEAN ? tide_div(g, meeting(n, g, index, dim, include_self)) : g;
    gi = i == 0 ? share : tide_gather(share, dim, index);
  }
  if (i == 0) return include_self || how == AMAX || how == AMIN ? gi : tide_scatter_value(gi, dim, index, K(0));
  return filled_up(n, gi, shape, nd);
}

/* }========================================================= */


/* {======================== take_along_dim ======================== */

static tide_Tensor *as_vector(tide_Tensor *t) { return tide_reshape(t, (int64_t[]){-1}, 1); }

static tide_Tensor *take_as_vector(tide_Tensor *input, tide_Tensor *indices) {
  if (!input || !indices) return NULL;
  return tide_gather(tide_reshape(input, &input->n, 1), 0, indices->n ? as_vector(indices) : tide_reshape(indices, &indices->n, 1));
}

static tide_Tensor *take_along(tide_Tensor *input, tide_Tensor *indices, int64_t dim) {
  if (!input || !indices) return NULL;
  tide_Context *c = input->ctx;
  int nd = input->ndim, d = tide__dim(c, dim, nd);
  int64_t shape[TIDE_MAXDIM];
  if (d < 0) return NULL;
  if (indices->ndim != nd)
    return tide__fail(c, TIDE_ESHAPE, "indices have sizes %s, the tensor %s: they must have equally many dimensions", SHAPE_TEXT(indices), SHAPE_TEXT(input));
  for (int e = 0; e < nd; e++) {
    int64_t a = input->shape[e], b = indices->shape[e];
    if (e != d && a != b && a != 1 && b != 1) return tide__fail(c, TIDE_ESHAPE, "sizes %s and %s do not fit apart from dimension %lld", SHAPE_TEXT(input), SHAPE_TEXT(indices), tide__shown(c, d));
    shape[e] = a == 1 ? b : a;
  }
  int64_t length = nd ? indices->shape[d] : 1, own = nd ? input->shape[d] : 1;
  if (nd) shape[d] = own;
  tide_Tensor *x = tide_expand(input, shape, nd);
  if (nd) shape[d] = length;
  return tide_gather(x, dim, tide_expand(indices, shape, nd));
}

/* }========================================================= */


/* {======================== parts ======================== */

typedef struct Window { int nd; int64_t shape[TIDE_MAXDIM], strides[TIDE_MAXDIM], offset; } Window;

/* start and end as positions from 0, end not included, within size. */
static void cut(const tide_Context *c, int64_t size, int64_t *from, int64_t *to) {
  int64_t a = *from == TIDE_ABSENT ? 0 : *from, b = *to;
  if (c->base && b != TIDE_ABSENT && b < 0) b = b == -1 ? TIDE_ABSENT : b + 1;
  if (b == TIDE_ABSENT) b = size;
  if (a < 0) a += size;
  if (b < 0) b += size;
  *from = a < 0 ? 0 : a > size ? size : a;
  *to = b < *from ? *from : b > size ? size : b;
}

static void drop(Window *w, int dim) {
  w->nd--;
  for (int d = dim; d < w->nd; d++) { w->shape[d] = w->shape[d + 1]; w->strides[d] = w->strides[d + 1]; }
}

static int select_window(tide_Call *k, const tide_Tensor *x, Window *w) {
  int dim = tide__index_dim(k, 2);
  int64_t i = k->v[3].i, size;
  if (dim < 0) return 0;
  if (!x->ndim) return FAIL(k, TIDE_EINDEX, "a tensor of 0 dimensions has no positions");
  size = x->shape[dim];
  if (i < -size || i >= size) return FAIL(k, TIDE_EINDEX, "index %lld is out of range for dimension %lld of size %lld", tide__shown(k->c, i), tide__shown(k->c, dim), (long long)size);
  w->offset = (i < 0 ? i + size : i) * w->strides[dim];
  drop(w, dim);
  return 1;
}

static int slice_window(tide_Call *k, const tide_Tensor *x, Window *w) {
  int dim = tide__index_dim(k, 2);
  int64_t from = k->v[3].i, to = k->v[4].i, step = k->v[5].i;
  if (dim < 0) return 0;
  if (!x->ndim) return FAIL(k, TIDE_EINDEX, "a tensor of 0 dimensions cannot be sliced");
  if (step < 1) return FAIL(k, TIDE_EARG, "step is %lld; it must be positive", (long long)step);
  cut(k->c, x->shape[dim], &from, &to);
  w->offset = from * w->strides[dim];
  w->shape[dim] = (to - from) / step + ((to - from) % step != 0);
  w->strides[dim] *= step;
  return 1;
}

static int diagonal_window(tide_Call *k, const tide_Tensor *x, Window *w) {
  int a = tide__index_dim(k, 3), b = a < 0 ? -1 : tide__index_dim(k, 4);
  int64_t offset = k->v[2].i;
  if (b < 0) return 0;
  if (a == b) return FAIL(k, TIDE_EARG, "a diagonal needs two dimensions, both are %lld", tide__shown(k->c, a));
  if (x->ndim < 2) return FAIL(k, TIDE_ESHAPE, "a diagonal needs two dimensions, the sizes are %s", SHAPE_TEXT(x));
  int64_t rows = x->shape[a] + (offset < 0 ? offset : 0), columns = x->shape[b] - (offset > 0 ? offset : 0), n = rows < columns ? rows : columns;
  int64_t stride = w->strides[a] + w->strides[b];
  w->offset = n <= 0 ? 0 : offset < 0 ? -offset * w->strides[a] : offset * w->strides[b];
  drop(w, a > b ? a : b);
  drop(w, a > b ? b : a);
  w->shape[w->nd] = n > 0 ? n : 0;
  w->strides[w->nd++] = stride;
  return 1;
}

/* The part of x that the call names. */
static int window_of(tide_Call *k, const tide_Tensor *x, Window *w) {
  w->nd = x->ndim;
  w->offset = 0;
  memcpy(w->shape, x->shape, sizeof(int64_t) * x->ndim);
  memcpy(w->strides, tide__strides((tide_Tensor *)x), sizeof(int64_t) * x->ndim);
  if (k->op == &tide__op_select_scatter) return select_window(k, x, w);
  return k->op == &tide__op_slice_scatter ? slice_window(k, x, w) : diagonal_window(k, x, w);
}

static int part_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0], *src = k->in[1];
  Window w;
  if (!window_of(k, x, &w)) return 0;
  if (src->ndim != w.nd || memcmp(src->shape, w.shape, sizeof(int64_t) * (size_t)w.nd))
    return FAIL(k, TIDE_ESHAPE, "src has sizes %s, the part to write %s", SHAPE_TEXT(src), SIZES_TEXT(w.nd, w.shape));
  return tide__target(k, x->ndim, x->shape);
}

static int part_run(tide_Call *k) {
  tide_Tensor *o = k->out[0], *src = k->in[1];
  Window w;
  if (!window_of(k, o, &w)) return 0;
  tide__copy(w.nd, w.shape, o->dtype, o->data + w.offset * (int64_t)tide__size[o->dtype], w.strides, src->dtype, src->data, tide__strides(src));
  return 1;
}

/* The gradient of the copy is g with zeros in the part that was written, that of src is the part. */
static tide_Tensor *nothing(tide_Tensor *part) { return part ? tide__zeros_of(part->ctx, part->dtype, part->shape, part->ndim) : NULL; }

static tide_Tensor *select_scatter_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int64_t dim = ARG(n, 2).i, index = ARG(n, 3).i;
  tide_Tensor *part = tide_select(g, dim, index);
  return i == 0 ? tide_select_scatter(g, nothing(part), dim, index) : part;
}
static tide_Tensor *slice_scatter_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int64_t dim = ARG(n, 2).i, from = ARG(n, 3).i, to = ARG(n, 4).i, step = ARG(n, 5).i;
  cut(n->ctx, g->shape[tide__dim(n->ctx, dim, g->ndim)], &from, &to);
  tide_Tensor *part = tide_slice(g, dim, from, to, step);
  return i == 0 ? tide_slice_scatter(g, nothing(part), dim, ARG(n, 3).i, ARG(n, 4).i, step) : part;
}
static tide_Tensor *diagonal_scatter_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int64_t offset = ARG(n, 2).i, dim1 = ARG(n, 3).i, dim2 = ARG(n, 4).i;
  tide_Tensor *part = tide_diagonal(g, offset, dim1, dim2);
  return i == 0 ? tide_diagonal_scatter(g, nothing(part), offset, dim1, dim2) : part;
}

/* }========================================================= */

#define TABLE "ops/gather.def"
#include "ops/define.h"
