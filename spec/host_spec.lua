-- What a host relies on: tide opened again, boxes whose memory was given up, coroutines, interrupts, and calls with arguments
-- that nobody would give. (Several states, threads and closing: spec/c/lua_states.c.)
local tide = require "tide"
local core = require "tide.core"
local garbage = require "spec.support.garbage"

describe("opening again", function()
   it("gives the same core", function()
      package.loaded["tide.core"] = nil
      assert.equal(core, require "tide.core")
   end)

   it("gives a tide that knows the tensors of the first", function()
      local kept = {}
      for name in pairs(package.loaded) do
         if name:find "^tide" then kept[name], package.loaded[name] = package.loaded[name], nil end
      end
      local second = require "tide"
      for name in pairs(package.loaded) do if name:find "^tide" then package.loaded[name] = nil end end
      for name, module in pairs(kept) do package.loaded[name] = module end
      local x = tide.ones(2, {requires_grad = true})
      local y = second.mul(x, 3):sum()
      y:backward()
      assert.same({3, 3}, x.grad:tolist())
      assert(second.is_tensor(x) and tide.is_tensor(y))
      assert.equal(tide.float32, second.float32)
   end)
end)

describe("a tensor whose memory was given up", function()
   local uses = {
      function(x) return x + 1 end, function(x) return 1 - x end, function(x) return x:sum() end, function(x) return x.shape end, function(x) return x[1] end,
      function(x) x[1] = 1 end, function(x) return #x end, function(x) return x < 1 end, function(x) return x:item() end, function(x) return x:tolist() end,
      function(x) return pairs(x) end, function(x) x:backward() end, function(x) x:requires_grad_() end, function(x) x:register_hook(print) end,
      function(x) x.grad = nil end, function(x) return tide.cat({x, x}, 1) end, function(x) return tide.tensor(x) end, function(x) return x:to(tide.int64) end,
      function(x) return tide.autograd.grad(x, x) end, function(x) return tide.ones(2)[x] end, function(x) tide.ones(2):copy_(x) end, function(x) return x:keep() end,
      function(x) return tide.zeros(x:size()) end, function(x) return -x end, function(x) return x:max(1) end, function(x) x:add_(1) end, function(x) return x.grad_fn end
   }
   it("is an error wherever it is used", function()
      for k, use in ipairs(uses) do
         local x = tide.ones(2)
         x:release()
         local ok, message = pcall(use, x)
         assert(not ok, "use " .. k .. " gave a result")
         assert(message:find "released", message)
      end
   end)
   it("prints as such, is still a tensor, and can be given up again", function()
      local x = tide.ones(2)
      x:release()
      x:release()
      assert.equal("tensor(released)", tostring(x))
      assert(tide.is_tensor(x))
   end)
   it("lives on where a view or a graph needs it", function()
      local x = tide.ones(4, {requires_grad = true})
      local y = x * x
      local view, sum = y[{{1, 2}}], y:sum()
      y:release()
      assert.same({1, 1}, view:tolist())
      sum:backward()
      assert.same({2, 2, 2, 2}, x.grad:tolist())
      local g = x.grad
      g:release()
      assert.same({2, 2, 2, 2}, x.grad:tolist())                 -- another object for what x still has
   end)
   it("in a finalizer, which may run in the middle of a call, is left to the collector", function()
      for _, use in ipairs {function(x) return x + x end, function(x) return tide.cat {x, x} end, function(x) return x:tolist() end, tostring, function(x) x[1] = 2 end} do
         local x = tide.ones(300)
         for _ = 1, 10 do setmetatable({}, {__gc = function() x:release() end}) end
         for _ = 1, 200 do use(x) end
      end
   end)
   it("by a hook or another callback of the call that uses it does no harm", function()
      local w = tide.ones(300, {requires_grad = true})
      local y = w * 2
      local s = y:sum()
      y:register_hook(function() y:release() s:release() w:release() collectgarbage() end)
      s:backward {inputs = {w, y}}
      w = tide.ones(300, {requires_grad = true})
      w:register_post_accumulate_grad_hook(function(leaf) leaf:release() end)
      w:sum():backward()
      w = tide.ones(300, {requires_grad = true})
      local _ <close> = tide.autograd.graph.saved_tensors_hooks(function(saved) saved:release() w:release() return 1 end, function() return tide.ones(300) end)
      assert(tide.is_tensor(w * w))
   end)
end)

describe("coroutines", function()
   it("share tensors", function()
      local x = tide.ones(3, {requires_grad = true})
      local sums = {}
      local make = coroutine.wrap(function() for i = 1, 5 do coroutine.yield((x * i):sum()) end end)
      for i = 1, 5 do sums[i] = make() end
      collectgarbage()
      tide.stack(sums):sum():backward()
      assert.same({15, 15, 15}, x.grad:tolist())
   end)
   it("may end, fail or be abandoned in the middle of anything", function()
      for i = 1, 300 do
         local co = coroutine.create(function()
            local x <close> = tide.ones(1000, {requires_grad = true})
            local _ <close> = tide.no_grad()
            coroutine.yield(x * 2)
            return x:view(3, 3)
         end)
         coroutine.resume(co)
         if i % 3 == 0 then assert(not coroutine.resume(co)) elseif i % 3 == 1 then coroutine.close(co) end
      end
      collectgarbage()
      assert(tide.is_grad_enabled())
   end)
   it("may use tide in finalizers", function()
      local seen = 0
      for i = 1, 50 do
         setmetatable({}, {__gc = function()
            local x = tide.full({10}, i, {dtype = tide.float32, requires_grad = true})
            x:sum():backward()
            seen = seen + x.grad[1]:item()
         end})
      end
      local x = tide.ones(10, {requires_grad = true})
      for _ = 1, 200 do
         local y = x
         for _ = 1, 20 do y = y * 1 end
         y:sum():backward()
      end
      assert.same(200, x.grad[1]:item())
      collectgarbage()
      assert.equal(50, seen)
   end)
end)

describe("an interrupt", function()
   it("makes the next operator fail, once", function()
      core.interrupt()
      local ok, message = pcall(function() return tide.ones(2) + 1 end)
      assert(not ok and message:find "interrupted", message)
      assert.same({2, 2}, (tide.ones(2) + 1):tolist())
   end)
   it("reaches a backward, which leaves nothing behind", function()
      local x = tide.ones(2, {requires_grad = true})
      local y = (x * 2):sum()
      local handle = x:register_hook(function() core.interrupt() end)
      local ok, message = pcall(y.backward, y, {retain_graph = true})
      assert(not ok and message:find "interrupted", message)
      assert.is_nil(x.grad)
      handle:remove()
      y:backward()
      assert.same({2, 2}, x.grad:tolist())
   end)
end)

describe("garbage", function()
   local seed = tonumber(os.getenv "GARBAGE_SEED") or 1
   local function check(run, rounds)
      warn "@off"
      local before, dtype = tide.memory_stats().live_bytes, tide.get_default_dtype()
      local results, errors, slow = run(seed, rounds)
      assert(results > 100 and errors > 100)
      assert.equal("", table.concat(slow, " "))
      collectgarbage()
      collectgarbage()
      assert.equal(dtype, tide.get_default_dtype())
      assert(tide.is_grad_enabled())
      assert.same({2, 2}, (tide.ones(2) * 2):tolist())
      assert(tide.memory_stats().live_bytes < before + 2 ^ 20, "garbage was left behind")
   end
   it("as arguments of everything public is an error or gives a result", function() check(garbage.run, 4) end)
   it("of the right kind is an error or gives a result", function() check(garbage.typed, 6) end)
end)
