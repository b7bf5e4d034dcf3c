/* Joining and repeating: copies into parts of a new tensor. */
#include "ops/op.h"

/* Copies x into o, whose elements for it begin at `offset` and have these strides. */
static void place(tide_Tensor *o, const tide_Tensor *x, int nd, const int64_t *strides, int64_t offset) {
  tide__copy(nd, x->shape, o->dtype, o->data + offset * tide__size[o->dtype], strides, x->dtype, x->data, tide__strides(x));
}


/* {======================== cat ======================== */

/* A vector without elements, which cat leaves out. */
static int left_out(const tide_Tensor *x) { return x->ndim == 1 && x->n == 0; }

static tide_Tensor *cat(tide_Tensor *const *t, int n, int64_t dim) {
  tide_Context *c = NULL;
  for (int i = 0; i < n; i++) {
    if (!t[i]) return NULL;
    c = t[i]->ctx;
  }
  if (!c) return tide_cat_at(t, n, dim, NULL, 0);
  int64_t small[16], *starts = n <= 16 ? small : tide__scratch(c, sizeof *starts * (size_t)n), start = 0;
  if (!starts) return NULL;
  for (int i = 0; i < n; i++) {
    int64_t d = dim < 0 ? dim + t[i]->ndim : dim;
    starts[i] = start;
    if (!left_out(t[i]) && d >= 0 && d < t[i]->ndim) start += t[i]->shape[d];
  }
  return tide_cat_at(t, n, dim, starts, n);
}

static int cat_infer(tide_Call *k) {
  tide_Tensor *first = NULL;
  int64_t shape[TIDE_MAXDIM];
  if (k->nin == 0) return FAIL(k, TIDE_EARG, "the list of tensors is empty");
  for (int i = 0; i < k->nin; i++) {
    if (k->in[i]->ndim == 0) return FAIL(k, TIDE_ESHAPE, "tensor %lld has no dimensions; use stack", tide__shown(k->c, i));
    if (!first && !left_out(k->in[i])) first = k->in[i];
  }
  if (!first) first = k->in[0];
  int d = tide__dim(k->c, k->v[1].i, first->ndim), dtype = tide__promote(k->c, k->nin, k->in);
  if (d < 0) return 0;
  memcpy(shape, first->shape, sizeof(int64_t) * first->ndim);
  shape[d] = 0;
  for (int i = 0; i < k->nin; i++) {
    const tide_Tensor *x = k->in[i];
    if (left_out(x)) continue;
    int fits = x->ndim == first->ndim;
    for (int e = 0; fits && e < x->ndim; e++) fits = e == d || x->shape[e] == first->shape[e];
    if (!fits)
      return FAIL(k, TIDE_ESHAPE, "tensor %lld has sizes %s, which do not fit %s: all but that of dimension %lld must agree", tide__shown(k->c, i), SHAPE_TEXT(x), SHAPE_TEXT(first), tide__shown(k->c, d));
    shape[d] += x->shape[d];
  }
  return tide__result(k, 0, dtype, first->ndim, shape);
}
static int cat_run(tide_Call *k) {
  tide_Tensor *o = k->out[0];
  int64_t stride = o->ndim ? tide__strides(o)[tide__dim(k->c, k->v[1].i, o->ndim)] : 1;
  for (int i = 0; i < k->nin; i++) if (k->in[i]->n) place(o, k->in[i], o->ndim, tide__strides(o), k->v[2].ints[i] * stride);
  return 1;
}
static int cat_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  int d = tide__dim(n->ctx, ARG(n, 1).i, g[0]->ndim);
  for (uint32_t i = 0; i < n->nin; i++) {
    if (!want[i]) continue;
    int nd;
    const int64_t *shape = tide__in_shape(n, g[0], (int)i, &nd);
    int64_t start = ARG(n, 2).ints[i];
    gi[i] = nd == 1 && shape[0] == 0 ? tide_zeros(n->ctx, shape, 1, g[0]->dtype) : tide_slice(g[0], d, start, start + shape[d], 1);
    if (!gi[i]) return 0;
  }
  return 1;
}

/* }========================================================= */


/* {======================== stack ======================== */

static int stack_infer(tide_Call *k) {
  int64_t shape[TIDE_MAXDIM + 1];
  if (k->nin == 0) return FAIL(k, TIDE_EARG, "the list of tensors is empty");
  const tide_Tensor *first = k->in[0];
  int d = tide__dim(k->c, k->v[1].i, first->ndim + 1);
  if (d < 0) return 0;
  for (int i = 1; i < k->nin; i++)
    if (!tide__same_shape(k->in[i], first)) return FAIL(k, TIDE_ESHAPE, "tensor %lld has sizes %s, the first one %s", tide__shown(k->c, i), SHAPE_TEXT(k->in[i]), SHAPE_TEXT(first));
  for (int e = 0; e < first->ndim; e++) shape[e + (e >= d)] = first->shape[e];
  shape[d] = k->nin;
  return tide__result(k, 0, tide__promote(k->c, k->nin, k->in), first->ndim + 1, shape);
}
static int stack_run(tide_Call *k) {
  tide_Tensor *o = k->out[0];
  int64_t strides[TIDE_MAXDIM];
  int d = tide__dim(k->c, k->v[1].i, o->ndim);
  for (int e = 0; e + 1 < o->ndim; e++) strides[e] = tide__strides(o)[e + (e >= d)];
  for (int i = 0; o->n && i < k->nin; i++) place(o, k->in[i], o->ndim - 1, strides, i * tide__strides(o)[d]);
  return 1;
}
static int stack_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  for (uint32_t i = 0; i < n->nin; i++) if (want[i] && !(gi[i] = tide_select(g[0], ARG(n, 1).i, i))) return 0;
  return 1;
}

/* hstack (1), vstack (2), dstack (3) */
static tide_Tensor *joined(tide_Tensor *const *t, int n, int which) {
  int count;
  tide_Tensor **list = which == 1 ? tide_atleast_1d_list(t, n, &count) : which == 2 ? tide_atleast_2d_list(t, n, &count) : tide_atleast_3d_list(t, n, &count);
  if (!list) return NULL;
  return cat(list, n, which == 1 ? (n && list[0]->ndim > 1) : which == 2 ? 0 : 2);
}
static tide_Tensor *columns(tide_Tensor *const *t, int n) {
  tide_Tensor **list = n && t[0] ? tide__scratch(t[0]->ctx, sizeof *list * (size_t)n) : NULL;
  if (n && !list) return NULL;
  for (int i = 0; i < n; i++) {
    if (!t[i]) return NULL;
    list[i] = t[i]->ndim < 2 ? tide_reshape(t[i], (int64_t[]){t[i]->n, 1}, 2) : t[i];
  }
  return joined(list, n, 1);
}

/* }========================================================= */


/* {======================== repeat ======================== */

static int repeat_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  const int64_t *times = k->v[1].ints;
  int nd = k->v[1].n, off = nd - x->ndim;
  int64_t shape[TIDE_MAXDIM];
  if (off < 0) return FAIL(k, TIDE_ESHAPE, "%d repeats for a tensor of %d dimensions", nd, x->ndim);
  if (nd > TIDE_MAXDIM) return FAIL(k, TIDE_ESHAPE, "%d dimensions: at most %d are possible", nd, TIDE_MAXDIM);
  for (int d = 0; d < nd; d++) {
    if (times[d] < 0) return FAIL(k, TIDE_EARG, "repeats %s: a number is negative", SIZES_TEXT(nd, times));
    if (__builtin_mul_overflow(times[d], d < off ? 1 : x->shape[d - off], &shape[d])) return FAIL(k, TIDE_NOMEM, "out of memory: repeats %s are too many", SIZES_TEXT(nd, times));
  }
  return tide__result(k, 0, x->dtype, nd, shape);
}

/* One copy in the corner; then each dimension, the last one first, is filled from what is there, doubling it. */
static int repeat_run(tide_Call *k) {
  tide_Tensor *x = k->in[0], *o = k->out[0];
  const int64_t *times = k->v[1].ints, *strides = tide__strides(o);
  int off = o->ndim - x->ndim;
  int64_t have[TIDE_MAXDIM], bytes = tide__size[o->dtype];
  if (o->n == 0) return 1;
  for (int d = 0; d < o->ndim; d++) have[d] = d < off ? 1 : x->shape[d - off];
  place(o, x, x->ndim, strides + off, 0);
  for (int d = o->ndim - 1; d >= 0; d--) {
    int64_t one = have[d];
    for (int64_t done = 1; done < times[d];) {
      int64_t more = times[d] - done < done ? times[d] - done : done;
      have[d] = more * one;
      tide__copy(o->ndim, have, o->dtype, o->data + done * one * strides[d] * bytes, strides, o->dtype, o->data, strides);
      done += more;
    }
    have[d] = times[d] * one;
  }
  return 1;
}

/* The copies summed, dimension by dimension. */
static tide_Tensor *repeat_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd, all = g->ndim;
  const int64_t *shape = tide__in_shape(n, g, i, &nd), *times = ARG(n, 1).ints;
  int64_t now[TIDE_MAXDIM];
  memcpy(now, g->shape, sizeof(int64_t) * (size_t)all);
  for (int d = 0; g && d < all; d++) {
    if (times[d] == 1) continue;
    int64_t parts[4] = {1, times[d], d < all - nd ? 1 : shape[d - (all - nd)], 1};
    for (int e = 0; e < d; e++) parts[0] *= now[e];
    for (int e = d + 1; e < all; e++) parts[3] *= now[e];
    now[d] = parts[2];
    g = tide_reshape(tide_sum_dim(tide_reshape(g, parts, 4), (int64_t[]){1}, 1, 0, -1), now, all);
  }
  return tide_reshape(g, shape, nd);
}

static tide_Tensor *tile(tide_Tensor *x, const int64_t *dims, int n) {
  if (!x) return NULL;
  int64_t times[TIDE_MAXDIM];
  int lead = x->ndim > n ? x->ndim - n : 0;
  if (n > TIDE_MAXDIM) return tide_repeat(x, dims, n);
  for (int d = 0; d < lead; d++) times[d] = 1;
  memcpy(times + lead, dims, sizeof(int64_t) * (size_t)(n < 0 ? 0 : n));
  return tide_repeat(x, times, lead + (n < 0 ? 0 : n));
}

static tide_Tensor *repeat_interleave(tide_Tensor *x, int64_t times, int64_t dim) {
  if (!x) return NULL;
  int64_t shape[TIDE_MAXDIM + 1];
  if (x->ndim == 0) return tide__fail(x->ctx, TIDE_EINDEX, "a 0-dim tensor has no dimension to repeat along");
  int d = tide__dim(x->ctx, dim, x->ndim);
  if (d < 0) return NULL;
  if (times < 0) return tide__fail(x->ctx, TIDE_EARG, "repeats %lld is negative", (long long)times);
  tide_Tensor *y = tide_unsqueeze(x, d + 1);
  if (!y) return NULL;
  memcpy(shape, y->shape, sizeof(int64_t) * y->ndim);
  shape[d + 1] = times;
  return tide_flatten(tide_contiguous_copy(tide_expand(y, shape, y->ndim)), d, d + 1);
}

/* Position i times[i] times in a row, for all i. */
static tide_Tensor *positions(tide_Tensor *times) {
  if (!times) return NULL;
  tide_Context *c = times->ctx;
  if (times->dtype != TIDE_INT64 && times->dtype != TIDE_INT32) return tide__fail(c, TIDE_EDTYPE, "repeats are int64 or int32, not %s", tide_dtype_name(times->dtype));
  if (times->ndim > 1) return tide__fail(c, TIDE_ESHAPE, "repeats are a vector, not of sizes %s", SHAPE_TEXT(times));
  int64_t total = 0, stride = times->ndim ? tide__strides(times)[0] : 1;
  for (int64_t i = 0; i < times->n; i++) {
    int64_t r = tide_element_integer(times, i * stride);
    if (r < 0) return tide__fail(c, TIDE_EARG, "repeats %lld is negative", (long long)r);
    if (__builtin_add_overflow(total, r, &total)) return tide__fail(c, TIDE_NOMEM, "out of memory: the repeats are too many");
  }
  tide_Tensor *index = tide_empty(c, &total, 1, TIDE_INT64);
  if (!index) return NULL;
  int64_t *p = tide_data(index);
  for (int64_t i = 0; i < times->n; i++)
    for (int64_t r = tide_element_integer(times, i * stride); r > 0; r--) *p++ = i + c->base;
  return index;
}

static tide_Tensor *repeat_each(tide_Tensor *x, tide_Tensor *times, int64_t dim) {
  if (!x || !times) return NULL;
  tide_Context *c = x->ctx;
  if (x->ndim == 0) return tide__fail(c, TIDE_EINDEX, "a 0-dim tensor has no dimension to repeat along");
  int d = tide__dim(c, dim, x->ndim);
  if (d < 0) return NULL;
  if (times->n == 1 && !tide__is_float(times->dtype)) return repeat_interleave(x, tide_element_integer(times, 0), d);
  if (times->n != x->shape[d]) return tide__fail(c, TIDE_ESHAPE, "%lld repeats for dimension %lld of size %lld", (long long)times->n, tide__shown(c, d), (long long)x->shape[d]);
  return tide_index_select(x, d, positions(times));
}

/* }========================================================= */

#define TABLE "ops/join.def"
#include "ops/define.h"
