/* The C function of every operator, read off the tables. (tide_ops.h has the same for users, with contracts.) */
#define PROTO1(id, args) tide_Tensor *tide_##id(EACH(P_, args));
#define UNARY(name, ...)              PROTO1(name, (T(input)))
#define UNARYP(name, public, args, ...)       PROTO1(name, args)
#define BINARY(name, ...)             PROTO1(name, (TN(input), TN(other)))
#define BINARYP(name, public, args, ...)      PROTO1(name, args)
#define TERNARY(name, public, args, ...)      PROTO1(name, args)
#define CHOICE(name, public, args, ...)       PROTO1(name, args)
#define FACE(name, row, n, public, args, ...) PROTO1(name, args)
#define PREDICATE1(name, ...)         PROTO1(name, (T(input)))
#define PREDICATE(name, ...)          PROTO1(name, (TN(input), TN(other)))
#define OP(id, name, args, ...)       PROTO1(id, args) PROTO1(id##_, args) extern const tide_Op tide__op_##id;
#define COMPOSITE(id, name, args, ...) PROTO1(id, args)
/* two and three results: the first is returned, the others go to the pointers (NULL: not wanted) */
#define OP2(id, name, args, ...)      tide_Tensor *tide_##id(EACH(P_, args), tide_Tensor **second); extern const tide_Op tide__op_##id;
#define OP3(id, name, args, ...)      tide_Tensor *tide_##id(EACH(P_, args), tide_Tensor **second, tide_Tensor **third); extern const tide_Op tide__op_##id;
#define COMPOSITE2(id, name, args, ...) tide_Tensor *tide_##id(EACH(P_, args), tide_Tensor **second);
#define COMPOSITE3(id, name, args, ...) tide_Tensor *tide_##id(EACH(P_, args), tide_Tensor **second, tide_Tensor **third);
/* any number: an array that lives until the scope is closed, its length in *count */
#define OPN(id, name, args, ...)      tide_Tensor **tide_##id(EACH(P_, args), int *count); extern const tide_Op tide__op_##id;
#define COMPOSITEN(id, name, args, ...) tide_Tensor **tide_##id(EACH(P_, args), int *count);
#include "ops/tables.def"
#include "ops/undef.h"

/* Rows have their records too, and in-place twins: tide_mul_(a, b). */
#define ROW(name) extern const tide_Op tide__op_##name;
#define UNARY(name, ...)              ROW(name) PROTO1(name##_, (T(input)))
#define UNARYP(name, public, args, ...)       ROW(name) PROTO1(name##_, args)
#define BINARY(name, ...)             ROW(name) PROTO1(name##_, (TN(input), TN(other)))
#define BINARYP(name, public, args, ...)      ROW(name) PROTO1(name##_, args)
#define TERNARY(name, public, args, ...)      ROW(name) PROTO1(name##_, args)
#define CHOICE(name, ...)             ROW(name)
#define FACE(name, row, n, public, args, ...) ROW(name) PROTO1(name##_, args)
#define PREDICATE1(name, ...)         ROW(name)
#define PREDICATE(name, ...)          ROW(name)
#include "ops/pointwise.def"
#include "ops/undef.h"
