-- Views: src/ops/view.def. The references work on nested lists.

local function copy(x)
   if type(x) ~= "table" then return x end
   local y = {}
   for i, v in ipairs(x) do y[i] = copy(v) end
   return y
end

local function zeros(sizes, d)
   d = d or 1
   if d > #sizes then return 0 end
   local y = {}
   for i = 1, sizes[d] do y[i] = zeros(sizes, d + 1) end
   return y
end

-- The first two levels exchanged.
local function turned(x)
   local y = {}
   for j = 1, #x[1] do
      y[j] = {}
      for i = 1, #x do y[j][i] = x[i][j] end
   end
   return y
end

local function matrices(x)
   if type(x[1][1]) ~= "table" then return turned(x) end
   local y = {}
   for i, m in ipairs(x) do y[i] = matrices(m) end
   return y
end

local function flat(x, out)
   if type(x) ~= "table" then out[#out + 1] = x else for _, v in ipairs(x) do flat(v, out) end end
   return out
end

-- A nested list of these sizes whose element with the offset `at` (from 0) in strides is f(at).
local function strided(sizes, strides, at, f, d)
   d = d or 1
   if d > #sizes then return f(at) end
   local y = {}
   for i = 1, sizes[d] do y[i] = strided(sizes, strides, at + (i - 1) * strides[d], f, d + 1) end
   return y
end

-- A vector of zeros with the elements of x added where strides put them.
local function scattered(x, sizes, strides, offset, length)
   local y, list, k = zeros {length}, flat(x, {}), 0
   strided(sizes, strides, offset, function(at)
      k = k + 1
      y[at + 1] = y[at + 1] + list[k]
   end)
   return y
end

local function slice(x, dim, first, last, step)
   local y = {}
   if dim > 1 then for i, v in ipairs(x) do y[i] = slice(v, dim - 1, first, last, step) end
   else for i = first + 1, math.min(last, #x), step do y[#y + 1] = x[i] end end
   return y
end

-- Sets x[i] for the positions of a slice to the entries of y.
local function slice_into(x, y, dim, first, last, step)
   if dim > 1 then for i in ipairs(x) do slice_into(x[i], y[i], dim - 1, first, last, step) end return x end
   local k = 0
   for i = first + 1, math.min(last, #x), step do
      k = k + 1
      x[i] = y[k]
   end
   return x
end

local function split_at(x, points, dim)
   local function size(v, d) return d == 1 and #v or size(v[1], d - 1) end
   local parts, first, n = {}, 0, size(x, dim)
   for i = 1, #points + 1 do
      local last = points[i] and math.min(points[i] - 1, n) or n
      parts[i] = slice(x, dim, first, last, 1)
      first = last
   end
   return parts
end

local function select_into(x, y, dim, index)
   if dim > 1 then for i in ipairs(x) do x[i] = select_into(x[i], y[i], dim - 1, index) end return x end
   x[index] = copy(y)
   return x
end

return {
   view = {data = true, samples = function(t) return {{t.float(2, 3, 4), {4, -1}}, {t.float(2, 3), {6}}, {t.float(2, 3), {3, 1, 2}}, {t.float(), {1, 1}}, {t.float(1), {}}, {t.float(0, 3), {3, 0}}} end,
      errors = function(t) return {{"6 elements", t.float(2, 3), {4}}, {"only one size", t.float(2, 3), {-1, -1}}, {"without a copy", t.float(2, 3):t(), {6}}, {"negative", t.float(6), {-2, -3}}, {"ambiguous", t.float(0), {-1, 0}}} end},
   reshape_alias = {ref = function(x) return matrices(x) end, samples = function(t) return {{t.float(1, 4), {4, 1}}} end, layouts = false},
   unsafe_view = {ref = function(x) return matrices(x) end, samples = function(t) return {{t.float(1, 4), {4, 1}}} end, layouts = false},
   reshape = {data = true, samples = function(t) return {{t.float(2, 3, 4), {4, -1}}, {t.float(2, 3):t(), {6}}, {t.float(2, 3), {2, 3}}, {t.float(), {1}}, {t.float(0, 3), {0}}} end,
      errors = function(t) return {{"6 elements", t.float(2, 3), {5, -1}}} end},
   view_as = {data = true, samples = function(t) return {{t.float(2, 3), t.float(3, 2)}} end, errors = function(t) return {{"6 elements", t.float(2, 3), t.float(2)}} end},
   reshape_as = {data = true, samples = function(t) return {{t.float(2, 3):t(), t.float(6)}} end},
   flatten = {data = true, samples = function(t) return {{t.float(2, 3, 4)}, {t.float(2, 3, 4), 2}, {t.float(2, 3, 4), 1, 2}, {t.float()}, {t.float(3)}, {t.float(2, 0, 3), 1, 2}} end,
      errors = function(t) return {{"end_dim 1 comes before start_dim 2", t.float(2, 3), 2, 1}, {"out of range", t.float(2, 3), 3}} end},
   ravel = {data = true, samples = function(t) return {{t.float(2, 3)}, {t.float(2, 3):t()}, {t.float()}} end},
   unflatten = {data = true, samples = function(t) return {{t.float(6, 2), 1, {2, 3}}, {t.float(2, 6), -1, {3, -1}}, {t.float(4), 1, {2, 1, 2}}} end,
      errors = function(t) return {{"6 elements", t.float(6), 1, {4, 2}}, {"empty", t.float(6), 1, {}}} end},
   squeeze = {data = true, samples = function(t) return {{t.float(1, 3, 1, 2)}, {t.float(1, 1)}, {t.float()}, {t.float(2, 3)}} end},
   squeeze_dim = {data = true, samples = function(t) return {{t.float(1, 3, 1), 1}, {t.float(1, 3, 1), -1}, {t.float(1, 3, 1), 2}} end, errors = function(t) return {{"dimension 3 is out of range", t.float(2, 3), 3}} end},
   squeeze_dims = {data = true, samples = function(t) return {{t.float(1, 3, 1, 1), {1, 3}}, {t.float(1, 3, 1), {1, 2}}, {t.float(1, 3), {}}} end, errors = function(t) return {{"named twice", t.float(1, 3), {1, -2}}} end},
   unsqueeze = {data = true, samples = function(t) return {{t.float(2, 3), 1}, {t.float(2, 3), 2}, {t.float(2, 3), -1}, {t.float(), 1}} end, errors = function(t) return {{"dimension 4 is out of range", t.float(2, 3), 4}} end},
   atleast_1d = {data = true, samples = function(t) return {{t.float()}, {t.float(3)}, {t.float(2, 3)}} end},
   atleast_2d = {data = true, samples = function(t) return {{t.float()}, {t.float(3)}, {t.float(2, 3)}} end},
   atleast_3d = {data = true, samples = function(t) return {{t.float()}, {t.float(3)}, {t.float(2, 3)}, {t.float(2, 3, 1)}} end},
   atleast_1d_list = {data = true, samples = function(t) return {{{t.float(), t.float(3)}}} end},
   atleast_2d_list = {data = true, samples = function(t) return {{{t.float(), t.float(3)}}} end},
   atleast_3d_list = {data = true, samples = function(t) return {{{t.float(), t.float(3), t.float(2, 3)}}} end},
   alias = {ref = copy, samples = function(t) return {{t.float(2, 3)}, {t.float()}} end},
   detached = {data = true, grad = false, samples = function(t) return {{t.float(2, 3)}} end},
   real = {data = true, samples = function(t) return {{t.float(2, 3)}} end},

   t = {data = true, samples = function(t) return {{t.float(2, 3)}, {t.float(3)}, {t.float()}} end, errors = function(t) return {{"matrix", t.float(2, 3, 4)}} end},
   transpose = {data = true, samples = function(t) return {{t.float(2, 3, 4), 1, 3}, {t.float(2, 3), -1, 1}, {t.float(), 1, -1}} end, errors = function(t) return {{"dimension 3 is out of range", t.float(2, 3), 1, 3}} end},
   swapaxes = {data = true, samples = function(t) return {{t.float(2, 3, 4), 1, 3}} end},
   swapdims = {data = true, samples = function(t) return {{t.float(2, 3, 4), 1, 3}} end},
   permute = {data = true, samples = function(t) return {{t.float(2, 3, 4), {3, 1, 2}}, {t.float(2, 3), {-1, 1}}, {t.float(), {}}} end,
      errors = function(t) return {{"1 dimensions are named, the tensor has 2", t.float(2, 3), {1}}, {"dimension 1 is named twice", t.float(2, 3), {1, 1}}} end},
   movedim = {data = true, samples = function(t) return {{t.float(2, 3, 4), 1, 3}, {t.float(2, 3, 4), {1, 2}, {3, 1}}, {t.float(2, 3, 4), -1, 1}} end,
      errors = function(t) return {{"1 source dimensions and 2 destinations", t.float(2, 3), {1}, {1, 2}}, {"named twice", t.float(2, 3), {1, 1}, {1, 2}}} end},
   moveaxis = {data = true, samples = function(t) return {{t.float(2, 3, 4), 1, 3}} end},
   numpy_T = {ref = turned, samples = function(t) return {{t.float(2, 3)}} end},
   mT = {ref = matrices, samples = function(t) return {{t.float(2, 3)}, {t.float(2, 3, 4)}} end, errors = function(t) return {{"matrix", t.float(3)}} end},
   H = {ref = turned, samples = function(t) return {{t.float(2, 3)}} end, errors = function(t) return {{"matrix", t.float(2, 3, 4)}} end},
   mH = {ref = matrices, samples = function(t) return {{t.float(2, 3, 4)}} end},
   adjoint = {data = true, samples = function(t) return {{t.float(2, 3, 4)}} end},

   expand = {data = true, samples = function(t) return {{t.float(3, 1), {3, 4}}, {t.float(3), {2, -1}}, {t.float(), {2, 3}}, {t.float(1, 3), {2, 2, 3}}, {t.float(1, 3), {0, 3}}, {t.float(2), {2}}} end,
      errors = function(t) return {{"sizes %(2, 3%) cannot become %(2, 4%)", t.float(2, 3), {2, 4}}, {"1 sizes for a tensor of 2", t.float(2, 3), {3}}, {"new dimension 1", t.float(3), {-1, 3}}} end},
   expand_as = {data = true, samples = function(t) return {{t.float(3, 1), t.float(2, 3, 4)}} end},
   broadcast_to = {data = true, samples = function(t) return {{t.float(3, 1), {2, 3, 4}}} end},
   broadcast_tensors = {ref = function(x)
         local a, b = x[1], x[2]                    -- sizes (3, 1) and (2)
         local p, q = {}, {}
         for i = 1, #a do p[i], q[i] = {a[i][1], a[i][1]}, copy(b) end
         return {p, q}
      end,
      samples = function(t) return {{{t.float(3, 1), t.float(2)}}} end, errors = function(t) return {{"do not fit", {t.float(3), t.float(2)}}} end},
   meshgrid = {data = true, samples = function(t) return {{{t.float(2), t.float(3)}}, {{t.float(2), t.float(3)}, {indexing = "xy"}}, {{t.float(2), t.float(), t.float(3)}}} end,
      errors = function(t) return {{"indexing", {t.float(2)}, "yx"}, {"vectors", {t.float(2, 2)}}} end},

   select = {data = true, samples = function(t) return {{t.float(2, 3, 4), 2, 3}, {t.float(2, 3), 1, -1}, {t.float(3), 1, 1}} end,
      errors = function(t) return {{"index 4 is out of range for dimension 2 of size 3", t.float(2, 3), 2, 4}, {"index %-3", t.float(2, 3), 1, -3}, {"0%-dim", t.float(), 1, 1}} end},
   select_put = {ref = function(x, sizes, dim, index) return select_into(zeros(sizes), x, dim, index) end, samples = function(t) return {{t.float(2, 4), {2, 3, 4}, 2, 3}, {t.float(), {3}, 1, 2}} end,
      errors = function(t) return {{"do not fit", t.float(2), {2, 3}, 1, 1}} end},
   slice = {ref = slice, samples = function(t) return {{t.float(2, 5), 2, 1, 4, 1}, {t.float(7), 1, 0, 7, 3}, {t.float(2, 3), 1, 1, 1, 1}, {t.float(4), 1, 2, 100, 1}} end,
      errors = function(t) return {{"step 0", t.float(3), 1, 0, 2, 0}, {"0%-dim", t.float(), 1, 0, 1, 1}} end},
   slice_put = {ref = function(x, sizes, dim, first, last, step) return slice_into(zeros(sizes), x, dim, first, last, step) end,
      samples = function(t) return {{t.float(2, 3), {2, 5}, 2, 1, 4, 1}, {t.float(3), {7}, 1, 0, 7, 3}} end},
   narrow = {data = true, samples = function(t) return {{t.float(2, 5), 2, 2, 3}, {t.float(5), 1, -2, 2}, {t.float(5), 1, 1, 0}} end,
      errors = function(t) return {{"3 positions from 4 on are beyond dimension 1 of size 5", t.float(5), 1, 4, 3}, {"length %-1", t.float(5), 1, 1, -1}} end},
   diagonal = {data = true, samples = function(t) return {{t.float(3, 3)}, {t.float(3, 4), 1}, {t.float(3, 4), -2}, {t.float(2, 3, 4), 0, 2, 3}, {t.float(2, 3, 4), 1, 3, 1}, {t.float(2, 2), 5}} end,
      errors = function(t) return {{"both dimensions", t.float(3, 3), 0, 1, 1}, {"out of range", t.float(3)}} end},
   diagonal_put = {ref = function(x, sizes, offset)
         local y = zeros(sizes)
         for i, v in ipairs(x) do y[i + math.max(-offset, 0)][i + math.max(offset, 0)] = v end
         return y
      end,
      samples = function(t) return {{t.float(3), {3, 4}, 1, 1, 2}, {t.float(2), {3, 2}, -1, 1, 2}} end},
   unfold = {data = true, samples = function(t) return {{t.float(7), 1, 3, 2}, {t.float(2, 5), 2, 2, 1}, {t.float(5, 2), 1, 3, 1}, {t.float(), 1, 1, 1}} end,
      errors = function(t) return {{"windows of 4", t.float(3), 1, 4, 1}, {"step 0", t.float(3), 1, 2, 0}} end},
   unfold_put = {ref = function(x, sizes, _, size, step) return scattered(x, {#x, size}, {step, 1}, 0, sizes[1]) end, samples = function(t) return {{t.float(3, 3), {7}, 1, 3, 2}, {t.float(4, 2), {5}, 1, 2, 1}} end},

   split = {data = true, samples = function(t) return {{t.float(5, 2), 2}, {t.float(2, 4), 2, 2}, {t.float(0), 3}} end,
      errors = function(t) return {{"split_size 0", t.float(3), 0}, {"split_size %-1", t.float(3), -1}, {"0%-dim", t.float(), 1}} end},
   split_with_sizes = {data = true, samples = function(t) return {{t.float(5, 2), {2, 0, 3}}, {t.float(2, 4), {1, 3}, 2}} end, errors = function(t) return {{"do not add up to the size 5", t.float(5), {2, 2}}, {"negative", t.float(5), {6, -1}}} end},
   split_sizes = {data = true, samples = function(t) return {{t.float(5, 2), {2, 3}}} end},
   chunk = {data = true, samples = function(t) return {{t.float(7), 3}, {t.float(2, 4), 2, 2}, {t.float(0, 2), 3}, {t.float(3), 7}} end, errors = function(t) return {{"chunks 0", t.float(3), 0}} end},
   tensor_split = {data = true, samples = function(t) return {{t.float(7), 3}, {t.float(2, 4), 3, 2}, {t.float(1), 2}} end, errors = function(t) return {{"0 sections", t.float(3), 0}} end},
   tensor_split_at = {ref = function(x, points, dim) return split_at(x, points, dim or 1) end, samples = function(t) return {{t.float(7), {3, 5}}, {t.float(2, 6), {2, 2, 9}, 2}} end,
      errors = function(t) return {{"count from 1", t.float(3), {0}}} end},
   hsplit = {data = true, samples = function(t) return {{t.float(2, 4), 2}, {t.float(6), 3}} end, errors = function(t) return {{"equal parts", t.float(2, 3), 2}, {"at least 1", t.float(), 1}} end},
   hsplit_at = {ref = function(x, points) return split_at(x, points, type(x[1]) == "table" and 2 or 1) end, samples = function(t) return {{t.float(2, 4), {2}}, {t.float(6), {3, 4}}} end},
   vsplit = {data = true, samples = function(t) return {{t.float(4, 2), 2}} end, errors = function(t) return {{"at least 2", t.float(4), 2}} end},
   vsplit_at = {ref = function(x, points) return split_at(x, points, 1) end, samples = function(t) return {{t.float(4, 2), {2}}} end},
   dsplit = {data = true, samples = function(t) return {{t.float(1, 2, 4), 2}} end, errors = function(t) return {{"at least 3", t.float(4, 2), 2}} end},
   dsplit_at = {ref = function(x, points) return split_at(x, points, 3) end, samples = function(t) return {{t.float(1, 2, 4), {2}}} end},
   unbind = {data = true, samples = function(t) return {{t.float(3, 2)}, {t.float(2, 3), 2}, {t.float(2, 3, 2), -1}, {t.float(2)}} end, errors = function(t) return {{"0%-dim", t.float()}} end},

   as_strided = {data = true, layouts = false, samples = function(t) return {{t.float(9), {2, 2}, {1, 2}}, {t.float(9), {3}, {2}, 1}, {t.float(3, 3), {2, 3}, {1, 1}}, {t.float(6), {2, 2}, {0, 1}, 2}, {t.float(4), {0}, {1}}} end,
      errors = function(t) return {{"beyond the storage", t.float(3), {4}, {1}}, {"1 sizes and 2 strides", t.float(3), {1}, {1, 1}}, {"negative", t.float(3), {1}, {-1}}, {"beyond the storage", t.float(3), {1 << 62, 4}, {1 << 62, 1}}} end},
   as_strided_of = {layouts = false, ref = function(x, sizes, strides, offset) local list = flat(x, {}); return strided(sizes, strides, offset, function(at) return list[at + 1] end) end,
      samples = function(t) return {{t.float(3, 3), {2, 2}, {1, 2}, 1, {3, 1}, 0}} end},
   window = {layouts = false, ref = function(x, sizes, strides, offset) return strided(sizes, strides, offset, function(at) return x[at + 1] end) end,
      samples = function(t) return {{t.float(9), {2, 3}, {3, 1}, 2}, {t.float(5), {2, 3}, {1, 1}, 0}} end, errors = function(t) return {{"beyond 3", t.float(3), {2}, {1}, 2}} end},
   window_put = {ref = function(x, sizes, strides, offset, length) return scattered(x, sizes, strides, offset, length) end,
      samples = function(t) return {{t.float(2, 3), {2, 3}, {3, 1}, 2, 9}, {t.float(2, 3), {2, 3}, {1, 1}, 0, 5}} end, errors = function(t) return {{"beyond 2", t.float(3), {3}, {1}, 0, 2}} end},
}
