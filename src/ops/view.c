/*
** Views. infer computes sizes, strides and offset; nothing runs. The look functions compute the geometry of a part (select, slice, diagonal,
** unfold) from that of a whole: once for the view, and once for its adjoint, where the whole is a new tensor of zeros. The
** strided operators at the end serve the history of views: a view whose base was written is taken out of it anew (as_strided_of), and a
** write to a view is recorded on the base (copy_slices).
*/
#include "ops/op.h"


/* {======================== sizes ======================== */

/* The sizes with -1 filled in, for the elements of old_nd dimensions. */
static int complete(tide_Context *c, int old_nd, const int64_t *old, const int64_t *size, int nd, int64_t *shape) {
  int64_t elements = 1;
  for (int d = 0; d < old_nd; d++) elements *= old[d];
  int64_t n = 1;
  int hole = -1, empty = 0;
  if (nd > TIDE_MAXDIM) { tide__fail(c, TIDE_ESHAPE, "%d dimensions: at most %d are possible", nd, TIDE_MAXDIM); return 0; }
  for (int d = 0; d < nd; d++) {
    shape[d] = size[d];
    if (size[d] == 0) empty = 1;
    if (size[d] == -1) {
      if (hole >= 0) { tide__fail(c, TIDE_ESHAPE, "only one size can be inferred, not two of %s", SIZES_TEXT(nd, size)); return 0; }
      hole = d;
    }
    else if (size[d] < 0) { tide__fail(c, TIDE_ESHAPE, "size %lld is negative in %s", (long long)size[d], SIZES_TEXT(nd, size)); return 0; }
  }
  for (int d = 0; d < nd && n >= 0; d++)
    if (d != hole && __builtin_mul_overflow(n, empty && size[d] ? 1 : size[d], &n)) n = -1;
  if (hole >= 0 && n == 0) { tide__fail(c, TIDE_ESHAPE, "the size for -1 in %s is ambiguous", SIZES_TEXT(nd, size)); return 0; }
  if (hole >= 0 && n > 0 && elements % n == 0) { shape[hole] = elements / n; n = elements; }
  if (n != elements) { tide__fail(c, TIDE_ESHAPE, "%lld elements of sizes %s do not fit into %s", (long long)elements, SIZES_TEXT(old_nd, old), SIZES_TEXT(nd, size)); return 0; }
  return 1;
}

/* Strides under which x's memory has these sizes; 0 if there are none. Runs of x's dimensions that lie contiguously are cut anew. */
static int view_strides(const tide_Tensor *x, int nd, const int64_t *shape, int64_t *strides) {
  const int64_t *old = tide__strides(x);
  if (x->n == 0) { tide__contiguous_strides(nd, shape, strides); return 1; }
  int v = nd - 1;
  int64_t chunk = x->ndim ? old[x->ndim - 1] : 1, have = 1, want = 1;
  for (int d = x->ndim - 1; d >= 0; d--) {
    have *= x->shape[d];
    if (d == 0 || (x->shape[d - 1] != 1 && old[d - 1] != have * chunk)) {
      while (v >= 0 && (want < have || shape[v] == 1)) {
        strides[v] = want * chunk;
        want *= shape[v];
        v--;
      }
      if (want != have) return 0;
      if (d > 0) { chunk = old[d - 1]; have = want = 1; }
    }
  }
  while (v >= 0) { if (shape[v] != 1) return 0; strides[v--] = chunk; }
  return 1;
}

static int viewed(tide_Call *k, int64_t *shape, int64_t *strides) {
  tide_Tensor *x = k->in[0];
  int nd = k->v[1].n;
  if (!complete(k->c, x->ndim, x->shape, k->v[1].ints, nd, shape)) return 0;
  if (!view_strides(x, nd, shape, strides))
    return FAIL(k, TIDE_ESHAPE, "sizes %s with strides %s cannot be seen as %s without a copy; use reshape", SHAPE_TEXT(x), SIZES_TEXT(x->ndim, tide__strides(x)), SIZES_TEXT(nd, shape));
  return 1;
}
static int view_infer(tide_Call *k) {
  int64_t shape[TIDE_MAXDIM], strides[TIDE_MAXDIM];
  return viewed(k, shape, strides) && tide__view(k, 0, k->v[1].n, shape, strides, 0);
}
static int unsafe_view_infer(tide_Call *k) {
  int64_t shape[TIDE_MAXDIM], strides[TIDE_MAXDIM];
  return viewed(k, shape, strides) && (k->out[0] = tide__alias(k->in[0], k->v[1].n, shape, strides, 0)) != NULL;
}
static tide_Tensor *resize_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  return tide_reshape(g, shape, nd);
}

static tide_Tensor *reshape(tide_Tensor *x, const int64_t *size, int nd) {
  int64_t shape[TIDE_MAXDIM], strides[TIDE_MAXDIM];
  if (!x || !complete(x->ctx, x->ndim, x->shape, size, nd, shape)) return NULL;
  if (view_strides(x, nd, shape, strides)) return x->flags & T_CONTIG ? tide_view(x, shape, nd) : tide_reshape_alias(x, shape, nd);
  return tide_unsafe_view(tide_contiguous_copy(x), shape, nd);
}

static tide_Tensor *ravel(tide_Tensor *x) { return tide_view(tide_contiguous(x), (int64_t[]){-1}, 1); }

static tide_Tensor *flatten(tide_Tensor *x, int64_t start, int64_t end) {
  if (!x) return NULL;
  int64_t shape[TIDE_MAXDIM] = {1};
  int a = tide__dim(x->ctx, start, x->ndim), b = a < 0 ? -1 : tide__dim(x->ctx, end, x->ndim);
  if (b < 0) return NULL;
  if (b < a) return tide__fail(x->ctx, TIDE_EARG, "end_dim %lld comes before start_dim %lld", tide__shown(x->ctx, b), tide__shown(x->ctx, a));
  if (x->ndim == 0) return reshape(x, shape, 1);
  if (a == b) return x;
  for (int d = 0; d <= a; d++) shape[d] = x->shape[d];
  for (int d = a + 1; d <= b; d++) shape[a] *= x->shape[d];
  for (int d = b + 1; d < x->ndim; d++) shape[a + d - b] = x->shape[d];
  return reshape(x, shape, x->ndim - (b - a));
}

static tide_Tensor *unflatten(tide_Tensor *x, int64_t dim, const int64_t *sizes, int n) {
  if (!x) return NULL;
  tide_Context *c = x->ctx;
  int64_t shape[TIDE_MAXDIM], one[1] = {1};
  int d = tide__dim(c, dim, x->ndim), nd = x->ndim ? x->ndim : 1;
  const int64_t *old = x->ndim ? x->shape : one;
  if (d < 0) return NULL;
  if (n <= 0) return tide__fail(c, TIDE_ESHAPE, "sizes is an empty list");
  if (nd - 1 + n > TIDE_MAXDIM) return tide__fail(c, TIDE_ESHAPE, "%d dimensions: at most %d are possible", nd - 1 + n, TIDE_MAXDIM);
  memcpy(shape, old, sizeof(int64_t) * (size_t)d);
  if (!complete(c, 1, old + d, sizes, n, shape + d)) return NULL;
  memcpy(shape + d + n, old + d + 1, sizeof(int64_t) * (size_t)(nd - d - 1));
  return tide_view(x, shape, nd - 1 + n);
}

/* Without those dimensions of the mask that have size 1. */
static int drop(tide_Call *k, uint32_t mask) {
  tide_Tensor *x = k->in[0];
  int64_t shape[TIDE_MAXDIM], strides[TIDE_MAXDIM];
  int nd = 0;
  for (int d = 0; d < x->ndim; d++) {
    if (mask >> d & 1 && x->shape[d] == 1) continue;
    shape[nd] = x->shape[d];
    strides[nd++] = tide__strides(x)[d];
  }
  return tide__view(k, 0, nd, shape, strides, 0);
}
static int squeeze_infer(tide_Call *k) { return drop(k, UINT32_MAX); }
static int squeeze_dim_infer(tide_Call *k) {
  int d = tide__dim(k->c, k->v[1].i, k->in[0]->ndim);
  return d >= 0 && drop(k, 1u << d);
}
static int squeeze_dims_infer(tide_Call *k) {
  int ok;
  uint32_t mask = tide__dims(k->c, k->v[1].ints, k->v[1].n, k->in[0]->ndim, &ok);
  return ok && drop(k, mask);
}

static int unsqueeze_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  int64_t shape[TIDE_MAXDIM], strides[TIDE_MAXDIM];
  if (x->ndim == TIDE_MAXDIM) return FAIL(k, TIDE_ESHAPE, "%d dimensions: at most %d are possible", x->ndim + 1, TIDE_MAXDIM);
  int at = tide__dim(k->c, k->v[1].i, x->ndim + 1);
  if (at < 0) return 0;
  for (int d = 0; d < x->ndim; d++) {
    shape[d + (d >= at)] = x->shape[d];
    strides[d + (d >= at)] = tide__strides(x)[d];
  }
  shape[at] = 1;
  strides[at] = at < x->ndim ? x->shape[at] * tide__strides(x)[at] : 1;
  return tide__view(k, 0, x->ndim + 1, shape, strides, 0);
}

static tide_Tensor *atleast(tide_Tensor *x, int nd) {
  if (!x || x->ndim >= nd) return x;
  if (x->ndim == 0) return reshape(x, (int64_t[]){1, 1, 1}, nd);
  if (nd == 2) return tide_unsqueeze(x, 0);
  return tide_unsqueeze(x->ndim == 1 ? tide_unsqueeze(x, 0) : x, -1);
}

static int alias_infer(tide_Call *k) { return tide__view(k, 0, k->in[0]->ndim, k->in[0]->shape, tide__strides(k->in[0]), 0); }
static tide_Tensor *alias_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)n; (void)i; return g; }

/* }========================================================= */


/* {======================== order of dimensions ======================== */

/* Dimension d of the result is x's order[d]. */
static int reordered(tide_Call *k, const int *order) {
  tide_Tensor *x = k->in[0];
  int64_t shape[TIDE_MAXDIM], strides[TIDE_MAXDIM];
  for (int d = 0; d < x->ndim; d++) {
    shape[d] = x->shape[order[d]];
    strides[d] = tide__strides(x)[order[d]];
  }
  return tide__view(k, 0, x->ndim, shape, strides, 0);
}
static int exchange(tide_Call *k, int a, int b) {
  int order[TIDE_MAXDIM];
  for (int d = 0; d < k->in[0]->ndim; d++) order[d] = d == a ? b : d == b ? a : d;
  return reordered(k, order);
}
static int t_infer(tide_Call *k) {
  int nd = k->in[0]->ndim;
  if (nd > 2) return FAIL(k, TIDE_ESHAPE, "a matrix is wanted, not sizes %s; use transpose", SHAPE_TEXT(k->in[0]));
  return exchange(k, 0, nd - 1);
}
static tide_Tensor *t_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)n; (void)i; return tide_t(g); }
static int transpose_infer(tide_Call *k) {
  int a = tide__dim(k->c, k->v[1].i, k->in[0]->ndim), b = a < 0 ? -1 : tide__dim(k->c, k->v[2].i, k->in[0]->ndim);
  return b >= 0 && exchange(k, a, b);
}
static tide_Tensor *transpose_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_transpose(g, ARG(n, 1).i, ARG(n, 2).i); }

static int permute_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  int n = k->v[1].n, order[TIDE_MAXDIM], ok;
  if (n != x->ndim) return FAIL(k, TIDE_EARG, "%d dimensions are named, the tensor has %d", n < 0 ? 0 : n, x->ndim);
  tide__dims(k->c, k->v[1].ints, n, x->ndim, &ok);
  for (int d = 0; ok && d < n; d++) order[d] = tide__dim(k->c, k->v[1].ints[d], n);
  return ok && reordered(k, order);
}
static tide_Tensor *permute_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd = ARG(n, 1).n;
  int64_t back[TIDE_MAXDIM];
  (void)i;
  for (int d = 0; d < nd; d++) back[tide__dim(n->ctx, ARG(n, 1).ints[d], nd)] = d;
  return tide_permute(g, back, nd);
}

static tide_Tensor *movedim(tide_Tensor *x, const int64_t *source, int n, const int64_t *destination, int m) {
  if (!x) return NULL;
  tide_Context *c = x->ctx;
  int64_t order[TIDE_MAXDIM];
  int ok, nd = x->ndim;
  if (n != m) return tide__fail(c, TIDE_EARG, "%d source dimensions and %d destinations", n, m);
  uint32_t from = tide__dims(c, source, n, nd, &ok), to = ok ? tide__dims(c, destination, m, nd, &ok) : 0;
  if (!ok) return NULL;
  if (nd == 0) return tide_permute(x, NULL, 0);
  for (int i = 0; i < n; i++) order[tide__dim(c, destination[i], nd)] = tide__dim(c, source[i], nd);
  for (int d = 0, s = 0; d < nd; d++) {
    if (to >> d & 1) continue;
    while (from >> s & 1) s++;
    order[d] = s++;
  }
  return tide_permute(x, order, nd);
}

static tide_Tensor *reversed(tide_Tensor *x) {
  int64_t order[TIDE_MAXDIM];
  if (!x) return NULL;
  for (int d = 0; d < x->ndim; d++) order[d] = x->ndim - 1 - d;
  return tide_permute(x, order, x->ndim);
}
static tide_Tensor *matrices(tide_Tensor *x) {
  if (!x) return NULL;
  if (x->ndim < 2) return tide__fail(x->ctx, TIDE_ESHAPE, "a matrix, or several, is wanted, not sizes %s", SHAPE_TEXT(x));
  return tide_transpose(x, -2, -1);
}
static tide_Tensor *matrix(tide_Tensor *x) {
  if (!x) return NULL;
  if (x->ndim != 0 && x->ndim != 2) return tide__fail(x->ctx, TIDE_ESHAPE, "a matrix is wanted, not sizes %s; use mH", SHAPE_TEXT(x));
  return x->ndim ? tide_transpose(x, 0, 1) : x;
}

/* }========================================================= */


/* {======================== repetition ======================== */

static int expand_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  const int64_t *size = k->v[1].ints;
  int nd = k->v[1].n, off = nd - x->ndim;
  int64_t shape[TIDE_MAXDIM], strides[TIDE_MAXDIM];
  if (off < 0) return FAIL(k, TIDE_ESHAPE, "%d sizes for a tensor of %d dimensions", nd, x->ndim);
  if (nd > TIDE_MAXDIM) return FAIL(k, TIDE_ESHAPE, "%d dimensions: at most %d are possible", nd, TIDE_MAXDIM);
  for (int d = 0; d < nd; d++) {
    int64_t have = d < off ? 1 : x->shape[d - off];
    if (size[d] == -1 && d < off) return FAIL(k, TIDE_ESHAPE, "size -1 at the new dimension %lld", tide__shown(k->c, d));
    shape[d] = size[d] == -1 ? have : size[d];
    if (shape[d] < 0) return FAIL(k, TIDE_ESHAPE, "size %lld is negative", (long long)shape[d]);
    if (shape[d] != have && have != 1) return FAIL(k, TIDE_ESHAPE, "sizes %s cannot become %s: %lld against %lld at dimension %lld", SHAPE_TEXT(x), SIZES_TEXT(nd, size), (long long)have, (long long)size[d], tide__shown(k->c, d));
    strides[d] = d < off || (have == 1 && shape[d] != 1) ? 0 : tide__strides(x)[d - off];
  }
  return tide__view(k, 0, nd, shape, strides, 0);
}
static tide_Tensor *expand_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  return tide_sum_to(g, shape, nd);
}

/* Room for n results of a composite, in *list; the context of the tensors, or NULL if there is none to speak of. */
static tide_Context *list_of(tide_Tensor *const *in, int n, int room, tide_Tensor ***list) {
  static tide_Tensor *nothing[1];
  *list = NULL;
  if (n == 0) *list = nothing;
  for (int i = 0; i < n; i++) if (!in[i]) return NULL;
  if (n) *list = tide__scratch(in[0]->ctx, (size_t)(room ? room : 1) * sizeof **list);
  return n ? in[0]->ctx : NULL;
}

/* list, of n, if all of it is there. */
static tide_Tensor **whole(tide_Tensor **list, int n, int *count) {
  *count = 0;
  for (int i = 0; list && i < n; i++) if (!list[i]) return NULL;
  *count = list ? n : 0;
  return list;
}

static tide_Tensor **atleast_list(tide_Tensor *const *t, int n, int nd, int *count) {
  tide_Tensor **list;
  list_of(t, n, n, &list);
  for (int i = 0; list && i < n; i++) list[i] = atleast(t[i], nd);
  return whole(list, n, count);
}

static tide_Tensor **broadcast_tensors(tide_Tensor *const *t, int n, int *count) {
  tide_Tensor **list;
  int64_t shape[TIDE_MAXDIM];
  int nd = 0;
  tide_Context *c = list_of(t, n, n, &list);
  if (c && !tide__broadcast(c, n, t, &nd, shape)) list = NULL;
  for (int i = 0; list && i < n; i++)
    list[i] = t[i]->ndim == nd && !memcmp(t[i]->shape, shape, sizeof(int64_t) * (size_t)nd) ? t[i] : tide_expand(t[i], shape, nd);
  return whole(list, n, count);
}

static tide_Tensor **meshgrid(tide_Tensor *const *t, int n, const char *indexing, int *count) {
  tide_Tensor **list;
  int64_t shape[TIDE_MAXDIM], ones[TIDE_MAXDIM];
  tide_Context *c = list_of(t, n, n, &list);
  *count = 0;
  if (!c || !list) return NULL;
  int xy = !strcmp(indexing, "xy") && n > 1;
  if (strcmp(indexing, "xy") && strcmp(indexing, "ij")) return tide__fail(c, TIDE_EARG, "indexing is \"ij\" or \"xy\", not \"%s\"", indexing);
  if (n > TIDE_MAXDIM) return tide__fail(c, TIDE_ESHAPE, "%d dimensions: at most %d are possible", n, TIDE_MAXDIM);
  for (int i = 0; i < n; i++) {
    if (t[i]->ndim > 1) return tide__fail(c, TIDE_ESHAPE, "vectors are wanted, not sizes %s", SHAPE_TEXT(t[i]));
    if (t[i]->dtype != t[0]->dtype) return tide__fail(c, TIDE_EDTYPE, "the vectors have dtypes %s and %s", tide_dtype_name(t[0]->dtype), tide_dtype_name(t[i]->dtype));
    shape[xy && i < 2 ? 1 - i : i] = t[i]->n;
    ones[i] = 1;
  }
  for (int i = 0; i < n; i++) {
    int d = xy && i < 2 ? 1 - i : i;
    ones[d] = -1;
    if (t[i]->n == 0) ones[d] = 0;
    list[i] = tide_expand(tide_view(t[i], ones, n), shape, n);
    ones[d] = 1;
  }
  return whole(list, n, count);
}

/* }========================================================= */


/* {======================== parts ======================== */

typedef struct Look { int nd; int64_t offset, shape[TIDE_MAXDIM], strides[TIDE_MAXDIM]; } Look;

/* The geometry of a part of x, by the arguments v that follow the tensor (of a put: the sizes). 1, or 0 with the error set. */
typedef int (*LookFunction)(tide_Context *c, const tide_Tensor *x, const tide_Value *v, Look *l);

/* All of x. */
static void look_at(const tide_Tensor *x, Look *l) {
  l->nd = x->ndim;
  l->offset = 0;
  memcpy(l->shape, x->shape, sizeof(int64_t) * x->ndim);
  memcpy(l->strides, tide__strides(x), sizeof(int64_t) * x->ndim);
}

/* Takes dimension d out. */
static void without(Look *l, int d) {
  l->nd--;
  memmove(l->shape + d, l->shape + d + 1, sizeof(int64_t) * (size_t)(l->nd - d));
  memmove(l->strides + d, l->strides + d + 1, sizeof(int64_t) * (size_t)(l->nd - d));
}

/* v: dim, index */
static int select_look(tide_Context *c, const tide_Tensor *x, const tide_Value *v, Look *l) {
  if (x->ndim == 0) { tide__fail(c, TIDE_EINDEX, "a 0-dim tensor has no dimension to take a position of"); return 0; }
  int d = tide__dim(c, v[0].i, x->ndim);
  if (d < 0) return 0;
  int64_t size = x->shape[d], i = v[1].i < 0 ? v[1].i + size : v[1].i;
  if (i < 0 || i >= size) {
    tide__fail(c, TIDE_EINDEX, "index %lld is out of range for dimension %lld of size %lld", tide__shown(c, v[1].i), tide__shown(c, d), (long long)size);
    return 0;
  }
  look_at(x, l);
  l->offset = i * l->strides[d];
  without(l, d);
  return 1;
}

/* v: dim, start, end, step */
static int slice_look(tide_Context *c, const tide_Tensor *x, const tide_Value *v, Look *l) {
  if (x->ndim == 0) { tide__fail(c, TIDE_EINDEX, "a 0-dim tensor has no dimension to slice"); return 0; }
  int d = tide__dim(c, v[0].i, x->ndim);
  if (d < 0) return 0;
  if (v[3].i <= 0) { tide__fail(c, TIDE_EARG, "step %lld is not positive", (long long)v[3].i); return 0; }
  int64_t size = x->shape[d], start = v[1].i < 0 ? v[1].i + size : v[1].i, end = v[2].i < 0 ? v[2].i + size : v[2].i;
  start = start < 0 ? 0 : start > size ? size : start;
  end = end < start ? start : end > size ? size : end;
  look_at(x, l);
  l->offset = start * l->strides[d];
  l->shape[d] = end > start ? (end - start - 1) / v[3].i + 1 : 0;
  l->strides[d] *= v[3].i;
  return 1;
}

/* v: offset, dim1, dim2 */
static int diagonal_look(tide_Context *c, const tide_Tensor *x, const tide_Value *v, Look *l) {
  int a = tide__dim(c, v[1].i, x->ndim), b = a < 0 ? -1 : tide__dim(c, v[2].i, x->ndim);
  if (b < 0) return 0;
  if (a == b) { tide__fail(c, TIDE_EARG, "both dimensions of the diagonal are %lld", tide__shown(c, a)); return 0; }
  look_at(x, l);
  int64_t offset = v[0].i, rows = l->shape[a], columns = l->shape[b], row = l->strides[a], column = l->strides[b];
  int64_t n = offset >= 0 ? (columns > offset ? columns - offset : 0) : rows + offset;
  if (n > (offset >= 0 ? rows : columns)) n = offset >= 0 ? rows : columns;
  if (n < 0) n = 0;
  if (n) l->offset = offset >= 0 ? offset * column : -offset * row;
  without(l, a > b ? a : b);
  without(l, a > b ? b : a);
  l->shape[l->nd] = n;
  l->strides[l->nd++] = row + column;
  return 1;
}

/* v: dimension, size, step */
static int unfold_look(tide_Context *c, const tide_Tensor *x, const tide_Value *v, Look *l) {
  int d = tide__dim(c, v[0].i, x->ndim);
  if (d < 0) return 0;
  int64_t have = x->ndim ? x->shape[d] : 1, size = v[1].i, step = v[2].i;
  if (x->ndim == TIDE_MAXDIM) { tide__fail(c, TIDE_ESHAPE, "%d dimensions: at most %d are possible", x->ndim + 1, TIDE_MAXDIM); return 0; }
  if (size < 0) { tide__fail(c, TIDE_EARG, "size %lld is negative", (long long)size); return 0; }
  if (size > have) { tide__fail(c, TIDE_ESHAPE, "windows of %lld do not fit into dimension %lld of size %lld", (long long)size, tide__shown(c, d), (long long)have); return 0; }
  if (step <= 0) { tide__fail(c, TIDE_EARG, "step %lld is not positive", (long long)step); return 0; }
  look_at(x, l);
  l->strides[l->nd] = x->ndim ? l->strides[d] : 1;
  if (x->ndim) {
    l->shape[d] = (have - size) / step + 1;
    l->strides[d] *= step;
  }
  l->shape[l->nd++] = size;
  return 1;
}

static int part(tide_Call *k, LookFunction f) {
  Look l;
  return f(k->c, k->in[0], k->v + 1, &l) && tide__view(k, 0, l.nd, l.shape, l.strides, l.offset);
}

static int put_infer(tide_Call *k, LookFunction f) {
  Look l;
  tide_Tensor *g = k->in[0];
  if (!tide__result(k, 0, g->dtype, k->v[1].n, k->v[1].ints) || !f(k->c, k->out[0], k->v + 2, &l)) return 0;
  if (l.nd == g->ndim && !memcmp(l.shape, g->shape, sizeof(int64_t) * g->ndim)) return 1;
  return FAIL(k, TIDE_ESHAPE, "sizes %s do not fit the part of sizes %s", SHAPE_TEXT(g), SIZES_TEXT(l.nd, l.shape));
}

/* g added into zeros, one element after the other: windows may overlap. */
static void fill_in(tide_Tensor *o, const tide_Tensor *g, int nd, const int64_t *shape, const int64_t *stride, int64_t offset) {
  size_t w = tide__size[g->dtype];
  char *start = o->data + offset * (int64_t)w, *data[3] = {start, start, g->data};
  const int64_t *strides[3] = {stride, stride, tide__strides(g)};
  tide__Iter it;
  memset(o->data, 0, o->bytes);
  tide__iter_init(&it, nd, shape, 3, strides, (size_t[]){w, w, w});
  tide__iterate(&it, data, tide__serial_add(g->dtype), NULL);
}

static int put_run(tide_Call *k, LookFunction f) {
  Look l;
  tide_Tensor *g = k->in[0], *o = k->out[0];
  if (!f(k->c, o, k->v + 2, &l)) return 0;
  if (o->n == 0) return 1;
  if (f == unfold_look) { fill_in(o, g, l.nd, l.shape, l.strides, l.offset); return 1; }
  memset(o->data, 0, o->bytes);
  tide__copy(l.nd, l.shape, o->dtype, o->data + l.offset * tide__size[o->dtype], l.strides, g->dtype, g->data, tide__strides(g));
  return 1;
}

static int select_infer(tide_Call *k) { return part(k, select_look); }
static int select_put_infer(tide_Call *k) { return put_infer(k, select_look); }
static int select_put_run(tide_Call *k) { return put_run(k, select_look); }
static tide_Tensor *select_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  return tide_select_put(g, shape, nd, ARG(n, 1).i, ARG(n, 2).i);
}
static tide_Tensor *select_put_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_select(g, ARG(n, 2).i, ARG(n, 3).i); }

static int slice_infer(tide_Call *k) { return part(k, slice_look); }
static int slice_put_infer(tide_Call *k) { return put_infer(k, slice_look); }
static int slice_put_run(tide_Call *k) { return put_run(k, slice_look); }
static tide_Tensor *slice_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  return tide_slice_put(g, shape, nd, ARG(n, 1).i, ARG(n, 2).i, ARG(n, 3).i, ARG(n, 4).i);
}
static tide_Tensor *slice_put_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_slice(g, ARG(n, 2).i, ARG(n, 3).i, ARG(n, 4).i, ARG(n, 5).i); }

static int diagonal_infer(tide_Call *k) { return part(k, diagonal_look); }
static int diagonal_put_infer(tide_Call *k) { return put_infer(k, diagonal_look); }
static int diagonal_put_run(tide_Call *k) { return put_run(k, diagonal_look); }
static tide_Tensor *diagonal_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  return tide_diagonal_put(g, shape, nd, ARG(n, 1).i, ARG(n, 2).i, ARG(n, 3).i);
}
static tide_Tensor *diagonal_put_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_diagonal(g, ARG(n, 2).i, ARG(n, 3).i, ARG(n, 4).i); }

static int unfold_infer(tide_Call *k) { return part(k, unfold_look); }
static int unfold_put_infer(tide_Call *k) { return put_infer(k, unfold_look); }
static int unfold_put_run(tide_Call *k) { return put_run(k, unfold_look); }
static tide_Tensor *unfold_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  return tide_unfold_put(g, shape, nd, ARG(n, 1).i, ARG(n, 2).i, ARG(n, 3).i);
}
static tide_Tensor *unfold_put_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_unfold(g, ARG(n, 2).i, ARG(n, 3).i, ARG(n, 4).i); }

static tide_Tensor *narrow(tide_Tensor *x, int64_t dim, int64_t start, int64_t length) {
  if (!x) return NULL;
  tide_Context *c = x->ctx;
  if (x->ndim == 0) return tide__fail(c, TIDE_EINDEX, "a 0-dim tensor has no dimension to narrow");
  int d = tide__dim(c, dim, x->ndim);
  if (d < 0) return NULL;
  int64_t size = x->shape[d], from = start < 0 ? start + size : start;
  if (length < 0) return tide__fail(c, TIDE_EARG, "length %lld is negative", (long long)length);
  if (from < 0 || from > size || length > size - from)
    return tide__fail(c, TIDE_EINDEX, "%lld positions from %lld on are beyond dimension %lld of size %lld", (long long)length, tide__shown(c, start), tide__shown(c, d), (long long)size);
  return tide_slice(x, d, from, from + length, 1);
}

/* }========================================================= */


/* {======================== several parts ======================== */

/* The dimension to cut, or -1 with the error set. */
static int cut_dim(tide_Context *c, const tide_Tensor *x, int64_t dim) {
  if (x->ndim) return tide__dim(c, dim, x->ndim);
  tide__fail(c, TIDE_ESHAPE, "a 0-dim tensor has no dimension to cut");
  return -1;
}

/* Output i: `length` positions of d from `start` on. */
static int piece(tide_Call *k, int i, int d, int64_t start, int64_t length) {
  Look l;
  look_at(k->in[0], &l);
  l.shape[d] = length;
  return tide__view(k, i, l.nd, l.shape, l.strides, start * l.strides[d]);
}

static int split_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  int64_t step = k->v[1].i;
  int d = cut_dim(k->c, x, k->v[2].i);
  if (d < 0) return 0;
  int64_t size = x->shape[d];
  if (step < 0 || (step == 0 && size != 0)) return FAIL(k, TIDE_EARG, "split_size %lld is not positive", (long long)step);
  int64_t n = size ? (size - 1) / step + 1 : 1;
  if (n > INT32_MAX / 16) return FAIL(k, TIDE_EARG, "%lld parts are too many", (long long)n);
  if (!tide__outputs(k, (int)n)) return 0;
  for (int64_t i = 0; i < n; i++)
    if (!piece(k, (int)i, d, i * step, size - i * step < step ? size - i * step : step)) return 0;
  return 1;
}
static int split_with_sizes_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  const int64_t *sizes = k->v[1].ints;
  int n = k->v[1].n < 0 ? 0 : k->v[1].n, d = cut_dim(k->c, x, k->v[2].i);
  if (d < 0) return 0;
  int64_t left = x->shape[d];
  for (int i = 0; i < n; i++) if (sizes[i] < 0) return FAIL(k, TIDE_EARG, "size %lld is negative", (long long)sizes[i]);
  for (int i = 0; i < n && left >= 0; i++) left = sizes[i] > left ? -1 : left - sizes[i];
  if (left != 0) return FAIL(k, TIDE_ESHAPE, "the sizes do not add up to the size %lld of dimension %lld", (long long)x->shape[d], tide__shown(k->c, d));
  if (!tide__outputs(k, n)) return 0;
  int64_t start = 0;
  for (int i = 0; i < n; start += sizes[i++]) if (!piece(k, i, d, start, sizes[i])) return 0;
  return 1;
}
/* The parts put together again. */
static int split_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  if (!want[0]) return 1;
  return (gi[0] = tide_cat(g, (int)n->nout, ARG(n, 2).i)) != NULL;
}

static int unbind_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  int d = cut_dim(k->c, x, k->v[1].i);
  Look l;
  if (d < 0) return 0;
  int64_t n = x->shape[d], stride = tide__strides(x)[d];
  if (n > INT32_MAX / 16) return FAIL(k, TIDE_EARG, "%lld parts are too many", (long long)n);
  if (!tide__outputs(k, (int)n)) return 0;
  look_at(x, &l);
  without(&l, d);
  for (int64_t i = 0; i < n; i++) if (!tide__view(k, (int)i, l.nd, l.shape, l.strides, i * stride)) return 0;
  return 1;
}
static int unbind_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  if (!want[0]) return 1;
  return (gi[0] = tide_stack(g, (int)n->nout, ARG(n, 1).i)) != NULL;
}

static tide_Tensor **chunk(tide_Tensor *x, int64_t chunks, int64_t dim, int *count) {
  *count = 0;
  if (!x) return NULL;
  int d = cut_dim(x->ctx, x, dim);
  if (d < 0) return NULL;
  if (chunks <= 0) return tide__fail(x->ctx, TIDE_EARG, "chunks %lld is not positive", (long long)chunks);
  if (x->shape[d] == 0 && chunks < INT32_MAX / 16) {              /* as many empty parts as were asked for */
    int64_t *sizes = tide__scratch(x->ctx, sizeof *sizes * (size_t)chunks);
    if (!sizes) return NULL;
    memset(sizes, 0, sizeof *sizes * (size_t)chunks);
    return tide_split_with_sizes(x, sizes, (int)chunks, d, count);
  }
  return tide_split(x, x->shape[d] ? (x->shape[d] - 1) / chunks + 1 : 0, d, count);
}

static tide_Tensor **tensor_split(tide_Tensor *x, int64_t sections, int64_t dim, int *count) {
  tide_Tensor **list;
  *count = 0;
  if (!x) return NULL;
  int d = cut_dim(x->ctx, x, dim);
  if (d < 0) return NULL;
  if (sections <= 0 || sections > INT32_MAX / 16) return tide__fail(x->ctx, TIDE_EARG, "%lld sections: %s", (long long)sections, sections <= 0 ? "the number must be positive" : "too many");
  if (!list_of(&x, 1, (int)sections, &list) || !list) return NULL;
  int64_t size = x->shape[d] / sections, larger = x->shape[d] % sections, start = 0;
  for (int i = 0; i < sections; i++) {
    int64_t end = start + size + (i < larger);
    if (!(list[i] = tide_slice(x, d, start, end, 1))) return NULL;
    start = end;
  }
  return whole(list, (int)sections, count);
}

/* indices: positions as the user counts them, cut to the size; negative ones count from the end. */
static tide_Tensor **tensor_split_at(tide_Tensor *x, const int64_t *indices, int n, int64_t dim, int *count) {
  tide_Tensor **list;
  *count = 0;
  if (!x) return NULL;
  tide_Context *c = x->ctx;
  int d = cut_dim(c, x, dim);
  if (d < 0) return NULL;
  if (n < 0) n = 0;
  if (!list_of(&x, 1, n + 1, &list) || !list) return NULL;
  int64_t start = 0, size = x->shape[d];
  for (int i = 0; i <= n; i++) {
    int64_t end = size;
    if (i < n) {
      if (c->base && indices[i] == 0) return tide__fail(c, TIDE_EINDEX, "positions count from 1, not 0");
      end = indices[i] < 0 ? indices[i] + size : indices[i] - c->base;
      end = end < 0 ? 0 : end > size ? size : end;
    }
    if (!(list[i] = tide_slice(x, d, start, end, 1))) return NULL;
    start = end;
  }
  return whole(list, n + 1, count);
}

/* The dimension that hsplit (1), vsplit (2) and dsplit (3) cut; -1 with the error set. */
static int split_dim(const tide_Tensor *x, int which) {
  if (x->ndim >= which) return which == 1 ? x->ndim > 1 : which == 2 ? 0 : 2;
  tide__fail(x->ctx, TIDE_ESHAPE, "at least %d dimension%s are wanted, not sizes %s", which, which == 1 ? "" : "s", SHAPE_TEXT(x));
  return -1;
}
static tide_Tensor **split_evenly(tide_Tensor *x, int64_t sections, int which, int *count) {
  *count = 0;
  int d = x ? split_dim(x, which) : -1;
  if (d < 0) return NULL;
  if (sections <= 0 || x->shape[d] % sections)
    return tide__fail(x->ctx, TIDE_EARG, "dimension %lld of size %lld cannot be cut into %lld equal parts", tide__shown(x->ctx, d), (long long)x->shape[d], (long long)sections);
  return tensor_split(x, sections, d, count);
}
static tide_Tensor **split_at(tide_Tensor *x, const int64_t *indices, int n, int which, int *count) {
  *count = 0;
  int d = x ? split_dim(x, which) : -1;
  return d < 0 ? NULL : tensor_split_at(x, indices, n, d, count);
}

/* }========================================================= */


/* {======================== strided windows ======================== */

/* Elements from the first to the last of a geometry; INT64_MAX where that cannot be counted. */
static int64_t span(int nd, const int64_t *shape, const int64_t *strides) {
  int64_t last = 0, step;
  for (int d = 0; d < nd; d++) if (shape[d] == 0) return 0;
  for (int d = 0; d < nd; d++)
    if (__builtin_mul_overflow(shape[d] - 1, strides[d], &step) || __builtin_add_overflow(last, step, &last)) return INT64_MAX;
  return last == INT64_MAX ? last : last + 1;
}

static int not_negative(tide_Call *k) {
  const tide_Value *size = &k->v[1], *stride = &k->v[2];
  for (int d = 0; d < size->n; d++)
    if (size->ints[d] < 0 || stride->ints[d] < 0) return FAIL(k, TIDE_EARG, "negative sizes or strides: %s, %s", SIZES_TEXT(size->n, size->ints), SIZES_TEXT(stride->n, stride->ints));
  return 1;
}

static int as_strided_infer(tide_Call *k) {
  const tide_Value *v = k->v;
  tide_Tensor *x = k->in[0];
  int64_t bytes = (int64_t)tide__size[x->dtype], room, reach;
  if (v[2].n != v[1].n) return FAIL(k, TIDE_EARG, "%d sizes and %d strides", v[1].n, v[2].n);
  if (!not_negative(k)) return 0;
  reach = span(v[1].n, v[1].ints, v[2].ints);
  room = x->store->memory ? (int64_t)x->store->bytes / bytes : tide_storage_offset(x) + x->n;
  if (v[3].i < 0 || (reach && reach > room - v[3].i))
    return FAIL(k, TIDE_EINDEX, "sizes %s with strides %s from element %lld on reach beyond the storage of %lld elements", SIZES_TEXT(v[1].n, v[1].ints), SIZES_TEXT(v[2].n, v[2].ints), (long long)v[3].i, (long long)room);
  return tide__view(k, 0, v[1].n, v[1].ints, v[2].ints, v[3].i - v[5].i);
}

/* Do two indices of this geometry name one place? (It may say yes too often.) */
static int names_twice(int nd, const int64_t *shape, const int64_t *strides) {
  int64_t reach = 0;
  uint32_t used = 0;
  for (int k = 0; k < nd; k++) {                         /* by rising stride, each must step over all that the smaller ones reach */
    int least = -1;
    for (int d = 0; d < nd; d++) if (!(used >> d & 1) && (least < 0 || strides[d] < strides[least])) least = d;
    used |= 1u << least;
    if (shape[least] <= 1) continue;
    if (strides[least] <= reach) return 1;
    reach += strides[least] * (shape[least] - 1);
  }
  return 0;
}

/*
** The gradient goes by way of memory, a vector that holds both geometries: what the view covers is added there, and the base is a
** window of it. Where the base itself names a place several times, each gets its share.
*/
static tide_Tensor *as_strided_vjp(tide_Node *n, tide_Tensor *g, int i) {
  const tide_Value *size = &ARG(n, 1), *stride = &ARG(n, 2), *base = &ARG(n, 4);
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  int64_t at = ARG(n, 3).i, base_at = ARG(n, 5).i, first = at < base_at ? at : base_at;
  int64_t end = at + span(size->n, size->ints, stride->ints), base_end = base_at + span(nd, shape, base->ints);
  int64_t length = (end > base_end ? end : base_end) - first;
  tide_Tensor *memory = tide_window_put(g, size->ints, size->n, stride->ints, stride->n, at - first, length);
  if (names_twice(nd, shape, base->ints)) {
    tide_Tensor *ones = tide_ones(n->ctx, shape, nd, TIDE_FLOAT64);
    tide_Tensor *times = tide_window_put(ones, shape, nd, base->ints, nd, base_at - first, length);
    memory = tide_div(memory, tide_where(tide_eq(times, K(0)), K(1), times));
  }
  return tide_window(memory, shape, nd, base->ints, nd, base_at - first);
}

static tide_Tensor *as_strided(tide_Tensor *x, const int64_t *size, int nd, const int64_t *stride, int n, int64_t offset) {
  if (!x) return NULL;
  int64_t own = tide_storage_offset(x), geometry[TIDE_MAXDIM];
  if (nd > TIDE_MAXDIM) return tide__fail(x->ctx, TIDE_ESHAPE, "%d dimensions: at most %d are possible", nd, TIDE_MAXDIM);
  memcpy(geometry, tide__strides(x), sizeof(int64_t) * x->ndim);
  return tide_as_strided_of(x, size, nd, stride, n, offset == TIDE_ABSENT ? own : offset, geometry, x->ndim, own);
}

/* Does the window lie within `length` elements? */
static int within(tide_Call *k, int64_t length) {
  const tide_Value *v = k->v;
  if (v[2].n != v[1].n) return FAIL(k, TIDE_EARG, "%d sizes and %d strides", v[1].n, v[2].n);
  if (!not_negative(k)) return 0;
  if (v[3].i >= 0 && v[3].i <= length && span(v[1].n, v[1].ints, v[2].ints) <= length - v[3].i) return 1;
  return FAIL(k, TIDE_EINDEX, "the window reaches beyond %lld elements", (long long)length);
}

static int window_infer(tide_Call *k) {
  const tide_Value *v = k->v;
  tide_Tensor *x = k->in[0];
  if (x->ndim != 1 || !(x->flags & T_CONTIG)) return FAIL(k, TIDE_ESHAPE, "a contiguous vector is wanted, not sizes %s", SHAPE_TEXT(x));
  return within(k, x->n) && tide__view(k, 0, v[1].n, v[1].ints, v[2].ints, v[3].i);
}
static tide_Tensor *window_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  return tide_window_put(g, ARG(n, 1).ints, ARG(n, 1).n, ARG(n, 2).ints, ARG(n, 2).n, ARG(n, 3).i, shape[0]);
}

static int window_put_infer(tide_Call *k) {
  const tide_Value *v = k->v;
  tide_Tensor *g = k->in[0];
  if (v[1].n != g->ndim || memcmp(v[1].ints, g->shape, sizeof(int64_t) * g->ndim)) return FAIL(k, TIDE_ESHAPE, "sizes %s do not fit the window of sizes %s", SHAPE_TEXT(g), SIZES_TEXT(v[1].n, v[1].ints));
  return within(k, v[4].i) && tide__result(k, 0, g->dtype, 1, &v[4].i);
}
static int window_put_run(tide_Call *k) {
  const tide_Value *v = k->v;
  if (k->out[0]->n) fill_in(k->out[0], k->in[0], v[1].n, v[1].ints, v[2].ints, v[3].i);
  return 1;
}
static tide_Tensor *window_put_vjp(tide_Node *n, tide_Tensor *g, int i) {
  (void)i;
  return tide_window(tide_contiguous(g), ARG(n, 1).ints, ARG(n, 1).n, ARG(n, 2).ints, ARG(n, 2).n, ARG(n, 3).i);
}

/* g belongs to the base as it is after the write. The written window's part goes through the operator that wrote; what it gives for its
** first input takes the window's place. */
static int copy_slices_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  const int64_t *size = ARG(n, 1).ints, *stride = ARG(n, 2).ints, *base_stride = ARG(n, 4).ints, offset = ARG(n, 3).i;
  int nd = ARG(n, 1).n, base_nd = g[0]->ndim;
  int64_t length = span(base_nd, g[0]->shape, base_stride), reach = offset + span(nd, size, stride);
  if (reach > length) length = reach;
  tide_Tensor *memory = tide_window_put(g[0], g[0]->shape, base_nd, base_stride, base_nd, 0, length);
  tide_Tensor *part = tide_window(memory, size, nd, stride, nd, offset);
  tide_Context *c = n->ctx;
  tide_Node *inner = n->extra->inner;
  if (!inner) { tide__fail(c, TIDE_EGRAD, "%s: what backward needs was already freed; pass retain_graph to the first backward", tide_node_name(n)); return 0; }
  inner->refs++;                                          /* whatever what it runs may free */
  int ok = part && tide__node_run(inner, &part, gi, want);
  tide__node_unref(inner);
  if (!ok) return 0;
  if (!want[0]) return 1;
  tide_Tensor *ones = tide_ones(c, size, nd, TIDE_FLOAT32);
  tide_Tensor *written = tide_ne(tide_window_put(ones, size, nd, stride, nd, offset, length), tide_number(c, 0));
  tide_Tensor *put = gi[0] == TIDE_NONE ? tide_number(c, 0) : tide_window_put(gi[0], size, nd, stride, nd, offset, length);
  gi[0] = tide_window(tide_where(written, put, memory), g[0]->shape, base_nd, base_stride, base_nd, 0);
  return gi[0] != NULL;
}
const tide_Op tide__op_copy_slices = {.sig = {.id = "copy_slices", .name = "copy_slices", .outputs = 1}, .kind = OP_RECORD, .vjp = copy_slices_vjp, .node = "CopySlices"};

/* }========================================================= */

#define TABLE "ops/view.def"
#include "ops/define.h"
