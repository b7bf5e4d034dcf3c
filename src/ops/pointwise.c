/*
** Pointwise operators: promotion, broadcasting and the walk over memory, shared by all rows of pointwise.def; then the rows.
**
** Most calls are flat: every operand either has the memory layout of the result or is one element. Then one loop over
** memory does it. The rest go through the iterator (kernels/iterate.c).
*/
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
  int d = likely(k->nin <= 2 && a->dtype == b->dtype && !((a->flags | b->flags) & T_NUMBER)) ? a->dtype : tide__promote(k->c, k->nin, k->in);
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
  if (!tide__broadcast(k->c, k->nin, k->in, &nd, shape)) return 0;
  return tide__result(k, 0, out_dtype, nd, shape);
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
  tide__iterate(&it, data, loop, k->param);
}

int tide__pointwise_run(tide_Call *k) {
  tide_Tensor *o = k->out[0], *in[TIDE_MAXOPERANDS - 1];
  tide__Loop loop = tide__loop(k->op->row, k->dtype);
  union { char bytes[8]; double align; } scalar[TIDE_MAXOPERANDS - 1];
  tide_Scope scope = tide_scope(k->c);
  char *p[TIDE_MAXOPERANDS];
  int64_t s[TIDE_MAXOPERANDS];
  if (unlikely(o->n == 0)) return 1;
  for (int i = 0; i < k->nin; i++) {
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
    loop(o->n, p, s, k->param);
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


/* {======================== formulas too long for a row ======================== */

static int pow_check(tide_Call *k) {
  const tide_Tensor *e = k->in[1];
  if (tide__is_float(k->dtype) || !(e->flags & T_NUMBER) || tide__read_integer(e->dtype, e->data) >= 0) return 1;
  return FAIL(k, TIDE_EVALUE, "integers cannot be raised to negative powers");
}

/* g e x^(e-1), and 0 where e = 0 */
static tide_Tensor *pow_base_vjp(tide_Tensor *g, tide_Tensor *x, tide_Tensor *e) {
  if (!x || !e) return NULL;
  tide_Context *c = x->ctx;
  if (e->flags & T_NUMBER) {
    double v = tide_element(e, 0);
    if (v == 0) return tide_zeros_like(g, -1);
    if (v == 1) return g;
    return tide_mul(g, tide_mul(v == 2 ? x : tide_pow_scalar(x, tide_number(c, v - 1)), e));
  }
  return tide_where(tide_eq(e, tide_number(c, 0)), tide_number(c, 0), tide_mul(g, tide_mul(e, tide_pow(x, tide_sub(e, tide_number(c, 1))))));
}

/* g y log x, and 0 where x = 0 and e >= 0 */
static tide_Tensor *pow_exponent_vjp(tide_Tensor *g, tide_Tensor *x, tide_Tensor *e, tide_Tensor *y) {
  if (!x || !e || !y) return NULL;
  tide_Tensor *zero = tide_number(g->ctx, 0);
  return tide_where(tide_mul(tide_eq(x, zero), tide_ge(e, zero)), zero, tide_mul(g, tide_mul(y, tide_log(x))));
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
#define P(k) (ARG(n, k).d)

/* UNARY(exp, FLOAT, v_exp(x), D(y, tide_mul(g, y)), "e^x.") becomes
**   static tide_Tensor *exp_vjp(tide_Node *n, tide_Tensor *g, int i) { ... { tide_Tensor *y = tide__saved_output(n, 0); if (!y) return NULL; return tide_mul(g, y); } }
**   const tide_Op tide__op_exp = {.sig = {"exp", "exp", "e^x.", ..., SET_FLOAT}, .kind = OP_ROW, .row = ROW_exp, .vjp1 = exp_vjp, .save = {OUT(0)}};
**   tide_Tensor *tide_exp(tide_Tensor *input) { ... }    tide_Tensor *tide_exp_(tide_Tensor *input) { ... } */
#define VJP(name) static tide_Tensor *name##_vjp(tide_Node *n, tide_Tensor *g, int i)
#define COUNT(a) (int)(sizeof(a) / sizeof *(a))
#define ROW_RECORD(id_, public, args, set, text, n, bool_, ...) \
  static const tide_Param id_##_params[] = {EACH(D_, args)}; \
  const tide_Op tide__op_##id_ = {.sig = {.id = #id_, .name = public, .help = text, .nparams = COUNT(id_##_params), .params = id_##_params, .outputs = 1, .dtypes = SET_##set}, .kind = OP_ROW, .row = ROW_##id_, .nin = n, .to_bool = bool_, __VA_ARGS__};
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
#define PREDICATE1(name, set, E, help, ...) \
  ROW_RECORD(name, #name, (T(input)), set, help, 1, 1, .not_differentiable = 1, __VA_ARGS__) \
  FUNCTION(name, (T(input)), input)
#define PREDICATE(name, set, E, help, ...) \
  ROW_RECORD(name, #name, (TN(input), TN(other)), set, help, 2, 1, .not_differentiable = 1, .inplace = INPLACE_YES, __VA_ARGS__) \
  FUNCTION(name, (TN(input), TN(other)), input, other)

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Woverride-init"       /* a row's own fields win over the defaults above */
#elif defined(__clang__)
#pragma clang diagnostic ignored "-Winitializer-overrides"
#endif
#include "ops/pointwise.def"

/* }========================================================= */
