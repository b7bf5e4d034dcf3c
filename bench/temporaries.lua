-- 10,000 tensors of 4 MB, each dropped at once, with no collectgarbage anywhere: how much memory the process takes, and the time of one beyond
-- that of filling as much memory in the same buffer.   lua5.4 bench/temporaries.lua [MB of the host's own Lua heap]
local tide = require "tide"
local ballast = {}
local megabytes = tonumber(arg[1]) or 0
for i = 1, megabytes * 1024 do ballast[i] = {i, i + 1, i + 2, ("x"):rep(880) .. i} end

local N, SIZE = 10000, 1 << 20
local function peak()
   local status = io.open "/proc/self/status"
   local kb = tonumber(status:read "a":match "VmHWM:%s*(%d+)")
   status:close()
   return kb / 1024
end

local buffer = tide.empty(SIZE)
for _ = 1, 100 do buffer:fill_(1) end
local start = os.clock()
for _ = 1, N do buffer:fill_(1) end
local filling = (os.clock() - start) / N * 1e6

start = os.clock()
for _ = 1, N do tide.full({SIZE}, 1.0) end
local each = (os.clock() - start) / N * 1e6

local limit = megabytes > 0 and 700 or 300
assert(#ballast == megabytes * 1024)               -- it was there all the time
print(("Lua heap %3d MB: peak %.0f MB (under %d), %.0f us a tensor, %.0f us of it filling, %.0f us beyond (under 100)"):format(
   megabytes, peak(), limit, each, filling, each - filling))
os.exit(peak() < limit and each - filling < 100, true)
