/*
** Products.
*/
#include "ops/op.h"

static int mm_infer(tide_Call *k) {
  tide_Tensor *a = k->in[0], *b = k->in[1];
  if (a->ndim != 2 || b->ndim != 2) return FAIL(k, TIDE_ESHAPE, "two matrices are wanted, not sizes %s and %s", SHAPE_TEXT(a), SHAPE_TEXT(b));
  if (a->shape[1] != b->shape[0])
    return FAIL(k, TIDE_ESHAPE, "sizes %s and %s do not fit: %lld columns against %lld rows", SHAPE_TEXT(a), SHAPE_TEXT(b), (long long)a->shape[1], (long long)b->shape[0]);
  if (a->dtype != b->dtype) return FAIL(k, TIDE_EDTYPE, "both operands must have one dtype, not %s and %s", tide_dtype_name(a->dtype), tide_dtype_name(b->dtype));
  return tide__result(k, 0, a->dtype, 2, (int64_t[]){a->shape[0], b->shape[1]});
}

static int mm_run(tide_Call *k) {
  tide_Tensor *a = k->in[0], *b = k->in[1], *o = k->out[0];
  int64_t *s = tide__strides(a), *t = tide__strides(b);
  tide__Matrix x = {a->data, s[0], s[1]}, y = {b->data, t[0], t[1]};
  tide_Scope scope = tide_scope(k->c);
  size_t bytes = tide__gemm_scratch(o->dtype, a->shape[0], b->shape[1], a->shape[1], x, y);
  void *scratch = bytes ? tide__scratch(k->c, bytes) : NULL;
  if (bytes && !scratch) return 0;
  tide__gemm(o->dtype, a->shape[0], b->shape[1], a->shape[1], 1, x, y, 0, o->data, scratch);
  tide_close(k->c, scope, NULL);
  return 1;
}

static tide_Tensor *mm_vjp(tide_Node *n, tide_Tensor *g, int i) {
  return i == 0 ? tide_matmul(g, tide_t(tide__saved(n, 1))) : tide_matmul(tide_t(tide__saved(n, 0)), g);
}

#define TABLE "ops/linalg.def"
#include "ops/define.h"
