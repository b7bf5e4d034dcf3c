-- Workloads that nobody chose: an operator, dtype, shape and layout drawn at random, described by a line such as
--    softmax float64 37x1024 transposed dim=2 backward
-- Words without `=` are the operator, the dtype, the sizes and the layout, in that order; `backward` differentiates the sum.
local POSITIVE = {log = true, log1p = true, sqrt = true, rsqrt = true, reciprocal = true, pow = true, div = true}

-- Names that are methods here and in PyTorch, with the operand alone.
local UNARY = {}
for name in ("exp log tanh sigmoid sqrt rsqrt reciprocal sin cos erf relu abs neg square floor log1p expm1 sign"):gmatch "%S+" do UNARY[name] = true end
local BINARY = {}
for name in ("add sub mul div maximum minimum pow gt eq"):gmatch "%S+" do BINARY[name] = true end
local ALONG = {}
for name in ("sum mean amax var std cumsum prod softmax log_softmax logsumexp argmax"):gmatch "%S+" do ALONG[name] = true end

local function parse(recipe)
   local d, words = {}, {}
   for word in recipe:gmatch "%S+" do
      local key, value = word:match "^(%w+)=(.*)$"
      if key then d[key] = tonumber(value) or value
      elseif word == "backward" then d.backward = true
      else words[#words + 1] = word end
   end
   d.operator, d.dtype, d.layout, d.sizes = words[1], words[2], words[4], {}
   for size in words[3]:gmatch "%d+" do d.sizes[#d.sizes + 1] = tonumber(size) end
   return d
end

return function(recipe, tide)
   local F = tide.nn.functional
   local d = parse(recipe)
   local dtype = tide[d.dtype]

   local function fill(sizes)
      if not d.dtype:match "float" then return tide.randint(-50, 50, sizes, {dtype = dtype}) end
      local x = tide.randn(sizes, {dtype = dtype})
      return POSITIVE[d.operator] and x:abs() + 0.5 or x
   end

   -- A tensor of these sizes whose memory is laid out in the way asked for.
   local function make(sizes, layout)
      local s, n = {table.unpack(sizes)}, #sizes
      if layout == "transposed" then
         s[n - 1], s[n] = s[n], s[n - 1]
         return fill(s):transpose(-2, -1)
      elseif layout == "strided" then
         s[n] = 2 * s[n]
         return fill(s)[{"...", {1, s[n], 2}}]
      elseif layout == "offset" then
         s[1] = s[1] + 1
         return fill(s):narrow(1, 2, sizes[1])
      end
      return fill(s)
   end

   local x, f = make(d.sizes, d.layout), nil
   local leaf = x
   if d.backward then leaf = x:detach():requires_grad_() end
   local name, dim = d.operator, d.dim
   if UNARY[name] then f = function() return leaf[name](leaf) end
   elseif name == "gelu" then f = function() return F.gelu(leaf) end
   elseif name == "silu" then f = function() return F.silu(leaf) end
   elseif BINARY[name] then
      local sizes = {table.unpack(d.sizes)}
      if d.other == "row" then sizes = {sizes[#sizes]} elseif d.other == "column" then sizes[#sizes] = 1 end
      local y = d.other == "number" and 3 or make(sizes, d.other == "transposed" and "transposed" or "plain")
      f = function() return leaf[name](leaf, y) end
   elseif name == "argmax" then return function() return x:argmax(dim) end, function() return x:argmax(dim) - 1 end
   elseif ALONG[name] then f = function() return leaf[name](leaf, dim) end
   elseif name == "total" then f = function() return leaf:sum() end
   elseif name == "contiguous" then f = function() return leaf:contiguous() end
   elseif name == "cat" then
      local y = make(d.sizes, "plain")
      f = function() return tide.cat({leaf, y}, dim) end
   elseif name == "flip" then f = function() return leaf:flip {dim} end
   elseif name == "index_select" then
      local positions = tide.randint(1, d.sizes[dim] + 1, {d.count})
      f = function() return leaf:index_select(dim, positions) end
   elseif name == "where" then
      local y, condition = make(d.sizes, "plain"), tide.randn(d.sizes):gt(0)
      f = function() return tide.where(condition, leaf, y) end
   elseif name == "masked_fill" then
      local mask = tide.randn(d.sizes):gt(0)
      f = function() return leaf:masked_fill(mask, 0.5) end
   elseif name == "matmul" then
      local sizes = {table.unpack(d.sizes)}
      sizes[#sizes - 1], sizes[#sizes] = sizes[#sizes], d.columns
      local y = make(sizes, d.other)
      f = function() return leaf:matmul(y) end
   end
   if not d.backward then return f end
   return function()
      leaf.grad = nil
      f():sum():backward()
      return leaf.grad
   end
end
