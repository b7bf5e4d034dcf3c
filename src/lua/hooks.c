/*
** Hooks: x:register_hook, x:register_post_accumulate_grad_hook, node:register_hook, node:register_prehook.
**
** The function of a hook on a leaf (or on its AccumulateGrad node) stands among the extras of the leaf's box, so that the collector sees
** cycles through it: a hook may refer to its own leaf. That of a hook on another node is anchored while the node lives.
*/
#include <stdlib.h>

#include "lua/modes.h"

typedef struct Hook {
  Held head;
  tide_Node *node;              /* NULL: removed, or the node is dead */
  const tide_Tensor *leaf;      /* whose box has the function (not to be followed), or NULL */
  int id, kind, refs;           /* refs: C's record, handles, a call under way */
} Hook;

typedef struct Handle { Hook *h; } Handle;


/* {======================== where the function stands ======================== */

static int has_function(lua_State *L, const Hook *h) {
  if (!lua_istable(L, -1)) return 0;
  int has = lua_rawgetp(L, -1, h) != LUA_TNIL;
  lua_pop(L, 1);
  return has;
}

/* Pushes the extras of the leaf's box: 1, or 0 and nothing. */
static int push_known_extras(lua_State *L, const Hook *h) {
  State *S = h->head.S;
  int top = lua_gettop(L);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->extras);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->identity);
  if (lua_rawgetp(L, -1, h->leaf) != LUA_TNIL) lua_rawget(L, top + 1);
  int ok = has_function(L, h);
  if (ok) lua_replace(L, top + 1);
  lua_settop(L, top + ok);
  return ok;
}

/* The same. A box whose finalizer is due has lost its identity already: it is looked for. */
static int push_leaf_extras(lua_State *L, const Hook *h) {
  int top = lua_gettop(L), ok = push_known_extras(L, h);
  if (ok) return 1;
  lua_rawgeti(L, LUA_REGISTRYINDEX, h->head.S->extras);
  lua_pushnil(L);
  while (!ok && lua_next(L, top + 1)) {
    ok = has_function(L, h);
    if (ok) lua_replace(L, top + 1); else lua_pop(L, 1);
  }
  lua_settop(L, top + ok);
  return ok;
}

/* The function: 1, or 0 if it is gone with its leaf. */
static int push_function(lua_State *L, Hook *h) {
  if (!h->leaf) tide__push_held(L, &h->head);
  else {
    if (!push_leaf_extras(L, h)) return 0;
    lua_rawgetp(L, -1, h);
    lua_remove(L, -2);
  }
  return !lua_isnil(L, -1);
}

static void unref(Hook *h) { if (--h->refs == 0) tide__let_go(&h->head); }

/* Takes the function out of its leaf's extras. Allocates nothing. */
static void forget_function(lua_State *L, const Hook *h, int push(lua_State *, const Hook *)) {
  if (!h->leaf || !lua_checkstack(L, 6) || !push(L, h)) return;
  lua_pushnil(L);
  lua_rawsetp(L, -2, h);
  lua_pop(L, 1);
}

/* C lets go: the node dies, or the hook was removed. (A box that is not known any more takes its functions with it.) */
static void released(void *arg) {
  Hook *h = arg;
  h->node = NULL;
  if (h->head.S) forget_function(h->head.S->main, h, push_known_extras);
  unref(h);
}

/* }========================================================= */


/* {======================== being called ======================== */

typedef struct Job { Hook *h; tide_Node *node; int n, nalso; tide_Tensor **g; tide_Tensor *const *also; } Job;

/* A list as table.pack makes it. */
static void push_gradients(lua_State *L, State *S, int n, tide_Tensor *const *g) {
  lua_createtable(L, n, 1);
  for (int i = 0; i < n; i++) { tide__push_gradient(L, S, g[i]); lua_rawseti(L, -2, i + 1); }
  lua_pushinteger(L, n);
  lua_setfield(L, -2, "n");
}

/* The list of n gradients (nil and false for none) at the top. */
static void take_gradients(lua_State *L, State *S, const char *what, int n, tide_Tensor **g) {
  int list = lua_gettop(L);
  if (n == 1 && tide__test_box(L, list)) { g[0] = tide__take_gradient(L, S, list, what); return; }
  if (!lua_istable(L, list)) { tide__error(L, S, "%s: the hook has to give a list of %d gradients or nil, got %s", what, n, tide__typename(L, list)); return; }
  lua_Integer count = lua_getfield(L, list, "n") == LUA_TNUMBER ? lua_tointeger(L, -1) : -1;
  if (count < 0) count = (lua_Integer)lua_rawlen(L, list) > n ? (lua_Integer)lua_rawlen(L, list) : n;
  if (count != n) { tide__error(L, S, "%s: the hook has to give a list of %d gradients or nil, its list has %d", what, n, (int)count); return; }
  for (int i = 0; i < n; i++) {
    lua_rawgeti(L, list, i + 1);
    g[i] = tide__take_gradient(L, S, -1, what);
    lua_pop(L, 1);
  }
}

static int call_function(lua_State *L) {
  Job *job = lua_touserdata(L, 1);
  Hook *h = job->h;
  State *S = h->head.S;
  int arguments = 1;
  if (!push_function(L, h)) return 0;
  switch (h->kind) {
    case TIDE_HOOK_TENSOR: tide__push_gradient(L, S, job->g[0]); break;
    case TIDE_HOOK_ACCUMULATED: tide__push_identity(L, S, job->g[0]); break;
    case TIDE_HOOK_PRE: push_gradients(L, S, job->n, job->g); break;
    default:
      push_gradients(L, S, job->n, job->g);
      push_gradients(L, S, job->nalso, job->also);
      arguments = 2;
  }
  lua_call(L, arguments, 1);
  if (lua_isnil(L, -1) || h->kind == TIDE_HOOK_ACCUMULATED) return 0;
  if (h->kind == TIDE_HOOK_TENSOR) job->g[0] = tide__take_gradient(L, S, -1, "register_hook: the hook's result");
  else take_gradients(L, S, h->kind == TIDE_HOOK_PRE ? "register_prehook" : "register_hook", job->n, job->g);
  return 0;
}

static int called(void *arg, tide_Node *node, int n, tide_Tensor **g, int nalso, tide_Tensor *const *also) {
  Job job = {arg, node, n, nalso, g, also};
  if (!job.h->head.S) return 1;
  job.h->refs++;
  int ok = tide__callback(job.h->head.S, call_function, &job);
  unref(job.h);
  return ok;
}

/* }========================================================= */


/* {======================== handles ======================== */

static int handle_gc(lua_State *L) {
  Handle *handle = luaL_testudata(L, 1, "tide.handle");
  if (!handle) return 0;
  Hook *h = handle->h;
  handle->h = NULL;
  if (h) unref(h);
  return 0;
}

/* handle:remove(), and the end of `local h <close>`. May be called again. */
static int handle_remove(lua_State *L) {
  State *S = STATE(L);
  Handle *handle = luaL_testudata(L, 1, "tide.handle");
  if (!handle) return tide__error(L, S, "remove: a hook's handle is expected, got %s", tide__typename(L, 1));
  Hook *h = handle->h;
  if (!h) return 0;
  forget_function(L, h, push_leaf_extras);
  S->L = L;
  if (h->node) tide_unhook(h->node, h->id);
  return handle_gc(L);
}

/* Will the node of the hook run in the pass under way, or has it? (core.takes_part(handle)) */
static int takes_part(lua_State *L) {
  Handle *handle = luaL_testudata(L, 1, "tide.handle");
  lua_pushboolean(L, handle && handle->h && handle->h->node && tide_node_takes_part(handle->h->node));
  return 1;
}

/* core.pass(): the number of the backward pass under way, nil for none */
static int pass(lua_State *L) {
  uint32_t id = tide_pass(STATE(L)->c);
  if (id) lua_pushinteger(L, id); else lua_pushnil(L);
  return 1;
}

/* }========================================================= */


/* {======================== registering ======================== */

/* Registers the function at 2; leaves its handle. */
static int add(lua_State *L, State *S, const char *name, tide_Node *node, int kind, int output) {
  if (!tide__is_callable(L, 2)) return tide__error(L, S, "%s: argument 1 ('hook'): a function expected, got %s", name, tide__typename(L, 2));
  lua_settop(L, 2);
  tide_Tensor *leaf = tide_node_variable(node);
  Handle *handle = compat_newuserdata(L, sizeof *handle);
  handle->h = NULL;
  luaL_setmetatable(L, "tide.handle");
  if (leaf) {
    tide__push_identity(L, S, leaf);
    tide__push_extras(L, S, -1, 1);
    lua_pushboolean(L, 1);                                   /* what is anchored then says nothing */
  }
  else lua_pushvalue(L, 2);
  Hook *h = tide__hold(L, S, sizeof *h);
  h->node = node;
  h->leaf = leaf;
  h->kind = kind;
  if (leaf) {
    lua_pushvalue(L, 2);
    lua_rawsetp(L, -2, h);
  }
  S->L = L;
  h->refs = 2;
  h->head.owned = 1;
  h->id = tide_hook(node, kind, output, called, h, released);
  if (!h->id) {
    forget_function(L, h, push_known_extras);
    tide__let_go(&h->head);
    return tide__raise(L, S);
  }
  handle->h = h;
  lua_settop(L, 3);
  return 1;
}

/* The node to which t's gradient goes. */
static tide_Node *edge_of(lua_State *L, State *S, const char *name, int *output) {
  tide_Tensor *t = tide__check(L, S, 1, name, "self");
  if (!tide_requires_grad(t)) { tide__error(L, S, "%s: the tensor does not require grad", name); return NULL; }
  tide__enter(L, S);
  tide_Node *n = tide_gradient_edge(t, output);
  if (!n) tide__raise(L, S);
  return n;
}

/* x:register_hook(fn(grad)) */
static int tensor_hook(lua_State *L) {
  State *S = STATE(L);
  int output = 0;
  tide_Node *n = edge_of(L, S, "register_hook", &output);
  return add(L, S, "register_hook", n, TIDE_HOOK_TENSOR, output);
}

/* x:register_post_accumulate_grad_hook(fn(x)) */
static int post_accumulate_hook(lua_State *L) {
  State *S = STATE(L);
  const char *name = "register_post_accumulate_grad_hook";
  tide_Node *n = edge_of(L, S, name, NULL);
  if (!tide_node_variable(n)) return tide__error(L, S, "%s: only a leaf accumulates its gradient", name);
  return add(L, S, name, n, TIDE_HOOK_ACCUMULATED, 0);
}

static tide_Node *check_node(lua_State *L, State *S, const char *name) {
  tide_Node *n = tide__test_node(L, 1);
  if (!n) tide__error(L, S, "%s: a node is expected, got %s", name, tide__typename(L, 1));
  return n;
}

/* node:register_hook(fn(grad_inputs, grad_outputs)) */
static int node_hook(lua_State *L) {
  State *S = STATE(L);
  return add(L, S, "register_hook", check_node(L, S, "register_hook"), TIDE_HOOK_POST, 0);
}

/* node:register_prehook(fn(grad_outputs)) */
static int node_prehook(lua_State *L) {
  State *S = STATE(L);
  return add(L, S, "register_prehook", check_node(L, S, "register_prehook"), TIDE_HOOK_PRE, 0);
}

/* core.gradient_edge(x): the node to which x's gradient goes, and which of its outputs it is (from 1) */
static int gradient_edge(lua_State *L) {
  State *S = STATE(L);
  int output = 0;
  tide_Node *n = edge_of(L, S, "get_gradient_edge", &output);
  tide__push_node(L, S, n);
  lua_pushinteger(L, output + 1);
  return 2;
}

/* }========================================================= */

void tide__open_hooks(lua_State *L, State *S, int module) {
  static const luaL_Reg tensor_methods[] = {{"register_hook", tensor_hook}, {"register_post_accumulate_grad_hook", post_accumulate_hook}, {NULL, NULL}};
  static const luaL_Reg node_methods[] = {{"register_hook", node_hook}, {"register_prehook", node_prehook}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"takes_part", takes_part}, {"pass", pass}, {"gradient_edge", gradient_edge}, {NULL, NULL}};
  static const luaL_Reg handle_methods[] = {{"remove", handle_remove}, {NULL, NULL}};
  static const luaL_Reg handle_events[] = {{"__gc", handle_gc}, {"__close", handle_remove}, {NULL, NULL}};
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->methods);
  tide__register(L, S, -1, tensor_methods);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->node_mt);
  lua_getfield(L, -1, "methods");
  tide__register(L, S, -1, node_methods);
  tide__register(L, S, module, functions);
  luaL_newmetatable(L, "tide.handle");             /* (there already if tide was opened before) */
  tide__register(L, S, -1, handle_events);
  lua_newtable(L);
  tide__register(L, S, -1, handle_methods);
  lua_setfield(L, -2, "__index");
  lua_pushliteral(L, "hook handle");
  lua_setfield(L, -2, "__name");
  lua_pop(L, 4);
}
