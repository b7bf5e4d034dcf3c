-- Giving memory up before the collector comes: tide.scope, release, <close>, keep.
local tide = require "tide"

local function tensors()
   collectgarbage()
   collectgarbage()
   return tide.memory_stats().tensors
end

-- Runs f with the collector off: what is gone after it was given up, not collected.
local function uncollected(f)
   collectgarbage()
   collectgarbage()
   collectgarbage "stop"
   local before = tide.memory_stats().tensors
   local ok, message = pcall(f)
   local after = tide.memory_stats().tensors
   collectgarbage "restart"
   assert(ok, message)
   return after - before
end

local function released(t) return tostring(t) == "tensor(released)" end

describe("release", function()
   it("gives the memory up at once", function()
      assert.equal(0, uncollected(function()
         for _ = 1, 10 do local x = tide.ones(10) x:release() end
      end))
   end)
   it("is what <close> does, on every exit", function()
      local outside
      assert.equal(0, uncollected(function()
         do local x <close> = tide.ones(10) outside = x end
         pcall(function() local _ <close> = tide.ones(10) error "out" end)
         local co = coroutine.wrap(function() local _ <close> = tide.ones(10) coroutine.yield() end)
         co()
         co()
      end))
      assert(released(outside))
   end)
   it("of a node's tensor leaves the node", function()
      local x = tide.ones(2, {requires_grad = true})
      local y = x * 2
      local node = y.grad_fn
      y:release()
      assert.equal("MulBackward0", node:name())
   end)
   it("of anything else is an error", function()
      for _, v in ipairs {1, "x", {}, io.stdout} do
         local ok, message = pcall(tide.ones(1).release, v)
         assert(not ok and message:find "release: argument 1 %('self'%): a tensor is expected", message)
      end
   end)
end)

describe("scope", function()
   it("releases what was made in it", function()
      local inner = {}
      assert.equal(0, uncollected(function()
         tide.scope(function() for i = 1, 10 do inner[i] = tide.ones(i) * 2 end end)
      end))
      for i = 1, 10 do assert(released(inner[i])) end
   end)
   it("leaves alone what was made outside", function()
      local x = tide.ones(2)
      tide.scope(function() return x + 1 end)
      assert.same({1, 1}, x:tolist())
      tide.scope(function() return x end)
      assert.same({1, 1}, x:tolist())
   end)
   it("passes arguments on and results out, nil included", function()
      local packed = table.pack(tide.scope(function(...) return select("#", ...), ..., nil end, 1, nil))
      assert.equal(3, packed.n)
      assert.same({2, 1}, {packed[1], packed[2]})
      assert.equal(0, select("#", tide.scope(function() end)))
   end)
   it("lets results live, in tables too", function()
      local a, list, deep = tide.scope(function()
         local x = tide.ones(2)
         local t = {x * 2, {x * 3}, name = x * 4}
         t.itself = t
         return x, t, {[x * 5] = true}
      end)
      assert.same({1, 1}, a:tolist())
      assert.same({2, 2}, list[1]:tolist())
      assert.same({3, 3}, list[2][1]:tolist())
      assert.same({4, 4}, list.name:tolist())
      assert(deep)
   end)
   it("leaves alone what keep was called on", function()
      local kept, lost
      tide.scope(function() kept, lost = tide.ones(2):keep(), tide.ones(2) end)
      assert.same({1, 1}, kept:tolist())
      assert(released(lost))
      tide.scope(function() tide.scope(function() kept = tide.zeros(2):keep() end) end)
      assert.same({0, 0}, kept:tolist())
   end)
   it("nests: an inner result is the outer scope's", function()
      local inner, out
      assert.equal(1, uncollected(function()
         out = tide.scope(function()
            inner = tide.scope(function() return tide.ones(2) end)
            assert.same({1, 1}, inner:tolist())
            return inner + 1
         end)
      end))
      assert(released(inner))
      assert.same({2, 2}, out:tolist())
   end)
   it("ends on an error, which goes on unchanged", function()
      local lost
      local thrown = {}
      local ok, caught = pcall(tide.scope, function() lost = tide.ones(2) error(thrown) end)
      assert(not ok and caught == thrown and released(lost))
      ok, caught = pcall(tide.scope, function() lost = tide.ones(2) error() end)
      assert(not ok and caught == nil and released(lost))
      tide.scope(function()
         local outer = tide.ones(2)
         pcall(tide.scope, function() lost = tide.ones(2) error "out" end)
         assert(released(lost))
         assert.same({1, 1}, outer:tolist())
      end)
   end)
   it("holds what C needs: gradients and saved values go with their holders", function()
      local w = tide.ones(3, {requires_grad = true})
      local loss = tide.scope(function() local h = w * 2 return (h * h):sum() end)
      loss:backward()
      assert.same({8, 8, 8}, w.grad:tolist())
      tide.scope(function() (w * 3):sum():backward() end)
      assert.same({11, 11, 11}, w.grad:tolist())
   end)
   it("keeps a training loop from growing, whatever the collector does", function()
      local x, w = tide.ones(16, 4), tide.ones(4, 1, {requires_grad = true})
      local function step()
         w.grad = nil
         local loss = (x:matmul(w) - 1):square():mean()
         loss:backward()
         tide.no_grad(function() w:sub_(w.grad * 0.01) end)
         return loss:item()
      end
      tide.scope(step)
      assert.equal(0, uncollected(function() for _ = 1, 50 do tide.scope(step) end end))
   end)
   it("may hold more boxes than it remembers at first, most of them dead", function()
      local x = tide.ones(1)
      local last = tide.scope(function()
         local y = x
         for _ = 1, 20000 do y = y + 0 end
         return y
      end)
      assert.same({1}, last:tolist())
   end)
   it("cannot be yielded from", function()
      local co = coroutine.create(function() tide.scope(function() local x = tide.ones(2) coroutine.yield(x) end) end)
      local ok, message = coroutine.resume(co)
      assert(not ok and message:find "yield", message)
      assert.same({1, 1}, tide.scope(function() return tide.ones(2) end):tolist())
   end)
   it("may resume coroutines, whose tensors are its own too", function()
      local lost
      tide.scope(function() coroutine.wrap(function() lost = tide.ones(2) end)() end)
      assert(released(lost))
   end)
   it("finds results however deep they are nested, in cycles too", function()
      local list = tide.scope(function()
         local list = {x = tide.ones(1)}
         for _ = 1, 5000 do list = {next = list} end
         list.self = list
         return list
      end)
      while list.next do list = list.next end
      assert.same({1}, list.x:tolist())
   end)
   it("wants a function", function()
      for _, v in ipairs {1, "x", {}, tide.ones(1)} do
         local ok, message = pcall(tide.scope, v)
         assert(not ok and message:find "scope: argument 1 %('f'%): a function expected", message)
      end
      local x = tide.scope(setmetatable({}, {__call = function(_, v) return v + 1 end}), tide.ones(1))
      assert.same({2}, x:tolist())
   end)
   it("leaves nothing behind", function()
      local before = tensors()
      for _ = 1, 100 do pcall(tide.scope, function() local _ = tide.ones(5):keep() error "out" end) end
      assert.equal(before, tensors())
   end)
end)
