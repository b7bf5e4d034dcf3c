-- Products: src/ops/linalg.def, einsum.def.
local tide = require "tide"

-- Sizes and elements (row-major) of a nested list.
local function read(x)
   local size, flat, v = {}, {}, x
   while type(v) == "table" do size[#size + 1], v = #v, v[1] end
   local function walk(u) if type(u) == "table" then for _, w in ipairs(u) do walk(w) end else flat[#flat + 1] = u end end
   walk(x)
   return {size = size, flat = flat}
end

-- The element of r at these places, one per dimension; dimensions of size 1 have one element for all.
local function element(r, place)
   local at = 0
   for d, n in ipairs(r.size) do at = at * n + (n == 1 and 0 or place[d]) end
   return r.flat[at + 1]
end

local function build(size, f)
   local place = {}
   local function level(d)
      if d > #size then return f(place) end
      local list = {}
      for i = 1, size[d] do
         place[d] = i - 1
         list[i] = level(d + 1)
      end
      return list
   end
   return level(1)
end

-- Einstein sums by the definition: over all places of all labels. An ellipsis becomes capitals from Z down, aligned at its end.
local function einsum(equation, ...)
   local operands, terms, sizes = {}, {}, {}
   if select("#", ...) == 1 and type((...)) == "table" and type((...)[1]) == "table" and equation:find "," then
      for i, x in ipairs((...)) do operands[i] = read(x) end
   else for i = 1, select("#", ...) do operands[i] = read((select(i, ...))) end end
   local left, right = equation:gsub(" ", ""):match "^(.-)%->(.*)$"
   left = left or equation:gsub(" ", "")
   local most, count = 0, {}
   for term in (left .. ","):gmatch "(.-)," do
      local i = #terms + 1
      local dots = #operands[i].size - #term:gsub("%.%.%.", "")
      if term:find "%." and dots > most then most = dots end
      terms[i] = term:gsub("%.%.%.", ("STUVWXYZ"):sub(9 - dots, 8))
      for d = 1, #operands[i].size do
         local label, n = terms[i]:sub(d, d), operands[i].size[d]
         count[label] = (count[label] or 0) + 1
         if (sizes[label] or 1) == 1 then sizes[label] = n end
      end
   end
   local dots = ("STUVWXYZ"):sub(9 - most, 8)
   if right then right = right:gsub("%.%.%.", dots) else
      local once = {}
      for label, n in pairs(count) do if n == 1 and not dots:find(label, 1, true) then once[#once + 1] = label end end
      table.sort(once)
      right = dots .. table.concat(once)
   end
   local outer, inner = {}, {}
   for label in right:gmatch "." do outer[#outer + 1] = sizes[label] end
   for label in pairs(sizes) do if not right:find(label, 1, true) then inner[#inner + 1] = label end end
   return build(outer, function(place)
      local where, sum = {}, 0
      for d = 1, #right do where[right:sub(d, d)] = place[d] end
      local function level(k)
         if k > #inner then
            local p = 1
            for i, r in ipairs(operands) do
               local at = {}
               for d = 1, #terms[i] do at[d] = where[terms[i]:sub(d, d)] end
               p = p * element(r, at)
            end
            sum = sum + p
            return
         end
         for i = 0, sizes[inner[k]] - 1 do
            where[inner[k]] = i
            level(k + 1)
         end
      end
      level(1)
      return sum
   end)
end

-- beta x + alpha y, x broadcasting to y
local function plus(x, y, beta, alpha)
   local a, b = read(x), read(y)
   local off = #b.size - #a.size
   return build(b.size, function(place)
      return (beta or 1) * element(a, {table.unpack(place, off + 1, #place)}) + (alpha or 1) * element(b, place)
   end)
end

local function mm(a, b) return einsum("ij,jk->ik", a, b) end

-- A vector on the left counts as a row, on the right as a column.
local function matmul(a, b)
   local x, y = #read(a).size, #read(b).size
   if x == 1 and y == 1 then return einsum("i,i->", a, b) end
   if x == 1 then return einsum("j,...jk->...k", a, b) end
   if y == 1 then return einsum("...ij,j->...i", a, b) end
   return einsum("...ij,...jk->...ik", a, b)
end

local function linear(x, w, bias)
   local y = type(w[1]) == "table" and einsum("...j,kj->...k", x, w) or einsum("...j,j->...", x, w)
   return bias and plus(bias, y) or y
end

local function inner(a, b)
   local x, y = read(a), read(b)
   if #x.size == 0 or #y.size == 0 then return einsum("...,...->...", a, b) end
   local left, right = ("abcdefg"):sub(1, #x.size - 1), ("hijklmn"):sub(1, #y.size - 1)
   return einsum(left .. "z," .. right .. "z->" .. left .. right, a, b)
end

local function tensordot(a, b, dims_a, dims_b)
   local x, y = #read(a).size, #read(b).size
   local p, q, free = {}, {}, {}
   if type(dims_a) == "number" or not dims_a then
      local n = dims_a or 2
      dims_a, dims_b = {}, {}
      for i = 1, n do dims_a[i], dims_b[i] = x - n + i, i end
   end
   for i, d in ipairs(dims_a) do
      p[d < 0 and d + x + 1 or d] = ("uvwxyz"):sub(i, i)
      q[dims_b[i] < 0 and dims_b[i] + y + 1 or dims_b[i]] = ("uvwxyz"):sub(i, i)
   end
   for d = 1, x do if not p[d] then p[d] = ("abcdefg"):sub(d, d); free[#free + 1] = p[d] end end
   for d = 1, y do if not q[d] then q[d] = ("hijklmn"):sub(d, d); free[#free + 1] = q[d] end end
   return einsum(table.concat(p) .. "," .. table.concat(q) .. "->" .. table.concat(free), a, b)
end

local function kron(a, b)
   local x, y, size = read(a), read(b), {}
   while #x.size < #y.size do table.insert(x.size, 1, 1) end
   while #y.size < #x.size do table.insert(y.size, 1, 1) end
   for d = 1, #x.size do size[d] = x.size[d] * y.size[d] end
   return build(size, function(place)
      local p, q = {}, {}
      for d = 1, #place do p[d], q[d] = place[d] // y.size[d], place[d] % y.size[d] end
      return element(x, p) * element(y, q)
   end)
end

local function cross(a, b, dim)
   local x, y, size = read(a), read(b), {}
   for d = 1, #x.size do size[d] = math.max(x.size[d], y.size[d]) end
   if not dim then dim = 1; while size[dim] ~= 3 do dim = dim + 1 end end
   if dim < 0 then dim = dim + #size + 1 end
   return build(size, function(place)
      local i = place[dim]
      local function at(r, k)
         local p = {table.unpack(place)}
         p[dim] = (i + k) % 3
         return element(r, p)
      end
      return at(x, 1) * at(y, 2) - at(x, 2) * at(y, 1)
   end)
end

local function multi_dot(list)
   local first, last = type(list[1][1]) ~= "table", type(list[#list][1]) ~= "table"
   local y = first and {list[1]} or list[1]
   for i = 2, #list do
      local x = list[i]
      if i == #list and last then
         x = {}
         for j, v in ipairs(list[i]) do x[j] = {v} end
      end
      y = mm(y, x)
   end
   if last then for i = 1, #y do y[i] = y[i][1] end end
   return first and y[1] or y
end

local mismatch = "do not fit"

-- Calls of beta input + alpha product. Inputs that broadcast cannot be written in place, which is tried in float64.
local function sums(size, broadcast, operands)
   return function(t)
      local list = {}
      local function add(input, beta, alpha)
         for _, o in ipairs(operands(t)) do list[#list + 1] = {t.float(input), o[1], o[2], beta, alpha} end
      end
      for _, scales in ipairs {{}, {2, -3}, {0, 2}, {-1}, {3, 0}} do add(size, scales[1], scales[2]) end
      if t.dtype == tide.float32 then for _, s in ipairs(broadcast) do add(s, 2, -3) end end
      return list
   end
end

local function two_dtypes(t, ...) return t.float(...), t.int(0, 3, ...) end
local a_trace = {
   samples = function(t) return {{t.float(3, 3)}, {t.float(2, 5)}, {t.float(4, 2)}, {t.float(0, 3)}} end,
   ref = function(x)
      local sum = 0
      for i = 1, math.min(#x, #(x[1] or {})) do sum = sum + x[i][i] end
      return sum
   end,
   errors = function(t) return {{"not a matrix", t.float(3)}, {"not a matrix", t.float(2, 2, 2)}} end,
}

local dots = {
   samples = function(t) return {{t.float(7), t.float(7)}, {t.float(40), t.float(40)}, {t.float(1), t.float(1)}, {t.float(0), t.float(0)}} end,
   ref = function(a, b) return einsum("i,i->", a, b) end,
   errors = function(t) return {{mismatch, t.float(3), t.float(4)}, {"not a vector", t.float(3, 1), t.float(3)},
      {"float64 and int64", two_dtypes(t, 3)}} end,
}

local outers = {
   samples = function(t) return {{t.float(2), t.float(3)}, {t.float(1), t.float(4)}, {t.float(0), t.float(3)}} end,
   ref = function(a, b) return einsum("i,j->ij", a, b) end,
   errors = function(t) return {{"two vectors", t.float(2, 2), t.float(3)}} end,
}

local matmuls = {
   samples = function(t)
      local list = {}
      for _, sizes in ipairs {{{3}, {3}}, {{2, 3}, {3}}, {{3}, {3, 2}}, {{2, 3}, {3, 4}}, {{4, 2, 3}, {3}}, {{4, 2, 3}, {3, 2}}, {{3}, {4, 3, 2}},
         {{2, 3}, {4, 3, 2}}, {{2, 2, 3}, {2, 3, 4}},
                              {{2, 1, 2, 3}, {4, 3, 2}}, {{1, 2, 3}, {5, 3, 1}}, {{9, 10}, {10, 11}}} do
         list[#list + 1] = {t.float(sizes[1]), t.float(sizes[2])}
      end
      return list
   end,
   ref = matmul,
   errors = function(t)
      return {{"3 columns against 2 rows", t.float(2, 3), t.float(2, 3)}, {"5 against 4 matrices at dimension 1", t.float(5, 2, 3), t.float(4, 3, 2)},
              {"at least one dimension", t.float(), t.float(2)}, {"float64 and int64", two_dtypes(t, 2, 2)}}
   end,
}

return {
   mm = {
      samples = function(t)
         return {{t.float(2, 3), t.float(3, 4)}, {t.float(1, 3), t.float(3, 1)}, {t.float(17, 19), t.float(19, 18)},
            {t.float(5, 3):t(), t.float(4, 5):t()}, {t.float(0, 3), t.float(3, 2)},
                 {t.float(3, 2), t.float(2, 0)}}
      end,
      ref = mm,
      errors = function(t)
         return {{"3 columns against 2 rows", t.float(2, 3), t.float(2, 3)}, {"not a matrix", t.float(3), t.float(3, 2)},
            {"float64 and int64", two_dtypes(t, 2, 2)}}
      end,
   },
   bmm = {
      samples = function(t) return {{t.float(3, 2, 4), t.float(3, 4, 5)}, {t.float(2, 3, 1), t.float(2, 1, 3)},
         {t.float(2, 4, 3):transpose(2, 3), t.float(2, 4, 2)}} end,
      ref = matmul,
      errors = function(t) return {{"3 matrices against 1", t.float(3, 2, 2), t.float(1, 2, 2)}, {mismatch, t.float(3, 2, 2), t.float(3, 3, 2)},
         {"list of matrices", t.float(2, 2), t.float(2, 2)}} end,
   },
   batched = {
      samples = function(t) return {{t.float(3, 2, 4), t.float(4, 5)}, {t.float(2, 4), t.float(3, 4, 2)}, {t.float(2, 1, 3, 2), t.float(4, 2, 3)},
         {t.float(1, 2, 3), t.float(4, 3, 1)}} end,
      ref = matmul,
      errors = function(t) return {{"at dimension 1", t.float(3, 2, 2), t.float(2, 2, 2)}, {mismatch, t.float(3, 2, 2), t.float(3, 3, 2)}} end,
   },
   mv = {
      samples = function(t) return {{t.float(3, 4), t.float(4)}, {t.float(30, 20), t.float(20)}, {t.float(20, 30):t(), t.float(20)}} end,
      ref = matmul,
      errors = function(t) return {{"3 columns against 2 elements", t.float(2, 3), t.float(2)}, {"not a vector", t.float(2, 3), t.float(3, 1)},
         {"not a matrix", t.float(3), t.float(3)}} end,
   },
   dot = dots,
   vdot = dots,

   addmm = {
      samples = sums({2, 5}, {{5}, {2, 1}, {}}, function(t)
         return {{t.float(2, 3), t.float(3, 5)}, {t.float(3, 2):t(), t.float(5, 3):t()}}
      end),
      ref = function(x, a, b, beta, alpha) return plus(x, mm(a, b), beta, alpha) end,
      errors = function(t)
         return {{"does not broadcast", t.float(3), t.float(2, 2), t.float(2, 2)}, {mismatch, t.float(2), t.float(2, 2), t.float(3, 2)},
            {"not a matrix", t.float(2), t.float(2), t.float(2, 2)}}
      end,
   },
   addmv = {
      samples = sums({2}, {{1}, {}}, function(t) return {{t.float(2, 3), t.float(3)}, {t.float(3, 2):t(), t.float(3)}} end),
      ref = function(x, a, b, beta, alpha) return plus(x, matmul(a, b), beta, alpha) end,
      errors = function(t) return {{"does not broadcast", t.float(3), t.float(2, 2), t.float(2)}, {mismatch, t.float(2), t.float(2, 2), t.float(3)}} end,
   },
   addr = {
      samples = sums({2, 3}, {{3}, {2, 1}, {}}, function(t) return {{t.float(2), t.float(3)}} end),
      ref = function(x, a, b, beta, alpha) return plus(x, einsum("i,j->ij", a, b), beta, alpha) end,
      errors = function(t) return {{"does not broadcast", t.float(3), t.float(2), t.float(2)}, {"not a vector", t.float(2), t.float(2, 2), t.float(2)}} end,
   },
   baddbmm = {
      samples = sums({4, 2, 5}, {{2, 5}, {4, 1, 1}, {}}, function(t) return {{t.float(4, 2, 3), t.float(4, 3, 5)}} end),
      ref = function(x, a, b, beta, alpha) return plus(x, matmul(a, b), beta, alpha) end,
      errors = function(t)
         return {{"does not broadcast", t.float(3), t.float(2, 2, 2), t.float(2, 2, 2)},
            {"2 matrices against 3", t.float(2), t.float(2, 2, 2), t.float(3, 2, 2)}}
      end,
   },
   addbmm = {
      samples = sums({2, 5}, {{5}, {2, 1}, {}}, function(t) return {{t.float(4, 2, 3), t.float(4, 3, 5)}} end),
      ref = function(x, a, b, beta, alpha) return plus(x, einsum("bij,bjk->ik", a, b), beta, alpha) end,
      errors = function(t)
         return {{"does not broadcast", t.float(3), t.float(2, 2, 2), t.float(2, 2, 2)},
            {"2 matrices against 3", t.float(2), t.float(2, 2, 2), t.float(3, 2, 2)}}
      end,
   },

   matmul = matmuls,
   linalg_matmul = matmuls,
   linear = {
      samples = function(t)
         return {{t.float(3), t.float(4, 3)}, {t.float(3), t.float(4, 3), t.float(4)}, {t.float(2, 3), t.float(4, 3), t.float(4)},
            {t.float(2, 3), t.float(4, 3)}, {t.float(5, 2, 3), t.float(4, 3), t.float(4)},
                 {t.float(5, 2, 3), t.float(4, 3)}, {t.float(2, 2, 2, 3), t.float(4, 3), t.float(1)}, {t.float(2, 3), t.float(3)}}
      end,
      ref = linear,
      errors = function(t) return {{"3 columns against 5", t.float(2, 3), t.float(4, 5)}, {"not a matrix", t.float(2, 3), t.float(3), t.float(1)},
         {"a matrix are wanted", t.float(2, 3), t.float(2, 4, 3)}} end,
   },
   bilinear = {
      samples = function(t)
         return {{t.float(2, 3), t.float(2, 4), t.float(5, 3, 4), t.float(5)}, {t.float(2, 3), t.float(2, 4), t.float(5, 3, 4)},
            {t.float(3), t.float(2), t.float(2, 3, 2), t.float(2)}, {t.float(2, 2, 3), t.float(2, 2, 1), t.float(2, 3, 1)}}
      end,
      ref = function(x, y, w, bias)
         local z = einsum("...i,kij,...j->...k", x, w, y)
         return bias and plus(bias, z) or z
      end,
      errors = function(t)
         return {{"do not fit", t.float(2, 3), t.float(2, 4), t.float(5, 4, 3)}, {"do not fit", t.float(2, 3), t.float(3, 4), t.float(5, 3, 4)},
            {"do not fit", t.float(3), t.float(2, 4), t.float(5, 3, 4)}}
      end,
   },
   multi_dot = {
      samples = function(t) return {{{t.float(10, 2), t.float(2, 7), t.float(7, 3)}}, {{t.float(5), t.float(5, 2), t.float(2, 6), t.float(6)}},
         {{t.float(2, 3), t.float(3)}}, {{t.float(3), t.float(3, 2)}}} end,
      ref = multi_dot,
      errors = function(t) return {{"2 to 100 tensors", {t.float(2, 2)}}, {"not a matrix", {t.float(2, 2), t.float(2), t.float(2, 2)}},
         {"do not fit", {t.float(2, 3), t.float(2, 3)}}} end,
   },
   inner = {
      samples = function(t) return {{t.float(3), t.float(3)}, {t.float(2, 3), t.float(4, 3)}, {t.float(2, 2, 3), t.float(3)}, {t.float(), t.float(3)},
         {t.float(2, 3), t.float()}} end,
      ref = inner,
      errors = function(t) return {{"3 against 4 at the last", t.float(2, 3), t.float(2, 4)}} end,
   },
   outer = outers,
   ger = outers,
   tensordot = {
      samples = function(t) return {{t.float(2, 3, 4), t.float(3, 4, 5), 2}, {t.float(2, 3), t.float(4), 0}, {t.float(2, 3), t.float(3, 4), 1},
         {t.float(2, 3), t.float(2, 3), 2}, {t.float(3), t.float(3), 1}} end,
      ref = tensordot,
      errors = function(t) return {{"do not fit", t.float(2, 3), t.float(4, 3), 1}, {"dims is 3", t.float(2, 3), t.float(4, 3), 3},
         {"dims is %-1", t.float(2, 3), t.float(4, 3), -1}} end,
   },
   tensordot_dims = {
      samples = function(t)
         return {{t.float(2, 3, 4), t.float(4, 3, 5), {2, 3}, {2, 1}}, {t.float(2, 1), t.float(4, 3), {2}, {1}},
            {t.float(2, 3), t.float(4, 3), {-1}, {-1}}, {t.float(2, 3), t.float(3, 2), {1, 2}, {2, 1}}}
      end,
      ref = tensordot,
      errors = function(t)
         return {{"3 at dimension 2 against 4 at dimension 1", t.float(2, 3), t.float(4, 3), {2}, {1}},
            {"1 dimensions of the one against 2", t.float(2, 3), t.float(3, 2), {1}, {1, 2}},
                 {"named twice", t.float(2, 2), t.float(2, 2), {1, 1}, {1, 2}}, {"out of range", t.float(2, 2), t.float(2, 2), {3}, {1}}}
      end,
   },
   kron = {
      samples = function(t) return {{t.float(2), t.float(2, 3)}, {t.float(2, 2), t.float(3, 2)}, {t.float(), t.float(2, 3)},
         {t.float(2, 1, 2), t.float(3)}} end,
      ref = kron,
   },
   trace = a_trace,
   linalg_cross = {
      samples = function(t) return {{t.float(4, 3), t.float(4, 3)}, {t.float(2, 4, 3), t.float(2, 1, 3)}, {t.float(3, 2), t.float(3, 2), 1},
         {t.float(0, 3), t.float(0, 3)}} end,
      ref = function(a, b, dim) return cross(a, b, dim or -1) end,
      errors = function(t) return {{"must have 3 elements", t.float(2, 4), t.float(2, 4)}, {"same number of dimensions", t.float(3), t.float(2, 3)},
         {"float64 and int64", two_dtypes(t, 3)}} end,
   },
   cross = {
      samples = function(t) return {{t.float(4, 3), t.float(4, 3)}, {t.float(3, 2), t.float(3, 2)}, {t.float(1, 3), t.float(4, 3), 2}} end,
      ref = cross,
      errors = function(t) return {{"no dimension", t.float(4, 4), t.float(4, 4)}} end,
   },

   einsum = {
      samples = function(t)
         local sizes, list = {i = 2, j = 3, k = 4, l = 3, m = 2, b = 5, c = 2}, {}
         for _, equation in ipairs {"ij,jk", "ii->i", "ii", "iij->j", "ijij->ji", "ij->ji", "ij->", "i,j->ji", "i,i", "ij,ij->i", "bij,bjk->bik",
            "bij,bkj->bki", "ij,jk,kl->il", "ijk,jil,ml->km", "i,ij,j->",
                                     "...ij,...jk->...ik", "i...,...i", "...ii->...i", "ij...->...ji", "i...->...", "a,b,c->abc", "ij,kl->",
                                        "bik,bjk,bmk->bijm", "aB->Ba", "bA,Ac", " i j , j k -> k i ", "->", "...->..."} do
            local operands = {}
            for term in (equation:gsub(" ", ""):gsub("%->.*", "") .. ","):gmatch "(.-)," do
               local s = {}
               for label in term:gsub("%.%.%.", "."):gmatch "." do
                  if label == "." then s[#s + 1], s[#s + 2] = 2, 3 else s[#s + 1] = sizes[label] or 2 end
               end
               operands[#operands + 1] = t.float(s)
            end
            list[#list + 1] = {equation, operands}
         end
         list[#list + 1] = {"ij,jk->ik", {t.float(2, 1), t.float(3, 4)}}
         list[#list + 1] = {"i,i->", {t.float(1), t.float(3)}}
         list[#list + 1] = {"...j,jk->...k", {t.float(3), t.float(3, 2)}}
         return list
      end,
      ref = function(equation, operands) return einsum(equation, table.unpack(operands)) end,
      dtypes = {"float32", "float64", "int64"},
      errors = function(t)
         local x = t.float(2, 3)
         return {{"has 2 where 'j' is 3", "ij,kj", {x, t.float(4, 2)}}, {"no operand does", "ij->k", {x}}, {"twice", "ij->ii", {x}},
            {"more terms", "ij,jk", {x}}, {"2 operands were given", "ij", {x, x}},
                 {"has 2 dimensions, its term names 1", "i", {x}}, {"ellipsis", "i.j", {x}}, {"ellipsis", "...i...", {x}},
                    {"neither a letter", "ij%-ji", {x}}, {"neither a letter", "i1", {x}},
                 {"two sizes", "ii", {x}}, {"one term is wanted", "ij->i->j", {x}}, {"operand 2", "ij,jk", {x, t.float(2, 2)}}}
      end,
   },
}
