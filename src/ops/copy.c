/*
** Copies, conversions, and what overwrites a whole tensor. The latter (INPLACE_WRITE) never read their first input: called in place they write it
** at once, called as functions they make a new tensor like it.
*/
#include "ops/op.h"

static int clone_infer(tide_Call *k) { return tide__result_like(k, 0, k->in[0]->dtype, k->in[0]); }
static int clone_as_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0], *like = k->in[1];
  return like->flags & T_DENSE ? tide__result_like(k, 0, x->dtype, like) : tide__result(k, 0, x->dtype, x->ndim, x->shape);
}
static int cast_infer(tide_Call *k) { return tide__result_like(k, 0, (int)k->v[1].i, k->in[0]); }
static int contiguous_infer(tide_Call *k) { return tide__result(k, 0, k->in[0]->dtype, k->in[0]->ndim, k->in[0]->shape); }

static int copy_run(tide_Call *k) {
  tide_Tensor *x = k->in[0], *o = k->out[0];
  tide__copy(x->ndim, x->shape, o->dtype, o->data, tide__strides(o), x->dtype, x->data, tide__strides(x));
  return 1;
}

static tide_Tensor *same_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)n; (void)i; return g; }
static tide_Tensor *clone_as_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)n; return i == 0 ? g : TIDE_NONE; }
static tide_Tensor *contiguous(tide_Tensor *x) { return !x || x->flags & T_CONTIG ? x : tide_contiguous_copy(x); }

static tide_Tensor *to(tide_Tensor *x, int dtype, int copy) {
  if (!x) return NULL;
  if (dtype >= 0 && dtype != x->dtype) return tide_cast(x, dtype);
  return copy ? tide_cast(x, x->dtype) : x;
}


/* {======================== overwriting ======================== */

static int copy_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0], *y = k->in[1];
  int nd;
  int64_t shape[TIDE_MAXDIM];
  if (!tide__broadcast(k->c, 2, k->in, &nd, shape)) return 0;
  if (nd != x->ndim || memcmp(shape, x->shape, sizeof(int64_t) * x->ndim)) return FAIL(k, TIDE_ESHAPE, "sizes %s do not fit into %s", SHAPE_TEXT(y), SHAPE_TEXT(x));
  return tide__target_like(k);
}

int tide__holds(int dtype, const tide_Tensor *v) {
  static const double most[TIDE_NDTYPES] = {
    [TIDE_FLOAT32] = 3.4028234663852886e38, [TIDE_INT64] = 0x1p63, [TIDE_INT32] = INT32_MAX, [TIDE_INT16] = INT16_MAX, [TIDE_INT8] = INT8_MAX, [TIDE_UINT8] = UINT8_MAX};
  double d = tide__read(v->dtype, v->data);
  switch (dtype) {
    case TIDE_BOOL: case TIDE_FLOAT64: return 1;
    case TIDE_FLOAT32: return d != d || d - d != 0 || (d >= -most[dtype] && d <= most[dtype]);
    case TIDE_INT64: return !tide__is_float(v->dtype) || (d >= -0x1p63 && d < 0x1p63);
    case TIDE_UINT8: return d >= -most[dtype] && d <= most[dtype];
    default: return d >= -most[dtype] - 1 && d <= most[dtype];
  }
}

static int fill_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0], *v = k->in[1];
  if (v->ndim) return FAIL(k, TIDE_ESHAPE, "the value is one element without dimensions, not sizes %s", SHAPE_TEXT(v));
  if (v->flags & T_NUMBER && !tide__holds(x->dtype, v)) return FAIL(k, TIDE_EVALUE, "%s cannot hold %g", tide_dtype_name(x->dtype), tide__read(v->dtype, v->data));
  return tide__target_like(k);
}

static int copy_from_run(tide_Call *k) {
  tide_Tensor *y = k->in[1], *o = k->out[0];
  int64_t strides[TIDE_MAXDIM];
  if (y->n == 1) {
    union { char bytes[8]; double align; } value;
    tide__copy(0, NULL, o->dtype, value.bytes, NULL, y->dtype, y->data, NULL);
    tide__fill(o->ndim, o->shape, o->dtype, o->data, tide__strides(o), value.bytes);
    return 1;
  }
  int off = o->ndim - y->ndim;
  for (int d = 0; d < o->ndim; d++) strides[d] = d < off || y->shape[d - off] == 1 ? 0 : tide__strides(y)[d - off];
  tide__copy(o->ndim, o->shape, o->dtype, o->data, tide__strides(o), y->dtype, y->data, strides);
  return 1;
}
static tide_Tensor *copy_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)n; return i ? g : tide_zeros_like(g, -1); }
static tide_Tensor *fill_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)n; return i ? tide_sum(g, -1) : tide_zeros_like(g, -1); }

static int zero_infer(tide_Call *k) { return tide__target_like(k); }
static int zero_run(tide_Call *k) {
  static const char zero[8];
  tide_Tensor *o = k->out[0];
  if (o->n && o->flags & T_DENSE) memset(o->data, 0, (size_t)o->n * tide__size[o->dtype]);
  else tide__fill(o->ndim, o->shape, o->dtype, o->data, tide__strides(o), zero);
  return 1;
}
static tide_Tensor *zero_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)n; (void)i; return tide_zeros_like(g, -1); }

/* }========================================================= */

#define TABLE "ops/copy.def"
#include "ops/define.h"
