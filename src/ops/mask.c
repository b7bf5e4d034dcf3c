/* Operators that take a mask, and the positions of what is not zero. */
#include "ops/places.h"

static int is_mask(tide_Call *k, const tide_Tensor *mask) {
  return mask->dtype == TIDE_BOOL || FAIL(k, TIDE_EDTYPE, "the mask is %s, not bool", tide_dtype_name(mask->dtype));
}

/* t seen under sizes that it broadcasts to; of the scope. */
static tide_Tensor *spread(tide_Call *k, tide_Tensor *t, int nd, const int64_t *shape) {
  int64_t strides[TIDE_MAXDIM];
  int off = nd - t->ndim;
  for (int d = 0; d < nd; d++) strides[d] = d < off || t->shape[d - off] == 1 ? 0 : tide__strides(t)[d - off];
  tide_Tensor *v = tide__alias(t, nd, shape, strides, 0);
  return v ? tide__own(k->c, v) : NULL;
}

/* A copy of the input under the sizes at which it meets the mask. */
static int target(tide_Call *k) {
  int nd;
  int64_t shape[TIDE_MAXDIM];
  return is_mask(k, k->in[1]) && tide__broadcast(k->c, 2, k->in, &nd, shape) && tide__target(k, nd, shape);
}

static int masked_fill_infer(tide_Call *k) {
  if (k->in[2]->ndim) return FAIL(k, TIDE_ESHAPE, "the value has sizes %s; a number or a tensor of 0 dimensions is wanted", SHAPE_TEXT(k->in[2]));
  return target(k);
}
static int masked_fill_run(tide_Call *k) {
  static const int64_t still[TIDE_MAXDIM];
  union { char bytes[8]; double align; } value;
  tide_Tensor *o = k->out[0];
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *mask = spread(k, k->in[1], o->ndim, o->shape);
  int ok = mask && tide__element_as(k, k->in[2], o->dtype, value.bytes);
  if (ok) {
    tide__Iter it;
    size_t w = tide__size[o->dtype];
    tide__iter_init(&it, o->ndim, o->shape, 3, (const int64_t *[]){tide__strides(o), tide__strides(mask), still}, (size_t[]){w, 1, w});
    tide__iterate(&it, (char *[]){o->data, mask->data, value.bytes}, tide__fill_masked_loop(o->dtype), NULL);
  }
  tide_close(k->c, scope, NULL);
  return ok;
}
static tide_Tensor *masked_fill_vjp(tide_Node *n, tide_Tensor *g, int i) {
  tide_Tensor *mask = tide__saved(n, 1);
  return i == 0 ? tide_masked_fill(g, mask, K(0)) : tide_sum(tide_where(mask, g, K(0)), -1);
}

static int masked_select_infer(tide_Call *k) {
  int nd;
  int64_t shape[TIDE_MAXDIM];
  if (!is_mask(k, k->in[1]) || !tide__broadcast(k->c, 2, k->in, &nd, shape)) return 0;
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *x = spread(k, k->in[0], nd, shape), *mask = spread(k, k->in[1], nd, shape);
  tide__Places p;
  int ok = x && mask && tide__places_mask(k, &p, x, mask) && tide__result(k, 0, x->dtype, 1, p.shape);
  if (ok) tide__places_walk(&p, tide__pick_loop(x->dtype), x, k->out[0]->data, x->dtype, tide__strides(k->out[0]));
  tide_close(k->c, scope, NULL);
  return ok;
}
static tide_Tensor *masked_select_vjp(tide_Node *n, tide_Tensor *g, int i) { return tide_masked_scatter(tide__zeros_in(n, g, i), tide__saved(n, 1), g); }

static int masked_scatter_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0], *source = k->in[2];
  if (source->dtype != x->dtype) return FAIL(k, TIDE_EDTYPE, "the source is %s, the tensor %s: convert it first", tide_dtype_name(source->dtype), tide_dtype_name(x->dtype));
  return target(k);
}
static int masked_scatter_run(tide_Call *k) {
  tide_Tensor *o = k->out[0];
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *mask = spread(k, k->in[1], o->ndim, o->shape), *source = tide__packed(k->in[2]);
  tide__Places p;
  int ok = mask && source && tide__places_mask(k, &p, o, mask);
  if (ok && source->n < p.shape[0]) ok = FAIL(k, TIDE_ESHAPE, "the source has %lld elements, the mask %lld true ones", (long long)source->n, (long long)p.shape[0]);
  if (ok) tide__places_walk(&p, tide__place_loop(o->dtype), o, source->data, o->dtype, p.along);
  tide_close(k->c, scope, NULL);
  return ok;
}
/* The source's elements that were not needed get zeros. */
static tide_Tensor *masked_scatter_vjp(tide_Node *n, tide_Tensor *g, int i) {
  tide_Tensor *mask = tide__saved(n, 1);
  if (i == 0) return tide_masked_fill(g, mask, K(0));
  int nd;
  const int64_t *shape = tide__in_shape(n, g, 2, &nd);
  int64_t total = 1;
  for (int d = 0; d < nd; d++) total *= shape[d];
  tide_Tensor *used = tide_masked_select(g, mask);
  if (used && used->n < total) used = tide_slice_scatter(tide__zeros_of(n->ctx, g->dtype, &total, 1), used, 0, 0, used->n, 1);
  return tide_reshape(used, shape, nd);
}

static int nonzero_infer(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *x = tide__converted(k->in[0], TIDE_BOOL);
  tide__Places p;
  int nd = k->in[0]->ndim, ok = x && (x = tide__packed(x)) != NULL && tide__places_mask(k, &p, x, x);
  if (ok && (ok = tide__result(k, 0, TIDE_INT64, 2, (int64_t[]){p.shape[0], nd})) != 0) {
    int64_t *row = (int64_t *)k->out[0]->data;
    for (int64_t i = 0; i < p.shape[0]; i++, row += nd) {
      int64_t rest = p.offset[i];                             /* a bool is a byte: the offset counts elements */
      for (int d = nd - 1; d >= 0; d--) { row[d] = rest % x->shape[d] + k->c->base; rest /= x->shape[d]; }
    }
  }
  tide_close(k->c, scope, NULL);
  return ok;
}

static tide_Tensor **nonzero_tuple(tide_Tensor *x, int as_tuple, int *count) {
  *count = 0;
  if (!x) return NULL;
  if (!as_tuple) return tide__fail(x->ctx, TIDE_EARG, "as_tuple is false: leave it out");
  return tide_unbind(tide_nonzero(x->ndim ? x : tide_reshape(x, (int64_t[]){1}, 1)), 1, count);
}

#define TABLE "ops/mask.def"
#include "ops/define.h"
