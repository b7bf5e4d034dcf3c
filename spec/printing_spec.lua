-- Section 6 of the contract: the text of a tensor is PyTorch's, byte for byte (spec/data/printing.py).
local tide = require "tide"
local text = dofile "spec/data/text.lua"
local groups = dofile "spec/data/printing.lua"

local function describe_options(options)
   local words = {}
   for k, v in pairs(options) do words[#words + 1] = k .. " = " .. tostring(v) end
   table.sort(words)
   return #words > 0 and table.concat(words, ", ") or "default options"
end

for _, group in ipairs(groups) do
   describe("printing with " .. describe_options(group.options) .. (group.default and " and default dtype " .. group.default or ""), function()
      before_each(function()
         tide.set_printoptions {profile = "default"}
         if next(group.options) then tide.set_printoptions(group.options) end
         if group.default then tide.set_default_dtype(tide[group.default]) end
      end)
      after_each(function()
         tide.set_printoptions {profile = "default"}
         tide.set_default_dtype(tide.float32)
      end)
      for _, case in ipairs(group) do
         it(case[1], function() assert.are.equal(case[2], tostring(text.eval(case[1]))) end)
      end
   end)
end

describe("printing", function()
   it("is what .. gives", function()
      local x = tide.tensor {1.5, 2}
      assert.are.equal("x = tensor([1.5000, 2.0000])!", "x = " .. x .. "!")
      assert.are.equal("tensor(1)tensor(2)", tide.tensor(1) .. tide.tensor(2))
   end)
   it("of a node gives its name and address", function()
      local y = tide.ones(2, {requires_grad = true}) + 2
      assert.matches("^<AddBackward0 object at 0x%x+>$", tostring(y.grad_fn))
      assert.matches("^<AccumulateGrad object at 0x%x+>$", tostring(y.grad_fn.next_functions[1][1]))
   end)
   it("leaves no trace in the graph", function()
      local x = tide.ones(2000, {requires_grad = true})
      local y = x * 2
      assert.is_string(tostring(y))
      assert.are.equal(0, y._version)
      y:sum():backward()
      assert.are.equal(2, x.grad[1]:item())
   end)
   it("in place of a view shows the new history", function()
      local x = tide.ones(2, 2, {requires_grad = true}) * 1
      x[1] = 5
      assert.are.equal("tensor([[5., 5.],\n        [1., 1.]], grad_fn=<CopySlices>)", tostring(x))
   end)
   it("options that do not exist are errors which name them", function()
      for _, options in ipairs {{precison = 2}, {profile = "wide"}, {precision = "two"}} do
         local ok, message = pcall(tide.set_printoptions, options)
         assert.is_false(ok)
         assert.matches("set_printoptions", message)
      end
   end)
end)
