/* Scopes of modes: grad, inference, anomaly, saved-tensor hooks. */
#ifndef TIDE_LUA_MODES_H
#define TIDE_LUA_MODES_H

#include "lua/binding.h"

struct Guard {
  Guard *prev, *next;
  lua_State *thread;          /* of a userdata its user value keeps it alive */
  State *S;
  struct Modes modes;
  uint8_t on;
  uint8_t warns;              /* to be dropped without being closed is a mistake */
};

/* The modes that hold for the running coroutine. */
struct Modes tide__current_modes(lua_State *L, State *S);
/* A guard as a userdata at the top, in force until it is closed or collected. */
Guard *tide__push_guard(lua_State *L, State *S, struct Modes modes, int warns);
/* With arguments (f, ...) at 1 ..: calls f under these modes and returns its results; with none: leaves the guard for `local _ <close>`. */
int tide__with_modes(lua_State *L, State *S, struct Modes modes);
/* A guard on the C stack around a callback: in it, the context's modes of this moment hold. */
void tide__callback_begin(lua_State *L, State *S, Guard *g);
void tide__callback_end(State *S, Guard *g);

#endif
