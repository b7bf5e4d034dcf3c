/*
** Random generators: tide.Generator() makes one, tide.default_generator stands for the context's own. What draws takes one by the keyword `generator`.
*/
#include <math.h>

#include "lua/binding.h"

tide_Generator *tide__test_generator(lua_State *L, int i, int *found) {
  uintptr_t *key = lua_touserdata(L, i);
  *found = key && lua_rawlen(L, i) >= sizeof *key + 1 && *key == ((uintptr_t)key ^ GENERATOR_KEY);
  return *found && ((uint8_t *)(key + 1))[0] ? (tide_Generator *)(void *)(key + 2) : NULL;
}

/* The generator at 1 comes into use; the one before is returned. */
static tide_Generator *use(lua_State *L, State *S, const char *function) {
  int found;
  tide_Generator *g = tide__test_generator(L, 1, &found);
  if (!found) tide__error(L, S, "%s: argument 1 ('self'): a generator expected, got %s", function, tide__typename(L, 1));
  return tide_use_generator(S->c, g);
}

int tide__to_seed(lua_State *L, State *S, int i, const char *function, uint64_t *seed) {
  int is_integer;
  *seed = (uint64_t)lua_tointegerx(L, i, &is_integer);
  if (is_integer && lua_type(L, i) == LUA_TNUMBER) return 1;
  lua_Number v = lua_tonumber(L, i);
  if (lua_type(L, i) != LUA_TNUMBER || v < -0x1p63 || v >= 0x1p64 || v != floor(v)) return tide__error(L, S, "%s: a seed is a whole number from -2^63 to 2^64-1", function);
  *seed = v >= 0x1p63 ? (uint64_t)v : (uint64_t)(int64_t)v;
  return 1;
}

/* g:manual_seed(n): g */
static int manual_seed(lua_State *L) {
  State *S = STATE(L);
  uint64_t seed;
  tide__to_seed(L, S, 2, "manual_seed", &seed);
  tide_Generator *outer = use(L, S, "manual_seed");
  tide_manual_seed(S->c, seed);
  tide_use_generator(S->c, outer);
  lua_settop(L, 1);
  return 1;
}

static int initial_seed(lua_State *L) {
  State *S = STATE(L);
  tide_Generator *outer = use(L, S, "initial_seed");
  lua_pushinteger(L, (lua_Integer)tide_initial_seed(S->c));
  tide_use_generator(S->c, outer);
  return 1;
}

/* g:get_state(): a uint8 tensor for set_state */
static int get_state(lua_State *L) {
  State *S = STATE(L);
  tide__pace(L, S);
  Box *b = tide__push_box(L, S);
  tide_Generator *outer = use(L, S, "get_state");
  tide__enter(L, S);
  tide_Scope scope = tide_scope(S->c);
  size_t n = tide_get_rng_state(S->c, NULL, 0);
  tide_Tensor *t = tide_from_data(S->c, TIDE_UINT8, 1, (int64_t[]){(int64_t)n}, NULL);
  if (t) tide_get_rng_state(S->c, tide_data(t), n);
  tide_use_generator(S->c, outer);
  return tide__finish(L, S, b, t, scope);
}

static int set_state(lua_State *L) {
  State *S = STATE(L);
  tide_Tensor *t = tide__check(L, S, 2, "set_state", "new_state");
  if (tide_dtype(t) != TIDE_UINT8 || !tide_is_contiguous(t)) return tide__error(L, S, "set_state: a state as get_state gives it is expected");
  tide_Generator *outer = use(L, S, "set_state");
  int ok = tide_set_rng_state(S->c, tide_data(t), (size_t)tide_numel(t));
  tide_use_generator(S->c, outer);
  if (!ok) return tide__raise(L, S);
  lua_settop(L, 1);
  return 1;
}

static int to_string(lua_State *L) {
  lua_pushfstring(L, "<tide.Generator object at %p>", lua_touserdata(L, 1));
  return 1;
}

/* A userdata: the key, whether it has a generator of its own, and that. */
static void push(lua_State *L, State *S, int own) {
  uintptr_t *key = compat_newuserdata(L, 2 * sizeof *key + (own ? tide_generator_size() : 0));
  key[0] = (uintptr_t)key ^ GENERATOR_KEY;
  ((uint8_t *)(key + 1))[0] = (uint8_t)own;
  if (own) tide_generator_init(key + 2);
  lua_rawgeti(L, LUA_REGISTRYINDEX, S->generator_mt);
  lua_setmetatable(L, -2);
}

static int make(lua_State *L) {
  push(L, STATE(L), 1);
  return 1;
}

void tide__open_generator(lua_State *L, State *S, int module) {
  static const luaL_Reg methods[] = {{"manual_seed", manual_seed}, {"initial_seed", initial_seed}, {"get_state", get_state}, {"set_state", set_state}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"Generator", make}, {NULL, NULL}};
  lua_newtable(L);
  lua_pushcfunction(L, to_string);
  lua_setfield(L, -2, "__tostring");
  lua_pushliteral(L, "Generator");
  lua_setfield(L, -2, "__name");
  lua_newtable(L);
  tide__register(L, S, -1, methods);
  lua_setfield(L, -2, "__index");
  S->generator_mt = luaL_ref(L, LUA_REGISTRYINDEX);
  push(L, S, 0);
  lua_setfield(L, module, "default_generator");
  tide__register(L, S, module, functions);
}
