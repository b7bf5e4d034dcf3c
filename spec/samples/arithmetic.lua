-- Samples of arithmetic composed of rows: src/ops/arithmetic.def.
local floats = {"float32", "float64"}

-- f of every element of a nested list, with further numbers.
local function each(f)
   local function walk(x, ...)
      if type(x) ~= "table" then return f(x, ...) end
      local y = {}
      for i, v in ipairs(x) do y[i] = walk(v, ...) end
      return y
   end
   return walk
end

-- f of two nested lists of the same sizes, or of one and a number.
local function pairwise(f)
   local function walk(x, y, ...)
      if type(x) ~= "table" and type(y) ~= "table" then return f(x, y, ...) end
      local z = {}
      for i = 1, #(type(x) == "table" and x or y) do z[i] = walk(type(x) == "table" and x[i] or x, type(y) == "table" and y[i] or y, ...) end
      return z
   end
   return walk
end

local function rounded(a, b, mode)
   if not mode then return a / b end
   if mode == "floor" then return a // b end
   local q = a / b
   return q < 0 and math.ceil(q) or math.floor(q)
end

return {
   div_mode = {ref = pairwise(rounded), samples = function(t)
         local divisor = t.int(1, 1, 3, 4):to(t.dtype) * 3
         return {{t.float(3, 4), divisor, "floor"}, {t.float(3, 4), divisor, "trunc"}, {t.float(2), 3, "floor"}, {t.float(), 3, "trunc"}}
      end,
      errors = function(t) return {{"rounding_mode must be", t.float(2), 2, "up"}, {"division by zero", t.int(1, 3, 2), 0, "floor"}} end},
   square = {ref = each(function(x) return x * x end), samples = function(t) return {{t.float(3, 4)}, {t.float()}, {t.float(0)}} end},
   float_power = {ref = pairwise(function(a, b) return a ^ b end), samples = function(t) return {{t.float(3, 4):abs() + 1, t.float(3, 4)}, {t.float(3, 4):abs() + 1, 2}, {2, t.float(3)}, {t.float():abs() + 1, 0.5}} end},
   polygamma = {dtypes = floats, samples = function(t) return {{1, t.float(3, 4):abs() + 0.5}, {3, t.float():abs() + 0.5}} end,
      ref = function(n, x)
         return each(function(v)
            local sum, z = 0, v + 2000
            for k = 0, 1999 do sum = sum + (v + k) ^ -(n + 1) end
            return (n == 3 and 6 or 1) * (sum + z ^ -n / n + z ^ -(n + 1) / 2 + (n + 1) / 12 * z ^ -(n + 2))
         end)(x)
      end, errors = function(t) return {{"must not be negative", -1, t.float(2)}} end},
   clamp_optional = {samples = function(t) return {{t.float(3, 4), nil, 1}, {t.float(3, 4), 1}, {t.float(3, 4), 1, 2}, {t.float(3, 4), nil, t.float(4)}, {t.float(3, 4), t.float(3, 4)}, {t.float(3, 4), t.float(4), t.float(3, 4)}} end,
      ref = function(x, low, high)
         local function at(bound, i, j)
            if type(bound) ~= "table" then return bound end
            return type(bound[i]) == "table" and bound[i][j] or bound[j]
         end
         local y = {}
         for i, row in ipairs(x) do
            y[i] = {}
            for j, v in ipairs(row) do
               local lo, hi = at(low, i, j), at(high, i, j)
               if lo and v < lo then v = lo end
               if hi and v > hi then v = hi end
               y[i][j] = v
            end
         end
         return y
      end,
      errors = function(t) return {{"min or max", t.float(2)}} end},
   where_method = {samples = function(t) return {{t.float(3, 4), t.bool(3, 4), t.float(3, 4)}, {t.float(3, 4), t.bool(3, 4), 2}} end,
      ref = function(x, condition, y)
         local z = {}
         for i, row in ipairs(x) do
            z[i] = {}
            for j, v in ipairs(row) do
               if condition[i][j] then z[i][j] = v else z[i][j] = type(y) == "table" and y[i][j] or y end
            end
         end
         return z
      end},
   isclose = {grad = false, samples = function(t) return {{t.float(3, 4), t.float(3, 4)}, {t.float(3, 4), t.float(3, 4) + 1, 0.5, 0.25}, {t.float(), t.float()}} end,
      ref = pairwise(function(a, b, rtol, atol) return a == b or math.abs(a - b) <= (atol or 1e-8) + math.abs((rtol or 1e-5) * b) end),
      errors = function(t) return {{"dtypes differ", t.float(2), t.int(0, 1, 2)}, {"must not be negative", t.float(2), t.float(2), -1}} end},
   positive = {ref = each(function(x) return x end), samples = function(t) return {{t.float(3, 4)}} end, errors = function(t) return {{"bool", t.bool(2)}} end},
}
