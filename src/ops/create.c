/* Creation: tensors filled by a rule. */
#include "ops/op.h"

static int fill(tide_Tensor *t, double v, int64_t i) {
  union { char bytes[8]; double align; } value;
  if (tide__is_float(t->dtype)) tide__write(t->dtype, value.bytes, v);
  else tide__write_integer(t->dtype, value.bytes, i);
  tide__fill(t->ndim, t->shape, t->dtype, t->data, tide__strides(t), value.bytes);
  return 1;
}

static int fill_number(tide_Tensor *t, const tide_Tensor *x) { return fill(t, tide__read(x->dtype, x->data), tide__read_integer(x->dtype, x->data)); }

static int sized(tide_Call *k, int dtype) {
  return tide__result(k, 0, dtype < 0 ? k->c->mode.default_dtype : dtype, k->v[1].n, k->v[1].ints);
}
static int like(tide_Call *k, int64_t dtype) { return tide__result_like(k, 0, dtype < 0 ? k->in[0]->dtype : (int)dtype, k->in[0]); }
static int zero(tide_Call *k) { if (k->out[0]->n) memset(k->out[0]->data, 0, k->out[0]->bytes); return 1; }

static int empty_infer(tide_Call *k) { return sized(k, (int)k->v[2].i); }
static int zeros_infer(tide_Call *k) { return sized(k, (int)k->v[2].i) && zero(k); }
static int ones_infer(tide_Call *k) { return sized(k, (int)k->v[2].i) && fill(k->out[0], 1, 1); }
static int full_infer(tide_Call *k) {
  tide_Tensor *x = k->v[2].t;
  int dtype = k->v[3].i >= 0 ? (int)k->v[3].i : x->dtype == TIDE_FLOAT64 ? k->c->mode.default_dtype : x->dtype;
  return tide__result(k, 0, dtype, k->v[1].n, k->v[1].ints) && fill_number(k->out[0], x);
}
static int empty_like_infer(tide_Call *k) { return like(k, k->v[1].i); }
static int zeros_like_infer(tide_Call *k) { return like(k, k->v[1].i) && zero(k); }
static int ones_like_infer(tide_Call *k) { return like(k, k->v[1].i) && fill(k->out[0], 1, 1); }
static int full_like_infer(tide_Call *k) { return like(k, k->v[2].i) && fill_number(k->out[0], k->v[1].t); }

#define TABLE "ops/create.def"
#include "ops/define.h"
