/*
** The text of a tensor.
**
** PyTorch decides once for the whole tensor how its elements are written: looking at the ones that are shown, it finds a style
** (whole numbers "3.", fixed "3.1416" or scientific "3.1416e+00") and a width that holds each of them. Zeros, infinities and NaN have no say in
** it: they are written in that style and may be wider. Hence three walks over the shown elements: survey, measure, write.
** A tensor of more than `threshold` elements shows only `edgeitems` at both ends of each dimension that is longer than both.
**
** Everything goes straight into a luaL_Buffer, so that nothing leaks when Lua throws.
*/
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <lauxlib.h>

#include "lua/print.h"

#define INDENT       7                                /* the length of "tensor(" */
#define LONGEST      (320 + TIDE__MAX_PRECISION)      /* of one element: 309 digits, sign, point, exponent */

enum { INTEGER, WHOLE, FIXED, SCIENTIFIC };

typedef struct Printer {
  const tide__PrintOptions *o;
  const tide_Tensor *t;
  int ndim, dtype;
  const int64_t *shape, *strides;
  int summary;              /* only the edges are shown */
  int style;                /* how an element is written */
  int width;                /* room for one */
  double least, most;       /* survey: of the absolute values, zeros and non-finite ones apart; least is 0 if there are none */
  int whole;                /* survey: have those values no fraction? */
  luaL_Buffer *b;
  int64_t column;           /* characters in the last line of b */
} Printer;


/* {======================== which elements are shown ======================== */

/* A dimension has items: its shown positions and, where it is summarised, the gap "..." between them. */
static int summarised(const Printer *p, int d) { return p->summary && p->shape[d] > 2 * (int64_t)p->o->edgeitems; }
static int64_t items(const Printer *p, int d) { return summarised(p, d) ? 2 * (int64_t)p->o->edgeitems + 1 : p->shape[d]; }

/* The position of item k, -1 for the gap. */
static int64_t position(const Printer *p, int d, int64_t k) {
  int64_t edge = p->o->edgeitems;
  if (!summarised(p, d) || k < edge) return k;
  return k == edge ? -1 : p->shape[d] - items(p, d) + k;
}

/* Calls see for each element shown; `at` counts elements of memory from the tensor's first. */
static void walk(Printer *p, int d, int64_t at, void (*see)(Printer *p, int64_t at)) {
  if (d == p->ndim) { see(p, at); return; }
  for (int64_t k = 0; k < items(p, d); k++) {
    int64_t i = position(p, d, k);
    if (i >= 0) walk(p, d + 1, at + i * p->strides[d], see);
  }
}

/* }========================================================= */


/* {======================== one element ======================== */

/* C writes the locale's decimal point, PyTorch always a dot. */
static void dot(char *s) {
  char *point = strchr(s, lua_getlocaledecpoint());
  if (point) *point = '.';
}

/* Writes the element at `at` into s (of LONGEST + 1 bytes), returns its length. */
static int element(const Printer *p, int64_t at, char *s) {
  if (p->dtype == TIDE_BOOL) return sprintf(s, "%s", tide_element_integer(p->t, at) ? "True" : "False");
  if (p->style == INTEGER) return sprintf(s, "%lld", (long long)tide_element_integer(p->t, at));
  double v = tide_element(p->t, at);
  if (v != v) return sprintf(s, "nan");
  if (isinf(v)) return sprintf(s, v < 0 ? "-inf" : "inf");
  int n = p->style == WHOLE ? sprintf(s, "%.0f.", v) : sprintf(s, p->style == FIXED ? "%.*f" : "%.*e", p->o->precision, v);
  dot(s);
  return n;
}

static void survey(Printer *p, int64_t at) {
  double v = fabs(tide_element(p->t, at));
  if (!isfinite(v) || v == 0) return;
  if (p->least == 0 || v < p->least) p->least = v;
  if (v > p->most) p->most = v;
  if (v != ceil(v)) p->whole = 0;
}

static void measure(Printer *p, int64_t at) {
  char s[LONGEST + 1];
  if (p->style != INTEGER) {
    double v = tide_element(p->t, at);
    if (!isfinite(v) || v == 0) return;
  }
  int n = element(p, at, s);
  if (n > p->width) p->width = n;
}

static void choose_style(Printer *p) {
  p->width = 1;
  if (!tide_dtype_is_float(p->dtype)) p->style = INTEGER;
  else {
    p->whole = 1;
    walk(p, 0, 0, survey);
    if (p->least == 0) { p->style = WHOLE; return; }
    int scientific = p->o->sci_mode >= 0 ? p->o->sci_mode : p->most / p->least > 1000 || p->most > 1e8 || p->least < 1e-4;
    p->style = scientific ? SCIENTIFIC : p->whole ? WHOLE : FIXED;
  }
  walk(p, 0, 0, measure);
}

/* }========================================================= */


/* {======================== writing ======================== */

static void add(Printer *p, const char *s, size_t n) { luaL_addlstring(p->b, s, n); p->column += (int64_t)n; }
static void add_text(Printer *p, const char *s) { add(p, s, strlen(s)); }
static void add_spaces(Printer *p, int n) { for (; n > 0; n--) add(p, " ", 1); }

static void new_lines(Printer *p, int n, int indent) {
  for (; n > 0; n--) luaL_addchar(p->b, '\n');
  p->column = 0;
  add_spaces(p, indent);
}

static void add_element(Printer *p, int64_t at) {
  char s[LONGEST + 1];
  int n = element(p, at, s);
  add_spaces(p, p->width - n);
  add(p, s, (size_t)n);
}

/* The innermost dimension: as many items to a line as fit. */
static void add_row(Printer *p, int64_t at, int indent) {
  int d = p->ndim - 1;
  int64_t n = items(p, d), line = (p->o->linewidth - indent) / (p->width + 2);
  if (line < 1) line = 1;
  for (int64_t k = 0; k < n; k++) {
    int64_t i = position(p, d, k);
    if (k > 0) add(p, ",", 1);
    if (k > 0 && k % line == 0) new_lines(p, 1, indent + 1);
    else if (k > 0) add(p, " ", 1);
    if (i >= 0) add_element(p, at + i * p->strides[d]);
    else add_text(p, n > 1 ? " ..." : "...");
  }
}

/* Dimension d and those within it. */
static void add_body(Printer *p, int d, int64_t at, int indent) {
  if (d == p->ndim) { add_element(p, at); return; }
  add(p, "[", 1);
  if (d == p->ndim - 1) add_row(p, at, indent);
  else for (int64_t k = 0; k < items(p, d); k++) {
    int64_t i = position(p, d, k);
    if (k > 0) { add(p, ",", 1); new_lines(p, p->ndim - 1 - d, indent + 1); }
    if (i >= 0) add_body(p, d + 1, at + i * p->strides[d], indent + 1);
    else add_text(p, "...");
  }
  add(p, "]", 1);
}

/* What follows the elements: on their line if it fits, else on a line of its own. It counts as `more` characters longer. */
static void add_suffix(Printer *p, const char *s, int more) {
  int fits = p->column + 2 + (int64_t)strlen(s) + more <= p->o->linewidth;
  add(p, ",", 1);
  if (fits) add(p, " ", 1);
  else new_lines(p, 1, INDENT);
  add_text(p, s);
  p->column += more;
}

/* The sizes as Python writes a tuple: (2, 3), (2,), (). */
static void add_sizes(Printer *p) {
  char s[16 + 22 * TIDE_MAXDIM], *end = s + sprintf(s, "size=(");
  for (int d = 0; d < p->ndim; d++) end += sprintf(end, d ? ", %lld" : "%lld", (long long)p->shape[d]);
  strcpy(end, p->ndim == 1 ? ",)" : ")");
  add_suffix(p, s, 0);
}

static void add_dtype(Printer *p) {
  char s[32];
  snprintf(s, sizeof s, "dtype=tide.%s", tide_dtype_name(p->dtype));
  add_suffix(p, s, 1);          /* lines break where they do with "torch." */
}

/* Where the tensor's history cannot be told (a view made under no grad of what was changed since), PyTorch writes Invalid. */
static void add_history(Printer *p, tide_Tensor *t) {
  tide_Context *c = tide_context(t);
  int before = tide_error_code(c), requires_grad = tide_requires_grad(t);
  tide_Node *node = tide_grad_fn(t, NULL);
  int invalid = before == TIDE_OK && tide_error_code(c) != TIDE_OK;
  if (invalid) tide_clear_error(c);
  if (node || invalid) {
    char s[128];
    snprintf(s, sizeof s, "grad_fn=<%s>", node ? tide_node_name(node) : "Invalid");
    add_suffix(p, s, 0);
  }
  else if (requires_grad) add_suffix(p, "requires_grad=True", 0);
}

void tide__format(lua_State *L, tide_Tensor *t, const tide__PrintOptions *o, int parameter) {
  luaL_Buffer b;
  Printer p = {.o = o, .t = t, .ndim = tide_ndim(t), .dtype = tide_dtype(t), .shape = tide_shape(t), .strides = tide_strides(t), .b = &b};
  int64_t n = tide_numel(t);
  int usual = p.dtype == tide_default_dtype(tide_context(t));
  luaL_buffinit(L, &b);
  if (parameter) { add_text(&p, "Parameter containing:"); new_lines(&p, 1, 0); }
  add_text(&p, "tensor(");
  if (n == 0) add_text(&p, "[]");
  else {
    p.summary = (double)n > o->threshold;
    choose_style(&p);
    add_body(&p, 0, 0, INDENT);
  }
  p.column += 2;                /* PyTorch miscounts the line that the elements end on by so much */
  if (n == 0 ? p.ndim != 1 : o->edgeitems == 0) add_sizes(&p);
  if (!usual && (n == 0 || (p.dtype != TIDE_INT64 && p.dtype != TIDE_BOOL))) add_dtype(&p);
  add_history(&p, t);
  add(&p, ")", 1);
  luaL_pushresult(&b);
}

/* }========================================================= */


/* {======================== set_printoptions ======================== */

enum { PRECISION, THRESHOLD, EDGEITEMS, LINEWIDTH, PROFILE, SCI_MODE, NOPTIONS };
static const char *const names[NOPTIONS] = {"precision", "threshold", "edgeitems", "linewidth", "profile", "sci_mode"};

static int refuse(lua_State *L, int option, int value, const char *wanted) {
  lua_pushfstring(L, "%s should be %s, not %s", names[option], wanted, luaL_tolstring(L, value, NULL));
  return 0;
}

static int option_named(lua_State *L, int key) {
  for (int i = 0; i < NOPTIONS; i++)
    if (lua_type(L, key) == LUA_TSTRING && !strcmp(lua_tostring(L, key), names[i])) return i;
  return -1;
}

static int plain_table(lua_State *L, int i) {
  if (!lua_istable(L, i)) return 0;
  if (!lua_getmetatable(L, i)) return 1;
  lua_pop(L, 1);
  return 0;
}

/* Pushes one value per option, nil where it is not given. 1, or 0 with the message on top. */
static int spread(lua_State *L, int from) {
  int top = lua_gettop(L), keywords = top >= from && plain_table(L, top), given = top - from + 1 - keywords;
  luaL_checkstack(L, NOPTIONS + 8, NULL);
  if (given > NOPTIONS) { lua_pushfstring(L, "%d arguments are too many, it has %d", given, NOPTIONS); return 0; }
  for (int i = 0; i < NOPTIONS; i++) {
    if (i < given) lua_pushvalue(L, from + i);
    else lua_pushnil(L);
  }
  if (!keywords) return 1;
  for (lua_pushnil(L); lua_next(L, top); lua_pop(L, 1)) {
    int i = option_named(L, -2);
    if (i < 0) { lua_pushfstring(L, "there is no option %s", luaL_tolstring(L, -2, NULL)); return 0; }
    if (!lua_isnil(L, top + 1 + i)) { lua_pushfstring(L, "%s is given twice", names[i]); return 0; }
    lua_pushvalue(L, -1);
    lua_replace(L, top + 1 + i);
  }
  return 1;
}

/* A whole number from `least` to `most` into *to. */
static int whole_number(lua_State *L, int option, int value, int least, int most, int *to) {
  int ok;
  lua_Integer v = lua_tointegerx(L, value, &ok);
  if (!ok || lua_type(L, value) != LUA_TNUMBER || v < least || v > most) {
    char wanted[64];
    snprintf(wanted, sizeof wanted, "a whole number from %d to %d", least, most);
    return refuse(L, option, value, wanted);
  }
  *to = (int)v;
  return 1;
}

static int profile(lua_State *L, int value, tide__PrintOptions *o) {
  static const struct { const char *name; tide__PrintOptions o; } profiles[] = {
    {"default", TIDE__PRINT_DEFAULTS}, {"short", {2, 2, 80, -1, 1000}}, {"full", {4, 3, 80, -1, HUGE_VAL}}
  };
  for (int i = 0; i < 3; i++)
    if (lua_type(L, value) == LUA_TSTRING && !strcmp(lua_tostring(L, value), profiles[i].name)) { *o = profiles[i].o; return 1; }
  return refuse(L, PROFILE, value, "default, short or full");
}

int tide__read_printoptions(lua_State *L, int from, tide__PrintOptions *o) {
  tide__PrintOptions new = *o;
  int at = lua_gettop(L) + 1;
  if (!spread(L, from)) return 0;
#define GIVEN(option) !lua_isnil(L, at + option)
  if (GIVEN(PROFILE) && !profile(L, at + PROFILE, &new)) return 0;
  if (GIVEN(PRECISION) && !whole_number(L, PRECISION, at + PRECISION, 0, TIDE__MAX_PRECISION, &new.precision)) return 0;
  if (GIVEN(EDGEITEMS) && !whole_number(L, EDGEITEMS, at + EDGEITEMS, 0, INT_MAX, &new.edgeitems)) return 0;
  if (GIVEN(LINEWIDTH) && !whole_number(L, LINEWIDTH, at + LINEWIDTH, 0, INT_MAX, &new.linewidth)) return 0;
  if (GIVEN(THRESHOLD)) {
    lua_Number v = lua_tonumber(L, at + THRESHOLD);
    if (lua_type(L, at + THRESHOLD) != LUA_TNUMBER || v != v) return refuse(L, THRESHOLD, at + THRESHOLD, "a number");
    new.threshold = v;
  }
  if (GIVEN(SCI_MODE) && !lua_isboolean(L, at + SCI_MODE)) return refuse(L, SCI_MODE, at + SCI_MODE, "a boolean");
  new.sci_mode = GIVEN(SCI_MODE) ? lua_toboolean(L, at + SCI_MODE) : -1;      /* as in PyTorch, each call sets it anew */
#undef GIVEN
  *o = new;
  lua_settop(L, at - 1);
  return 1;
}

/* }========================================================= */
