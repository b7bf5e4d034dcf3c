-- 100 operations on one number, forward and backward: tide's side. Prints the median time of one round in microseconds.
local tide = require "tide"
local x = tide.tensor({0.5}, {requires_grad = true})

local function round()
   local y = x
   for _ = 1, 50 do y = y * 1.01 + 0.01 end
   y:backward()
   x.grad = nil
end

local clock = os.clock
local samples = {}
for _ = 1, 200 do round() end
for s = 1, 101 do
   local start = clock()
   for _ = 1, 50 do round() end
   samples[s] = (clock() - start) / 50 * 1e6
end
table.sort(samples)
print(("%.2f"):format(samples[51]))
