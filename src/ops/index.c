/*
** x[i, j, ...], index_select, take, and what writes at the same places. Where these are is worked out in places.c; here are the
** checks of values and the formulas. Reading and adding are each other's adjoints.
*/
#include "ops/places.h"

#define INDICES (uint16_t)0xfe                 /* all inputs but the first (index_put spares the last) */


/* {======================== shared ======================== */

static int same_dtype(tide_Call *k, const tide_Tensor *x, const tide_Tensor *t, const char *name) {
  return t->dtype == x->dtype || FAIL(k, TIDE_EDTYPE, "%s is %s, the tensor %s: convert it first", name, tide_dtype_name(t->dtype), tide_dtype_name(x->dtype));
}

static int copied(tide_Call *k) { return tide__target(k, k->in[0]->ndim, k->in[0]->shape); }

/* The result of a reading operator. */
static int pick(tide_Call *k, const tide__Places *p) {
  tide_Tensor *x = k->in[0];
  if (!tide__result(k, 0, x->dtype, p->nd, p->shape)) return 0;
  tide_Tensor *o = k->out[0];
  tide__places_walk(p, tide__pick_loop(x->dtype), x, o->data, o->dtype, tide__strides(o));
  return 1;
}

/* In which to add n elements: the output itself; where many float32 meet in few places, a float64 copy. */
static tide_Tensor *sum_in(tide_Call *k, int64_t n) {
  tide_Tensor *o = k->out[0];
  return o->dtype == TIDE_FLOAT32 && n > o->n ? tide__converted(o, TIDE_FLOAT64) : o;
}
static void settle(tide_Tensor *o, tide_Tensor *sum) {
  if (sum != o) tide__copy(o->ndim, o->shape, o->dtype, o->data, tide__strides(o), sum->dtype, sum->data, tide__strides(sum));
}

/* One element of t written at all places. */
static int fill(tide_Call *k, const tide__Places *p, const tide_Tensor *t) {
  union { char bytes[8]; double align; } value;
  tide_Tensor *o = k->out[0];
  if (!tide__element_as(k, t, o->dtype, value.bytes)) return 0;
  tide__places_walk(p, tide__place_loop(o->dtype), o, value.bytes, o->dtype, NULL);
  return 1;
}

/* }========================================================= */


/* {======================== index, index_put ======================== */

static int index_infer(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  tide__Places p;
  int ok = tide__places_index(k, &p, k->in[0], k->in + 1, k->nin - 1) && pick(k, &p);
  tide_close(k->c, scope, NULL);
  return ok;
}

/* The first `count` indices that were saved. */
static tide_Tensor **saved_indices(tide_Node *n, int count) {
  tide_Tensor **list = tide__scratch(n->ctx, (size_t)(count ? count : 1) * sizeof *list);
  for (int i = 0; list && i < count; i++) if (!(list[i] = tide__saved(n, i + 1))) return NULL;
  return list;
}

static tide_Tensor *index_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int count = (int)n->nin - 1;
  tide_Tensor **list = saved_indices(n, count);
  return list ? tide_index_put(tide__zeros_in(n, g, i), list, count, g, 1) : NULL;
}

static int index_put_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0], *values = k->in[k->nin - 1];
  return (values->flags & T_NUMBER || same_dtype(k, x, values, "values")) && copied(k);
}

/* The places again, in the memory that is to be added to. */
static int add_at_index(tide_Call *k, tide__Places *p, const tide_Tensor *values, const int64_t *strides) {
  tide_Tensor *o = k->out[0], *sum = sum_in(k, tide__places_count(p));
  if (!sum || (sum != o && !tide__places_index(k, p, sum, k->in + 1, k->nin - 2))) return 0;
  tide__places_walk(p, tide__combine_loop(TIDE_COMBINE_ADD, sum->dtype, values->dtype), sum, values->data, values->dtype, strides);
  settle(o, sum);
  return 1;
}

static int put_at_index(tide_Call *k) {
  tide_Tensor *o = k->out[0], *values = k->in[k->nin - 1];
  int64_t strides[TIDE_MAXDIM];
  tide__Places p;
  if (!tide__places_index(k, &p, o, k->in + 1, k->nin - 2)) return 0;
  if (!tide__places_fit(&p, values, strides)) return FAIL(k, TIDE_ESHAPE, "values of sizes %s do not fit the selected %s", SHAPE_TEXT(values), SIZES_TEXT(p.nd, p.shape));
  if (!k->v[3].i && values->ndim == 0) return fill(k, &p, values);
  if (values->dtype != o->dtype) {                     /* a number to be added */
    union { char bytes[8]; double align; } value;
    if (!tide__element_as(k, values, o->dtype, value.bytes) || !(values = tide__converted(values, o->dtype))) return 0;
  }
  if (k->v[3].i) return add_at_index(k, &p, values, strides);
  tide__places_walk(&p, tide__place_loop(o->dtype), o, values->data, o->dtype, strides);
  return 1;
}

static int index_put_run(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  int ok = put_at_index(k);
  tide_close(k->c, scope, NULL);
  return ok;
}

static tide_Tensor *index_put_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int count = (int)n->nin - 2, accumulate = (int)ARG(n, 3).i;
  if (i == 0 && accumulate) return g;
  tide_Tensor **list = saved_indices(n, count);
  if (!list) return NULL;
  return i == 0 ? tide_index_put(g, list, count, K(0), 0) : tide_index(g, list, count);
}

/* }========================================================= */


/* {======================== along one dimension ======================== */

static int index_select_infer(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  tide__Places p;
  int dim = tide__index_dim(k, 1);
  int ok = dim >= 0 && tide__places_along(k, &p, k->in[0], dim, k->in[1], 0) && pick(k, &p);
  tide_close(k->c, scope, NULL);
  return ok;
}
static tide_Tensor *index_select_vjp(tide_Node *n, tide_Tensor *g, int i) {
  return tide_index_add(tide__zeros_in(n, g, i), ARG(n, 1).i, tide__saved(n, 1), g, tide_integer(n->ctx, 1));
}

/* source's sizes are x's, but for `length` at dim */
static int fits_along(tide_Call *k, const tide_Tensor *x, int dim, int64_t length, const tide_Tensor *source) {
  int ok = x->ndim == source->ndim;
  for (int d = 0; ok && d < x->ndim; d++) ok = source->shape[d] == (d == dim ? length : x->shape[d]);
  if (ok) return 1;
  int64_t want[TIDE_MAXDIM];
  for (int d = 0; d < x->ndim; d++) want[d] = d == dim ? length : x->shape[d];
  return FAIL(k, TIDE_ESHAPE, "the source has sizes %s; %lld positions along dimension %lld of %s want %s", SHAPE_TEXT(source), (long long)length,
              tide__shown(k->c, dim), SHAPE_TEXT(x), SIZES_TEXT(x->ndim, want));
}

static int index_add_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  int dim = tide__index_dim(k, 1);
  return dim >= 0 && same_dtype(k, x, k->in[2], "the source") && fits_along(k, x, dim, k->in[1]->n, k->in[2]) && copied(k);
}

/* source times alpha, in the dtype of the output */
static tide_Tensor *scaled(tide_Call *k, tide_Tensor *source, tide_Tensor *alpha) {
  if (tide__read(alpha->dtype, alpha->data) == 1) return source;
  int mode = k->c->mode.grad;
  k->c->mode.grad = 0;
  tide_Tensor *t = tide_mul(source, tide__is_float(source->dtype) ? alpha : tide_integer(k->c, tide__read_integer(alpha->dtype, alpha->data)));
  k->c->mode.grad = (uint8_t)mode;
  return tide__converted(t, source->dtype);
}

static int index_add_run(tide_Call *k) {
  tide_Tensor *o = k->out[0], *source = k->in[2];
  tide_Scope scope = tide_scope(k->c);
  tide__Places p;
  tide_Tensor *sum = sum_in(k, source->n);
  int ok = sum && tide__places_along(k, &p, sum, tide__index_dim(k, 1), k->in[1], 0) && (source = scaled(k, source, k->in[3])) != NULL;
  if (ok) {
    tide__places_walk(&p, tide__combine_loop(TIDE_COMBINE_ADD, sum->dtype, source->dtype), sum, source->data, source->dtype, tide__strides(source));
    settle(o, sum);
  }
  tide_close(k->c, scope, NULL);
  return ok;
}
static tide_Tensor *index_add_vjp(tide_Node *n, tide_Tensor *g, int i) {
  return i == 0 ? g : tide_mul(tide_index_select(g, ARG(n, 1).i, tide__saved(n, 1)), tide__saved(n, 3));
}

/* A 0-dim source stands for one slice of one element. */
static int index_copy_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0], *index = k->in[1], *source = k->in[2];
  int dim = tide__index_dim(k, 1);
  if (dim < 0 || !same_dtype(k, x, source, "the source")) return 0;
  int one = x->ndim <= 1 && source->n == 1 && source->ndim <= 1 && index->n == 1;
  return (one || fits_along(k, x, dim, index->n, source)) && copied(k);
}
static int index_copy_run(tide_Call *k) {
  tide_Tensor *o = k->out[0], *source = k->in[2];
  tide_Scope scope = tide_scope(k->c);
  tide__Places p;
  int ok = tide__places_along(k, &p, o, tide__index_dim(k, 1), k->in[1], 0);
  if (ok) tide__places_walk(&p, tide__place_loop(o->dtype), o, source->data, o->dtype, source->n == 1 ? NULL : tide__strides(source));
  tide_close(k->c, scope, NULL);
  return ok;
}
static tide_Tensor *index_copy_vjp(tide_Node *n, tide_Tensor *g, int i) {
  tide_Tensor *index = tide__saved(n, 1);
  return i == 0 ? tide_index_fill(g, ARG(n, 1).i, index, K(0)) : tide_index_select(g, ARG(n, 1).i, index);
}

static int index_fill_infer(tide_Call *k) {
  if (k->in[2]->ndim) return FAIL(k, TIDE_ESHAPE, "the value has sizes %s; a number or a tensor of 0 dimensions is wanted", SHAPE_TEXT(k->in[2]));
  return tide__index_dim(k, 1) >= 0 && copied(k);
}
static int index_fill_run(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  tide__Places p;
  int ok = tide__places_along(k, &p, k->out[0], tide__index_dim(k, 1), k->in[1], FROM_END) && fill(k, &p, k->in[2]);
  tide_close(k->c, scope, NULL);
  return ok;
}
/* A slice named twice is filled once: the value's gradient is the sum over the filled elements. */
static tide_Tensor *index_fill_vjp(tide_Node *n, tide_Tensor *g, int i) {
  tide_Tensor *index = tide__saved(n, 1);
  if (i == 0) return tide_index_fill(g, ARG(n, 1).i, index, K(0));
  tide_Tensor *filled = tide_index_fill(tide__zeros_of(n->ctx, TIDE_BOOL, g->shape, g->ndim), ARG(n, 1).i, index, tide_boolean(n->ctx, 1));
  return tide_sum(tide_where(filled, g, K(0)), -1);
}

/* }========================================================= */


/* {======================== as a vector ======================== */

static int take_infer(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  tide__Places p;
  int ok = tide__places_flat(k, &p, k->in[0], k->in[1]) && pick(k, &p);
  tide_close(k->c, scope, NULL);
  return ok;
}
static tide_Tensor *take_vjp(tide_Node *n, tide_Tensor *g, int i) { return tide_put(tide__zeros_in(n, g, i), tide__saved(n, 1), g, 1); }

static int put_infer(tide_Call *k) {
  tide_Tensor *index = k->in[1], *source = k->in[2];
  if (!same_dtype(k, k->in[0], source, "the source")) return 0;
  if (source->n != index->n) return FAIL(k, TIDE_ESHAPE, "%lld elements for %lld positions", (long long)source->n, (long long)index->n);
  return copied(k);
}
static int put_run(tide_Call *k) {
  tide_Tensor *o = k->out[0], *source;
  tide_Scope scope = tide_scope(k->c);
  tide__Places p;
  tide_Tensor *sum = k->v[3].i ? sum_in(k, k->in[2]->n) : o;
  int ok = sum && tide__places_flat(k, &p, sum, k->in[1]) && (source = tide__packed(k->in[2])) != NULL;
  if (ok) {
    tide__Loop loop = k->v[3].i ? tide__combine_loop(TIDE_COMBINE_ADD, sum->dtype, source->dtype) : tide__place_loop(o->dtype);
    tide__places_walk(&p, loop, sum, source->data, source->dtype, p.along);
    settle(o, sum);
  }
  tide_close(k->c, scope, NULL);
  return ok;
}
static tide_Tensor *put_vjp(tide_Node *n, tide_Tensor *g, int i) {
  if (i == 0 && ARG(n, 3).i) return g;
  int nd;
  const int64_t *shape = tide__in_shape(n, g, i == 0 ? 0 : i, &nd);
  tide_Tensor *index = tide__saved(n, 1);
  if (i != 0) return tide_reshape(tide_take(g, index), shape, nd);
  return index ? tide_put(g, index, tide__zeros_of(n->ctx, g->dtype, index->shape, index->ndim), 0) : NULL;
}

/* }========================================================= */

#define TABLE "ops/index.def"
#include "ops/define.h"
