-- Kernels on sizes that the walk over operators does not reach: whole tiles and parts of them, blocks that threads share, lines that vectors do not divide.
-- Views of random shapes, orders, steps and directions, against reading element by element.
local tide = require "tide"

local random = 12345
local function upto(n)
   random = (random * 1103515245 + 12345) % 2147483648
   return 1 + (random >> 8) % n
end

local DTYPES = {"float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"}

-- A tensor with these numbers of elements along its dimensions, in random order of memory, some dimensions with a step, some repeated.
local function view(shape, dtype)
   local order, stored = {}, {}
   for d = 1, #shape do table.insert(order, upto(d), d) end
   local index, back = {}, {}
   for place, d in ipairs(order) do
      local how = upto(8)
      stored[place] = how == 1 and 2 * shape[d] or how == 2 and 1 or shape[d]
      index[place] = how == 1 and {1, 2 * shape[d], 2} or {}
      back[d] = place
   end
   local total = 1
   for _, n in ipairs(stored) do total = total * n end
   local values = (tide.arange(total) * 37 % 101 - 50):to(tide[dtype])
   return values:reshape(stored)[index]:permute(table.unpack(back)):expand(table.unpack(shape))
end

local function shape(most)
   local list, total = {}, 1
   for d = 1, upto(4) do
      list[d] = upto(4) == 1 and upto(9) or upto(150)
      if total * list[d] > most then list[d] = 1 end
      total = total * list[d]
   end
   return list
end

local function flat(x) return x:contiguous():reshape(-1):tolist() end

-- What is at each place of x, read one by one, in order.
local function slow(x)
   local list, index, n = {}, {}, #x.shape
   local strides, offset = x:stride(), x:storage_offset()
   local last = offset
   for d = 1, n do index[d], last = 0, last + (x.shape[d] - 1) * strides[d] end
   local memory = x:as_strided({last + 1}, {1}, 0):tolist()
   while true do
      local at = offset
      for d = 1, n do at = at + index[d] * strides[d] end
      list[#list + 1] = memory[at + 1]
      local d = n
      while d >= 1 do
         index[d] = index[d] + 1
         if index[d] < x.shape[d] then break end
         index[d] = 0
         d = d - 1
      end
      if d < 1 then return list end
   end
end

local function same(expected, got, what)
   assert(#expected == #got, what)
   for i = 1, #expected do if expected[i] ~= got[i] then error(("%s: %s at %d, not %s"):format(what, tostring(got[i]), i, tostring(expected[i]))) end end
end

local function named(x, more) return ("%s of sizes {%s}, strides {%s}%s"):format(x.dtype, table.concat(x.shape, ", "), table.concat(x:stride(), ", "), more or "") end

for _, threads in ipairs {1, 2} do
   describe(("with %d thread%s"):format(threads, threads > 1 and "s" or ""), function()
      local before = tide.get_num_threads()
      setup(function() tide.set_num_threads(threads) end)
      teardown(function() tide.set_num_threads(before) end)

      it("copies are exact", function()
         for round = 1, 64 do
            local x = view(shape(8000), DTYPES[round % #DTYPES + 1])
            same(slow(x), flat(x), named(x))
         end
      end)

      it("conversions are those of single elements", function()
         for round = 1, 64 do
            local x, to = view(shape(4000), DTYPES[round % #DTYPES + 1]), DTYPES[(round // 8) % #DTYPES + 1]
            local expected, got = slow(x), flat(x:to(tide[to]))
            for i = 1, #expected do
               local v = expected[i]
               if type(v) == "boolean" then v = v and 1 or 0 end
               if to == "bool" then v = v ~= 0
               elseif to == "uint8" then v = math.tointeger(v) & 255
               elseif to == "int8" then v = (math.tointeger(v) + 128 & 255) - 128
               end
               expected[i] = v
            end
            same(expected, got, named(x, " to " .. to))
         end
      end)

      it("operands may lie in any order", function()
         for round = 1, 64 do
            local sizes, dtype = shape(8000), DTYPES[round % 4 + 1]
            local x, y, c = view(sizes, dtype), view(sizes, dtype), view(sizes, "bool")
            local a, b, z, expected, chosen = slow(x), slow(y), slow(c), {}, {}
            for i = 1, #a do expected[i], chosen[i] = a[i] + 2 * b[i], z[i] and a[i] or b[i] end
            same(expected, flat(x + y * 2), named(x) .. " and " .. named(y))
            same(chosen, flat(tide.where(c, x, y)), named(c) .. " chooses " .. named(x) .. " and " .. named(y))
         end
      end)

      it("turned, flipped and rolled matrices", function()
         for round = 1, 48 do
            local x = view({upto(140), upto(140)}, DTYPES[round % #DTYPES + 1])
            local m, n, all = x.shape[1], x.shape[2], slow(x)
            local flipped, turned, rolled = {}, {}, {}
            for i = 0, m - 1 do
               for j = 0, n - 1 do
                  flipped[(m - 1 - i) * n + (n - 1 - j) + 1] = all[i * n + j + 1]
                  turned[(n - 1 - j) * m + i + 1] = all[i * n + j + 1]
                  rolled[(i + 3) % m * n + (j + 5) % n + 1] = all[i * n + j + 1]
               end
            end
            same(flipped, flat(x:flip {1, 2}), named(x, " flipped"))
            same(turned, flat(x:rot90()), named(x, " turned"))
            same(rolled, flat(x:roll({3, 5}, {1, 2})), named(x, " rolled"))
         end
      end)

      -- f(line, k) of every line along d, in the order of the first elements, k counting from 1; against got, whose lines have as many elements.
      local function by_lines(x, d, got, tolerance, f)
         local all, n, inner = slow(x), x.shape[d], 1
         for e = d + 1, #x.shape do inner = inner * x.shape[e] end
         local result = flat(got)
         local m = #result // (#all // n)
         for o = 0, #all // (n * inner) - 1 do
            for i = 1, inner do
               local line = {}
               for k = 1, n do line[k] = all[(o * n + k - 1) * inner + i] end
               local expected = f(line)
               for k = 1, m do
                  local v = result[(o * m + k - 1) * inner + i]
                  local near = math.abs(expected[k] - v) <= tolerance * (1 + math.abs(expected[k]))
                  if expected[k] ~= v and not near then
                     error(("%s along %d: %s at %d, not %s"):format(named(x), d, v, k, expected[k]))
                  end
               end
            end
         end
      end

      it("what is made of whole lines", function()
         for round = 1, 48 do
            local x = view(shape(4000), DTYPES[round % 4 + 1])
            local d, dtype = upto(#x.shape), x.dtype
            local float = dtype == tide.float32 or dtype == tide.float64
            local close = dtype == tide.float32 and 1e-5 or float and 1e-12 or 0
            by_lines(x, d, x:sum(d, true), close, function(line) local sum = 0 for _, v in ipairs(line) do sum = sum + v end return {sum} end)
            by_lines(x, d, x:amax(d, true), 0, function(line) return {math.max(table.unpack(line))} end)
            by_lines(x, d, x:argmax(d, true), 0, function(line) local best = 1 for k, v in ipairs(line) do if v > line[best] then best = k end end return {best} end)
            by_lines(x, d, x:cumsum(d), close, function(line) local sum, list = 0, {} for k, v in ipairs(line) do sum = sum + v list[k] = sum end return list end)
            local values, places = x:cummax(d)
            by_lines(x, d, values, 0, function(line) local best, list = line[1], {} for k, v in ipairs(line) do best = math.max(best, v) list[k] = best end return list end)
            by_lines(x, d, places, 0, function(line) local best, list = 1, {} for k, v in ipairs(line) do if v >= line[best] then best = k end list[k] = best end return list end)
            if float then
               x = x / 10
               by_lines(x, d, x:softmax(d), close, function(line)
                  local sum, list = 0, {}
                  for _, v in ipairs(line) do sum = sum + math.exp(v) end
                  for k, v in ipairs(line) do list[k] = math.exp(v) / sum end
                  return list
               end)
               by_lines(x, d, x:logsumexp(d, true), close, function(line) local sum = 0 for _, v in ipairs(line) do sum = sum + math.exp(v) end return {math.log(sum)} end)
               by_lines(x, d, x:var(d, false, true), close, function(line)
                  local sum, squares = 0, 0
                  for _, v in ipairs(line) do sum = sum + v end
                  for _, v in ipairs(line) do squares = squares + (v - sum / #line) ^ 2 end
                  return {squares / #line}
               end)
            end
         end
      end)

      it("over several dimensions are those over one of as many elements", function()
         for round = 1, 60 do
            local x = view(shape(20000), DTYPES[round % 4 + 1])
            local n = #x.shape
            local a, b = upto(n), upto(n)
            if a ~= b then
               if a > b then a, b = b, a end
               local one = x:movedim({a, b}, {-2, -1}):flatten(-2)
               assert(tide.equal(x:amax({a, b}), one:amax(-1)), named(x))
               assert(tide.allclose(x:sum({a, b}), one:sum(-1)), named(x))
               if x.dtype == tide.float64 then
                  assert(tide.allclose(x:var({a, b}), one:var(-1), {equal_nan = true}), named(x))
                  assert(tide.allclose((x / 10):logsumexp({a, b}), (one / 10):logsumexp(-1)), named(x))
               end
            end
         end
      end)
   end)
end

describe("results", function()
   local before = tide.get_num_threads()
   after_each(function() tide.set_num_threads(before) end)

   it("do not depend on the number of threads", function()
      for _, sizes in ipairs {{300, 700}, {700001}, {90000, 3}, {60, 50, 70}, {5, 60000}} do
         local x = (tide.arange(1, tide.tensor(sizes):prod():item() + 1, {dtype = tide.float32}) * 0.7548776662):sin():reshape(sizes)
         local function all()
            local list = {x:sum(), x:norm(), x:var(), x:max()}
            for d = 1, #sizes do
               for _, y in ipairs {x:sum(d), x:var(d), x:norm(2, d), x:softmax(d), x:logsumexp(d), x:cumsum(d), x:argmax(d), x:double():mean(d)} do list[#list + 1] = y end
            end
            return list
         end
         tide.set_num_threads(1)
         local one = all()
         tide.set_num_threads(3)
         for i, y in ipairs(all()) do assert(tide.equal(one[i], y), i) end
      end
   end)
end)
