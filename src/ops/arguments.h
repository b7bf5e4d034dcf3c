/*
** Typed argument lists. An operator's list is written once, as in
**    (T(input), DIMS(dim), BOOL(keepdim, 0))
** and read in five ways, by putting a letter in front of each item (EACH(P_, list) gives P_T(input), P_DIMS(dim), ...):
**    P_  parameters of the C function     tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim
**    V_  values for the door              {.t = input}, {.ints = dim, .n = n_dim}, {.i = keepdim}
**    D_  descriptors for bindings         {TIDE_A_T, "input", ""}, ...
**    L_  locals taken out of values       tide_Tensor *input = v->t; v++; ...
**    C_  the locals as arguments          input, dim, n_dim, keepdim
** A second item in the brackets is the default, in C; without one the argument must be given.
*/
#ifndef TIDE_OPS_ARGUMENTS_H
#define TIDE_OPS_ARGUMENTS_H

#define BARE(...) __VA_ARGS__
#define EACH(m, list) EACH_(m, BARE list)
#define EACH_(m, ...) EACH_N(__VA_ARGS__, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)(m, __VA_ARGS__)
#define EACH_N(a, b, c, d, e, f, g, h, i, j, n, ...) EACH_##n
#define EACH_1(m, a) m##a
#define EACH_2(m, a, ...) m##a, EACH_1(m, __VA_ARGS__)
#define EACH_3(m, a, ...) m##a, EACH_2(m, __VA_ARGS__)
#define EACH_4(m, a, ...) m##a, EACH_3(m, __VA_ARGS__)
#define EACH_5(m, a, ...) m##a, EACH_4(m, __VA_ARGS__)
#define EACH_6(m, a, ...) m##a, EACH_5(m, __VA_ARGS__)
#define EACH_7(m, a, ...) m##a, EACH_6(m, __VA_ARGS__)
#define EACH_8(m, a, ...) m##a, EACH_7(m, __VA_ARGS__)
#define EACH_9(m, a, ...) m##a, EACH_8(m, __VA_ARGS__)
#define EACH_10(m, a, ...) m##a, EACH_9(m, __VA_ARGS__)
/* the same with semicolons */
#define LOCALS(list) LOCALS_(BARE list)
#define LOCALS_(...) EACH_N(__VA_ARGS__, S10, S9, S8, S7, S6, S5, S4, S3, S2, S1)(L_, __VA_ARGS__)
#define EACH_S1(m, a) m##a;
#define EACH_S2(m, a, ...) m##a; EACH_S1(m, __VA_ARGS__)
#define EACH_S3(m, a, ...) m##a; EACH_S2(m, __VA_ARGS__)
#define EACH_S4(m, a, ...) m##a; EACH_S3(m, __VA_ARGS__)
#define EACH_S5(m, a, ...) m##a; EACH_S4(m, __VA_ARGS__)
#define EACH_S6(m, a, ...) m##a; EACH_S5(m, __VA_ARGS__)
#define EACH_S7(m, a, ...) m##a; EACH_S6(m, __VA_ARGS__)
#define EACH_S8(m, a, ...) m##a; EACH_S7(m, __VA_ARGS__)
#define EACH_S9(m, a, ...) m##a; EACH_S8(m, __VA_ARGS__)
#define EACH_S10(m, a, ...) m##a; EACH_S9(m, __VA_ARGS__)

/* CTX context; T tensor, OT optional, TN tensor or number, OTN optional, NT number as an operand, ONT optional, TL list, OTL list with
** absent entries, PT tensor of positions; N number, INT whole number, BOOL, STR, DIM, DIMS (absent: all), SIZE, INTS
** (absent: NULL, -1), POS, DTYPE (absent: -1). */
#define P_CTX(x)       tide_Context *x
#define P_T(x)         tide_Tensor *x
#define P_OT(x)        tide_Tensor *x
#define P_TN(x)        tide_Tensor *x
#define P_OTN(x)       tide_Tensor *x
#define P_NT(x, ...)   tide_Tensor *x
#define P_ONT(x)       tide_Tensor *x
#define P_TL(x)        tide_Tensor *const *x, int n_##x
#define P_OTL(x)       tide_Tensor *const *x, int n_##x
#define P_PT(x)        tide_Tensor *x
#define P_N(x, ...)    double x
#define P_INT(x, ...)  int64_t x
#define P_BOOL(x, ...) int x
#define P_STR(x, ...)  const char *x
#define P_DIM(x, ...)  int64_t x
#define P_DIMS(x, ...) const int64_t *x, int n_##x
#define P_SIZE(x)      const int64_t *x, int n_##x
#define P_INTS(x, ...) const int64_t *x, int n_##x
#define P_POS(x, ...)  int64_t x
#define P_DTYPE(x)     int x

#define V_CTX(x)       {.c = x}
#define V_T(x)         {.t = x}
#define V_OT(x)        {.t = x}
#define V_TN(x)        {.t = x}
#define V_OTN(x)       {.t = x}
#define V_NT(x, ...)   {.t = x}
#define V_ONT(x)       {.t = x}
#define V_TL(x)        {.list = x, .n = n_##x}
#define V_OTL(x)       {.list = x, .n = n_##x}
#define V_PT(x)        {.t = x}
#define V_N(x, ...)    {.d = x}
#define V_INT(x, ...)  {.i = x}
#define V_BOOL(x, ...) {.i = x}
#define V_STR(x, ...)  {.s = x}
#define V_DIM(x, ...)  {.i = x}
#define V_DIMS(x, ...) {.ints = x, .n = n_##x}
#define V_SIZE(x)      {.ints = x, .n = n_##x}
#define V_INTS(x, ...) {.ints = x, .n = n_##x}
#define V_POS(x, ...)  {.i = x}
#define V_DTYPE(x)     {.i = x}

#define D_CTX(x)       {TIDE_A_CTX, #x, ""}
#define D_T(x)         {TIDE_A_T, #x, ""}
#define D_OT(x)        {TIDE_A_OT, #x, "none"}
#define D_TN(x)        {TIDE_A_TN, #x, ""}
#define D_OTN(x)       {TIDE_A_OTN, #x, "none"}
#define D_NT(x, ...)   {TIDE_A_NT, #x, "" #__VA_ARGS__}
#define D_ONT(x)       {TIDE_A_ONT, #x, "none"}
#define D_TL(x)        {TIDE_A_TL, #x, ""}
#define D_OTL(x)       {TIDE_A_OTL, #x, ""}
#define D_PT(x)        {TIDE_A_PT, #x, ""}
#define D_N(x, ...)    {TIDE_A_N, #x, "" #__VA_ARGS__}
#define D_INT(x, ...)  {TIDE_A_INT, #x, "" #__VA_ARGS__}
#define D_BOOL(x, ...) {TIDE_A_BOOL, #x, "" #__VA_ARGS__}
#define D_STR(x, ...)  {TIDE_A_STR, #x, "" #__VA_ARGS__}
#define D_DIM(x, ...)  {TIDE_A_DIM, #x, "" #__VA_ARGS__}
#define D_DIMS(x, ...) {TIDE_A_DIMS, #x, "" #__VA_ARGS__}
#define D_SIZE(x)      {TIDE_A_SIZE, #x, ""}
#define D_INTS(x, ...) {TIDE_A_INTS, #x, "" #__VA_ARGS__}
#define D_POS(x, ...)  {TIDE_A_POS, #x, "" #__VA_ARGS__}
#define D_DTYPE(x)     {TIDE_A_DTYPE, #x, "none"}

#define L_CTX(x)       tide_Context *x = (v++)->c
#define L_T(x)         tide_Tensor *x = (v++)->t
#define L_OT(x)        tide_Tensor *x = (v++)->t
#define L_TN(x)        tide_Tensor *x = (v++)->t
#define L_OTN(x)       tide_Tensor *x = (v++)->t
#define L_NT(x, ...)   tide_Tensor *x = (v++)->t
#define L_ONT(x)       tide_Tensor *x = (v++)->t
#define L_TL(x)        int n_##x = v->n; tide_Tensor *const *x = (v++)->list
#define L_OTL(x)       int n_##x = v->n; tide_Tensor *const *x = (v++)->list
#define L_PT(x)        tide_Tensor *x = (v++)->t
#define L_N(x, ...)    double x = (v++)->d
#define L_INT(x, ...)  int64_t x = (v++)->i
#define L_BOOL(x, ...) int x = (int)(v++)->i
#define L_STR(x, ...)  const char *x = (v++)->s
#define L_DIM(x, ...)  int64_t x = (v++)->i
#define L_DIMS(x, ...) int n_##x = v->n; const int64_t *x = (v++)->ints
#define L_SIZE(x)      int n_##x = v->n; const int64_t *x = (v++)->ints
#define L_INTS(x, ...) int n_##x = v->n; const int64_t *x = (v++)->ints
#define L_POS(x, ...)  int64_t x = (v++)->i
#define L_DTYPE(x)     int x = (int)(v++)->i

#define C_CTX(x)       x
#define C_T(x)         x
#define C_OT(x)        x
#define C_TN(x)        x
#define C_OTN(x)       x
#define C_NT(x, ...)   x
#define C_ONT(x)       x
#define C_TL(x)        x, n_##x
#define C_OTL(x)       x, n_##x
#define C_PT(x)        x
#define C_N(x, ...)    x
#define C_INT(x, ...)  x
#define C_BOOL(x, ...) x
#define C_STR(x, ...)  x
#define C_DIM(x, ...)  x
#define C_DIMS(x, ...) x, n_##x
#define C_SIZE(x)      x, n_##x
#define C_INTS(x, ...) x, n_##x
#define C_POS(x, ...)  x
#define C_DTYPE(x)     x

#endif
