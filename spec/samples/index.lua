-- Indexing: src/ops/index.def, gather.def, mask.def. The references work on nested lists and on paths into them, element by element.
-- Where a place is written twice what stays is not differentiable: those operators get positions that are all different.
local tide = require "tide"

local NUM = {"float32", "float64", "int64", "int32", "int16", "int8", "uint8"}
local FLOATS = {"float32", "float64"}

local function sizes(x)
   local s = {}
   while type(x) == "table" do
      s[#s + 1] = #x
      x = x[1]
   end
   return s
end

-- A nested list of these sizes, made of f(path); the path is only lent.
local function build(size, f, path)
   path = path or {}
   if #path == #size then return f(path) end
   local y = {}
   for i = 1, size[#path + 1] do
      path[#path + 1] = i
      y[i] = build(size, f, path)
      path[#path] = nil
   end
   return y
end

local function get(x, path)
   for _, i in ipairs(path) do x = x[i < 0 and #x + i + 1 or i] end
   return x
end

local function set(x, path, v)
   for k = 1, #path - 1 do x = x[path[k]] end
   x[path[#path]] = v
end

local function copy(x) return build(sizes(x), function(path) return get(x, path) end) end

-- The element of x at a path into something x broadcasts to.
local function spread(x, path)
   local s, short = sizes(x), {}
   for d = 1, #s do short[d] = s[d] == 1 and 1 or path[#path - #s + d] end
   return get(x, short)
end

local function replaced(path, dim, i)
   local p = {table.unpack(path)}
   p[dim < 0 and #p + dim + 1 or dim] = i
   return p
end

local function flat(x)
   local list = {}
   build(sizes(x), function(path) list[#list + 1] = get(x, path) end)
   return list
end

-- The path of element number i, from 1.
local function unravel(size, i)
   local path, rest = {}, i - 1
   for d = #size, 1, -1 do
      path[d] = rest % size[d] + 1
      rest = rest // size[d]
   end
   return path
end


-- {====== x[i, j, ...] ======

-- The sizes of x[indices], and a function from its paths to paths into x. An index is false, a list of numbers, or a mask.
local function places(x, indices)
   local size, tensors, dim, whole, first, apart = sizes(x), {}, 0, {}, nil, false
   for _, index in ipairs(indices) do
      local s = index and sizes(index)
      if not index then
         dim = dim + 1
         whole[#whole + 1] = dim
         apart = apart or first and "maybe"
      else
         if apart == "maybe" then apart = "yes" end
         first = first or #whole
         if type(flat(index)[1]) == "boolean" then
            local found = {}
            build(s, function(path) if get(index, path) then found[#found + 1] = {table.unpack(path)} end end)
            for d = 1, #s do
               local column = {}
               for k, path in ipairs(found) do column[k] = path[d] end
               tensors[#tensors + 1] = {dim = dim + d, index = column}
            end
            dim = dim + #s
         else
            dim = dim + 1
            tensors[#tensors + 1] = {dim = dim, index = index}
         end
      end
   end
   for d = dim + 1, #size do whole[#whole + 1] = d end
   local together = {}
   for _, t in ipairs(tensors) do
      local s = sizes(t.index)
      for d = 0, #s - 1 do together[d] = math.max(together[d] or 0, s[#s - d] == 0 and 0 or s[#s - d]) end
   end
   local nb = 0
   while together[nb] do nb = nb + 1 end
   local at, result = apart == "yes" and 0 or first or 0, {}
   for k = 1, at do result[#result + 1] = size[whole[k]] end
   for d = nb - 1, 0, -1 do result[#result + 1] = together[d] end
   for k = at + 1, #whole do result[#result + 1] = size[whole[k]] end
   return result, function(path)
      local common, to = {table.unpack(path, at + 1, at + nb)}, {}
      for k, d in ipairs(whole) do to[d] = path[k <= at and k or k + nb] end
      for _, t in ipairs(tensors) do
         local i = spread(t.index, common)
         to[t.dim] = i < 0 and size[t.dim] + i + 1 or i
      end
      return to
   end
end

local function index(x, indices)
   local size, to = places(x, indices)
   return build(size, function(path) return get(x, to(path)) end)
end

local function index_put(x, indices, values, accumulate)
   local y = copy(x)
   local size, to = places(x, indices)
   build(size, function(path)
      local place, v = to(path), spread(values, path)
      set(y, place, accumulate and get(y, place) + v or v)
   end)
   return y
end

-- }======


-- {====== along a dimension, each by itself ======

local function listed(i) return type(i) == "table" and i or {i} end

local function index_select(x, dim, i)
   local size = sizes(x)
   if #size == 0 then return x end
   i = listed(i)
   return build(replaced(size, dim, #i), function(path) return get(x, replaced(path, dim, i[path[dim]])) end)
end

-- x with change(old, path into source) at the positions i of dim.
local function along(x, dim, i, change)
   local y = copy(x)
   for k, p in ipairs(listed(i)) do
      build(replaced(sizes(x), dim, 1), function(path)
         local place = replaced(path, dim, p < 0 and sizes(x)[dim] + p + 1 or p)
         set(y, place, change(get(y, place), replaced(path, dim, k)))
      end)
   end
   return y
end

local function gather(x, dim, i)
   if type(x) ~= "table" then x = {x} end
   return build(sizes(i), function(path) return get(x, #path == 0 and {i} or replaced(path, dim, get(i, path))) end)
end

local function scattered(x, dim, i, change)
   local y = copy(x)
   build(sizes(i), function(path)
      local place = replaced(path, dim, get(i, path))
      set(y, place, change(get(y, place), path))
   end)
   return y
end

local REDUCE = {
   sum = function(a, b) return a + b end, mean = function(a, b) return a + b end, prod = function(a, b) return a * b end,
   amax = math.max, amin = math.min,
}

local function scatter_reduce(x, dim, i, src, reduce, include_self)
   local met, y = build(sizes(x), function() return include_self ~= false and 1 or 0 end), copy(x)
   build(sizes(i), function(path)
      local place, v = replaced(path, dim, get(i, path)), get(src, path)
      local n = get(met, place)
      set(y, place, n == 0 and v or REDUCE[reduce](get(y, place), v))
      set(met, place, n + 1)
   end)
   if reduce ~= "mean" then return y end
   return build(sizes(x), function(path)
      local v, n = get(y, path), math.max(get(met, path), 1)
      return math.type(v) == "integer" and v // n or v / n
   end)
end

-- }======


-- {====== samples ======

local function p(...) return tide.tensor {...} end
local function mask(rows) return tide.tensor(rows) end
local function m34() return mask {{true, false, true, true}, {false, false, true, false}, {true, true, false, true}} end

local function reads(t)
   return {
      {t.float(5), {p(5, 1, 1, -2)}}, {t.float(3, 4), {t.pos(3, 2)}}, {t.float(3, 4), {t.pos(3, 2), t.pos(4, 3, 1)}}, {t.float(3, 4), {false, t.pos(4, 2, 2)}},
      {t.float(2, 3, 4), {t.pos(2, 3), false, t.pos(4, 3)}}, {t.float(2, 3, 4), {false, t.pos(3, 2), t.pos(4, 2)}}, {t.float(3, 4), {m34()}},
      {t.float(3, 4), {mask {true, false, true}, p(2, 4)}}, {t.float(2, 3, 4), {false, m34()}}, {t.float(2, 3, 4), {mask {false, true}, false, p(1, 3, 3)}},
      {t.float(3, 4), {p(3)}}, {t.float(3), {mask {false, false, false}}}, {t.float(3, 4), {tide.zeros(0, {dtype = tide.int64})}},
   }
end

local function along_samples(t)
   return {{t.float(3, 4), 1, p(3, 1), t.float(2, 4)}, {t.float(3, 4), 2, p(4), t.float(3, 1)}, {t.float(2, 3, 2), 2, p(2, 3), t.float(2, 2, 2)},
      {t.float(5), 1, p(4, 1, 5), t.float(3)}}
end

local function each(t)
   return {{t.float(3, 4), 1, p(3, 1, 2, 1):reshape(1, 4), t.float(2, 4)}, {t.float(3, 4), 2, tide.tensor {{4, 1}, {2, 3}}, t.float(2, 2)},
      {t.float(2, 3, 2), 3, tide.tensor {{{2}, {1}, {1}}}, t.float(2, 3, 2)}, {t.float(5), 1, p(5, 2), t.float(3)}}
end

-- The same with places named twice.
local function each_adding(t)
   local calls = each(t)
   calls[#calls + 1] = {t.float(3, 4), 1, t.pos(3, 5, 4), t.float(5, 4)}
   calls[#calls + 1] = {t.float(3), 1, t.pos(3, 20), t.float(20)}
   return calls
end

local function reduced(reduce, include_self, t)
   local calls = {}
   for _, c in ipairs(each_adding(t)) do calls[#calls + 1] = {c[1], c[2], c[3], c[4], reduce, include_self} end
   return calls
end

-- Without `keep` values, the first n arguments of calls.
local function shortened(calls, n, ...)
   for _, c in ipairs(calls) do
      for k = #c, n + 1, -1 do c[k] = nil end
      for _, v in ipairs {...} do c[#c + 1] = v end
   end
   return calls
end

local function masked(t) return {{t.float(3, 4), m34()}, {t.float(3, 4), mask {true, false, true, false}}, {t.float(3, 4), mask {{true}, {false}, {true}}}, {t.float(3), mask {false, false, false}}} end

local function masked_fill(x, m, v) return build(sizes(x), function(path) if spread(m, path) then return v end return get(x, path) end) end

local function nonzero(x)
   local found = {}
   build(sizes(x), function(path) local v = get(x, path) if v ~= 0 and v ~= false then found[#found + 1] = {table.unpack(path)} end end)
   return found
end

local function nonzero_columns(x)
   local found, columns = nonzero(x), {}
   for d = 1, #sizes(x) do
      columns[d] = {}
      for k, path in ipairs(found) do columns[d][k] = path[d] end
   end
   return columns
end

local function positions_to_look_for(t) return {{t.bool(3, 4)}, {t.bool(7)}, {t.int(0, 1, 2, 2, 3)}, {t.float(2, 3)}} end

local function out_of_range(source)
   return function(t)
      local v = source(t)
      return {{"index 4 is out of range for dimension 1 of size 3", t.float(3, 4), 1, p(4), v}, {"index 0 is out of range for dimension 2 of size 4: positions count from 1", t.float(3, 4), 2, p(0), v},
         {"dimension 3 is out of range", t.float(3, 4), 3, p(1), v}, {"the index is float64", t.float(3, 4), 1, tide.ones(1, {dtype = tide.float64}), v}}
   end
end

-- }======

return {
   index = {samples = reads, ref = index, errors = function(t)
      return {
         {"index 5 is out of range for dimension 2 of size 4", t.float(3, 4), {p(1), p(5)}}, {"index 0 is out of range for dimension 1 of size 3: positions count from 1", t.float(3, 4), {p(0)}},
         {"index %-4 is out of range", t.float(3), {p(-4)}}, {"indices for 3 dimensions, the tensor has 2", t.float(3, 4), {p(1), p(1), p(1)}},
         {"2 against 3 at dimension 1", t.float(3, 4), {mask {true, false}}}, {"%(2,%) and %(3,%) do not broadcast", t.float(3, 4), {p(1, 2), p(1, 2, 3)}},
         {"the index is float64", t.float(3), {t.float(2)}},
      }
   end},
   index_put = {samples = function(t)
      return {
         {t.float(5), {p(5, 1, -2)}, t.float(3)}, {t.float(3, 4), {p(3, 1)}, t.float(4)}, {t.float(3, 4), {p(3, 1), p(2, 2)}, t.float()}, {t.float(3, 4), {m34()}, t.float(7)},
         {t.float(2, 3, 4), {false, p(3, 1)}, t.float(2, 1, 4)}, {t.float(2, 3, 4), {p(2, 1), false, p(4, 1)}, t.float(2, 3)}, {t.float(3, 4), {mask {true, false, true}}, t.float(2, 4)},
         {t.float(3, 4), {p(2, 2, 1)}, t.float(3, 4), true}, {t.float(3), {t.pos(3, 20)}, t.float(20), true}, {t.float(3, 4), {p(1, 1), p(2, 2)}, t.float(1), true},
      }
   end, ref = index_put, dtypes = NUM, errors = function(t)
      return {{"values of sizes %(3, 4%) do not fit the selected %(2, 4%)", t.float(3, 4), {p(1, 2)}, t.float(3, 4)}, {"index 11 is out of range for dimension 1 of size 3", t.float(3), {p(1, 11)}, t.float(2)},
         {"values is float32, the tensor float64", t.float(3), {p(1)}, tide.ones(1)}}
   end},
   index_select = {samples = function(t) return {{t.float(3, 4), 1, t.pos(3, 5)}, {t.float(3, 4), 2, p(4)}, {t.float(2, 3, 4), 2, t.pos(3, 2)}, {t.float(3, 4), 1, tide.tensor(2)}, {t.float(), 1, p(1)},
      {t.float(3, 4), 1, tide.zeros(0, {dtype = tide.int64})}} end, ref = index_select, errors = out_of_range(function() end)},
   index_add = {samples = function(t)
      local calls = along_samples(t)
      calls[#calls + 1] = {t.float(3, 4), 1, p(2, 2, 1), t.float(3, 4), {alpha = 2}}
      calls[#calls + 1] = {t.float(3), 1, t.pos(3, 20), t.float(20)}
      return calls
   end, ref = function(x, dim, i, source, o) return along(x, dim, i, function(v, path) return v + get(source, path) * (o and o.alpha or 1) end) end, dtypes = NUM,
      errors = function(t) return {{"the source has sizes %(3, 4%); 2 positions along dimension 1 of %(3, 4%) want %(2, 4%)", t.float(3, 4), 1, p(1, 2), t.float(3, 4)},
         {"index 4 is out of range", t.float(3, 4), 1, p(4), t.float(1, 4)}, {"index %-1 is out of range.*from the end", t.float(3, 4), 1, p(-1), t.float(1, 4)}, {"float32", t.float(3), 1, p(1), tide.ones(1)}} end},
   index_copy = {samples = along_samples, ref = function(x, dim, i, source) return along(x, dim, i, function(_, path) return get(source, path) end) end,
      errors = function(t) return {{"want %(2, 4%)", t.float(3, 4), 1, p(1, 2), t.float(3, 4)}, {"index 4 is out of range", t.float(3, 4), 1, p(4), t.float(1, 4)}, {"float32", t.float(3), 1, p(1), tide.ones(1)}} end},
   index_fill = {samples = function(t) return shortened(along_samples(t), 3, 2) end, ref = function(x, dim, i, v) return along(x, dim, i, function() return v end) end, dtypes = NUM,
      errors = function(t) return {{"index 4 is out of range", t.float(3, 4), 1, p(4), 1}} end},
   index_fill_tensor = {samples = function(t)
      local calls = shortened(along_samples(t), 3, t.float())
      calls[#calls + 1] = {t.float(3, 4), 1, p(2, 2, -1), t.float()}
      return calls
   end, ref = function(x, dim, i, v) return along(x, dim, i, function() return v end) end, errors = function(t) return {{"the value has sizes %(1,%)", t.float(3, 4), 1, p(1), t.float(1)}} end},
   take = {samples = function(t) return {{t.float(3, 4), t.pos(12, 2, 3)}, {t.float(5), p(-1, 1)}, {t.float(3, 4), tide.tensor(7)}, {t.float(), p(1, 1)}} end,
      ref = function(x, i) return build(sizes(i), function(path) local k, list = get(i, path), flat(x) return list[k < 0 and #list + k + 1 or k] end) end,
      errors = function(t) return {{"index 13 is out of range for 12 elements", t.float(3, 4), p(13)}, {"positions count from 1", t.float(3), p(0)}} end},
   put = {samples = function(t) return {{t.float(3, 4), p(12, 1, 5), t.float(3)}, {t.float(3, 4), p(2, -1):reshape(2, 1), t.float(1, 2)}, {t.float(3, 4), t.pos(12, 3, 2), t.float(6), true}, {t.float(3), t.pos(3, 20), t.float(20), true}} end,
      ref = function(x, i, source, accumulate)
         local y, size, list, n = copy(x), sizes(x), flat(source), #flat(x)
         for k, at in ipairs(flat(i)) do
            local place = unravel(size, at < 0 and n + at + 1 or at)
            set(y, place, accumulate and get(y, place) + list[k] or list[k])
         end
         return y
      end, dtypes = NUM, errors = function(t) return {{"3 elements for 2 positions", t.float(5), p(1, 2), t.float(3)}, {"index 6 is out of range for 5 elements", t.float(5), p(6), t.float(1)}} end},

   gather = {samples = function(t) local calls = shortened(each_adding(t), 3) calls[#calls + 1] = {t.float(), 1, p(1, 1)} calls[#calls + 1] = {t.float(3), 1, tide.tensor(2)} return calls end, ref = gather,
      errors = function(t) return {{"index 4 is out of range for dimension 1 of size 3", t.float(3, 4), 1, p(4):reshape(1, 1)}, {"index %-1 is out of range.*from the end", t.float(3, 4), 1, p(-1):reshape(1, 1)},
         {"equally many dimensions", t.float(3, 4), 1, p(1)}, {"larger than the tensor, %(3, 4%), at dimension 1", t.float(3, 4), 2, t.pos(4, 4, 1)}} end},
   scatter = {samples = each, ref = function(x, dim, i, src) return scattered(x, dim, i, function(_, path) return get(src, path) end) end,
      errors = function(t) return {{"larger than src, %(1, 1%)", t.float(3, 4), 1, t.pos(3, 1, 2), t.float(1, 1)}, {"index 4 is out of range", t.float(3, 4), 1, p(4):reshape(1, 1), t.float(1, 1)},
         {"src is float32, the tensor float64", t.float(3), 1, p(1), tide.ones(1)}} end},
   scatter_value = {samples = function(t) return shortened(each(t), 3, 2) end, ref = function(x, dim, i, v) return scattered(x, dim, i, function() return v end) end, dtypes = NUM,
      errors = function(t) return {{"index 0 is out of range", t.float(3, 4), 1, p(0):reshape(1, 1), 2}} end},
   scatter_add = {samples = each_adding, ref = function(x, dim, i, src) return scattered(x, dim, i, function(v, path) return v + get(src, path) end) end, dtypes = NUM,
      errors = function(t) return {{"larger than src", t.float(3, 4), 1, t.pos(3, 1, 2), t.float(1, 1)}, {"index 4 is out of range", t.float(3, 4), 1, p(4):reshape(1, 1), t.float(1, 1)}} end},
   scatter_reduce = {samples = function(t)
      local calls = {}
      for _, c in ipairs {{"sum"}, {"prod", false}, {"mean"}, {"mean", false}, {"amax"}, {"amin", false}} do
         for _, call in ipairs(reduced(c[1], c[2], t)) do if c[1] ~= "prod" or call[3]:numel() < 20 then calls[#calls + 1] = call end end
      end
      return calls
   end, ref = scatter_reduce, dtypes = {"float32", "float64", "int64"}, errors = function(t) return {{"\"median\"", t.float(3), 1, p(1), t.float(1), "median"}, {"index 4 is out of range", t.float(3), 1, p(4), t.float(1), "sum"}} end},
   take_along_dim = {samples = function(t) return {{t.float(3, 4), t.pos(12, 2, 3)}, {t.float(3, 4), t.pos(12, 5)}} end,
      ref = function(x, i) local list, y = flat(x), {} for k, at in ipairs(flat(i)) do y[k] = list[at] end return y end},
   take_along_dim_at = {samples = function(t) return {{t.float(3, 4), t.pos(4, 3, 2), 2}, {t.float(3, 4), t.pos(4, 1, 2), 2}, {t.float(1, 4), t.pos(4, 3, 2), -1}} end,
      ref = function(x, i, dim)
         dim = dim < 0 and 3 + dim or dim
         local size = sizes(i)
         for d, s in ipairs(sizes(x)) do if d ~= dim and size[d] == 1 then size[d] = s end end
         return build(size, function(path) return spread(x, replaced(path, dim, spread(i, path))) end)
      end, errors = function(t) return {{"equally many dimensions", t.float(3, 4), t.pos(3, 2), 1}, {"%(3, 4%) and %(2, 4%) do not fit apart from dimension 2", t.float(3, 4), t.pos(4, 2, 4), 2}} end},

   select_scatter = {samples = function(t) return {{t.float(3, 4), t.float(4), 1, 2}, {t.float(3, 4), t.float(3), -1, -1}, {t.float(3), t.float(), 1, 3}} end,
      ref = function(x, src, dim, i)
         local size = sizes(x)
         dim = dim < 0 and #size + dim + 1 or dim
         local at = i < 0 and size[dim] + i + 1 or i
         return build(size, function(path)
            if path[dim] ~= at then return get(x, path) end
            local rest = {table.unpack(path)}
            table.remove(rest, dim)
            return get(src, rest)
         end)
      end, errors = function(t) return {{"index 5 is out of range for dimension 2 of size 4", t.float(3, 4), t.float(3), 2, 5}, {"src has sizes %(1,%), the part to write %(4,%)", t.float(3, 4), t.float(1), 1, 1}} end},
   slice_scatter = {samples = function(t) return {{t.float(5), t.float(2), 1, 2, 3}, {t.float(5), t.float(3), 1, -3, -1}, {t.float(5), t.float(3), 1, 1, 5, 2}, {t.float(3, 5), t.float(3, 2), 2, 2, -3}, {t.float(3, 4), t.float(3, 4)}, {t.float(4), t.float(2), {start = 3}}} end,
      ref = function(x, src, dim, first, last, step)
         if type(dim) == "table" then dim, first = 1, dim.start end
         local size = sizes(x)
         dim = dim or 1
         local n = size[dim]
         first, last, step = first or 1, last or n, step or 1
         if first < 0 then first = n + first + 1 end
         if last < 0 then last = n + last + 1 end
         return build(size, function(path)
            local i = path[dim]
            if i < first or i > last or (i - first) % step ~= 0 then return get(x, path) end
            return get(src, replaced(path, dim, (i - first) // step + 1))
         end)
      end, errors = function(t) return {{"step is 0", t.float(3), t.float(3), 1, 1, 3, 0}, {"src has sizes %(3,%), the part to write %(2,%)", t.float(4), t.float(3), 1, 1, 2}} end},
   diagonal_scatter = {samples = function(t) return {{t.float(3, 4), t.float(3)}, {t.float(3, 4), t.float(3), 1}, {t.float(3, 4), t.float(2), -1}, {t.float(2, 3, 4), t.float(3, 2), 0, 1, 3}} end,
      ref = function(x, src, offset, a, b)
         offset, a, b = offset or 0, a or 1, b or 2
         return build(sizes(x), function(path)
            if path[b] - path[a] ~= offset then return get(x, path) end
            local rest = {}
            for d, i in ipairs(path) do if d ~= a and d ~= b then rest[#rest + 1] = i end end
            rest[#rest + 1] = math.min(path[a], path[b])
            return get(src, rest)
         end)
      end, errors = function(t) return {{"both are 1", t.float(3, 3), t.float(3), 0, 1, 1}, {"src has sizes %(2,%), the part to write %(3,%)", t.float(3, 4), t.float(2)}} end},

   masked_fill = {samples = function(t) return shortened(masked(t), 2, 2) end, ref = masked_fill, dtypes = NUM,
      errors = function(t) return {{"the mask is int64, not bool", t.float(3), p(1, 0, 1), 2}, {"do not fit", t.float(3), mask {true, false}, 2}, {"int8 cannot hold 200", tide.ones(2, {dtype = tide.int8}), mask {true, false}, 200}} end},
   masked_fill_tensor = {samples = function(t) return shortened(masked(t), 2, t.float()) end, ref = masked_fill,
      errors = function(t) return {{"the value has sizes %(1,%)", t.float(3), mask {true, false, true}, t.float(1)}} end},
   masked_select = {samples = function(t)
      local calls = masked(t)
      calls[#calls + 1] = {t.float(4), m34()}
      calls[#calls + 1] = {t.float(), mask {true, false, true}}
      return calls
   end, ref = function(x, m)
      local y = {}
      local size = #sizes(m) > #sizes(x) and sizes(m) or sizes(x)
      build(size, function(path) if spread(m, path) then y[#y + 1] = spread(x, path) end end)
      return y
   end, errors = function(t) return {{"the mask is int64", t.float(3), p(1, 0, 1)}, {"do not fit", t.float(3), mask {true, false}}} end},
   masked_scatter = {samples = function(t) return {{t.float(3, 4), m34(), t.float(3, 3)}, {t.float(3, 4), mask {true, false, true, false}, t.float(6)}, {t.float(3), mask {false, false, false}, t.float(2)}} end,
      ref = function(x, m, source)
         local list, k = flat(source), 0
         return build(sizes(x), function(path)
            if not spread(m, path) then return get(x, path) end
            k = k + 1
            return list[k]
         end)
      end, errors = function(t) return {{"the source has 2 elements, the mask 3 true ones", t.float(3), mask {true, true, true}, t.float(2)}, {"float32", t.float(3), mask {true, true, true}, tide.ones(3)}} end},
   nonzero = {samples = positions_to_look_for, ref = nonzero, grad = false},
   argwhere = {samples = positions_to_look_for, ref = nonzero, grad = false},
   nonzero_tuple = {samples = function(t) return shortened(positions_to_look_for(t), 1, true) end, ref = function(x) return nonzero_columns(x) end, grad = false,
      errors = function(t) return {{"as_tuple is false", t.float(3), false}} end},
   where_tuple = {samples = positions_to_look_for, ref = nonzero_columns, grad = false, dtypes = FLOATS},
}
