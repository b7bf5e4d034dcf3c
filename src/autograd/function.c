/*
** Functions with a derivative of the caller's own (tide_function), and what they save.
**
** Whatever can fail comes first: the checks, the node with its edges, aliases of inputs that are returned as they are, the saved
** values. Only then do outputs get their history.
*/
#include "ops/op.h"

typedef struct Job {
  tide_Context *c;
  const tide_Function *f;
  int nin, nout, recording;
  tide_Tensor *const *in;
  tide_Tensor **out;
  uint64_t dirty, nondifferentiable;
} Job;


/* {======================== backward ======================== */

/* May `t` be summed to the sizes of input i? */
static int fits(const tide_Node *n, uint32_t i, const tide_Tensor *t) {
  const tide__Edge *e = &n->e[i];
  const int64_t *shape = tide__node_shapes(n) + e->shape;
  int lead = t->ndim - e->ndim;
  if (lead >= 0) {
    int d = 0;
    while (d < e->ndim && (t->shape[lead + d] == shape[d] || shape[d] == 1)) d++;
    if (d == e->ndim) return 1;
  }
  tide__fail(n->ctx, TIDE_ESHAPE, "%s gave a gradient of sizes %s for input %lld of sizes %s", tide_node_name(n), SHAPE_TEXT(t), tide__shown(n->ctx, i),
             SIZES_TEXT(e->ndim, shape));
  return 0;
}

static int function_vjp(tide_Node *n, tide_Tensor *const *g, tide_Tensor **gi, const uint8_t *want) {
  tide__Extra *x = n->extra;
  tide_Tensor **full = (tide_Tensor **)g;
  if (x->f.materialize) {
    if (!(full = tide__scratch(n->ctx, n->nout * sizeof *full))) return 0;
    for (uint32_t i = 0; i < n->nout; i++) {
      int ndim, dtype;
      const int64_t *shape = tide__output_shape(n, (int)i, &ndim, &dtype);
      full[i] = g[i] == TIDE_NONE ? tide_zeros(n->ctx, shape, ndim, dtype) : g[i];
      if (!full[i]) return 0;
    }
  }
  for (uint32_t i = 0; i < n->nin; i++) gi[i] = TIDE_NONE;
  int ok = x->f.vjp(x->arg, n, (int)n->nout, full, (int)n->nin, gi);
  for (uint32_t i = 0; ok && i < n->nin; i++) ok = gi[i] != NULL && (gi[i] == TIDE_NONE || !want[i] || fits(n, i, gi[i]));
  if (!ok && n->ctx->code == TIDE_OK) tide_fail(n->ctx, TIDE_ECALLBACK, "%s failed", tide_node_name(n));
  return ok;
}

static const tide_Op op_function = {.sig = {.id = "function", .name = "function", .outputs = 1}, .kind = OP_RECORD, .vjp = function_vjp, .takes_none = 1};

/* }========================================================= */


/* {======================== a call ======================== */

static int find(const tide_Tensor *t, int n, tide_Tensor *const *list) {
  while (n-- > 0) if (list[n] == t) return n;
  return -1;
}

static int is_dirty(const Job *j, const tide_Tensor *t) {
  int i = find(t, j->nin < 64 ? j->nin : 64, j->in);
  return i >= 0 && j->dirty >> i & 1;
}

static int is_absent(const tide_Tensor *t) { return !t || t == TIDE_NONE; }

/* Does output o get a history? */
static int is_differentiable(const Job *j, int o) {
  return j->recording && tide__is_float(j->out[o]->dtype) && !(o < 64 && j->nondifferentiable >> o & 1);
}

/* Is there anything to record? -1: failed. */
static int wants_node(const Job *j) {
  int tracks = 0;
  if (!j->c->mode.grad) return 0;
  for (int i = 0; !tracks && i < j->nin; i++) if (!is_absent(j->in[i])) tracks = tide__tracks(j->in[i]);
  return tracks;
}

static int check_dirty(const Job *j) {
  for (int i = 0; i < j->nin && i < 64; i++) {
    tide_Tensor *t = j->in[i];
    if (is_absent(t) || !(j->dirty >> i & 1)) continue;
    int o = find(t, j->nout, j->out);
    if (o < 0) { tide__fail(j->c, TIDE_EGRAD, "input %lld was changed in place, but is not among the outputs", tide__shown(j->c, i)); return 0; }
    if (!is_differentiable(j, o)) continue;
    if (!tide__writable(t, 1)) return 0;
    if (t->base && j->nout > 1) { tide__fail(j->c, TIDE_EGRAD, "a view can be changed in place only by a function with one output"); return 0; }
  }
  return 1;
}

/* An input that is returned as it is becomes a view of it, which may not be written. */
static tide_Tensor *view_of(tide_Tensor *t) {
  tide_Tensor *v = tide__alias(t, t->ndim, t->shape, tide__strides(t), 0);
  if (!v || v->flags & T_INFERENCE) return v ? tide__own(t->ctx, v) : NULL;
  v->base = tide__retain(t->base ? t->base : t);
  v->seen = tide__version(v);
  return tide__own(t->ctx, v);
}

static int prepare_outputs(Job *j) {
  for (int o = 0; o < j->nout; o++) {
    tide_Tensor *t = j->out[o];
    if (is_absent(t) || find(t, j->nin, j->in) < 0) continue;
    int tracks = tide__tracks(t);
    if (tracks < 0) return 0;
    if (!is_differentiable(j, o) && tracks) j->out[o] = tide_detach(t);
    else if (!is_dirty(j, t)) j->out[o] = view_of(t);
    if (!j->out[o]) return 0;
  }
  return 1;
}

/* Saves a value; a write that is still to be counted counts already. */
static int save(Job *j, tide__CustomSaved *s, tide_Tensor *v) {
  if (v->flags & T_INFERENCE) { tide__fail(j->c, TIDE_EGRAD, "an inference tensor cannot be saved for backward; clone it first"); return 0; }
  uint32_t which = 0;
  int o = find(v, j->nout, j->out);
  if (o < 0) {
    int tracks = tide__tracks(v);
    if (tracks < 0 || (tracks && !(s->node = tide__edge(v, &s->output)))) return 0;
    if (s->node) s->node->refs++;
  }
  else if (is_differentiable(j, o)) {                      /* its history is the node, which does not count itself */
    which = SAVED_OUTPUT;
    s->output = (uint32_t)o;
  }
  return tide__save_value(j->c, &s->value, v, which, tide__version(v) + (uint32_t)is_dirty(j, v));
}

static int save_all(Job *j, tide__Extra *x) {
  int n = j->f->nsaved;
  if (!n) return 1;
  if (!(x->saved = tide__alloc(j->c, (size_t)n * sizeof *x->saved))) return 0;
  memset(x->saved, 0, (size_t)n * sizeof *x->saved);
  x->nsaved = n;
  for (int i = 0; i < n; i++) if (!is_absent(j->f->saved[i]) && !save(j, &x->saved[i], j->f->saved[i])) return 0;
  return 1;
}

/* The node, complete but for being anybody's history; arg is its own as soon as N_CUSTOM is set. */
static tide_Node *make_node(Job *j, void *arg) {
  uint32_t words = (uint32_t)j->nout * OUTPUT_WORDS, used = 0;
  for (int i = 0; i < j->nin; i++) if (!is_absent(j->in[i])) words += j->in[i]->ndim;
  tide_Node *n = tide__node_new(j->c, &op_function, (uint32_t)j->nin, (uint32_t)j->nout, 0, 0, words);
  tide__Extra *x = n ? tide__node_extra(n) : NULL;
  size_t size = strlen(j->f->name) + 1;
  if (!x || !(x->name = tide__alloc(j->c, size))) goto fail;
  memcpy(x->name, j->f->name, size);
  for (int i = 0; i < j->nin; i++)
    if (!is_absent(j->in[i]) && tide__tracks(j->in[i]) && !tide__connect(&n->e[i], j->in[i], NULL, tide__node_shapes(n), &used)) goto fail;
  for (int o = 0; o < j->nout; o++) {
    if (is_absent(j->out[o])) continue;
    tide__note_output(n, o, j->out[o]);
    if (!tide__make_room_to_retain(j->out[o], n)) goto fail;
  }
  if (!save_all(j, x) || (j->c->mode.anomaly && !tide__save_trace(j->c, n))) goto fail;
  x->f = *j->f;
  x->f.nsaved = 0;
  x->f.saved = NULL;
  x->arg = arg;
  n->flags |= N_CUSTOM;
  return n;
fail:
  if (n) tide__node_unref(n);
  return NULL;
}

/* Gives output o its history, or takes away what it should not have. Fails only for a view that was changed in place, which is the one output. */
static int commit_output(Job *j, tide_Node *n, int o) {
  tide_Tensor *t = j->out[o];
  if (is_absent(t)) return 1;
  int dirty = is_dirty(j, t);
  if (!is_differentiable(j, o)) {
    if (!dirty && t->rg && !t->base && find(t, j->nin, j->in) < 0) tide_detach_(t);
  }
  else {
    n->refs++;
    if (dirty && t->base) { if (!tide__rebase(t, n, (uint32_t)o)) return 0; }
    else {
      tide__set_history(t, n, (uint32_t)o);
      if (t->base) t->seen = tide__version(t);
    }
    if (dirty) tide_set_grad(t, NULL);
  }
  if (dirty) t->counter->version++;
  else if (t->base) t->view = VIEW_CUSTOM;
  return 1;
}

static int call(Job *j, void *arg, int *taken) {
  tide_Node *n = NULL;
  int tracks = wants_node(j), ok = 1;
  if (tracks < 0) return 0;
  j->recording = tracks;
  if (!check_dirty(j) || !prepare_outputs(j)) return 0;
  if (j->recording && j->c->mode.pack && !(tide__hold_all(j->c, j->nin, j->in) && tide__hold_all(j->c, j->nout, j->out))) return 0;
  if (j->recording && !(n = make_node(j, arg))) return 0;
  *taken = n != NULL;
  for (int o = 0; ok && o < j->nout; o++) ok = commit_output(j, n, o);
  if (n) tide__node_unref(n);
  return ok;
}

int tide_function(tide_Context *c, const tide_Function *function, void *arg, int nin, tide_Tensor *const *inputs, int nout, tide_Tensor **outputs, uint64_t dirty,
                  uint64_t nondifferentiable) {
  tide_Function f = {0};
  memcpy(&f, function, function->size < sizeof f ? function->size : sizeof f);
  Job j = {.c = c, .f = &f, .nin = nin, .nout = nout, .in = inputs, .out = outputs, .dirty = dirty, .nondifferentiable = nondifferentiable};
  int taken = 0;
  const char *outer = c->name;
  if (!outer) c->name = f.name;
  int ok = call(&j, arg, &taken);
  c->name = outer;
  if (!taken && f.release) f.release(arg);
  return ok;
}

/* }========================================================= */


void *tide_node_arg(const tide_Node *n) { return n->flags & N_CUSTOM && n->extra ? n->extra->arg : NULL; }

int tide_node_saved_count(const tide_Node *n) { return n->extra ? n->extra->nsaved : 0; }

tide_Tensor *tide_node_saved(tide_Node *n, int i) {
  tide__Extra *x = n->extra;
  if (!x || i < 0 || i >= x->nsaved) return tide__fail(n->ctx, TIDE_EARG, "%s has no saved value %lld", tide_node_name(n), tide__shown(n->ctx, i));
  tide__CustomSaved *s = &x->saved[i];
  if (!s->value.cell && !(n->flags & N_FREED)) return TIDE_NONE;
  return tide__unpack(n, &s->value, s->value.which == SAVED_OUTPUT ? n : s->node, s->output, 1);
}
