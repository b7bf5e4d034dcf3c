-- tide's side of a comparison: a process that takes orders, one a line, and answers each with lines that a lone point ends.
--    targets          what is wanted of tide (targets.lua)
--    list             the group's workloads: name, target, bytes, flops, and whether only the full comparison has it
--    open NAME        builds its inputs
--    draw RECIPE      the same for a workload described by a line (draws.lua)
--    check            what it computes, as digests
--    run N            computes it N times; answers with the processor's time
--    close            drops it
-- The clock is the caller's, who reads it before and after `run N`: one clock for both sides. Nothing here looks after the
-- collector while a workload runs.
--    lua5.4 bench/measure/worker.lua GROUP THREADS
local tide = require "tide"
local group, threads = arg[1], tonumber(arg[2])
if tide.get_num_threads() ~= threads then tide.set_num_threads(threads) end

local workloads, order = {}, {}
local function work(w)
   assert(not workloads[w[1]], w[1])
   workloads[w[1]], order[#order + 1] = w, w
end
local target = dofile "bench/targets.lua"
local draws
if group == "draws" then draws = dofile "bench/draws.lua" else dofile(("bench/%s.lua"):format(group))(work, tide, target) end

local run, check                -- of the workload that is open

-- A result as text: dtype, sizes, then sums and some of the elements, in double precision. The weights tell elements
-- in other places apart. Of large results every k-th element is taken.
local function digest(x)
   if not tide.is_tensor(x) then x = tide.tensor(x, {dtype = tide.float64}) end
   x = x:detach()
   local sizes = {}
   for i = 1, x.ndim do sizes[i] = ("%d"):format(x:size(i)) end
   local out = {tostring(x.dtype):match "%w+$", table.concat(sizes, "x")}
   local v = x:reshape(-1)
   local n = v:numel()
   if n > 1 << 18 then v = v[{{1, n, n // (1 << 18) + 1}}]; n = v:numel() end
   v = v:to(tide.float64)
   if n > 0 then
      local weights = (tide.arange(n, {dtype = tide.float64}) * 0.6180339887498949):frac()
      out[#out + 1] = ("%.17g %.17g %.17g"):format(v:abs():sum():item(), v:sum():item(), (v * weights):sum():item())
      for i = 1, n, n // 32 + 1 do out[#out + 1] = ("%.17g"):format(v[i]:item()) end
   end
   return table.concat(out, " ")
end

local function open(setup)
   tide.manual_seed(1)
   run, check = setup()
end

local orders = {}

function orders.targets()
   for name, value in pairs(target) do print(name, value) end
end

function orders.list()
   for _, w in ipairs(order) do
      print(table.concat({w[1], w.target or "", w.bytes or "", w.flops or "", w.full and "full" or ""}, "\t"))
   end
end

function orders.open(name) open(workloads[name].setup) end
function orders.draw(recipe) open(function() return draws(recipe, tide) end) end

function orders.check()
   local results = table.pack((check or run)())
   for i = 1, results.n do print(digest(results[i])) end
end

function orders.run(n)
   local f = run
   local start = os.clock()
   for _ = 1, tonumber(n) do f() end
   print(("%.6f"):format(os.clock() - start))
end

function orders.close()
   run, check = nil, nil
   collectgarbage()
end

function orders.status()
   for line in io.lines "/proc/self/status" do
      local name, kb = line:match "^(Vm%u+):%s*(%d+) kB"
      if name then print(name, kb) end
   end
end

io.stdout:setvbuf "full"
for line in io.lines() do
   local name, rest = line:match "^(%w+) ?(.*)$"
   local ok, message = pcall(orders[name], rest)
   if not ok then print("error " .. tostring(message):gsub("\n.*", "")) end
   print "."
   io.stdout:flush()
end
