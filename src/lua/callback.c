/*
** From C back into Lua: hooks, custom functions, packed values.
**
** What C holds is a Held, whose Lua value stands in the table of anchors until C lets go; so a dangling pointer cannot be followed, and the
** state may close before C is done. A callback is one protected call of a C function that pushes its arguments inside, for pushing may
** throw. It runs on the state of the running entry and cannot yield.
*/
#include <stdlib.h>

#include "lua/modes.h"

void *tide__hold(lua_State *L, State *S, size_t size) {
  Held *h = calloc(1, size);
  if (!h) { luaL_error(L, "out of memory"); return NULL; }
  h->S = S;
  if ((h->next = S->held) != NULL) h->next->prev = h;
  S->held = h;
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->anchors);
  lua_insert(L, -2);
  lua_rawsetp(L, -2, h);                          /* (may throw: then h is not owned, and goes with the state) */
  lua_pop(L, 1);
  return h;
}

void tide__push_held(lua_State *L, Held *h) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, h->S->anchors);
  lua_rawgetp(L, -1, h);
  lua_remove(L, -2);
}

/* Assigning nil to a key that is there allocates nothing. The main thread, since this may happen at any time. */
static void forget_value(Held *h) {
  lua_State *L = h->S->main;
  if (!lua_checkstack(L, 3)) return;
  lua_rawgeti(L, LUA_REGISTRYINDEX, h->S->anchors);
  if (lua_rawgetp(L, -1, h) != LUA_TNIL) {
    lua_pushnil(L);
    lua_rawsetp(L, -3, h);
  }
  lua_pop(L, 2);
}

void tide__let_go(Held *h) {
  if (h->S) {
    forget_value(h);
    if (h->prev) h->prev->next = h->next; else h->S->held = h->next;
    if (h->next) h->next->prev = h->prev;
  }
  free(h);
}

void tide__leave_held(State *S) {
  for (Held *h = S->held, *next; h; h = next) {
    next = h->next;
    h->S = NULL;
    if (!h->owned) free(h);
  }
  S->held = NULL;
}

int tide__callback(State *S, lua_CFunction f, void *job) {
  lua_State *L = S->L;
  if (!lua_checkstack(L, LUA_MINSTACK)) { tide_fail(S->c, TIDE_ECALLBACK, "stack overflow"); return 0; }
  lua_pushcfunction(L, f);
  lua_pushlightuserdata(L, job);
  if (tide__protected_call(L, S, tide__context_modes(S), 1, 0) == LUA_OK) return 1;
  tide__park(L, S);
  return 0;
}

void tide__push_gradient(lua_State *L, State *S, tide_Tensor *t) {
  if (t == TIDE_NONE) { lua_pushnil(L); return; }
  Box *b = tide__push_box(L, S);
  b->t = tide_retain(t);
}

tide_Tensor *tide__take_gradient(lua_State *L, State *S, int i, const char *what) {
  if (!lua_toboolean(L, i)) return TIDE_NONE;
  tide_Tensor *t = tide__test(L, i);
  if (!t) tide__error(L, S, "%s: a tensor or nil is expected, got %s", what, tide__test_box(L, i) ? "a tensor that was released" : tide__typename(L, i));
  if (tide_context(t) != S->c) tide__error(L, S, "%s: a tensor of another context", what);
  t = tide_own(tide_retain(t));
  if (!t) tide__raise(L, S);
  return t;
}

int tide__is_callable(lua_State *L, int i) {
  if (lua_isfunction(L, i)) return 1;
  int found = luaL_getmetafield(L, i, "__call") != LUA_TNIL;
  if (found) lua_pop(L, 1);
  return found;
}
