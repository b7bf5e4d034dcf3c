-- What tide says of its memory, its limit, and running out of it: an ordinary error after which everything is there and usable.
local tide = require "tide"

local function clean()
   collectgarbage()
   collectgarbage()
   return tide.memory_stats()
end

-- Calls f with room for `more` bytes, and takes the limit away however it ends.
local function limited(more, f)
   tide.set_memory_limit(clean().live_bytes + more)
   local ok, message = pcall(f)
   tide.set_memory_limit(0)
   return ok, message
end

local function runs_out(more, f)
   local ok, message = limited(more, f)
   assert(not ok, "there was room")
   assert(type(message) == "string" and message:find "out of memory", tostring(message))
   return message
end

describe("memory_stats", function()
   it("counts bytes, tensors and nodes that are alive", function()
      tide.ones(1):release()                             -- (what is made at first use)
      local before = clean()
      local x = tide.ones(1024, 256, {requires_grad = true})
      local y = x * x
      local now = tide.memory_stats()
      assert.equal(2, now.tensors - before.tensors)
      assert.equal(2, now.nodes - before.nodes)
      assert(now.live_bytes - before.live_bytes >= 2 * 2 ^ 20 and now.live_bytes - before.live_bytes < 2.6 * 2 ^ 20)
      assert(now.peak_bytes >= now.live_bytes)
      y:release()
      x:release()
      assert.equal(before.live_bytes, tide.memory_stats().live_bytes)
   end)
   it("has just the fields of the contract", function()
      local names = {}
      for name, value in pairs(tide.memory_stats()) do
         assert.equal("integer", math.type(value))
         names[#names + 1] = name
      end
      table.sort(names)
      assert.same({"cached_bytes", "live_bytes", "nodes", "peak_bytes", "tensors"}, names)
   end)
end)

describe("empty_cache", function()
   it("gives back what is cached and only that", function()
      local kept = tide.ones(2 ^ 16)
      tide.ones(2 ^ 18):release()
      tide.empty_cache()
      assert.equal(0, tide.memory_stats().cached_bytes)
      assert.equal(2 ^ 16, kept:sum():item())
   end)
end)

describe("set_memory_limit", function()
   it("refuses what would pass it and says how much that was", function()
      local message = runs_out(2 ^ 20, function() return tide.zeros(2 ^ 20) end)
      assert(message:find "^spec/memory_spec.lua:%d+: zeros: out of memory: 4194304 bytes more would pass the limit of %d+", message)
   end)
   it("lets through what the collector can make room for", function()
      local ok, message = limited(3 * 2 ^ 20, function()
         for _ = 1, 50 do local _ = tide.zeros(2 ^ 19) end
      end)
      assert(ok, message)
   end)
   it("takes no nonsense", function()
      for _, v in ipairs {-1, 0 / 0, 1 / 0, 2 ^ 63, "x", {}} do
         local ok, message = pcall(tide.set_memory_limit, v)
         assert(not ok and message:find "set_memory_limit: ", message)
      end
      assert(not pcall(tide.set_memory_limit))
   end)
end)

describe("running out", function()
   it("is an error for sizes that no machine has", function()
      for _, sizes in ipairs {{2 ^ 40, 2 ^ 40}, {math.maxinteger}, {2 ^ 62}, {2 ^ 31, 2 ^ 31, 2 ^ 31}} do
         local ok, message = pcall(tide.zeros, sizes)
         assert(not ok and message:find "out of memory", message)
      end
      assert.equal(0, tide.zeros(2 ^ 40, 0):numel())
   end)
   it("in an operator leaves its operands as they were", function()
      local x = tide.ones(2 ^ 18, {requires_grad = true})
      local y = x * 2
      runs_out(2 ^ 19, function() return y + 1 end)
      runs_out(2 ^ 19, function() return tide.cat({y, y}) end)
      runs_out(2 ^ 19, function() return y:view(512, 512):matmul(y:view(512, 512)) end)
      runs_out(2 ^ 19, function() return y:sort() end)
      assert.equal(2 ^ 19, y:sum():item())
      y:sum():backward()
      assert.equal(2 ^ 19, x.grad:sum():item())
   end)
   it("in a write leaves the old values and the version", function()
      local x = tide.ones(2 ^ 18)
      local w = tide.ones(2 ^ 18, {requires_grad = true})
      local y = w * 1
      local version = y._version
      runs_out(2 ^ 19, function() y:mul_(w:exp()) end)
      runs_out(2 ^ 19, function() y:cumsum_(1) end)
      runs_out(2 ^ 19, function() y[{{1, 2 ^ 17}}] = tide.ones(2 ^ 17) * 3 + tide.ones(2 ^ 17) end)
      assert.equal(version, y._version)
      assert.equal(2 ^ 18, y:sum():item())
      assert.equal("MulBackward0", y.grad_fn:name())
      assert.equal(2 ^ 18, x:sum():item())
   end)
   it("in a backward keeps the graph of retain_graph usable", function()
      local w = tide.ones(2 ^ 18, {requires_grad = true})
      local y = (w:exp() * w:sin()):sum()
      runs_out(2 ^ 19, function() y:backward {retain_graph = true} end)
      w.grad = nil
      y:backward()
      assert(math.abs(w.grad[1]:item() - math.exp(1) * (math.sin(1) + math.cos(1))) < 1e-5)
   end)
   it("in a hook or a custom function is the error that arrives", function()
      local w = tide.ones(2 ^ 18, {requires_grad = true})
      local handle = w:register_hook(function(g) return tide.cat({g, g}):narrow(1, 1, 2 ^ 18) end)
      local y = (w * 2):sum()
      runs_out(2 ^ 21 + 2 ^ 19, function() y:backward {retain_graph = true} end)
      handle:remove()
      w.grad = nil
      y:backward()
      assert.equal(2, w.grad[1]:item())
      local Big = tide.autograd.Function {name = "Big", forward = function(_, x) return tide.cat({x, x}) end, backward = function(_, g) return g[{{1, 2 ^ 18}}] end}
      runs_out(2 ^ 19, function() return Big(w) end)
      assert.equal(2 ^ 19, Big(w):numel())
   end)
   it("in a scope ends it", function()
      local lost
      runs_out(2 ^ 20, function()
         tide.scope(function() lost = tide.ones(10) return tide.ones(2 ^ 20) end)
      end)
      assert.equal("tensor(released)", tostring(lost))
   end)
   it("in between Lua's own values is an error too", function()
      runs_out(2 ^ 20, function() local list = {} for i = 1, 100 do list[i] = tide.ones(2 ^ 14) end return list end)
      runs_out(2 ^ 16, function() local list = {} for i = 1, 10000 do list[i] = tide.ones(1) end return list end)
      assert.same({2}, (tide.ones(1) * 2):tolist())
   end)
   it("leaves nothing behind", function()
      local before = clean()
      for _ = 1, 20 do
         local w = tide.ones(2 ^ 12, {requires_grad = true})
         limited(2 ^ 16, function() for _ = 1, 10 do (w:exp() * w:sin()):sum():backward {create_graph = false} w = w * 1 end end)
      end
      local after = clean()
      assert.same({before.live_bytes, before.tensors, before.nodes}, {after.live_bytes, after.tensors, after.nodes})
   end)
end)

describe("the collector", function()
   -- Nothing here calls it: tide has to.
   for _, mode in ipairs {"incremental", "generational"} do
      it("is paced for big tensors, " .. mode, function()
         local old = collectgarbage(mode)
         clean()
         local floor, highest = tide.memory_stats().live_bytes, 0
         for _ = 1, 300 do
            local _ = tide.zeros(2 ^ 18)
            highest = math.max(highest, tide.memory_stats().live_bytes - floor)
         end
         collectgarbage(old)
         assert(highest < 512 * 2 ^ 20, ("%d MB were alive"):format(highest // 2 ^ 20))
      end)
      it("is paced for small tensors and graphs, " .. mode, function()
         local old = collectgarbage(mode)
         clean()
         local x = tide.ones(4, {requires_grad = true})
         local floor, highest = tide.memory_stats().live_bytes, 0
         for _ = 1, 300 do
            local y = x
            for _ = 1, 100 do y = y * 1 end
            y:sum():backward()
            highest = math.max(highest, tide.memory_stats().live_bytes - floor)
         end
         collectgarbage(old)
         assert(highest < 64 * 2 ^ 20, ("%d KB were alive"):format(highest // 1024))
      end)
   end
   it("is left alone where the host has stopped it", function()
      clean()
      collectgarbage "stop"
      local seen
      setmetatable({}, {__gc = function() seen = true end})
      for _ = 1, 100 do local _ = tide.zeros(2 ^ 18) end
      local untouched = not seen
      collectgarbage "restart"
      clean()
      assert(untouched)
   end)
end)
