/*
** What differs between versions of Lua stands here and nowhere else. Written for 5.4; 5.3 and LuaJIT can follow by giving these
** their own meanings.
*/
#ifndef TIDE_LUA_COMPAT_H
#define TIDE_LUA_COMPAT_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#if LUA_VERSION_NUM < 504
#error "tide needs Lua 5.4"
#endif

/* Userdata without user values; what belongs to one stands in an ephemeron table. */
#define compat_newuserdata(L, size)      lua_newuserdatauv(L, size, 0)
/* Userdata that keeps one value alive. */
#define compat_newuserdata1(L, size)     lua_newuserdatauv(L, size, 1)
#define compat_setvalue(L, i)            lua_setiuservalue(L, i, 1)
#define compat_getvalue(L, i)            lua_getiuservalue(L, i, 1)

/* The collector: is it running, one basic step, all of it, bytes of its heap. */
#define compat_gc_running(L)             lua_gc(L, LUA_GCISRUNNING)
#define compat_gc_step(L)                lua_gc(L, LUA_GCSTEP, 0)
#define compat_gc_full(L)                lua_gc(L, LUA_GCCOLLECT)
#define compat_gc_bytes(L)               ((int64_t)lua_gc(L, LUA_GCCOUNT) * 1024 + lua_gc(L, LUA_GCCOUNTB))
/* Is this a finalizer? (Nothing of the collector answers there.) */
#define compat_in_finalizer(L)           (lua_gc(L, LUA_GCCOUNT) < 0)

/* Marks the value at i to be closed when the running C function leaves its block. */
#define compat_toclose(L, i)             lua_toclose(L, i)
#define compat_warning(L, s)             (lua_warning(L, s, 0))

#endif
