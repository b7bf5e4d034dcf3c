-- Reductions, scans and norms: src/ops/reduce.def, scan.def, norm.def.

local ALL = {"float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"}
local FLOATS = {"float32", "float64"}

-- f along one dimension (from 1, or negative) of a nested list.
local function along(x, dim, f)
   local depth, y = 0, x
   while type(y) == "table" do depth, y = depth + 1, y[1] end
   if dim < 0 then dim = dim + depth + 1 end
   if depth == 0 then return f({x})[1] end
   local function level(v, d)
      if d == 1 and type(v[1]) ~= "table" then return f(v) end
      local out = {}
      if d > 1 then
         for i, w in ipairs(v) do out[i] = level(w, d - 1) end
         return out
      end
      for j = 1, #v[1] do                       -- the lines go through v's elements: one element of each at a time
         local line = {}
         for i = 1, #v do line[i] = v[i][j] end
         line = level(line, 1)
         for i = 1, #v do
            out[i] = out[i] or {}
            out[i][j] = line[i]
         end
      end
      return out
   end
   return level(x, dim)
end

local function along_both(a, b, dim, f)
   local function zip(u, v)
      if type(u) ~= "table" then return function() return u, v end end
      local out = {}
      for i = 1, #u do out[i] = zip(u[i], v[i]) end
      return out
   end
   return along(zip(a, b), dim, f)
end

local function shift(x, dim, by, fill)
   return along(x, dim, function(v)
      local out = {}
      for i = 1, #v do
         local w = v[i - by]
         if w == nil then w = fill end
         out[i] = w
      end
      return out
   end)
end

local function linear_scan(input, weight, dim, reverse)
   return along_both(input, weight, dim, function(v)
      local out, y = {}, nil
      local first, last, step = 1, #v, 1
      if reverse then first, last, step = #v, 1, -1 end
      for i = first, last, step do
         local b, a = v[i]()
         y = y and b + a * y or b
         out[i] = y
      end
      return out
   end)
end

local function sum_to(x, size)
   local depth, y = 0, x
   while type(y) == "table" do depth, y = depth + 1, y[1] end
   local function add(a, b)
      if type(a) ~= "table" then return a + b end
      local out = {}
      for i = 1, #a do out[i] = add(a[i], b[i]) end
      return out
   end
   local function total(v)
      local sum = v[1]
      for i = 2, #v do sum = add(sum, v[i]) end
      return sum
   end
   while depth > #size do x, depth = total(x), depth - 1 end
   local function fold(v, d)
      if d > #size then return v end
      if size[d] == 1 and #v > 1 then v = {total(v)} end
      local out = {}
      for i = 1, #v do out[i] = fold(v[i], d + 1) end
      return out
   end
   return fold(x, 1)
end

local function p_norm(x, ord)
   local sum = 0
   for _, v in ipairs(x) do sum = sum + math.abs(v) ^ ord end
   return sum ^ (1 / ord)
end

-- Calls without arguments, and along dimensions.
local function whole(t) return {{t.float(3, 4)}, {t.float()}, {t.float(37)}, {t.float(2, 70, 3)}} end
local function smaller(t) return {{t.float(3, 4)}, {t.float()}, {t.float(2, 3, 2)}} end
local function by_dims(t)
   return {{t.float(3, 4), {1}}, {t.float(2, 3, 4), {1, 3}, true}, {t.float(2, 3, 4), {-2}}, {t.float(3, 4), {}},
      {t.float(), {1}}, {t.float(3, 40), {2}}, {t.float(40, 3), {1}},
           {t.float(3, 0), {2}}, {t.float(5, 2, 3, 4), {2, -1}, {keepdim = true}}}
end
local function filled(t) return {{t.float(3, 4), {1}}, {t.float(2, 3, 4), {1, 3}, true}, {t.float(2, 3, 4), {-2}},
   {t.float(), {1}}, {t.float(3, 40), {2}}, {t.float(40, 3), {1}}} end
local function by_dim(t) return {{t.float(3, 4), 1}, {t.float(2, 3, 4), 2, true}, {t.float(2, 3, 2), -1},
   {t.float(), 1}, {t.float(4, 3, 2), 1}} end
local function scans(t) return {{t.float(3, 4), 1}, {t.float(3, 4), 2}, {t.float(2, 3, 4), -2}, {t.float(), 1},
   {t.float(0, 3), 1}, {t.float(9), -1}} end

local function bad_dims(t)
   return {{"dimension 4 is out of range for a tensor of 3 dimensions", t.float(2, 3, 4), {4}},
      {"dimension 1 is named twice", t.float(2, 3, 4), {1, -3}}}
end
local function bad_dim(t) return {{"dimension 3 is out of range for a tensor of 2 dimensions", t.float(2, 3), 3}} end
local function no_floats(t) return {{"floats, not int64", t.int(0, 5, 4)}} end

local function bias(t)
   return {{t.float(3, 4), {1}, {correction = 0}}, {t.float(2, 3, 4), {1, 3}, 2, true},
      {t.float(7), {correction = 0.5}}, {t.float(3, 4)}}
end
local function unbiased(t) return {{t.float(3, 4)}, {t.float(7), false}, {t.float(2, 3, 4), {unbiased = true}}} end
local function unbiased_dims(t) return {{t.float(3, 4), {1}}, {t.float(2, 3, 4), {1, 3}, false, true},
   {t.float(2, 3, 4), -1, {keepdim = true}}, {t.float(2, 40), {2}}} end
local function bad_variance(t) return {{"floats, not int64", t.int(0, 5, 4)},
   {"dimension 4 is out of range", t.float(2, 3), {4}}} end

return {
   sum = {samples = whole, data = true, dtypes = ALL},
   sum_dim = {samples = by_dims, data = true, dtypes = ALL, errors = bad_dims},
   sum_to = {samples = function(t) return {{t.float(2, 3, 4), {3, 1}}, {t.float(3, 4), {1, 1}}, {t.float(3, 4), {}},
      {t.float(3, 4), {3, 4}}} end, ref = sum_to, dtypes = FLOATS},
   mean = {samples = whole, data = true, errors = no_floats},
   mean_dim = {samples = by_dims, data = true, errors = function(t)
      return {{"floats, not int64", t.int(0, 5, 4), {1}}, {"dimension 4 is out of range", t.float(2, 3), {4}},
         {"floats, not int32", t.float(3), {1}, {dtype = require "tide".int32}}}
   end},
   nansum = {samples = by_dims, data = true, errors = bad_dims},
   nanmean = {samples = filled, data = true, errors = no_floats},
   prod = {samples = smaller, data = true},
   prod_dim = {samples = by_dim, data = true, errors = bad_dim},
   count_nonzero = {samples = function(t) return {{t.float(3, 4)}, {t.float(2, 3, 4), {1, 3}},
      {t.float(2, 3), -1}} end, data = true, grad = false, dtypes = ALL, errors = bad_dims},
   all = {samples = whole, data = true, grad = false, dtypes = ALL},
   all_dim = {samples = by_dims, data = true, grad = false, dtypes = ALL, errors = bad_dims},
   any = {samples = whole, data = true, grad = false, dtypes = ALL},
   any_dim = {samples = by_dims, data = true, grad = false, dtypes = ALL, errors = bad_dims},

   std = {samples = unbiased, data = true, errors = no_floats},
   std_dim = {samples = unbiased_dims, data = true, errors = bad_variance},
   std_correction = {samples = bias, data = true, errors = bad_variance},
   var = {samples = unbiased, data = true, errors = no_floats},
   var_dim = {samples = unbiased_dims, data = true, errors = bad_variance},
   var_correction = {samples = bias, data = true, errors = bad_variance},
   std_mean = {samples = unbiased, data = true, errors = no_floats},
   std_mean_dim = {samples = unbiased_dims, data = true, errors = bad_variance},
   std_mean_correction = {samples = bias, data = true, errors = bad_variance},
   var_mean = {samples = unbiased, data = true, errors = no_floats},
   var_mean_dim = {samples = unbiased_dims, data = true, errors = bad_variance},
   var_mean_correction = {samples = bias, data = true, errors = bad_variance},

   cumsum = {samples = scans, data = true, dtypes = ALL, errors = bad_dim},
   cumprod = {samples = scans, data = true, dtypes = ALL, errors = bad_dim},
   cummax = {samples = scans, data = true, dtypes = ALL, errors = bad_dim},
   cummin = {samples = scans, data = true, dtypes = ALL, errors = bad_dim},
   logcumsumexp = {samples = scans, data = true, errors = function(t) return
      {{"floats, not int64", t.int(0, 5, 4), 1}, {"dimension 3 is out of range", t.float(2, 3), 3}} end},
   cumsum_back = {samples = scans, errors = bad_dim, ref = function(x, dim)
      return along(x, dim, function(v)
         local out, sum = {}, 0
         for i = #v, 1, -1 do
            sum = sum + v[i]
            out[i] = sum
         end
         return out
      end)
   end, dtypes = FLOATS},
   shift = {samples = function(t) return {{t.float(3, 4), 1, 1, 5}, {t.float(3, 4), 2, -1},
      {t.float(2, 3), -1, 3, 1}, {t.float(), 1, 1, 7}, {t.float(4), 1, 0}} end, ref = function(x, dim, by, fill)
      return shift(x, dim, by, fill or 0)
   end, errors = function(t) return {{"dimension 3 is out of range", t.float(2, 3), 3, 1}} end},
   linear_scan = {samples = function(t)
      return {{t.float(3, 4), t.float(3, 4), 1}, {t.float(3, 4), t.float(3, 4), 2, true},
         {t.float(2, 3, 2), t.float(2, 3, 2), -2}, {t.float(), t.float(), 1}}
   end, ref = linear_scan, dtypes = FLOATS, errors = function(t) return
      {{"sizes %(2, 3%) and %(3,%) differ", t.float(2, 3), t.float(3), 1}} end},

   p_norm = {samples = function(t) return {{t.float(7), 2}, {t.float(7), 3}, {t.float(7), 1},
      {t.float(7), 1.5}} end, ref = p_norm, dtypes = FLOATS},
   vector_norm = {samples = function(t)
      return {{t.float(3, 4)}, {t.float(3, 4), 1}, {t.float(2, 3, 4), 3, {1, 3}},
         {t.float(3, 4), math.huge, 1, true}, {t.float(3, 4), -math.huge, {2}}, {t.float(3, 4), 1.5, -1},
            {t.float(3, 4), 2.5, {}}}
   end, data = true, errors = function(t)
      return {{"floats, not int64", t.int(0, 5, 4)},
         {"dimension 2 of sizes %(3, 0%) is empty", t.float(3, 0), math.huge, 2},
            {"dimension 3 is out of range", t.float(3, 4), 2, 3},
              {"no float", t.float(3), {dtype = require "tide".int64}}}
   end},
   matrix_norm = {samples = function(t) return {{t.float(3, 4)}, {t.float(2, 3, 4), "fro", {1, 3}, true}} end,
      data = true, errors = function(t)
      return {{"nuclear norm is not there", t.float(3, 4), "nuc"}, {"there is no norm", t.float(3, 4), "euclid"},
         {"a matrix is wanted", t.float(3)}, {"named twice", t.float(3, 4), "fro", {1, 1}}}
   end},
   matrix_norm_ord = {samples = function(t) return {{t.float(3, 4), 1}, {t.float(3, 4), -1},
      {t.float(2, 3, 4), math.huge}, {t.float(2, 3, 5), -math.huge, {1, 3}, true}} end, data = true,
      errors = function(t) return {{"order 2 is not there", t.float(3, 4), 2},
         {"two dimensions, not 1", t.float(3, 4), 1, {1}}} end},
   linalg_norm = {samples = function(t) return {{t.float(3, 4)}, {t.float(7), 3}, {t.float(3, 4), 1},
      {t.float(2, 3, 4), 2, 2, true}, {t.float(2, 3, 4), math.huge, {1, 3}}, {t.float(2, 3, 4)}} end, data = true,
      errors = function(t) return {{"a vector or matrix is wanted", t.float(2, 3, 4), 1}} end},
   linalg_norm_named = {samples = function(t) return {{t.float(3, 4), "fro"},
      {t.float(2, 3, 4), "fro", {1, 3}, true}} end, data = true,
      errors = function(t) return {{"nuclear norm is not there", t.float(3, 4), "nuc"},
         {"two dimensions, not 1", t.float(3, 4), "fro", {1}}} end},
   norm = {samples = function(t) return {{t.float(3, 4)}, {t.float(3, 4), 1}, {t.float(2, 3, 4), 3, {1, 3}},
      {t.float(3, 4), 2, 1, true}, {t.float(2, 3), math.huge}} end, data = true, errors = no_floats},
   norm_named = {samples = function(t) return {{t.float(3, 4), "fro"}, {t.float(2, 3, 4), "fro", {1, 3}, true},
      {t.float(3, 4), "fro", 2}} end, data = true,
      errors = function(t) return {{"nuclear norm is not there", t.float(3, 4), "nuc"},
         {"two dimensions, not 3", t.float(2, 3, 4), "fro", {1, 2, 3}}} end},
   logsumexp = {samples = filled, data = true, tolerance = 1e-11, errors = bad_dims},
}
