/* Choice, and compositions of rows. */
#include "ops/op.h"

static int where_infer(tide_Call *k) {
  int nd;
  int64_t shape[TIDE_MAXDIM];
  if (k->in[0]->dtype != TIDE_BOOL) return FAIL(k, TIDE_EDTYPE, "the condition is %s, not bool", tide_dtype_name(k->in[0]->dtype));
  k->dtype = tide__promote(k->c, 2, k->in + 1);
  return tide__broadcast(k->c, 3, k->in, &nd, shape) && tide__result(k, 0, k->dtype, nd, shape);
}

#define CHOOSE(T) \
  static void choose_##T(int64_t n, char *const *p, const int64_t *s, const double *param) { \
    (void)param; \
    for (int64_t i = 0; i < n; i++) *(T *)(p[0] + i * s[0]) = *(const uint8_t *)(p[1] + i * s[1]) ? *(const T *)(p[2] + i * s[2]) : *(const T *)(p[3] + i * s[3]); \
  }
CHOOSE(uint8_t) CHOOSE(int16_t) CHOOSE(int32_t) CHOOSE(int64_t)

static int where_run(tide_Call *k) {
  tide_Tensor *o = k->out[0], *in[3] = {k->in[0], NULL, NULL};
  tide_Scope scope = tide_scope(k->c);
  size_t w = tide__size[o->dtype], size[4] = {w, 1, w, w};
  int64_t stride[4][TIDE_MAXDIM];
  const int64_t *strides[4];
  char *data[4];
  for (int i = 1; i < 3; i++) if (!(in[i] = tide__converted(k->in[i], o->dtype))) return 0;
  for (int i = 0; i < 4; i++) {
    const tide_Tensor *t = i ? in[i - 1] : o;
    int off = o->ndim - t->ndim;
    for (int d = 0; d < o->ndim; d++) stride[i][d] = d < off || t->shape[d - off] == 1 ? 0 : tide__strides(t)[d - off];
    strides[i] = stride[i];
    data[i] = t->data;
  }
  tide__Iter it;
  tide__iter_init(&it, o->ndim, o->shape, 4, strides, size);
  tide__iterate(&it, data, w == 1 ? choose_uint8_t : w == 2 ? choose_int16_t : w == 4 ? choose_int32_t : choose_int64_t, NULL);
  tide_close(k->c, scope, NULL);
  return 1;
}

static tide_Tensor *where_vjp(tide_Node *n, tide_Tensor *g, int i) {
  tide_Tensor *condition = tide__saved(n, 0);
  return i == 1 ? tide_where(condition, g, K(0)) : tide_where(condition, K(0), g);
}

#define TABLE "ops/arithmetic.def"
#include "ops/define.h"
