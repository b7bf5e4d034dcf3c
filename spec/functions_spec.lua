-- Functions of lua/tide/functions.lua.
local tide = require "tide"

describe("equal and allclose", function()
   local x = tide.tensor {1, 2.5}
   it("compare sizes and elements", function()
      assert(tide.equal(x, x:clone()) and x:equal(tide.tensor {1, 2.5}))
      assert(not x:equal(x + 1) and not x:equal(tide.tensor {{1, 2.5}}) and not x:equal(tide.ones(0)))
      assert(tide.equal(tide.ones(0), tide.ones(0)))
   end)
   it("allow for rounding where told to", function()
      assert(tide.allclose(x, x * (1 + 1e-6)) and not tide.allclose(x, x * 1.01) and tide.allclose(x, x * 1.01, {rtol = 0.1}))
      local n = tide.tensor {0 / 0}
      assert(not tide.allclose(n, n) and n:allclose(n, {equal_nan = true}))
   end)
   it("want tensors", function() assert.has_error(function() tide.equal(x, 1) end) end)
end)

describe("new_tensor", function()
   it("takes the dtype of the tensor", function()
      local x = tide.tensor({1, 2}, {dtype = tide.float64}):new_tensor {3, 4}
      assert.equal(tide.float64, x.dtype)
      assert.same({3, 4}, x:tolist())
      assert.equal(tide.int64, x:new_tensor({3}, {dtype = tide.int64}).dtype)
   end)
end)

describe("tensordot", function()
   local a, b = tide.arange(6.0):view(2, 3), tide.arange(6.0):view(3, 2)
   it("takes a number of dimensions or a pair of lists, in every way of writing them", function()   -- 50: torch.tensordot(a, b, dims=([0, 1], [1, 0]))
      for _, y in ipairs {tide.tensordot(a, b, {{1, 2}, {2, 1}}), tide.tensordot(a, b, {dims = {{1, 2}, {2, 1}}}), tide.tensordot(a, b, {1, 2}, {2, 1}), tide.tensordot(a, b.T, 2)} do
         assert.equal(50, y:item())
      end
      assert.same((a:mm(b)):tolist(), tide.tensordot(a, b, {dims = 1}):tolist())
   end)
end)

describe("reshape", function()
   it("is a view under PyTorch's names", function()                -- PyTorch 2.13
      local x = tide.ones(3, 4, {requires_grad = true})
      for name, y in pairs {ViewBackward0 = x:reshape(12), ReshapeAliasBackward0 = x[{{}, {2, 2}}]:flatten(), UnsafeViewBackward0 = x:t():reshape(12)} do
         assert.equal(name, y.grad_fn:name())
      end
   end)
end)

describe("the module", function()
   -- Runs a script in a Lua of its own, and gives what it prints.
   local function printed(script)
      local pipe = assert(io.popen(("LUA_PATH='%s' LUA_CPATH='%s' lua5.4 -e '%s' 2>&1"):format(package.path, package.cpath, script)))
      local text = pipe:read "a"
      pipe:close()
      return text
   end
   it("makes operators when they are first asked for, the same ones as functions and methods", function()
      assert.equal("true\ttrue\ttrue\tnil\tnil\n", printed [[
         local tide = require "tide"
         local x = tide.ones(2)
         print(rawget(tide, "atan2") == nil and tide.atan2 == x.atan2, tide.add_ == x.add_, tide.nn.functional.gelu ~= nil, tide.ad, tide.add__)
      ]])
   end)
   it("shows all of them to pairs", function()
      local text = printed [[
         local tide, seen = require "tide", {}
         for name in pairs(tide) do seen[name] = true end
         print(seen.add and seen.add_ and seen.absolute and seen.nn and seen.save and seen.manual_seed, seen.names, seen.methods)
      ]]
      assert.equal("true\tnil\tnil\n", text)
   end)
   it("is small for the collector: a host calls it often", function()
      local kilobytes = tonumber(printed [[ require "tide" collectgarbage() collectgarbage() print(collectgarbage "count") ]])
      assert(kilobytes < 128, ("%g KB"):format(kilobytes))                     -- 92; all operators: 411
   end)
end)
