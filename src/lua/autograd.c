/*
** backward, grad, and what a tensor knows of differentiation.
*/
#include "lua/modes.h"

#define MAX_LIST 64             /* longer lists of tensors go to a userdata */

/* A list of tensors at i (a tensor, a sequence, or nil): into `small` or a userdata that is pushed. `holes`: nil and false are TIDE_NONE. */
static int read_list(lua_State *L, State *S, int i, const char *function, const char *name, int holes, tide_Tensor **small, tide_Tensor ***list) {
  *list = small;
  if (i == 0) return 0;
  if (lua_isnoneornil(L, i)) return 0;
  tide_Tensor *one = tide__test(L, i);
  if (one) { small[0] = one; return 1; }
  if (!lua_istable(L, i)) { tide__error(L, S, "%s: '%s': a tensor or a list of tensors expected, got %s", function, name, tide__typename(L, i)); return 0; }
  lua_Integer n = (lua_Integer)lua_rawlen(L, i);
  if (holes && lua_getfield(L, i, "n") == LUA_TNUMBER) n = lua_tointeger(L, -1);
  if (holes) lua_pop(L, 1);
  if (n > MAX_LIST) *list = compat_newuserdata(L, (size_t)n * sizeof **list);
  for (lua_Integer k = 1; k <= n; k++) {
    lua_rawgeti(L, i, k);
    tide_Tensor *t = tide__test(L, -1);
    if (!t && holes && !lua_toboolean(L, -1)) t = TIDE_NONE;
    if (!t) { tide__error(L, S, "%s: '%s': element %d: a tensor expected, got %s", function, name, (int)k, tide__typename(L, -1)); return 0; }
    (*list)[k - 1] = t;
    lua_pop(L, 1);
  }
  return (int)n;
}

typedef struct Options {
  int gradient, inputs;         /* stack indices, 0: absent */
  int retain_graph, create_graph, allow_unused, materialize_grads, is_grads_batched;     /* -1: absent */
} Options;

static int read_flag(lua_State *L, State *S, int i, const char *function, const char *name) {
  if (lua_isnoneornil(L, i)) return -1;
  if (!lua_isboolean(L, i)) tide__error(L, S, "%s: '%s': a boolean expected, got %s", function, name, tide__typename(L, i));
  return lua_toboolean(L, i);
}

/* Keywords in the table at i; `known` names those that the function takes, in the order of Options' flags. */
static void read_options(lua_State *L, State *S, int i, const char *function, const char *gradient_name, int is_grad, Options *o) {
  luaL_checkstack(L, 16, NULL);
  lua_pushnil(L);
  while (lua_next(L, i)) {
    if (lua_type(L, -2) != LUA_TSTRING) { tide__error(L, S, "%s: a table has both named and numbered entries", function); return; }
    const char *key = lua_tostring(L, -2);
    int *flag = !strcmp(key, "retain_graph") ? &o->retain_graph : !strcmp(key, "create_graph") ? &o->create_graph
                : is_grad && !strcmp(key, "allow_unused") ? &o->allow_unused : is_grad && !strcmp(key, "materialize_grads") ? &o->materialize_grads
                : is_grad && !strcmp(key, "is_grads_batched") ? &o->is_grads_batched : NULL;
    int *place = !strcmp(key, gradient_name) ? &o->gradient : !is_grad && !strcmp(key, "inputs") ? &o->inputs : NULL;
    if (flag) *flag = read_flag(L, S, -1, function, key);
    else if (place) {
      if (*place) { tide__error(L, S, "%s: '%s' is given twice", function, key); return; }
      lua_getfield(L, i, key);
      lua_insert(L, -3);
      *place = lua_gettop(L) - 2;
    }
    else { tide__error(L, S, "%s: there is no keyword '%s'", function, key); return; }
    lua_pop(L, 1);
  }
}

/* No metatable and no numbered entries: keywords (an empty table: none). */
static int is_keywords(lua_State *L, int i) {
  if (!lua_istable(L, i) || lua_rawlen(L, i) > 0) return 0;
  if (lua_getmetatable(L, i)) { lua_pop(L, 1); return 0; }
  lua_getfield(L, i, "n");                       /* a list with holes, as table.pack makes it */
  int list = lua_isinteger(L, -1);
  lua_pop(L, 1);
  return !list;
}

static int graph_flags(const Options *o) {
  int create = o->create_graph == 1, retain = o->retain_graph < 0 ? create : o->retain_graph;
  return (create ? TIDE_CREATE_GRAPH : 0) | (retain ? TIDE_RETAIN_GRAPH : 0) | (o->allow_unused == 1 || (o->allow_unused < 0 && o->materialize_grads == 1) ? TIDE_ALLOW_UNUSED : 0)
         | (o->materialize_grads == 1 ? TIDE_MATERIALIZE_GRADS : 0);
}

static void warn_create_graph(lua_State *L, State *S) {
  tide__warn(L, S, "backward: create_graph makes the graph and the grads refer to each other, which keeps memory until the grads are reset; consider autograd.grad");
}

static int run_backward(lua_State *L, State *S, const char *function, int n, tide_Tensor **outputs, const Options *o) {
  tide_Tensor *small_g[MAX_LIST], **g, *small_in[MAX_LIST], **in;
  int ng = read_list(L, S, o->gradient, function, "gradient", 1, small_g, &g), nin = 0;
  if (o->inputs) nin = read_list(L, S, o->inputs, function, "inputs", 0, small_in, &in);
  if (ng && ng != n) return tide__error(L, S, "%s: %d gradients for %d outputs", function, ng, n);
  if (o->create_graph == 1) warn_create_graph(L, S);
  tide__pace(L, S);
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  int ok = o->inputs ? tide_backward_to(n, outputs, ng ? g : NULL, nin, in, graph_flags(o)) : tide_backward(n, outputs, ng ? g : NULL, graph_flags(o));
  tide_close(S->c, scope, NULL);
  return ok ? 0 : tide__raise(L, S);
}

/* y:backward(gradient, retain_graph, create_graph, inputs), or keywords */
static int tensor_backward(lua_State *L) {
  State *S = STATE(L);
  Options o = {0, 0, -1, -1, -1, -1, -1};
  tide_Tensor *y[1] = {tide__check(L, S, 1, "backward", "self")};
  int top = lua_gettop(L);
  if (top > 1 && is_keywords(L, top)) { read_options(L, S, top, "backward", "gradient", 0, &o); top--; }
  if (top > 5) return tide__error(L, S, "backward: %d arguments are too many", top - 1);
  if (top >= 2 && !lua_isnil(L, 2)) { if (o.gradient) return tide__error(L, S, "backward: 'gradient' is given twice"); o.gradient = 2; }
  if (top >= 3) o.retain_graph = read_flag(L, S, 3, "backward", "retain_graph");
  if (top >= 4) o.create_graph = read_flag(L, S, 4, "backward", "create_graph");
  if (top >= 5 && !lua_isnil(L, 5)) o.inputs = 5;
  if (o.gradient && !tide__test(L, o.gradient)) return tide__error(L, S, "backward: 'gradient': a tensor expected, got %s", tide__typename(L, o.gradient));
  return run_backward(L, S, "backward", 1, y, &o);
}

/* autograd.backward(tensors, grad_tensors, retain_graph, create_graph, ...) */
static int autograd_backward(lua_State *L) {
  State *S = STATE(L);
  Options o = {0, 0, -1, -1, -1, -1, -1};
  tide_Tensor *small[MAX_LIST], **y;
  int top = lua_gettop(L);
  if (top > 1 && is_keywords(L, top)) { read_options(L, S, top, "backward", "grad_tensors", 0, &o); top--; }
  if (top >= 2 && !lua_isnil(L, 2)) { if (o.gradient) return tide__error(L, S, "backward: 'grad_tensors' is given twice"); o.gradient = 2; }
  if (top >= 3) o.retain_graph = read_flag(L, S, 3, "backward", "retain_graph");
  if (top >= 4) o.create_graph = read_flag(L, S, 4, "backward", "create_graph");
  int n = read_list(L, S, 1, "backward", "tensors", 0, small, &y);
  if (n == 0) return tide__error(L, S, "backward: 'tensors': a tensor or a list of tensors expected, got %s", tide__typename(L, 1));
  return run_backward(L, S, "backward", n, y, &o);
}

/* autograd.grad(outputs, inputs, grad_outputs, retain_graph, create_graph, ...): one result for each input */
static int autograd_grad(lua_State *L) {
  State *S = STATE(L);
  Options o = {0, 0, -1, -1, -1, -1, -1};
  tide_Tensor *small_y[MAX_LIST], **y, *small_x[MAX_LIST], **x, *small_g[MAX_LIST], **g, *small_r[MAX_LIST], **r = small_r;
  int top = lua_gettop(L);
  if (top > 2 && is_keywords(L, top)) { read_options(L, S, top, "grad", "grad_outputs", 1, &o); top--; }
  if (top > 5) return tide__error(L, S, "grad: %d arguments are too many", top);
  if (top >= 3 && !lua_isnil(L, 3)) { if (o.gradient) return tide__error(L, S, "grad: 'grad_outputs' is given twice"); o.gradient = 3; }
  if (top >= 4) o.retain_graph = read_flag(L, S, 4, "grad", "retain_graph");
  if (top >= 5) o.create_graph = read_flag(L, S, 5, "grad", "create_graph");
  if (o.allow_unused == 0 && o.materialize_grads == 1) return tide__error(L, S, "grad: allow_unused = false does not go with materialize_grads");
  int ny = read_list(L, S, 1, "grad", "outputs", 0, small_y, &y), nx = read_list(L, S, 2, "grad", "inputs", 0, small_x, &x);
  if (ny == 0) return tide__error(L, S, "grad: 'outputs': a tensor or a list of tensors expected, got %s", tide__typename(L, 1));
  if (nx == 0) return tide__error(L, S, "grad: 'inputs': a tensor or a list of tensors expected, got %s", lua_istable(L, 2) ? "an empty list" : tide__typename(L, 2));
  int ng = read_list(L, S, o.gradient, "grad", "grad_outputs", 1, small_g, &g);
  if (ng && ng != ny) return tide__error(L, S, "grad: %d grad_outputs for %d outputs", ng, ny);
  if (nx > MAX_LIST) r = compat_newuserdata(L, (size_t)nx * sizeof *r);
  luaL_checkstack(L, nx + 8, "too many inputs");
  tide__pace(L, S);
  int first = lua_gettop(L) + 1;
  for (int i = 0; i < nx; i++) tide__push_box(L, S);
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  int ok = tide_grad(ny, y, ng ? g : NULL, nx, x, r, graph_flags(&o));
  for (int i = 0; ok && i < nx; i++) if (r[i] != TIDE_NONE) ((Box *)lua_touserdata(L, first + i))->t = tide_retain(r[i]);
  tide_close(S->c, scope, NULL);
  if (!ok) return tide__raise(L, S);
  for (int i = 0; i < nx; i++) if (!((Box *)lua_touserdata(L, first + i))->t) { lua_pushnil(L); lua_replace(L, first + i); }
  return nx;
}

static int requires_grad_(lua_State *L) {
  State *S = STATE(L);
  tide_Tensor *t = tide__check(L, S, 1, "requires_grad_", "self");
  int on = 1;
  if (lua_istable(L, 2)) { lua_getfield(L, 2, "requires_grad"); lua_replace(L, 2); }
  if (!lua_isnoneornil(L, 2)) on = read_flag(L, S, 2, "requires_grad_", "requires_grad");
  tide__enter(L, S);
  const char *outer = tide_set_function(S->c, "requires_grad_");
  int ok = tide_set_requires_grad(t, on);
  tide_set_function(S->c, outer);
  if (!ok) return tide__raise(L, S);
  if (on && tide_is_leaf(t)) tide__register_identity(L, S, 1);
  lua_settop(L, 1);
  return 1;
}

static int retain_grad(lua_State *L) {
  State *S = STATE(L);
  tide_Tensor *t = tide__check(L, S, 1, "retain_grad", "self");
  tide__enter(L, S);
  const char *outer = tide_set_function(S->c, "retain_grad");
  int ok = tide_retain_grad(t);
  tide_set_function(S->c, outer);
  return ok ? 0 : tide__raise(L, S);
}

static int detach_(lua_State *L) {
  State *S = STATE(L);
  tide_Tensor *t = tide__check(L, S, 1, "detach_", "self");
  tide__enter(L, S);
  const char *outer = tide_set_function(S->c, "detach_");
  int ok = tide_detach_(t) != NULL;
  tide_set_function(S->c, outer);
  if (!ok) return tide__raise(L, S);
  lua_settop(L, 1);
  return 1;
}

static int node_name(lua_State *L) { tide_Node *n = tide__test_node(L, 1); lua_pushstring(L, n ? tide_node_name(n) : "?"); return 1; }

static int node_tostring(lua_State *L) {
  tide_Node *n = tide__test_node(L, 1);
  lua_pushfstring(L, "<%s object at %p>", n ? tide_node_name(n) : "released node", (void *)n);
  return 1;
}

/* node.next_functions: a list with one {node, output} for each input */
static int push_next_functions(lua_State *L, State *S, tide_Node *n) {
  int count = tide_node_inputs(n);
  lua_createtable(L, count, 0);
  for (int i = 0; i < count; i++) {
    int output = 0;
    tide_Node *m = tide_node_next(n, i, &output);
    lua_createtable(L, 2, 0);
    tide__push_node(L, S, m);
    lua_rawseti(L, -2, 1);
    lua_pushinteger(L, m ? output + 1 : 1);
    lua_rawseti(L, -2, 2);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* upvalues: state, methods */
static int node_index(lua_State *L) {
  State *S = STATE(L);
  tide_Node *n = tide__test_node(L, 1);
  if (lua_type(L, 2) != LUA_TSTRING || !n) { lua_pushnil(L); return 1; }
  const char *key = lua_tostring(L, 2);
  if (!strcmp(key, "next_functions")) return push_next_functions(L, S, n);
  if (!strcmp(key, "variable")) {
    tide_Tensor *t = tide_node_variable(n);
    if (t) tide__push_identity(L, S, t); else lua_pushnil(L);
    return 1;
  }
  if (!strcmp(key, "metadata")) {
    tide__push_extras(L, S, 1, 1);
    if (lua_getfield(L, -1, "metadata") == LUA_TNIL) {
      lua_pop(L, 1);
      lua_newtable(L);
      lua_pushvalue(L, -1);
      lua_setfield(L, -3, "metadata");
      tide__anchor_node(L, S, 1);
    }
    return 1;
  }
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(2));
  return 1;
}

/* The box of a node that has metadata lives as long as the node. */
void tide__anchor_node(lua_State *L, State *S, int i) {
  tide_Node *n = tide__test_node(L, i);
  NodeBox *b = lua_touserdata(L, i);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->anchors);
  int anchored = lua_rawgetp(L, -1, n) != LUA_TNIL;
  lua_pop(L, 1);
  if (!anchored) {
    lua_pushvalue(L, i);
    lua_rawsetp(L, -2, n);
    tide_node_watch(n);
    tide_node_release(n);                      /* the anchor does not count: the node's death ends it */
    b->weak = 1;
  }
  lua_pop(L, 1);
}

/* A watched node dies: its box is empty from now on. Must not throw: assigning nil to a present key does not allocate. */
static void node_died(void *arg, tide_Node *n) {
  State *S = arg;
  lua_State *L = S->main;
  if (S->closed || !lua_checkstack(L, 4)) return;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->anchors);
  if (lua_rawgetp(L, -1, n) == LUA_TUSERDATA) {
    NodeBox *b = lua_touserdata(L, -1);
    b->n = NULL;
    lua_pushnil(L);
    lua_rawsetp(L, -3, n);
  }
  lua_pop(L, 2);
}

static const luaL_Reg tensor_methods[] = {{"backward", tensor_backward}, {"requires_grad_", requires_grad_}, {"retain_grad", retain_grad}, {"detach_", detach_}, {NULL, NULL}};
static const luaL_Reg node_methods[] = {{"name", node_name}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"backward", autograd_backward}, {"grad", autograd_grad}, {NULL, NULL}};

void tide__open_autograd(lua_State *L, State *S, int module) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->methods);
  tide__register(L, S, -1, tensor_methods);
  lua_pop(L, 1);
  lua_getfield(L, module, "autograd");
  tide__register(L, S, -1, functions);
  lua_pop(L, 1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->node_mt);
  lua_pushcfunction(L, node_tostring); lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, "node"); lua_setfield(L, -2, "__name");
  lua_pushlightuserdata(L, S);
  lua_newtable(L);
  tide__register(L, S, -1, node_methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -4, "methods");
  lua_pushcclosure(L, node_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  tide_set_node_died(S->c, node_died, S);
}
