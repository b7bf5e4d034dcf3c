/* Arithmetic composed of rows: the C library's context for their constants is that of the first tensor. */
#include <math.h>

#include "ops/op.h"

static tide_Tensor *div_mode(tide_Tensor *a, tide_Tensor *b, const char *mode) {
  if (!a || !b) return NULL;
  if (!mode) return tide_div(a, b);
  if (!strcmp(mode, "floor")) return tide_div_floor(a, b);
  if (!strcmp(mode, "trunc")) return tide_div_trunc(a, b);
  return tide__fail(a->ctx, TIDE_EARG, "rounding_mode must be \"trunc\" or \"floor\", not \"%s\"", mode);
}

/* A tensor as float64; a number as it is. */
static tide_Tensor *wide(tide_Tensor *t) {
  return !t || tide_is_number(t) || t->dtype == TIDE_FLOAT64 ? t : tide_cast(t, TIDE_FLOAT64);
}

static tide_Tensor *float_power(tide_Tensor *a, tide_Tensor *b) {
  if (!a || !b) return NULL;
  if (tide_is_number(b)) return tide_pow_scalar(wide(a), b);
  return tide_is_number(a) ? tide_pow_number(a, wide(b)) : tide_pow(wide(a), wide(b));
}

/* Two bounds of one kind are clamp's own; a number beside a tensor becomes a tensor. */
static tide_Tensor *clamp_optional(tide_Tensor *x, tide_Tensor *min, tide_Tensor *max) {
  if (!x || !min || !max) return NULL;
  if (min == TIDE_NONE && max == TIDE_NONE) return tide__fail(x->ctx, TIDE_EARG, "min or max must be given");
  if (max == TIDE_NONE) return tide_is_number(min) ? tide_clamp_below(x, min) : tide_clamp_below_tensor(x, min);
  if (min == TIDE_NONE) return tide_is_number(max) ? tide_clamp_above(x, max) : tide_clamp_above_tensor(x, max);
  return tide_is_number(min) && tide_is_number(max) ? tide_clamp_scalars(x, min, max) : tide_clamp(x, min, max);
}

static tide_Tensor *isclose(tide_Tensor *a, tide_Tensor *b, double rtol, double atol, int equal_nan) {
  if (!a || !b) return NULL;
  tide_Context *c = a->ctx;
  if (a->dtype != b->dtype) return tide__fail(c, TIDE_EDTYPE, "the dtypes differ: %s and %s", tide_dtype_name(a->dtype), tide_dtype_name(b->dtype));
  if (!(rtol >= 0) || !(atol >= 0)) return tide__fail(c, TIDE_EVALUE, "rtol and atol must not be negative, got %g and %g", rtol, atol);
  tide_Tensor *equal = tide_eq(a, b);
  if (equal_nan) equal = tide_logical_or(equal, tide_logical_and(tide_isnan(a), tide_isnan(b)));
  if (!tide__is_float(a->dtype)) { a = tide_cast(a, TIDE_FLOAT64); b = tide_cast(b, TIDE_FLOAT64); }
  tide_Tensor *off = tide_abs(tide_sub(a, b));
  tide_Tensor *allowed = tide_add(tide_abs(tide_mul(b, tide_number(c, rtol))), tide_number(c, atol));
  return tide_logical_or(equal, tide_logical_and(tide_isfinite(off), tide_le(off, allowed)));
}

static tide_Tensor *positive(tide_Tensor *x) {
  return x && x->dtype == TIDE_BOOL ? tide__fail(x->ctx, TIDE_EDTYPE, "not defined for bool") : x;
}

#define TABLE "ops/arithmetic.def"
#include "ops/define.h"
