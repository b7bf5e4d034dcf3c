-- Samples of the rows: src/ops/pointwise.def. The references are slow and obvious.
local tide = require "tide"
local exp, log, sqrt, abs, floor, pi, inf = math.exp, math.log, math.sqrt, math.abs, math.floor, math.pi, math.huge
local floats = {"float32", "float64"}                  -- of operators that do not make floats of integers
local whole = {-3, -2, -1, 0, 1, 2, 3}

-- {====== functions that Lua has not ======

local function sign(x) return x > 0 and 1 or x < 0 and -1 or 0 end
local function cut(x) return x < 0 and math.ceil(x) or floor(x) end
local function sinh(x) return (exp(x) - exp(-x)) / 2 end
local function cosh(x) return (exp(x) + exp(-x)) / 2 end
local function tanh(x) return sinh(x) / cosh(x) end
local function sigmoid(x) return 1 / (1 + exp(-x)) end
local function max(a, b) return a > b and a or b end
local function min(a, b) return a < b and a or b end

-- a and b as whole numbers divide exactly, as floats they are rounded down.
local function floor_divide(a, b) return a // b end
local function divide_cut(a, b)
   if math.type(a) == "integer" and math.type(b) == "integer" then return sign(a) * sign(b) * ((a < 0 and -a or a) // (b < 0 and -b or b)) end
   return cut(a / b)
end

local function power(a, b)
   if math.type(a) ~= "integer" or math.type(b) ~= "integer" then return a ^ b end
   local y = 1
   for _ = 1, b do y = y * a end
   return y
end

local function round_even(x)
   if math.type(x) == "integer" then return x end
   local y = floor(x + 0.5)
   return x + 0.5 == y and y % 2 == 1 and y - 1 or y
end

local function erf(x)                                   -- Maclaurin's series
   local sum, term, n = 0, x, 0
   while abs(term) > 1e-18 do
      sum = sum + term / (2 * n + 1)
      n = n + 1
      term = -term * x * x / n
   end
   return 2 / sqrt(pi) * sum
end

local function erfinv(y)                                -- by halving
   local lo, hi = -6, 6
   for _ = 1, 60 do
      local mid = (lo + hi) / 2
      if erf(mid) < y then lo = mid else hi = mid end
   end
   return (lo + hi) / 2
end

-- Sums of 2000 terms, the rest by Euler and Maclaurin.
local function digamma(x)
   local sum = 0
   for k = 0, 1999 do sum = sum - 1 / (x + k) end
   local z = x + 2000
   return sum + log(z) - 1 / (2 * z) - 1 / (12 * z * z)
end

local function polygamma(x, n)
   local factorial, sum = 1, 0
   for k = 1, n do factorial = factorial * k end
   for k = 0, 1999 do sum = sum + (x + k) ^ -(n + 1) end
   local z = x + 2000
   sum = sum + z ^ -n / n + z ^ -(n + 1) / 2 + (n + 1) / 12 * z ^ -(n + 2)
   return (n % 2 == 1 and 1 or -1) * factorial * sum
end

local function lgamma(x)                                -- Stirling's series at x + 30
   local product, z = 1.0, x + 30
   for k = 0, 29 do product = product * (x + k) end
   return (z - 0.5) * log(z) - z + log(2 * pi) / 2 + 1 / (12 * z) - 1 / (360 * z ^ 3) + 1 / (1260 * z ^ 5) - log(product)
end

local function normal(x) return exp(-x * x / 2) / sqrt(2 * pi) end
local function gelu_slope(x) return (1 + erf(x / sqrt(2))) / 2 + x * normal(x) end
local function gelu_tanh(x) return x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x ^ 3))) end
local function silu_slope(x) return sigmoid(x) * (1 + x * (1 - sigmoid(x))) end
local function elu(x, alpha, scale, input_scale) return scale * (x > 0 and x or alpha * (exp(input_scale * x) - 1)) end

-- The slope of f at x, where the reference knows only f.
local function slope(f)
   return function(g, x, ...) return g * (f(x + 1e-4, ...) - f(x - 1e-4, ...)) / 2e-4 end
end

-- Whole numbers, in the dtype under test where that holds them.
local function bits(t, ...)
   if t.dtype == tide.float32 or t.dtype == tide.float64 then return t.int(-6, 6, ...) end
   return t.float(...)
end

local function bitwise(f, of_bool)
   return {grad = false, bool = of_bool, ref = f,
      samples = function(t) return {{bits(t, 3, 4), bits(t, 4)}, {bits(t, 3, 4), bits(t, 3, 4)}, {bits(t), bits(t)}, {bits(t, 0, 3), bits(t, 3)}, {bits(t, 70), bits(t)}} end}
end

-- Quotients away from whole numbers, where the gradients change.
local function division(f)
   return {ref = f, samples = function(t)
         local function divisor(...) return t.int(1, 4, ...):to(t.dtype) end
         return {{t.float(3, 4), divisor(4)}, {t.float(3, 1), divisor(3, 4)}, {t.float(2, 3) * 3, t.float(1) * 0 + 2}, {t.float(), divisor()}, {t.float(0, 3), divisor(3)}}
      end,
      errors = function(t) return {{"division by zero", t.int(1, 3, 2), t.int(0, 1, 2)}} end}
end

local function truth(x) return x ~= 0 end

-- }======

return {
   -- arithmetic
   add = {ref = function(a, b) return a + b end},
   add_scaled = {ref = function(a, b, alpha) return a + alpha * b end, numbers = {{2}, {3}},
      errors = function(t) return {{"alpha must be a whole number", t.int(0, 3, 2), t.int(0, 3, 2), 2.5}, {"300 does not fit into int8", t.int(0, 3, 2):to(tide.int8), 1, 300}} end},
   sub = {ref = function(a, b) return a - b end},
   sub_scaled = {ref = function(a, b, alpha) return a - alpha * b end, numbers = {{2}, {3}}},
   rsub = {ref = function(a, b) return b - a end, numbers = {{2}}},
   rsub_tensor = {ref = function(a, b) return b - a end},
   rsub_scaled = {ref = function(a, b, alpha) return b - alpha * a end, numbers = {{2}}},
   mul = {ref = function(a, b) return a * b end},
   div = {ref = function(a, b) return a / b end, domain = {{-3, 3}, {0.5, 3}}},
   div_trunc = division(divide_cut),
   div_floor = division(floor_divide),
   floor_divide = {ref = floor_divide, domain = {{-9.5, 9.5}, {1, 4}}, grad = false, errors = function(t) return {{"division by zero", t.int(1, 3, 2), 0}} end},
   remainder = division(function(a, b) return a % b end),
   remainder_scalar = {ref = function(a, b) return a % b end, numbers = {{2}, {3}}, kinks = whole},
   fmod = division(function(a, b) return a - divide_cut(a, b) * b end),
   fmod_scalar = {ref = function(a, b) return a - divide_cut(a, b) * b end, numbers = {{2}, {3}}, kinks = whole},
   neg = {ref = function(x) return -x end},
   abs = {ref = abs, kinks = {0}},
   sign = {ref = sign, kinks = {0}},
   sgn = {ref = sign, kinks = {0}},
   signbit = {ref = function(x) return x < 0 end, grad = false, specials = false},    -- (a nan has a sign too, and languages differ in theirs)
   reciprocal = {ref = function(x) return 1 / x end, domain = {0.5, 3}},
   copysign = {ref = function(a, b) return b < 0 and -abs(a) or abs(a) end, domain = {{0.25, 3}, {0.25, 3}}, specials = false},
   copysign_scalar = {ref = function(a, b) return b < 0 and -abs(a) or abs(a) end, numbers = {{-2}, {3}}, kinks = {0}},
   hypot = {ref = function(a, b) return sqrt(a * a + b * b) end, domain = {{0.5, 3}, {-3, 3}}, dtypes = floats},
   nextafter = {ref = function(a) return a end, dtypes = floats},                 -- (its step is far below the tolerance)
   ldexp = {ref = function(a, b) return a * 2.0 ^ b end},
   deg2rad = {ref = math.rad, domain = {-100, 100}},
   rad2deg = {ref = math.deg},
   addcmul = {ref = function(a, b, c, v) return a + v * b * c end, numbers = {{1}, {2}}},
   addcdiv = {ref = function(a, b, c, v) return a + v * b / c end, numbers = {{1}, {-2.5}}, domain = {{-3, 3}, {-3, 3}, {0.5, 3}}, dtypes = floats,
      errors = function(t) return {{"integers, int64 and int64", t.float(2), t.int(1, 3, 2), t.int(1, 3, 2)}} end},
   lerp = {ref = function(a, b, w) return a + w * (b - a) end, dtypes = floats, errors = function(t) return {{"dtypes differ", t.float(2), t.float(2):float(), t.float(2)}, {"weight is float32", t.float(2), t.float(2), t.float(2):float()}} end},
   lerp_scalar = {ref = function(a, b, w) return a + w * (b - a) end, numbers = {{0.25}, {0.75}}, dtypes = floats},

   -- choice and bounds
   where = {ref = function(c, a, b)
         if c == 1 then return a end
         return b
      end,
      samples = function(t)
         local list = {{t.bool(3, 4), t.float(3, 4), t.float(3, 4)}, {t.bool(3, 1), t.float(4), t.float()}, {t.bool(), t.float(2, 3), t.float(3)}, {t.bool(0, 3), t.float(3), t.float()}, {t.bool(70), t.float(70), t.float()}}
         if t.dtype ~= tide.bool then
            list[#list + 1] = {t.bool(4), t.float(3, 4), 2}
            list[#list + 1] = {t.bool(3, 4), 1, t.float(4)}
         end
         return list
      end,
      errors = function(t) return {{"condition is float64", t.float(2), t.float(2), t.float(2)}, {"sizes", t.bool(2), t.float(3), t.float(1)}, {"300 does not fit into int8", t.bool(2), t.int(0, 3, 2):to(tide.int8), 300}} end},
   maximum = {ref = max},
   minimum = {ref = min},
   fmax = {ref = max},
   fmin = {ref = min},
   clamp_scalars = {ref = function(x, lo, hi) return min(max(x, lo), hi) end, numbers = {{1, 2}, {2, 1}}, kinks = {1, 2}, errors = function(t) return {{"300 does not fit into int8", t.int(0, 3, 2):to(tide.int8), 0, 300}} end},
   clamp = {ref = function(x, lo, hi) return min(max(x, lo), hi) end, domain = {{-3, 3}, {-1, 1}, {0, 2}}},
   clamp_below = {ref = max, numbers = {{1}}, kinks = {1}},
   clamp_below_tensor = {ref = max},
   clamp_above = {ref = min, numbers = {{1}}, kinks = {1}},
   clamp_above_tensor = {ref = min},
   clamp_min = {ref = max},
   clamp_min_scalar = {ref = max, numbers = {{1}}, kinks = {1}, errors = function(t) return {{"%-1 does not fit into uint8", t.int(0, 3, 2):to(tide.uint8), -1}} end},
   clamp_max = {ref = min},
   clamp_max_scalar = {ref = min, numbers = {{1}}, kinks = {1}},
   clamp_grad = {ref = function(g, x, lo, hi) return x >= lo and x <= hi and g or 0 end, numbers = {{-1, 2}}, kinks = {-1, 2}},
   nan_to_num = {ref = function(x) return x end, numbers = {{}, {1, 2, 3}}},
   heaviside = {ref = function(a, b)
         if a == 0 then return b end
         return a > 0 and 1 or 0
      end, grad = false, errors = function(t) return {{"dtypes differ", t.float(2), t.int(0, 1, 2)}} end},

   -- rounding
   floor = {ref = floor, kinks = whole},
   ceil = {ref = math.ceil, kinks = whole},
   round = {ref = round_even, kinks = {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5}},
   round_decimals = {ref = function(x, d) return round_even(x * 10.0 ^ d) / 10.0 ^ d end, numbers = {{0}, {1}, {-1}}, dtypes = floats, kinks = {-2.5, -1.5, -0.5, 0.5, 1.5, 2.5}},
   trunc = {ref = cut, kinks = whole},
   frac = {ref = function(x) return x - cut(x) end, kinks = whole, dtypes = floats},

   -- powers, exponentials, logarithms
   pow = {ref = power, domain = {{0.5, 3}, {0, 3}}},
   pow_scalar = {ref = power, domain = {0.5, 3}, numbers = {{2}, {3}, {0}, {1}, {5}}, errors = function(t) return {{"negative powers", t.int(1, 3, 2), -1}, {"300 does not fit", t.int(1, 3, 2):to(tide.int8), 300}} end},
   pow_number = {ref = power, samples = function(t) return {{2, t.float(3, 4):abs()}, {3, t.float():abs()}, {2, t.float(0)}} end},
   sqrt = {ref = sqrt, domain = {0.25, 3}},
   rsqrt = {ref = function(x) return 1 / sqrt(x) end, domain = {0.25, 3}},
   exp = {ref = exp},
   exp2 = {ref = function(x) return 2.0 ^ x end},
   expm1 = {ref = function(x) return exp(x) - 1 end},
   log = {ref = log, domain = {0.25, 3}},
   log2 = {ref = function(x) return log(x, 2) end, domain = {0.25, 3}},
   log10 = {ref = function(x) return log(x, 10) end, domain = {0.25, 3}},
   log1p = {ref = function(x) return log(1 + x) end, domain = {-0.75, 3}},
   logaddexp = {ref = function(a, b) return log(exp(a) + exp(b)) end, dtypes = floats},
   logaddexp2 = {ref = function(a, b) return log(2 ^ a + 2 ^ b, 2) end, dtypes = floats},
   xlogy = {ref = function(a, b) return a == 0 and 0 or a * log(b) end, domain = {{-3, 3}, {0.5, 3}}},
   xlogy_scalar = {ref = function(a, b) return a == 0 and 0 or a * log(b) end, numbers = {{2}, {0.5}}},
   xlogy_number = {dtypes = floats, ref = function(a, b) return a * log(b) end, samples = function(t) return {{2, t.float(3, 4):abs() + 1}, {2.5, t.float():abs() + 1}} end},

   -- trigonometry
   sin = {ref = math.sin},
   cos = {ref = math.cos},
   tan = {ref = math.tan, domain = {-1.25, 1.25}},
   asin = {ref = math.asin, domain = {-0.875, 0.875}},
   acos = {ref = math.acos, domain = {-0.875, 0.875}},
   atan = {ref = math.atan},
   atan2 = {ref = math.atan, domain = {{0.5, 3}, {-3, 3}}},
   sinh = {ref = sinh},
   cosh = {ref = cosh},
   tanh = {ref = tanh},
   tanh_grad = {ref = function(g, y) return g * (1 - y * y) end},
   asinh = {ref = function(x) return sign(x) * log(abs(x) + sqrt(x * x + 1)) end},
   acosh = {ref = function(x) return log(x + sqrt(x * x - 1)) end, domain = {1.25, 3}},
   atanh = {ref = function(x) return log((1 + x) / (1 - x)) / 2 end, domain = {-0.875, 0.875}},
   sinc = {ref = function(x) return x == 0 and 1 or math.sin(pi * x) / (pi * x) end, kinks = {0}},

   -- special functions
   erf = {ref = erf},
   erfc = {ref = function(x) return 1 - erf(x) end},
   erfinv = {ref = erfinv, domain = {-0.9375, 0.9375}},
   lgamma = {ref = lgamma, domain = {0.5, 6}},
   digamma = {ref = digamma, domain = {0.5, 6}},
   polygamma_of = {ref = polygamma, domain = {0.75, 6}, numbers = {{1}, {2}, {3}}, specials = false,      -- (PyTorch has nine digits)
      errors = function(t) return {{"must not be negative", t.float(2), -1}} end},
   logit = {ref = function(x, eps)
         if eps then x = min(max(x, eps), 1 - eps) end
         return log(x / (1 - x))
      end, domain = {0.0625, 0.9375}, numbers = {{}, {0.25}}, kinks = {0.25, 0.75}},

   -- activations
   sigmoid = {ref = sigmoid},
   sigmoid_grad = {ref = function(g, y) return g * y * (1 - y) end},
   relu = {ref = function(x) return max(x, 0) end, kinks = {0}},
   relu_grad = {ref = function(g, y) return y > 0 and g or 0 end, kinks = {0}},
   gelu_erf = {ref = function(x) return x / 2 * (1 + erf(x / sqrt(2))) end, dtypes = floats},
   gelu_erf_grad = {ref = function(g, x) return g * gelu_slope(x) end},
   gelu_tanh = {ref = gelu_tanh, dtypes = floats},
   gelu_tanh_grad = {ref = slope(gelu_tanh), tolerance = 1e-6},
   silu = {ref = function(x) return x * sigmoid(x) end, dtypes = floats},
   silu_grad = {ref = function(g, x) return g * silu_slope(x) end},
   softplus = {ref = function(x, beta, threshold) return beta * x > threshold and x or log(1 + exp(beta * x)) / beta end, numbers = {{1, 20}, {2.5, 3}}, kinks = {1.2}, dtypes = floats},
   softplus_grad = {ref = function(g, x, beta, threshold) return beta * x > threshold and g or g * sigmoid(beta * x) end, numbers = {{1, 20}, {2.5, 3}}, kinks = {1.2}},
   leaky_relu = {ref = function(x, s) return x > 0 and x or s * x end, numbers = {{0.01}, {0.25}}, kinks = {0}, dtypes = floats},
   leaky_relu_grad = {ref = function(g, x, s) return x > 0 and g or s * g end, numbers = {{0.25}}, kinks = {0}},
   elu = {ref = elu, numbers = {{1, 1, 1}, {1.5, 2, 0.5}}, kinks = {0}, dtypes = floats},
   celu = {ref = elu, numbers = {{1, 1, 1}, {1.5, 1, 1 / 1.5}}, kinks = {0}, dtypes = floats},
   elu_grad = {ref = function(g, x, alpha, scale, input_scale) return g * scale * (x > 0 and 1 or alpha * input_scale * exp(input_scale * x)) end, numbers = {{1, 1, 1}, {1.5, 2, 0.5}}, kinks = {0}},
   hardtanh = {ref = function(x, lo, hi) return min(max(x, lo), hi) end, numbers = {{1, 2}}, kinks = {1, 2}, errors = function(t) return {{"%-1 does not fit into uint8", t.int(0, 3, 2):to(tide.uint8), -1, 1}} end},
   hardtanh_grad = {ref = function(g, x, lo, hi) return x > lo and x < hi and g or 0 end, numbers = {{-1, 2}}, kinks = {-1, 2}},
   threshold = {ref = function(x, t, v) return x > t and x or v end, numbers = {{1, 2}}, kinks = {1}},
   threshold_grad = {ref = function(g, x, t) return x > t and g or 0 end, numbers = {{1}}, kinks = {1}},
   hardshrink = {ref = function(x, l) return abs(x) > (l or 0.5) and x or 0 end, numbers = {{}, {1}}, kinks = {-1, -0.5, 0.5, 1}, dtypes = floats},
   softshrink = {ref = function(x, l) return sign(x) * max(abs(x) - (l or 0.5), 0) end, numbers = {{}, {1}}, kinks = {-1, -0.5, 0.5, 1}, dtypes = floats,
      errors = function(t) return {{"must not be negative", t.float(2), -1}} end},
   shrink_grad = {ref = function(g, x, l) return abs(x) > l and g or 0 end, numbers = {{1}}, kinks = {-1, 1}},
   hardsigmoid = {ref = function(x) return min(max(x + 3, 0), 6) / 6 end, domain = {-5, 5}, kinks = {-3, 3}, dtypes = floats},
   hardswish = {ref = function(x) return x * min(max(x + 3, 0), 6) / 6 end, domain = {-5, 5}, kinks = {-3, 3}, dtypes = floats},
   hardswish_grad = {ref = function(g, x) return x <= -3 and 0 or x >= 3 and g or g * (x / 3 + 0.5) end, domain = {-5, 5}, kinks = {-3, 3}},
   mish = {ref = function(x) return x * tanh(log(1 + exp(x))) end, dtypes = floats},
   logsigmoid = {ref = function(x) return log(sigmoid(x)) end, dtypes = floats},
   prelu_kernel = {ref = function(x, w) return x > 0 and x or w * x end, kinks = {0}},

   -- comparison, tests, logic
   eq = {ref = function(a, b) return a == b end, grad = false},
   ne = {ref = function(a, b) return a ~= b end, grad = false},
   lt = {ref = function(a, b) return a < b end, grad = false},
   le = {ref = function(a, b) return a <= b end, grad = false},
   gt = {ref = function(a, b) return a > b end, grad = false},
   ge = {ref = function(a, b) return a >= b end, grad = false},
   isnan = {ref = function(x) return x ~= x end, grad = false},
   isfinite = {ref = function(x) return abs(x) < inf end, grad = false},
   isinf = {ref = function(x) return abs(x) == inf end, grad = false},
   isposinf = {ref = function(x) return x == inf end, grad = false},
   isneginf = {ref = function(x) return x == -inf end, grad = false},
   logical_not = {ref = function(x) return x == 0 end, grad = false},
   logical_and = {ref = function(a, b) return truth(a) and truth(b) end, grad = false},
   logical_or = {ref = function(a, b) return truth(a) or truth(b) end, grad = false},
   logical_xor = {ref = function(a, b) return truth(a) ~= truth(b) end, grad = false},

   -- bits
   bitwise_and = bitwise(function(a, b) return a & b end),
   bitwise_or = bitwise(function(a, b) return a | b end),
   bitwise_xor = bitwise(function(a, b) return a ~ b end),
   bitwise_not = {grad = false, ref = function(x) return ~x end, bool = function(x) return x == 0 end, samples = function(t) return {{bits(t, 3, 4)}, {bits(t)}, {bits(t, 0)}} end},
   bitwise_left_shift = {grad = false, ref = function(a, b) return b < 0 and 0 or a << b end, samples = function(t) return {{bits(t, 3, 4), bits(t, 4)}, {bits(t), bits(t, 3)}, {bits(t, 5), 1}} end},
   bitwise_right_shift = {grad = false, ref = function(a, b) return b < 0 and (a < 0 and -1 or 0) or a // (1 << b) end, samples = function(t) return {{bits(t, 3, 4), bits(t, 4)}, {bits(t), bits(t, 3)}, {bits(t, 5), 1}} end},
}
