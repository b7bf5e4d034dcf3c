/*
** x[...] in Lua: the key is read into entries (tide_At), then one call reads or writes. Reading the key runs no code of the user's and makes nothing,
** so that what it finds is still there when tide is called.
*/
#include "lua/binding.h"

#define MAX_ENTRIES (2 * TIDE_MAXDIM)

static const char newaxis_key = 'n';         /* tide.newaxis is its address */

typedef struct Key { lua_State *L; State *S; int n; tide_At at[MAX_ENTRIES]; } Key;

/* A whole number at i, or a one-element tensor of them: 1, or 0. */
static int to_whole(lua_State *L, int i, int64_t *out) {
  int ok;
  tide_Tensor *t = tide__test(L, i);
  if (t) {
    if (tide_numel(t) != 1 || tide_dtype_is_float(tide_dtype(t)) || tide_dtype(t) == TIDE_BOOL) return 0;
    *out = tide_element_integer(t, 0);
    return 1;
  }
  if (lua_type(L, i) != LUA_TNUMBER) return 0;
  *out = lua_tointegerx(L, i, &ok);
  return ok;
}

/* What is at i, for messages. */
static const char *shown(lua_State *L, int i) {
  if (tide__test_box(L, i)) return tide__test(L, i) ? "a tensor" : "a tensor that was released";
  switch (lua_type(L, i)) {
    case LUA_TNUMBER: lua_pushvalue(L, i); return lua_tostring(L, -1);
    case LUA_TSTRING: return lua_pushfstring(L, "the string \"%s\"", lua_tostring(L, i));
    case LUA_TNIL: return "nil";
    default: return lua_pushfstring(L, "a %s", tide__typename(L, i));
  }
}

/* A table inside the key, at i: {} for all, {first, last[, step]}. */
static void read_range(Key *k, int i, tide_At *a) {
  lua_State *L = k->L;
  int n = (int)lua_rawlen(L, i);
  int64_t *part[3] = {&a->first, &a->last, &a->step};
  a->kind = n ? TIDE_AT_RANGE : TIDE_AT_ALL;
  a->step = 1;
  if (n == 0) {
    lua_pushnil(L);
    if (lua_next(L, i)) tide__error(L, k->S, "index: a range is {first, last} or {first, last, step}, without names");
    return;
  }
  if (n < 2 || n > 3) tide__error(L, k->S, "index: a range is {first, last} or {first, last, step}, not a list of %d (a list of indices is a tensor)", n);
  for (int p = 0; p < n; p++) {
    lua_rawgeti(L, i, p + 1);
    if (!to_whole(L, -1, part[p])) tide__error(L, k->S, "index: a range is made of whole numbers, not %s", shown(L, lua_gettop(L)));
    lua_pop(L, 1);
  }
  if (a->step < 1) tide__error(L, k->S, "index: the step of a range is %lld; it must be positive", (long long)a->step);
}

/* The entry at i; `alone`: it is the whole key. */
static void read_entry(Key *k, int i, int alone) {
  lua_State *L = k->L;
  if (k->n == MAX_ENTRIES) tide__error(L, k->S, "index: more than %d indices", MAX_ENTRIES);
  tide_At *a = &k->at[k->n++];
  if ((a->t = tide__test(L, i)) != NULL) { a->kind = TIDE_AT_TENSOR; return; }
  switch (lua_type(L, i)) {
    case LUA_TNUMBER:
      a->kind = TIDE_AT_POSITION;
      if (!to_whole(L, i, &a->first)) tide__error(L, k->S, "index: %s is no whole number", shown(L, i));
      return;
    case LUA_TTABLE:
      if (alone) break;
      read_range(k, i, a);
      return;
    case LUA_TLIGHTUSERDATA:
      if (lua_touserdata(L, i) != &newaxis_key) break;
      a->kind = TIDE_AT_NEW;
      return;
    case LUA_TSTRING:
      if (strcmp(lua_tostring(L, i), "...")) break;
      a->kind = TIDE_AT_REST;
      return;
    case LUA_TBOOLEAN:
      tide__error(L, k->S, "index: a boolean is no index; tide.newaxis makes a dimension, tide.tensor(%s) is a mask of 0 dimensions", lua_toboolean(L, i) ? "true" : "false");
      return;
    default: break;
  }
  tide__error(L, k->S, "index: %s is no index; there are whole numbers, ranges {first, last}, {} for all, \"...\", tide.newaxis, tensors", shown(L, i));
}

static void read_key(Key *k, int i) {
  lua_State *L = k->L;
  k->n = 0;
  if (!lua_istable(L, i)) { read_entry(k, i, 1); return; }
  int n = (int)lua_rawlen(L, i);
  if (n == 0) {
    lua_pushnil(L);
    if (lua_next(L, i)) tide__error(L, k->S, "index: the indices are a list, without names");
  }
  for (int e = 1; e <= n; e++) {
    lua_rawgeti(L, i, e);
    if (lua_isnil(L, -1)) tide__error(L, k->S, "index: entry %d is nil; {} stands for all of a dimension", e);
    read_entry(k, lua_gettop(L), 0);
    lua_pop(L, 1);
  }
}

int tide__index_get(lua_State *L, State *S) {
  Key key;
  key.L = L;
  key.S = S;
  tide__pace(L, S);
  Box *b = tide__push_box(L, S);
  int top = lua_gettop(L);
  read_key(&key, 2);
  lua_settop(L, top);
  tide_Tensor *x = tide__check(L, S, 1, "index", "self");
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  return tide__finish(L, S, b, tide_at(x, key.n, key.at), scope);
}

int tide__index_set(lua_State *L, State *S) {
  Key key;
  Operand value;
  key.L = L;
  key.S = S;
  tide__pace(L, S);
  read_key(&key, 2);
  if (!tide__to_operand(L, 3, &value)) return tide__error(L, S, "index: the value is %s; a number, a boolean or a tensor is expected", shown(L, 3));
  tide_Tensor *x = tide__check(L, S, 1, "index", "self");
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  int ok = tide_set_at(x, key.n, key.at, tide__operand(S, &value));
  tide_close(S->c, scope, NULL);
  return ok ? 0 : tide__raise(L, S);
}

void tide__open_index(lua_State *L, State *S, int module) {
  (void)S;
  lua_pushlightuserdata(L, (void *)(uintptr_t)&newaxis_key);
  lua_setfield(L, module, "newaxis");
}
