/*
** A host of Lua that gives its scripts no access to files: tide.save and tide.load refuse names, and work on strings.
*/
#include <stdio.h>

#include <lauxlib.h>
#include <lualib.h>

#include "tide_lua.h"

static const char script[] =
  "local tide = require 'tide'\n"
  "local ok, message = pcall(tide.save, tide.ones(1), '/tmp/tide_never.npy')\n"
  "assert(not ok and message:find 'no access to files', message)\n"
  "ok, message = pcall(tide.load, '/etc/passwd')\n"
  "assert(not ok and message:find 'no access to files', message)\n"
  "assert(not io.open '/tmp/tide_never.npy')\n"
  "local t = tide.load {data = tide.save {x = tide.arange(3), n = 5}}\n"
  "assert(t.n == 5 and t.x[3]:item() == 2)\n"
  "assert(tide.load({data = tide.save({tide.ones(2)}, {format = 'npz'})}).arr_0:numel() == 2)\n"
  "assert(tide.frombuffer(tide.ones(2):tobytes(), tide.float32)[2]:item() == 1)\n";

int main(void) {
  lua_State *L = luaL_newstate();
  tide_Config config = {.size = sizeof config, .no_files = 1};
  luaL_openlibs(L);
  tide_lua_open(L, &config);
  luaL_requiref(L, "tide", luaopen_tide, 0);
  lua_pop(L, 1);
  int status = luaL_dostring(L, script);
  if (status != LUA_OK) puts(lua_tostring(L, -1));
  lua_close(L);
  return status != LUA_OK;
}
