/*
** The operators of tide, in the order of the tables. Written by tools/ops_header from src/ops (the .def files, which also state
** shapes, dtypes and errors in their comments): do not edit.
**
** Operators given NULL return NULL; errors are in the context. TIDE_NONE stands for an absent optional tensor; numbers as operands
** are made with tide_number, tide_integer, tide_boolean. Dimensions and positions count from 0, negative ones from the end; a list
** of dimensions (NULL, -1) means all. dtype -1: the default. A name that ends in _ writes into its first tensor and returns it.
*/
#ifndef TIDE_OPS_H
#define TIDE_OPS_H

/* a + b, broadcasting. */
TIDE_API tide_Tensor *tide_add(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_add_(tide_Tensor *input, tide_Tensor *other);
/* input + alpha * other; alpha must be whole for integers. */
TIDE_API tide_Tensor *tide_add_scaled(tide_Tensor *input, tide_Tensor *other, double alpha);
TIDE_API tide_Tensor *tide_add_scaled_(tide_Tensor *input, tide_Tensor *other, double alpha);
/* a - b, broadcasting. Error: bool. */
TIDE_API tide_Tensor *tide_sub(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_sub_(tide_Tensor *input, tide_Tensor *other);
/* input - alpha * other; alpha must be whole for integers. */
TIDE_API tide_Tensor *tide_sub_scaled(tide_Tensor *input, tide_Tensor *other, double alpha);
TIDE_API tide_Tensor *tide_sub_scaled_(tide_Tensor *input, tide_Tensor *other, double alpha);
/* other - input. */
TIDE_API tide_Tensor *tide_rsub(tide_Tensor *input, tide_Tensor *other);
/* other - input. */
TIDE_API tide_Tensor *tide_rsub_tensor(tide_Tensor *input, tide_Tensor *other);
/* other - alpha * input. */
TIDE_API tide_Tensor *tide_rsub_scaled(tide_Tensor *input, tide_Tensor *other, double alpha);
/* a * b, broadcasting. */
TIDE_API tide_Tensor *tide_mul(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_mul_(tide_Tensor *input, tide_Tensor *other);
/* a / b as floats, broadcasting. */
TIDE_API tide_Tensor *tide_div(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_div_(tide_Tensor *input, tide_Tensor *other);
/* The floor of a / b; without a derivative. Error: an integer zero in b. */
TIDE_API tide_Tensor *tide_floor_divide(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_floor_divide_(tide_Tensor *input, tide_Tensor *other);
/* The rest of floor_divide: it has the sign of other. */
TIDE_API tide_Tensor *tide_remainder_scalar(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_remainder_scalar_(tide_Tensor *input, tide_Tensor *other);
/* The rest of floor_divide: it has the sign of other. Error: an integer zero in other. */
TIDE_API tide_Tensor *tide_remainder(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_remainder_(tide_Tensor *input, tide_Tensor *other);
/* The rest of the division cut towards zero: it has the sign of input. */
TIDE_API tide_Tensor *tide_fmod_scalar(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_fmod_scalar_(tide_Tensor *input, tide_Tensor *other);
/* The rest of the division cut towards zero: it has the sign of input. Error: an integer zero in other. */
TIDE_API tide_Tensor *tide_fmod(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_fmod_(tide_Tensor *input, tide_Tensor *other);
/* -x. */
TIDE_API tide_Tensor *tide_neg(tide_Tensor *input);
TIDE_API tide_Tensor *tide_neg_(tide_Tensor *input);
/* |x|; the gradient at 0 is 0. */
TIDE_API tide_Tensor *tide_abs(tide_Tensor *input);
TIDE_API tide_Tensor *tide_abs_(tide_Tensor *input);
/* -1, 0 or 1; 0 for nan. */
TIDE_API tide_Tensor *tide_sign(tide_Tensor *input);
TIDE_API tide_Tensor *tide_sign_(tide_Tensor *input);
/* sign, for real numbers. */
TIDE_API tide_Tensor *tide_sgn(tide_Tensor *input);
TIDE_API tide_Tensor *tide_sgn_(tide_Tensor *input);
/* Has x a minus sign, -0 included? */
TIDE_API tide_Tensor *tide_signbit(tide_Tensor *input);
/* 1 / x. */
TIDE_API tide_Tensor *tide_reciprocal(tide_Tensor *input);
TIDE_API tide_Tensor *tide_reciprocal_(tide_Tensor *input);
/* |input| with the sign of other, as floats; the gradient at 0 is 0. */
TIDE_API tide_Tensor *tide_copysign(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_copysign_(tide_Tensor *input, tide_Tensor *other);
/* |input| with the sign of a number. */
TIDE_API tide_Tensor *tide_copysign_scalar(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_copysign_scalar_(tide_Tensor *input, tide_Tensor *other);
/* sqrt(a^2 + b^2) without overflow. Error: not floats. */
TIDE_API tide_Tensor *tide_hypot(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_hypot_(tide_Tensor *input, tide_Tensor *other);
/* The next float after input towards other. Error: not floats. */
TIDE_API tide_Tensor *tide_nextafter(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_nextafter_(tide_Tensor *input, tide_Tensor *other);
/* input * 2^other, as floats. */
TIDE_API tide_Tensor *tide_ldexp(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_ldexp_(tide_Tensor *input, tide_Tensor *other);
/* Degrees as radians. */
TIDE_API tide_Tensor *tide_deg2rad(tide_Tensor *input);
TIDE_API tide_Tensor *tide_deg2rad_(tide_Tensor *input);
/* Radians as degrees. */
TIDE_API tide_Tensor *tide_rad2deg(tide_Tensor *input);
TIDE_API tide_Tensor *tide_rad2deg_(tide_Tensor *input);
/* input + value * tensor1 * tensor2. */
TIDE_API tide_Tensor *tide_addcmul(tide_Tensor *input, tide_Tensor *tensor1, tide_Tensor *tensor2, double value);
TIDE_API tide_Tensor *tide_addcmul_(tide_Tensor *input, tide_Tensor *tensor1, tide_Tensor *tensor2, double value);
/* input + value * tensor1 / tensor2. Error: both divided tensors are integers. */
TIDE_API tide_Tensor *tide_addcdiv(tide_Tensor *input, tide_Tensor *tensor1, tide_Tensor *tensor2, double value);
TIDE_API tide_Tensor *tide_addcdiv_(tide_Tensor *input, tide_Tensor *tensor1, tide_Tensor *tensor2, double value);
/* input + weight * (end - input). Error: two dtypes, or not floats. */
TIDE_API tide_Tensor *tide_lerp_scalar(tide_Tensor *input, tide_Tensor *end, tide_Tensor *weight);
TIDE_API tide_Tensor *tide_lerp_scalar_(tide_Tensor *input, tide_Tensor *end, tide_Tensor *weight);
/* input + weight * (end - input). Error: two dtypes, or not floats. */
TIDE_API tide_Tensor *tide_lerp(tide_Tensor *input, tide_Tensor *end, tide_Tensor *weight);
TIDE_API tide_Tensor *tide_lerp_(tide_Tensor *input, tide_Tensor *end, tide_Tensor *weight);
/* input where condition (bool) holds, else other; broadcasting. */
TIDE_API tide_Tensor *tide_where(tide_Tensor *condition, tide_Tensor *input, tide_Tensor *other);
/* The larger; nan if one is. A tie shares the gradient. */
TIDE_API tide_Tensor *tide_maximum(tide_Tensor *input, tide_Tensor *other);
/* The smaller; nan if one is. A tie shares the gradient. */
TIDE_API tide_Tensor *tide_minimum(tide_Tensor *input, tide_Tensor *other);
/* The larger; nan only if both are. A tie gives the gradient to input. */
TIDE_API tide_Tensor *tide_fmax(tide_Tensor *input, tide_Tensor *other);
/* The smaller; nan only if both are. A tie gives the gradient to input. */
TIDE_API tide_Tensor *tide_fmin(tide_Tensor *input, tide_Tensor *other);
/* min(max(input, min), max); the gradient at a bound is 1. */
TIDE_API tide_Tensor *tide_clamp_scalars(tide_Tensor *input, tide_Tensor *min, tide_Tensor *max);
TIDE_API tide_Tensor *tide_clamp_scalars_(tide_Tensor *input, tide_Tensor *min, tide_Tensor *max);
/* min(max(input, min), max), element by element. */
TIDE_API tide_Tensor *tide_clamp(tide_Tensor *input, tide_Tensor *min, tide_Tensor *max);
TIDE_API tide_Tensor *tide_clamp_(tide_Tensor *input, tide_Tensor *min, tide_Tensor *max);
/* max(input, min). */
TIDE_API tide_Tensor *tide_clamp_below(tide_Tensor *input, tide_Tensor *min);
TIDE_API tide_Tensor *tide_clamp_below_(tide_Tensor *input, tide_Tensor *min);
/* max(input, min), element by element. */
TIDE_API tide_Tensor *tide_clamp_below_tensor(tide_Tensor *input, tide_Tensor *min);
TIDE_API tide_Tensor *tide_clamp_below_tensor_(tide_Tensor *input, tide_Tensor *min);
/* min(input, max). */
TIDE_API tide_Tensor *tide_clamp_above(tide_Tensor *input, tide_Tensor *max);
TIDE_API tide_Tensor *tide_clamp_above_(tide_Tensor *input, tide_Tensor *max);
/* min(input, max), element by element. */
TIDE_API tide_Tensor *tide_clamp_above_tensor(tide_Tensor *input, tide_Tensor *max);
TIDE_API tide_Tensor *tide_clamp_above_tensor_(tide_Tensor *input, tide_Tensor *max);
/* max(input, min). */
TIDE_API tide_Tensor *tide_clamp_min_scalar(tide_Tensor *input, tide_Tensor *min);
TIDE_API tide_Tensor *tide_clamp_min_scalar_(tide_Tensor *input, tide_Tensor *min);
/* max(input, min), element by element. */
TIDE_API tide_Tensor *tide_clamp_min(tide_Tensor *input, tide_Tensor *min);
TIDE_API tide_Tensor *tide_clamp_min_(tide_Tensor *input, tide_Tensor *min);
/* min(input, max). */
TIDE_API tide_Tensor *tide_clamp_max_scalar(tide_Tensor *input, tide_Tensor *max);
TIDE_API tide_Tensor *tide_clamp_max_scalar_(tide_Tensor *input, tide_Tensor *max);
/* min(input, max), element by element. */
TIDE_API tide_Tensor *tide_clamp_max(tide_Tensor *input, tide_Tensor *max);
TIDE_API tide_Tensor *tide_clamp_max_(tide_Tensor *input, tide_Tensor *max);
/* nan and infinities replaced by numbers; by the largest and smallest floats where absent. */
TIDE_API tide_Tensor *tide_nan_to_num(tide_Tensor *input, double nan, double posinf, double neginf);
TIDE_API tide_Tensor *tide_nan_to_num_(tide_Tensor *input, double nan, double posinf, double neginf);
/* 0 below 0, values at 0, 1 above. Error: two dtypes. */
TIDE_API tide_Tensor *tide_heaviside(tide_Tensor *input, tide_Tensor *values);
TIDE_API tide_Tensor *tide_heaviside_(tide_Tensor *input, tide_Tensor *values);
/* The next whole number at or below. */
TIDE_API tide_Tensor *tide_floor(tide_Tensor *input);
TIDE_API tide_Tensor *tide_floor_(tide_Tensor *input);
/* The next whole number at or above. */
TIDE_API tide_Tensor *tide_ceil(tide_Tensor *input);
TIDE_API tide_Tensor *tide_ceil_(tide_Tensor *input);
/* The nearest whole number, the even one of two. */
TIDE_API tide_Tensor *tide_round(tide_Tensor *input);
TIDE_API tide_Tensor *tide_round_(tide_Tensor *input);
/* Rounded to decimals (also negative). Error: not floats. */
TIDE_API tide_Tensor *tide_round_decimals(tide_Tensor *input, int64_t decimals);
TIDE_API tide_Tensor *tide_round_decimals_(tide_Tensor *input, int64_t decimals);
/* Cut to a whole number, towards zero. */
TIDE_API tide_Tensor *tide_trunc(tide_Tensor *input);
TIDE_API tide_Tensor *tide_trunc_(tide_Tensor *input);
/* What trunc takes away. Error: not floats. */
TIDE_API tide_Tensor *tide_frac(tide_Tensor *input);
TIDE_API tide_Tensor *tide_frac_(tide_Tensor *input);
/* input to the power of a number. Error: an integer to a negative power. */
TIDE_API tide_Tensor *tide_pow_scalar(tide_Tensor *input, tide_Tensor *exponent);
TIDE_API tide_Tensor *tide_pow_scalar_(tide_Tensor *input, tide_Tensor *exponent);
/* A number to the power of exponent. */
TIDE_API tide_Tensor *tide_pow_number(tide_Tensor *input, tide_Tensor *exponent);
/* input to the power of exponent. */
TIDE_API tide_Tensor *tide_pow(tide_Tensor *input, tide_Tensor *exponent);
TIDE_API tide_Tensor *tide_pow_(tide_Tensor *input, tide_Tensor *exponent);
/* Square root. */
TIDE_API tide_Tensor *tide_sqrt(tide_Tensor *input);
TIDE_API tide_Tensor *tide_sqrt_(tide_Tensor *input);
/* 1 / sqrt(x). */
TIDE_API tide_Tensor *tide_rsqrt(tide_Tensor *input);
TIDE_API tide_Tensor *tide_rsqrt_(tide_Tensor *input);
/* e^x. */
TIDE_API tide_Tensor *tide_exp(tide_Tensor *input);
TIDE_API tide_Tensor *tide_exp_(tide_Tensor *input);
/* 2^x. */
TIDE_API tide_Tensor *tide_exp2(tide_Tensor *input);
TIDE_API tide_Tensor *tide_exp2_(tide_Tensor *input);
/* e^x - 1, exact near 0. */
TIDE_API tide_Tensor *tide_expm1(tide_Tensor *input);
TIDE_API tide_Tensor *tide_expm1_(tide_Tensor *input);
/* Natural logarithm. */
TIDE_API tide_Tensor *tide_log(tide_Tensor *input);
TIDE_API tide_Tensor *tide_log_(tide_Tensor *input);
/* Logarithm to base 2. */
TIDE_API tide_Tensor *tide_log2(tide_Tensor *input);
TIDE_API tide_Tensor *tide_log2_(tide_Tensor *input);
/* Logarithm to base 10. */
TIDE_API tide_Tensor *tide_log10(tide_Tensor *input);
TIDE_API tide_Tensor *tide_log10_(tide_Tensor *input);
/* log(1 + x), exact near 0. */
TIDE_API tide_Tensor *tide_log1p(tide_Tensor *input);
TIDE_API tide_Tensor *tide_log1p_(tide_Tensor *input);
/* log(e^a + e^b) without overflow. Error: not floats. */
TIDE_API tide_Tensor *tide_logaddexp(tide_Tensor *input, tide_Tensor *other);
/* log2(2^a + 2^b) without overflow. Error: not floats. */
TIDE_API tide_Tensor *tide_logaddexp2(tide_Tensor *input, tide_Tensor *other);
/* A number times log(other). */
TIDE_API tide_Tensor *tide_xlogy_number(tide_Tensor *input, tide_Tensor *other);
/* input times the log of a number. */
TIDE_API tide_Tensor *tide_xlogy_scalar(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_xlogy_scalar_(tide_Tensor *input, tide_Tensor *other);
/* input * log(other), and 0 where input is 0. */
TIDE_API tide_Tensor *tide_xlogy(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_xlogy_(tide_Tensor *input, tide_Tensor *other);
/* Sine of radians. */
TIDE_API tide_Tensor *tide_sin(tide_Tensor *input);
TIDE_API tide_Tensor *tide_sin_(tide_Tensor *input);
/* Cosine of radians. */
TIDE_API tide_Tensor *tide_cos(tide_Tensor *input);
TIDE_API tide_Tensor *tide_cos_(tide_Tensor *input);
/* Tangent of radians. */
TIDE_API tide_Tensor *tide_tan(tide_Tensor *input);
TIDE_API tide_Tensor *tide_tan_(tide_Tensor *input);
/* Inverse sine. */
TIDE_API tide_Tensor *tide_asin(tide_Tensor *input);
TIDE_API tide_Tensor *tide_asin_(tide_Tensor *input);
/* Inverse cosine. */
TIDE_API tide_Tensor *tide_acos(tide_Tensor *input);
TIDE_API tide_Tensor *tide_acos_(tide_Tensor *input);
/* Inverse tangent. */
TIDE_API tide_Tensor *tide_atan(tide_Tensor *input);
TIDE_API tide_Tensor *tide_atan_(tide_Tensor *input);
/* The angle of the point (other, input); the gradient at (0, 0) is 0. */
TIDE_API tide_Tensor *tide_atan2(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_atan2_(tide_Tensor *input, tide_Tensor *other);
/* Hyperbolic sine. */
TIDE_API tide_Tensor *tide_sinh(tide_Tensor *input);
TIDE_API tide_Tensor *tide_sinh_(tide_Tensor *input);
/* Hyperbolic cosine. */
TIDE_API tide_Tensor *tide_cosh(tide_Tensor *input);
TIDE_API tide_Tensor *tide_cosh_(tide_Tensor *input);
/* Hyperbolic tangent. */
TIDE_API tide_Tensor *tide_tanh(tide_Tensor *input);
TIDE_API tide_Tensor *tide_tanh_(tide_Tensor *input);
/* Inverse hyperbolic sine. */
TIDE_API tide_Tensor *tide_asinh(tide_Tensor *input);
TIDE_API tide_Tensor *tide_asinh_(tide_Tensor *input);
/* Inverse hyperbolic cosine. */
TIDE_API tide_Tensor *tide_acosh(tide_Tensor *input);
TIDE_API tide_Tensor *tide_acosh_(tide_Tensor *input);
/* Inverse hyperbolic tangent. */
TIDE_API tide_Tensor *tide_atanh(tide_Tensor *input);
TIDE_API tide_Tensor *tide_atanh_(tide_Tensor *input);
/* sin(pi x) / (pi x), and 1 at 0. */
TIDE_API tide_Tensor *tide_sinc(tide_Tensor *input);
TIDE_API tide_Tensor *tide_sinc_(tide_Tensor *input);
/* The error function. */
TIDE_API tide_Tensor *tide_erf(tide_Tensor *input);
TIDE_API tide_Tensor *tide_erf_(tide_Tensor *input);
/* 1 - erf(x), exact for large x. */
TIDE_API tide_Tensor *tide_erfc(tide_Tensor *input);
TIDE_API tide_Tensor *tide_erfc_(tide_Tensor *input);
/* The inverse of erf. */
TIDE_API tide_Tensor *tide_erfinv(tide_Tensor *input);
TIDE_API tide_Tensor *tide_erfinv_(tide_Tensor *input);
/* log |gamma(x)|. */
TIDE_API tide_Tensor *tide_lgamma(tide_Tensor *input);
TIDE_API tide_Tensor *tide_lgamma_(tide_Tensor *input);
/* The derivative of lgamma. */
TIDE_API tide_Tensor *tide_digamma(tide_Tensor *input);
TIDE_API tide_Tensor *tide_digamma_(tide_Tensor *input);
/* The n-th derivative of digamma. Error: n is negative. */
TIDE_API tide_Tensor *tide_polygamma_of(tide_Tensor *input, int64_t n);
TIDE_API tide_Tensor *tide_polygamma_of_(tide_Tensor *input, int64_t n);
/* log(x / (1 - x)), x cut to [eps, 1 - eps] if eps is given. */
TIDE_API tide_Tensor *tide_logit(tide_Tensor *input, double eps);
TIDE_API tide_Tensor *tide_logit_(tide_Tensor *input, double eps);
/* 1 / (1 + e^-x). */
TIDE_API tide_Tensor *tide_sigmoid(tide_Tensor *input);
TIDE_API tide_Tensor *tide_sigmoid_(tide_Tensor *input);
/* max(x, 0); the gradient at 0 is 0. */
TIDE_API tide_Tensor *tide_relu(tide_Tensor *input);
TIDE_API tide_Tensor *tide_relu_(tide_Tensor *input);
/* log(1 + e^(beta x)) / beta, and x where beta x > threshold. Error: not floats. */
TIDE_API tide_Tensor *tide_softplus(tide_Tensor *input, double beta, double threshold);
/* x above threshold, else value. */
TIDE_API tide_Tensor *tide_threshold(tide_Tensor *input, double threshold, double value);
TIDE_API tide_Tensor *tide_threshold_(tide_Tensor *input, double threshold, double value);
/* x, and 0 where |x| <= lambd. Error: not floats. */
TIDE_API tide_Tensor *tide_hardshrink(tide_Tensor *input, double lambd);
/* x moved towards 0 by lambd. Error: not floats, lambd < 0. */
TIDE_API tide_Tensor *tide_softshrink(tide_Tensor *input, double lambd);
/* log(sigmoid(x)), exact for large -x. */
TIDE_API tide_Tensor *tide_logsigmoid(tide_Tensor *input);
/* a == b. */
TIDE_API tide_Tensor *tide_eq(tide_Tensor *input, tide_Tensor *other);
/* a != b. */
TIDE_API tide_Tensor *tide_ne(tide_Tensor *input, tide_Tensor *other);
/* a < b. */
TIDE_API tide_Tensor *tide_lt(tide_Tensor *input, tide_Tensor *other);
/* a <= b. */
TIDE_API tide_Tensor *tide_le(tide_Tensor *input, tide_Tensor *other);
/* a > b. */
TIDE_API tide_Tensor *tide_gt(tide_Tensor *input, tide_Tensor *other);
/* a >= b. */
TIDE_API tide_Tensor *tide_ge(tide_Tensor *input, tide_Tensor *other);
/* Is x not a number? */
TIDE_API tide_Tensor *tide_isnan(tide_Tensor *input);
/* Is x neither infinite nor nan? */
TIDE_API tide_Tensor *tide_isfinite(tide_Tensor *input);
/* Is x infinite? */
TIDE_API tide_Tensor *tide_isinf(tide_Tensor *input);
/* Is x infinity? */
TIDE_API tide_Tensor *tide_isposinf(tide_Tensor *input);
/* Is x minus infinity? */
TIDE_API tide_Tensor *tide_isneginf(tide_Tensor *input);
/* Is x zero? */
TIDE_API tide_Tensor *tide_logical_not(tide_Tensor *input);
TIDE_API tide_Tensor *tide_logical_not_(tide_Tensor *input);
/* Are both not zero? */
TIDE_API tide_Tensor *tide_logical_and(tide_Tensor *input, tide_Tensor *other);
/* Is one not zero? */
TIDE_API tide_Tensor *tide_logical_or(tide_Tensor *input, tide_Tensor *other);
/* Is exactly one not zero? */
TIDE_API tide_Tensor *tide_logical_xor(tide_Tensor *input, tide_Tensor *other);
/* The bits in both. */
TIDE_API tide_Tensor *tide_bitwise_and(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_bitwise_and_(tide_Tensor *input, tide_Tensor *other);
/* The bits in one or both. */
TIDE_API tide_Tensor *tide_bitwise_or(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_bitwise_or_(tide_Tensor *input, tide_Tensor *other);
/* The bits in exactly one. */
TIDE_API tide_Tensor *tide_bitwise_xor(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_bitwise_xor_(tide_Tensor *input, tide_Tensor *other);
/* All bits turned; of bool, not. */
TIDE_API tide_Tensor *tide_bitwise_not(tide_Tensor *input);
TIDE_API tide_Tensor *tide_bitwise_not_(tide_Tensor *input);
/* Bits moved left by b places; 0 where b is negative or all are moved out. */
TIDE_API tide_Tensor *tide_bitwise_left_shift(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_bitwise_left_shift_(tide_Tensor *input, tide_Tensor *other);
/* Bits moved right by b places, the sign kept; the sign alone where b is negative or all are moved out. */
TIDE_API tide_Tensor *tide_bitwise_right_shift(tide_Tensor *input, tide_Tensor *other);
TIDE_API tide_Tensor *tide_bitwise_right_shift_(tide_Tensor *input, tide_Tensor *other);
/* a / b as floats, or rounded to whole numbers: rounding_mode "trunc" or "floor". */
TIDE_API tide_Tensor *tide_div_mode(tide_Tensor *input, tide_Tensor *other, const char *rounding_mode);
/* x^2; its node is PowBackward0, as PyTorch's. */
TIDE_API tide_Tensor *tide_square(tide_Tensor *input);
/* input to the power of exponent, in float64. */
TIDE_API tide_Tensor *tide_float_power(tide_Tensor *input, tide_Tensor *exponent);
/* The n-th derivative of digamma. */
TIDE_API tide_Tensor *tide_polygamma(int64_t n, tide_Tensor *input);
/* min(max(input, min), max), either of which may be absent. */
TIDE_API tide_Tensor *tide_clamp_optional(tide_Tensor *input, tide_Tensor *min, tide_Tensor *max);
/* input where condition holds, else other. */
TIDE_API tide_Tensor *tide_where_method(tide_Tensor *input, tide_Tensor *condition, tide_Tensor *other);
/* |input - other| <= atol + rtol |other|, infinities equal to themselves. Error: two dtypes. */
TIDE_API tide_Tensor *tide_isclose(tide_Tensor *input, tide_Tensor *other, double rtol, double atol, int equal_nan);
/* input itself. Error: bool. */
TIDE_API tide_Tensor *tide_positive(tide_Tensor *input);
/* max(x, 0). */
TIDE_API tide_Tensor *tide_functional_relu(tide_Tensor *input, int inplace);
/* x cut to [0, 6]. */
TIDE_API tide_Tensor *tide_functional_relu6(tide_Tensor *input, int inplace);
/* x above 0, negative_slope x below. */
TIDE_API tide_Tensor *tide_functional_leaky_relu(tide_Tensor *input, double negative_slope, int inplace);
/* x above 0, alpha (e^x - 1) below. */
TIDE_API tide_Tensor *tide_functional_elu(tide_Tensor *input, double alpha, int inplace);
/* elu with the scale and alpha of self-normalising networks (Klambauer and others, 2017). */
TIDE_API tide_Tensor *tide_functional_selu(tide_Tensor *input, int inplace);
/* x above 0, alpha (e^(x / alpha) - 1) below. */
TIDE_API tide_Tensor *tide_functional_celu(tide_Tensor *input, double alpha, int inplace);
/* x times the normal distribution function of x, exactly ("none") or by "tanh". */
TIDE_API tide_Tensor *tide_functional_gelu(tide_Tensor *input, const char *approximate);
/* x sigmoid(x). */
TIDE_API tide_Tensor *tide_functional_silu(tide_Tensor *input, int inplace);
/* x tanh(softplus(x)). */
TIDE_API tide_Tensor *tide_functional_mish(tide_Tensor *input, int inplace);
/* x cut to [min_val, max_val]. */
TIDE_API tide_Tensor *tide_functional_hardtanh(tide_Tensor *input, double min_val, double max_val, int inplace);
/* (x + 3) / 6 cut to [0, 1]. */
TIDE_API tide_Tensor *tide_functional_hardsigmoid(tide_Tensor *input, int inplace);
/* x hardsigmoid(x). */
TIDE_API tide_Tensor *tide_functional_hardswish(tide_Tensor *input, int inplace);
/* x above threshold, else value. */
TIDE_API tide_Tensor *tide_functional_threshold(tide_Tensor *input, double threshold, double value, int inplace);
/* x / (1 + |x|). */
TIDE_API tide_Tensor *tide_functional_softsign(tide_Tensor *input);
/* x - tanh(x). */
TIDE_API tide_Tensor *tide_functional_tanhshrink(tide_Tensor *input);
/* nn.functional.selu. */
TIDE_API tide_Tensor *tide_selu(tide_Tensor *input);
/* nn.functional.celu. */
TIDE_API tide_Tensor *tide_celu_of(tide_Tensor *input, double alpha);
/* x above 0, weight x below; weight has one element, or one for each of dimension 1 [N, C, *]. Error: another size, two dtypes. */
TIDE_API tide_Tensor *tide_prelu(tide_Tensor *input, tide_Tensor *weight);
/* The first half along dim times the sigmoid of the second. Error: a size that is odd. */
TIDE_API tide_Tensor *tide_glu(tide_Tensor *input, int64_t dim);
/* An uninitialised tensor. */
TIDE_API tide_Tensor *tide_empty(tide_Context *context, const int64_t *size, int n_size, int dtype);
/* A tensor of zeros. */
TIDE_API tide_Tensor *tide_zeros(tide_Context *context, const int64_t *size, int n_size, int dtype);
/* A tensor of ones. */
TIDE_API tide_Tensor *tide_ones(tide_Context *context, const int64_t *size, int n_size, int dtype);
/* A tensor of one value; dtype: that of the number's kind where absent. */
TIDE_API tide_Tensor *tide_full(tide_Context *context, const int64_t *size, int n_size, tide_Tensor *fill_value, int dtype);
/* Uninitialised, with the sizes of input. */
TIDE_API tide_Tensor *tide_empty_like(tide_Tensor *input, int dtype);
/* Zeros, with the sizes of input. */
TIDE_API tide_Tensor *tide_zeros_like(tide_Tensor *input, int dtype);
/* Ones, with the sizes of input. */
TIDE_API tide_Tensor *tide_ones_like(tide_Tensor *input, int dtype);
/* One value, with the sizes of input. */
TIDE_API tide_Tensor *tide_full_like(tide_Tensor *input, tide_Tensor *fill_value, int dtype);
/* Uninitialised, of the dtype of input. */
TIDE_API tide_Tensor *tide_new_empty(tide_Tensor *input, const int64_t *size, int n_size, int dtype);
/* Zeros of the dtype of input. */
TIDE_API tide_Tensor *tide_new_zeros(tide_Tensor *input, const int64_t *size, int n_size, int dtype);
/* Ones of the dtype of input. */
TIDE_API tide_Tensor *tide_new_ones(tide_Tensor *input, const int64_t *size, int n_size, int dtype);
/* One value, of the dtype of input. */
TIDE_API tide_Tensor *tide_new_full(tide_Tensor *input, const int64_t *size, int n_size, tide_Tensor *fill_value, int dtype);
/* 0, 1, ... before end. */
TIDE_API tide_Tensor *tide_arange(tide_Context *context, tide_Tensor *end, int dtype);
/* start, start + 1, ... before end. */
TIDE_API tide_Tensor *tide_arange_from(tide_Context *context, tide_Tensor *start, tide_Tensor *end, int dtype);
/* start, start + step, ... before end. */
TIDE_API tide_Tensor *tide_arange_step(tide_Context *context, tide_Tensor *start, tide_Tensor *end, tide_Tensor *step, int dtype);
/* `steps` numbers from start to end at equal distances. */
TIDE_API tide_Tensor *tide_linspace(tide_Context *context, double start, double end, int64_t steps, int dtype);
/* base to the powers that linspace gives. */
TIDE_API tide_Tensor *tide_logspace(tide_Context *context, double start, double end, int64_t steps, double base, int dtype);
/* The identity matrix [n, n]. */
TIDE_API tide_Tensor *tide_eye(tide_Context *context, int64_t n, int dtype);
/* Ones on the diagonal of [n, m]. */
TIDE_API tide_Tensor *tide_eye_m(tide_Context *context, int64_t n, int64_t m, int dtype);
/* Positions [2, n] of the elements of the lower triangle of a matrix [row, col]; int64. */
TIDE_API tide_Tensor *tide_tril_indices(tide_Context *context, int64_t row, int64_t col, int64_t offset, int dtype);
/* Positions [2, n] of the elements of the upper triangle of a matrix [row, col]; int64. */
TIDE_API tide_Tensor *tide_triu_indices(tide_Context *context, int64_t row, int64_t col, int64_t offset, int dtype);
/* Sum of all elements; int64 for integers and bool. */
TIDE_API tide_Tensor *tide_sum(tide_Tensor *input, int dtype);
/* Sum over dimensions; int64 for integers and bool. */
TIDE_API tide_Tensor *tide_sum_dim(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Mean of all elements, of a float dtype. */
TIDE_API tide_Tensor *tide_mean(tide_Tensor *input, int dtype);
/* Mean over dimensions, of a float dtype. */
TIDE_API tide_Tensor *tide_mean_dim(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Sum over dimensions in which nan counts as 0. */
TIDE_API tide_Tensor *tide_nansum(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Mean over dimensions of what is not nan. */
TIDE_API tide_Tensor *tide_nanmean(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Product of all elements; int64 for integers and bool. */
TIDE_API tide_Tensor *tide_prod(tide_Tensor *input, int dtype);
/* Product along a dimension; int64 for integers and bool. */
TIDE_API tide_Tensor *tide_prod_dim(tide_Tensor *input, int64_t dim, int keepdim, int dtype);
/* How many elements are not 0 (a nan is not). */
TIDE_API tide_Tensor *tide_count_nonzero(tide_Tensor *input, const int64_t *dim, int n_dim);
/* Are all elements nonzero? */
TIDE_API tide_Tensor *tide_all(tide_Tensor *input);
/* Are all elements along dimensions nonzero? */
TIDE_API tide_Tensor *tide_all_dim(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim);
/* Is any element nonzero? */
TIDE_API tide_Tensor *tide_any(tide_Tensor *input);
/* Is any element along dimensions nonzero? */
TIDE_API tide_Tensor *tide_any_dim(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim);
/* Standard deviation of all elements. */
TIDE_API tide_Tensor *tide_std(tide_Tensor *input, int unbiased);
/* Standard deviation over dimensions. */
TIDE_API tide_Tensor *tide_std_dim(tide_Tensor *input, const int64_t *dim, int n_dim, int unbiased, int keepdim);
/* Standard deviation with a correction of the count. */
TIDE_API tide_Tensor *tide_std_correction(tide_Tensor *input, const int64_t *dim, int n_dim, double correction, int keepdim);
/* Variance of all elements. */
TIDE_API tide_Tensor *tide_var(tide_Tensor *input, int unbiased);
/* Variance over dimensions. */
TIDE_API tide_Tensor *tide_var_dim(tide_Tensor *input, const int64_t *dim, int n_dim, int unbiased, int keepdim);
/* Variance with a correction of the count. */
TIDE_API tide_Tensor *tide_var_correction(tide_Tensor *input, const int64_t *dim, int n_dim, double correction, int keepdim);
/* Standard deviation and mean of all elements. */
TIDE_API tide_Tensor *tide_std_mean(tide_Tensor *input, int unbiased, tide_Tensor **second);
/* Standard deviation and mean over dimensions. */
TIDE_API tide_Tensor *tide_std_mean_dim(tide_Tensor *input, const int64_t *dim, int n_dim, int unbiased, int keepdim, tide_Tensor **second);
/* Standard deviation, with a correction of the count, and mean. */
TIDE_API tide_Tensor *tide_std_mean_correction(tide_Tensor *input, const int64_t *dim, int n_dim, double correction, int keepdim, tide_Tensor **second);
/* Variance and mean of all elements. */
TIDE_API tide_Tensor *tide_var_mean(tide_Tensor *input, int unbiased, tide_Tensor **second);
/* Variance and mean over dimensions. */
TIDE_API tide_Tensor *tide_var_mean_dim(tide_Tensor *input, const int64_t *dim, int n_dim, int unbiased, int keepdim, tide_Tensor **second);
/* Variance, with a correction of the count, and mean. */
TIDE_API tide_Tensor *tide_var_mean_correction(tide_Tensor *input, const int64_t *dim, int n_dim, double correction, int keepdim, tide_Tensor **second);
/* Sum of all elements so far; int64 for integers and bool. */
TIDE_API tide_Tensor *tide_cumsum(tide_Tensor *input, int64_t dim, int dtype);
TIDE_API tide_Tensor *tide_cumsum_(tide_Tensor *input, int64_t dim, int dtype);
/* Product of all elements so far; int64 for integers and bool. */
TIDE_API tide_Tensor *tide_cumprod(tide_Tensor *input, int64_t dim, int dtype);
TIDE_API tide_Tensor *tide_cumprod_(tide_Tensor *input, int64_t dim, int dtype);
/* The largest element so far, and its position. */
TIDE_API tide_Tensor *tide_cummax(tide_Tensor *input, int64_t dim, tide_Tensor **second);
/* The smallest element so far, and its position. */
TIDE_API tide_Tensor *tide_cummin(tide_Tensor *input, int64_t dim, tide_Tensor **second);
/* Logarithm of the sum of e^x of all elements so far. */
TIDE_API tide_Tensor *tide_logcumsumexp(tide_Tensor *input, int64_t dim);
/* Norm of the elements as a vector. */
TIDE_API tide_Tensor *tide_vector_norm(tide_Tensor *x, double ord, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Frobenius norm of matrices; dim: the last two. */
TIDE_API tide_Tensor *tide_matrix_norm(tide_Tensor *A, const char *ord, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Norm of matrices by sums of rows or columns; dim: the last two. */
TIDE_API tide_Tensor *tide_matrix_norm_ord(tide_Tensor *A, double ord, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Norm of a vector or matrix. */
TIDE_API tide_Tensor *tide_linalg_norm(tide_Tensor *A, double ord, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Norm of a matrix by name: "fro". */
TIDE_API tide_Tensor *tide_linalg_norm_named(tide_Tensor *A, const char *ord, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Norm of the elements as a vector. */
TIDE_API tide_Tensor *tide_norm(tide_Tensor *input, double p, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Norm by name: "fro". */
TIDE_API tide_Tensor *tide_norm_named(tide_Tensor *input, const char *p, const int64_t *dim, int n_dim, int keepdim, int dtype);
/* Logarithm of the sum of e^x over dimensions. */
TIDE_API tide_Tensor *tide_logsumexp(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim);
/* The same elements under other sizes, one of which may be -1. Error: would need a copy. */
TIDE_API tide_Tensor *tide_view(tide_Tensor *input, const int64_t *size, int n_size);
/* view where possible, else of a copy. */
TIDE_API tide_Tensor *tide_reshape(tide_Tensor *input, const int64_t *shape, int n_shape);
/* view with the sizes of other. */
TIDE_API tide_Tensor *tide_view_as(tide_Tensor *input, tide_Tensor *other);
/* reshape to the sizes of other. */
TIDE_API tide_Tensor *tide_reshape_as(tide_Tensor *input, tide_Tensor *other);
/* Dimensions start_dim to end_dim made one. Error: end before start. */
TIDE_API tide_Tensor *tide_flatten(tide_Tensor *input, int64_t start_dim, int64_t end_dim);
/* All elements as a vector. */
TIDE_API tide_Tensor *tide_ravel(tide_Tensor *input);
/* One dimension cut into several, of which one may be -1. Error: the sizes do not multiply to it. */
TIDE_API tide_Tensor *tide_unflatten(tide_Tensor *input, int64_t dim, const int64_t *sizes, int n_sizes);
/* Without the dimensions of size 1. */
TIDE_API tide_Tensor *tide_squeeze(tide_Tensor *input);
TIDE_API tide_Tensor *tide_squeeze_(tide_Tensor *input);
/* Without this dimension if its size is 1. */
TIDE_API tide_Tensor *tide_squeeze_dim(tide_Tensor *input, int64_t dim);
TIDE_API tide_Tensor *tide_squeeze_dim_(tide_Tensor *input, int64_t dim);
/* Without those of these dimensions that have size 1. */
TIDE_API tide_Tensor *tide_squeeze_dims(tide_Tensor *input, const int64_t *dim, int n_dim);
TIDE_API tide_Tensor *tide_squeeze_dims_(tide_Tensor *input, const int64_t *dim, int n_dim);
/* With a new dimension of size 1 at dim. */
TIDE_API tide_Tensor *tide_unsqueeze(tide_Tensor *input, int64_t dim);
TIDE_API tide_Tensor *tide_unsqueeze_(tide_Tensor *input, int64_t dim);
/* input, as a vector if it is 0-dim. */
TIDE_API tide_Tensor *tide_atleast_1d(tide_Tensor *input);
/* The same for each. */
TIDE_API tide_Tensor **tide_atleast_1d_list(tide_Tensor *const *tensors, int n_tensors, int *count);
/* input, with dimensions of size 1 put in front until there are two. */
TIDE_API tide_Tensor *tide_atleast_2d(tide_Tensor *input);
/* The same for each. */
TIDE_API tide_Tensor **tide_atleast_2d_list(tide_Tensor *const *tensors, int n_tensors, int *count);
/* input with at least three dimensions: [n] becomes [1, n, 1], [m, n] becomes [m, n, 1]. */
TIDE_API tide_Tensor *tide_atleast_3d(tide_Tensor *input);
/* The same for each. */
TIDE_API tide_Tensor **tide_atleast_3d_list(tide_Tensor *const *tensors, int n_tensors, int *count);
/* The same memory without history, sharing the version counter. */
TIDE_API tide_Tensor *tide_detached(tide_Tensor *input);
/* input itself, which is real. */
TIDE_API tide_Tensor *tide_real(tide_Tensor *input);
/* The transpose of a matrix; fewer dimensions: input. Error: more than two. */
TIDE_API tide_Tensor *tide_t(tide_Tensor *input);
TIDE_API tide_Tensor *tide_t_(tide_Tensor *input);
/* Two dimensions exchanged. */
TIDE_API tide_Tensor *tide_transpose(tide_Tensor *input, int64_t dim0, int64_t dim1);
TIDE_API tide_Tensor *tide_transpose_(tide_Tensor *input, int64_t dim0, int64_t dim1);
/* transpose. */
TIDE_API tide_Tensor *tide_swapaxes(tide_Tensor *input, int64_t axis0, int64_t axis1);
TIDE_API tide_Tensor *tide_swapaxes_(tide_Tensor *input, int64_t axis0, int64_t axis1);
/* transpose. */
TIDE_API tide_Tensor *tide_swapdims(tide_Tensor *input, int64_t dim0, int64_t dim1);
TIDE_API tide_Tensor *tide_swapdims_(tide_Tensor *input, int64_t dim0, int64_t dim1);
/* The dimensions in this order: all of them, each once. */
TIDE_API tide_Tensor *tide_permute(tide_Tensor *input, const int64_t *dims, int n_dims);
/* The source dimensions moved to the places destination; the others keep their order. */
TIDE_API tide_Tensor *tide_movedim(tide_Tensor *input, const int64_t *source, int n_source, const int64_t *destination, int n_destination);
/* movedim. */
TIDE_API tide_Tensor *tide_moveaxis(tide_Tensor *input, const int64_t *source, int n_source, const int64_t *destination, int n_destination);
/* The dimensions in reverse order. */
TIDE_API tide_Tensor *tide_numpy_T(tide_Tensor *input);
/* The last two dimensions exchanged. Error: fewer than two. */
TIDE_API tide_Tensor *tide_mT(tide_Tensor *input);
/* The transpose of a matrix. Error: neither 0-dim nor a matrix. */
TIDE_API tide_Tensor *tide_H(tide_Tensor *input);
/* mT, for real numbers. */
TIDE_API tide_Tensor *tide_mH(tide_Tensor *input);
/* mH. */
TIDE_API tide_Tensor *tide_adjoint(tide_Tensor *input);
/* Dimensions of size 1 repeated without copying; -1 keeps a size. Adjoint: sum_to. */
TIDE_API tide_Tensor *tide_expand(tide_Tensor *input, const int64_t *size, int n_size);
/* expand to the sizes of other. */
TIDE_API tide_Tensor *tide_expand_as(tide_Tensor *input, tide_Tensor *other);
/* expand. */
TIDE_API tide_Tensor *tide_broadcast_to(tide_Tensor *input, const int64_t *size, int n_size);
/* All expanded to their common sizes. Error: they do not fit. */
TIDE_API tide_Tensor **tide_broadcast_tensors(tide_Tensor *const *tensors, int n_tensors, int *count);
/* Each vector spread along a dimension of its own, all of the same sizes; indexing "xy" exchanges the first two. */
TIDE_API tide_Tensor **tide_meshgrid(tide_Tensor *const *tensors, int n_tensors, const char *indexing, int *count);
/* One position of a dimension, which goes. Error: out of range. Adjoint: select_put. */
TIDE_API tide_Tensor *tide_select(tide_Tensor *input, int64_t dim, int64_t index);
/* length positions of dim from start on. Error: beyond the size. */
TIDE_API tide_Tensor *tide_narrow(tide_Tensor *input, int64_t dim, int64_t start, int64_t length);
/* The elements whose positions in dim1 and dim2 differ by offset, as a new last dimension. Adjoint: diagonal_put. */
TIDE_API tide_Tensor *tide_diagonal(tide_Tensor *input, int64_t offset, int64_t dim1, int64_t dim2);
/* Windows of `size` elements of dimension, one every `step`, as a new last dimension. Error: size beyond the dimension's. Adjoint: unfold_put. */
TIDE_API tide_Tensor *tide_unfold(tide_Tensor *input, int64_t dimension, int64_t size, int64_t step);
/* Parts of split_size along dim, the last one with what is left. */
TIDE_API tide_Tensor **tide_split(tide_Tensor *input, int64_t split_size, int64_t dim, int *count);
/* Parts of these sizes along dim. Error: they do not add up to its size. */
TIDE_API tide_Tensor **tide_split_with_sizes(tide_Tensor *input, const int64_t *split_size, int n_split_size, int64_t dim, int *count);
/* Parts of these sizes along dim. */
TIDE_API tide_Tensor **tide_split_sizes(tide_Tensor *input, const int64_t *split_sizes, int n_split_sizes, int64_t dim, int *count);
/* At most `chunks` parts along dim, all equal but the last. */
TIDE_API tide_Tensor **tide_chunk(tide_Tensor *input, int64_t chunks, int64_t dim, int *count);
/* `sections` parts along dim, the first ones by one larger where needed. */
TIDE_API tide_Tensor **tide_tensor_split(tide_Tensor *input, int64_t sections, int64_t dim, int *count);
/* Parts along dim, a new one beginning at each of these positions. */
TIDE_API tide_Tensor **tide_tensor_split_at(tide_Tensor *input, const int64_t *indices, int n_indices, int64_t dim, int *count);
/* Equal parts along the second dimension (of a vector: the first). Error: the size does not divide. */
TIDE_API tide_Tensor **tide_hsplit(tide_Tensor *input, int64_t sections, int *count);
/* Parts along the second dimension (of a vector: the first). */
TIDE_API tide_Tensor **tide_hsplit_at(tide_Tensor *input, const int64_t *indices, int n_indices, int *count);
/* Equal parts along the first dimension. Error: fewer than two dimensions; the size does not divide. */
TIDE_API tide_Tensor **tide_vsplit(tide_Tensor *input, int64_t sections, int *count);
/* Parts along the first dimension. */
TIDE_API tide_Tensor **tide_vsplit_at(tide_Tensor *input, const int64_t *indices, int n_indices, int *count);
/* Equal parts along the third dimension. Error: fewer than three dimensions; the size does not divide. */
TIDE_API tide_Tensor **tide_dsplit(tide_Tensor *input, int64_t sections, int *count);
/* Parts along the third dimension. */
TIDE_API tide_Tensor **tide_dsplit_at(tide_Tensor *input, const int64_t *indices, int n_indices, int *count);
/* One part for each position of dim, which goes. */
TIDE_API tide_Tensor **tide_unbind(tide_Tensor *input, int64_t dim, int *count);
/* Any strides over the memory of input; offset and strides count elements of the storage. Error: beyond the storage. */
TIDE_API tide_Tensor *tide_as_strided(tide_Tensor *input, const int64_t *size, int n_size, const int64_t *stride, int n_stride, int64_t storage_offset);
/* A copy with memory of its own, in the same memory order. Adjoint: itself. */
TIDE_API tide_Tensor *tide_clone(tide_Tensor *input);
/* input itself if it is contiguous, else a contiguous copy. */
TIDE_API tide_Tensor *tide_contiguous(tide_Tensor *input);
/* input in this dtype; input itself if it has it, unless copy. */
TIDE_API tide_Tensor *tide_to(tide_Tensor *input, int dtype, int copy);
/* input in the dtype of other. */
TIDE_API tide_Tensor *tide_to_as(tide_Tensor *input, tide_Tensor *other, int copy);
/* input in the dtype of other. */
TIDE_API tide_Tensor *tide_type_as(tide_Tensor *input, tide_Tensor *other);
/* Writes the values of src. */
TIDE_API tide_Tensor *tide_copy_(tide_Tensor *input, tide_Tensor *src);
/* Writes one number everywhere. */
TIDE_API tide_Tensor *tide_fill_(tide_Tensor *input, tide_Tensor *value);
/* Writes the value of a 0-dim tensor everywhere. */
TIDE_API tide_Tensor *tide_fill_tensor_(tide_Tensor *input, tide_Tensor *value);
/* Writes zeros. */
TIDE_API tide_Tensor *tide_zero_(tide_Tensor *input);
/* The tensors one after the other along dim. */
TIDE_API tide_Tensor *tide_cat(tide_Tensor *const *tensors, int n_tensors, int64_t dim);
/* cat. */
TIDE_API tide_Tensor *tide_concat(tide_Tensor *const *tensors, int n_tensors, int64_t dim);
/* cat. */
TIDE_API tide_Tensor *tide_concatenate(tide_Tensor *const *tensors, int n_tensors, int64_t dim);
/* The tensors along a new dimension. Error: sizes differ. */
TIDE_API tide_Tensor *tide_stack(tide_Tensor *const *tensors, int n_tensors, int64_t dim);
/* cat along the second dimension (of vectors: the first). */
TIDE_API tide_Tensor *tide_hstack(tide_Tensor *const *tensors, int n_tensors);
/* cat of matrices along the first dimension; vectors are rows. */
TIDE_API tide_Tensor *tide_vstack(tide_Tensor *const *tensors, int n_tensors);
/* vstack. */
TIDE_API tide_Tensor *tide_row_stack(tide_Tensor *const *tensors, int n_tensors);
/* cat along the third dimension; see atleast_3d. */
TIDE_API tide_Tensor *tide_dstack(tide_Tensor *const *tensors, int n_tensors);
/* hstack in which vectors are columns. */
TIDE_API tide_Tensor *tide_column_stack(tide_Tensor *const *tensors, int n_tensors);
/* input laid out `repeats` times along each dimension; further numbers in front make new dimensions. */
TIDE_API tide_Tensor *tide_repeat(tide_Tensor *input, const int64_t *repeats, int n_repeats);
/* repeat, where missing numbers in front are 1. */
TIDE_API tide_Tensor *tide_tile(tide_Tensor *input, const int64_t *dims, int n_dims);
/* Each element `repeats` times in a row, as a vector. */
TIDE_API tide_Tensor *tide_repeat_interleave(tide_Tensor *input, int64_t repeats);
/* Each position of dim `repeats` times in a row. */
TIDE_API tide_Tensor *tide_repeat_interleave_dim(tide_Tensor *input, int64_t repeats, int64_t dim);
/* Position i repeats[i] times in a row, for all i. */
TIDE_API tide_Tensor *tide_repeat_interleave_positions(tide_Tensor *repeats);
/* Element i repeats[i] times in a row, as a vector. */
TIDE_API tide_Tensor *tide_repeat_interleave_each(tide_Tensor *input, tide_Tensor *repeats);
/* Position i of dim repeats[i] times in a row. Errors: negative; not one number for each position. */
TIDE_API tide_Tensor *tide_repeat_interleave_each_dim(tide_Tensor *input, tide_Tensor *repeats, int64_t dim);
/* The given dimensions in reverse. Adjoint: itself. */
TIDE_API tide_Tensor *tide_flip(tide_Tensor *input, const int64_t *dims, int n_dims);
/* The second dimension in reverse. Error: fewer than two dimensions. */
TIDE_API tide_Tensor *tide_fliplr(tide_Tensor *input);
/* The first dimension in reverse. Error: no dimension. */
TIDE_API tide_Tensor *tide_flipud(tide_Tensor *input);
/* Elements moved on by shifts along dims; what leaves at the end comes in at the start. */
TIDE_API tide_Tensor *tide_roll(tide_Tensor *input, const int64_t *shifts, int n_shifts, const int64_t *dims, int n_dims);
/* Turned k times by 90 degrees from the first towards the second of two dimensions (absent: the first two). Adjoint: turned back. */
TIDE_API tide_Tensor *tide_rot90(tide_Tensor *input, int64_t k, const int64_t *dims, int n_dims);
/* The lower triangle, up to a diagonal (0: the main one, above it positive); zeros elsewhere. */
TIDE_API tide_Tensor *tide_tril(tide_Tensor *input, int64_t diagonal);
TIDE_API tide_Tensor *tide_tril_(tide_Tensor *input, int64_t diagonal);
/* The upper triangle, from a diagonal on; zeros elsewhere. */
TIDE_API tide_Tensor *tide_triu(tide_Tensor *input, int64_t diagonal);
TIDE_API tide_Tensor *tide_triu_(tide_Tensor *input, int64_t diagonal);
/* Of a vector the matrix with it on a diagonal, of a matrix its diagonal (copied). Error: neither. */
TIDE_API tide_Tensor *tide_diag(tide_Tensor *input, int64_t diagonal);
/* The matrix with all elements of input on a diagonal. */
TIDE_API tide_Tensor *tide_diagflat(tide_Tensor *input, int64_t offset);
/* Matrices over dim1 and dim2 of the result with the last dimension of input on a diagonal. Adjoint: diagonal. */
TIDE_API tide_Tensor *tide_diag_embed(tide_Tensor *input, int64_t offset, int64_t dim1, int64_t dim2);
/* A copy of diagonal. Adjoint: diagonal_put. */
TIDE_API tide_Tensor *tide_diagonal_copy(tide_Tensor *input, int64_t offset, int64_t dim1, int64_t dim2);
/* input with `value` put around it, or parts cut off. */
TIDE_API tide_Tensor *tide_constant_pad_nd(tide_Tensor *input, const int64_t *pad, int n_pad, double value);
/* constant_pad_nd. Error: another mode than "constant". */
TIDE_API tide_Tensor *tide_pad(tide_Tensor *input, const int64_t *pad, int n_pad, const char *mode, double value);
/* A copy of input with values put (or added) at positions or where masks hold. */
TIDE_API tide_Tensor *tide_index_put(tide_Tensor *input, tide_Tensor *const *indices, int n_indices, tide_Tensor *values, int accumulate);
TIDE_API tide_Tensor *tide_index_put_(tide_Tensor *input, tide_Tensor *const *indices, int n_indices, tide_Tensor *values, int accumulate);
/* The slices at positions along dim. */
TIDE_API tide_Tensor *tide_index_select(tide_Tensor *input, int64_t dim, tide_Tensor *index);
/* A copy of input with the slices of source times alpha added at positions along dim. */
TIDE_API tide_Tensor *tide_index_add(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *source, tide_Tensor *alpha);
TIDE_API tide_Tensor *tide_index_add_(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *source, tide_Tensor *alpha);
/* A copy of input with the slices of source in place of those at positions along dim. */
TIDE_API tide_Tensor *tide_index_copy(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *source);
TIDE_API tide_Tensor *tide_index_copy_(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *source);
/* A copy of input with one value in the slices at positions along dim. */
TIDE_API tide_Tensor *tide_index_fill(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *value);
TIDE_API tide_Tensor *tide_index_fill_(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *value);
/* The same with a 0-dim tensor, which gets the sum of the filled elements' gradients. */
TIDE_API tide_Tensor *tide_index_fill_tensor(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *value);
TIDE_API tide_Tensor *tide_index_fill_tensor_(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *value);
/* The elements at positions in input as if it were a vector. */
TIDE_API tide_Tensor *tide_take(tide_Tensor *input, tide_Tensor *index);
/* A copy of input with the elements of source put (or added) at positions as in a vector. */
TIDE_API tide_Tensor *tide_put(tide_Tensor *input, tide_Tensor *index, tide_Tensor *source, int accumulate);
TIDE_API tide_Tensor *tide_put_(tide_Tensor *input, tide_Tensor *index, tide_Tensor *source, int accumulate);
/* The elements at positions along dim, one for each element of index. */
TIDE_API tide_Tensor *tide_gather(tide_Tensor *input, int64_t dim, tide_Tensor *index);
/* A copy of input with elements of src put at positions along dim. */
TIDE_API tide_Tensor *tide_scatter(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *src);
TIDE_API tide_Tensor *tide_scatter_(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *src);
/* A copy of input with a number at positions along dim. */
TIDE_API tide_Tensor *tide_scatter_value(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *value);
TIDE_API tide_Tensor *tide_scatter_value_(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *value);
/* A copy of input with elements of src added at positions along dim. */
TIDE_API tide_Tensor *tide_scatter_add(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *src);
TIDE_API tide_Tensor *tide_scatter_add_(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *src);
/* A copy of input in which elements of src meet at positions along dim: "sum", "prod", "mean", "amax", "amin". */
TIDE_API tide_Tensor *tide_scatter_reduce(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *src, const char *reduce, int include_self);
TIDE_API tide_Tensor *tide_scatter_reduce_(tide_Tensor *input, int64_t dim, tide_Tensor *index, tide_Tensor *src, const char *reduce, int include_self);
/* The elements at positions in input as if it were a vector, as a vector. */
TIDE_API tide_Tensor *tide_take_along_dim(tide_Tensor *input, tide_Tensor *indices);
/* gather in which input and indices broadcast in the other dimensions. Error: not equally many dimensions. */
TIDE_API tide_Tensor *tide_take_along_dim_at(tide_Tensor *input, tide_Tensor *indices, int64_t dim);
/* A copy of input with src at one position of dim. */
TIDE_API tide_Tensor *tide_select_scatter(tide_Tensor *input, tide_Tensor *src, int64_t dim, int64_t index);
/* A copy of input with src in a range of dim. */
TIDE_API tide_Tensor *tide_slice_scatter(tide_Tensor *input, tide_Tensor *src, int64_t dim, int64_t start, int64_t end, int64_t step);
/* A copy of input with src on the diagonal of dim1 and dim2. */
TIDE_API tide_Tensor *tide_diagonal_scatter(tide_Tensor *input, tide_Tensor *src, int64_t offset, int64_t dim1, int64_t dim2);
/* A copy of input with a number where mask holds. */
TIDE_API tide_Tensor *tide_masked_fill(tide_Tensor *input, tide_Tensor *mask, tide_Tensor *value);
TIDE_API tide_Tensor *tide_masked_fill_(tide_Tensor *input, tide_Tensor *mask, tide_Tensor *value);
/* The same with a 0-dim tensor, which gets the sum of the filled elements' gradients. */
TIDE_API tide_Tensor *tide_masked_fill_tensor(tide_Tensor *input, tide_Tensor *mask, tide_Tensor *value);
TIDE_API tide_Tensor *tide_masked_fill_tensor_(tide_Tensor *input, tide_Tensor *mask, tide_Tensor *value);
/* The elements where mask holds, in row-major order, as a vector. */
TIDE_API tide_Tensor *tide_masked_select(tide_Tensor *input, tide_Tensor *mask);
/* A copy of input with one element of source after the other where mask holds. */
TIDE_API tide_Tensor *tide_masked_scatter(tide_Tensor *input, tide_Tensor *mask, tide_Tensor *source);
TIDE_API tide_Tensor *tide_masked_scatter_(tide_Tensor *input, tide_Tensor *mask, tide_Tensor *source);
/* The positions of the elements that are not zero, one in each row. */
TIDE_API tide_Tensor *tide_nonzero(tide_Tensor *input);
/* The same as one vector for each dimension (as_tuple is true). */
TIDE_API tide_Tensor **tide_nonzero_tuple(tide_Tensor *input, int as_tuple, int *count);
/* nonzero. */
TIDE_API tide_Tensor *tide_argwhere(tide_Tensor *input);
/* The positions where condition holds, one vector for each dimension. */
TIDE_API tide_Tensor **tide_where_tuple(tide_Tensor *condition, int *count);
/* The largest element. */
TIDE_API tide_Tensor *tide_max(tide_Tensor *input);
/* The larger of each two elements: maximum. */
TIDE_API tide_Tensor *tide_max_other(tide_Tensor *input, tide_Tensor *other);
/* The smallest element. */
TIDE_API tide_Tensor *tide_min(tide_Tensor *input);
/* The smaller of each two elements: minimum. */
TIDE_API tide_Tensor *tide_min_other(tide_Tensor *input, tide_Tensor *other);
/* The largest elements along a dimension, and their positions. */
TIDE_API tide_Tensor *tide_max_dim(tide_Tensor *input, int64_t dim, int keepdim, tide_Tensor **second);
/* The smallest elements along a dimension, and their positions. */
TIDE_API tide_Tensor *tide_min_dim(tide_Tensor *input, int64_t dim, int keepdim, tide_Tensor **second);
/* Position of the largest element along a dimension; without dim, among all elements in order. */
TIDE_API tide_Tensor *tide_argmax(tide_Tensor *input, int64_t dim, int keepdim);
/* Position of the smallest element along a dimension; without dim, among all elements in order. */
TIDE_API tide_Tensor *tide_argmin(tide_Tensor *input, int64_t dim, int keepdim);
/* The largest elements over dimensions. */
TIDE_API tide_Tensor *tide_amax(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim);
/* The smallest elements over dimensions. */
TIDE_API tide_Tensor *tide_amin(tide_Tensor *input, const int64_t *dim, int n_dim, int keepdim);
/* The smallest and the largest elements along a dimension; without dim, of all. */
TIDE_API tide_Tensor *tide_aminmax(tide_Tensor *input, int64_t dim, int keepdim, tide_Tensor **second);
/* The elements in order, and their positions. */
TIDE_API tide_Tensor *tide_sort(tide_Tensor *input, int64_t dim, int descending, tide_Tensor **second);
/* The elements in order, and their positions; always stable. */
TIDE_API tide_Tensor *tide_sort_stable(tide_Tensor *input, int64_t dim, int descending, int stable, tide_Tensor **second);
/* The positions that put the elements in order. */
TIDE_API tide_Tensor *tide_argsort(tide_Tensor *input, int64_t dim, int descending, int stable);
/* The elements in order along the first dimension. */
TIDE_API tide_Tensor *tide_msort(tide_Tensor *input);
/* The k largest (or smallest) elements in order, and their positions. */
TIDE_API tide_Tensor *tide_topk(tide_Tensor *input, int64_t k, int64_t dim, int largest, int sorted, tide_Tensor **second);
/* The k-th smallest element, and its position. */
TIDE_API tide_Tensor *tide_kthvalue(tide_Tensor *input, int64_t k, int64_t dim, int keepdim, tide_Tensor **second);
/* The middle element of all. */
TIDE_API tide_Tensor *tide_median(tide_Tensor *input);
/* The middle element along a dimension, and its position. */
TIDE_API tide_Tensor *tide_median_dim(tide_Tensor *input, int64_t dim, int keepdim, tide_Tensor **second);
/* The middle element of all that are not nan. */
TIDE_API tide_Tensor *tide_nanmedian(tide_Tensor *input);
/* The middle element along a dimension of those that are not nan, and its position. */
TIDE_API tide_Tensor *tide_nanmedian_dim(tide_Tensor *input, int64_t dim, int keepdim, tide_Tensor **second);
/* The most frequent element along a dimension (the smallest of those), and its last position. */
TIDE_API tide_Tensor *tide_mode(tide_Tensor *input, int64_t dim, int keepdim, tide_Tensor **second);
/* Product of two matrices. */
TIDE_API tide_Tensor *tide_mm(tide_Tensor *input, tide_Tensor *mat2);
/* Products of two equally long lists of matrices. */
TIDE_API tide_Tensor *tide_bmm(tide_Tensor *input, tide_Tensor *mat2);
/* Product of a matrix and a vector. */
TIDE_API tide_Tensor *tide_mv(tide_Tensor *input, tide_Tensor *vec);
/* Sum of the products of two vectors' elements. */
TIDE_API tide_Tensor *tide_dot(tide_Tensor *input, tide_Tensor *tensor);
/* dot, for real numbers. */
TIDE_API tide_Tensor *tide_vdot(tide_Tensor *input, tide_Tensor *other);
/* beta input + alpha mat1 mat2. */
TIDE_API tide_Tensor *tide_addmm(tide_Tensor *input, tide_Tensor *mat1, tide_Tensor *mat2, double beta, double alpha);
TIDE_API tide_Tensor *tide_addmm_(tide_Tensor *input, tide_Tensor *mat1, tide_Tensor *mat2, double beta, double alpha);
/* beta input + alpha mat vec. */
TIDE_API tide_Tensor *tide_addmv(tide_Tensor *input, tide_Tensor *mat, tide_Tensor *vec, double beta, double alpha);
TIDE_API tide_Tensor *tide_addmv_(tide_Tensor *input, tide_Tensor *mat, tide_Tensor *vec, double beta, double alpha);
/* beta input + alpha times all products of an element of vec1 and one of vec2. */
TIDE_API tide_Tensor *tide_addr(tide_Tensor *input, tide_Tensor *vec1, tide_Tensor *vec2, double beta, double alpha);
TIDE_API tide_Tensor *tide_addr_(tide_Tensor *input, tide_Tensor *vec1, tide_Tensor *vec2, double beta, double alpha);
/* beta input + alpha times the products of two lists of matrices. */
TIDE_API tide_Tensor *tide_baddbmm(tide_Tensor *input, tide_Tensor *batch1, tide_Tensor *batch2, double beta, double alpha);
TIDE_API tide_Tensor *tide_baddbmm_(tide_Tensor *input, tide_Tensor *batch1, tide_Tensor *batch2, double beta, double alpha);
/* beta input + alpha times the sum of the products of two lists of matrices. */
TIDE_API tide_Tensor *tide_addbmm(tide_Tensor *input, tide_Tensor *batch1, tide_Tensor *batch2, double beta, double alpha);
TIDE_API tide_Tensor *tide_addbmm_(tide_Tensor *input, tide_Tensor *batch1, tide_Tensor *batch2, double beta, double alpha);
/* Matrix product: of vectors, matrices, or lists of matrices, whose leading dimensions broadcast. */
TIDE_API tide_Tensor *tide_matmul(tide_Tensor *input, tide_Tensor *other);
/* matmul. */
TIDE_API tide_Tensor *tide_linalg_matmul(tide_Tensor *input, tide_Tensor *other);
/* input times the transpose of weight [out, in], plus bias [out]. */
TIDE_API tide_Tensor *tide_linear(tide_Tensor *input, tide_Tensor *weight, tide_Tensor *bias);
/* For each row x of input1 [*, i] and y of input2 [*, j], x w y for every w in weight [out, i, j], plus bias [out]. */
TIDE_API tide_Tensor *tide_bilinear(tide_Tensor *input1, tide_Tensor *input2, tide_Tensor *weight, tide_Tensor *bias);
/* Product of several matrices, in the order that multiplies least; the first and the last may be vectors. Error: fewer than two. */
TIDE_API tide_Tensor *tide_multi_dot(tide_Tensor *const *tensors, int n_tensors);
/* Sums of products over the last dimensions, for all pairs of the others; a 0-dim operand multiplies. */
TIDE_API tide_Tensor *tide_inner(tide_Tensor *input, tide_Tensor *other);
/* All products of an element of one vector and one of another. */
TIDE_API tide_Tensor *tide_outer(tide_Tensor *input, tide_Tensor *vec2);
/* outer. */
TIDE_API tide_Tensor *tide_ger(tide_Tensor *input, tide_Tensor *vec2);
/* Sums of products over the last dims dimensions of input and the first of other. */
TIDE_API tide_Tensor *tide_tensordot(tide_Tensor *input, tide_Tensor *other, int64_t dims);
/* Sums of products over pairs of dimensions of equal size, or of size 1. Error: lists of different length. */
TIDE_API tide_Tensor *tide_tensordot_dims(tide_Tensor *input, tide_Tensor *other, const int64_t *dims_self, int n_dims_self, const int64_t *dims_other, int n_dims_other);
/* Kronecker product: other in place of each element of input, times it. */
TIDE_API tide_Tensor *tide_kron(tide_Tensor *input, tide_Tensor *other);
/* Sum of a matrix' diagonal. */
TIDE_API tide_Tensor *tide_trace(tide_Tensor *input);
/* Vector product of the vectors of three along dim. */
TIDE_API tide_Tensor *tide_linalg_cross(tide_Tensor *input, tide_Tensor *other, int64_t dim);
/* Vector product along dim; without dim, along the first dimension of size 3. */
TIDE_API tide_Tensor *tide_cross(tide_Tensor *input, tide_Tensor *other, int64_t dim);
/* Sums of products of the operands' elements over the dimensions that the result does not name, as in "ij,jk->ik"; "..." stands for the dimensions left over. */
TIDE_API tide_Tensor *tide_einsum(const char *equation, tide_Tensor *const *operands, int n_operands);
/* Uniform in [0, 1). Error: not a float dtype. */
TIDE_API tide_Tensor *tide_rand(tide_Context *context, const int64_t *size, int n_size, int dtype);
/* Standard normal. Error: not a float dtype. */
TIDE_API tide_Tensor *tide_randn(tide_Context *context, const int64_t *size, int n_size, int dtype);
/* rand with the sizes and memory order of input. */
TIDE_API tide_Tensor *tide_rand_like(tide_Tensor *input, int dtype);
/* randn with the sizes and memory order of input. */
TIDE_API tide_Tensor *tide_randn_like(tide_Tensor *input, int dtype);
/* Whole numbers from 0 to high - 1. */
TIDE_API tide_Tensor *tide_randint(tide_Context *context, int64_t high, const int64_t *size, int n_size, int dtype);
/* Whole numbers from low to high - 1. */
TIDE_API tide_Tensor *tide_randint_from(tide_Context *context, int64_t low, int64_t high, const int64_t *size, int n_size, int dtype);
/* randint with the sizes and memory order of input. */
TIDE_API tide_Tensor *tide_randint_like(tide_Tensor *input, int64_t high, int dtype);
/* randint with the sizes and memory order of input. */
TIDE_API tide_Tensor *tide_randint_like_from(tide_Tensor *input, int64_t low, int64_t high, int dtype);
/* The positions of n things in random order; int64. Errors: n is negative or more than the dtype holds. */
TIDE_API tide_Tensor *tide_randperm(tide_Context *context, int64_t n, int dtype);
/* Normal, each element of its own mean and standard deviation. */
TIDE_API tide_Tensor *tide_normal(tide_Tensor *mean, tide_Tensor *std);
/* Normal, each element of its own mean. */
TIDE_API tide_Tensor *tide_normal_mean(tide_Tensor *mean, double std);
/* Normal, each element of its own standard deviation. */
TIDE_API tide_Tensor *tide_normal_std(double mean, tide_Tensor *std);
/* Normal of one mean and standard deviation. */
TIDE_API tide_Tensor *tide_normal_sized(tide_Context *context, double mean, double std, const int64_t *size, int n_size, int dtype);
/* Ones with the probabilities in input, else zeros. */
TIDE_API tide_Tensor *tide_bernoulli(tide_Tensor *input);
/* Ones with probability p, else zeros; only the sizes and dtype of input count. */
TIDE_API tide_Tensor *tide_bernoulli_p(tide_Tensor *input, double p);
/* Fills with numbers uniform in [from, to). */
TIDE_API tide_Tensor *tide_uniform_fill_(tide_Tensor *input, double from, double to);
/* Fills with normal numbers. */
TIDE_API tide_Tensor *tide_normal_fill_(tide_Tensor *input, double mean, double std);
/* Fills with exponential numbers of the rate lambd. */
TIDE_API tide_Tensor *tide_exponential_fill_(tide_Tensor *input, double lambd);
/* Fills with ones of probability p and zeros. */
TIDE_API tide_Tensor *tide_bernoulli_fill_(tide_Tensor *input, double p);
/* Fills with ones of the probabilities p, which broadcast, and zeros. */
TIDE_API tide_Tensor *tide_bernoulli_fill_each_(tide_Tensor *input, tide_Tensor *p);
/* Fills with whole numbers from 0 to the largest of the dtype (float32: 2^24, float64: 2^53). */
TIDE_API tide_Tensor *tide_random_fill_(tide_Tensor *input);
/* Fills with whole numbers from 0 to `to` - 1. */
TIDE_API tide_Tensor *tide_random_fill_to_(tide_Tensor *input, int64_t to);
/* Fills with whole numbers from `from` to `to` - 1. */
TIDE_API tide_Tensor *tide_random_fill_from_(tide_Tensor *input, int64_t from, int64_t to);
/* Positions drawn with probabilities that are in proportion to the weights in the rows of input. */
TIDE_API tide_Tensor *tide_multinomial(tide_Tensor *input, int64_t num_samples, int replacement);
/* Zeros with probability p, else input / (1 - p). */
TIDE_API tide_Tensor *tide_dropout(tide_Tensor *input, double p, int training, int inplace);
/* dropout to selu's lower bound, scaled and moved so that mean and variance stay (Klambauer and others, 2017). */
TIDE_API tide_Tensor *tide_alpha_dropout(tide_Tensor *input, double p, int training, int inplace);
/* dropout of channels of [N, C, L] or [C, L]. */
TIDE_API tide_Tensor *tide_dropout1d(tide_Tensor *input, double p, int training, int inplace);
/* dropout of channels of [N, C, H, W]. */
TIDE_API tide_Tensor *tide_dropout2d(tide_Tensor *input, double p, int training, int inplace);
/* dropout of channels of [N, C, D, H, W] or [C, D, H, W]. */
TIDE_API tide_Tensor *tide_dropout3d(tide_Tensor *input, double p, int training, int inplace);
/* alpha_dropout of channels. */
TIDE_API tide_Tensor *tide_feature_alpha_dropout(tide_Tensor *input, double p, int training, int inplace);
/* Rows of weight at positions. padding_idx: a row that gets no gradient; max_norm: rows of a larger norm are first scaled down in place; scale_grad_by_freq: gradients are divided by how often a row is named. */
TIDE_API tide_Tensor *tide_embedding(tide_Tensor *input, tide_Tensor *weight, int64_t padding_idx, double max_norm, double norm_type, int scale_grad_by_freq, int sparse);
/* Each channel brought to mean 0 and variance 1, then times weight plus bias: by the batch's own mean and variance with training, which running_mean and running_var (unbiased) then follow; else by those two. */
TIDE_API tide_Tensor *tide_batch_norm(tide_Tensor *input, tide_Tensor *running_mean, tide_Tensor *running_var, tide_Tensor *weight, tide_Tensor *bias, int training, double momentum, double eps);
/* Each of num_groups groups of channels of a sample brought to mean 0 and variance 1, then times weight plus bias. */
TIDE_API tide_Tensor *tide_group_norm(tide_Tensor *input, int64_t num_groups, tide_Tensor *weight, tide_Tensor *bias, double eps);
/* input / sqrt(mean of input^2 + eps) weight over the last dimensions. */
TIDE_API tide_Tensor *tide_rms_norm(tide_Tensor *input, const int64_t *normalized_shape, int n_normalized_shape, tide_Tensor *weight, double eps);
/* e^x / sum e^x over dim. */
TIDE_API tide_Tensor *tide_softmax(tide_Tensor *input, int64_t dim, int dtype);
/* The logarithm of softmax, without its loss of digits. */
TIDE_API tide_Tensor *tide_log_softmax(tide_Tensor *input, int64_t dim, int dtype);
/* softmax. */
TIDE_API tide_Tensor *tide_functional_softmax(tide_Tensor *input, int64_t dim, int dtype);
/* log_softmax. */
TIDE_API tide_Tensor *tide_functional_log_softmax(tide_Tensor *input, int64_t dim, int dtype);
/* softmax of -x. */
TIDE_API tide_Tensor *tide_softmin(tide_Tensor *input, int64_t dim, int dtype);
/* softmax. */
TIDE_API tide_Tensor *tide_special_softmax(tide_Tensor *input, int64_t dim, int dtype);
/* log_softmax. */
TIDE_API tide_Tensor *tide_special_log_softmax(tide_Tensor *input, int64_t dim, int dtype);
/* - log-probability of the class in target, weighted. */
TIDE_API tide_Tensor *tide_nll_loss(tide_Tensor *input, tide_Tensor *target, tide_Tensor *weight, int64_t ignore_index, const char *reduction);
/* nll_loss of log_softmax(input), for classes or for probabilities as target. */
TIDE_API tide_Tensor *tide_cross_entropy(tide_Tensor *input, tide_Tensor *target, tide_Tensor *weight, int64_t ignore_index, const char *reduction, double label_smoothing);
/* (input - target)^2; with weight the mean is by weight. */
TIDE_API tide_Tensor *tide_mse_loss(tide_Tensor *input, tide_Tensor *target, const char *reduction, tide_Tensor *weight);
/* |input - target|; with weight the mean is by weight. */
TIDE_API tide_Tensor *tide_l1_loss(tide_Tensor *input, tide_Tensor *target, const char *reduction, tide_Tensor *weight);
/* d = |input - target|: d^2 / (2 beta) below beta, else d - beta / 2. Error: beta below 0. */
TIDE_API tide_Tensor *tide_smooth_l1_loss(tide_Tensor *input, tide_Tensor *target, const char *reduction, double beta);
/* d = |input - target|: d^2 / 2 below delta, else delta (d - delta / 2); times weight. Error: delta not above 0. */
TIDE_API tide_Tensor *tide_huber_loss(tide_Tensor *input, tide_Tensor *target, const char *reduction, double delta, tide_Tensor *weight);
/* - t log x - (1 - t) log (1 - x) of probabilities, logarithms not below -100. Error: input outside 0 to 1. */
TIDE_API tide_Tensor *tide_binary_cross_entropy(tide_Tensor *input, tide_Tensor *target, tide_Tensor *weight, const char *reduction);
/* binary_cross_entropy of sigmoid(input) without its loss of digits; t log x weighs pos_weight. */
TIDE_API tide_Tensor *tide_binary_cross_entropy_with_logits(tide_Tensor *input, tide_Tensor *target, tide_Tensor *weight, const char *reduction, tide_Tensor *pos_weight);
/* t (log t - input) of log-probabilities input and probabilities t, or their logarithms with log_target; "batchmean": the sum divided by the first size. */
TIDE_API tide_Tensor *tide_kl_div(tide_Tensor *input, tide_Tensor *target, const char *reduction, int log_target);
/* (input - mean) / sqrt(variance + eps) weight + bias over the last dimensions. */
TIDE_API tide_Tensor *tide_layer_norm(tide_Tensor *input, const int64_t *normalized_shape, int n_normalized_shape, tide_Tensor *weight, tide_Tensor *bias, double eps);

#endif
