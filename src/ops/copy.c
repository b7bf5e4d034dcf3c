/* Copies: clone, conversion, contiguous. */
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

#define TABLE "ops/copy.def"
#include "ops/define.h"
