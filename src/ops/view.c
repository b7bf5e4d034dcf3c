/*
** Views. infer computes sizes, strides and offset; nothing runs. The strided operators at the end serve the history of views: a view whose base was
** written is taken out of it anew (as_strided_of), and a write to a view is recorded on the base (copy_slices).
*/
#include "autograd/engine.h"
#include "ops/op.h"

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
    if (shape[d] != have && have != 1) return FAIL(k, TIDE_ESHAPE, "sizes %s cannot become %s: %lld against %lld at dimension %lld", SHAPE_TEXT(x), SIZES_TEXT(nd, size), (long long)have, (long long)size[d], tide__shown(k->c, d));
    if (shape[d] < 0) return FAIL(k, TIDE_ESHAPE, "size %lld is negative", (long long)shape[d]);
    strides[d] = d < off || (have == 1 && shape[d] != 1) ? 0 : tide__strides(x)[d - off];
  }
  return tide__view(k, 0, nd, shape, strides, 0);
}
static tide_Tensor *expand_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  return tide_sum_to(g, shape, nd);
}

/* The sizes with -1 filled in. */
static int complete(tide_Context *c, const tide_Tensor *x, const int64_t *size, int nd, int64_t *shape) {
  int64_t n = 1;
  int hole = -1;
  if (nd > TIDE_MAXDIM) { tide__fail(c, TIDE_ESHAPE, "%d dimensions: at most %d are possible", nd, TIDE_MAXDIM); return 0; }
  for (int d = 0; d < nd; d++) {
    shape[d] = size[d];
    if (size[d] == -1) {
      if (hole >= 0) { tide__fail(c, TIDE_ESHAPE, "only one size can be inferred, not two of %s", SIZES_TEXT(nd, size)); return 0; }
      hole = d;
    }
    else if (size[d] < 0) { tide__fail(c, TIDE_ESHAPE, "size %lld is negative in %s", (long long)size[d], SIZES_TEXT(nd, size)); return 0; }
    else if (__builtin_mul_overflow(n, size[d], &n)) n = -1;
  }
  if (hole >= 0 && n == 0) { tide__fail(c, TIDE_ESHAPE, "the size for -1 in %s is ambiguous", SIZES_TEXT(nd, size)); return 0; }
  if (hole >= 0 && n > 0 && x->n % n == 0) { shape[hole] = x->n / n; n = x->n; }
  if (n != x->n) { tide__fail(c, TIDE_ESHAPE, "%lld elements of sizes %s do not fit into %s", (long long)x->n, SHAPE_TEXT(x), SIZES_TEXT(nd, size)); return 0; }
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

static int view_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  int nd = k->v[1].n;
  int64_t shape[TIDE_MAXDIM], strides[TIDE_MAXDIM];
  if (!complete(k->c, x, k->v[1].ints, nd, shape)) return 0;
  if (!view_strides(x, nd, shape, strides))
    return FAIL(k, TIDE_ESHAPE, "sizes %s with strides %s cannot be seen as %s without a copy; use reshape", SHAPE_TEXT(x), SIZES_TEXT(x->ndim, tide__strides(x)), SIZES_TEXT(nd, shape));
  return tide__view(k, 0, nd, shape, strides, 0);
}
static tide_Tensor *view_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  return tide_reshape(g, shape, nd);
}

static tide_Tensor *reshape(tide_Tensor *x, const int64_t *size, int nd) {
  int64_t shape[TIDE_MAXDIM], strides[TIDE_MAXDIM];
  if (!x || !complete(x->ctx, x, size, nd, shape)) return NULL;
  return tide_view(view_strides(x, nd, shape, strides) ? x : tide_contiguous_copy(x), shape, nd);
}

static int exchange(tide_Call *k, int a, int b) {
  tide_Tensor *x = k->in[0];
  int64_t shape[TIDE_MAXDIM], strides[TIDE_MAXDIM];
  for (int d = 0; d < x->ndim; d++) {
    int from = d == a ? b : d == b ? a : d;
    shape[d] = x->shape[from];
    strides[d] = tide__strides(x)[from];
  }
  return tide__view(k, 0, x->ndim, shape, strides, 0);
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


/* {======================== strided windows ======================== */

static int as_strided_infer(tide_Call *k) {
  const tide_Value *v = k->v;
  tide_Tensor *x = k->in[0];
  int64_t last = v[3].i, bytes = (int64_t)tide__size[x->dtype], room;
  if (v[2].n != v[1].n) return FAIL(k, TIDE_EARG, "%d sizes and %d strides", v[1].n, v[2].n);
  int empty = 0;
  for (int d = 0; d < v[1].n; d++) {
    if (v[1].ints[d] < 0 || v[2].ints[d] < 0) return FAIL(k, TIDE_EARG, "negative sizes or strides: %s, %s", SIZES_TEXT(v[1].n, v[1].ints), SIZES_TEXT(v[2].n, v[2].ints));
    if (v[1].ints[d] == 0) empty = 1;
    else last += (v[1].ints[d] - 1) * v[2].ints[d];
  }
  room = x->store->memory ? (int64_t)x->store->bytes / bytes : tide_storage_offset(x) + x->n;
  if (v[3].i < 0 || (!empty && last >= room)) return FAIL(k, TIDE_EINDEX, "element %lld is beyond the storage of %lld elements", (long long)last, (long long)room);
  return tide__view(k, 0, v[1].n, v[1].ints, v[2].ints, v[3].i - v[5].i);
}

/* Elements from the first to the last of a geometry. */
static int64_t span(int nd, const int64_t *shape, const int64_t *strides) {
  int64_t last = 0;
  for (int d = 0; d < nd; d++) { if (shape[d] == 0) return 0; last += (shape[d] - 1) * strides[d]; }
  return last + 1;
}

/* The gradient of a base goes by way of its memory, a vector: what the view covers is added there, and the base is a window of it. */
static tide_Tensor *as_strided_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd), *strides = ARG(n, 4).ints;
  int64_t offset = ARG(n, 3).i - ARG(n, 5).i, length = span(nd, shape, strides), reach = offset + span(ARG(n, 1).n, ARG(n, 1).ints, ARG(n, 2).ints);
  tide_Tensor *memory = tide_window_put(g, ARG(n, 1).ints, ARG(n, 1).n, ARG(n, 2).ints, ARG(n, 2).n, offset, reach > length ? reach : length);
  return tide_window(memory, shape, nd, strides, nd, 0);
}

static int window_infer(tide_Call *k) {
  const tide_Value *v = k->v;
  return tide__view(k, 0, v[1].n, v[1].ints, v[2].ints, v[3].i);
}
static tide_Tensor *window_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i, &nd);
  return tide_window_put(g, ARG(n, 1).ints, ARG(n, 1).n, ARG(n, 2).ints, ARG(n, 2).n, ARG(n, 3).i, shape[0]);
}

static int window_put_infer(tide_Call *k) { return tide__result(k, 0, k->in[0]->dtype, 1, &k->v[4].i); }
static int window_put_run(tide_Call *k) {
  const tide_Value *v = k->v;
  tide_Tensor *g = k->in[0], *o = k->out[0];
  size_t w = tide__size[g->dtype];
  char *start = o->data + v[3].i * (int64_t)w, *data[3] = {start, start, g->data};
  const int64_t *strides[3] = {v[2].ints, v[2].ints, tide__strides(g)};
  tide__Iter it;
  memset(o->data, 0, o->bytes);
  tide__iter_init(&it, g->ndim, g->shape, 3, strides, (size_t[]){w, w, w});
  tide__iterate(&it, data, tide__serial_add(g->dtype), NULL);
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
  if (!part || !tide__node_run(n->extra->inner, &part, gi, want)) return 0;
  if (!want[0]) return 1;
  tide_Context *c = n->ctx;
  tide_Tensor *ones = tide_ones(c, size, nd, TIDE_FLOAT32);
  tide_Tensor *written = tide_ne(tide_window_put(ones, size, nd, stride, nd, offset, length), tide_number(c, 0));
  tide_Tensor *put = gi[0] == TIDE_NONE ? tide_number(c, 0) : tide_window_put(gi[0], size, nd, stride, nd, offset, length);
  gi[0] = tide_window(tide_where(written, put, memory), g[0]->shape, base_nd, base_stride, base_nd, 0);
  return gi[0] != NULL;
}

/* }========================================================= */

#define TABLE "ops/view.def"
#include "ops/define.h"
