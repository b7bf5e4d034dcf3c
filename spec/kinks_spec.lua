-- Gradients where a function has a kink, a tie, a pole or an infinity, as PyTorch chooses them (spec/data/kinks.py).
local tide = require "tide"
local text = dofile "spec/data/text.lua"

local function list(v)
   local words = {}
   for i, x in ipairs(v) do words[i] = x ~= x and "nan" or ("%g"):format(x) end
   return table.concat(words, " ")
end

local function name(source, variables)
   local words = {}
   for k, v in pairs(variables) do words[#words + 1] = ("%s = %s"):format(k, list(v)) end
   table.sort(words)
   return ("%s at %s"):format(source, table.concat(words, ", "))
end

describe("gradients of", function()
   for _, case in ipairs(dofile "spec/data/kinks.lua") do
      local source, variables, gradients = table.unpack(case)
      it(name(source, variables), function()
         local needed = source:match "F%.([%w_]+)"
         if needed and not text.eval("F and F." .. needed) then pending("not there yet: F." .. needed) return end
         local env = {}
         for k, v in pairs(variables) do env[k] = tide.tensor(v, {dtype = tide.float64, requires_grad = true}) end
         local y = text.eval(source, env)
         y:sum():backward()
         for k, expected in pairs(gradients) do
            local actual = text.of(env[k].grad)
            assert(text.close(expected, actual, 1e-14), ("%s: expected %s, got %s"):format(k, expected, actual))
         end
      end)
   end
end)

describe("no gradient passes", function()
   for _, source in ipairs {"x // 2", "x:floor_divide(2)"} do
      it(source .. ": backward is an error", function()
         local x = tide.tensor({7.5, 4.0}, {requires_grad = true})
         local y = text.eval(source, {x = x})
         local ok, message = pcall(function() y:sum():backward() end)
         assert.is_false(ok)
         assert.matches("floor_divide", message)
         assert.is_nil(x.grad)
      end)
   end
   for _, source in ipairs {
      "x:argmax()", "x:gt(1)", "x:eq(x)", "(select(2, x:max(1)))", "(select(2, x:sort()))", "x:nonzero()", "x:isnan()",
      "x:to(tide.int64)", "x:all()", "x:any()",
   } do
      it(source .. ": the result is a leaf", function()
         local y = text.eval(source, {x = tide.tensor({7.5, 4.0}, {requires_grad = true})})
         assert.is_false(y.requires_grad)
         assert.is_nil(y.grad_fn)
      end)
   end
end)
