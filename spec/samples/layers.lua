-- Dropout, embedding, normalisation by channel, glu: src/ops/dropout.def, embedding.def, channel_norm.def, activation.def. (What dropout draws stands in spec/data/streams.lua; here every call draws the same.)
local tide = require "tide"
local FLOATS = {"float64", "float32"}

local function dropping(samples, errors)
   return {random = true, dtypes = FLOATS, samples = samples, errors = errors or function(t) return {{"1.5", t.float(2, 3, 4), 1.5, true}, {"%-1", t.float(2, 3, 4), -1, true}} end}
end
local function image(t) return {{t.float(2, 3, 2, 2), 0.4, true}, {t.float(2, 3, 2), 0.4, true}, {t.float(2, 3), 0.4, false}, {t.float(2, 3), 1, true}} end
local function no_channels(t) return {{"2 dimensions", t.float(3), 0.5, true}} end

local function lookup(weight, at)
   if type(at) ~= "table" then return weight[at] end
   local rows = {}
   for i, a in ipairs(at) do rows[i] = lookup(weight, a) end
   return rows
end

-- Rows of a nested list [*, D] added up at the positions in `at`, as [size, D].
local function add_rows(grad, at, size, padding, by_frequency)
   local rows, times, width = {}, {}, nil
   local function walk(g, a)
      if type(a) == "table" then
         for i, inner in ipairs(a) do walk(g[i], inner) end
         return
      end
      width, times[a] = #g, (times[a] or 0) + 1
      rows[a] = rows[a] or {}
      for j, v in ipairs(g) do rows[a][j] = (rows[a][j] or 0) + (a - 1 == padding and 0 or v) end
   end
   walk(grad, at)
   for i = 1, size do
      rows[i] = rows[i] or {}
      for j = 1, width do rows[i][j] = (rows[i][j] or 0) / (by_frequency and times[i] or 1) end
   end
   return rows
end

-- {N, C, *} as a function of sample, channel and place (all from 1), and how many of each.
local function by_channel(x)
   local rows, places = {}, nil
   for n, sample in ipairs(x) do
      rows[n] = {}
      for c, v in ipairs(sample) do
         local flat = {}
         local function walk(u) if type(u) == "table" then for _, w in ipairs(u) do walk(w) end else flat[#flat + 1] = u end end
         walk(v)
         rows[n][c], places = flat, #flat
      end
   end
   return rows, #x, #x[1], places
end

-- Running means and variances take no gradient; in float32 the spec asks for none.
local function running() return tide.tensor({0.5, 0.25, 2.0}, {dtype = tide.float32}) end

local function mean_and_variance(values)
   local sum, squares = 0, 0
   for _, v in ipairs(values) do sum = sum + v end
   local mean = sum / #values
   for _, v in ipairs(values) do squares = squares + (v - mean) ^ 2 end
   return mean, squares / #values
end

-- x with every number replaced by f(number, sample, channel).
local function map_channels(x, f)
   local out = {}
   local function inner(v, n, c)
      if type(v) ~= "table" then return f(v, n, c) end
      local list = {}
      for i, w in ipairs(v) do list[i] = inner(w, n, c) end
      return list
   end
   for n, sample in ipairs(x) do
      out[n] = {}
      for c, v in ipairs(sample) do out[n][c] = inner(v, n, c) end
   end
   return out
end

local function normalized(x, weight, bias, eps, mean, variance)
   return map_channels(x, function(v, n, c)
      return (v - mean(n, c)) / math.sqrt(variance(n, c) + eps) * (weight and weight[c] or 1) + (bias and bias[c] or 0)
   end)
end

local function batch_norm(x, running_mean, running_var, weight, bias, training, _, eps)
   local rows, samples, channels, places = by_channel(x)
   local mean, variance = running_mean, running_var
   if training then
      mean, variance = {}, {}
      for c = 1, channels do
         local values = {}
         for n = 1, samples do for i = 1, places do values[#values + 1] = rows[n][c][i] end end
         mean[c], variance[c] = mean_and_variance(values)
      end
   end
   return normalized(x, weight, bias, eps or 1e-5, function(_, c) return mean[c] end, function(_, c) return variance[c] end), mean, variance
end

local function group_norm(x, groups, weight, bias, eps)
   local rows, samples, channels, places = by_channel(x)
   local mean, variance, size = {}, {}, channels // groups
   for n = 1, samples do
      mean[n], variance[n] = {}, {}
      for g = 1, groups do
         local values = {}
         for c = (g - 1) * size + 1, g * size do for i = 1, places do values[#values + 1] = rows[n][c][i] end end
         mean[n][g], variance[n][g] = mean_and_variance(values)
      end
   end
   local function of(t) return function(n, c) return t[n][(c - 1) // size + 1] end end
   return normalized(x, weight, bias, eps or 1e-5, of(mean), of(variance)), mean, variance
end

local function rms_norm(x, size, weight, eps)
   local function walk(v, depth, w)
      if type(v[1]) == "table" and depth > #size then
         local out = {}
         for i, inner in ipairs(v) do out[i] = walk(inner, depth - 1, w) end
         return out
      end
      local sum, count = 0, 0
      local function each(u) if type(u) == "table" then for _, s in ipairs(u) do each(s) end else sum, count = sum + u * u, count + 1 end end
      each(v)
      local scale = 1 / math.sqrt(sum / count + (eps or 2.220446049250313e-16))
      local function scaled(u, by)
         if type(u) ~= "table" then return u * scale * (by or 1) end
         local out = {}
         for i, s in ipairs(u) do out[i] = scaled(s, by and by[i]) end
         return out
      end
      return scaled(v, w)
   end
   local depth, at = 0, x
   while type(at) == "table" do depth, at = depth + 1, at[1] end
   return walk(x, depth, weight)
end

return {
   dropout = dropping(function(t) return {{t.float(4, 5), 0.3}, {t.float(4, 5), 0.3, false}, {t.float(3), 0}, {t.float(3), 1}, {t.float(), 0.5}, {t.float(0, 2)}} end,
      function(t) return {{"1.5", t.float(2), 1.5}, {"probability", t.float(2), 0 / 0}, {"int64", t.int(0, 3, 4), 0.5}} end),
   alpha_dropout = dropping(function(t) return {{t.float(4, 5), 0.3, true}, {t.float(4, 5), 0.3}, {t.float(3), 1, true}} end),
   dropout1d = dropping(function(t) return {{t.float(2, 3, 4), 0.4}, {t.float(3, 4), 0.4}, {t.float(3, 4), 0.4, false}} end, function(t) return {{"2 or 3 dimensions", t.float(3)}} end),
   dropout2d = dropping(image, no_channels),
   dropout3d = dropping(function(t) return {{t.float(2, 3, 2, 1, 2), 0.4}, {t.float(3, 2, 1, 2), 0.4}} end, function(t) return {{"4 or 5 dimensions", t.float(2, 3, 2)}} end),
   feature_alpha_dropout = dropping(image, no_channels),

   embedding = {dtypes = FLOATS, ref = function(at, weight) return lookup(weight, at) end,
      samples = function(t) return {{t.pos(5, 2, 3), t.float(5, 4)}, {t.pos(5), t.float(5, 4)}, {t.pos(3, 8), t.float(3, 1)}, {t.pos(3, 4), t.float(3, 0)}} end,
      errors = function(t)
         return {
            {"index %d+ is out of range for dimension 1 of size 5", t.pos(5, 3) + 5, t.float(5, 4)}, {"positions count from 1", t.pos(5, 3) * 0, t.float(5, 4)}, {"no positions from the end", t.pos(5, 3) * 0 - 1, t.float(5, 4)},
            {"weight has sizes %(5,%)", t.pos(5), t.float(5)}, {"float64; positions", t.float(3), t.float(5, 4)}, {"padding_idx 6", t.pos(5, 2), t.float(5, 4), 6}, {"sparse", t.pos(5, 2), t.float(5, 4), {sparse = true}},
         }
      end},
   embedding_of = {dtypes = FLOATS, ref = lookup, samples = function(t) return {{t.float(5, 4), t.pos(5, 2, 3), -1, false}, {t.float(3, 2), t.pos(3, 7), -1, false}} end},
   embedding_grad = {dtypes = FLOATS, ref = add_rows,
      samples = function(t)
         return {{t.float(2, 3, 4), t.pos(5, 2, 3), 5, -1, false}, {t.float(9, 2), t.pos(3, 9), 3, -1, false}, {t.float(9, 2), t.pos(3, 9), 3, 1, false}, {t.float(9, 2), t.pos(3, 9), 4, -1, true},
            {t.float(2), t.pos(3), 3, -1, false}}
      end},
   embedding_renorm = {grad = false, dtypes = FLOATS, samples = function(t) return {{t.float(3, 4), tide.tensor {1, 3, 3}, 1.5, 2}, {t.float(3, 4), tide.tensor {2}, 2, 1 / 0}} end,
      ref = function(weight, at, most, p)
         local done = {}
         for _, i in ipairs(at) do
            local norm = 0
            for _, v in ipairs(weight[i]) do norm = p == 1 / 0 and math.max(norm, math.abs(v)) or norm + v * v end
            if p == 2 then norm = math.sqrt(norm) end
            if norm > most and not done[i] then for j, v in ipairs(weight[i]) do weight[i][j] = v * most / (norm + 1e-7) end end
            done[i] = true
         end
         return weight
      end,
      errors = function(t) return {{"index 4", t.float(3, 2), tide.tensor {4}, 1, 2}, {"sizes %(3,%)", t.float(3), tide.tensor {1}, 1, 2}} end},

   glu = {dtypes = FLOATS, samples = function(t) return {{t.float(6)}, {t.float(3, 4), -1}, {t.float(4, 3, 2), 1}, {t.float(2, 4, 3), 2}, {t.float(0, 4)}} end,
      ref = function(x, dim)
         local nd, at = 0, x
         while type(at) == "table" do nd, at = nd + 1, at[1] end
         dim = (dim or -1) < 0 and nd + 1 + (dim or -1) or dim
         local function gated(a, b)
            if type(a) == "number" then return a / (1 + math.exp(-b)) end
            local out = {}
            for i, v in ipairs(a) do out[i] = gated(v, b[i]) end
            return out
         end
         local function walk(v, d)
            local out = {}
            if d > 1 then
               for i, w in ipairs(v) do out[i] = walk(w, d - 1) end
               return out
            end
            for i = 1, #v // 2 do out[i] = gated(v[i], v[#v // 2 + i]) end
            return out
         end
         return walk(x, dim)
      end,
      errors = function(t) return {{"no equal halves along dimension 2", t.float(4, 3)}, {"0 dimensions", t.float()}, {"int64", t.int(0, 3, 4)}, {"out of range", t.float(4), 2}} end},

   batch_norm = {dtypes = FLOATS, ref = batch_norm,
      samples = function(t)
         return {{t.float(4, 3), nil, nil, t.float(3), t.float(3), true}, {t.float(3, 2, 4), nil, nil, nil, nil, true, 0.1, 0.1}, {t.float(2, 3, 2, 20), nil, nil, t.float(3), nil, true},
            {t.float(4, 3), running(), running(), t.float(3), t.float(3)}, {t.float(2, 3, 5), running(), running(), nil, t.float(3), false, 0.1, 1}}
      end,
      errors = function(t)
         return {
            {"at least 2 dimensions", t.float(3), nil, nil, nil, nil, true}, {"int64", t.int(0, 5, 4, 3), nil, nil, nil, nil, true}, {"one value alone", t.float(1, 3), nil, nil, nil, nil, true},
            {"weight is of sizes %(4,%)", t.float(4, 3), nil, nil, t.float(4), nil, true}, {"bias is float32", t.float(4, 3), nil, nil, nil, t.float(3):float(), true},
            {"running_mean and running_var", t.float(4, 3), t.float(3)}, {"without training", t.float(4, 3)}, {"running_var is float64 of sizes %(2,%)", t.float(4, 3), t.float(3), t.float(2)},
            {"no gradient for running_mean", t.float(4, 3), running():requires_grad_(), running()}, {"eps is 0", t.float(4, 3), nil, nil, nil, nil, true, 0.1, 0},
         }
      end},
   batch_norm_of = {dtypes = FLOATS, ref = function(x, weight, bias, mean, variance, training, eps) return batch_norm(x, mean, variance, weight, bias, training, nil, eps) end,
      samples = function(t)
         return {{t.float(4, 3), t.float(3), t.float(3), nil, nil, true, 1e-5}, {t.float(2, 3, 2, 4), nil, t.float(3), nil, nil, true, 0.1}, {t.float(2, 3, 4), t.float(3), nil, running(), running(), false, 0.1}}
      end},
   group_norm = {dtypes = FLOATS, ref = group_norm,
      samples = function(t) return {{t.float(3, 4, 2), 2, t.float(4), t.float(4)}, {t.float(3, 4), 1}, {t.float(2, 6, 2, 10), 3, nil, t.float(6), 0.1}, {t.float(2, 3, 4), 3, t.float(3)}} end,
      errors = function(t)
         return {{"does not divide", t.float(3, 4), 3}, {"does not divide", t.float(3, 4), 0}, {"one value alone", t.float(1, 4), 4}, {"bias is of sizes", t.float(3, 4), 2, nil, t.float(3)}, {"at least 2", t.float(4), 2}}
      end},
   group_norm_of = {dtypes = FLOATS, ref = function(x, weight, bias, groups, eps) return group_norm(x, groups, weight, bias, eps) end,
      samples = function(t) return {{t.float(3, 4, 2), t.float(4), t.float(4), 2, 1e-5}, {t.float(2, 4, 3), nil, nil, 1, 0.1}} end},
   channel_norm_grad = {grad = false, dtypes = FLOATS,
      samples = function(t)
         local f64 = {dtype = tide.float64}
         return {{t.float(4, 3), t.float(4, 3), t.float(3), tide.zeros(3, f64), tide.ones(3, f64), 0, false, 0}, {t.float(2, 4, 3), t.float(2, 4, 3), nil, tide.ones({2, 2}, f64), tide.ones({2, 2}, f64), 2, true, 0.5}}
      end,
      ref = function(g, x, weight, mean, variance, groups, measured, eps)
         local rows, samples, channels, places = by_channel(x)
         local up = by_channel(g)
         local size = groups > 0 and channels // groups or 1
         local function of(t, n, c) if groups > 0 then return t[n][(c - 1) // size + 1] end return t[c] end
         local function z(n, c, i) return (rows[n][c][i] - of(mean, n, c)) / math.sqrt(of(variance, n, c) + eps) end
         local by_weight, by_bias = {}, {}
         for c = 1, channels do
            by_weight[c], by_bias[c] = 0, 0
            for n = 1, samples do for i = 1, places do by_weight[c], by_bias[c] = by_weight[c] + up[n][c][i] * z(n, c, i), by_bias[c] + up[n][c][i] end end
         end
         local seen = {}
         local gx = map_channels(x, function(_, n, c)
            local key = n * 1000 + c
            seen[key] = (seen[key] or 0) + 1
            local i, h, hz, count = seen[key], 0, 0, 0
            for m = 1, samples do
               for d = 1, channels do
                  if groups > 0 and m == n and (d - 1) // size == (c - 1) // size or groups == 0 and d == c then
                     for j = 1, places do
                        local v = up[m][d][j] * (weight and weight[d] or 1)
                        h, hz, count = h + v, hz + v * z(m, d, j), count + 1
                     end
                  end
               end
            end
            local own = up[n][c][i] * (weight and weight[c] or 1)
            return (own - (measured and h / count + z(n, c, i) * hz / count or 0)) / math.sqrt(of(variance, n, c) + eps)
         end)
         return gx, by_weight, by_bias
      end},
   running_update = {grad = false, dtypes = FLOATS, samples = function(t) return {{t.float(4), t.float(4), 0.1, 2}} end,
      ref = function(x, batch, momentum, scale)
         for i, v in ipairs(x) do x[i] = v * (1 - momentum) + momentum * scale * batch[i] end
         return x
      end, errors = function(t) return {{"sizes %(4,%)", t.float(3), t.float(4), 0.1, 1}} end},
   rms_norm = {dtypes = FLOATS, ref = rms_norm, tolerance = 1e-9,
      samples = function(t) return {{t.float(3, 4), {4}, t.float(4), 0.1}, {t.float(2, 3, 4), {3, 4}, t.float(3, 4), 0.1}, {t.float(3, 4), {4}, nil, 0.5}} end,
      errors = function(t)
         return {{"does not end in normalized_shape", t.float(3, 4), {3}}, {"int64", t.int(0, 5, 3, 4), {4}}, {"weight is of sizes", t.float(3, 4), {4}, t.float(3)}, {"is empty", t.float(3), {}}}
      end},
}
