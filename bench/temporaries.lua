-- 10,000 tensors of 4 MB, each dropped at once, with no collectgarbage anywhere: how much memory the process takes, and the time of one beyond
-- that of filling as many buffers in the same cycle (as many different ones as were alive at once).
--    lua5.4 bench/temporaries.lua [MB of the host's own Lua heap [mode of the collector]]
local tide = require "tide"
local megabytes, mode = tonumber(arg[1]) or 0, arg[2] or "incremental"
collectgarbage(mode)
local ballast = {}
for i = 1, megabytes * 1024 do ballast[i] = {i, i + 1, i + 2, ("x"):rep(880) .. i} end

local N, SIZE = 10000, 1 << 20
local function peak()
   local status = io.open "/proc/self/status"
   local kb = tonumber(status:read "a":match "VmHWM:%s*(%d+)")
   status:close()
   return kb / 1024
end

for _ = 1, 100 do tide.full({SIZE}, 1.0) end
local start = os.clock()
for _ = 1, N do tide.full({SIZE}, 1.0) end
local each, taken = (os.clock() - start) / N * 1e6, peak()
local alive = tide.memory_stats().peak_bytes // (4 * SIZE)

local ring = {}
for i = 1, alive do ring[i] = tide.full({SIZE}, 1.0) end
start = os.clock()
for i = 1, N do ring[i % alive + 1]:fill_(1) end
local filling = (os.clock() - start) / N * 1e6

local limit = megabytes > 0 and 700 or 300
assert(#ballast == megabytes * 1024)               -- it was there all the time
print(("Lua heap %2d MB, %-12s peak %3.0f MB (under %d), %4.0f us a tensor, %4.0f us filling %d buffers in turn, %4.0f us beyond (under 100)"):format(
   megabytes, mode .. ":", taken, limit, each, filling, alive, each - filling))
os.exit(taken < limit and each - filling < 100, true)
