/*
** Saved-tensor hooks: autograd.graph.saved_tensors_hooks(pack, unpack). While the scope is open, every tensor that is saved for backward goes
** through pack, and what pack gives is kept in its place until unpack is to make a tensor of it again.
**
** A mode can outlive its scope by the rest of an operator, so it does not point to the functions: it has the number of their pair, which the
** scope keeps alive.
*/
#include "lua/modes.h"

/* Its value: {unpack, what pack gave} */
typedef struct Packed { Held head; } Packed;

typedef struct PackJob { State *S; tide_Tensor *t; Packed *result; } PackJob;

static int call_pack(lua_State *L) {
  PackJob *job = lua_touserdata(L, 1);
  State *S = job->S;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->pairs);
  if (lua_rawgeti(L, -1, S->hooks) != LUA_TTABLE) return tide__error(L, S, "saved_tensors_hooks: the scope is gone");
  int pair = lua_gettop(L);
  lua_createtable(L, 2, 0);
  lua_rawgeti(L, pair, 2);
  lua_rawseti(L, -2, 1);
  lua_rawgeti(L, pair, 1);
  if (tide_requires_grad(job->t)) tide__push_identity(L, S, job->t); else tide__push_gradient(L, S, job->t);
  lua_call(L, 1, 1);
  lua_rawseti(L, -2, 2);
  job->result = tide__hold(L, S, sizeof(Packed));
  job->result->head.owned = 1;
  return 0;
}

static void *pack(void *arg, tide_Tensor *t) {
  PackJob job = {arg, t, NULL};
  if (tide__callback(job.S, call_pack, &job)) return job.result;
  if (job.result) tide__let_go(&job.result->head);
  return NULL;
}

typedef struct UnpackJob { Packed *p; tide_Tensor *result; } UnpackJob;

static int call_unpack(lua_State *L) {
  UnpackJob *job = lua_touserdata(L, 1);
  State *S = job->p->head.S;
  tide__push_held(L, &job->p->head);
  lua_rawgeti(L, -1, 1);
  lua_rawgeti(L, -2, 2);
  lua_call(L, 1, 1);
  if (!tide__test(L, -1)) return tide__error(L, S, "saved_tensors_hooks: unpack has to give a tensor, got %s", tide__typename(L, -1));
  job->result = tide__take_gradient(L, S, -1, "saved_tensors_hooks: unpack");
  return 0;
}

static tide_Tensor *unpack(void *packed) {
  UnpackJob job = {packed, NULL};
  State *S = job.p->head.S;
  if (!S) return NULL;
  return tide__callback(S, call_unpack, &job) ? job.result : NULL;
}

static void release(void *packed) { tide__let_go(packed); }

/* saved_tensors_hooks(pack, unpack [, f, ...]) */
static int saved_tensors_hooks(lua_State *L) {
  State *S = STATE(L);
  for (int i = 1; i <= 2; i++) if (!tide__is_callable(L, i)) return tide__error(L, S, "saved_tensors_hooks: argument %d ('%s_hook'): a function expected, got %s", i, i == 1 ? "pack" : "unpack", tide__typename(L, i));
  struct Modes m = tide__current_modes(L, S);
  m.pack = &S->pack_hooks;
  m.hooks = ++S->last_hooks;
  lua_createtable(L, 3, 0);
  for (int i = 1; i <= 2; i++) { lua_pushvalue(L, i); lua_rawseti(L, -2, i); }
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->pairs);
  lua_pushvalue(L, -2);
  lua_rawseti(L, -2, m.hooks);
  lua_pop(L, 1);
  lua_replace(L, 1);
  lua_remove(L, 2);
  return tide__with_modes(L, S, "saved_tensors_hooks", m, 1);
}

void tide__open_packed(lua_State *L, State *S, int module) {
  static const luaL_Reg functions[] = {{"saved_tensors_hooks", saved_tensors_hooks}, {NULL, NULL}};
  S->pack_hooks = (tide_PackHooks){S, pack, unpack, release};
  lua_newtable(L);
  tide__register(L, S, -1, functions);
  lua_getfield(L, module, "autograd");
  lua_insert(L, -2);
  lua_setfield(L, -2, "graph");
  lua_pop(L, 1);
}
