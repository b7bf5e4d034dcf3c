/*
** tide for hosts that want no files: luaopen_tide, over the Lua sources that cmake/embed.cmake has put into the archive libtide_lua.
**
** Every module of tide is preloaded, so that `require` finds it before it looks at any path. The chunks' names stand in brackets, as in
** [tide.nn]; each registers itself as one of tide's own (core.own_source), so that messages give the user's line.
*/
#include "lua/binding.h"
#include "tide_lua.h"

extern const struct tide__Chunk { const char *name; const char *data; size_t size; } tide__chunks[];

/* Runs the chunk that is its upvalue: the loader of one module. */
static int load_chunk(lua_State *L) {
  const struct tide__Chunk *k = lua_touserdata(L, lua_upvalueindex(1));
  lua_settop(L, 0);
  lua_pushfstring(L, "=[%s]", k->name);
  if (luaL_loadbufferx(L, k->data, k->size, lua_tostring(L, 1), "t") != LUA_OK) return lua_error(L);
  lua_pushstring(L, k->name);
  lua_call(L, 1, 1);
  return 1;
}

static void push_loader(lua_State *L, const struct tide__Chunk *k) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)k);
  lua_pushcclosure(L, load_chunk, 1);
}

int luaopen_tide(lua_State *L) {
  luaL_checkversion(L);
  if (lua_getglobal(L, "require") != LUA_TFUNCTION) return luaL_error(L, "tide needs Lua's standard libraries: call luaL_openlibs first");
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_tide_core);
  lua_setfield(L, -2, "tide.core");
  const struct tide__Chunk *k, *whole = NULL;
  for (k = tide__chunks; k->name; k++) {
    if (!strcmp(k->name, "tide")) { whole = k; continue; }      /* (that one is what require "tide" has called) */
    push_loader(L, k);
    lua_setfield(L, -2, k->name);
  }
  if (!whole) return luaL_error(L, "tide was built without its Lua sources");
  push_loader(L, whole);
  lua_call(L, 0, 1);
  return 1;
}
