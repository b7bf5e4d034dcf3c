/*
** x[...] for users: positions, ranges, new dimensions, index tensors and masks, mixed. A chain of views (select, slice, unsqueeze)
** takes the first three kinds; then one `index`, or for writing one copy_, fill_ or index_put_, does the rest.
** Messages count dimensions as the user of x does, not as the views in between.
*/
#include "ops/places.h"

/* The entries as worked out against x. */
typedef struct Subscript {
  tide_Context *c;
  tide_Tensor *x;                        /* what is subscripted */
  int n;
  tide_Tensor *v;                        /* the view so far */
  int dim, own;                          /* the next dimension, of the view and of x */
  tide_Tensor *list[2 * TIDE_MAXDIM];    /* for `index`: covers the first `covered` dimensions of v */
  int list_own[2 * TIDE_MAXDIM];         /* the dimension of x that an entry of the list names */
  int nlist, covered, tensors;
} Subscript;

#define fail(s, ...) (tide__fail((s)->c, TIDE_EINDEX, __VA_ARGS__), 0)

/* A 0-dim tensor of integers is a position like a number. */
static int is_position(const tide_At *a) { return a->kind == TIDE_AT_POSITION || (a->kind == TIDE_AT_TENSOR && a->t->ndim == 0 && !tide__is_float(a->t->dtype) && a->t->dtype != TIDE_BOOL); }
static int64_t position_of(const tide_At *a) { return a->kind == TIDE_AT_POSITION ? a->first : tide__read_integer(a->t->dtype, a->t->data); }

/* How many dimensions of x an entry names. */
static int names(const tide_At *a) {
  switch (a->kind) {
    case TIDE_AT_REST: case TIDE_AT_NEW: return 0;
    case TIDE_AT_TENSOR: return a->t->dtype == TIDE_BOOL ? a->t->ndim : 1;
    default: return 1;
  }
}

/* Dimensions named in all; -1 with the error. */
static int count_named(Subscript *s, const tide_At *at) {
  int named = 0, rests = 0;
  for (int i = 0; i < s->n; i++) {
    named += names(&at[i]);
    rests += at[i].kind == TIDE_AT_REST;
    if (at[i].kind == TIDE_AT_TENSOR && at[i].t->ctx != s->c) { tide__fail(s->c, TIDE_EARG, "tensors of two contexts"); return -1; }
  }
  if (rests > 1) { tide__fail(s->c, TIDE_EINDEX, "\"...\" can stand once, not %d times", rests); return -1; }
  if (named > s->x->ndim) { tide__fail(s->c, TIDE_EINDEX, "indices for %d dimension%s, the tensor has %d", named, named == 1 ? "" : "s", s->x->ndim); return -1; }
  return named;
}

static int take_position(Subscript *s, int64_t i) {
  int64_t size = s->x->shape[s->own], p = tide__pos(i, size, s->c->base);
  if (p < 0) return tide__beyond(s->c, i, s->own, size);
  s->v = tide_select(s->v, s->dim, p);
  s->own++;
  return s->v != NULL;
}

/* Both ends belong to the range; they are cut to the size, like string.sub's. */
static int take_range(Subscript *s, int64_t first, int64_t last, int64_t step) {
  int64_t size = s->x->shape[s->own], base = s->c->base;
  int64_t from = first < 0 ? first + size : first - base, to = (last < 0 ? last + size : last >= size ? size - 1 : last - base) + 1;
  if (step < 1) return fail(s, "the step of a range is %lld; it must be positive", (long long)step);
  if (from < 0) from = 0;
  if (from > size) from = size;
  if (to > size) to = size;
  if (to < from) to = from;
  if (s->n == 1 || from != 0 || to != size || step != 1) s->v = tide_slice(s->v, s->dim, from, to, step);     /* (alone, x[:] is a slice, as PyTorch has it) */
  s->dim++;
  s->own++;
  return s->v != NULL;
}

static int take_tensor(Subscript *s, tide_Tensor *t) {
  int covers = t->dtype == TIDE_BOOL ? t->ndim : 1;
  for (int d = 0; t->dtype == TIDE_BOOL && d < covers; d++)
    if (t->shape[d] != s->x->shape[s->own + d])
      return fail(s, "a mask of sizes %s does not fit: %lld against %lld at dimension %lld of the tensor", SHAPE_TEXT(t), (long long)t->shape[d],
                  (long long)s->x->shape[s->own + d], tide__shown(s->c, s->own + d));
  while (s->covered < s->dim) { s->list[s->nlist++] = TIDE_NONE; s->covered++; }
  s->list[s->nlist] = t;
  s->list_own[s->nlist++] = s->own;
  s->covered += covers;
  s->dim += covers;
  s->own += covers;
  s->tensors++;
  return 1;
}

static int take_entry(Subscript *s, const tide_At *a, int named) {
  if (is_position(a)) return take_position(s, position_of(a));
  switch (a->kind) {
    case TIDE_AT_ALL: return take_range(s, s->c->base, -1, 1);
    case TIDE_AT_RANGE: return take_range(s, a->first, a->last, a->step);
    case TIDE_AT_REST: s->dim += s->x->ndim - named; s->own += s->x->ndim - named; return 1;
    case TIDE_AT_NEW: s->v = tide_unsqueeze(s->v, s->dim++); return s->v != NULL;
    default: return take_tensor(s, a->t);
  }
}

/* Works the entries out: s->v and the list. */
static int resolve(Subscript *s, tide_Tensor *x, int n, const tide_At *at) {
  memset(s, 0, offsetof(Subscript, list));
  s->c = x->ctx;
  s->x = s->v = x;
  s->n = n;
  s->nlist = s->covered = s->tensors = 0;
  if (n > TIDE_MAXDIM) return fail(s, "%d indices: at most %d are possible", n, TIDE_MAXDIM);
  for (int i = 0; i < n; i++) if (at[i].kind == TIDE_AT_TENSOR && !at[i].t) return 0;      /* what made it has failed */
  int named = count_named(s, at);
  if (named < 0) return 0;
  for (int i = 0; i < n; i++) if (!take_entry(s, &at[i], named)) return 0;
  return 1;
}

/* `index` has failed, and counts the dimensions of the view: where a position is to blame, the message is made again. */
static void blame(Subscript *s) {
  if (s->c->code != TIDE_EINDEX) return;
  for (int i = 0; i < s->nlist; i++) {
    tide_Tensor *t = s->list[i];
    if (t == TIDE_NONE || t->dtype == TIDE_BOOL) continue;
    int64_t size = s->x->shape[s->list_own[i]];
    tide_Tensor *p = tide__packed(tide__converted(t, TIDE_INT64));
    for (int64_t k = 0; p && k < p->n; k++) {
      int64_t v = ((int64_t *)p->data)[k];
      if (tide__pos(v, size, s->c->base) >= 0) continue;
      tide_clear_error(s->c);
      tide__beyond(s->c, v, s->list_own[i], size);
      return;
    }
  }
}

static const char *enter(tide_Context *c) {
  const char *outer = c->name;
  if (!outer) c->name = "index";
  return outer;
}

tide_Tensor *tide_at(tide_Tensor *x, int n, const tide_At *at) {
  if (!x || x->ctx->code != TIDE_OK) return NULL;
  tide_Context *c = x->ctx;
  const char *outer = enter(c);
  Subscript s;
  tide_Tensor *y = NULL;
  if (resolve(&s, x, n, at)) {
    if (s.tensors && !(y = tide_index(s.v, s.list, s.nlist))) blame(&s);
    if (!s.tensors) y = s.v == x ? tide_alias(x) : s.v;
  }
  c->name = outer;
  return y;
}


/* {======================== writing ======================== */

/* A number into one element that no graph knows of: written at once. 1; -1 where the long way is to be gone, 0 with the error. */
static int write_element(tide_Tensor *x, int n, const tide_At *at, const tide_Tensor *value) {
  tide_Context *c = x->ctx;
  int64_t offset = 0;
  if (n != x->ndim || !(value->flags & T_NUMBER) || x->base || x->rg || x->flags & (T_INFERENCE | T_NUMBER) || tide__interrupted(c)) return -1;
  for (int d = 0; d < n; d++) {
    if (at[d].kind != TIDE_AT_POSITION) return -1;
    int64_t p = tide__pos(at[d].first, x->shape[d], c->base);
    if (p < 0) return -1;
    offset += p * tide__strides(x)[d];
  }
  if (!tide__holds(x->dtype, value)) return -1;
  char *place = x->data + offset * (int64_t)tide__size[x->dtype];
  if (tide__is_float(value->dtype)) tide__write(x->dtype, place, tide__read(value->dtype, value->data));
  else tide__write_integer(x->dtype, place, tide__read_integer(value->dtype, value->data));
  x->counter->version++;
  return 1;
}

/* value without sizes of 1 in front, where it has more dimensions than what it goes into. */
static tide_Tensor *stripped(tide_Tensor *value, int ndim) {
  int ones = 0;
  while (value->ndim - ones > ndim && value->shape[ones] == 1) ones++;
  return ones ? tide_reshape(value, value->shape + ones, value->ndim - ones) : value;
}

/* value for index_put: of x's dtype. How many dimensions it may have index_put says. */
static tide_Tensor *converted(tide_Tensor *value, const tide_Tensor *x) {
  return value->flags & T_NUMBER || value->dtype == x->dtype ? value : tide_cast(value, x->dtype);
}

/* The number of dimensions that v[list] has. */
static int picked_dims(const Subscript *s) {
  int ndim = s->v->ndim, together = 0;
  for (int i = 0; i < s->nlist; i++) {
    const tide_Tensor *t = s->list[i];
    if (t == TIDE_NONE) continue;
    ndim -= t->dtype == TIDE_BOOL ? t->ndim : 1;
    int own = t->dtype == TIDE_BOOL ? 1 : t->ndim;
    if (own > together) together = own;
  }
  return ndim + together;
}

static int put(Subscript *s, tide_Tensor *value) {
  tide_Tensor *t = stripped(value, s->tensors ? picked_dims(s) : s->v->ndim);
  if (!t) return 0;
  if (s->tensors) {
    if (!(t = converted(t, s->v))) return 0;
    const tide_Value a[] = {{.t = s->v}, {.list = s->list, .n = s->nlist}, {.t = t}, {.i = 0}};
    if (tide__inplace(&tide__op_index_put, s->c, a)) return 1;
    blame(s);
    return 0;
  }
  if (t->ndim == 0) return tide__inplace(t->flags & T_NUMBER ? &tide__op_fill : &tide__op_fill_tensor, s->c, (tide_Value[]){{.t = s->v}, {.t = t}}) != NULL;
  return tide__inplace(&tide__op_copy, s->c, (tide_Value[]){{.t = s->v}, {.t = t}, {.i = 0}}) != NULL;
}

int tide_set_at(tide_Tensor *x, int n, const tide_At *at, tide_Tensor *value) {
  if (!x || !value || x->ctx->code != TIDE_OK) return 0;
  tide_Context *c = x->ctx;
  const char *outer = enter(c);
  int done = write_element(x, n, at, value);
  if (done < 0) {
    tide_Scope scope = tide_scope(c);
    Subscript s;
    done = resolve(&s, x, n, at) && put(&s, value);
    tide_close(c, scope, NULL);
  }
  c->name = outer;
  return done;
}

/* }========================================================= */
