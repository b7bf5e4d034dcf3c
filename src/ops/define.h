/*
** Writes the records and C functions of one table. The family's file has defined TABLE and its static functions before.
** Expansion of  OP(trace, "trace", (T(input)), "Sum of the diagonal.", .infer = trace_infer, ...):
**   static const tide_Param trace_params[] = {{TIDE_A_T, "input", ""}};
**   const tide_Op tide__op_trace = {.sig = {.id = "trace", .name = "trace", ...}, .kind = OP_RECORD, .infer = trace_infer, ...};
**   tide_Tensor *tide_trace(tide_Tensor *input) { tide_Value v[] = {{.t = input}}; ... the door ... }
**   tide_Tensor *tide_trace_(...)     the same in place, public where the record has .inplace
*/
#define COUNT(a) (int)(sizeof(a) / sizeof *(a))
#define RECORD(id_, public, args, text, outs, k, ...) \
  static const tide_Param id_##_params[] = {EACH(D_, args)}; \
  const tide_Op tide__op_##id_ = {.sig = {.id = #id_, .name = public, .help = text, .nparams = COUNT(id_##_params), .params = id_##_params, .outputs = outs}, .kind = k, __VA_ARGS__};

#define OP(id, name, args, help, ...) \
  RECORD(id, name, args, help, 1, OP_RECORD, __VA_ARGS__) \
  tide_Tensor *tide_##id(EACH(P_, args)) { \
    tide_Value v[] = {EACH(V_, args)}; tide_Tensor *out[1]; \
    return tide__apply(&tide__op_##id, NULL, v, out) ? out[0] : NULL; \
  } \
  tide_Tensor *tide_##id##_(EACH(P_, args)) { tide_Value v[] = {EACH(V_, args)}; return tide__inplace(&tide__op_##id, NULL, v); }
#define OP2(id, name, args, help, ...) \
  RECORD(id, name, args, help, 2, OP_RECORD, __VA_ARGS__) \
  tide_Tensor *tide_##id(EACH(P_, args), tide_Tensor **second) { \
    tide_Value v[] = {EACH(V_, args)}; tide_Tensor *out[2] = {NULL, NULL}; \
    int ok = tide__apply(&tide__op_##id, NULL, v, out); \
    if (second) *second = ok ? out[1] : NULL; \
    return ok ? out[0] : NULL; \
  }
#define OP3(id, name, args, help, ...) \
  RECORD(id, name, args, help, 3, OP_RECORD, __VA_ARGS__) \
  tide_Tensor *tide_##id(EACH(P_, args), tide_Tensor **second, tide_Tensor **third) { \
    tide_Value v[] = {EACH(V_, args)}; tide_Tensor *out[3] = {NULL, NULL, NULL}; \
    int ok = tide__apply(&tide__op_##id, NULL, v, out); \
    if (second) *second = ok ? out[1] : NULL; \
    if (third) *third = ok ? out[2] : NULL; \
    return ok ? out[0] : NULL; \
  }
#define OPN(id, name, args, help, ...) \
  RECORD(id, name, args, help, -1, OP_RECORD, __VA_ARGS__) \
  tide_Tensor **tide_##id(EACH(P_, args), int *count) { \
    tide_Value v[] = {EACH(V_, args)}; \
    return tide__apply_list(&tide__op_##id, NULL, v, count); \
  }

/* A composite's body sees its arguments by name; its thunk serves callers by descriptor. */
#define COMPOSITE(id, name, args, body, help, ...) \
  tide_Tensor *tide_##id(EACH(P_, args)) { return body; } \
  static int id##_thunk(tide_Context *c, const tide_Value *v, tide_Tensor **out, int *nout, tide_Tensor ***list) { \
    (void)c; (void)list; LOCALS(args) \
    out[0] = tide_##id(EACH(C_, args)); *nout = 1; return out[0] != NULL; \
  } \
  RECORD(id, name, args, help, 1, OP_COMPOSITE, .thunk = id##_thunk, __VA_ARGS__)
#define COMPOSITE2(id, name, args, body, help, ...) \
  tide_Tensor *tide_##id(EACH(P_, args), tide_Tensor **second) { return body; } \
  static int id##_thunk(tide_Context *c, const tide_Value *v, tide_Tensor **out, int *nout, tide_Tensor ***list) { \
    (void)c; (void)list; LOCALS(args) \
    out[0] = tide_##id(EACH(C_, args), &out[1]); *nout = 2; return out[0] != NULL && out[1] != NULL; \
  } \
  RECORD(id, name, args, help, 2, OP_COMPOSITE, .thunk = id##_thunk, __VA_ARGS__)
#define COMPOSITE3(id, name, args, body, help, ...) \
  tide_Tensor *tide_##id(EACH(P_, args), tide_Tensor **second, tide_Tensor **third) { return body; } \
  static int id##_thunk(tide_Context *c, const tide_Value *v, tide_Tensor **out, int *nout, tide_Tensor ***list) { \
    (void)c; (void)list; LOCALS(args) \
    out[0] = tide_##id(EACH(C_, args), &out[1], &out[2]); *nout = 3; return out[0] != NULL && out[1] != NULL && out[2] != NULL; \
  } \
  RECORD(id, name, args, help, 3, OP_COMPOSITE, .thunk = id##_thunk, __VA_ARGS__)
#define COMPOSITEN(id, name, args, body, help, ...) \
  tide_Tensor **tide_##id(EACH(P_, args), int *count) { return body; } \
  static int id##_thunk(tide_Context *c, const tide_Value *v, tide_Tensor **out, int *nout, tide_Tensor ***list) { \
    (void)c; (void)out; LOCALS(args) \
    *list = tide_##id(EACH(C_, args), nout); return *list != NULL; \
  } \
  RECORD(id, name, args, help, -1, OP_COMPOSITE, .thunk = id##_thunk, __VA_ARGS__)

#include TABLE
#include "ops/undef.h"
#undef TABLE
