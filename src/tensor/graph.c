/* Nodes: one block each, freed in a loop. */
#include "tensor/graph.h"

#define CLASS_STEP 32

tide_Node *tide__node_new(tide_Context *c, const tide_Op *op, uint32_t nin, uint32_t nout, uint32_t nsaved, uint32_t values, uint32_t shapes) {
  uint32_t saved_at = (uint32_t)(sizeof(tide_Node) + nin * sizeof(tide__Edge));
  uint32_t grads_at = saved_at + nsaved * (uint32_t)sizeof(tide__Saved);
  uint32_t values_at = grads_at + (nout > 1 ? nout * (uint32_t)sizeof(tide_Tensor *) : 0);
  uint32_t shapes_at = values_at + values * (uint32_t)sizeof(tide_Value);
  uint32_t size = shapes_at + shapes * (uint32_t)sizeof(int64_t), k = (size + CLASS_STEP - 1) / CLASS_STEP;
  tide_Node *n = likely(k < TIDE_NODE_CLASSES) ? tide__object_new(c, &c->free_node[k], k * CLASS_STEP) : tide__alloc(c, size);
  if (unlikely(!n)) return NULL;
  n->op = op;
  n->ctx = c;
  n->refs = 1;
  n->flags = 0;
  n->size_class = (uint8_t)(k < TIDE_NODE_CLASSES ? k : 0);
  n->nsaved = (uint16_t)nsaved;
  n->nin = nin;
  n->nout = nout;
  n->seq = c->sequence++;
  n->saved_at = saved_at;
  n->grads_at = grads_at;
  n->values_at = values_at;
  n->shapes_at = shapes_at;
  n->size = size;
  n->extra = NULL;
  n->leaf = NULL;
  n->run = 0;
  n->link = NULL;
  n->g = NULL;
  for (uint32_t i = 0; i < nin; i++) n->e[i].node = NULL;
  if (nout > 1) memset(tide__at(n, grads_at), 0, nout * sizeof(tide_Tensor *));
  if (nsaved) memset(tide__at(n, saved_at), 0, nsaved * sizeof(tide__Saved));
  c->stats.nodes++;
  return n;
}

static void free_saved_value(tide_Context *c, tide__Saved *s) {
  if (!s->cell) return;
  if (s->is_packed) {
    tide__Packed *p = s->packed;
    s->packed = NULL;
    if (p->release) p->release(p->value);
    tide__free(c, p, sizeof *p);
  }
  else { tide_Tensor *t = s->cell; s->cell = NULL; tide__unpin(t); }
}

void tide__node_free_saved(tide_Node *n) {
  tide__Saved *s = tide__node_saved(n);
  for (uint32_t i = 0; i < n->nsaved; i++) free_saved_value(n->ctx, &s[i]);
  tide__Extra *x = n->extra;
  if (unlikely(x != NULL)) {
    for (int i = 0; i < x->nsaved; i++) {
      free_saved_value(n->ctx, &x->saved[i].value);
      tide_Node *m = x->saved[i].node;
      x->saved[i].node = NULL;
      if (m) tide__node_unref(m);
    }
    tide_Node *inner = x->inner;                              /* its output, saved, may have made it a node of its own in another graph */
    x->inner = NULL;
    if (inner) tide__node_unref(inner);
  }
  n->flags |= N_FREED;
}

static void free_extra(tide_Node *n) {
  tide_Context *c = n->ctx;
  tide__Extra *x = n->extra;
  n->extra = NULL;
  for (tide__Hook *h = x->hooks, *next; h; h = next) {
    next = h->next;
    if (h->release && !h->removed) h->release(h->arg);
    tide__free(c, h, sizeof *h);
  }
  for (tide__Retained *r = x->retained, *next; r; r = next) { next = r->next; tide__free(c, r, sizeof *r); }
  if (x->trace) tide__free(c, x->trace, strlen(x->trace) + 1);
  if (x->saved) tide__free(c, x->saved, (size_t)x->nsaved * sizeof *x->saved);
  if (x->inner) tide__node_unref(x->inner);
  if (n->flags & N_CUSTOM && x->f.release) x->f.release(x->arg);
  if (x->name) tide__free(c, x->name, strlen(x->name) + 1);
  tide__free(c, x, sizeof *x);
}

static void free_node(tide_Node *n) {
  tide_Context *c = n->ctx;
  tide_Tensor **g = tide__node_grads(n);
  if (!(n->flags & N_FREED)) tide__node_free_saved(n);
  for (uint32_t i = 0; i < n->nout; i++) if (unlikely(g[i] != NULL)) tide__release(g[i]);
  if (unlikely(n->flags & N_WATCHED) && c->node_died) c->node_died(c->node_died_arg, n);
  for (uint32_t i = 0; i < n->nin; i++) if (n->e[i].node) tide__node_unref(n->e[i].node);
  if (unlikely(n->extra != NULL)) free_extra(n);
  c->stats.nodes--;
  if (likely(n->size_class)) tide__object_free(c, &c->free_node[n->size_class], n, (size_t)n->size_class * CLASS_STEP);
  else tide__free(c, n, n->size);
}

/* The count of n is 0. Whatever dies of its death waits in the list. */
void tide__node_die(tide_Node *n) {
  tide_Context *c = n->ctx;
  n->link = c->dying;
  c->dying = n;
  if (c->draining) return;
  c->draining = 1;
  while ((n = c->dying) != NULL) { c->dying = n->link; free_node(n); }
  c->draining = 0;
  if (unlikely(c->closed)) tide__context_unref(c);
}

tide__Extra *tide__node_extra(tide_Node *n) {
  if (!n->extra) {
    tide__Extra *x = tide__alloc(n->ctx, sizeof *x);
    if (!x) return NULL;
    memset(x, 0, sizeof *x);
    n->extra = x;
  }
  return n->extra;
}

tide_Node *tide__accumulator(tide_Tensor *t) {
  if (likely(t->node != NULL)) return t->node;
  tide_Node *n = tide__node_new(t->ctx, &tide__op_accumulate, 0, 1, 0, 0, 0);
  if (!n) return NULL;
  n->flags = N_LEAF;
  n->leaf = t;
  return t->node = n;
}

void tide__forget_retained(tide_Node *n, tide_Tensor *t) {
  if (!n->extra) return;
  for (tide__Retained **p = &n->extra->retained; *p; p = &(*p)->next)
    if ((*p)->t == t) { tide__Retained *r = *p; *p = r->next; tide__free(n->ctx, r, sizeof *r); return; }
}

tide_Node *tide_node_keep(tide_Node *n) { if (n) n->refs++; return n; }
void tide_node_release(tide_Node *n) { if (n) tide__node_unref(n); }
int tide_node_inputs(const tide_Node *n) { return (int)n->nin; }
int tide_node_outputs(const tide_Node *n) { return (int)n->nout; }
tide_Tensor *tide_node_variable(const tide_Node *n) { return n->flags & N_LEAF ? n->leaf : NULL; }
uint64_t tide_node_sequence(const tide_Node *n) { return n->seq; }
tide_Context *tide_node_context(const tide_Node *n) { return n->ctx; }
int tide_node_handles(const tide_Node *n) { return n->refs; }
void tide_node_watch(tide_Node *n) { n->flags |= N_WATCHED; }

tide_Node *tide_node_next(const tide_Node *n, int i, int *output_nr) {
  if (i < 0 || (uint32_t)i >= n->nin) return NULL;
  if (output_nr) *output_nr = (int)n->e[i].output;
  return n->e[i].node;
}

/* Removed hooks stay while a pass may be walking the list. */
static void drop_removed(tide_Node *n) {
  if (n->ctx->run) return;
  for (tide__Hook **p = &n->extra->hooks; *p;) {
    tide__Hook *h = *p;
    if (!h->removed) { p = &h->next; continue; }
    *p = h->next;
    tide__free(n->ctx, h, sizeof *h);
  }
}

int tide_hook(tide_Node *n, int kind, int output, tide_HookFunction f, void *arg, void (*release)(void *)) {
  tide__Extra *x = tide__node_extra(n);
  tide__Hook *h = x ? tide__alloc(n->ctx, sizeof *h) : NULL;
  if (!h) return 0;
  *h = (tide__Hook){NULL, ++x->last_hook, kind, output, 0, f, arg, release};
  drop_removed(n);
  tide__Hook **p = &x->hooks;
  while (*p) p = &(*p)->next;
  *p = h;
  return h->id;
}

void tide_unhook(tide_Node *n, int id) {
  for (tide__Hook *h = n->extra ? n->extra->hooks : NULL; h; h = h->next)
    if (h->id == id && !h->removed) {
      h->removed = 1;
      if (h->release) h->release(h->arg);
      drop_removed(n);
      return;
    }
}
