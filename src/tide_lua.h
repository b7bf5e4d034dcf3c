/*
** tide for hosts that embed Lua.
**
**   luaL_requiref(L, "tide.core", luaopen_tide_core, 0); lua_pop(L, 1);     // with the Lua files of tide on package.path; or
**   luaL_requiref(L, "tide", luaopen_tide, 1); lua_pop(L, 1);               // libtide_lua: everything inside, no files needed
**   tide_lua_push(L, tide_from_memory(tide_lua_context(L), pixels, ...));   // host memory, uncopied
**
** All of these may raise Lua errors; call them in protected mode. docs/embedding.md tells more.
**
** A host that calls tide.h itself on the context of a state does so between calls of Lua or in its own C functions, within a scope that
** it closes, and takes the context from tide_lua_context each time: hooks of Lua's are called in the state that was given there last.
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
/* The whole module, its Lua sources inside (libtide_lua only). Needs luaL_openlibs. Pushes the module table. */
TIDE_API int luaopen_tide(lua_State *L);
/* For hosts with an allocator of their own, or that leave scripts no files: makes the context of the state (its positions count from 1, whatever config says). Comes
** before the module is opened, which finds it. Raises if the state has a context. Pushes nothing. */
TIDE_API void tide_lua_open(lua_State *L, const tide_Config *config);

/* The context of the state (all its coroutines); NULL before tide was opened in it. It belongs to the state: it goes with lua_close, but for
** tensors that the host has kept. */
TIDE_API tide_Context *tide_lua_context(lua_State *L);
/* Pushes a tensor of that context, taking the scope's count or one more; nil for NULL and TIDE_NONE. */
TIDE_API void tide_lua_push(lua_State *L, tide_Tensor *t);
/* The tensor at index i, lent: it lives as long as the Lua value. Raises if there is none; test gives NULL. */
TIDE_API tide_Tensor *tide_lua_check(lua_State *L, int i);
TIDE_API tide_Tensor *tide_lua_test(lua_State *L, int i);
/* Pushes a Lua function that calls an operator of the host's (tide_define). Raises if it is not defined. */
TIDE_API void tide_lua_push_defined(lua_State *L, const char *name);

#ifdef __cplusplus
}
#endif

#endif
