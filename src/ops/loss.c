/*
** Losses. Those that PyTorch has a node for are records, whose run reads its operands once; their gradients, and all the
** other losses, are compositions.
*/
#include "kernels/loss.h"
#include "kernels/softmax.h"
#include "ops/op.h"


/* {======================== reductions ======================== */

enum { WRONG = -1, NONE, MEAN, SUM };

static int reduction_of(tide_Context *c, const char *name) {
  if (!strcmp(name, "mean")) return MEAN;
  if (!strcmp(name, "sum")) return SUM;
  if (!strcmp(name, "none")) return NONE;
  tide__fail(c, TIDE_EARG, "reduction is \"%s\", not \"mean\", \"sum\" or \"none\"", name);
  return WRONG;
}
/* The reduction is the last string among the arguments. */
static const char *reduction_name(const tide_Op *op, const tide_Value *v) {
  int i = op->sig.nparams - 1;
  while (op->sig.params[i].kind != TIDE_A_STR) i--;
  return v[i].s;
}
static int call_reduction(const tide_Call *k) { return reduction_of(k->c, reduction_name(k->op, k->v)); }
static int is_mean(const tide_Node *n) { return !strcmp(reduction_name(n->op, tide__node_values(n)), "mean"); }

static tide_Tensor *reduced(tide_Tensor *x, int how) { return how == MEAN ? tide_mean(x, -1) : how == SUM ? tide_sum(x, -1) : x; }

/* Output 0: of these sizes, or one number. */
static int reduced_result(tide_Call *k, int dtype, int nd, const int64_t *shape) {
  int how = call_reduction(k);
  return how != WRONG && (how == NONE ? tide__result(k, 0, dtype, nd, shape) : tide__result(k, 0, dtype, 0, NULL));
}

static int no_gradient(tide_Call *k, int i) {
  tide_Tensor *t = k->in[i];
  int tracks = t == TIDE_NONE || !k->c->mode.grad ? 0 : tide__tracks(t);
  return tracks == 0 || (tracks > 0 && FAIL(k, TIDE_EGRAD, "there is no gradient for %s, which must not require grad", k->op->sig.params[i].name));
}

/* }========================================================= */


/* {======================== losses of single elements ======================== */

static int float_result(tide_Call *k, int dtype, int nd, const int64_t *shape) {
  if (!tide__is_float(dtype)) return FAIL(k, TIDE_EDTYPE, "not defined for %s", tide_dtype_name(dtype));
  k->dtype = dtype;
  return reduced_result(k, dtype, nd, shape);
}

static int difference_infer(tide_Call *k) {
  int nd;
  int64_t shape[TIDE_MAXDIM];
  return tide__broadcast(k->c, 2, k->in, &nd, shape) && float_result(k, tide__promote(k->c, 2, k->in), nd, shape);
}

static int binary_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0], *t = k->in[1];
  int nd;
  int64_t shape[TIDE_MAXDIM];
  if (!tide__same_shape(x, t)) return FAIL(k, TIDE_ESHAPE, "target is of sizes %s, input of %s", SHAPE_TEXT(t), SHAPE_TEXT(x));
  if (!tide__is_float(x->dtype) || !tide__is_float(t->dtype)) return FAIL(k, TIDE_EDTYPE, "input is %s and target %s: two float tensors are wanted", tide_dtype_name(x->dtype), tide_dtype_name(t->dtype));
  for (int i = 2; i < k->nin; i++) {
    tide_Tensor *pair[2] = {x, k->in[i]};
    if (k->in[i] == TIDE_NONE) continue;
    if (!tide__broadcast(k->c, 2, pair, &nd, shape)) return 0;
    if (nd != x->ndim || memcmp(shape, x->shape, sizeof(int64_t) * (size_t)nd)) return FAIL(k, TIDE_ESHAPE, "%s of sizes %s does not broadcast to %s", k->op->sig.params[i].name, SHAPE_TEXT(k->in[i]), SHAPE_TEXT(x));
    if (!no_gradient(k, i)) return 0;
  }
  return float_result(k, tide__promote(k->c, k->nin, k->in), x->ndim, x->shape);
}

/* Walks over the inputs (absent ones are 1, those past the last too) and the output, or a total. */
static int run_loss(tide_Call *k, int which, const double *param) {
  static const float one_float = 1;
  static const double one_double = 1;
  static const int64_t still[TIDE_MAXDIM];
  tide_Tensor *o = k->out[0], *in[4] = {NULL};
  tide_Scope scope = tide_scope(k->c);
  int how = call_reduction(k), dtype = k->dtype, nd;
  size_t w = tide__size[dtype], size[5] = {w, w, w, w, w};
  int64_t shape[TIDE_MAXDIM], stride[5][TIDE_MAXDIM], count = 1;
  const int64_t *strides[5];
  char *data[5];
  tide__LossTotal total = {tide__loss(which, dtype), 0};
  for (int i = 0; i < k->nin; i++) if (k->in[i] != TIDE_NONE && !(in[i] = tide__converted(k->in[i], dtype))) return 0;
  if (!tide__broadcast(k->c, 2, k->in, &nd, shape)) return 0;
  for (int d = 0; d < nd; d++) count *= shape[d];
  strides[0] = how == NONE ? tide__strides(o) : still;
  data[0] = how == NONE ? o->data : (char *)&total;
  for (int i = 1; i < 5; i++) {
    tide_Tensor *t = in[i - 1];
    strides[i] = t ? stride[i] : still;
    data[i] = t ? t->data : (char *)(uintptr_t)(dtype == TIDE_FLOAT32 ? (const void *)&one_float : (const void *)&one_double);
    for (int d = 0, off = nd - (t ? t->ndim : nd); t && d < nd; d++) stride[i][d] = d < off || t->shape[d - off] == 1 ? 0 : tide__strides(t)[d - off];
  }
  tide__Iter it;
  tide__iter_init(&it, nd, shape, 5, strides, size);
  if (how == NONE) tide__map(&it, data, total.each, param);
  else tide__iterate(&it, data, tide__loss_total(dtype), param);
  if (how != NONE) tide__write(o->dtype, o->data, how == MEAN ? total.sum / (double)count : total.sum);
  tide_close(k->c, scope, NULL);
  return 1;
}
static int mse_run(tide_Call *k) { return run_loss(k, LOSS_MSE, NULL); }
static int smooth_l1_run(tide_Call *k) { return run_loss(k, LOSS_SMOOTH_L1, &k->v[3].d); }
static int huber_run(tide_Call *k) { return run_loss(k, LOSS_HUBER, &k->v[3].d); }
static int bce_logits_run(tide_Call *k) { return run_loss(k, LOSS_BCE_LOGITS, NULL); }

static void check_probabilities(int64_t n, char *const *p, const int64_t *s, const double *dtype) {
  double *bad = (double *)(void *)p[0];
  for (int64_t i = 0; i < n; i++) {
    double v = tide__read((int)dtype[0], p[1] + i * s[1]);
    if (!(v >= 0 && v <= 1)) { bad[0] = 1; bad[1] = v; return; }
  }
}
static int bce_run(tide_Call *k) {
  static const int64_t still[TIDE_MAXDIM];
  tide_Tensor *x = k->in[0];
  double bad[2] = {0, 0}, dtype = x->dtype;
  tide__Iter it;
  tide__iter_init(&it, x->ndim, x->shape, 2, (const int64_t *[]){still, tide__strides(x)}, (size_t[]){1, tide__size[x->dtype]});
  tide__iterate(&it, (char *[]){(char *)bad, x->data}, check_probabilities, &dtype);
  if (bad[0]) return FAIL(k, TIDE_EVALUE, "input holds %g, which is no probability from 0 to 1", bad[1]);
  return run_loss(k, LOSS_BCE, NULL);
}

/* The part of g that belongs to each of `like`'s elements. */
static tide_Tensor *share(tide_Node *n, tide_Tensor *g, const tide_Tensor *like) { return like && is_mean(n) ? tide_div(g, K((double)like->n)) : g; }
static tide_Tensor *weighted(tide_Tensor *x, tide_Tensor *w) { return w == TIDE_NONE ? x : tide_mul(x, w); }
static tide_Tensor *difference(tide_Node *n) { return tide_sub(tide__saved(n, 0), tide__saved(n, 1)); }

/* g times a derivative in x - t, for x or for t */
static tide_Tensor *along(tide_Node *n, tide_Tensor *g, tide_Tensor *slope, int i) {
  tide_Tensor *part = share(n, g, slope);
  return tide_mul(slope, i == 0 ? part : tide_neg(part));
}
static tide_Tensor *mse_vjp(tide_Node *n, tide_Tensor *g, int i) { return along(n, tide_mul(g, K(2)), difference(n), i); }
static tide_Tensor *smooth_l1_vjp(tide_Node *n, tide_Tensor *g, int i) {
  tide_Tensor *d = difference(n);
  return along(n, g, tide_where(tide_lt(tide_abs(d), K(ARG(n, 3).d)), tide_div(d, K(ARG(n, 3).d)), tide_sign(d)), i);
}
static tide_Tensor *huber_vjp(tide_Node *n, tide_Tensor *g, int i) {
  tide_Tensor *d = difference(n);
  return along(n, g, tide_where(tide_lt(tide_abs(d), K(ARG(n, 3).d)), d, tide_mul(tide_sign(d), K(ARG(n, 3).d))), i);
}

/* In x: (x - t) / (x (1 - x)), the denominator not below 1e-12; in t: log (1 - x) - log x. */
static tide_Tensor *bce_vjp(tide_Node *n, tide_Tensor *g, int i) {
  tide_Tensor *x = tide__saved(n, 0), *part = i < 2 ? weighted(share(n, g, x), tide__saved(n, 2)) : TIDE_NONE;
  if (i == 0) return tide_mul(part, tide_div(difference(n), tide_clamp_min(tide_mul(x, tide_rsub(x, K(1))), K(1e-12))));
  return i == 1 ? tide_mul(part, tide_sub(tide_log1p(tide_neg(x)), tide_log(x))) : TIDE_NONE;
}

/* In x: sigmoid(x) - t, or with v: (v t + 1 - t) sigmoid(x) - v t. In t: log sigmoid(-x) - v log sigmoid(x), which is -x for v = 1. */
static tide_Tensor *bce_logits_vjp(tide_Node *n, tide_Tensor *g, int i) {
  if (i > 1) return TIDE_NONE;
  tide_Tensor *x = tide__saved(n, 0), *v = tide__saved(n, 3), *part = weighted(share(n, g, x), tide__saved(n, 2));
  if (i == 1) return tide_mul(part, v == TIDE_NONE ? tide_neg(x) : tide_sub(tide_logsigmoid(tide_neg(x)), tide_mul(v, tide_logsigmoid(x))));
  tide_Tensor *t = tide__saved(n, 1), *vt = weighted(t, v), *p = tide_sigmoid(x);
  if (v != TIDE_NONE) p = tide_mul(p, tide_sub(tide_add(vt, K(1)), t));
  return tide_mul(part, tide_sub(p, vt));
}

/* }========================================================= */


/* {======================== classes ======================== */

/* What a nll_loss or its adjoint works on: input [rows, classes, inner]. */
typedef struct Classes {
  int64_t rows, classes, inner;
  const int64_t *target;          /* as given, rows * inner of them */
  const char *weight;             /* of the dtype, or NULL */
  int dtype, base;
  int64_t ignore;
  double total;                   /* of the weights of what is not ignored */
} Classes;

static int classes_dim(int nd) { return nd == 1 ? 0 : 1; }

static int check_classes(tide_Call *k, int nd, const int64_t *shape) {
  const tide_Tensor *t = k->in[1], *w = k->in[2];
  if (nd == 0) return FAIL(k, TIDE_ESHAPE, "input is 0-dim; [classes], [N, classes] or [N, classes, *] is wanted");
  int dim = classes_dim(nd), fits = t->ndim == nd - 1;
  for (int d = 0; fits && d < t->ndim; d++) fits = t->shape[d] == shape[d < dim ? d : d + 1];
  if (!fits && !(nd == 1 && t->ndim == 1 && t->n == 1)) return FAIL(k, TIDE_ESHAPE, "target of sizes %s does not fit input of sizes %s", SHAPE_TEXT(t), SIZES_TEXT(nd, shape));
  if (tide__is_float(t->dtype) || t->dtype == TIDE_BOOL) return FAIL(k, TIDE_EDTYPE, "target is %s; classes are integers", tide_dtype_name(t->dtype));
  if (w == TIDE_NONE) return 1;
  if (w->ndim != 1 || w->n != shape[dim]) return FAIL(k, TIDE_ESHAPE, "weight is of sizes %s, for %lld classes", SHAPE_TEXT(w), (long long)shape[dim]);
  if (w->dtype != k->in[0]->dtype) return FAIL(k, TIDE_EDTYPE, "weight is %s, input %s", tide_dtype_name(w->dtype), tide_dtype_name(k->in[0]->dtype));
  return no_gradient(k, 2);
}

static double read_float(int dtype, const char *p, int64_t i) { return dtype == TIDE_FLOAT32 ? (double)((const float *)(const void *)p)[i] : ((const double *)(const void *)p)[i]; }
static void write_float(int dtype, char *p, int64_t i, double v) {
  if (dtype == TIDE_FLOAT32) ((float *)(void *)p)[i] = (float)v;
  else ((double *)(void *)p)[i] = v;
}

static double weight_of(const Classes *c, int64_t class) { return c->weight ? read_float(c->dtype, c->weight, class) : 1; }

/* Goes through target: i counts its elements, r its rows, j the places in a row. */
#define EACH_TARGET(q) for (int64_t r = 0, i = 0; r < (q).rows; r++) for (int64_t j = 0; j < (q).inner; j++, i++)
/* The class that target names (-1: ignored), and where that is in input. */
static int64_t class_of(const Classes *c, int64_t i) { return c->target[i] == c->ignore ? -1 : c->target[i] - c->base; }
#define PLACE(q, class) ((r * (q).classes + (class)) * (q).inner + j)

/* Reads target and weight for an input of this shape, in the open scope. Error: a class out of range. */
static int read_classes(tide_Context *c, Classes *q, tide_Tensor *target, tide_Tensor *weight, int dtype, int nd, const int64_t *shape, int64_t ignore) {
  int dim = classes_dim(nd);
  *q = (Classes){.rows = dim ? shape[0] : 1, .classes = shape[dim], .inner = 1, .dtype = dtype, .base = c->base, .ignore = ignore};
  for (int d = dim + 1; d < nd; d++) q->inner *= shape[d];
  tide_Tensor *t = tide__packed(tide__converted(target, TIDE_INT64)), *w = weight == TIDE_NONE ? TIDE_NONE : tide__packed(weight);
  if (!t || !w) return 0;
  q->target = (const int64_t *)(void *)t->data;
  q->weight = w == TIDE_NONE ? NULL : w->data;
  double total = 0;
  int64_t count = 0;
  for (int64_t i = 0; i < q->rows * q->inner; i++) {
    if (q->target[i] == ignore) continue;
    int64_t class = q->target[i] - q->base;
    if (class < 0 || class >= q->classes) {
      tide__fail(c, TIDE_EINDEX, "class %lld in target is out of range: input has %lld classes", (long long)q->target[i], (long long)q->classes);
      return 0;
    }
    count++;
    if (q->weight) total += weight_of(q, class);
  }
  q->total = q->weight ? total : (double)count;
  return 1;
}

static int nll_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  return check_classes(k, x->ndim, x->shape) && float_result(k, x->dtype, x->ndim == 1 ? 0 : k->in[1]->ndim, k->in[1]->shape);
}

static int nll_run(tide_Call *k) {
  tide_Tensor *o = k->out[0], *x;
  Classes q;
  double sum = 0;
  int how = call_reduction(k), dtype = o->dtype;
  tide_Scope scope = tide_scope(k->c);
  if (!read_classes(k->c, &q, k->in[1], k->in[2], dtype, k->in[0]->ndim, k->in[0]->shape, k->v[3].i) || !(x = tide__packed(k->in[0]))) return 0;
  EACH_TARGET(q) {
    int64_t class = class_of(&q, i);
    double v = class < 0 ? 0 : -weight_of(&q, class) * read_float(dtype, x->data, PLACE(q, class));
    if (how == NONE) write_float(dtype, o->data, i, v);
    else sum += v;
  }
  if (how != NONE) tide__write(o->dtype, o->data, how == MEAN ? sum / q.total : sum);
  tide_close(k->c, scope, NULL);
  return 1;
}

static int nll_grad_infer(tide_Call *k) {
  return check_classes(k, k->v[3].n, k->v[3].ints) && call_reduction(k) != WRONG && tide__result(k, 0, k->in[0]->dtype, k->v[3].n, k->v[3].ints);
}

static int nll_grad_run(tide_Call *k) {
  tide_Tensor *g, *o = k->out[0];
  Classes q;
  int how = call_reduction(k), dtype = o->dtype;
  tide_Scope scope = tide_scope(k->c);
  if (!read_classes(k->c, &q, k->in[1], k->in[2], dtype, o->ndim, o->shape, k->v[4].i) || !(g = tide__packed(k->in[0]))) return 0;
  if (o->n) memset(o->data, 0, o->bytes);
  EACH_TARGET(q) {
    int64_t class = class_of(&q, i);
    if (class < 0) continue;
    double v = -weight_of(&q, class) * read_float(dtype, g->data, how == NONE ? i : 0);
    write_float(dtype, o->data, PLACE(q, class), how == MEAN ? v / q.total : v);
  }
  tide_close(k->c, scope, NULL);
  return 1;
}

static tide_Tensor *nll_vjp(tide_Node *n, tide_Tensor *g, int i) {
  int nd;
  if (i > 0) return TIDE_NONE;
  const int64_t *shape = tide__in_shape(n, g, 0, &nd);
  return tide_nll_loss_grad(g, tide__saved(n, 1), tide__saved(n, 2), shape, nd, ARG(n, 3).i, ARG(n, 4).s);
}
static tide_Tensor *rows_or_more(tide_Tensor *x, tide_Tensor *target, tide_Tensor *weight, int64_t ignore, const char *reduction) {
  return x && x->ndim <= 2 ? tide_nll_loss_rows(x, target, weight, ignore, reduction) : tide_nll_loss2d(x, target, weight, ignore, reduction);
}
static tide_Tensor *nll_grad_vjp(tide_Node *n, tide_Tensor *v, int i) { return i == 0 ? rows_or_more(v, tide__saved(n, 1), tide__saved(n, 2), ARG(n, 4).i, ARG(n, 5).s) : TIDE_NONE; }

static tide_Tensor *nll_loss(tide_Tensor *x, tide_Tensor *target, tide_Tensor *weight, int64_t ignore, const char *reduction) {
  tide_Tensor *y = rows_or_more(x, target, weight, ignore, reduction);
  return y && (x->ndim == 3 || x->ndim > 4) && y->ndim ? tide_view(y, y->shape, y->ndim) : y;     /* (prints as PyTorch's, which makes it four-dimensional) */
}

/* }========================================================= */


/* {======================== cross entropy ======================== */

static int mean_by_infer(tide_Call *k) { return tide__result(k, 0, k->in[0]->dtype, 0, NULL); }
static int mean_by_run(tide_Call *k) {
  tide__write(k->out[0]->dtype, k->out[0]->data, tide__read(k->in[0]->dtype, k->in[0]->data) / k->v[1].d);
  return 1;
}
static tide_Tensor *mean_by_vjp(tide_Node *n, tide_Tensor *g, int i) { (void)i; return tide_div(g, K(ARG(n, 1).d)); }

/* weight [C] so that it broadcasts against x */
static tide_Tensor *per_class(tide_Tensor *x, tide_Tensor *weight) {
  int64_t shape[TIDE_MAXDIM];
  if (!x || !weight || weight == TIDE_NONE) return weight;
  int dim = classes_dim(x->ndim);
  if (weight->ndim != 1 || weight->n != x->shape[dim]) return tide__fail(x->ctx, TIDE_ESHAPE, "weight is of sizes %s, for %lld classes", SHAPE_TEXT(weight), (long long)x->shape[dim]);
  for (int d = 0; d < x->ndim; d++) shape[d] = d == dim ? weight->n : 1;
  return tide_reshape(weight, shape, x->ndim);
}

/* Target gives the probability of each class. */
static tide_Tensor *of_probabilities(tide_Tensor *log_p, tide_Tensor *target, tide_Tensor *weight, int how, double smoothing) {
  if (!log_p) return NULL;
  tide_Context *c = log_p->ctx;
  int64_t dim = classes_dim(log_p->ndim), classes = log_p->shape[dim];
  if (smoothing > 0) target = tide_add(tide_mul(target, tide_number(c, 1 - smoothing)), tide_number(c, smoothing / (double)classes));
  tide_Tensor *y = tide_mul(log_p, target);
  if (weight != TIDE_NONE) y = tide_mul(y, per_class(log_p, weight));
  if (how == NONE) return tide_neg(tide_sum_dim(y, &dim, 1, 0, -1));
  y = tide_neg(tide_sum(y, -1));
  return how == MEAN ? tide_mean_by(y, (double)log_p->n / (double)classes) : y;
}

/*
** Of classes. With x the input at a place, t its target's class, e the smoothing over C classes, s = log sum e^x:
**   loss = (1 - e) w_t (s - x_t) + e / C sum_c w_c (s - x_c) = mass s - (1 - e) w_t x_t - e / C sum_c w_c x_c,   mass = (1 - e) w_t + e / C sum_c w_c
**   d loss / d x_c = mass e^(x_c - s) - (1 - e) w_t [c = t] - e / C w_c
** and 0 where target is ignored; the mean is by w_t.
*/
typedef struct Smoothing { double hard, soft, weights; } Smoothing;        /* 1 - e, e / C, the sum of w */

static Smoothing smoothing_of(const Classes *q, double e) {
  Smoothing s = {1 - e, e / (double)q->classes, (double)q->classes};
  if (q->weight) { s.weights = 0; for (int64_t i = 0; i < q->classes; i++) s.weights += weight_of(q, i); }
  return s;
}

static int cross_entropy_infer(tide_Call *k) {
  tide_Tensor *x = k->in[0];
  return check_classes(k, x->ndim, x->shape) && float_result(k, x->dtype, x->ndim == 1 ? 0 : k->in[1]->ndim, k->in[1]->shape) &&
         tide__result(k, 1, TIDE_FLOAT64, k->in[1]->ndim, k->in[1]->shape);
}

/* The sum over the classes of x, weighted, as a packed tensor. */
static tide_Tensor *class_sums(tide_Tensor *x, tide_Tensor *weight) {
  int64_t dim = classes_dim(x->ndim);
  uint8_t grad = x->ctx->mode.grad;
  x->ctx->mode.grad = 0;
  tide_Tensor *y = tide_sum_dim(weight == TIDE_NONE ? x : tide_mul(x, per_class(x, weight)), &dim, 1, 0, -1);
  x->ctx->mode.grad = grad;
  return y;
}

static int cross_entropy_into(tide_Call *k) {
  tide_Tensor *o = k->out[0], *x = tide__packed(k->in[0]), *spread = NULL;
  Classes q;
  double total = 0, *sum = (double *)(void *)k->out[1]->data, e = k->v[5].d;
  int how = call_reduction(k), dtype = o->dtype;
  if (!x || !read_classes(k->c, &q, k->in[1], k->in[2], dtype, x->ndim, x->shape, k->v[3].i)) return 0;
  if (e > 0 && !(spread = class_sums(x, k->in[2]))) return 0;
  Smoothing s = smoothing_of(&q, e);
  tide__softmax(LOG_SUM, dtype, q.rows, q.classes, q.inner, &(tide__Lines){.a = x->data, .sum = sum});
  EACH_TARGET(q) {
    int64_t class = class_of(&q, i);
    double v = class < 0 ? 0 : s.hard * weight_of(&q, class) * (sum[i] - read_float(dtype, x->data, PLACE(q, class)));
    if (spread && class >= 0) v += s.soft * (s.weights * sum[i] - read_float(dtype, spread->data, i));
    if (how == NONE) write_float(dtype, o->data, i, v);
    else total += v;
  }
  if (how != NONE) write_float(dtype, o->data, 0, how == MEAN ? total / q.total : total);
  return 1;
}
static int cross_entropy_run(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  int ok = cross_entropy_into(k);
  tide_close(k->c, scope, NULL);
  return ok;
}

static int cross_entropy_grad_infer(tide_Call *k) { return call_reduction(k) != WRONG && tide__result(k, 0, k->in[1]->dtype, k->in[1]->ndim, k->in[1]->shape); }

static int cross_entropy_grad_into(tide_Call *k) {
  tide_Tensor *o = k->out[0], *g = tide__packed(tide__converted(k->in[0], o->dtype)), *x = tide__packed(k->in[1]), *sums = tide__packed(k->in[4]);
  Classes q;
  int how = call_reduction(k), dtype = o->dtype;
  if (!g || !x || !sums || !read_classes(k->c, &q, k->in[2], k->in[3], dtype, o->ndim, o->shape, k->v[5].i)) return 0;
  int64_t places = q.rows * q.inner;
  double *scale = tide__scratch(k->c, 2 * sizeof *scale * (size_t)(places + 1)), *shift = scale + places;
  if (!scale) return 0;
  Smoothing s = smoothing_of(&q, k->v[7].d);
  EACH_TARGET(q) {
    int64_t class = class_of(&q, i);
    double v = class < 0 ? 0 : read_float(dtype, g->data, how == NONE ? i : 0);
    if (how == MEAN) v /= q.total;
    scale[i] = class < 0 ? 0 : v * (s.hard * weight_of(&q, class) + s.soft * s.weights);
    shift[i] = q.weight ? 0 : v * s.soft;
  }
  tide__softmax(SHARES, dtype, q.rows, q.classes, q.inner, &(tide__Lines){.a = x->data, .to = o->data, .sum = (double *)(void *)sums->data, .scale = scale, .shift = shift});
  EACH_TARGET(q) {
    int64_t class = class_of(&q, i);
    double v = class < 0 ? 0 : read_float(dtype, g->data, how == NONE ? i : 0);
    if (how == MEAN) v /= q.total;
    for (int64_t c = 0; q.weight && s.soft > 0 && c < q.classes; c++) write_float(dtype, o->data, PLACE(q, c), read_float(dtype, o->data, PLACE(q, c)) - v * s.soft * weight_of(&q, c));
    if (class >= 0) write_float(dtype, o->data, PLACE(q, class), read_float(dtype, o->data, PLACE(q, class)) - v * s.hard * weight_of(&q, class));
    else for (int64_t c = 0; c < q.classes; c++) write_float(dtype, o->data, PLACE(q, c), 0);          /* whatever input is there */
  }
  return 1;
}
static int cross_entropy_grad_run(tide_Call *k) {
  tide_Scope scope = tide_scope(k->c);
  int ok = cross_entropy_grad_into(k);
  tide_close(k->c, scope, NULL);
  return ok;
}

/* The same as a composition: log_softmax's derivative of the loss' in log_softmax(x), which is that of nll_loss, and - soft w_c of the gradient at each place. */
static tide_Tensor *cross_entropy_derivative(tide_Node *n, tide_Tensor *g, tide_Tensor *x, tide_Tensor *target, tide_Tensor *weight) {
  if (!g || !x || !target || !weight) return NULL;
  int64_t dim = classes_dim(x->ndim), ignore = ARG(n, 3).i;
  double e = ARG(n, 5).d;
  const char *reduction = ARG(n, 4).s;
  tide_Tensor *part = tide_nll_loss_grad(g, target, weight, x->shape, x->ndim, ignore, reduction);
  if (e > 0) {
    tide_Tensor *share = is_mean(n) ? tide_div(g, tide_nll_loss(tide_full_like(x, K(-1), -1), target, weight, ignore, "sum")) : g;
    int64_t shape[TIDE_MAXDIM];
    for (int d = 0; d < x->ndim; d++) shape[d] = d == dim ? 1 : x->shape[d];
    share = tide_reshape(tide_where(tide_eq(target, tide_integer(n->ctx, ignore)), K(0), share), shape, x->ndim);
    share = tide_mul(weight == TIDE_NONE ? tide_ones_like(x, -1) : per_class(x, weight), tide_mul(share, K(-e / (double)x->shape[dim])));
    part = tide_add(tide_mul(part, K(1 - e)), share);
  }
  return tide_log_softmax_grad(part, tide_log_softmax_of(x, dim), dim);
}

static int cross_entropy_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  tide_Tensor *x = tide__saved(n, 0), *target = tide__saved(n, 1), *weight = tide__saved(n, 2);
  (void)want;
  gi[0] = n->ctx->mode.grad ? cross_entropy_derivative(n, g[0], x, target, weight)
                            : tide_cross_entropy_grad(g[0], x, target, weight, tide__saved_output(n, 1), ARG(n, 3).i, ARG(n, 4).s, ARG(n, 5).d);
  return gi[0] != NULL;
}

static tide_Tensor *cross_entropy(tide_Tensor *x, tide_Tensor *target, tide_Tensor *weight, int64_t ignore, const char *reduction, double smoothing) {
  if (!x || !target || !weight) return NULL;
  tide_Context *c = x->ctx;
  int how = reduction_of(c, reduction);
  if (how == WRONG) return NULL;
  if (!(smoothing >= 0 && smoothing <= 1)) return tide__fail(c, TIDE_EVALUE, "label_smoothing is %g, not 0 to 1", smoothing);
  int as_probabilities = tide__same_shape(x, target);
  if (as_probabilities && !tide__is_float(target->dtype))
    return tide__fail(c, TIDE_EDTYPE, "target has the sizes of input, %s: probabilities are floats, not %s", SHAPE_TEXT(x), tide_dtype_name(target->dtype));
  if (as_probabilities && ignore >= 0) return tide__fail(c, TIDE_EARG, "ignore_index is for classes, target holds probabilities");
  if (as_probabilities) return of_probabilities(tide_log_softmax_of(x, classes_dim(x->ndim)), target, weight, how, smoothing);
  tide_Tensor *sums;
  if (smoothing > 0) return tide_cross_entropy_smooth(x, target, weight, ignore, reduction, smoothing, &sums);
  return x->ndim <= 2 ? tide_cross_entropy_rows(x, target, weight, ignore, reduction, smoothing, &sums) : tide_cross_entropy2d(x, target, weight, ignore, reduction, smoothing, &sums);
}

/* }========================================================= */


/* {======================== compositions ======================== */

/* Losses times weight; their mean by weight, or by number. */
static tide_Tensor *by_weight(tide_Tensor *y, tide_Tensor *x, tide_Tensor *w, const char *reduction, int mean_by_weight) {
  if (!y || !x) return NULL;
  int how = reduction_of(y->ctx, reduction);
  if (how == WRONG) return NULL;
  if (w == TIDE_NONE) return reduced(y, how);
  if (!tide__same_shape(w, x)) return tide__fail(y->ctx, TIDE_ESHAPE, "weight is of sizes %s, input of %s", SHAPE_TEXT(w), SHAPE_TEXT(x));
  y = tide_mul(y, w);
  return how == MEAN && mean_by_weight ? tide_div(tide_sum(y, -1), tide_sum(w, -1)) : reduced(y, how);
}

static tide_Tensor *mse_loss(tide_Tensor *x, tide_Tensor *t, const char *reduction, tide_Tensor *w) {
  if (!w) return NULL;
  return w == TIDE_NONE ? tide_mse_loss_of(x, t, reduction) : by_weight(tide_mse_loss_of(x, t, "none"), x, w, reduction, 1);
}
static tide_Tensor *l1_loss(tide_Tensor *x, tide_Tensor *t, const char *reduction, tide_Tensor *w) { return w ? by_weight(tide_abs(tide_sub(x, t)), x, w, reduction, 1) : NULL; }

static tide_Tensor *smooth_l1_loss(tide_Tensor *x, tide_Tensor *t, const char *reduction, double beta) {
  if (!x) return NULL;
  if (!(beta >= 0)) return tide__fail(x->ctx, TIDE_EVALUE, "beta is %g, which is below 0", beta);
  return beta == 0 ? l1_loss(x, t, reduction, TIDE_NONE) : tide_smooth_l1_loss_of(x, t, reduction, beta);
}
static tide_Tensor *huber_loss(tide_Tensor *x, tide_Tensor *t, const char *reduction, double delta, tide_Tensor *w) {
  if (!x || !w) return NULL;
  if (!(delta > 0)) return tide__fail(x->ctx, TIDE_EVALUE, "delta is %g, which is not above 0", delta);
  return w == TIDE_NONE ? tide_huber_loss_of(x, t, reduction, delta) : by_weight(tide_huber_loss_of(x, t, "none", delta), x, w, reduction, 0);
}

static tide_Tensor *kl_div(tide_Tensor *x, tide_Tensor *t, const char *reduction, int log_target) {
  if (!x || !t) return NULL;
  tide_Context *c = x->ctx;
  int by_batch = !strcmp(reduction, "batchmean"), how = by_batch ? SUM : reduction_of(c, reduction);
  if (how == WRONG) return NULL;
  if (!tide__is_float(x->dtype) || !tide__is_float(t->dtype)) return tide__fail(c, TIDE_EDTYPE, "input is %s and target %s: two float tensors are wanted", tide_dtype_name(x->dtype), tide_dtype_name(t->dtype));
  tide_Tensor *y = log_target ? tide_mul(tide_exp(t), tide_sub(t, x)) : tide_sub(tide_xlogy(t, t), tide_mul(t, x));
  y = reduced(y, how);
  return by_batch && x->ndim ? tide_div(y, tide_integer(c, x->shape[0])) : y;
}

/* }========================================================= */

#define TABLE "ops/loss.def"
#include "ops/define.h"
