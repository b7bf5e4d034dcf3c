-- Products of matrices over sizes, layouts and factors that the walk over operators does not reach: parts of tiles, blocks of k, copied and uncopied
-- operands, matrices in pieces for several threads. Against sums taken one element after another.
local tide = require "tide"

local random = 4711
local function upto(n)
   random = (random * 1103515245 + 12345) % 2147483648
   return 1 + (random >> 8) % n
end
local function one_of(list) return list[upto(#list)] end

local SMALL, MEDIUM = {0, 1, 2, 3, 4, 5, 7, 8, 12, 13, 16, 17}, {1, 2, 4, 15, 31, 32, 33, 47, 64, 65, 100, 129, 144, 200, 300}

local function numbers(dtype, ...)
   local sizes, n = {...}, 1
   for _, size in ipairs(sizes) do n = n * size end
   local x = (tide.arange(n) * 37 + upto(50)) % 97 - 48
   if tide[dtype].is_floating_point then x = x:to(tide[dtype]) / 16 end
   return x:to(tide[dtype]):reshape(sizes)
end

-- A matrix (or a list of them) of these sizes, lying in memory in one of many ways.
local LAYOUTS = {
   function(dtype, ...) return numbers(dtype, ...) end,
   function(dtype, ...) local s = {...} s[#s], s[#s - 1] = s[#s - 1], s[#s] return numbers(dtype, table.unpack(s)):transpose(-2, -1) end,
   function(dtype, ...) local s = {...} s[#s] = s[#s] + 5 return numbers(dtype, table.unpack(s)):narrow(-1, 3, s[#s] - 5) end,
   function(dtype, ...) local s = {...} s[#s - 1], s[#s] = s[#s] + 3, s[#s - 1] return numbers(dtype, table.unpack(s)):transpose(-2, -1):narrow(-1, 2, s[#s - 1] - 3) end,
   function(dtype, ...) local s = {...} s[#s + 1] = 2 return numbers(dtype, table.unpack(s)):select(-1, 2) end,
   function(dtype, ...) local s = {...} local full = {...} s[#s] = 1 return numbers(dtype, table.unpack(s)):expand(full) end,
   function(dtype, ...) local s = {...} local full = {...} s[#s - 1] = 1 return numbers(dtype, table.unpack(s)):expand(full) end,
}
local function laid(dtype, ...) return one_of(LAYOUTS)(dtype, ...) end

-- Some elements of c = alpha a b + beta x, for matrices a and b.
local function check(c, a, b, alpha, beta, x, what)
   local m, k, n = a.shape[1], a.shape[2], b.shape[2]
   local float = c.dtype.is_floating_point
   local eps = c.dtype == tide.float32 and 2 ^ -23 or float and 2 ^ -51 or 0
   assert.same({m, n}, {c.shape[1], c.shape[2]})
   if m * n == 0 then return end
   local whole = m * n * k < 2000
   local rows, columns, results = {}, {}, c:tolist()
   for place = 1, whole and m * n or 30 do
      local i, j = upto(m), upto(n)
      if whole then i, j = (place - 1) // n + 1, (place - 1) % n + 1 end
      rows[i] = rows[i] or a[i]:tolist()
      columns[j] = columns[j] or b:select(2, j):tolist()
      local sum, size = 0, 0
      for p = 1, k do
         local v = rows[i][p] * columns[j][p]
         sum, size = sum + v, size + math.abs(v)
      end
      local given = x and beta ~= 0 and x[{i, j}]:item() * beta or 0
      sum, size = alpha * sum + given, math.abs(alpha) * size + math.abs(given)
      local error = math.abs(results[i][j] - sum)
      local right = error <= eps * (4 + k ^ 0.5) * size      -- NaN is not
      if not right then assert(false, ("%s: element (%d, %d) of %d x %d x %d is %s, not %s"):format(what, i, j, m, k, n, results[i][j], sum)) end
   end
end

local FACTORS = {0, 1, 1, -1, 2, 3}

for threads = 1, 3, 2 do
   describe("products on " .. threads .. (threads > 1 and " threads" or " thread"), function()
      local before = tide.get_num_threads()
      setup(function() tide.set_num_threads(threads) end)
      teardown(function() tide.set_num_threads(before) end)

      for _, dtype in ipairs {"float32", "float64", "int64", "int32"} do
         local float = tide[dtype].is_floating_point

         it("are right for " .. dtype .. " matrices of any size and layout", function()
            for round = 1, float and 120 or 30 do
               local from = round % 3 == 0 and MEDIUM or SMALL
               local m, k, n = one_of(from), one_of(from), one_of(from)
               if round % 10 == 0 then k = 300 + upto(600) end
               local a, b = laid(dtype, m, k), laid(dtype, k, n)
               check(a:matmul(b), a, b, 1, 0, nil, "matmul")
               if n > 0 then
                  local j = upto(n)
                  check(a:mv(b:select(2, j)):unsqueeze(2), a, b:narrow(2, j, 1), 1, 0, nil, "mv")
               end
               if m > 0 then
                  local i = upto(m)
                  check(a:select(1, i):matmul(b):unsqueeze(1), a:narrow(1, i, 1), b, 1, 0, nil, "vector by matrix")
               end
               local alpha, beta = one_of(FACTORS), one_of(FACTORS)
               local sizes = one_of {{m, n}, {1, n}, {n}, {m, 1}, {}}
               local x = #sizes == 2 and laid(dtype, sizes[1], sizes[2]) or numbers(dtype, table.unpack(sizes))
               check(x:addmm(a, b, {beta = beta, alpha = alpha}), a, b, alpha, beta, x:expand(m, n), "addmm")
            end
         end)

         it("are right for " .. dtype .. " vectors of any length", function()
            for round = 1, float and 30 or 6 do
               local m, k, n = upto(7), round % 2 == 0 and 900 + upto(12000) or upto(2000), round % 3 == 0 and 2000 + upto(300) or upto(7)
               if k > 2000 then n = upto(7) end
               local a, b = laid(dtype, m, k), laid(dtype, k, n)
               check(a:mv(b:select(2, n)):unsqueeze(2), a, b:narrow(2, n, 1), 1, 0, nil, "mv")
               check(a:select(1, m):matmul(b):unsqueeze(1), a:narrow(1, m, 1), b, 1, 0, nil, "vector by matrix")
               check(a:select(1, m):dot(b:select(2, n)):reshape(1, 1), a:narrow(1, m, 1), b:narrow(2, n, 1), 1, 0, nil, "dot")
               local x, alpha, beta = numbers(dtype, n), one_of(FACTORS), one_of(FACTORS)
               check(x:addmv(b:t(), a:select(1, m), {beta = beta, alpha = alpha}):unsqueeze(1), a:narrow(1, m, 1), b, alpha, beta, x:expand(1, n), "addmv")
            end
         end)

         it("are right for lists of " .. dtype .. " matrices that broadcast", function()
            for round = 1, float and 20 or 10 do
               local from = round % 5 == 0 and MEDIUM or SMALL
               local m, k, n = one_of(from), one_of(from), one_of(from)
               local p, q, r, s = one_of {1, 2}, one_of {1, 3}, one_of {1, 2}, one_of {1, 3}
               local a, b = laid(dtype, p, q, m, k), laid(dtype, r, s, k, n)
               local c = a:matmul(b)
               local all, many = a:expand(c.shape[1], c.shape[2], m, k), b:expand(c.shape[1], c.shape[2], k, n)
               for i = 1, c.shape[1] do
                  for j = 1, c.shape[2] do check(c[i][j], all[i][j], many[i][j], 1, 0, nil, "matmul of lists") end
               end
               local alpha, beta = one_of(FACTORS), one_of(FACTORS)
               local x = one_of {laid(dtype, 3, m, n), numbers(dtype, 3, 1, 1), numbers(dtype, n)}
               a, b = laid(dtype, 3, m, k), laid(dtype, 3, k, n)
               c = x:baddbmm(a, b, {beta = beta, alpha = alpha})
               for i = 1, 3 do check(c[i], a[i], b[i], alpha, beta, x:expand(3, m, n)[i], "baddbmm") end
            end
         end)
      end

      it("leave what beta 0 hides unread", function()
         for _, n in ipairs {1, 3, 16, 65} do
            local x = tide.full({n, n}, 0 / 0)
            assert.False(x:addmm(tide.ones(n, 9), tide.ones(9, n), {beta = 0}):isnan():any():item())
            assert.False(x[1]:addmv(tide.ones(n, 9), tide.ones(9), {beta = 0}):isnan():any():item())
            assert.True(x:addmm(tide.ones(n, 9), tide.ones(9, n)):isnan():all():item())
         end
      end)

      it("spread NaN and infinity as sums do", function()
         for _, n in ipairs {1, 5, 33, 100} do
            local a = tide.ones(n, n)
            a[{n, 1}] = 0 / 0
            local y = a:matmul(tide.ones(n, n)):isnan()
            assert.equal(n, y:sum():item())
            assert.True(y[n]:all():item())
            a[{n, 1}] = 1 / 0
            assert.True(a:matmul(tide.ones(n, n))[n]:isinf():all():item())
         end
      end)
   end)
end

describe("the bits of a product", function()
   local before = tide.get_num_threads()
   after_each(function() tide.set_num_threads(before) end)

   it("do not depend on the number of threads", function()
      for _, dtype in ipairs {"float32", "float64"} do
         for _, size in ipairs {{300, 500, 400}, {64, 784, 512}, {1000, 37, 513}, {257, 900, 3}, {2, 900, 700}, {1, 2000, 900}, {900, 2000, 1}, {512, 512, 512}} do
            local m, k, n = table.unpack(size)
            for _, a in ipairs {numbers(dtype, m, k), numbers(dtype, k, m):t()} do
               for _, b in ipairs {numbers(dtype, k, n), numbers(dtype, n, k):t()} do
                  local x = numbers(dtype, n)
                  local function all() return {a:matmul(b), x:addmm(a, b), tide.stack({a, a, a}):bmm(b:expand(3, k, n))} end
                  tide.set_num_threads(1)
                  local one = all()
                  for _, threads in ipairs {2, 5} do
                     tide.set_num_threads(threads)
                     for i, y in ipairs(all()) do assert(tide.equal(one[i], y), ("%s %d %d %d on %d threads: %d"):format(dtype, m, k, n, threads, i)) end
                  end
               end
            end
         end
      end
   end)
end)

describe("the gradient of a weight used transposed", function()
   local x, g = numbers("float32", 4, 3), numbers("float32", 4, 5)
   local function weight() return numbers("float32", 5, 3):requires_grad_() end

   it("lies as the weight does, and accumulates", function()
      local w = weight()
      for times = 1, 3 do
         x:matmul(w:t()):backward(g)
         assert.True(w.grad:is_contiguous())
         assert.Nil(w.grad._base)
         assert.True(tide.allclose(w.grad, times * g:t():matmul(x)))
      end
   end)

   it("is a copy where somebody else knows it", function()
      for _, place in ipairs {"weight", "transpose", "product"} do
         local w, kept = weight(), nil
         local t = w:t()
         local y = x:matmul(t)
         local hooked = place == "weight" and w or place == "transpose" and t or y
         hooked:register_hook(function(grad) kept = grad end)
         y:backward(g)
         local before = kept:clone()
         w.grad:fill_(7)
         assert.True(tide.equal(before, kept), place)
      end
   end)

   it("of linear and of its bias has derivatives of any order", function()
      local w, b, input = weight():double():detach():requires_grad_(), numbers("float64", 5):requires_grad_(), numbers("float64", 4, 3):requires_grad_()
      local f = tide.nn.functional.linear
      assert.True(tide.autograd.gradcheck(f, {input, w, b}))
      assert.True(tide.autograd.gradgradcheck(f, {input, w, b}))
   end)
end)
