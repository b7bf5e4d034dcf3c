-- Samples of the activations of nn.functional: src/ops/activation.def.
local exp, log, abs = math.exp, math.log, math.abs
local floats = {"float32", "float64"}

-- The sample has x [3, 4] between -3 and 3, once without and once with the further arguments.
local function activation(f, more, t)
   local function walk(x, ...)
      if type(x) ~= "table" then return f(x, ...) end
      local y = {}
      for i, v in ipairs(x) do y[i] = walk(v, ...) end
      return y
   end
   local entry = t or {}
   entry.ref = walk
   entry.dtypes = entry.dtypes or floats
   entry.samples = function(make)
      local list = {{make.float(3, 4)}, {make.float()}, {make.float(0, 3)}}
      if entry.required then list = {} end
      if more then list[#list + 1] = {make.float(3, 4), table.unpack(more)} end
      return list
   end
   return entry
end

local function tanh(x) return (exp(2 * x) - 1) / (exp(2 * x) + 1) end
local function sigmoid(x) return 1 / (1 + exp(-x)) end
local function elu(x, alpha) return x > 0 and x or (alpha or 1) * (exp(x) - 1) end
local function celu(x, alpha) return x > 0 and x or (alpha or 1) * (exp(x / (alpha or 1)) - 1) end
local function selu(x) return 1.0507009873554805 * elu(x, 1.6732632423543772) end
local function clip(x, lo, hi) return x < lo and lo or x > hi and hi or x end
local all = {"float32", "float64", "int64", "uint8"}

return {
   functional_relu = activation(function(x) return x > 0 and x or 0 end, nil, {dtypes = all}),
   functional_relu6 = activation(function(x) return clip(x, 0, 6) end, nil, {dtypes = all}),
   functional_leaky_relu = activation(function(x, slope) return x > 0 and x or x * (slope or 0.01) end, {0.25}),
   functional_elu = activation(elu, {1.5}),
   functional_selu = activation(selu),
   functional_celu = activation(celu, {1.5}, {errors = function(t) return {{"alpha must not be 0", t.float(2), 0}} end}),
   functional_gelu = activation(function(x, approximate)
      if approximate == "tanh" then return x / 2 * (1 + tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ^ 3))) end
      local sum, steps = 0, 2000                     -- the normal density from 0 to x, by Simpson's rule
      for k = 0, steps do sum = sum + (k % steps == 0 and 1 or k % 2 == 1 and 4 or 2) * exp(-(x * k / steps) ^ 2 / 2) end
      return x * (0.5 + sum * x / steps / 3 / math.sqrt(2 * math.pi))
   end, {"tanh"}, {errors = function(t) return {{"approximate must be", t.float(2), "erf"}} end}),
   functional_silu = activation(function(x) return x * sigmoid(x) end),
   functional_mish = activation(function(x) return x * tanh(log(1 + exp(x))) end),
   functional_hardtanh = activation(function(x, lo, hi) return clip(x, lo or -1, hi or 1) end, {-2, 0.5}, {errors = function(t) return {{"min_val 1 is above max_val %-1", t.float(2), 1, -1}} end}),
   functional_hardsigmoid = activation(function(x) return clip(x + 3, 0, 6) / 6 end),
   functional_hardswish = activation(function(x) return x * clip(x + 3, 0, 6) / 6 end),
   functional_threshold = activation(function(x, threshold, value) return x > threshold and x or value end, {0.5, 2}, {required = true}),
   functional_softsign = activation(function(x) return x / (1 + abs(x)) end),
   functional_tanhshrink = activation(function(x) return x - tanh(x) end),
   selu = activation(selu),
   celu_of = activation(celu, {1.5}),
   prelu = {dtypes = floats, ref = function(x, w)
         local function walk(v, d, channel)
            if type(v) ~= "table" then return v > 0 and v or v * w[#w == 1 and 1 or channel] end
            local y = {}
            for i, e in ipairs(v) do y[i] = walk(e, d + 1, d == 2 and i or channel) end
            return y
         end
         return walk(x, 1, 1)
      end,
      samples = function(t) return {{t.float(3, 4), t.float(1)}, {t.float(3, 4), t.float(4)}, {t.float(2, 3, 2), t.float(3)}, {t.float(5), t.float(1)}} end,
      errors = function(t) return {{"weight has sizes %(3,%)", t.float(2, 4), t.float(3)}} end},
}
