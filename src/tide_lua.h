/*
** tide for hosts that embed Lua.
**
**   luaL_requiref(L, "tide.core", luaopen_tide_core, 0); lua_pop(L, 1);     // with the Lua files of tide on package.path; or
**   luaL_requiref(L, "tide", luaopen_tide, 1); lua_pop(L, 1);               // libtide_lua: everything inside, no files needed
**   tide_lua_push(L, tide_from_memory(tide_lua_context(L), pixels, ...));   // host memory, uncopied
**
** All of these may raise Lua errors; call them in protected mode.
*/
#ifndef TIDE_LUA_H
#define TIDE_LUA_H

#include <lua.h>

#include "tide.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The C part of the module; idempotent in a state. Pushes the module table. */
TIDE_API int luaopen_tide_core(lua_State *L);
/* The whole module, its Lua sources inside (libtide_lua only). */
TIDE_API int luaopen_tide(lua_State *L);

/* The context of the state (all its coroutines); NULL before tide was opened in it. It belongs to the state. */
TIDE_API tide_Context *tide_lua_context(lua_State *L);
/* Pushes a tensor of that context, taking the scope's count or one more; nil for NULL and TIDE_NONE. */
TIDE_API void tide_lua_push(lua_State *L, tide_Tensor *t);
/* The tensor at index i, lent: it lives as long as the Lua value. Raises if there is none; test gives NULL. */
TIDE_API tide_Tensor *tide_lua_check(lua_State *L, int i);
TIDE_API tide_Tensor *tide_lua_test(lua_State *L, int i);

#ifdef __cplusplus
}
#endif

#endif
