/*
** Pointwise operators: promotion, broadcasting and the walk over memory, shared by all rows of pointwise.def; then the rows.
**
** Most calls are flat: every operand either has the memory layout of the result or is one element. Then one loop over
** memory does it. The rest go through the iterator (kernels/iterate.c).
*/
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "base/threads.h"
#include "ops/op.h"

int tide__promote(tide_Context *c, int n, tide_Tensor *const *in) {
  int of[3] = {-1, -1, -1};                             /* tensors with dimensions, 0-dim tensors, numbers */
  for (int i = 0; i < n; i++) {
    const tide_Tensor *t = in[i];
    if (t == TIDE_NONE) continue;
    int rank = t->flags & T_NUMBER ? 2 : t->ndim == 0, d = t->dtype;
    if (rank == 2 && tide__is_float(d)) d = c->mode.default_dtype;
    of[rank] = of[rank] < 0 ? d : tide_promote_types(of[rank], d);
  }
  int d = of[0];
  for (int rank = 1; rank < 3; rank++) {                /* a lower rank counts only if it is of a higher kind */
    if (of[rank] < 0) continue;
    if (d < 0 || tide__kind(of[rank]) > tide__kind(d)) d = d < 0 ? of[rank] : tide_promote_types(d, of[rank]);
  }
  return d;
}

int tide__broadcast(tide_Context *c, int n, tide_Tensor *const *in, int *ndim, int64_t *shape) {
  int nd = 0;
  for (int i = 0; i < n; i++) if (in[i]->ndim > nd) nd = in[i]->ndim;
  for (int d = 0; d < nd; d++) shape[d] = 1;
  for (int i = 0; i < n; i++) {
    const tide_Tensor *t = in[i];
    int off = nd - t->ndim;
    for (int d = 0; d < t->ndim; d++) {
      if (t->shape[d] == 1 || t->shape[d] == shape[off + d]) continue;
      if (shape[off + d] != 1) {
        const tide_Tensor *u = in[0];
        for (int j = 0; j < i; j++) if (in[j]->ndim >= nd - off - d && in[j]->shape[in[j]->ndim - (nd - off - d)] == shape[off + d]) u = in[j];
        tide__fail(c, TIDE_ESHAPE, "sizes %s and %s do not fit: %lld against %lld at dimension %lld", SHAPE_TEXT(u), SHAPE_TEXT(t),
                   (long long)shape[off + d], (long long)t->shape[d], tide__shown(c, off + d));
        return 0;
      }
      shape[off + d] = t->shape[d];
    }
  }
  *ndim = nd;
  return 1;
}

/* The dtype in which a row computes. */
static int compute_dtype(tide_Call *k) {
  tide_Tensor *a = k->in[0], *b = k->nin > 1 ? k->in[1] : a;
  int first = k->op->first;
  int d = likely(k->nin <= 2 && a->dtype == b->dtype && !((a->flags | b->flags) & T_NUMBER)) ? a->dtype : tide__promote(k->c, k->nin - first, k->in + first);
  int set = k->op->sig.dtypes;
  if (unlikely(!(set >> d & 1))) {
    if (set == SET_FLOAT) d = k->c->mode.default_dtype;
    else return FAIL(k, TIDE_EDTYPE, "not defined for %s", tide_dtype_name(d));
  }
  k->dtype = d;
  return 1;
}

/* Would one loop over memory serve, the result laid out as `like`? */
static int flat_with(const tide_Call *k, const tide_Tensor *like) {
  if (!(like->flags & (T_DENSE | T_SPLAT))) return 0;
  for (int i = 0; i < k->nin; i++) {
    const tide_Tensor *t = k->in[i];
    if (t == like || t->n == 1) continue;
    if (!tide__same_shape(t, like)) return 0;
    if (t->flags & T_SPLAT || (like->flags & T_SPLAT && t->flags & T_CONTIG)) continue;
    if (like->flags & T_SPLAT || !tide__same_geometry(t, like)) return 0;
  }
  return 1;
}

/* Does dimension a belong outside b in the result's memory? By the first operand that tells them apart: > 0 yes, < 0 no, 0: none does. */
static int order_of(const tide_Call *k, int nd, const int64_t *shape, int a, int b) {
  for (int i = 0; i < k->nin; i++) {
    const tide_Tensor *t = k->in[i];
    int off = nd - t->ndim;
    if (a < off || b < off || (t->shape[a - off] == 1 && shape[a] > 1) || (t->shape[b - off] == 1 && shape[b] > 1)) continue;
    int64_t x = llabs(tide__strides(t)[a - off]), y = llabs(tide__strides(t)[b - off]);
    if (x == 0 || y == 0) continue;                     /* broadcast: this operand has no opinion */
    if (x != y) return x > y ? 1 : -1;
    if (shape[a] > shape[b]) return 1;
  }
  return 0;
}

/* The result of operands that are not all laid out alike: without gaps, its dimensions in the order which they have in the operands' memory, the first
** operand's counting most. So nothing is turned that need not be. */
static int result_in_order(tide_Call *k, int dtype, int nd, const int64_t *shape) {
  int order[TIDE_MAXDIM], in_order = 1;                 /* innermost first */
  int64_t strides[TIDE_MAXDIM], e = 1;
  for (int i = 0; i < nd; i++) order[i] = nd - 1 - i;
  for (int i = 1; i < nd; i++)
    for (int j = i - 1, at = i; j >= 0; j--) {
      int way = order_of(k, nd, shape, order[j], order[at]);
      if (way < 0) break;                               /* (order[j] is further inside: it stays) */
      if (way == 0) continue;
      int d = order[j];
      order[j] = order[at];
      order[at] = d;
      at = j;
      in_order = 0;
    }
  if (in_order) return tide__result(k, 0, dtype, nd, shape);
  for (int i = 0; i < nd; i++) {
    if (shape[i] == 0) return tide__result(k, 0, dtype, nd, shape);
    strides[order[i]] = e;
    e *= shape[order[i]];
  }
  return (k->out[0] = tide__new_strided(k->c, dtype, nd, shape, strides)) != NULL;
}

int tide__pointwise_infer(tide_Call *k) {
  if (unlikely(!compute_dtype(k))) return 0;
  if (unlikely(k->op->check != NULL) && !k->op->check(k)) return 0;
  int out_dtype = k->op->to_bool ? TIDE_BOOL : k->dtype;
  tide_Tensor *like = k->in[0];
  for (int i = 1; i < k->nin; i++) if (k->in[i]->ndim > like->ndim || (k->in[i]->ndim == like->ndim && (k->in[i]->n > like->n || (like->flags & T_SPLAT && !(k->in[i]->flags & T_SPLAT) && k->in[i]->n == like->n)))) like = k->in[i];
  k->flat = 0;
  if (likely(flat_with(k, like))) {
    int fits = 1;                                       /* operands of one element may still have more dimensions than `like` */
    for (int i = 0; i < k->nin; i++) if (k->in[i]->ndim > like->ndim) fits = 0;
    if (likely(fits && like->n > 0)) { k->flat = 1; return tide__result_like(k, 0, out_dtype, like); }
  }
  int nd;
  int64_t shape[TIDE_MAXDIM];
  return tide__broadcast(k->c, k->nin, k->in, &nd, shape) && result_in_order(k, out_dtype, nd, shape);
}

tide_Tensor *tide__converted(tide_Tensor *t, int dtype) {
  if (!t || t->dtype == dtype) return t;
  tide_Tensor *o = tide__new_like(t->ctx, dtype, t);
  if (!o || !tide__own(t->ctx, o)) return NULL;
  tide__copy(t->ndim, t->shape, dtype, o->data, tide__strides(o), t->dtype, t->data, tide__strides(t));
  return o;
}

tide_Tensor *tide__packed(tide_Tensor *t) {
  if (!t || t->flags & T_CONTIG) return t;
  tide_Tensor *o = tide__new(t->ctx, t->dtype, t->ndim, t->shape);
  if (!o || !tide__own(t->ctx, o)) return NULL;
  tide__copy(t->ndim, t->shape, t->dtype, o->data, tide__strides(o), t->dtype, t->data, tide__strides(t));
  return o;
}

/* Runs the loop through the iterator: the operands broadcast to the output's shape. */
static void run_strided(const tide_Call *k, tide__Loop loop, tide_Tensor *const *in) {
  tide_Tensor *o = k->out[0];
  int64_t stride[TIDE_MAXOPERANDS][TIDE_MAXDIM];
  const int64_t *strides[TIDE_MAXOPERANDS];
  size_t size[TIDE_MAXOPERANDS];
  char *data[TIDE_MAXOPERANDS];
  for (int i = 0; i <= k->nin; i++) {
    const tide_Tensor *t = i ? in[i - 1] : o;
    int off = o->ndim - t->ndim;
    for (int d = 0; d < o->ndim; d++) stride[i][d] = d < off || t->shape[d - off] == 1 ? 0 : tide__strides(t)[d - off];
    strides[i] = stride[i];
    size[i] = tide__size[t->dtype];
    data[i] = t->data;
  }
  tide__Iter it;
  tide__iter_init(&it, o->ndim, o->shape, k->nin + 1, strides, size);
  tide__map(&it, data, loop, k->param);
}

/*
** A loop over memory, in pieces that several threads may take. (Results larger than the cache were once written past it: since their memory is
** used again at once, that made an addition of 10 million floats 1.4 times slower.)
*/
#define GRAIN 16384

typedef struct Flat { tide__Loop loop; char *const *p; const int64_t *s; const double *param; int nop; } Flat;

static void flat_piece(void *arg, int64_t begin, int64_t end) {
  const Flat *f = arg;
  char *p[TIDE_MAXOPERANDS];
  for (int i = 0; i < f->nop; i++) p[i] = f->p[i] + begin * f->s[i];
  f->loop(end - begin, p, f->s, f->param);
}

static void run_flat(const tide_Call *k, tide__Loop loop, int64_t n, char *const *p, const int64_t *s) {
  if (likely(n <= GRAIN)) { loop(n, p, s, k->param); return; }
  tide__parallel(n, GRAIN, flat_piece, &(Flat){loop, p, s, k->param, k->nin + 1});
}

int tide__pointwise_run(tide_Call *k) {
  tide_Tensor *o = k->out[0], *in[TIDE_MAXOPERANDS - 1];
  tide__Loop loop = tide__loop(k->op->row, k->dtype);
  union { char bytes[8]; double align; } scalar[TIDE_MAXOPERANDS - 1];
  tide_Scope scope = tide_scope(k->c);
  char *p[TIDE_MAXOPERANDS];
  int64_t s[TIDE_MAXOPERANDS];
  int i = 0;
  if (unlikely(o->n == 0)) return 1;
  if (unlikely(k->op->first)) {                         /* a condition stays as it is */
    in[0] = k->in[0];
    p[1] = in[0]->data;
    s[1] = in[0]->n == 1 || in[0]->flags & T_SPLAT ? 0 : 1;
    i = 1;
  }
  for (; i < k->nin; i++) {
    tide_Tensor *t = k->in[i];
    p[i + 1] = t->data;
    s[i + 1] = t->n == 1 || t->flags & T_SPLAT ? 0 : tide__size[k->dtype];
    if (unlikely(t->dtype != k->dtype)) {
      if (k->flat && t->n == 1) {
        if (tide__is_float(t->dtype)) tide__write(k->dtype, scalar[i].bytes, tide__read(t->dtype, t->data));
        else tide__write_integer(k->dtype, scalar[i].bytes, tide__read_integer(t->dtype, t->data));
        p[i + 1] = scalar[i].bytes;
      }
      else {
        if (!(t = tide__converted(t, k->dtype))) return 0;
        p[i + 1] = t->data;
      }
    }
    in[i] = t;
  }
  if (likely(k->flat)) {
    p[0] = o->data;
    s[0] = tide__size[o->dtype];
    run_flat(k, loop, o->n, p, s);
  }
  else run_strided(k, loop, in);
  tide_close(k->c, scope, NULL);
  return 1;
}

int tide__add_into(tide_Tensor *dst, tide_Tensor *src) {
  tide_Tensor *in[2] = {dst, src}, *out[1] = {dst};
  tide_Call k = {.op = &tide__op_add, .c = dst->ctx, .in = in, .nin = 2, .out = out, .nout = 1, .dtype = dst->dtype};
  k.flat = (dst->flags & T_DENSE) && (src->n == 1 || (src->flags & T_SPLAT) || tide__same_geometry(dst, src));
  return tide__pointwise_run(&k);
}


/* {======================== checks ======================== */

/* Can an integer of this dtype hold v, its fraction cut off? */
static int holds(int dtype, double v) {
  static const double low[] = {[TIDE_INT64] = -0x1p63, [TIDE_INT32] = -0x1p31, [TIDE_INT16] = -32768, [TIDE_INT8] = -128, [TIDE_UINT8] = 0, [TIDE_BOOL] = 0};
  static const double end[] = {[TIDE_INT64] = 0x1p63, [TIDE_INT32] = 0x1p31, [TIDE_INT16] = 32768, [TIDE_INT8] = 128, [TIDE_UINT8] = 256, [TIDE_BOOL] = 0x1p63};
  return tide__is_float(dtype) || (trunc(v) >= low[dtype] && trunc(v) < end[dtype]);
}

static int must_hold(tide_Call *k, double v) {
  return holds(k->dtype, v) || FAIL(k, TIDE_EVALUE, "%.17g does not fit into %s", v, tide_dtype_name(k->dtype));
}

/* Operands that are numbers must not wrap around. */
static int range_check(tide_Call *k) {
  for (int i = 1; i < k->nin; i++)
    if (k->in[i]->flags & T_NUMBER && !tide__is_float(k->dtype) && !must_hold(k, tide__read(k->in[i]->dtype, k->in[i]->data))) return 0;
  return 1;
}

/* The extra numbers of a row must fit, and there is no such row for bool. */
static int numbers_check(tide_Call *k) {
  for (int i = 0; k->op->nin + i < k->op->sig.nparams; i++) if (!must_hold(k, k->param[i])) return 0;
  return 1;
}

/* A factor that integers are multiplied with: cut to a whole number, as PyTorch does it. */
static int factor_check(tide_Call *k) { return must_hold(k, k->param[0]); }

/* The same where a fraction would be a mistake. */
static int scale_check(tide_Call *k) {
  double alpha = k->param[0];
  if (tide__is_float(k->dtype)) return 1;
  if (alpha != trunc(alpha)) return FAIL(k, TIDE_EVALUE, "alpha must be a whole number for %s, not %g", tide_dtype_name(k->dtype), alpha);
  return must_hold(k, alpha);
}

static int sub_check(tide_Call *k) {
  if (k->in[0]->dtype != TIDE_BOOL && k->in[1]->dtype != TIDE_BOOL) return 1;
  return FAIL(k, TIDE_EDTYPE, "not defined for bool; use logical_xor or bitwise_xor");
}
static int sub_scaled_check(tide_Call *k) { return sub_check(k) && scale_check(k); }

/* Operators that are not for integers, though a float could be made of them. */
static int floats_check(tide_Call *k) {
  for (int i = 0; i < k->nin; i++) if (tide__is_float(k->in[i]->dtype)) return 1;
  return FAIL(k, TIDE_EDTYPE, "not defined for %s", tide_dtype_name(k->in[0]->dtype));
}

static int alike_check(tide_Call *k) {
  if (k->in[0]->dtype == k->in[1]->dtype) return 1;
  return FAIL(k, TIDE_EDTYPE, "the dtypes differ: %s and %s", tide_dtype_name(k->in[0]->dtype), tide_dtype_name(k->in[1]->dtype));
}

static int lerp_check(tide_Call *k) {
  const tide_Tensor *weight = k->in[2];
  if (!alike_check(k) || !floats_check(k)) return 0;
  if (weight->dtype == k->dtype || weight->flags & T_NUMBER || weight->ndim == 0) return 1;
  return FAIL(k, TIDE_EDTYPE, "weight is %s, the others are %s", tide_dtype_name(weight->dtype), tide_dtype_name(k->dtype));
}

static int addcdiv_check(tide_Call *k) {
  if (tide__is_float(k->in[1]->dtype) || tide__is_float(k->in[2]->dtype)) return 1;
  return FAIL(k, TIDE_EDTYPE, "tensor1 and tensor2 are integers, %s and %s; make one of them a float", tide_dtype_name(k->in[1]->dtype), tide_dtype_name(k->in[2]->dtype));
}

static int where_check(tide_Call *k) {
  int d = k->in[0]->dtype;
  if (d != TIDE_BOOL && d != TIDE_UINT8) return FAIL(k, TIDE_EDTYPE, "the condition is %s, not bool", tide_dtype_name(d));
  return range_check(k);
}

static int pow_check(tide_Call *k) {
  const tide_Tensor *e = k->in[1];
  if (tide__is_float(k->dtype) || !(e->flags & T_NUMBER)) return 1;
  if (tide__read_integer(e->dtype, e->data) < 0) return FAIL(k, TIDE_EVALUE, "integers cannot be raised to negative powers");
  return range_check(k);
}

static int any_zero(int dtype, int64_t n, char *data) {
  int64_t zero = 0, s[3] = {1, (int64_t)tide__size[dtype], 0};
  char equal[1024];
  for (int64_t at = 0, m; at < n; at += m) {
    m = n - at < (int64_t)sizeof equal ? n - at : (int64_t)sizeof equal;
    tide__loop(ROW_eq, dtype)(m, (char *[]){equal, data + at * s[1], (char *)&zero}, s, NULL);
    if (memchr(equal, 1, (size_t)m)) return 1;
  }
  return 0;
}

/* Integers are not divided by zero. */
static int divisor_check(tide_Call *k) {
  if (tide__is_float(k->dtype)) return 1;
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *b = tide__converted(k->in[1], k->dtype);
  if (b && !(b->flags & (T_DENSE | T_SPLAT))) b = tide__packed(b);
  int ok = b != NULL;
  if (ok && b->n > 0 && k->in[0]->n > 0 && any_zero(k->dtype, b->flags & T_SPLAT ? 1 : b->n, b->data)) ok = FAIL(k, TIDE_EVALUE, "integer division by zero");
  tide_close(k->c, scope, NULL);
  return ok;
}

/* Absent bounds are those of the dtype; an integer is never nan. */
static int nan_to_num_check(tide_Call *k) {
  double most = k->dtype == TIDE_FLOAT32 ? FLT_MAX : DBL_MAX;
  if (!tide__is_float(k->dtype)) { k->param[0] = k->param[1] = k->param[2] = 0; return 1; }
  if (isnan(k->param[1])) k->param[1] = most;
  if (isnan(k->param[2])) k->param[2] = -most;
  return 1;
}

/* P1 becomes the power of ten. */
static int decimals_check(tide_Call *k) {
  k->param[1] = pow(10, fabs(k->param[0]));
  return floats_check(k);
}

static int polygamma_check(tide_Call *k) { return k->param[0] >= 0 || FAIL(k, TIDE_EVALUE, "n must not be negative, got %g", k->param[0]); }

static int softshrink_check(tide_Call *k) {
  if (!(k->param[0] >= 0)) return FAIL(k, TIDE_EVALUE, "lambd must not be negative, got %g", k->param[0]);
  return floats_check(k);
}

/* }========================================================= */


/* {======================== formulas too long for a row ======================== */

/* A comparison in place gives a tensor of zeros and ones, which no longer depends on anything. */
static tide_Tensor *predicate_vjp(tide_Node *n, tide_Tensor *g, int i) {
  (void)n; (void)i;
  return tide_zeros_like(g, -1);
}

static tide_Tensor *no_derivative(tide_Tensor *g, const char *name, const char *advice) {
  return tide__fail(g->ctx, TIDE_EGRAD, "%s has no derivative%s%s", name, advice ? "; " : "", advice ? advice : "");
}

/* g e x^(e-1), and 0 where e = 0 */
static tide_Tensor *pow_base_vjp(tide_Tensor *g, tide_Tensor *x, tide_Tensor *e) {
  if (!g || !x || !e) return NULL;
  tide_Context *c = x->ctx;
  if (e->flags & T_NUMBER) {
    double v = tide_element(e, 0);
    if (v == 0) return tide_zeros_like(g, -1);
    return tide_mul(g, tide_mul(v == 2 ? x : tide_pow_scalar(x, tide_number(c, v - 1)), e));
  }
  return tide_where(tide_eq(e, tide_number(c, 0)), tide_number(c, 0), tide_mul(g, tide_mul(e, tide_pow(x, tide_sub(e, tide_number(c, 1))))));
}

/* g y log x, and 0 where x = 0 and e >= 0 */
static tide_Tensor *pow_exponent_vjp(tide_Tensor *g, tide_Tensor *x, tide_Tensor *e, tide_Tensor *y) {
  if (!g || !x || !e || !y) return NULL;
  tide_Tensor *zero = tide_number(g->ctx, 0);
  if (x->flags & T_NUMBER) {
    double v = tide_element(x, 0);
    tide_Tensor *gy = tide_mul(g, tide_mul(y, tide_number(g->ctx, log(v))));
    return v == 0 ? tide_where(tide_ge(e, zero), zero, gy) : gy;
  }
  return tide_where(tide_logical_and(tide_eq(x, zero), tide_ge(e, zero)), zero, tide_mul(g, tide_mul(y, tide_log(x))));
}

/* g y / x, and 0 where x = 0 */
static tide_Tensor *copysign_gradient(tide_Tensor *g, tide_Tensor *x, tide_Tensor *y) {
  if (!g) return NULL;
  tide_Tensor *zero = tide_number(g->ctx, 0);
  return tide_mul(g, tide_where(tide_eq(x, zero), zero, tide_div(y, x)));
}

/* The gradient of one side of maximum or minimum: nothing where it lost, half of it in a tie. */
static tide_Tensor *extremum_vjp(tide_Tensor *g, tide_Tensor *a, tide_Tensor *b, tide_Tensor *lost) {
  if (!g) return NULL;
  return tide_where(lost, tide_number(g->ctx, 0), tide_where(tide_eq(a, b), tide_mul(g, tide_number(g->ctx, 0.5)), g));
}

/* fmax and fmin take a where it won or b is nan. */
static tide_Tensor *chosen(tide_Tensor *won, tide_Tensor *b) { return tide_logical_or(won, tide_isnan(b)); }

static tide_Tensor *clamp_gradient(tide_Tensor *g, tide_Tensor *x, tide_Tensor *min, tide_Tensor *max) {
  if (!g || !min || !max) return NULL;
  return tide_clamp_grad(g, x, min == TIDE_NONE ? -INFINITY : tide_element(min, 0), max == TIDE_NONE ? INFINITY : tide_element(max, 0));
}

/* 1 / (a^2 + b^2), and 0 at the origin */
static tide_Tensor *atan2_scale(tide_Tensor *a, tide_Tensor *b) {
  if (!a) return NULL;
  tide_Tensor *zero = tide_number(a->ctx, 0), *s = tide_add(tide_mul(a, a), tide_mul(b, b));
  return tide_where(tide_eq(s, zero), zero, tide_reciprocal(s));
}

/* g log b, and 0 where a = 0 and b <= 0 */
static tide_Tensor *xlogy_gradient(tide_Tensor *g, tide_Tensor *a, tide_Tensor *b) {
  if (!g) return NULL;
  tide_Tensor *zero = tide_number(g->ctx, 0);
  if (b && b->flags & T_NUMBER && tide_element(b, 0) > 0) return tide_xlogy_scalar(g, b);
  if (b && b->flags & T_NUMBER) return tide_where(tide_eq(a, zero), zero, tide_xlogy_scalar(g, b));
  return tide_where(tide_logical_and(tide_eq(a, zero), tide_le(b, zero)), zero, tide_xlogy(g, b));
}

/* g (pi x cos(pi x) - sin(pi x)) / (pi x^2), and 0 at 0 */
static tide_Tensor *sinc_gradient(tide_Tensor *g, tide_Tensor *x) {
  if (!g) return NULL;
  tide_Tensor *pi = tide_number(g->ctx, M_PI), *zero = tide_number(g->ctx, 0), *px = tide_mul(x, pi);
  tide_Tensor *slope = tide_div(tide_sub(tide_mul(px, tide_cos(px)), tide_sin(px)), tide_mul(px, x));
  return tide_where(tide_eq(tide_mul(px, x), zero), zero, tide_mul(g, slope));
}

/* g / (x (1 - x)); outside [0, 1] nan, or with eps 0 outside [eps, 1 - eps] */
static tide_Tensor *logit_gradient(tide_Tensor *g, tide_Tensor *x, double eps) {
  if (!g) return NULL;
  tide_Context *c = g->ctx;
  tide_Tensor *slope = tide_div(g, tide_mul(x, tide_rsub(x, tide_number(c, 1))));
  double low = eps < 0 ? 0 : eps;
  tide_Tensor *inside = tide_logical_and(tide_ge(x, tide_number(c, low)), tide_le(x, tide_number(c, 1 - low)));
  return tide_where(inside, slope, tide_number(c, eps < 0 ? NAN : 0));
}

/* Derivatives of the activations' derivatives, times g a. The density of the normal distribution stands for gelu's:
** gelu'' = density (2 - b^2). */
static tide_Tensor *gelu_erf_second(tide_Tensor *g, tide_Tensor *a, tide_Tensor *b) {
  if (!g || !b) return NULL;
  tide_Context *c = g->ctx;
  tide_Tensor *square = tide_mul(b, b);
  tide_Tensor *density = tide_mul(tide_exp(tide_mul(square, tide_number(c, -0.5))), tide_number(c, 0.5 * M_2_SQRTPI * M_SQRT1_2));
  return tide_mul(tide_mul(g, a), tide_mul(density, tide_rsub(square, tide_number(c, 2))));
}

/* With u = k (b + q b^3) and t = tanh u: (1 - t^2) (u' - b t u'^2 + b u'' / 2). */
static tide_Tensor *gelu_tanh_second(tide_Tensor *g, tide_Tensor *a, tide_Tensor *b) {
  if (!g || !b) return NULL;
  tide_Context *c = g->ctx;
  double k = M_SQRT2 * M_2_SQRTPI * 0.5, q = 0.044715;
  tide_Tensor *square = tide_mul(b, b);
  tide_Tensor *u = tide_mul(tide_mul(b, tide_add(tide_mul(square, tide_number(c, q)), tide_number(c, 1))), tide_number(c, k));
  tide_Tensor *u1 = tide_add(tide_mul(square, tide_number(c, 3 * q * k)), tide_number(c, k));
  tide_Tensor *t = tide_tanh(u);
  tide_Tensor *inner = tide_add(tide_sub(u1, tide_mul(tide_mul(b, t), tide_mul(u1, u1))), tide_mul(square, tide_number(c, 3 * q * k)));
  return tide_mul(tide_mul(g, a), tide_mul(tide_rsub(tide_mul(t, t), tide_number(c, 1)), inner));
}

/* With s = sigmoid b: s (1 - s) (2 + b (1 - 2 s)). */
static tide_Tensor *silu_second(tide_Tensor *g, tide_Tensor *a, tide_Tensor *b) {
  if (!g || !b) return NULL;
  tide_Context *c = g->ctx;
  tide_Tensor *s = tide_sigmoid(b), *one = tide_number(c, 1), *two = tide_number(c, 2);
  tide_Tensor *inner = tide_add(tide_mul(b, tide_rsub(tide_mul(s, two), one)), two);
  return tide_mul(tide_mul(tide_mul(g, a), inner), tide_mul(s, tide_rsub(s, one)));
}

/* With s = sigmoid(beta b): beta s (1 - s) below the threshold. */
static tide_Tensor *softplus_second(tide_Tensor *g, tide_Tensor *a, tide_Tensor *b, double beta, double threshold) {
  if (!g || !b) return NULL;
  tide_Context *c = g->ctx;
  tide_Tensor *z = tide_mul(b, tide_number(c, beta));
  tide_Tensor *inner = tide_sigmoid_grad(tide_mul(tide_mul(g, a), tide_number(c, beta)), tide_sigmoid(z));
  return tide_where(tide_ge(z, tide_number(c, threshold)), tide_number(c, 0), inner);
}

/* With t = tanh(softplus x): t + x sigmoid(x) (1 - t^2). */
static tide_Tensor *mish_gradient(tide_Tensor *g, tide_Tensor *x) {
  if (!g || !x) return NULL;
  tide_Tensor *t = tide_tanh(tide_softplus(x, 1, 20)), *one = tide_number(g->ctx, 1);
  return tide_mul(g, tide_add(t, tide_mul(tide_mul(x, tide_sigmoid(x)), tide_rsub(tide_mul(t, t), one))));
}

/* }========================================================= */


/* {======================== the rows ======================== */

/* What a formula names: unpacked before it, and recorded as what to save. */
#define USE__
#define USE_x   tide_Tensor *x = tide__saved(n, 0); if (!x) return NULL;
#define USE_a   tide_Tensor *a = tide__saved(n, 0); if (!a) return NULL;
#define USE_b   tide_Tensor *b = tide__saved(n, 1); if (!b) return NULL;
#define USE_c   tide_Tensor *c = tide__saved(n, 2); if (!c) return NULL;
#define USE_y   tide_Tensor *y = tide__saved_output(n, 0); if (!y) return NULL;
#define USE_xy  USE_x USE_y
#define USE_ab  USE_a USE_b
#define USE_ac  USE_a USE_c
#define USE_bc  USE_b USE_c
#define USE_ay  USE_a USE_y
#define USE_by  USE_b USE_y
#define USE_abc USE_a USE_b USE_c
#define USE_aby USE_a USE_b USE_y
#define MASK__   0
#define MASK_x   IN(0)
#define MASK_a   IN(0)
#define MASK_b   IN(1)
#define MASK_c   IN(2)
#define MASK_y   OUT(0)
#define MASK_xy  IN(0) | OUT(0)
#define MASK_ab  IN(0) | IN(1)
#define MASK_ac  IN(0) | IN(2)
#define MASK_bc  IN(1) | IN(2)
#define MASK_ay  IN(0) | OUT(0)
#define MASK_by  IN(1) | OUT(0)
#define MASK_abc IN(0) | IN(1) | IN(2)
#define MASK_aby IN(0) | IN(1) | OUT(0)
#define VJP_D(names, formula) { USE_##names return formula; }
#define VJP_NOD               return TIDE_NONE;
#define SAVE_D(names, formula) MASK_##names
#define SAVE_NOD 0
#define P(k)  (ARG(n, n->op->nin + (k)).d)      /* the numbers come after the inputs */
#define PI(k) (ARG(n, n->op->nin + (k)).i)

/* UNARY(exp, FLOAT, v_exp(x), D(y, tide_mul(g, y)), "e^x.") becomes
**   static tide_Tensor *exp_vjp(tide_Node *n, tide_Tensor *g, int i) { ... { tide_Tensor *y = tide__saved_output(n, 0); if (!y) return NULL; return tide_mul(g, y); } }
**   const tide_Op tide__op_exp = {.sig = {"exp", "exp", "e^x.", ..., SET_FLOAT}, .kind = OP_ROW, .row = ROW_exp, .vjp1 = exp_vjp, .save = {OUT(0)}};
**   tide_Tensor *tide_exp(tide_Tensor *input) { ... }    tide_Tensor *tide_exp_(tide_Tensor *input) { ... } */
#define VJP(name) static tide_Tensor *name##_vjp(tide_Node *n, tide_Tensor *g, int i)
#define COUNT(a) (int)(sizeof(a) / sizeof *(a))
#define SET_MATH SET_FLOAT
#define SET_FAR SET_FLOAT
#define SET_NUMFAR SET_NUM
#define SET_FULL SET_FLOAT
#define SET_TABLE SET_FLOAT
#define SET_NUMFULL SET_NUM
#define SET_POWER SET_ANY
#define ROW_RECORD(id_, public, args, set, text, n, bool_, ...) FACE_RECORD(id_, id_, public, args, set, text, n, bool_, __VA_ARGS__)
#define FACE_RECORD(id_, row_, public, args, set, text, n, bool_, ...) \
  static const tide_Param id_##_params[] = {EACH(D_, args)}; \
  const tide_Op tide__op_##id_ = {.sig = {.id = #id_, .name = public, .help = text, .nparams = COUNT(id_##_params), .params = id_##_params, .outputs = 1, .dtypes = SET_##set}, .kind = OP_ROW, .row = ROW_##row_, .nin = n, .to_bool = bool_, __VA_ARGS__};
#define FUNCTION(id, args, ...) \
  tide_Tensor *tide_##id(EACH(P_, args)) { return tide__row(&tide__op_##id, COUNT(((tide_Tensor *[]){__VA_ARGS__})), (tide_Tensor *[]){__VA_ARGS__}, NULL); }
#define FUNCTIONP(id, args) \
  tide_Tensor *tide_##id(EACH(P_, args)) { tide_Value v[] = {EACH(V_, args)}; tide_Tensor *out[1]; return tide__apply(&tide__op_##id, NULL, v, out) ? out[0] : NULL; }
#define TWIN(id, args) \
  tide_Tensor *tide_##id##_(EACH(P_, args)) { tide_Value v[] = {EACH(V_, args)}; return tide__inplace(&tide__op_##id, NULL, v); }

#define UNARY(name, set, E, d, help, ...) \
  VJP(name) { (void)n; (void)g; (void)i; VJP_##d } \
  ROW_RECORD(name, #name, (T(input)), set, help, 1, 0, .vjp1 = name##_vjp, .save = {SAVE_##d}, .inplace = INPLACE_YES, __VA_ARGS__) \
  FUNCTION(name, (T(input)), input) TWIN(name, (T(input)))
#define UNARYP(name, public, args, set, E, d, help, ...) \
  VJP(name) { (void)n; (void)g; (void)i; VJP_##d } \
  ROW_RECORD(name, public, args, set, help, 1, 0, .vjp1 = name##_vjp, .save = {SAVE_##d}, .inplace = INPLACE_YES, __VA_ARGS__) \
  FUNCTIONP(name, args) TWIN(name, args)
#define BINARY(name, set, E, d0, d1, help, ...) \
  VJP(name) { (void)n; (void)g; if (i == 0) { VJP_##d0 } else { VJP_##d1 } } \
  ROW_RECORD(name, #name, (TN(input), TN(other)), set, help, 2, 0, .vjp1 = name##_vjp, .save = {SAVE_##d0, SAVE_##d1}, .inplace = INPLACE_YES, __VA_ARGS__) \
  FUNCTION(name, (TN(input), TN(other)), input, other) TWIN(name, (TN(input), TN(other)))
#define BINARYP(name, public, args, set, E, d0, d1, help, ...) \
  VJP(name) { (void)n; (void)g; if (i == 0) { VJP_##d0 } else { VJP_##d1 } } \
  ROW_RECORD(name, public, args, set, help, 2, 0, .vjp1 = name##_vjp, .save = {SAVE_##d0, SAVE_##d1}, .inplace = INPLACE_YES, __VA_ARGS__) \
  FUNCTIONP(name, args) TWIN(name, args)
#define TERNARY(name, public, args, set, E, d0, d1, d2, help, ...) \
  VJP(name) { (void)n; (void)g; if (i == 0) { VJP_##d0 } else if (i == 1) { VJP_##d1 } else { VJP_##d2 } } \
  ROW_RECORD(name, public, args, set, help, 3, 0, .vjp1 = name##_vjp, .save = {SAVE_##d0, SAVE_##d1, SAVE_##d2}, .inplace = INPLACE_YES, __VA_ARGS__) \
  FUNCTIONP(name, args) TWIN(name, args)
#define CHOICE(name, public, args, set, E, d1, d2, help, ...) \
  VJP(name) { if (i == 1) { VJP_##d1 } else { VJP_##d2 } } \
  ROW_RECORD(name, public, args, set, help, 3, 0, .first = 1, .vjp1 = name##_vjp, .save = {0, SAVE_##d1, SAVE_##d2}, __VA_ARGS__) \
  FUNCTIONP(name, args)
#define FACE(name, row_, n_, public, args, set, d0, d1, d2, help, ...) \
  VJP(name) { (void)n; (void)g; if (i == 0) { VJP_##d0 } else if (i == 1) { VJP_##d1 } else { VJP_##d2 } } \
  FACE_RECORD(name, row_, public, args, set, help, n_, 0, .vjp1 = name##_vjp, .save = {SAVE_##d0, SAVE_##d1, SAVE_##d2}, .inplace = INPLACE_YES, __VA_ARGS__) \
  FUNCTIONP(name, args) TWIN(name, args)
#define PREDICATE1(name, set, E, help, ...) \
  ROW_RECORD(name, #name, (T(input)), set, help, 1, 1, .vjp1 = predicate_vjp, __VA_ARGS__) \
  FUNCTION(name, (T(input)), input)
#define PREDICATE(name, set, E, help, ...) \
  ROW_RECORD(name, #name, (TN(input), TN(other)), set, help, 2, 1, .vjp1 = predicate_vjp, .inplace = INPLACE_YES, __VA_ARGS__) \
  FUNCTION(name, (TN(input), TN(other)), input, other)

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Woverride-init"       /* a row's own fields win over the defaults above */
#elif defined(__clang__)
#pragma clang diagnostic ignored "-Winitializer-overrides"
#endif
#include "ops/pointwise.def"

/* }========================================================= */
