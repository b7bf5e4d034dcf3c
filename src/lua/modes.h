/* Scopes of modes: grad, inference, anomaly, saved-tensor hooks. */
#ifndef TIDE_LUA_MODES_H
#define TIDE_LUA_MODES_H

#include "lua/binding.h"

struct Guard {
  uintptr_t key;              /* of a userdata */
  Guard *prev, *next;
  lua_State *thread;          /* of a userdata its user value keeps it alive */
  State *S;
  struct Modes modes;
  uint8_t on;
  uint8_t warns;              /* to be dropped without being closed is a mistake, made at: */
  char where[96];
};

/* The modes that hold for the running coroutine. */
struct Modes tide__current_modes(lua_State *L, State *S);
/* A guard as a userdata at the top, in force until it is closed or collected. */
Guard *tide__push_guard(lua_State *L, State *S, struct Modes modes, int warns);
/* With arguments (f, ...) at 1 ..: calls f under these modes and returns its results; with none: leaves the guard for `local _ <close>`.
** `pair` 1: a table that the guard keeps stands before them. */
int tide__with_modes(lua_State *L, State *S, const char *function, struct Modes modes, int pair);
/* Calls the function below its `n` arguments at the top, protected, under these modes; what it sets for good ends with it, and the context has again
** what it had. It cannot yield. The status. */
int tide__protected_call(lua_State *L, State *S, struct Modes modes, int n, int results);
struct Modes tide__context_modes(State *S);

#endif
