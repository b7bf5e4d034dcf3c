/*
** Order: extremes, sorting, selection. Extremes go through the walk of reductions. What sorts takes one line along the dimension after
** another: the kernel (kernels/sort.h) gives the places of the elements in order, which are then fetched.
*/
#include <math.h>

#include "kernels/sort.h"
#include "ops/reduce.h"


/* {======================== extremes ======================== */

/* n elements in a row, to memory at a stride. */
static void put_row(int64_t n, const void *row, int size, char *p, int64_t s) {
  switch (size) {
    case 1: for (int64_t i = 0; i < n; i++) p[i * s] = ((const char *)row)[i]; break;
    case 2: for (int64_t i = 0; i < n; i++) *(int16_t *)(p + i * s) = ((const int16_t *)row)[i]; break;
    case 4: for (int64_t i = 0; i < n; i++) *(int32_t *)(p + i * s) = ((const int32_t *)row)[i]; break;
    default: for (int64_t i = 0; i < n; i++) *(int64_t *)(p + i * s) = ((const int64_t *)row)[i];
  }
}

typedef struct Extreme { int reduction, also, dtype, base, minimum; } Extreme;       /* also: of the second output, -1: none */

static void extreme_chunk(const tide__Walk *w, int64_t n, char *const *p, const int64_t *s, void *arg) {
  const Extreme *e = arg;
  int64_t acc[TIDE_REDUCE_WIDTH];
  tide__reduce(w, e->reduction, e->dtype, n, p[0], s[0], acc, NULL);
  put_row(n, acc, tide__size[e->dtype], p[1], s[1]);
  if (e->also < 0) return;
  tide__reduce(w, e->also, e->dtype, n, p[0], s[0], acc, NULL);
  put_row(n, acc, tide__size[e->dtype], p[2], s[2]);
}

static int extreme(tide_Call *k, uint32_t mask, int reduction, int also) {
  Extreme e = {reduction, also, k->in[0]->dtype, 0, 0};
  tide__reduce_walk(k, k->in[0], mask, extreme_chunk, &e);
  return 1;
}

static uint32_t everything(const tide_Call *k) { return (1u << k->in[0]->ndim) - 1; }

static int extreme_infer(tide_Call *k) {
  if (k->in[0]->n == 0) return FAIL(k, TIDE_EVALUE, "a tensor of sizes %s has no elements; give a dimension that is not empty", SHAPE_TEXT(k->in[0]));
  return tide__result(k, 0, k->in[0]->dtype, 0, NULL);
}
static int max_run(tide_Call *k) { return extreme(k, everything(k), RED_MAX, -1); }
static int min_run(tide_Call *k) { return extreme(k, everything(k), RED_MIN, -1); }

/* Which elements are the one that was chosen; where that is a nan, the nans. */
static tide_Tensor *extreme_vjp(tide_Node *n, tide_Tensor *g, int i) {
  tide_Tensor *x = tide__saved(n, 0), *y = tide__saved_output(n, 0);
  (void)i;
  if (!x || !y) return NULL;
  tide_Tensor *chosen = isnan(tide_element(y, 0)) ? tide_ne(x, x) : tide_eq(x, y);
  return tide_where(chosen, tide_div(g, tide_sum(chosen, -1)), K(0));
}

static int amax_infer(tide_Call *k) {
  int ok;
  uint32_t mask = tide__reduced(k, &k->v[1], &ok);
  return ok && tide__not_empty(k, mask) && tide__reduced_result(k, 0, k->in[0]->dtype, mask, (int)k->v[2].i);
}
static int amax_run(tide_Call *k) { int ok; return extreme(k, tide__reduced(k, &k->v[1], &ok), RED_MAX, -1); }
static int amin_run(tide_Call *k) { int ok; return extreme(k, tide__reduced(k, &k->v[1], &ok), RED_MIN, -1); }

/* g shared by all x that equal y; both of the result's sizes, but like has them for sure. */
static tide_Tensor *share(tide_Node *n, tide_Tensor *g, tide_Tensor *y, const tide_Tensor *like, const int64_t *dims, int nd, int keepdim) {
  tide_Tensor *chosen = tide_eq(tide__saved(n, 0), tide__restored(n, y, like, dims, nd, keepdim));
  return tide_mul(chosen, tide_div(tide__restored(n, g, like, dims, nd, keepdim), tide_sum_dim(chosen, dims, nd, 1, -1)));
}
static tide_Tensor *amax_vjp(tide_Node *n, tide_Tensor *g, int i) {
  (void)i;
  return share(n, g, tide__saved_output(n, 0), g, ARG(n, 1).ints, ARG(n, 1).n, (int)ARG(n, 2).i);
}

/* The reduced dimensions where dim may be absent. */
static int one_or_all(const tide_Call *k, int64_t dim, uint32_t *mask) {
  if (dim != TIDE_ABSENT) return tide__reduced_one(k, dim, mask);
  *mask = everything(k);
  return 1;
}
static int aminmax_infer(tide_Call *k) {
  uint32_t mask;
  if (!one_or_all(k, k->v[1].i, &mask) || !tide__not_empty(k, mask)) return 0;
  return tide__reduced_result(k, 0, k->in[0]->dtype, mask, (int)k->v[2].i) && tide__reduced_result(k, 1, k->in[0]->dtype, mask, (int)k->v[2].i);
}
static int aminmax_run(tide_Call *k) {
  uint32_t mask;
  return one_or_all(k, k->v[1].i, &mask) && extreme(k, mask, RED_MIN, RED_MAX);
}
static int aminmax_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  int64_t dim = ARG(n, 1).i;
  int nd = dim == TIDE_ABSENT ? -1 : 1, keepdim = (int)ARG(n, 2).i;
  (void)want;
  gi[0] = tide_add(share(n, g[0], tide__saved_output(n, 0), g[0], &dim, nd, keepdim), share(n, g[1], tide__saved_output(n, 1), g[0], &dim, nd, keepdim));
  return gi[0] != NULL;
}

/* }========================================================= */


/* {======================== extremes and their positions ======================== */

static void place_chunk(const tide__Walk *w, int64_t n, char *const *p, const int64_t *s, void *arg) {
  const Extreme *e = arg;
  int64_t value[TIDE_REDUCE_WIDTH], index[TIDE_REDUCE_WIDTH];
  int last = w->kept.nop - 1;
  tide__find(w, e->minimum, e->dtype, n, p[0], s[0], value, index);
  for (int64_t i = 0; i < n; i++) index[i] += e->base;
  if (last > 1) put_row(n, value, tide__size[e->dtype], p[1], s[1]);
  put_row(n, index, sizeof *index, p[last], s[last]);
}

static int place(tide_Call *k, const tide_Tensor *x, uint32_t mask, int minimum) {
  Extreme e = {0, 0, x->dtype, k->c->base, minimum};
  tide__reduce_walk(k, x, mask, place_chunk, &e);
  return 1;
}

static int extreme_dim_infer(tide_Call *k) {
  const tide_Tensor *x = k->in[0];
  int at = k->op->sig.nparams - 2;                        /* (k comes before dim in some) */
  uint32_t mask;
  if (!tide__reduced_one(k, k->v[at].i, &mask) || !tide__not_empty(k, mask)) return 0;
  return tide__reduced_result(k, 0, x->dtype, mask, (int)k->v[at + 1].i) && tide__reduced_result(k, 1, TIDE_INT64, mask, (int)k->v[at + 1].i);
}
static int extreme_dim(tide_Call *k, int minimum) {
  uint32_t mask;
  return tide__reduced_one(k, k->v[1].i, &mask) && place(k, k->in[0], mask, minimum);
}
static int max_dim_run(tide_Call *k) { return extreme_dim(k, 0); }
static int min_dim_run(tide_Call *k) { return extreme_dim(k, 1); }

static int arg_infer(tide_Call *k) {
  const tide_Tensor *x = k->in[0];
  uint32_t mask;
  if (x->dtype == TIDE_BOOL) return FAIL(k, TIDE_EDTYPE, "not defined for bool");
  if (k->v[1].i == TIDE_ABSENT && x->n == 0) return FAIL(k, TIDE_EVALUE, "a tensor of sizes %s has no elements; give a dimension that is not empty", SHAPE_TEXT(x));
  return one_or_all(k, k->v[1].i, &mask) && tide__not_empty(k, mask) && tide__reduced_result(k, 0, TIDE_INT64, mask, (int)k->v[2].i);
}
/* Among all elements: those in row-major order, as one line. */
static int arg_run(tide_Call *k, int minimum) {
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *x = k->in[0];
  uint32_t mask;
  if (!one_or_all(k, k->v[1].i, &mask)) return 0;
  if (k->v[1].i == TIDE_ABSENT && !(x = tide__packed(x))) return 0;
  place(k, x, mask, minimum);
  tide_close(k->c, scope, NULL);
  return 1;
}
static int argmax_run(tide_Call *k) { return arg_run(k, 0); }
static int argmin_run(tide_Call *k) { return arg_run(k, 1); }

/* The gradient goes to the positions; those and g are as deep as the input, unless the dimension was dropped. */
static int chosen_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  int nd, at = 1;
  (void)want;
  while (n->op->sig.params[at].kind != TIDE_A_DIM) at++;
  int64_t dim = ARG(n, at).i;
  const int64_t *shape = tide__in_shape(n, g[0], 0, &nd);
  tide_Tensor *index = tide__restored_one(n, tide__saved_output(n, 1), g[0], dim, 0);
  gi[0] = tide_scatter_add(tide_zeros(n->ctx, shape, nd, g[0]->dtype), dim, index, tide__restored_one(n, g[0], g[0], dim, 0));
  return gi[0] != NULL;
}

/* }========================================================= */


/* {======================== lines in order ======================== */

/* What is done with one line: n elements at x, `step` bytes apart; its places go to l->place. */
typedef struct Line Line;
struct Line {
  const tide_Call *k;
  int64_t n, step, out_step[2];
  int64_t want;                    /* how many results a line has */
  int descending;
  int64_t rank;                    /* of what is selected */
  int64_t *place;
  void *scratch;
  void (*choose)(Line *l, const char *x);
};

/* The results of line after line: values, if there are two outputs, and positions. */
static void line_chunk(const tide__Walk *w, int64_t n, char *const *p, const int64_t *s, void *arg) {
  Line *l = arg;
  int nout = w->kept.nop - 1, size = tide__size[l->k->in[0]->dtype];
  for (int64_t i = 0; i < n; i++) {
    const char *x = p[0] + i * s[0];
    l->choose(l, x);
    if (nout > 1) {
      char *o = p[1] + i * s[1];
      int64_t step = l->out_step[0];
      switch (size) {
        case 1: for (int64_t j = 0; j < l->want; j++) o[j * step] = x[l->place[j] * l->step]; break;
        case 2: for (int64_t j = 0; j < l->want; j++) *(int16_t *)(o + j * step) = *(const int16_t *)(x + l->place[j] * l->step); break;
        case 4: for (int64_t j = 0; j < l->want; j++) *(int32_t *)(o + j * step) = *(const int32_t *)(x + l->place[j] * l->step); break;
        default: for (int64_t j = 0; j < l->want; j++) *(int64_t *)(o + j * step) = *(const int64_t *)(x + l->place[j] * l->step);
      }
    }
    char *o = p[nout] + i * s[nout];
    for (int64_t j = 0; j < l->want; j++) *(int64_t *)(o + j * l->out_step[nout - 1]) = l->place[j] + l->k->c->base;
  }
}

static void choose_sorted(Line *l, const char *x) {
  tide__sort(l->k->in[0]->dtype, l->n, x, l->step, l->descending, l->want, l->place, l->scratch);
}
static void choose_nth(Line *l, const char *x) { l->place[0] = tide__nth(l->k->in[0]->dtype, l->n, x, l->step, l->rank, l->scratch); }
static void choose_median(Line *l, const char *x) {
  int64_t nan, count = tide__count_numbers(l->k->in[0]->dtype, l->n, x, l->step, &nan);
  l->rank = (l->n - 1) / 2;
  if (count < l->n) l->place[0] = nan; else choose_nth(l, x);
}
static void choose_nanmedian(Line *l, const char *x) {
  int64_t nan, count = tide__count_numbers(l->k->in[0]->dtype, l->n, x, l->step, &nan);
  l->rank = (count - 1) / 2;
  if (count == 0) l->place[0] = nan; else choose_nth(l, x);
}
static int equal(int dtype, const char *a, const char *b) {
  return tide__is_float(dtype) ? tide__read(dtype, a) == tide__read(dtype, b) : !memcmp(a, b, tide__size[dtype]);
}
/* Runs of equal elements in sorted order (each nan is one by itself). */
static void choose_mode(Line *l, const char *x) {
  int dtype = l->k->in[0]->dtype;
  tide__sort(dtype, l->n, x, l->step, 0, l->n, l->place, l->scratch);
  int64_t best = 0, most = 0, start = 0;
  for (int64_t j = 1; j <= l->n; j++) {
    if (j < l->n && equal(dtype, x + l->place[j] * l->step, x + l->place[start] * l->step)) continue;
    if (j - start > most) { most = j - start; best = j - 1; }
    start = j;
  }
  l->place[0] = l->place[best];
}

/* Runs over the lines of x along dim, which the outputs have too or have dropped. */
static int lines(tide_Call *k, int64_t dim, Line *l) {
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *x = k->in[0];
  uint32_t mask;
  int d = tide__dim(k->c, dim, x->ndim);
  if (d < 0 || !tide__reduced_one(k, dim, &mask)) return 0;
  l->k = k;
  l->n = x->ndim ? x->shape[d] : 1;
  l->step = x->ndim ? tide__strides(x)[d] * (int64_t)tide__size[x->dtype] : 0;
  for (int i = 0; i < k->nout; i++) l->out_step[i] = x->ndim && k->out[i]->ndim == x->ndim ? tide__strides(k->out[i])[d] * (int64_t)tide__size[k->out[i]->dtype] : 0;
  size_t room = tide__sort_scratch(x->dtype, l->n);
  if (k->out[0]->n && l->n && (!(l->place = tide__scratch(k->c, sizeof *l->place * (size_t)l->n)) || !(l->scratch = tide__scratch(k->c, room)))) return 0;
  if (k->out[0]->n) tide__reduce_walk_in_order(k, x, mask, line_chunk, l);
  tide_close(k->c, scope, NULL);
  return 1;
}

static int good_dim(const tide_Call *k, int argument) { return tide__dim(k->c, k->v[argument].i, k->in[0]->ndim); }
static int64_t length(const tide_Call *k, int argument) {
  int d = good_dim(k, argument);
  return d < 0 ? -1 : k->in[0]->ndim ? k->in[0]->shape[d] : 1;
}

static int sort_infer(tide_Call *k) {
  const tide_Tensor *x = k->in[0];
  return good_dim(k, 1) >= 0 && tide__result(k, 0, x->dtype, x->ndim, x->shape) && tide__result(k, 1, TIDE_INT64, x->ndim, x->shape);
}
static int argsort_infer(tide_Call *k) { return good_dim(k, 1) >= 0 && tide__result(k, 0, TIDE_INT64, k->in[0]->ndim, k->in[0]->shape); }
static int sort_run(tide_Call *k) {
  Line l = {.want = length(k, 1), .descending = (int)k->v[2].i, .choose = choose_sorted};
  return lines(k, k->v[1].i, &l);
}
static int argsort_run(tide_Call *k) { return sort_run(k); }

static int topk_infer(tide_Call *k) {
  const tide_Tensor *x = k->in[0];
  int64_t n = length(k, 2), want = k->v[1].i, shape[TIDE_MAXDIM];
  if (n < 0) return 0;
  if (want < 0 || want > n) return FAIL(k, TIDE_EVALUE, "k is %lld, but dimension %lld has %lld elements", (long long)want, tide__shown(k->c, good_dim(k, 2)), (long long)n);
  memcpy(shape, x->shape, sizeof *shape * x->ndim);
  if (x->ndim) shape[good_dim(k, 2)] = want;
  else if (want == 0) { shape[0] = 0; return tide__result(k, 0, x->dtype, 1, shape) && tide__result(k, 1, TIDE_INT64, 1, shape); }
  return tide__result(k, 0, x->dtype, x->ndim, shape) && tide__result(k, 1, TIDE_INT64, x->ndim, shape);
}
static int topk_run(tide_Call *k) {
  Line l = {.want = k->v[1].i, .descending = (int)k->v[3].i, .choose = choose_sorted};
  return lines(k, k->v[2].i, &l);
}

static int kthvalue_infer(tide_Call *k) {
  int64_t n = length(k, 2), rank = k->v[1].i;
  if (n < 0) return 0;
  if (rank < 1 || rank > n) return FAIL(k, TIDE_EVALUE, "k is %lld, but dimension %lld has %lld elements", (long long)rank, tide__shown(k->c, good_dim(k, 2)), (long long)n);
  return extreme_dim_infer(k);
}
static int kthvalue_run(tide_Call *k) {
  Line l = {.want = 1, .rank = k->v[1].i - 1, .choose = choose_nth};
  return lines(k, k->v[2].i, &l);
}

static int selected(tide_Call *k, void (*choose)(Line *, const char *)) {
  Line l = {.want = 1, .choose = choose};
  return lines(k, k->v[1].i, &l);
}
static int median_dim_run(tide_Call *k) { return selected(k, choose_median); }
static int nanmedian_dim_run(tide_Call *k) { return selected(k, choose_nanmedian); }
static int mode_run(tide_Call *k) { return selected(k, choose_mode); }

/* Of all elements: one line. */
static int median_infer(tide_Call *k) {
  if (k->in[0]->n == 0 && !tide__is_float(k->in[0]->dtype)) return FAIL(k, TIDE_EVALUE, "no elements, and %s has no nan", tide_dtype_name(k->in[0]->dtype));
  return tide__result(k, 0, k->in[0]->dtype, 0, NULL);
}
static int median_of_all(tide_Call *k, void (*choose)(Line *, const char *)) {
  tide_Scope scope = tide_scope(k->c);
  tide_Tensor *x = tide__packed(k->in[0]), *o = k->out[0];
  int64_t at = 0;
  if (!x) return 0;
  if (x->n == 0) { tide__write(o->dtype, o->data, NAN); return 1; }
  Line l = {.k = k, .n = x->n, .step = tide__size[x->dtype], .want = 1, .place = &at, .scratch = tide__scratch(k->c, tide__sort_scratch(x->dtype, x->n))};
  if (!l.scratch) return 0;
  choose(&l, x->data);
  memcpy(o->data, x->data + at * l.step, (size_t)l.step);
  tide_close(k->c, scope, NULL);
  return 1;
}
static int median_run(tide_Call *k) { return median_of_all(k, choose_median); }
static int nanmedian_run(tide_Call *k) { return median_of_all(k, choose_nanmedian); }

/* }========================================================= */

#define TABLE "ops/sort.def"
#include "ops/define.h"
