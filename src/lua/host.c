/*
** For hosts that embed Lua (tide_lua.h): the context of a state, tensors across the border, the host's own operators as Lua functions.
*/
#include "lua/binding.h"
#include "tide_lua.h"

/* NULL: tide is not open. The host may call tide from now on, and hooks be called back in this state. */
static State *find_state(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &tide__registry_key);
  State *S = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (S) S->L = L;
  return S;
}

static State *check_state(lua_State *L) {
  State *S = find_state(L);
  if (!S || S->closed) luaL_error(L, "tide is not open in this state");
  return S;
}

tide_Context *tide_lua_context(lua_State *L) {
  State *S = find_state(L);
  return S && !S->closed ? S->c : NULL;
}

void tide_lua_push(lua_State *L, tide_Tensor *t) {
  State *S = check_state(L);
  luaL_checkstack(L, 8, NULL);
  if (!t || t == TIDE_NONE) { lua_pushnil(L); return; }
  if (tide_context(t) != S->c) { luaL_error(L, "the tensor belongs to another context"); return; }
  if (tide_requires_grad(t) && tide_is_leaf(t)) { tide__push_identity(L, S, t); return; }
  tide__pace(L, S);
  Box *b = tide__push_box(L, S);
  b->t = tide_keep(t);
}

tide_Tensor *tide_lua_test(lua_State *L, int i) { return tide__test(L, i); }

tide_Tensor *tide_lua_check(lua_State *L, int i) {
  tide_Tensor *t = tide__test(L, i);
  if (t) return t;
  i = lua_absindex(L, i);
  if (tide__test_box(L, i)) luaL_argerror(L, i, "the tensor was released"); else luaL_typeerror(L, i, "tensor");
  return NULL;
}

/* upvalues: the state, the operator's name */
static int call_defined(lua_State *L) {
  State *S = STATE(L);
  const char *name = lua_tostring(L, lua_upvalueindex(2));
  const tide_Definition *d = tide_definition(S->c, name);
  Operand o[TIDE_DEFINED_MAX];
  tide_Tensor *in[TIDE_DEFINED_MAX], *out[TIDE_DEFINED_MAX] = {NULL};
  int n = lua_gettop(L);
  if (n != d->nin) return tide__error(L, S, "%s: %d arguments are wanted, got %d", name, d->nin, n);
  for (int i = 0; i < n; i++)
    if (!tide__to_operand(L, i + 1, &o[i])) return tide__error(L, S, "%s: argument %d: a tensor or number expected, got %s", name, i + 1, tide__typename(L, i + 1));
  luaL_checkstack(L, d->nout + 4, NULL);
  tide__pace(L, S);
  for (int k = 0; k < d->nout; k++) tide__push_box(L, S);
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  for (int i = 0; i < n; i++) in[i] = tide__operand(S, &o[i]);
  out[0] = tide_call_defined(S->c, name, n, in, out + 1);
  for (int k = 0; out[0] && k < d->nout; k++) ((Box *)lua_touserdata(L, n + 1 + k))->t = tide_retain(out[k]);
  tide_close(S->c, scope, NULL);
  return out[0] ? d->nout : tide__raise(L, S);
}

void tide_lua_push_defined(lua_State *L, const char *name) {
  State *S = check_state(L);
  if (!tide_definition(S->c, name)) { luaL_error(L, "the operator %s is not defined", name); return; }
  lua_pushlightuserdata(L, S);
  lua_pushstring(L, name);
  lua_pushcclosure(L, call_defined, 2);
}
