-- Calls of everything public with arguments that nobody would give. What matters is that each ends: with results or with an error.
--    lua5.4 spec/support/garbage.lua [seed [rounds [pattern]]]     alone, from the top of the tree: says what it calls, for finding a crash
local tide = require "tide"

-- These change what later calls and other specs see, or touch files.
local SPARED = {
   set_memory_limit = true, set_default_dtype = true, set_printoptions = true, save = true, load = true, set_grad_enabled = true, set_detect_anomaly = true,
   set_num_threads = true, _VERSION = true, interrupt = true, set_rng_state = true
}

-- A generator of its own, so that a seed says it all.
local state
local function random(n)
   state = (state * 1103515245 + 12345) % 2147483648
   return (state >> 8) % n + 1
end

-- Two lists: what is no tensor, and tensors of many kinds with lists of them.
local function pool()
   local released = tide.ones(2)
   released:release()
   local x = tide.arange(6):view(2, 3) / 4
   local w = tide.ones(2, 3, {requires_grad = true})
   local many = tide.ones(1, 2, 1, 1, 2, 1, 1, 1, 1, 2, 1, 1)
   local thorny = setmetatable({}, {__index = function() error "thorn" end, __len = function() return 3 end})
   local y = (w * 2):sum()
   return table.pack(
      nil, true, false, 0, 1, 2, 3, -1, -2, 2.5, 0 / 0, 1 / 0, -1 / 0, 2 ^ 31, -2 ^ 31, 2 ^ 53, math.maxinteger, math.mininteger, 1e300, "", "x", "mean", "sum", "none",
      {}, {1}, {1, 2}, {2, 1}, {0}, {-1}, {3, 3, 3}, {1, "x"}, {{1}, {2, 3}}, {2 ^ 40, 2 ^ 40}, {math.maxinteger}, {-5, 2}, {dim = 1}, {dim = "x"}, {keepdim = true}, {nothing = 1},
      {1, dim = 2}, {[3] = 1}, {true, false}, io.stdout, type, function(...) return ... end, coroutine.create(print), tide.float32, tide.int64, tide.bool, x.shape, y.grad_fn, thorny
   ), table.pack(
      x, x[1], x.T, x:expand(4, 2, 3), tide.tensor(2.5), tide.tensor(2), tide.tensor(true), tide.tensor {1, 2}, tide.tensor {0, 5, -7}, tide.tensor {{1, 2, 1}, {2, 1, 2}}, x:gt(0.5),
      tide.empty(0), tide.empty(0, 3), tide.empty(2, 0), many, w, w:detach(), (w * 1), x:double(), x:to(tide.uint8), x:to(tide.int8), x:to(tide.int16), released,
      tide.full({3, 3}, 0 / 0), tide.ones(3, 3), tide.ones(4, 3, 3), tide.tensor {math.maxinteger, math.mininteger}, {x, x}, {x, w}, {x, tide.tensor(1)}, {released}, {x, false, n = 2}, {false}
   )
end

local function describe(v)
   if type(v) == "table" and not getmetatable(v) then
      local parts = {}
      for k, e in pairs(v) do parts[#parts + 1] = tostring(k) .. "=" .. (type(e) == "table" and "{...}" or tostring(e):sub(1, 40)) end
      return "{" .. table.concat(parts, ", ") .. "}"
   end
   if tide.is_tensor(v) then local ok, s = pcall(function() return ("%s%s"):format(v.dtype, v.shape) end) return ok and s or "released" end
   return tostring(v)
end

-- name -> function: the module with its tables, methods, metamethods of what it makes
local function everything()
   local list, seen = {}, {}
   local function add(name, f) list[#list + 1] = {name, f} end
   local function walk(prefix, t, depth)
      if seen[t] or depth > 4 then return end
      seen[t] = true
      for k, v in pairs(t) do
         if type(k) == "string" and not SPARED[k] then
            if type(v) == "function" then add(prefix .. k, v)
            elseif type(v) == "table" then
               walk(prefix .. k .. ".", v, depth + 1)
               if (getmetatable(v) or {}).__call then add(prefix .. k, v) end
            end
         end
      end
   end
   walk("tide.", tide, 1)
   local x = tide.ones(2, {requires_grad = true})
   local y, guard = x * 2
   do local open <close> = tide.no_grad() guard = open end
   local objects = {
      tensor = x, node = y.grad_fn, dtype = x.dtype, size = x.shape, guard = guard, handle = x:register_hook(print),
      restore = tide.set_grad_enabled(true)
   }
   for name, object in pairs(objects) do
      for k, v in pairs(getmetatable(object)) do
         if type(v) == "function" then add(name .. "." .. k, v) end
         if type(v) == "table" and not seen[v] then walk(name .. "." .. k .. ".", v, 3) end
      end
   end
   for name, f in pairs(require "tide.core".methods) do if type(f) == "function" and not SPARED[name] then add(":" .. name, f) end end
   table.sort(list, function(a, b) return a[1] < b[1] end)
   return list
end

-- Calls everything that matches `rounds` times. report(text), if given, hears of each call before it is made. Returns how many calls gave results, how many errors.
local function run(seed, rounds, pattern, report)
   local results, errors, slow = 0, 0, {}
   local live = tide.memory_stats().live_bytes
   tide.set_memory_limit(live + 2 ^ 26)
   local functions = everything()
   for round = 1, rounds do
      state = seed + round * 7919
      local plain, tensors = pool()
      for _, entry in ipairs(functions) do
         local name, f = entry[1], entry[2]
         if not pattern or name:find(pattern) then
            local args = {n = random(5) - 1}
            for i = 1, args.n do
               local from = random(i == 1 and 3 or 2) == 1 and plain or tensors
               args[i] = from[random(from.n)]
            end
            if report then
               local parts = {}
               for i = 1, args.n do parts[i] = describe(args[i]) end
               report(("%s(%s)"):format(name, table.concat(parts, ", ")))
            end
            local start = os.clock()
            local ok, message = pcall(f, table.unpack(args, 1, args.n))
            if os.clock() - start > 0.5 then slow[#slow + 1] = name end
            if ok then results = results + 1
            else
               errors = errors + 1
               if message == nil then error(name .. ": an error without a message") end
            end
         end
      end
      collectgarbage()
      tide.set_grad_enabled(true)
      tide.autograd.set_detect_anomaly(false)
   end
   tide.set_memory_limit(0)
   return results, errors, slow
end

-- Arguments of the right kinds, with values from the edges.
local INTEGERS = {0, 1, 1, 2, 2, 3, -1, -2, 5, 7, -7, 64, 1000, 2 ^ 31, -2 ^ 31, 2 ^ 33, math.maxinteger, math.mininteger}
local NUMBERS = {0, 1, -1, 0.5, 2, 3.7, 1e-30, 1e30, 0 / 0, 1 / 0, -1 / 0, 100}
local STRINGS = {"mean", "sum", "none", "ij", "xy", "constant", "reflect", "replicate", "circular", "tanh",
   "trunc", "floor", "amax", "prod", "linalg", "fro", "nuc", "ij->ji", "i,i", "...", "", "left", "right"}

local function one_of(list) return list[random(#list)] end
local function integers() local list = {} for i = 1, random(4) - 1 do list[i] = one_of(INTEGERS) end return list end
local function small_integers() local list = {} for i = 1, random(4) - 1 do list[i] = random(6) - 2 end return list end

local function argument(kind, tensors)
   local function tensor() local t repeat t = tensors[random(tensors.n)] until tide.is_tensor(t) return t end
   if kind == "T" or kind == "PT" then return tensor()
   elseif kind == "OT" then if random(2) == 1 then return tensor() end return nil
   elseif kind == "TN" or kind == "OTN" then if random(3) > 1 then return tensor() end return one_of(NUMBERS)
   elseif kind == "NT" or kind == "ONT" or kind == "N" then return one_of(NUMBERS)
   elseif kind == "TL" then local list = {} for i = 1, random(4) - 1 do list[i] = tensor() end return list
   elseif kind == "OTL" then local list = {n = random(4) - 1} for i = 1, list.n do list[i] = random(3) > 1 and tensor() or nil end return list
   elseif kind == "INT" or kind == "POS" then return one_of(INTEGERS)
   elseif kind == "DIM" then return random(6) - 3
   elseif kind == "BOOL" then return random(2) == 1
   elseif kind == "STR" then return one_of(STRINGS)
   elseif kind == "DTYPE" then return one_of {tide.float32, tide.float64, tide.int64, tide.int8, tide.uint8, tide.bool}
   elseif kind == "DIMS" then return small_integers()
   else return random(3) == 1 and integers() or small_integers() end
end

-- Calls every public operator with such arguments, where it can be backward through the result too.
local function typed(seed, rounds, pattern, report)
   local core = require "tide.core"
   local results, errors, slow = 0, 0, {}
   tide.set_memory_limit(tide.memory_stats().live_bytes + 2 ^ 26)
   for round = 1, rounds do
      state = seed + round * 7919
      local _, tensors = pool()
      for _, op in ipairs(core.operators()) do
         if not op.internal and (not pattern or op.id:find(pattern)) then
            local args, n = {}, 0
            for _, p in ipairs(op.params) do
               if p.preset ~= "" and random(3) == 1 then break end
               if p.kind ~= "CTX" then
                  n = n + 1
                  args[n] = argument(p.kind, tensors)
               end
            end
            local inplace = op.inplace and random(4) == 1
            if report then
               local parts = {}
               for i = 1, n do parts[i] = describe(args[i]) end
               report(("%s%s(%s)"):format(op.id, inplace and "_" or "", table.concat(parts, ", ")))
            end
            local start = os.clock()
            local ok, y = pcall(core.operator(op.id, inplace), table.unpack(args, 1, n))
            if ok and tide.is_tensor(y) then
               pcall(tostring, y)
               if y.requires_grad and random(2) == 1 then pcall(function() y:sum():backward() end) end
            end
            if os.clock() - start > 0.5 then slow[#slow + 1] = op.id end
            if ok then results = results + 1 else errors = errors + 1 end
         end
      end
      collectgarbage()
   end
   tide.set_memory_limit(0)
   return results, errors, slow
end

if arg and arg[0] and arg[0]:find "garbage.lua$" then
   local log = io.open(os.getenv "GARBAGE_LOG" or "/dev/null", "w")
   log:setvbuf "no"
   for name, f in pairs {run = run, typed = typed} do
      if arg[4] == nil or arg[4] == name then
         local results, errors, slow = f(tonumber(arg[1]) or 1, tonumber(arg[2]) or 1, arg[3] ~= "" and arg[3] or nil, function(text) log:seek "set" log:write(text, "\n", (" "):rep(200), "\n") end)
         print(name, results, errors, table.concat(slow, " "))
      end
   end
end

return {run = run, typed = typed}
