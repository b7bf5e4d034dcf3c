/*
** The one door. Every operator passes it: 1 infer dtypes and shapes and make the outputs, 2 run, 3 if grad mode is on and
** an input has history, record a node, 4 give the outputs to the scope. In-place calls pass here too: they prepare (what can
** fail, changing nothing), then commit.
*/
#include <stdio.h>

#include "ops/op.h"


/* {======================== what infer and run use ======================== */

static int put(tide_Call *k, int output, tide_Tensor *t) {
  k->out[output] = t;
  return t != NULL;
}

int tide__result(tide_Call *k, int output, int dtype, int ndim, const int64_t *shape) {
  return put(k, output, tide__new(k->c, dtype, ndim, shape));
}

int tide__result_like(tide_Call *k, int output, int dtype, const tide_Tensor *like) {
  return put(k, output, tide__new_like(k->c, dtype, like));
}

int tide__view(tide_Call *k, int output, int ndim, const int64_t *shape, const int64_t *strides, int64_t offset) {
  tide_Tensor *x = k->in[0];
  int64_t n = 1;
  for (int d = 0; d < ndim; d++)
    if (unlikely(__builtin_mul_overflow(n, shape[d] ? shape[d] : 1, &n))) return FAIL(k, TIDE_ESHAPE, "a view of sizes %s has too many elements", SIZES_TEXT(ndim, shape));
  tide_Tensor *t = tide__alias(x, ndim, shape, strides, x->n ? offset : 0);
  if (!put(k, output, t)) return 0;
  if (x->flags & T_INFERENCE || t->flags & T_INFERENCE) return 1;
  t->base = tide__retain(x->base ? x->base : x);
  t->seen = tide__version(t);
  t->view = k->op->sig.outputs == -1 || k->nout > 1 ? VIEW_MANY : !k->c->mode.grad ? VIEW_NO_GRAD : x->base && x->view != VIEW_PLAIN ? x->view : VIEW_PLAIN;
  return 1;
}

/* Is x one zero, seen many times? Then its copy is a memset. */
static int is_splat_zero(const tide_Tensor *x) {
  static const char zero[8];
  return x->flags & T_SPLAT && x->n > 1 && !memcmp(x->data, zero, tide__size[x->dtype]);
}

int tide__target(tide_Call *k, int ndim, const int64_t *shape) {
  tide_Tensor *x = k->in[0];
  int same = ndim == x->ndim && !memcmp(shape, x->shape, sizeof(int64_t) * (size_t)ndim);
  if (k->direct && same) return put(k, 0, tide__retain(x));
  if (!(same ? tide__result_like(k, 0, x->dtype, x) : tide__result(k, 0, x->dtype, ndim, shape))) return 0;
  tide_Tensor *o = k->out[0];
  int64_t from[TIDE_MAXDIM];
  int off = ndim - x->ndim;
  for (int d = 0; d < ndim; d++) from[d] = d < off || x->shape[d - off] == 1 ? 0 : tide__strides(x)[d - off];
  if (is_splat_zero(x)) memset(o->data, 0, o->bytes);
  else tide__copy(ndim, shape, o->dtype, o->data, tide__strides(o), x->dtype, x->data, from);
  return 1;
}

int tide__target_like(tide_Call *k) {
  return k->direct ? put(k, 0, tide__retain(k->in[0])) : tide__result_like(k, 0, k->in[0]->dtype, k->in[0]);
}

void *tide__scratch(tide_Context *c, size_t bytes) {
  tide_Tensor *t = tide__new(c, TIDE_UINT8, 1, (int64_t[]){(int64_t)bytes});
  return t && tide__own(c, t) ? t->data : NULL;
}

int tide__outputs(tide_Call *k, int n) {
  size_t bytes = (size_t)(n ? n : 1) * sizeof(tide_Tensor *);
  if (!(k->out = tide__scratch(k->c, bytes))) return 0;
  memset(k->out, 0, bytes);
  k->nout = n;
  return 1;
}

int tide__dim(tide_Context *c, int64_t dim, int ndim) {
  int n = ndim ? ndim : 1;
  int64_t d = dim < 0 ? dim + n : dim;
  if (d >= 0 && d < n) return (int)d;
  tide__fail(c, TIDE_EINDEX, "dimension %lld is out of range for a tensor of %d dimension%s", tide__shown(c, dim), ndim, ndim == 1 ? "" : "s");
  return -1;
}

uint32_t tide__dims(tide_Context *c, const int64_t *dims, int n, int ndim, int *ok) {
  uint32_t mask = 0;
  *ok = 1;
  if (n < 0) return ndim ? (1u << ndim) - 1 : 0;
  for (int i = 0; i < n; i++) {
    int d = tide__dim(c, dims[i], ndim);
    if (d < 0) return (uint32_t)(*ok = 0);
    if (mask >> d & 1) {
      tide__fail(c, TIDE_EARG, "dimension %lld is named twice", tide__shown(c, d));
      return (uint32_t)(*ok = 0);
    }
    mask |= 1u << d;
  }
  return ndim ? mask : 0;
}

/* }========================================================= */


/* {======================== history ======================== */

tide_Node *tide__edge(tide_Tensor *t, uint32_t *output) {
  if (unlikely(tide__tracks(t) < 0)) return NULL;
  *output = t->output;
  return tide__accumulator(t);                  /* or the node that is there */
}

int tide__connect(tide__Edge *e, tide_Tensor *t, const tide_Tensor *like, int64_t *shapes, uint32_t *used) {
  tide_Node *m = tide__edge(t, &e->output);
  if (unlikely(!m)) return 0;
  m->refs++;
  e->node = m;
  e->dtype = t->dtype;
  e->ndim = t->ndim;
  e->same = (uint8_t)(like && tide__same_shape(t, like));
  e->by_columns = !(t->flags & T_CONTIG) && t->ndim >= 2 && tide__strides(t)[t->ndim - 2] == 1;
  if (!e->same) {
    e->shape = *used;
    for (int d = 0; d < t->ndim; d++) shapes[(*used)++] = t->shape[d];
  }
  return 1;
}

/* A tensor whose gradient is retained gets another node: the record moves, room for which tide__make_room_to_retain has made. */
int tide__make_room_to_retain(const tide_Tensor *t, tide_Node *n) { return !(t->flags & T_RETAINS) || tide__node_extra(n); }

static void move_retained(tide_Tensor *t, tide_Node *old, tide_Node *n, uint32_t output) {
  tide__Retained **p = &old->extra->retained, *r;
  while (*p && (*p)->t != t) p = &(*p)->next;
  if (!(r = *p)) return;
  *p = r->next;
  *r = (tide__Retained){n->extra->retained, t, output};
  n->extra->retained = r;
}

static const char *view_text(const tide_Tensor *t) {
  return t->view == VIEW_MANY ? "it is one of several views made by one call" : t->view == VIEW_NO_GRAD ? "it was made in no_grad mode" : "it comes from a custom function";
}

/* A view's history after its base was written: a node that takes the view out of the base as it is now. */
int tide__refresh(tide_Tensor *t) {
  tide_Tensor *base = t->base;
  uint32_t now = tide__version(t);
  if (likely(t->seen == now)) return t->rg;
  if (!base->rg) { t->seen = now; return t->rg; }
  if (t->view == VIEW_NO_GRAD && !base->node) { t->seen = now; return t->rg; }
  if (t->view != VIEW_PLAIN) {
    tide__fail(t->ctx, TIDE_EGRAD, "this view has no gradient any more: its base was changed in place, and %s", view_text(t));
    return -1;
  }
  int64_t *s = tide__strides(t), *bs = tide__strides(base);
  const tide_Value v[] = {{.t = NULL}, {.ints = t->shape, .n = t->ndim}, {.ints = s, .n = t->ndim}, {.i = tide_storage_offset(t)},
                          {.ints = bs, .n = base->ndim}, {.i = tide_storage_offset(base)}};
  uint32_t words = 2u * t->ndim + 2u * base->ndim, used = 0;
  tide_Node *n = tide__node_new(t->ctx, &tide__op_as_strided_of, 1, 1, 0, 6, words);
  if (!n) return -1;
  if (!tide__connect(&n->e[0], base, NULL, tide__node_shapes(n), &used) || !tide__make_room_to_retain(t, n)) { tide__node_unref(n); return -1; }
  tide_Value *copy = tide__node_values(n);
  for (int i = 0; i < 6; i++) {
    copy[i] = v[i];
    if (i != 1 && i != 2 && i != 4) continue;
    int64_t *to = tide__node_shapes(n) + used;
    memcpy(to, v[i].ints, sizeof(int64_t) * (size_t)v[i].n);
    copy[i].ints = to;
    used += (uint32_t)v[i].n;
  }
  if (t->node) {
    if (t->flags & T_RETAINS) move_retained(t, t->node, n, 0);
    tide__node_unref(t->node);
  }
  t->node = n;
  t->output = 0;
  t->rg = 1;
  t->seen = now;
  return 1;
}

/* A view that has lost its history still requires grad: it is its use that fails. */
int tide_requires_grad(const tide_Tensor *t) {
  if (!t->base) return t->rg;
  int clean = t->ctx->code == TIDE_OK, tracks = tide__refresh((tide_Tensor *)t);
  if (tracks < 0 && clean) tide_clear_error(t->ctx);
  return tracks != 0;
}
int tide_is_leaf(const tide_Tensor *t) { return !tide_requires_grad(t) || !t->node || t->node->flags & N_LEAF; }

tide_Node *tide_grad_fn(tide_Tensor *t, int *output_nr) {
  if (tide__tracks(t) <= 0 || !t->node || t->node->flags & N_LEAF) return NULL;
  if (output_nr) *output_nr = (int)t->output;
  return t->node;
}

tide_Node *tide_gradient_edge(tide_Tensor *t, int *output_nr) {
  uint32_t output;
  if (tide__tracks(t) <= 0) return tide__fail(t->ctx, TIDE_EGRAD, "the tensor does not require grad");
  tide_Node *n = tide__edge(t, &output);
  if (n && output_nr) *output_nr = (int)output;
  return n;
}

int tide_set_requires_grad(tide_Tensor *t, int on) {
  if (!t) return 0;
  tide_Context *c = t->ctx;
  if (!tide_is_leaf(t)) {
    if (on) return 1;
    tide__fail(c, TIDE_EGRAD, "requires_grad can be turned off for leaf tensors only; use detach() to get a tensor without history");
    return 0;
  }
  if (on && !tide__is_float(t->dtype)) { tide__fail(c, TIDE_EDTYPE, "only tensors of a float dtype can require grad, this one is %s", tide_dtype_name(t->dtype)); return 0; }
  if (on && t->flags & T_INFERENCE && !c->mode.inference) { tide__fail(c, TIDE_EGRAD, "an inference tensor cannot require grad; clone it first"); return 0; }
  t->rg = on != 0;
  return 1;
}

tide_Tensor *tide_detach_(tide_Tensor *t) {
  if (!t) return NULL;
  if (t->base) return tide__fail(t->ctx, TIDE_EGRAD, "a view cannot be detached in place; use detach()");
  tide_Node *n = t->node;
  if (n && !(n->flags & N_LEAF)) {
    if (t->flags & T_RETAINS) tide__forget_retained(n, t);
    t->flags &= (uint8_t)~T_RETAINS;
    t->node = NULL;
    t->output = 0;
    tide__node_unref(n);
  }
  t->rg = 0;
  return t;
}

int tide_retains_grad(const tide_Tensor *t) { return (t->flags & T_RETAINS) != 0; }

static int retain_on(tide_Tensor *t, tide_Node *n) {
  tide__Extra *x = tide__node_extra(n);
  tide__Retained *r = x ? tide__alloc(t->ctx, sizeof *r) : NULL;
  if (!r) return 0;
  *r = (tide__Retained){x->retained, t, t->output};
  x->retained = r;
  return 1;
}

int tide_retain_grad(tide_Tensor *t) {
  int tracks = tide__tracks(t);
  if (tracks < 0) return 0;
  if (!tracks) { tide__fail(t->ctx, TIDE_EGRAD, "the tensor does not require grad"); return 0; }
  if (!t->node || t->node->flags & N_LEAF || t->flags & T_RETAINS) return 1;
  if (!retain_on(t, t->node)) return 0;
  t->flags |= T_RETAINS;
  return 1;
}

/* }========================================================= */


/* {======================== recording ======================== */

/*
** Hands t to the pack hook: itself if it is a leaf, else without its history, lest what the hook keeps should hold the node that
** keeps it. The hook runs without recording, and under its own name.
*/
static int pack_value(tide_Context *c, tide__Saved *s, tide_Tensor *t) {
  tide__Packed *p = tide__alloc(c, sizeof *p);
  tide_Tensor *plain = !p ? NULL : !(s->which & SAVED_OUTPUT) && tide_is_leaf(t) ? t : tide_detach(t);
  const tide_PackHooks h = *c->mode.pack;
  tide__Modes mode = c->mode;
  const char *name = c->name;
  void *value = NULL;
  if (plain) {
    uint32_t version = tide__version(plain);
    c->mode.grad = 0;
    c->mode.pack = NULL;
    c->name = NULL;
    value = h.pack(h.arg, plain);
    c->mode = mode;
    c->name = name;
    if (value && tide__version(plain) != version) {
      if (h.release) h.release(value);
      value = tide__fail(c, TIDE_EVERSION, "a pack hook must not change its tensor in place");
    }
  }
  if (!value) {
    if (p) tide__free(c, p, sizeof *p);
    return 0;
  }
  *p = (tide__Packed){value, h.unpack, h.release};
  s->packed = p;
  s->is_packed = 1;
  return 1;
}

int tide__hold_all(tide_Context *c, int n, tide_Tensor *const *t) {
  for (int i = 0; i < n; i++) if (t[i] && t[i] != TIDE_NONE && !tide__own(c, tide__retain(t[i]))) return 0;
  return 1;
}

int tide__save_value(tide_Context *c, tide__Saved *s, tide_Tensor *t, uint32_t which, uint32_t version) {
  s->which = which;
  s->version = version;
  if (likely(!c->mode.pack || t->flags & T_NUMBER)) { s->cell = tide__pin(t); return 1; }
  return pack_value(c, s, t);
}

int tide__save_trace(tide_Context *c, tide_Node *n) {
  const char *where = c->trace ? c->trace(c->trace_arg) : NULL;
  tide__Extra *x = where ? tide__node_extra(n) : NULL;
  if (!where) return 1;
  if (!x) return 0;
  size_t size = strlen(where) + 1;
  if (!(x->trace = tide__alloc(c, size))) return 0;
  memcpy(x->trace, where, size);
  return 1;
}

static int list_words(const tide_Op *op, const tide_Value *v) {
  int words = 0;
  for (int i = 0; i < op->sig.nparams; i++) {
    int kind = op->sig.params[i].kind;
    if ((kind == TIDE_A_DIMS || kind == TIDE_A_SIZE || kind == TIDE_A_INTS) && v[i].n > 0) words += v[i].n;
    if (kind == TIDE_A_STR && v[i].s) words += (int)(strlen(v[i].s) / 8) + 1;
  }
  return words;
}

/* The arguments as the node keeps them: lists and strings copied, tensors gone (the edges stand for them). */
static void copy_values(tide_Node *n, const tide_Op *op, const tide_Value *v, uint32_t used) {
  tide_Value *to = tide__node_values(n);
  for (int i = 0; i < op->sig.nparams; i++) {
    int64_t *place = tide__node_shapes(n) + used;
    to[i] = v[i];
    switch (op->sig.params[i].kind) {
      case TIDE_A_DIMS: case TIDE_A_SIZE: case TIDE_A_INTS:
        if (v[i].n > 0) { memcpy(place, v[i].ints, sizeof(int64_t) * (size_t)v[i].n); to[i].ints = place; used += (uint32_t)v[i].n; }
        break;
      case TIDE_A_STR:
        if (v[i].s) { strcpy((char *)place, v[i].s); to[i].s = (char *)place; used += (uint32_t)(strlen(v[i].s) / 8) + 1; }
        break;
      case TIDE_A_N: case TIDE_A_INT: case TIDE_A_BOOL: case TIDE_A_DIM: case TIDE_A_POS: case TIDE_A_DTYPE: break;
      default: to[i].t = NULL;
    }
  }
}

#define SAVES(i) IN((i) < 7 ? (i) : 7)          /* inputs from the eighth on share a bit */

/*
** The node of a call. `self`: what to save in place of input 0 (an in-place call: a copy made before the write), else NULL;
** `writes`: 1 if output 0 is about to be written once more.
*/
static tide_Node *record(tide_Call *k, tide_Tensor *self, int writes) {
  const tide_Op *op = k->op;
  tide_Tensor *like = k->nout ? k->out[0] : NULL;
  uint32_t mask = 0, words = 0;
  int savable = k->nin - op->spare_last;
  uint8_t small[64], *tracks = small;
  if (unlikely(k->nin > 64) && !(tracks = tide__scratch(k->c, (size_t)k->nin))) return NULL;
  if (unlikely(k->c->mode.pack != NULL) && !tide__hold_all(k->c, k->nin, k->in)) return NULL;
  for (int i = 0; i < k->nin; i++) {
    tide_Tensor *t = k->in[i];
    int tr = t == TIDE_NONE ? 0 : tide__tracks(t);
    if (unlikely(tr < 0)) return NULL;
    tracks[i] = (uint8_t)tr;
    if (!tr) continue;
    mask |= op->save[i < 3 ? i : 3];
    words += t->ndim;
  }
  int has_values = op->kind != OP_ROW || op->sig.nparams > k->nin;
  int outs = k->nout > 1 ? k->nout : 0;
  if (has_values) words += (uint32_t)list_words(op, k->v);
  words += (uint32_t)outs * OUTPUT_WORDS;
  uint32_t nsaved = 0;
  for (int i = 0; mask && i < savable; i++) nsaved += (mask & SAVES(i)) != 0;
  for (int j = 0; mask && j < k->nout && j < 8; j++) nsaved += (mask & OUT(j)) != 0;
  tide_Node *n = tide__node_new(k->c, op, (uint32_t)k->nin, (uint32_t)k->nout, nsaved, has_values ? (uint32_t)op->sig.nparams : 0, words);
  if (unlikely(!n)) return NULL;
  uint32_t used = 0;
  for (int i = 0; i < k->nin; i++)
    if (tracks[i] && unlikely(!tide__connect(&n->e[i], k->in[i], like, tide__node_shapes(n), &used))) goto fail;
  if (mask) {
    tide__Saved *s = tide__node_saved(n);
    for (int i = 0; i < savable; i++) {
      if (!(mask & SAVES(i))) continue;
      tide_Tensor *t = i == 0 && self ? self : k->in[i];
      if (t == TIDE_NONE) { s->which = (uint32_t)i; s++; continue; }
      if (unlikely(t->flags & T_INFERENCE)) { tide__fail(k->c, TIDE_EGRAD, "an inference tensor cannot be saved for backward; clone it first"); goto fail; }
      if (unlikely(!tide__save_value(k->c, s, t, (uint32_t)i, tide__version(t)))) goto fail;
      s++;
    }
    for (int j = 0; j < k->nout && j < 8; j++) {
      if (!(mask & OUT(j))) continue;
      if (unlikely(!tide__save_value(k->c, s, k->out[j], SAVED_OUTPUT | (uint32_t)j, tide__version(k->out[j]) + (uint32_t)writes))) goto fail;
      s++;
    }
  }
  if (has_values) { copy_values(n, op, k->v, used); used += (uint32_t)list_words(op, k->v); }
  for (int i = 0; i < outs; i++) tide__note_output(n, i, k->out[i]);
  if (unlikely(k->c->mode.anomaly) && !tide__save_trace(k->c, n)) goto fail;
  return n;
fail:
  tide__node_unref(n);
  return NULL;
}

static int64_t *output_note(const tide_Node *n, int i) { return (int64_t *)((char *)n + n->size) - (i + 1) * OUTPUT_WORDS; }

void tide__note_output(tide_Node *n, int i, const tide_Tensor *t) {
  int64_t *m = output_note(n, i);
  m[0] = t->dtype | (int64_t)t->ndim << 8;
  memcpy(m + 1, t->shape, sizeof(int64_t) * t->ndim);
}

const int64_t *tide__output_shape(const tide_Node *n, int i, int *ndim, int *dtype) {
  const int64_t *m = output_note(n, i);
  *dtype = (int)(m[0] & 0xff);
  *ndim = (int)(m[0] >> 8);
  return m + 1;
}

static void attach(tide_Call *k, tide_Node *n) {
  for (int i = 0; i < k->nout; i++) {
    tide_Tensor *o = k->out[i];
    if ((i < 8 && k->op->nondiff >> i & 1) || !tide__is_float(o->dtype)) continue;
    n->refs++;
    o->node = n;
    o->output = (uint32_t)i;
    o->rg = 1;
  }
  tide__node_unref(n);
}

/* }========================================================= */


/* {======================== saved values ======================== */

tide_Tensor *tide__unpack(tide_Node *n, tide__Saved *s, tide_Node *h, uint32_t output, int always) {
  tide_Context *c = n->ctx;
  if (unlikely(!s->cell)) return tide__fail(c, TIDE_EGRAD, "%s: what backward needs was already freed; pass retain_graph to the first backward", tide_node_name(n));
  tide_Tensor *t = s->cell;
  if (unlikely(s->is_packed)) {
    t = s->packed->unpack(s->packed->value);
    if (!t) return c->code == TIDE_OK ? tide__fail(c, TIDE_ECALLBACK, "%s: a packed value could not be unpacked", tide_node_name(n)) : NULL;
  }
  else if (unlikely(tide__version(t) != s->version))
    return tide__fail(c, TIDE_EVERSION, "%s needs a tensor of sizes %s for its gradient that was changed in place since: it is at version %u, was saved at version %u",
                      tide_node_name(n), SHAPE_TEXT(t), tide__version(t), s->version);
  int recording = c->mode.grad || always;
  if (likely(!recording || !h)) {
    if (likely(!t->rg || !recording)) return t;
  }
  else if (t->refs > 0 && t->node == h && t->output == output && !t->base) return t;
  tide_Tensor *v = tide__alias(t, t->ndim, t->shape, tide__strides(t), 0);
  if (!v) return NULL;
  v->flags |= t->flags & T_NUMBER;
  if (h) { h->refs++; v->node = h; v->output = output; v->rg = 1; }
  return tide__own(c, v);
}

static tide__Saved *find_saved(tide_Node *n, uint32_t which) {
  tide__Saved *s = tide__node_saved(n);
  for (uint32_t i = 0; i < n->nsaved; i++) if (s[i].which == which) return &s[i];
  return NULL;
}

tide_Tensor *tide__saved(tide_Node *n, int i) {
  tide__Saved *s = find_saved(n, (uint32_t)i);
  if (unlikely(!s)) return tide__fail(n->ctx, TIDE_EGRAD, "%s did not save input %d", tide_node_name(n), i);
  if (unlikely(!s->cell) && !(n->flags & N_FREED)) return TIDE_NONE;        /* it was absent */
  return tide__unpack(n, s, n->e[i].node, n->e[i].output, 0);
}

tide_Tensor *tide__saved_output(tide_Node *n, int i) {
  tide__Saved *s = find_saved(n, SAVED_OUTPUT | (uint32_t)i);
  if (unlikely(!s)) return tide__fail(n->ctx, TIDE_EGRAD, "%s did not save output %d", tide_node_name(n), i);
  int diff = !(i < 8 && n->op->nondiff >> i & 1);
  return tide__unpack(n, s, diff ? n : NULL, (uint32_t)i, 0);
}

const int64_t *tide__in_shape(const tide_Node *n, const tide_Tensor *g, int i, int *ndim) {
  const tide__Edge *e = &n->e[i];
  *ndim = e->ndim;
  return e->same ? g->shape : tide__node_shapes(n) + e->shape;
}

/* }========================================================= */


/* {======================== the door ======================== */

static void release_outputs(tide_Call *k) {
  for (int i = 0; i < k->nout; i++) if (k->out[i]) { tide__release(k->out[i]); k->out[i] = NULL; }
}

static int any_tracks(const tide_Call *k) {
  for (int i = 0; i < k->nin; i++) {
    if (k->in[i] == TIDE_NONE) continue;
    int tr = tide__tracks(k->in[i]);
    if (tr) return tr;
  }
  return 0;
}

/* Runs a failing step under the operator's name, unless a caller gave a name already. */
static const char *enter(tide_Call *k) {
  const char *outer = k->c->name;
  if (!outer) k->c->name = k->op->sig.name;
  return outer;
}

static int door(tide_Call *k) {
  tide_Context *c = k->c;
  const tide_Op *op = k->op;
  const char *outer = enter(k);
  int ok = 0, tracks;
  if (unlikely(c->code != TIDE_OK)) goto out;
  if (tide__interrupted(c)) { tide__take_interrupt(c); goto out; }
  for (int i = 0; i < k->nin; i++)
    if (unlikely(k->in[i] != TIDE_NONE && k->in[i]->ctx != c)) { tide__fail(c, TIDE_EARG, "tensors of two contexts"); goto out; }
  ok = op->kind == OP_ROW ? tide__pointwise_infer(k) && tide__pointwise_run(k) : op->infer(k) && (!op->run || op->run(k));
  if (likely(ok) && c->mode.grad && !op->not_differentiable && (tracks = any_tracks(k)) != 0 && k->nout > 0) {
    tide_Node *n = NULL;
    int wanted = 0;
    for (int i = 0; i < k->nout; i++) wanted |= tide__is_float(k->out[i]->dtype);
    if (wanted) {
      ok = tracks > 0 && (n = record(k, NULL, 0)) != NULL;
      if (likely(ok)) attach(k, n);
    }
  }
  if (unlikely(!ok)) release_outputs(k);
  else {
    for (int i = 0; i < k->nout; i++)
      if (unlikely(!tide__own(c, k->out[i]))) {
        k->out[i] = NULL;
        for (int j = i + 1; j < k->nout; j++) { tide__release(k->out[j]); k->out[j] = NULL; }
        ok = 0;
        break;
      }
  }
out:
  c->name = outer;
  return ok;
}

tide_Tensor *tide__row(const tide_Op *op, int nin, tide_Tensor **in, const double *param) {
  tide_Tensor *out[1] = {NULL};
  for (int i = 0; i < nin; i++) if (unlikely(!in[i])) return NULL;
  tide_Call k;
  k.op = op;
  k.c = in[0]->ctx;
  k.in = in;
  k.nin = nin;
  k.v = NULL;
  k.out = out;
  k.nout = 1;
  if (param) memcpy(k.param, param, sizeof k.param);
  return door(&k) ? out[0] : NULL;
}

/* The tensors among the arguments, in order; -1 if one is NULL. Lists too long for `small` go to scratch memory. */
#define SMALL_INPUTS 16
static int spread(const tide_Op *op, tide_Context **c, const tide_Value *v, tide_Tensor **small, tide_Tensor ***in) {
  int n = 0, total = 0, missing = 0;
  for (int i = 0; i < op->sig.nparams; i++) {
    int kind = op->sig.params[i].kind;
    if (kind == TIDE_A_TL || kind == TIDE_A_OTL) {
      total += v[i].n;
      for (int j = 0; j < v[i].n; j++) {
        if (!v[i].list[j]) missing = 1;
        else if (!*c && v[i].list[j] != TIDE_NONE) *c = v[i].list[j]->ctx;
      }
    }
    else if (kind == TIDE_A_CTX) *c = v[i].c;
    else if (kind <= TIDE_A_ONT || kind == TIDE_A_PT) {
      total++;
      if (!v[i].t) missing = 1;
      else if (!*c && v[i].t != TIDE_NONE) *c = v[i].t->ctx;
    }
  }
  if (missing || !*c) return -1;
  *in = small;
  if (total > SMALL_INPUTS && !(*in = tide__scratch(*c, (size_t)total * sizeof **in))) return -1;
  for (int i = 0; i < op->sig.nparams; i++) {
    int kind = op->sig.params[i].kind;
    if (kind == TIDE_A_TL || kind == TIDE_A_OTL) for (int j = 0; j < v[i].n; j++) (*in)[n++] = v[i].list[j];
    else if (kind != TIDE_A_CTX && (kind <= TIDE_A_ONT || kind == TIDE_A_PT)) (*in)[n++] = v[i].t;
  }
  return n;
}

static int prepare(tide_Call *k, const tide_Op *op, tide_Context *c, const tide_Value *v, tide_Tensor **small) {
  k->op = op;
  k->v = v;
  k->direct = 0;
  k->nin = spread(op, &c, v, small, &k->in);
  k->c = c;
  if (k->nin < 0) return 0;
  if (op->kind == OP_ROW) {
    memset(k->param, 0, sizeof k->param);
    for (int i = k->nin, j = 0; i < op->sig.nparams && j < 4; i++) k->param[j++] = op->sig.params[i].kind == TIDE_A_N ? v[i].d : (double)v[i].i;
  }
  return 1;
}

int tide__apply(const tide_Op *op, tide_Context *c, const tide_Value *v, tide_Tensor **out) {
  tide_Tensor *small[SMALL_INPUTS];
  tide_Call k;
  if (!prepare(&k, op, c, v, small)) return 0;
  k.out = out;
  k.nout = op->sig.outputs;
  for (int i = 0; i < k.nout; i++) out[i] = NULL;
  return door(&k);
}

tide_Tensor **tide__apply_list(const tide_Op *op, tide_Context *c, const tide_Value *v, int *count) {
  tide_Tensor *small[SMALL_INPUTS];
  tide_Call k;
  *count = 0;
  if (!prepare(&k, op, c, v, small)) return NULL;
  k.out = NULL;
  k.nout = 0;
  if (!door(&k)) return NULL;
  *count = k.nout;
  return k.out;
}

/* }========================================================= */


/* {======================== in place ======================== */

int tide__writable(tide_Tensor *t, int recording) {
  tide_Context *c = t->ctx;
  if (t->flags & T_NUMBER) { tide__fail(c, TIDE_EARG, "a number cannot be written in place"); return 0; }
  if (tide__overlaps_itself(t)) { tide__fail(c, TIDE_EARG, "several elements of the tensor share one place in memory (it was expanded); clone it before writing to it"); return 0; }
  if (t->flags & T_INFERENCE && !c->mode.inference) { tide__fail(c, TIDE_EGRAD, "an inference tensor cannot be changed in place outside inference mode; clone it first"); return 0; }
  if (!c->mode.grad) return 1;
  int tracks = tide__tracks(t);
  if (tracks < 0) return 0;
  if (tracks && (!t->node || t->node->flags & N_LEAF)) { tide__fail(c, TIDE_EGRAD, "a leaf tensor that requires grad cannot be changed in place"); return 0; }
  if (!t->base) return 1;
  tide_Tensor *b = t->base;
  if (b->rg && (!b->node || b->node->flags & N_LEAF)) { tide__fail(c, TIDE_EGRAD, "a view of a leaf tensor that requires grad cannot be changed in place"); return 0; }
  if (!tracks && !recording && !b->rg) return 1;
  if (t->view != VIEW_PLAIN) { tide__fail(c, TIDE_EGRAD, "this view cannot be changed in place: %s", view_text(t)); return 0; }
  return 1;
}

/* Commits: cannot fail. */
void tide__set_history(tide_Tensor *t, tide_Node *n, uint32_t output) {
  tide_Node *old = t->node;
  if (t->flags & T_RETAINS && old) move_retained(t, old, n, output);
  t->node = n;
  t->output = output;
  t->rg = 1;
  if (old) {
    if (old->flags & N_LEAF && old->leaf == t) old->leaf = NULL;
    tide__node_unref(old);
  }
}

/* The node for a base of which a view was written: gradients of the written part go through `inner`, the others stay. */
static tide_Node *copy_slices(tide_Tensor *view, tide_Node *inner) {
  tide_Tensor *base = view->base;
  tide_Context *c = base->ctx;
  int64_t offset = tide_storage_offset(view) - tide_storage_offset(base);
  uint32_t words = 2u * base->ndim + 2u * view->ndim, used = 0;
  for (uint32_t i = 1; i < inner->nin; i++) words += inner->e[i].ndim;
  tide_Node *n = tide__node_new(c, &tide__op_copy_slices, inner->nin, 1, 0, 5, words);
  if (!n) return NULL;
  tide__Extra *x = tide__node_extra(n);
  int64_t *shapes = tide__node_shapes(n);
  if (!x) goto fail;
  int tracks = tide__tracks(base);
  if (tracks < 0) goto fail;
  if (tracks && !tide__connect(&n->e[0], base, NULL, shapes, &used)) goto fail;
  for (uint32_t i = 1; i < inner->nin; i++) {
    tide__Edge *e = &n->e[i], *f = &inner->e[i];
    if (!f->node) continue;
    *e = *f;
    e->node->refs++;
    const int64_t *s = f->same ? view->shape : tide__node_shapes(inner) + f->shape;
    e->same = 0;
    e->shape = used;
    for (int d = 0; d < f->ndim; d++) shapes[used++] = s[d];
  }
  tide_Value *v = tide__node_values(n);
  v[0].t = NULL;
  memcpy(shapes + used, view->shape, 2 * sizeof(int64_t) * view->ndim);
  v[1] = (tide_Value){.ints = shapes + used, .n = view->ndim};
  v[2] = (tide_Value){.ints = shapes + used + view->ndim, .n = view->ndim};
  v[3] = (tide_Value){.i = offset};
  used += 2u * view->ndim;
  memcpy(shapes + used, tide__strides(base), sizeof(int64_t) * base->ndim);
  v[4] = (tide_Value){.ints = shapes + used, .n = base->ndim};
  inner->refs++;
  x->inner = inner;
  return n;
fail:
  tide__node_unref(n);
  return NULL;
}

int tide__rebase(tide_Tensor *t, tide_Node *node, uint32_t output) {
  if (!t->base) {
    if (!tide__make_room_to_retain(t, node)) { tide__node_unref(node); return 0; }
    tide__set_history(t, node, output);
    return 1;
  }
  tide_Node *outer = copy_slices(t, node);
  tide__node_unref(node);
  if (!outer) return 0;
  tide__set_history(t->base, outer, 0);
  return 1;
}

/* Copies y's values into x's memory, converting. */
static void overwrite(tide_Tensor *x, const tide_Tensor *y) {
  tide__copy(x->ndim, x->shape, x->dtype, x->data, tide__strides(x), y->dtype, y->data, tide__strides(y));
}

/* Takes over the geometry of y, a view of x's own memory (t_, squeeze_ ...). */
static int take_geometry(tide_Tensor *x, tide_Tensor *y) {
  int64_t *shape = x->dims;
  if (y->ndim > INLINE_DIMS && !(shape = tide__alloc(x->ctx, 2 * sizeof(int64_t) * y->ndim))) return 0;
  if (x->shape != x->dims) tide__free(x->ctx, x->shape, 2 * sizeof(int64_t) * x->ndim);
  x->shape = shape;
  x->ndim = y->ndim;
  memcpy(x->shape, y->shape, 2 * sizeof(int64_t) * y->ndim);
  x->data = y->data;
  tide__set_flags(x);
  return 1;
}

static int run_op(tide_Call *k) { return k->op->kind == OP_ROW ? tide__pointwise_run(k) : !k->op->run || k->op->run(k); }

/*
** x:op_(...) is y = op(x, ...), y's values copied into x, and y's history given to x; so every operator with a
** gradient has a right in-place form. Pointwise ones run straight into x's memory where nothing stands against it. What the
** formula saves of x is copied first, for the write destroys it.
*/
static tide_Tensor *inplace(tide_Call *k) {
  tide_Context *c = k->c;
  const tide_Op *op = k->op;
  tide_Tensor *x = k->in[0], *self = NULL, *out[1] = {NULL};
  tide_Scope scope = tide_scope(c);
  tide_Node *n = NULL, *outer = NULL;
  if (unlikely(c->code != TIDE_OK)) return NULL;
  if (tide__interrupted(c)) { tide__take_interrupt(c); return NULL; }
  if (x == TIDE_NONE) return tide__fail(c, TIDE_EARG, "there is no tensor to write to");
  for (int i = 1; i < k->nin; i++)
    if (unlikely(k->in[i] != TIDE_NONE && k->in[i]->ctx != c)) return tide__fail(c, TIDE_EARG, "tensors of two contexts");
  int tracks = c->mode.grad ? any_tracks(k) : 0;
  if (tracks < 0) return NULL;
  int recording = c->mode.grad && tracks && !op->not_differentiable;
  if (!tide__writable(x, recording)) return NULL;
  if (recording && !tide__is_float(x->dtype)) recording = 0;
  k->out = out;
  k->nout = 1;
  int mode = c->mode.grad;
  c->mode.grad = 0;                                       /* the node is made below, with the right inputs */
  int packing = recording && c->mode.pack != NULL;        /* a pack hook has to see the result: it is made first, beside x */
  k->direct = op->inplace == INPLACE_WRITE && !packing;
  for (int i = 1; k->direct && i < k->nin; i++) if (k->in[i] != TIDE_NONE && tide__overlap(x, k->in[i])) k->direct = 0;
  int ok = op->kind == OP_ROW ? tide__pointwise_infer(k) : op->infer(k);
  tide_Tensor *y = out[0];
  if (y == x) tide__release(x);                           /* written where it lies: no count is needed */
  if (ok && op->inplace != INPLACE_META) {
    if (!tide__same_shape(x, y)) ok = FAIL(k, TIDE_ESHAPE, "the result has sizes %s, the tensor to write %s", SHAPE_TEXT(y), SHAPE_TEXT(x));
    else if (!op->to_bool && tide__kind(y->dtype) > tide__kind(x->dtype)) ok = FAIL(k, TIDE_EDTYPE, "the result is %s, which the tensor to write, %s, cannot hold", tide_dtype_name(y->dtype), tide_dtype_name(x->dtype));
  }
  int direct = y == x || (ok && op->kind == OP_ROW && y->dtype == x->dtype && (!k->flat || (x->flags & T_DENSE && tide__same_geometry(x, y))));
  direct = direct && !packing;
  for (int i = 1; direct && op->kind == OP_ROW && i < k->nin; i++) if (k->in[i] != x && tide__overlap(x, k->in[i]) && !(k->in[i]->data == x->data && tide__same_geometry(k->in[i], x))) direct = 0;
  if (ok && recording) {
    uint32_t mask = 0;
    for (int i = 0; i < k->nin; i++) if (k->in[i] != TIDE_NONE && tide__tracks(k->in[i])) mask |= op->save[i < 3 ? i : 3];
    if (mask & IN(0)) {
      self = tide__new_like(c, x->dtype, x);
      ok = self && tide__own(c, self);
      if (ok) overwrite(self, x);
    }
  }
  if (ok && direct && y != x) { tide__release(y); out[0] = y = x; }
  if (ok && packing) ok = run_op(k);
  if (ok && recording) ok = (n = record(k, self, direct)) != NULL;
  if (ok && n) n->flags |= N_INPLACE;
  if (ok && n && x->base && op->inplace != INPLACE_META) ok = (outer = copy_slices(x, n)) != NULL;
  if (ok && n && !x->base) ok = tide__make_room_to_retain(x, n);
  if (ok && !packing) ok = run_op(k);
  if (ok && op->inplace == INPLACE_META) ok = take_geometry(x, y);
  c->mode.grad = (uint8_t)mode;
  if (ok) {
    if (op->inplace != INPLACE_META && !direct) overwrite(x, y);
    x->counter->version++;                                /* (a view whose geometry changed is taken out of its base anew) */
    if (outer) { tide__set_history(x->base, outer, 0); outer = NULL; }
    else if (n && !x->base) { tide__set_history(x, n, 0); n = NULL; }
  }
  if (outer) tide__node_unref(outer);
  if (n) tide__node_unref(n);
  if (y && y != x) tide__release(y);
  tide_close(c, scope, NULL);
  return ok ? x : NULL;
}

tide_Tensor *tide__inplace(const tide_Op *op, tide_Context *c, const tide_Value *v) {
  tide_Tensor *small[SMALL_INPUTS];
  tide_Call k;
  if (!prepare(&k, op, c, v, small)) return NULL;
  const char *outer = enter(&k);
  tide_Tensor *x = inplace(&k);
  k.c->name = outer;
  return x;
}

/* A copy of x that stands for it in the graph. */
static tide_Tensor *stand_in(tide_Tensor *x) {
  tide_Tensor *t = tide__new_like(x->ctx, x->dtype, x);
  if (!t || !tide__own(x->ctx, t)) return NULL;
  overwrite(t, x);
  int tracks = x->ctx->mode.grad ? tide__tracks(x) : 0;
  if (tracks <= 0) return tracks < 0 ? NULL : t;
  tide_Node *n = tide__edge(x, &t->output);
  if (!n) return NULL;
  n->refs++;
  t->node = n;
  t->rg = 1;
  return t;
}

/* y = op(a copy of x, ...); then x takes y's values and, where it is no view, y's place in the graph: the node has op's own name. */
static tide_Tensor *inplace_composite(const tide_Op *op, tide_Context *c, const tide_Value *v, tide_Tensor *x) {
  tide_Value w[16];
  tide_Tensor *out[1] = {NULL}, **list;
  int count, recording;
  memcpy(w, v, (size_t)op->sig.nparams * sizeof *w);
  if (!tide__writable(x, 0) || !(w[0].t = stand_in(x)) || !op->thunk(c, w, out, &count, &list)) return NULL;
  tide_Tensor *y = out[0];
  recording = c->mode.grad && tide__is_float(x->dtype) ? tide__tracks(y) : 0;
  if (recording < 0 || !tide__writable(x, recording)) return NULL;
  if (!recording || x->base || y->dtype != x->dtype || !tide__same_shape(x, y)) {
    const tide_Value put[] = {{.t = x}, {.t = y}};
    if (!tide__same_shape(x, y)) return tide__fail(c, TIDE_ESHAPE, "the result has sizes %s, the tensor to write %s", SHAPE_TEXT(y), SHAPE_TEXT(x));
    if (tide__kind(y->dtype) > tide__kind(x->dtype)) return tide__fail(c, TIDE_EDTYPE, "the result is %s, which the tensor to write, %s, cannot hold", tide_dtype_name(y->dtype), tide_dtype_name(x->dtype));
    return tide__inplace(&tide__op_copy, c, put);
  }
  uint32_t output;
  tide_Node *n = tide__edge(y, &output);
  if (!n || !tide__make_room_to_retain(x, n)) return NULL;
  overwrite(x, y);
  x->counter->version++;
  n->refs++;
  tide__set_history(x, n, output);
  return x;
}

tide_Tensor *tide__inplace_composite(const tide_Op *op, tide_Context *c, const tide_Value *v) {
  tide_Tensor *x = v[0].t;
  if (!x || c->code != TIDE_OK) return NULL;
  const char *outer = c->name;
  if (!outer) c->name = op->sig.name;
  tide_Scope scope = tide_scope(c);
  x = inplace_composite(op, c, v, x);
  tide_close(c, scope, NULL);
  c->name = outer;
  return x;
}

/* }========================================================= */
