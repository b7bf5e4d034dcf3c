-- The workloads of bench/compare, those that take no time: that the functions they call are still there.
local tide = require "tide"

describe("workloads of the benchmark", function()
   local target = dofile "bench/targets.lua"
   for _, group in ipairs {"overhead", "training", "models", "higher"} do
      it("run: " .. group, function()
         local names = {}
         dofile(("bench/%s.lua"):format(group))(function(w)
            assert(not names[w[1]], w[1])
            names[w[1]] = true
            local run, check = w.setup()
            run();
            (check or run)()
         end, tide, target)
         assert(next(names))
      end)
   end
   it("run as drawn", function()
      local draw = dofile "bench/draws.lua"
      for _, recipe in ipairs {
         "softmax float64 3x7 transposed dim=2 backward", "add int64 2x3x4 strided other=column", "matmul float32 2x3x4 plain columns=5 other=transposed",
         "index_select float32 6x5 offset dim=1 count=9", "cat float32 2x3 plain dim=2", "masked_fill float64 4x4 plain", "argmax float32 4x5 plain dim=1",
      } do
         tide.manual_seed(1)
         assert(tide.is_tensor((draw(recipe, tide))()), recipe)
      end
   end)
end)
