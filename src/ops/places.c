/* Offsets from positions and masks, and the walk over them. */
#include "ops/places.h"


/* {======================== positions ======================== */

static int is_positions(tide_Call *k, const tide_Tensor *index) {
  int d = index->dtype;
  return (!tide__is_float(d) && d != TIDE_BOOL) || FAIL(k, TIDE_EDTYPE, "the index is %s; positions are integers", tide_dtype_name(d));
}

int tide__beyond(tide_Context *c, int64_t i, int dim, int64_t size) {
  const char *hint = i == 0 && c->base ? ": positions count from 1" : i < 0 && i >= -size ? ": it takes no positions from the end" : "";
  if (dim < 0) tide__fail(c, TIDE_EINDEX, "index %lld is out of range for %lld elements%s", (long long)i, (long long)size, hint);
  else tide__fail(c, TIDE_EINDEX, "index %lld is out of range for dimension %lld of size %lld%s", (long long)i, tide__shown(c, dim), (long long)size, hint);
  return 0;
}

/* The positions in `index`, checked against `size`, each times `step`, in row-major order: scratch memory. dim: for the message. */
static int64_t *positions(tide_Call *k, const tide_Tensor *index, int dim, int64_t size, int how, int64_t step) {
  if (!is_positions(k, index)) return NULL;
  tide_Tensor *whole = tide__packed(tide__converted((tide_Tensor *)index, TIDE_INT64));
  int64_t *out = tide__scratch(k->c, (size_t)(index->n ? index->n : 1) * sizeof *out);
  if (!out || !whole) return NULL;
  const int64_t *given = (const int64_t *)(void *)whole->data;
  int64_t bad = tide__offsets(index->n, given, size, k->c->base, how & FROM_END, step, out);
  if (unlikely(bad >= 0)) { tide__beyond(k->c, given[bad], dim, size); return NULL; }
  return out;
}

static int64_t width(const tide_Tensor *x) { return (int64_t)tide__size[x->dtype]; }

/* Offsets of the true elements of a mask in memory with these strides (bytes), in row-major order, and how many there are. Every offset is
** written, and only a true element moves on: no branch to guess. */
static int64_t *mask_offsets(tide_Call *k, const tide_Tensor *mask, const int64_t *strides, int64_t *count) {
  tide_Tensor *m = tide__packed((tide_Tensor *)mask);
  if (!m) return NULL;
  const uint8_t *holds = (const uint8_t *)m->data;
  int outer = m->ndim ? m->ndim - 1 : 0;
  int64_t row = m->ndim ? m->shape[outer] : 1, step = m->ndim ? strides[outer] : 0, total = 0, at = 0, index[TIDE_MAXDIM] = {0};
  for (int64_t i = 0; i < m->n; i++) total += holds[i] != 0;
  int64_t *out = tide__scratch(k->c, (size_t)(total + 1) * sizeof *out), *o = out;
  if (!out) return NULL;
  for (int64_t i = 0; i < m->n; i += row, holds += row) {
    for (int64_t j = 0; j < row; j++) { *o = at + j * step; o += holds[j] != 0; }
    for (int d = outer - 1; d >= 0; d--) {
      at += strides[d];
      if (++index[d] < m->shape[d]) break;
      at -= strides[d] * m->shape[d];
      index[d] = 0;
    }
  }
  *count = total;
  return out;
}

/* }========================================================= */


/* {======================== x[i, j, ...] ======================== */

/* One index tensor as offsets. */
typedef struct Part { int nd; int64_t shape[TIDE_MAXDIM]; int64_t *offset; } Part;

static int mask_part(tide_Call *k, Part *part, const tide_Tensor *x, int dim, const tide_Tensor *mask) {
  int64_t strides[TIDE_MAXDIM];
  for (int d = 0; d < mask->ndim; d++) {
    if (mask->shape[d] != x->shape[dim + d])
      return FAIL(k, TIDE_EINDEX, "a mask of sizes %s does not fit: %lld against %lld at dimension %lld of the tensor", SHAPE_TEXT(mask),
                  (long long)mask->shape[d], (long long)x->shape[dim + d], tide__shown(k->c, dim + d));
    strides[d] = tide__strides((tide_Tensor *)x)[dim + d] * width(x);
  }
  part->nd = 1;
  return (part->offset = mask_offsets(k, mask, strides, &part->shape[0])) != NULL;
}

static int position_part(tide_Call *k, Part *part, const tide_Tensor *x, int dim, const tide_Tensor *index) {
  part->nd = index->ndim;
  memcpy(part->shape, index->shape, sizeof(int64_t) * index->ndim);
  return (part->offset = positions(k, index, dim, x->shape[dim], FROM_END, tide__strides((tide_Tensor *)x)[dim] * width(x))) != NULL;
}

/* The sizes to which the parts broadcast. */
static int meet(tide_Call *k, const Part *part, int n, int *nd, int64_t *shape) {
  *nd = 0;
  for (int i = 0; i < n; i++) if (part[i].nd > *nd) *nd = part[i].nd;
  for (int d = 0; d < *nd; d++) shape[d] = 1;
  for (int i = 0; i < n; i++) {
    int off = *nd - part[i].nd;
    for (int d = 0; d < part[i].nd; d++) {
      int64_t have = shape[off + d], size = part[i].shape[d];
      if (size != 1 && have != 1 && have != size)
        return FAIL(k, TIDE_ESHAPE, "index tensors of sizes %s and %s do not broadcast together", SIZES_TEXT(*nd, shape), SIZES_TEXT(part[i].nd, part[i].shape));
      if (size != 1) shape[off + d] = size;
    }
  }
  return 1;
}

/* The sum of the parts' offsets over their common sizes. */
static int64_t *add_parts(tide_Call *k, const Part *part, int n, int nd, const int64_t *shape) {
  int64_t dense[TIDE_MAXDIM], total = 1;
  for (int d = 0; d < nd; d++) total *= shape[d];
  tide__contiguous_strides(nd, shape, dense);
  if (n == 1) return part[0].offset;
  int64_t *out = tide__scratch(k->c, (size_t)(total ? total : 1) * sizeof *out);
  if (!out) return NULL;
  memset(out, 0, (size_t)total * sizeof *out);
  for (int i = 0; i < n; i++) {
    int64_t own[TIDE_MAXDIM], strides[TIDE_MAXDIM];
    int off = nd - part[i].nd;
    tide__contiguous_strides(part[i].nd, part[i].shape, own);
    for (int d = 0; d < nd; d++) strides[d] = d < off || part[i].shape[d - off] == 1 ? 0 : own[d - off];
    tide__Iter it;
    tide__iter_init(&it, nd, shape, 3, (const int64_t *[]){dense, dense, strides}, (size_t[]){8, 8, 8});
    tide__iterate(&it, (char *[]){(char *)out, (char *)out, (char *)part[i].offset}, tide__serial_add(TIDE_INT64), NULL);
  }
  return out;
}

int tide__places_index(tide_Call *k, tide__Places *p, const tide_Tensor *x, tide_Tensor *const *indices, int n) {
  Part part[TIDE_MAXDIM];
  int nparts = 0, dim = 0, first = -1, apart = 0, left = 0, named[TIDE_MAXDIM] = {0};
  if (n > TIDE_MAXDIM) return FAIL(k, TIDE_EINDEX, "%d indices: at most %d are possible", n, TIDE_MAXDIM);
  for (int i = 0; i < n; i++) {
    if (indices[i] == TIDE_NONE) dim++;
    else dim += indices[i]->dtype == TIDE_BOOL ? indices[i]->ndim : 1;
  }
  if (dim > x->ndim) return FAIL(k, TIDE_EINDEX, "indices for %d dimensions, the tensor has %d", dim, x->ndim);
  dim = 0;
  for (int i = 0; i < n; i++) {
    const tide_Tensor *index = indices[i];
    if (index == TIDE_NONE) { left += nparts > 0; dim++; continue; }
    if (nparts && left) apart = 1;
    if (first < 0) first = dim;
    int is_mask = index->dtype == TIDE_BOOL, covers = is_mask ? index->ndim : 1;
    if (!(is_mask ? mask_part : position_part)(k, &part[nparts], x, dim, index)) return 0;
    nparts++;
    for (int d = 0; d < covers; d++) named[dim++] = 1;
  }
  int nb, at = apart || first < 0 ? 0 : first;         /* where the picked dimensions stand: at the first index, or in front of all if others lie between */
  int64_t shape[TIDE_MAXDIM], dense[TIDE_MAXDIM];
  if (!meet(k, part, nparts, &nb, shape)) return 0;
  static int64_t no_offset[1];
  if (!(p->offset = nparts ? add_parts(k, part, nparts, nb, shape) : no_offset)) return 0;
  p->nd = nb;
  for (int d = 0; d < x->ndim; d++) p->nd += !named[d];
  if (p->nd > TIDE_MAXDIM) return FAIL(k, TIDE_ESHAPE, "the result has %d dimensions: at most %d are possible", p->nd, TIDE_MAXDIM);
  tide__contiguous_strides(nb, shape, dense);
  int to = 0;
  for (int d = 0; d <= x->ndim; d++) {
    if (d == at) for (int b = 0; b < nb; b++, to++) { p->shape[to] = shape[b]; p->along[to] = dense[b]; p->step[to] = 0; }
    if (d < x->ndim && !named[d]) { p->shape[to] = x->shape[d]; p->along[to] = 0; p->step[to] = tide__strides((tide_Tensor *)x)[d]; to++; }
  }
  return 1;
}

/* }========================================================= */


/* {======================== the other layouts ======================== */

int tide__index_dim(tide_Call *k, int argument) { return tide__dim(k->c, k->v[argument].i, k->in[0]->ndim); }

int tide__places_along(tide_Call *k, tide__Places *p, const tide_Tensor *x, int dim, const tide_Tensor *index, int how) {
  if (index->ndim > 1) return FAIL(k, TIDE_ESHAPE, "the index has sizes %s; a vector is wanted", SHAPE_TEXT(index));
  if (x->ndim == 0 && index->n != 1) return FAIL(k, TIDE_ESHAPE, "%lld positions for a tensor of 0 dimensions, which has one", (long long)index->n);
  int64_t size = x->ndim ? x->shape[dim] : 1, stride = x->ndim ? tide__strides((tide_Tensor *)x)[dim] : 0;
  if (!(p->offset = positions(k, index, dim, size, how, stride * width(x)))) return 0;
  p->nd = x->ndim;
  for (int d = 0; d < x->ndim; d++) {
    p->shape[d] = d == dim ? index->n : x->shape[d];
    p->along[d] = d == dim;
    p->step[d] = d == dim ? 0 : tide__strides((tide_Tensor *)x)[d];
  }
  return 1;
}

/* The nest of an index that is as deep as x. */
static int each_nest(tide_Call *k, tide__Places *p, const tide_Tensor *x, int dim, const tide_Tensor *index) {
  int nd = index->ndim;
  int deep = x->ndim ? x->ndim : 1;                             /* a 0-dim tensor counts as a vector of one */
  if (index->n && (nd ? nd : 1) != deep)
    return FAIL(k, TIDE_ESHAPE, "the index has sizes %s, the tensor %s: they must have equally many dimensions", SHAPE_TEXT(index), SHAPE_TEXT(x));
  for (int d = 0; index->n && d < nd && x->ndim; d++)
    if (d != dim && index->shape[d] > x->shape[d])
      return FAIL(k, TIDE_ESHAPE, "the index, of sizes %s, is larger than the tensor, %s, at dimension %lld", SHAPE_TEXT(index), SHAPE_TEXT(x), tide__shown(k->c, d));
  p->nd = nd;
  memcpy(p->shape, index->shape, sizeof(int64_t) * (size_t)nd);
  tide__contiguous_strides(nd, index->shape, p->along);
  for (int d = 0; d < nd; d++) p->step[d] = d == dim || d >= x->ndim ? 0 : tide__strides((tide_Tensor *)x)[d];
  return 1;
}

int tide__places_each(tide_Call *k, tide__Places *p, const tide_Tensor *x, int dim, const tide_Tensor *index) {
  int64_t size = x->ndim ? x->shape[dim] : 1, stride = x->ndim ? tide__strides((tide_Tensor *)x)[dim] : 0;
  return each_nest(k, p, x, dim, index) && (p->offset = positions(k, index, dim, size, 0, stride * width(x))) != NULL;
}

int tide__places_gather(tide_Call *k, const tide_Tensor *x, int dim, tide_Tensor *index) {
  int64_t size = x->ndim ? x->shape[dim] : 1, stride = x->ndim ? tide__strides((tide_Tensor *)x)[dim] : 0;
  tide__Places p;
  if (!is_positions(k, index) || !each_nest(k, &p, x, dim, index) || !tide__result(k, 0, x->dtype, p.nd, p.shape)) return 0;
  tide_Tensor *o = k->out[0], *whole = tide__packed(tide__converted(index, TIDE_INT64));
  if (!whole) return 0;
  const int64_t *given = (const int64_t *)(void *)whole->data;
  if (tide__gather(x->dtype, p.nd, p.shape, o->data, tide__strides(o), given, p.along, x->data, p.step, size, stride, k->c->base)) return 1;
  return positions(k, index, dim, size, 0, 1) != NULL;          /* which finds the one that is out of range */
}

int tide__places_flat(tide_Call *k, tide__Places *p, const tide_Tensor *x, const tide_Tensor *index) {
  int flat = x->flags & T_CONTIG;
  if (!(p->offset = positions(k, index, -1, x->n, FROM_END, flat ? width(x) : 1))) return 0;
  for (int64_t i = 0; !flat && i < index->n; i++) {
    int64_t rest = p->offset[i], at = 0;
    for (int d = x->ndim - 1; d >= 0; d--) { at += rest % x->shape[d] * tide__strides((tide_Tensor *)x)[d]; rest /= x->shape[d]; }
    p->offset[i] = at * width(x);
  }
  p->nd = index->ndim;
  memcpy(p->shape, index->shape, sizeof(int64_t) * index->ndim);
  tide__contiguous_strides(index->ndim, index->shape, p->along);
  memset(p->step, 0, sizeof p->step);
  return 1;
}

int tide__places_mask(tide_Call *k, tide__Places *p, const tide_Tensor *x, const tide_Tensor *mask) {
  int64_t strides[TIDE_MAXDIM];
  for (int d = 0; d < x->ndim; d++) strides[d] = tide__strides((tide_Tensor *)x)[d] * width(x);
  p->nd = 1;
  p->along[0] = 1;
  p->step[0] = 0;
  return (p->offset = mask_offsets(k, mask, strides, &p->shape[0])) != NULL;
}

/* }========================================================= */


/* {======================== the walk ======================== */

int64_t tide__places_count(const tide__Places *p) {
  int64_t n = 1;
  for (int d = 0; d < p->nd; d++) n *= p->shape[d];
  return n;
}

int tide__places_fit(const tide__Places *p, const tide_Tensor *t, int64_t *strides) {
  int off = p->nd - t->ndim;
  if (off < 0) return 0;
  for (int d = 0; d < p->nd; d++) {
    int64_t size = d < off ? 1 : t->shape[d - off];
    if (size != 1 && size != p->shape[d]) return 0;
    strides[d] = size == 1 ? 0 : tide__strides((tide_Tensor *)t)[d - off];
  }
  return 1;
}

/* The offsets come first: their order, row-major, is the one in which places named twice are written. */
void tide__places_walk(const tide__Places *p, tide__Loop loop, const tide_Tensor *x, const void *dense, int dense_dtype, const int64_t *strides) {
  static const int64_t still[TIDE_MAXDIM];
  tide__Iter it;
  const int64_t *of[3] = {p->along, strides ? strides : still, p->step};
  char *data[3] = {(char *)p->offset, (char *)(uintptr_t)dense, x->data};
  tide__iter_init(&it, p->nd, p->shape, 3, of, (size_t[]){sizeof *p->offset, tide__size[dense_dtype], tide__size[x->dtype]});
  tide__iterate(&it, data, loop, NULL);
}

/* }========================================================= */


/* {======================== elements and zeros ======================== */

int tide__element_as(tide_Call *k, const tide_Tensor *t, int dtype, void *bytes) {
  if (!tide__holds(dtype, t)) return FAIL(k, TIDE_EVALUE, "%s cannot hold %.15g", tide_dtype_name(dtype), tide__read(t->dtype, t->data));
  if (tide__is_float(t->dtype)) tide__write(dtype, bytes, tide__read(t->dtype, t->data));
  else tide__write_integer(dtype, bytes, tide__read_integer(t->dtype, t->data));
  return 1;
}

tide_Tensor *tide__zeros_of(tide_Context *c, int dtype, const int64_t *shape, int ndim) {
  return tide_expand(tide_zeros(c, NULL, 0, dtype), shape, ndim);
}

tide_Tensor *tide__zeros_in(tide_Node *n, tide_Tensor *g, int input) {
  int nd;
  const int64_t *shape = tide__in_shape(n, g, input, &nd);
  return tide__zeros_of(n->ctx, g->dtype, shape, nd);
}

/* }========================================================= */
