/*
** The text of a tensor, which is PyTorch's, byte for byte, with "tide." for "torch.".
*/
#ifndef TIDE_LUA_PRINT_H
#define TIDE_LUA_PRINT_H

#include <lua.h>

#include "tide.h"

#define TIDE__MAX_PRECISION 1000

/* As set_printoptions sets them; one per binding state. */
typedef struct tide__PrintOptions {
  int precision;            /* digits after the point, at most TIDE__MAX_PRECISION */
  int edgeitems;            /* how many elements are shown at each end of a summarised dimension */
  int linewidth;
  int sci_mode;             /* 1 and 0 force scientific notation on and off, -1 lets the values decide */
  double threshold;         /* tensors of more elements are summarised */
} tide__PrintOptions;

#define TIDE__PRINT_DEFAULTS {4, 3, 80, -1, 1000}

/* Pushes the text of t; a parameter's begins with a line that says so. Throws only what Lua throws (no memory), and
** owns nothing then. Reads the elements that are shown, no others. */
void tide__format(lua_State *L, tide_Tensor *t, const tide__PrintOptions *o, int parameter);

/* The arguments of set_printoptions, from stack index `from` to the top: precision, threshold, edgeitems, linewidth, profile,
** sci_mode, the last of them perhaps a table of keywords. 1, or 0 with what is wrong on top of the stack and *o as it was. */
int tide__read_printoptions(lua_State *L, int from, tide__PrintOptions *o);

#endif
