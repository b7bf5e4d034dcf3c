/* Cells: making, sharing and freeing them; geometry. */
#include "tensor/tensor.h"
#include "tensor/graph.h"

#include <stdio.h>

static tide_Tensor none = {.refs = 1 << 30, .keep = 1 << 30, .store = &none, .counter = &none, .shape = none.dims, .n = 0};
tide_Tensor *const TIDE_NONE = &none;


/* {======================== life ======================== */

static void release_from_context(tide_Tensor *t) { tide__release(t); }

static tide_Tensor *cell_new(tide_Context *c, int dtype, int ndim) {
  if (unlikely(ndim > TIDE_MAXDIM)) return tide__fail(c, TIDE_ESHAPE, "%d dimensions: at most %d are possible", ndim, TIDE_MAXDIM);
  tide_Tensor *t = tide__object_new(c, &c->free_cell, sizeof *t);
  if (unlikely(!t)) return NULL;
  t->shape = t->dims;
  if (unlikely(ndim > INLINE_DIMS)) {
    t->shape = tide__alloc(c, 2 * sizeof(int64_t) * (size_t)ndim);
    if (!t->shape) { tide__object_free(c, &c->free_cell, t, sizeof *t); return NULL; }
  }
  t->refs = t->keep = 1;
  t->dtype = (uint8_t)dtype;
  t->ndim = (uint8_t)ndim;
  t->flags = c->mode.inference ? T_INFERENCE : 0;
  t->rg = t->view = 0;
  t->output = 0;
  t->ctx = c;
  t->store = t->counter = t;
  t->node = NULL;
  t->grad = t->base = NULL;
  t->version = t->seen = 0;
  t->memory = NULL;
  t->bytes = 0;
  c->stats.tensors++;
  c->release_tensor = release_from_context;
  return t;
}

static void free_memory(tide_Tensor *t) {
  if (t->memory && t->memory != t->small) tide__free(t->ctx, t->memory, t->bytes);
  if (unlikely(t->flags & T_HOST)) {
    tide__HostMemory h;
    memcpy(&h, t->small, sizeof h);
    if (h.release) h.release(h.arg);
    t->flags &= (uint8_t)~T_HOST;
  }
  t->memory = NULL;
}

void tide__cell_free(tide_Tensor *t) {
  tide_Context *c = t->ctx;
  free_memory(t);
  if (t->store != t) tide__unpin(t->store);
  if (t->counter != t) tide__unpin(t->counter);
  if (unlikely(t->shape != t->dims)) tide__free(c, t->shape, 2 * sizeof(int64_t) * t->ndim);
  c->stats.tensors--;
  tide__object_free(c, &c->free_cell, t, sizeof *t);
  if (unlikely(c->closed)) tide__context_unref(c);
}

/* The last handle is gone; the cell may live on for its memory. */
void tide__die(tide_Tensor *t) {
  tide_Node *n = t->node;
  t->rg = 0;
  if (n) {
    t->node = NULL;
    if (unlikely(n->flags & N_LEAF) && n->leaf == t) n->leaf = NULL;
    if (unlikely(t->flags & T_RETAINS)) tide__forget_retained(n, t);
    tide__node_unref(n);
  }
  if (unlikely(t->grad != NULL)) { tide_Tensor *g = t->grad; t->grad = NULL; tide__release(g); }
  if (t->base) { tide_Tensor *b = t->base; t->base = NULL; tide__release(b); }
  tide__unpin(t);
}

tide_Tensor *tide_keep(tide_Tensor *t) {
  if (!t || t == TIDE_NONE) return t;
  tide_Context *c = t->ctx;
  if (c->nown && c->own[c->nown - 1] == t) { c->nown--; return t; }     /* the newest of the scope: its count moves */
  return tide__retain(t);
}

void tide_release(tide_Tensor *t) { if (t && t != TIDE_NONE) tide__release(t); }

tide_Tensor *tide_retain(tide_Tensor *t) { return t && t != TIDE_NONE ? tide__retain(t) : t; }
int tide_handles(const tide_Tensor *t) { return t->refs; }

tide_Tensor *tide_own(tide_Tensor *t) { return t && t != TIDE_NONE ? tide__own(t->ctx, t) : t; }

tide_Tensor *tide_close(tide_Context *c, tide_Scope scope, tide_Tensor *result) {
  if (result && result != TIDE_NONE) {
    if (c->nown == scope + 1 && c->own[scope] == result) return result;   /* alone in its scope: it stays where it is */
    tide__retain(result);
    while (c->nown > scope) tide__release(c->own[--c->nown]);
    if (c->cown > scope) { c->own[c->nown++] = result; return result; }   /* the room of what was just released */
    return tide__own(c, result);
  }
  while (c->nown > scope) tide__release(c->own[--c->nown]);
  return result;
}

void tide_shutdown(tide_Context *c) {
  if (!c) return;
  tide_close(c, 0, NULL);
  c->closed = 1;
  tide__context_unref(c);
}

/* }========================================================= */


/* {======================== making ======================== */

void tide__contiguous_strides(int ndim, const int64_t *shape, int64_t *strides) {
  int64_t e = 1;
  for (int d = ndim; d-- > 0;) { strides[d] = e; e *= shape[d] > 1 ? shape[d] : 1; }
}

/* Elements of a shape, or -1 (and an error) where a size is negative or the bytes do not fit. */
static int64_t count(tide_Context *c, int dtype, int ndim, const int64_t *shape) {
  int64_t n = 1, most = ((int64_t)1 << 46) / tide__size[dtype];
  int empty = 0;
  for (int d = 0; d < ndim; d++) {
    if (shape[d] < 0) { tide__fail(c, TIDE_ESHAPE, "size %lld is negative in %s", (long long)shape[d], SIZES_TEXT(ndim, shape)); return -1; }
    if (shape[d] == 0) empty = 1;
  }
  for (int d = 0; d < ndim && !empty; d++) {
    if (shape[d] > most / n) { tide__fail(c, TIDE_NOMEM, "out of memory: a tensor of sizes %s is too large", SIZES_TEXT(ndim, shape)); return -1; }
    n *= shape[d];
  }
  return empty ? 0 : n;
}

static int give_memory(tide_Tensor *t, size_t bytes) {
  t->bytes = bytes;
  if (likely(bytes <= SMALL_BYTES)) t->memory = t->small;
  else if (!(t->memory = tide__alloc(t->ctx, bytes))) return 0;
  t->data = t->memory;
  return 1;
}

static tide_Tensor *discard(tide_Tensor *t) { tide__release(t); return NULL; }

tide_Tensor *tide__new(tide_Context *c, int dtype, int ndim, const int64_t *shape) {
  if (unlikely(ndim < 0 || ndim > TIDE_MAXDIM)) return tide__fail(c, TIDE_ESHAPE, "%d dimensions: at most %d are possible", ndim, TIDE_MAXDIM);
  int64_t n = count(c, dtype, ndim, shape);
  if (unlikely(n < 0)) return NULL;
  tide_Tensor *t = cell_new(c, dtype, ndim);
  if (unlikely(!t)) return NULL;
  for (int d = 0; d < ndim; d++) t->shape[d] = shape[d];
  tide__contiguous_strides(ndim, shape, tide__strides(t));
  t->n = n;
  t->flags |= T_CONTIG | T_DENSE;
  return give_memory(t, (size_t)n * tide__size[dtype]) ? t : discard(t);
}

tide_Tensor *tide__new_strided(tide_Context *c, int dtype, int ndim, const int64_t *shape, const int64_t *strides) {
  tide_Tensor *t = tide__new(c, dtype, ndim, shape);
  if (!t) return NULL;
  memcpy(tide__strides(t), strides, sizeof(int64_t) * (size_t)ndim);
  tide__set_flags(t);
  return t;
}

/* Strides without gaps in which the dimensions keep the order that they have in like's memory. */
static void closed_up(const tide_Tensor *like, int64_t *strides) {
  const int64_t *shape = like->shape, *old = tide__strides(like);
  int order[TIDE_MAXDIM], nd = like->ndim;              /* innermost first */
  int64_t e = 1;
  for (int i = 0; i < nd; i++) order[i] = nd - 1 - i;
  for (int i = 1; i < nd; i++)
    for (int a = i - 1, b = i; a >= 0; a--) {
      int p = order[a], q = order[b];
      if (old[p] == 0 || old[q] == 0) continue;         /* an expanded dimension has no opinion */
      if (old[p] < old[q]) break;
      if (old[p] == old[q] && shape[p] <= shape[q]) continue;
      order[a] = q;
      order[b] = p;
      b = a;
    }
  for (int i = 0; i < nd; i++) { strides[order[i]] = e; e *= shape[order[i]]; }
}

tide_Tensor *tide__new_like(tide_Context *c, int dtype, const tide_Tensor *like) {
  if (unlikely(like->ndim > INLINE_DIMS || !(like->flags & T_DENSE) || like->n == 0)) {
    int64_t strides[TIDE_MAXDIM];
    if (like->n == 0 || like->flags & T_SPLAT) return tide__new(c, dtype, like->ndim, like->shape);
    if (like->flags & T_DENSE) return tide__new_strided(c, dtype, like->ndim, like->shape, tide__strides(like));
    closed_up(like, strides);
    return tide__new_strided(c, dtype, like->ndim, like->shape, strides);
  }
  tide_Tensor *t = cell_new(c, dtype, like->ndim);
  if (unlikely(!t)) return NULL;
  if (like->ndim) memcpy(t->dims, like->dims, sizeof t->dims);
  t->n = like->n;
  t->flags |= like->flags & (T_CONTIG | T_DENSE);
  return give_memory(t, (size_t)t->n * tide__size[dtype]) ? t : discard(t);
}

tide_Tensor *tide__alias(tide_Tensor *b, int ndim, const int64_t *shape, const int64_t *strides, int64_t offset) {
  tide_Tensor *t = cell_new(b->ctx, b->dtype, ndim);
  if (unlikely(!t)) return NULL;
  memcpy(t->shape, shape, sizeof(int64_t) * (size_t)ndim);
  memcpy(t->shape + ndim, strides, sizeof(int64_t) * (size_t)ndim);
  tide__set_flags(t);
  t->flags = (uint8_t)((t->flags & ~T_INFERENCE) | (b->flags & T_INFERENCE));
  t->store = tide__pin(b->store);
  t->counter = tide__pin(b->counter);
  t->data = b->data + offset * tide__size[b->dtype];
  return t;
}

tide_Tensor *tide__scalar(tide_Context *c, int dtype, double v) {
  tide_Tensor *t = tide__new(c, dtype, 0, NULL);
  if (t) tide__write(dtype, t->data, v);
  return t;
}

static tide_Tensor *number(tide_Context *c, int dtype) {
  tide_Tensor *t = tide__new(c, dtype, 0, NULL);
  if (unlikely(!t)) return NULL;
  t->flags = (uint8_t)((t->flags | T_NUMBER) & ~T_INFERENCE);
  return tide__own(c, t);
}

tide_Tensor *tide_number(tide_Context *c, double v) {
  tide_Tensor *t = number(c, TIDE_FLOAT64);
  if (likely(t != NULL)) *(double *)t->data = v;
  return t;
}
tide_Tensor *tide_integer(tide_Context *c, int64_t v) {
  tide_Tensor *t = number(c, TIDE_INT64);
  if (likely(t != NULL)) *(int64_t *)t->data = v;
  return t;
}
tide_Tensor *tide_boolean(tide_Context *c, int v) {
  tide_Tensor *t = number(c, TIDE_BOOL);
  if (likely(t != NULL)) *(uint8_t *)t->data = v != 0;
  return t;
}

static int good_dtype(tide_Context *c, int dtype) {
  if (dtype >= 0 && dtype < TIDE_NDTYPES) return 1;
  tide__fail(c, TIDE_EDTYPE, "there is no dtype number %d", dtype);
  return 0;
}

tide_Tensor *tide_from_data(tide_Context *c, int dtype, int ndim, const int64_t *shape, const void *data) {
  if (!good_dtype(c, dtype)) return NULL;
  tide_Tensor *t = tide__new(c, dtype, ndim, shape);
  if (!t) return NULL;
  if (data && t->n) memcpy(t->data, data, t->bytes);
  return tide__own(c, t);
}

tide_Tensor *tide_from_memory(tide_Context *c, void *memory, int dtype, int ndim, const int64_t *shape, const int64_t *strides, void (*release)(void *),
                              void *arg) {
  tide_Tensor *t = NULL;
  if (good_dtype(c, dtype) && (ndim < 0 || ndim > TIDE_MAXDIM || count(c, dtype, ndim, shape) >= 0)) t = cell_new(c, dtype, ndim);
  if (!t) { if (release) release(arg); return NULL; }
  memcpy(t->shape, shape, sizeof(int64_t) * (size_t)ndim);
  if (strides) memcpy(tide__strides(t), strides, sizeof(int64_t) * (size_t)ndim);
  else tide__contiguous_strides(ndim, shape, tide__strides(t));
  tide__set_flags(t);
  t->data = memory;
  tide__HostMemory h = {release, arg};
  memcpy(t->small, &h, sizeof h);
  t->flags |= T_HOST;
  return tide__own(c, t);
}

/* }========================================================= */


/* {======================== geometry ======================== */

void tide__set_flags(tide_Tensor *t) {
  int64_t expect = 1, n = 1, *s = tide__strides(t);
  int contig = 1, splat = 1;
  for (int d = t->ndim; d-- > 0;) {
    if (t->shape[d] != 1) {
      if (s[d] != expect) contig = 0;
      if (s[d] != 0) splat = 0;
    }
    expect *= t->shape[d];
    n *= t->shape[d];
  }
  t->n = n;
  if (n == 0) contig = 1;
  int dense = contig;
  if (!contig && !splat && n > 0) {              /* sorted by stride, is each one the product of the smaller sizes? */
    int used[TIDE_MAXDIM] = {0};
    int64_t e = 1;
    for (int k = 0; k < t->ndim; k++) {
      int d = 0;
      while (d < t->ndim && (used[d] || t->shape[d] == 1 || s[d] != e)) d++;
      if (d == t->ndim) break;
      used[d] = 1;
      e *= t->shape[d];
    }
    dense = e == n;
  }
  t->flags = (uint8_t)((t->flags & ~(T_CONTIG | T_DENSE | T_SPLAT)) | (contig ? T_CONTIG : 0) | (dense ? T_DENSE : 0) | (splat && n > 1 ? T_SPLAT : 0));
}

int tide__same_shape(const tide_Tensor *a, const tide_Tensor *b) {
  if (a->ndim != b->ndim || a->n != b->n) return 0;
  for (int d = 0; d < a->ndim; d++) if (a->shape[d] != b->shape[d]) return 0;
  return 1;
}

int tide__same_geometry(const tide_Tensor *a, const tide_Tensor *b) {
  return tide__same_shape(a, b) && (a->flags & b->flags & T_CONTIG || !memcmp(tide__strides(a), tide__strides(b), sizeof(int64_t) * a->ndim));
}

int tide__overlaps_itself(const tide_Tensor *t) {
  if (t->flags & T_DENSE || t->n <= 1) return 0;
  int64_t size[TIDE_MAXDIM], stride[TIDE_MAXDIM], *s = tide__strides((tide_Tensor *)t);
  int n = 0;
  for (int d = 0; d < t->ndim; d++) {            /* sorted by stride, each must step over all that the smaller ones reach */
    if (t->shape[d] == 1) continue;
    int k = n++;
    while (k > 0 && stride[k - 1] > s[d]) { stride[k] = stride[k - 1]; size[k] = size[k - 1]; k--; }
    stride[k] = s[d];
    size[k] = t->shape[d];
  }
  int64_t reach = 0;
  for (int k = 0; k < n; k++) {
    if (stride[k] <= reach) return 1;
    reach += stride[k] * (size[k] - 1);
  }
  return 0;
}

static void extent(const tide_Tensor *t, const char **low, const char **high) {
  int64_t last = 0, first = 0, *s = tide__strides((tide_Tensor *)t);
  for (int d = 0; d < t->ndim; d++) { int64_t e = (t->shape[d] - 1) * s[d]; if (e > 0) last += e; else first += e; }
  *low = t->data + first * tide__size[t->dtype];
  *high = t->data + (last + 1) * tide__size[t->dtype];
}

int tide__overlap(const tide_Tensor *a, const tide_Tensor *b) {
  if (a->n == 0 || b->n == 0 || (a->store != b->store && !((a->store->flags | b->store->flags) & T_HOST))) return 0;
  const char *al, *ah, *bl, *bh;
  extent(a, &al, &ah);
  extent(b, &bl, &bh);
  return al < bh && bl < ah;
}

const char *tide__shape_text(tide__Text *buf, int ndim, const int64_t *shape) {
  size_t n = 0, room = sizeof buf->s;
  buf->s[n++] = '(';
  for (int d = 0; d < ndim && n < room - 24; d++) n += (size_t)snprintf(buf->s + n, room - n, d ? ", %lld" : "%lld", (long long)shape[d]);
  snprintf(buf->s + n, room - n, ndim == 1 ? ",)" : ")");
  return buf->s;
}

/* }========================================================= */


/* {======================== facts ======================== */

tide_Context *tide_context(const tide_Tensor *t) { return t->ctx; }
int tide_dtype(const tide_Tensor *t) { return t->dtype; }
int tide_ndim(const tide_Tensor *t) { return t->ndim; }
const int64_t *tide_shape(const tide_Tensor *t) { return t->shape; }
const int64_t *tide_strides(const tide_Tensor *t) { return t->shape + t->ndim; }
int64_t tide_numel(const tide_Tensor *t) { return t->n; }
void *tide_data(const tide_Tensor *t) { return t->data; }
int tide_is_contiguous(const tide_Tensor *t) { return (t->flags & T_CONTIG) != 0; }
int tide_is_number(const tide_Tensor *t) { return (t->flags & T_NUMBER) != 0; }
int64_t tide_version_of(const tide_Tensor *t) { return t->flags & T_INFERENCE ? -1 : (int64_t)tide__version(t); }
int tide_is_view(const tide_Tensor *t) { return t->base != NULL; }
tide_Tensor *tide_base(const tide_Tensor *t) { return t->base; }
int tide_is_inference(const tide_Tensor *t) { return (t->flags & T_INFERENCE) != 0; }
int tide_same_storage(const tide_Tensor *a, const tide_Tensor *b) { return a->store == b->store; }
void tide_bump_version(tide_Tensor *t) { t->counter->version++; }

int64_t tide_storage_offset(const tide_Tensor *t) {
  const tide_Tensor *s = t->store;
  return (t->data - (s->memory ? s->memory : s->data)) / tide__size[t->dtype];
}

double tide_element(const tide_Tensor *t, int64_t i) { return tide__read(t->dtype, t->data + i * tide__size[t->dtype]); }
int64_t tide_element_integer(const tide_Tensor *t, int64_t i) { return tide__read_integer(t->dtype, t->data + i * tide__size[t->dtype]); }

/* }========================================================= */


/* {======================== detach, data, grad ======================== */

tide_Tensor *tide_detach(tide_Tensor *t) {
  if (!t) return NULL;
  tide_Tensor *v = tide__alias(t, t->ndim, t->shape, tide__strides(t), 0);
  return v ? tide__own(t->ctx, v) : NULL;
}

tide_Tensor *tide_get_data(tide_Tensor *t) {
  if (!t) return NULL;
  tide_Tensor *v = tide__alias(t, t->ndim, t->shape, tide__strides(t), 0);
  if (!v) return NULL;
  tide__unpin(v->counter);
  v->counter = v;
  return tide__own(t->ctx, v);
}

int tide_set_data(tide_Tensor *t, tide_Tensor *data) {
  if (!t || !data) return 0;
  tide_Context *c = t->ctx;
  if (data->dtype != t->dtype && t->rg && (!tide__is_float(data->dtype) || (t->node && !(t->node->flags & N_LEAF)))) { tide__fail(c, TIDE_EDTYPE, "%s cannot take the place of %s", tide_dtype_name(data->dtype), tide_dtype_name(t->dtype)); return 0; }
  if (t->store == data->store && t->data == data->data && tide__same_geometry(t, data)) return 1;
  int64_t *shape = t->dims;
  if (data->ndim > INLINE_DIMS && !(shape = tide__alloc(c, 2 * sizeof(int64_t) * data->ndim))) return 0;
  tide_Tensor *old = t->store;
  tide__pin(data->store);
  if (t->shape != t->dims) tide__free(c, t->shape, 2 * sizeof(int64_t) * t->ndim);
  t->shape = shape;
  t->ndim = data->ndim;
  t->dtype = data->dtype;
  memcpy(t->shape, data->shape, 2 * sizeof(int64_t) * data->ndim);
  t->data = data->data;
  t->store = data->store;
  tide__set_flags(t);
  if (old != t) tide__unpin(old);
  else if (t->keep == 1) free_memory(t);
  if (t->store == t) tide__unpin(t);             /* it got its own memory back */
  return 1;
}

tide_Tensor *tide_get_grad(const tide_Tensor *t) { return t->grad; }

int tide_set_grad(tide_Tensor *t, tide_Tensor *g) {
  if (!t) return 0;
  if (g && g != TIDE_NONE) {
    tide_Context *c = t->ctx;
    if (g == t) { tide__fail(c, TIDE_EARG, "a tensor cannot be its own gradient"); return 0; }
    if (!tide__same_shape(g, t)) { tide__fail(c, TIDE_ESHAPE, "sizes %s of the gradient do not fit %s of the tensor", SHAPE_TEXT(g), SHAPE_TEXT(t)); return 0; }
    if (g->dtype != t->dtype) { tide__fail(c, TIDE_EDTYPE, "the gradient is %s, the tensor %s", tide_dtype_name(g->dtype), tide_dtype_name(t->dtype)); return 0; }
    tide__retain(g);
  }
  else g = NULL;
  tide_Tensor *old = t->grad;
  t->grad = g;
  if (old) tide__release(old);
  return 1;
}

/* }========================================================= */
