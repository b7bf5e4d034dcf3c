-- Dropout and embedding: src/ops/dropout.def, embedding.def. (What dropout draws stands in spec/data/streams.lua; here every call draws the same.)
local tide = require "tide"
local FLOATS = {"float64", "float32"}

local function dropping(samples, errors)
   return {random = true, dtypes = FLOATS, samples = samples, errors = errors or function(t) return {{"1.5", t.float(2, 3, 4), 1.5, true}, {"%-1", t.float(2, 3, 4), -1, true}} end}
end
local function channels(t) return {{t.float(2, 3, 2, 2), 0.4, true}, {t.float(2, 3, 2), 0.4, true}, {t.float(2, 3), 0.4, false}, {t.float(2, 3), 1, true}} end
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

return {
   dropout = dropping(function(t) return {{t.float(4, 5), 0.3}, {t.float(4, 5), 0.3, false}, {t.float(3), 0}, {t.float(3), 1}, {t.float(), 0.5}, {t.float(0, 2)}} end,
      function(t) return {{"1.5", t.float(2), 1.5}, {"probability", t.float(2), 0 / 0}, {"int64", t.int(0, 3, 4), 0.5}} end),
   alpha_dropout = dropping(function(t) return {{t.float(4, 5), 0.3, true}, {t.float(4, 5), 0.3}, {t.float(3), 1, true}} end),
   dropout1d = dropping(function(t) return {{t.float(2, 3, 4), 0.4}, {t.float(3, 4), 0.4}, {t.float(3, 4), 0.4, false}} end, function(t) return {{"2 or 3 dimensions", t.float(3)}} end),
   dropout2d = dropping(channels, no_channels),
   dropout3d = dropping(channels, no_channels),
   feature_alpha_dropout = dropping(channels, no_channels),

   embedding = {dtypes = FLOATS, ref = function(at, weight) return lookup(weight, at) end,
      samples = function(t) return {{t.pos(5, 2, 3), t.float(5, 4)}, {t.pos(5), t.float(5, 4)}, {t.pos(3, 8), t.float(3, 1)}, {t.pos(3, 4), t.float(3, 0)}} end,
      errors = function(t)
         return {
            {"index %d+ is out of range for dimension 1 of size 5", t.pos(5, 3) + 5, t.float(5, 4)}, {"positions count from 1", t.pos(5, 3) * 0, t.float(5, 4)}, {"no positions from the end", t.pos(5, 3) * 0 - 1, t.float(5, 4)},
            {"weight has sizes %(5%)", t.pos(5), t.float(5)}, {"float64; positions", t.float(3), t.float(5, 4)}, {"padding_idx 6", t.pos(5, 2), t.float(5, 4), 6}, {"sparse", t.pos(5, 2), t.float(5, 4), {sparse = true}},
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
}
