/*
** autograd.Function: custom functions in Lua. lua/tide/function.lua makes the objects; here they are called.
**
** The node holds a Call, whose Lua value is ctx; ctx has the function object. Of the arguments and results only tensors are known to the
** node, so a Call remembers at which places they stood.
*/
#include <stdio.h>

#include "lua/modes.h"

#define MAX_PRIVATE (1 << 20)     /* of the tensors that a function may save */

typedef struct Call {
  Held head;
  tide_Node *node;              /* NULL: not known yet, or dead */
  int nargs, nresults;          /* of the Lua functions */
  int nin, nout;                /* tensors among them */
  int place[];                  /* of the nin inputs among the arguments, then of the nout outputs among the results, from 1 */
} Call;


/* {======================== backward ======================== */

typedef struct Job { Call *call; int nout, nin; tide_Tensor *const *g; tide_Tensor **gi; const char *name; } Job;

static int call_backward(lua_State *L) {
  Job *job = lua_touserdata(L, 1);
  Call *c = job->call;
  State *S = c->head.S;
  tide__push_held(L, &c->head);
  int ctx = lua_gettop(L);
  lua_getfield(L, ctx, "_function");
  if (lua_getfield(L, -1, "backward") == LUA_TNIL) {
    lua_pop(L, 1);
    if (lua_getfield(L, -1, "vjp") == LUA_TNIL) return tide__error(L, S, "%s: the function has no backward", job->name);
  }
  luaL_checkstack(L, c->nresults + 8, "too many results");
  lua_pushvalue(L, ctx);
  int first = lua_gettop(L) + 1;
  for (int i = 0; i < c->nresults; i++) lua_pushnil(L);
  for (int o = 0; o < c->nout; o++) {
    tide__push_gradient(L, S, job->g[o]);
    lua_replace(L, first + c->place[c->nin + o] - 1);
  }
  lua_call(L, c->nresults + 1, LUA_MULTRET);
  int base = first - 2, n = lua_gettop(L) - base + 1;                  /* the results stand where the function stood */
  while (n > c->nargs && lua_isnil(L, base + n - 1)) n--;
  if (n != c->nargs) return tide__error(L, S, "%s: backward has to give %d gradients, one for each argument, and gave %d", job->name, c->nargs, n);
  int i = 0;
  for (int k = 1; k <= n; k++) {
    if (i < c->nin && c->place[i] == k) {
      char what[160];
      snprintf(what, sizeof what, "%s: gradient %d", job->name, k);
      job->gi[i++] = tide__take_gradient(L, S, base + k - 1, what);
    }
    else if (lua_toboolean(L, base + k - 1)) return tide__error(L, S, "%s: backward gave a gradient for argument %d, which is no tensor", job->name, k);
  }
  return 0;
}

static int vjp(void *arg, tide_Node *node, int nout, tide_Tensor *const *g, int nin, tide_Tensor **gi) {
  Call *c = arg;
  if (!c->head.S) return tide_fail(tide_node_context(node), TIDE_ECALLBACK, "the Lua state of this function is closed") != NULL;
  Job job = {c, nout, nin, g, gi, tide_node_name(node)};
  c->node = node;
  return tide__callback(c->head.S, call_backward, &job);
}

static void release(void *arg) { tide__let_go(arg); }

/* }========================================================= */


/* {======================== forward ======================== */

/* What a call is made of, before it goes to C: lists of tensors in one userdata, with what ctx says of them. */
typedef struct Lists {
  tide_Tensor **in, **out, **saved;
  int *place;                   /* as in Call */
  int nin, nout, nsaved;
  uint64_t dirty, nondifferentiable;
  int materialize, tracked;
} Lists;

static int find(const tide_Tensor *t, int n, tide_Tensor *const *list) {
  while (n-- > 0) if (list[n] == t) return n;
  return -1;
}

/* Pushes ctx's private list of tensors (n 0 if there is none) and gives its length. */
static int push_private(lua_State *L, int ctx, const char *name) {
  lua_pushstring(L, name);
  if (lua_rawget(L, ctx) != LUA_TTABLE) return 0;
  lua_pushliteral(L, "n");
  lua_rawget(L, -2);
  lua_Integer n = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return n < 0 ? 0 : n < MAX_PRIVATE ? (int)n : MAX_PRIVATE;
}

static void clear_private(lua_State *L, int ctx, const char *name) {
  lua_pushstring(L, name);
  lua_pushnil(L);
  lua_rawset(L, ctx);
}

/* The set of those among the n tensors of `list` that ctx names. */
static uint64_t named(lua_State *L, State *S, int ctx, const char *name, const char *method, int n, tide_Tensor *const *list) {
  uint64_t bits = 0;
  int count = push_private(L, ctx, name);
  for (int k = 1; k <= count; k++) {
    lua_rawgeti(L, -1, k);
    tide_Tensor *t = tide__test(L, -1);
    int known = 0;
    for (int i = 0; i < n; i++) {
      if (list[i] != t) continue;
      known = 1;
      if (i >= 64) tide__error(L, S, "%s: only the first 64 tensors of a function can be marked", method);
      bits |= (uint64_t)1 << i;
    }
    if (!known && t) {
      char message[160];
      snprintf(message, sizeof message, "%s: tensor %d is none of the function's %s", method, k, name[1] == 'd' ? "arguments" : "results");
      tide__warn(L, S, message);
    }
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  clear_private(L, ctx, name);
  return bits;
}

static void collect(lua_State *L, int first, int n, tide_Tensor **list, int *place, int *count) {
  *count = 0;
  for (int k = 0; k < n; k++) {
    tide_Tensor *t = tide__test(L, first + k);
    if (!t) continue;
    list[*count] = t;
    place[(*count)++] = k + 1;
  }
}

/* Fills the lists, whose memory it leaves at the top: arguments at `args`, results at `results`. */
static void make_lists(lua_State *L, State *S, int ctx, int args, int nargs, int results, int nresults, Lists *l) {
  int nsaved = push_private(L, ctx, "_saved");
  int saved = lua_gettop(L);
  size_t tensors = (size_t)(nargs + nresults + nsaved);
  char *memory = compat_newuserdata(L, tensors * (sizeof(tide_Tensor *) + sizeof(int)) + 1);
  l->in = (tide_Tensor **)memory;
  l->out = l->in + nargs;
  l->saved = l->out + nresults;
  l->place = (int *)(l->saved + nsaved);
  collect(L, args, nargs, l->in, l->place, &l->nin);
  collect(L, results, nresults, l->out, l->place + l->nin, &l->nout);
  l->nsaved = nsaved;
  for (int k = 1; k <= nsaved; k++) {
    lua_rawgeti(L, saved, k);
    tide_Tensor *t = tide__test(L, -1);
    if (!t && lua_toboolean(L, -1)) tide__error(L, S, "save_for_backward: argument %d: a tensor or nil is expected, got %s", k, tide__typename(L, -1));
    l->saved[k - 1] = t ? t : TIDE_NONE;
    lua_pop(L, 1);
  }
  clear_private(L, ctx, "_saved");
  l->dirty = named(L, S, ctx, "_dirty", "mark_dirty", l->nin, l->in);
  l->nondifferentiable = named(L, S, ctx, "_nondifferentiable", "mark_non_differentiable", l->nout, l->out);
  lua_pushliteral(L, "_materialize");
  lua_rawget(L, ctx);
  l->materialize = lua_isnil(L, -1) || lua_toboolean(L, -1);
  lua_pop(L, 1);
}

/* Calls the function at the top below its n arguments without recording; the number of results. Errors pass unchanged. */
static int call_without_grad(lua_State *L, State *S, int n) {
  int below = lua_gettop(L) - n - 1;
  tide__enter(L, S);
  struct Modes m = tide__context_modes(S);
  m.grad = 0;
  if (tide__protected_call(L, S, m, n, LUA_MULTRET) != LUA_OK) lua_error(L);
  return lua_gettop(L) - below;
}

/* forward(ctx, ...), or forward(...) and then setup_context(ctx, inputs, output). Leaves the results and gives their number. */
static int forward(lua_State *L, State *S, int ctx, int args, int nargs) {
  luaL_checkstack(L, 2 * nargs + 16, "too many arguments");
  int has_setup = lua_getfield(L, 1, "setup_context") != LUA_TNIL;
  lua_getfield(L, 1, "forward");
  if (!has_setup) lua_pushvalue(L, ctx);
  for (int i = 0; i < nargs; i++) lua_pushvalue(L, args + i);
  int n = call_without_grad(L, S, nargs + !has_setup);
  if (has_setup) {
    int first = lua_gettop(L) - n + 1;
    luaL_checkstack(L, n + 8, "too many results");
    lua_pushvalue(L, first - 1);
    lua_pushvalue(L, ctx);
    lua_createtable(L, nargs, 1);
    for (int i = 0; i < nargs; i++) { lua_pushvalue(L, args + i); lua_rawseti(L, -2, i + 1); }
    lua_pushinteger(L, nargs);
    lua_setfield(L, -2, "n");
    if (n == 1) lua_pushvalue(L, first);
    else {
      lua_createtable(L, n, 1);
      for (int i = 0; i < n; i++) { lua_pushvalue(L, first + i); lua_rawseti(L, -2, i + 1); }
      lua_pushinteger(L, n);
      lua_setfield(L, -2, "n");
    }
    lua_pop(L, call_without_grad(L, S, 3));
  }
  lua_remove(L, lua_gettop(L) - n);                        /* setup_context, or nil */
  return n;
}

/* The Call of the node to be, owned by nobody yet; its value is ctx. */
static Call *make_call(lua_State *L, State *S, int ctx, const Lists *l, int nargs, int nresults) {
  lua_pushvalue(L, ctx);
  Call *c = tide__hold(L, S, sizeof *c + (size_t)(l->nin + l->nout) * sizeof *c->place);
  c->nargs = nargs;
  c->nresults = nresults;
  c->nin = l->nin;
  c->nout = l->nout;
  memcpy(c->place, l->place, (size_t)(l->nin + l->nout) * sizeof *c->place);
  lua_pushlightuserdata(L, c);
  lua_setfield(L, ctx, "_call");
  return c;
}

/* Records the call; results that are other tensors now get the boxes that stand from `boxes` on. */
static void record(lua_State *L, State *S, const char *name, Lists *l, Call *c, int results, int boxes) {
  tide_Function f = {.size = sizeof f, .name = name, .vjp = vjp, .release = c ? release : NULL, .materialize = l->materialize, .nsaved = l->nsaved, .saved = l->saved};
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  if (c) c->head.owned = 1;
  int ok = tide_function(S->c, &f, c, l->nin, l->in, l->nout, l->out, l->dirty, l->nondifferentiable);
  for (int o = 0; ok && o < l->nout; o++) {
    int place = results + l->place[l->nin + o] - 1;
    tide_Node *n = c ? tide_grad_fn(l->out[o], NULL) : NULL;
    if (n && tide_node_arg(n) == c) c->node = n;
    if (((Box *)lua_touserdata(L, place))->t == l->out[o]) continue;
    ((Box *)lua_touserdata(L, boxes + o))->t = tide_retain(l->out[o]);
    lua_copy(L, boxes + o, place);
  }
  tide_close(S->c, scope, NULL);
  if (!ok) tide__raise(L, S);
  tide_clear_error(S->c);                                  /* (of tide_grad_fn: the call has succeeded) */
}

/* core.apply(function, ctx, ...): the results of the function */
static int apply(lua_State *L) {
  State *S = STATE(L);
  const int ctx = 2, args = 3, nargs = lua_gettop(L) - 2;
  int tracked = 0;
  tide__enter(L, S);
  int recording = tide_grad_mode(S->c);
  luaL_checkstack(L, 8, NULL);
  lua_createtable(L, nargs, 0);
  for (int i = 0; i < nargs; i++) {
    tide_Tensor *t = tide__test(L, args + i);
    int needs = t && tide_requires_grad(t);
    tracked |= needs;
    lua_pushboolean(L, needs);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, ctx, "needs_input_grad");
  int nresults = forward(L, S, ctx, args, nargs), results = lua_gettop(L) - nresults + 1;
  Lists l;
  luaL_checkstack(L, nresults + 16, "too many results");
  make_lists(L, S, ctx, args, nargs, results, nresults, &l);
  lua_getfield(L, 1, "node");
  const char *name = lua_tostring(L, -1);
  int boxes = lua_gettop(L) + 1;
  for (int o = 0; o < l.nout; o++) if (find(l.out[o], l.nin, l.in) >= 0) tide__push_box(L, S); else lua_pushnil(L);
  tide__pace(L, S);
  Call *c = recording && tracked ? make_call(L, S, ctx, &l, nargs, nresults) : NULL;
  record(L, S, name, &l, c, results, boxes);
  lua_settop(L, results + nresults - 1);
  return nresults;
}

/* }========================================================= */


/* The Call of ctx at 1, if its node is known and lives. */
static Call *live_call(lua_State *L, State *S) {
  lua_getfield(L, 1, "_call");
  Call *c = lua_touserdata(L, -1);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->anchors);
  if (c) lua_rawgetp(L, -1, c); else lua_pushnil(L);
  int live = lua_rawequal(L, -1, 1);
  lua_pop(L, 3);
  return live && c->node ? c : NULL;
}

/* ctx:saved_tensors(): what save_for_backward got */
static int saved_tensors(lua_State *L) {
  State *S = STATE(L);
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  Call *c = live_call(L, S);
  int n = c ? tide_node_saved_count(c->node) : 0, ok = 1;
  luaL_checkstack(L, n + 8, "too many saved tensors");
  tide__pace(L, S);
  for (int i = 0; i < n; i++) tide__push_box(L, S);
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  for (int i = 0; ok && i < n; i++) {
    tide_Tensor *t = tide_node_saved(c->node, i);
    ok = t != NULL;
    if (ok && t != TIDE_NONE) ((Box *)lua_touserdata(L, 2 + i))->t = tide_retain(t);
  }
  tide_close(S->c, scope, NULL);
  if (!ok) return tide__raise(L, S);
  for (int i = 0; i < n; i++) {                            /* absent ones, and leaves, which have one object each */
    tide_Tensor *t = ((Box *)lua_touserdata(L, 2 + i))->t;
    if (!t) lua_pushnil(L);
    else if (tide_requires_grad(t) && tide_is_leaf(t)) tide__push_identity(L, S, t);
    else continue;
    lua_replace(L, 2 + i);
  }
  return n;
}

/* core.call(f, ...): f(...), which cannot yield */
static int call(lua_State *L) {
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

void tide__open_function(lua_State *L, State *S, int module) {
  static const luaL_Reg functions[] = {{"apply", apply}, {"saved_tensors", saved_tensors}, {"call", call}, {NULL, NULL}};
  tide__register(L, S, module, functions);
}
