-- How cost grows: one table of figures for bench/growth, a line each: what, series, size, seconds, bytes ("-" where it is not of interest).
--    lua5.4 bench/growth.lua elements|nodes|dimensions|matrix
local tide = require "tide"
local clock = os.clock

local function report(series, size, seconds, bytes)
   print(("%s\t%d\t%.4g\t%s"):format(series, size, seconds, bytes and ("%d"):format(bytes) or "-"))
   io.stdout:flush()
end

-- Seconds that f takes: the least of some batches, each long enough for the clock, after one to warm up.
local function time(f)
   local function batch(n)
      local start = clock()
      for _ = 1, n do f() end
      return clock() - start
   end
   local n, spent = 1, batch(1)
   while spent < 0.01 do
      n = spent > 0.001 and math.ceil(n * 0.012 / spent) or n * 10
      spent = batch(n)
   end
   local best = spent / n
   for _ = 1, 9 do
      if spent > 2 then break end
      local taken = batch(n)
      best, spent = math.min(best, taken / n), spent + taken
   end
   return best
end

-- Bytes that are in use for the result of f, tide's and Lua's.
local function memory(f)
   local function used()
      for _ = 1, 3 do collectgarbage() end                        -- a box dies in one, what it held in the next
      return tide.memory_stats().live_bytes + math.tointeger(collectgarbage "count" * 1024)
   end
   local before = used()
   local held = f()
   return used() - before, held
end

local kinds = {}

function kinds.elements(largest)
   local n = 1
   while n <= largest do
      local x, y = tide.rand(n), tide.rand(n)
      local function add() return x + y end
      report("x + y", n, time(add), (memory(add)))
      report("exp", n, time(function() return x:exp() end))
      report("sum", n, time(function() return x:sum() end))
      if n <= largest // 10 then
         x.requires_grad = true
         report("x * x + y, backward", n, time(function()
            x.grad = nil
            (x * x + y):sum():backward()
         end))
      end
      x, y = nil, nil
      collectgarbage()
      n = n * 10
   end
end

function kinds.nodes()
   local x = tide.ones(1, {requires_grad = true})
   local function chain(n)
      local y = x
      for _ = 1, n // 2 do y = y * 1.0 + 0.0 end
      return y
   end
   local function fan(n)
      local pieces = {}
      for i = 1, n do pieces[i] = x * 2.0 end
      return tide.cat(pieces):sum()
   end
   for _, graph in ipairs {{"a chain, forward and backward", chain}, {"one leaf used n times", fan}} do
      local name, build = graph[1], graph[2]
      for power = 2, 6 do
         local n = math.tointeger(10 ^ power)
         local seconds = time(function()
            x.grad = nil
            build(n):backward()
         end)
         report(name, n, seconds, (memory(function() return build(n) end)))
      end
   end
end

function kinds.dimensions()
   for d = 1, 12 do
      local ones, halves = {}, {}
      for i = 1, d do ones[i], halves[i] = 1, 2 end
      halves[d] = (1 << 20) >> (d - 1)                            -- 2 x 2 x ... x the rest: as many elements whatever d is
      local order = {}
      for i = 1, d do order[i] = d + 1 - i end
      local a, b = tide.rand(ones), tide.rand(ones)
      report("one element: add", d, time(function() return a + b end))
      local x, y = tide.rand(halves), tide.rand(halves)
      report("a million: add", d, time(function() return x + y end))
      if d > 1 then
         local reversed = y:permute(order)
         local other = x:permute(order):contiguous()
         report("a million: add, dimensions reversed", d, time(function() return other + reversed end))
         report("a million: sum of every second dimension", d, time(function()
            local dims = {}
            for i = 1, d, 2 do dims[#dims + 1] = i end
            return x:sum(dims)
         end))
      end
   end
end

function kinds.matrix()
   for _, n in ipairs {16, 32, 64, 128, 256, 512, 1024, 2048} do
      local a, b = tide.rand(n, n), tide.rand(n, n)
      report("float32", n, time(function() return a:matmul(b) end))
      local c, d = a:double(), b:double()
      report("float64", n, time(function() return c:matmul(d) end))
      a.requires_grad = true
      report("float32, backward", n, time(function()
         a.grad = nil
         a:matmul(b):backward(b)
      end))
   end
end

kinds[arg[1]](tonumber(arg[2]))
