-- Grad modes are scopes that follow the chain of resumes: every exit restores, a yield neither leaks nor loses the mode.
local tide = require "tide"
local support = dofile "spec/support/autograd.lua"
local leaf, values = support.leaf, support.values

local on = tide.is_grad_enabled

local function fails(pattern, f, ...)
   local ok, message = pcall(f, ...)
   assert.is_false(ok)
   assert.truthy(tostring(message):find(pattern), message)
end

after_each(function() assert.is_true(on(), "a spec has left grad mode off") end)

describe("no_grad", function()
   it("as a scope ends with its block", function()
      do
         local _ <close> = tide.no_grad()
         assert.is_false(on())
         assert.is_false((leaf {1} * 2).requires_grad)
      end
      assert.is_true(on())
      assert.is_true((leaf {1} * 2).requires_grad)
   end)

   it("as a function passes arguments and results on, nil included", function()
      local packed = table.pack(tide.no_grad(function(...) assert.is_false(on()); return select("#", ...), ... end, 1, nil, nil))
      assert.are.same({3, 1, nil, nil, n = 4}, packed)
   end)

   it("calls what can be called", function()
      assert.are.equal(5, tide.no_grad(setmetatable({}, {__call = function(_, x) return x end}), 5))
      fails("a function to call is expected, got number", tide.no_grad, 5)
      fails("a function to call is expected, got nil", tide.no_grad, nil)
   end)

   it("ends on every exit", function()
      fails("out", tide.no_grad, function() error "out" end)
      assert.is_true(on())
      for i = 1, 2 do local _ <close> = tide.no_grad(); if i == 1 then break end end
      assert.is_true(on())
      local function early() local _ <close> = tide.no_grad(); return on() end
      assert.is_false((early()))
      assert.is_true(on())
      do
         local _ <close> = tide.no_grad()
         goto out
      end
      ::out::
      assert.is_true(on())
   end)

   it("lets factories make leaves that require grad", function()
      local x = tide.no_grad(tide.ones, 2, {requires_grad = true})
      assert.is_true(x.requires_grad)
   end)
end)

describe("scopes", function()
   it("nest", function()
      local seen = {}
      local function note() seen[#seen + 1] = on() end
      tide.no_grad(function()
         note()
         tide.enable_grad(function() note(); tide.no_grad(note); note() end)
         note()
         do local _ <close> = tide.set_grad_enabled(true); note() end
         note()
      end)
      note()
      assert.are.same({false, true, false, true, false, true, false, true}, seen)
   end)

   it("that end in another order than they began leave the mode that holds", function()
      local first = tide.no_grad()
      local second = tide.enable_grad()
      local close = getmetatable(first).__close
      close(first)
      assert.is_true(on())
      close(second)
      assert.is_true(on())
   end)

   it("hold for fields and in-place calls as well", function()
      local x = leaf {1, 2}
      tide.no_grad(function()
         x:add_(1)
         x[1] = 5
         assert.is_nil(x.T.grad_fn)
      end)
      assert.are.same({5, 3}, values(x))
      assert.is_true(x.is_leaf)
   end)
end)

describe("set_grad_enabled", function()
   it("sets the mode until changed", function()
      tide.set_grad_enabled(false)
      assert.is_false(on())
      collectgarbage()
      assert.is_false(on())
      tide.set_grad_enabled(true)
      assert.is_true(on())
   end)

   it("as a scope restores", function()
      do local _ <close> = tide.set_grad_enabled(false); assert.is_false(on()) end
      assert.is_true(on())
   end)

   it("with a function is a scope for its call", function()
      assert.is_false(tide.set_grad_enabled(false, on))
      assert.is_true(on())
      assert.are.equal(7, tide.set_grad_enabled(true, function(x) return x end, 7))
   end)

   it("as a statement ends with the enclosing scope", function()
      tide.no_grad(function()
         tide.set_grad_enabled(true)
         assert.is_true(on())
      end)
      assert.is_true(on())
      tide.enable_grad(function() tide.set_grad_enabled(false) end)
      assert.is_true(on())
   end)

   it("as a statement in a coroutine is that coroutine's", function()
      local co = coroutine.wrap(function()
         tide.set_grad_enabled(false)
         coroutine.yield(on())
         coroutine.yield(on())
      end)
      assert.is_false(co())
      assert.is_true(on())
      assert.is_false(co())
      assert.is_true(on())
   end)

   it("wants a boolean", function() fails("set_grad_enabled: argument 1 %('mode'%): a boolean expected, got no value", tide.set_grad_enabled) end)
end)

describe("coroutines", function()
   it("run under the scope of whoever resumes them", function()
      local co = coroutine.wrap(function() while true do coroutine.yield(on()) end end)
      assert.is_true(co())
      assert.is_false(tide.no_grad(co))
      assert.is_true(co())
      do local _ <close> = tide.no_grad(); assert.is_false(co()) end
      assert.is_true(co())
   end)

   it("keep their own scope, which does not leak where they yield", function()
      local co = coroutine.wrap(function()
         tide.no_grad(function() for _ = 1, 3 do coroutine.yield(on()) end end)
         coroutine.yield(on())
      end)
      for _ = 1, 3 do
         assert.is_false(co())
         assert.is_true(on())
      end
      assert.is_true(co())
   end)

   it("interleave", function()
      local function task(scope, expected)
         return coroutine.wrap(function()
            scope(function() for _ = 1, 5 do assert.are.equal(expected, on()); coroutine.yield() end end)
         end)
      end
      local tasks = {task(tide.no_grad, false), task(tide.enable_grad, true), task(tide.no_grad, false), task(function(f) f() end, true)}
      for _ = 1, 5 do for _, t in ipairs(tasks) do t(); assert.is_true(on()) end end
   end)

   it("that make others hand their scope down the chain", function()
      local seen
      local co = coroutine.wrap(function()
         local _ <close> = tide.no_grad()
         coroutine.wrap(function() coroutine.wrap(function() seen = on() end)() end)()
         coroutine.yield()
      end)
      co()
      assert.is_false(seen)
      assert.is_true(on())
   end)

   it("as generators see the mode of each resumption", function()
      local function rows(x) return coroutine.wrap(function() for i = 1, #x do coroutine.yield(x[i] * 2) end end) end
      local x = leaf {1, 2, 3}
      local next_row = rows(x)
      assert.is_true(next_row().requires_grad)
      assert.is_false(tide.no_grad(next_row).requires_grad)
      assert.is_true(next_row().requires_grad)
   end)

   it("that are abandoned in a scope do not matter", function()
      for _ = 1, 100 do coroutine.wrap(function() tide.no_grad(coroutine.yield) end)() end
      assert.is_true(on())
      collectgarbage()
      collectgarbage()
      assert.is_true(on())
   end)

   it("that are closed, or die of an error, end their scopes", function()
      local co = coroutine.create(function() local _ <close> = tide.no_grad(); coroutine.yield() end)
      coroutine.resume(co)
      assert.is_true(coroutine.close(co))
      assert.is_true(on())
      co = coroutine.create(function() tide.no_grad(error, "dead") end)
      assert.is_false((coroutine.resume(co)))
      assert.is_true(on())
      assert.is_false((pcall(coroutine.wrap(function() tide.no_grad(function() coroutine.yield(); error "x" end) end))) and false)
   end)

   it("stay right over many of them, in both modes of the collector", function()
      for _, mode in ipairs {"generational", "incremental"} do
         collectgarbage(mode)
         local alive = {}
         for i = 1, 3000 do
            local scope, expected = i % 2 == 0 and tide.no_grad or tide.enable_grad, i % 2 ~= 0
            local co = coroutine.wrap(function() scope(function() for _ = 1, 3 do coroutine.yield(on()) end end); return on() end)
            assert.are.equal(expected, co())
            alive[i % 7] = co
            for _, other in pairs(alive) do if math.random() < 0.1 then pcall(other) end end
            assert.is_true(on())
         end
      end
      collectgarbage "incremental"
      collectgarbage()
   end)
end)

describe("inference_mode", function()
   local inference = tide.inference_mode

   it("is no_grad and more, and knows itself", function()
      inference(function()
         assert.is_false(on())
         assert.is_true(tide.is_inference_mode_enabled())
         inference(false, function() assert.is_true(on()); assert.is_false(tide.is_inference_mode_enabled()) end)
         tide.no_grad(function() assert.is_true(tide.is_inference_mode_enabled()) end)
      end)
      assert.is_false(tide.is_inference_mode_enabled())
      do local _ <close> = inference(); assert.is_true(tide.is_inference_mode_enabled()) end
      do local _ <close> = inference(false); assert.is_true(on()) end
   end)

   it("makes tensors that are good for reading outside, and for anything inside", function()
      local a, b = inference(function()
         local a = tide.ones(2)
         local b = a * 2
         b:add_(1)
         local c = tide.ones(2, {requires_grad = true})
         assert.is_true(c.requires_grad)
         assert.is_false((c * 2).requires_grad)
         return a, b
      end)
      assert.is_true(a:is_inference())
      assert.are.same({3, 3}, values(b))
      assert.is_true((a + leaf {1, 1}).requires_grad)
      assert.is_false((a * 2):is_inference())
      assert.is_false(a:clone():is_inference())
      assert.is_true(a:view(2):is_inference())
      assert.is_true(a:clone():requires_grad_().requires_grad)
   end)

   it("makes tensors that cannot be saved, written, differentiated or asked for their version outside", function()
      local a = inference(tide.ones, 2)
      fails("an inference tensor cannot be saved for backward; clone it first", function() return leaf {1, 1} * a end)
      fails("an inference tensor cannot be changed in place outside inference mode", a.add_, a, 1)
      fails("an inference tensor cannot require grad", a.requires_grad_, a)
      fails("an inference tensor does not count its versions", function() return a._version end)
   end)

   it("may use and write other tensors, whose versions count on", function()
      local x = leaf {1, 2} * 1
      inference(function()
         x:add_(1)
         assert.is_false(x[{{1, 1}}]:is_inference())
         assert.is_true((x * 2):is_inference())
      end)
      assert.are.equal(1, x._version)
      assert.are.equal("MulBackward0", x.grad_fn:name())
   end)
end)

describe("a scope that is dropped", function()
   it("warns with the line where it was made, and its mode ends", function()
      local text = support.output [[
         tide.no_grad()
         print(tide.is_grad_enabled())
         collectgarbage()
         print(tide.is_grad_enabled())]]
      assert.are.equal("false\nLua warning: script.lua:4: a mode scope made here was dropped without <close>; its mode ends now\ntrue\n", text)
   end)

   it("does not warn if it was closed, was a function's, or only set the mode", function()
      local text = support.output [[
         do local _ <close> = tide.no_grad() end
         tide.no_grad(print, "called")
         tide.set_grad_enabled(false)
         coroutine.wrap(function() tide.no_grad(coroutine.yield) end)()
         collectgarbage()
         print(tide.is_grad_enabled())]]
      assert.are.equal("called\nfalse\n", text)
   end)
end)

describe("warnings", function()
   it("have the user's line", function()
      local text = support.output [[
         local x = tide.ones(1, {requires_grad = true})
         local y = x * 2
         print(y.grad)
         y:backward{create_graph = true}]]
      assert.truthy(text:find "Lua warning: script.lua:6: grad: the tensor is not a leaf", text)
      assert.truthy(text:find "Lua warning: script.lua:7: backward: create_graph makes", text)
   end)
end)

describe("modes in callbacks", function()
   it("are those of the pass, whatever the scopes around", function()
      local x, seen = leaf {1}, {}
      x:register_hook(function() seen[#seen + 1] = on(); tide.enable_grad(function() seen[#seen + 1] = on() end) end)
      local y = (x * x):sum()
      tide.no_grad(function() y:backward {retain_graph = true} end)
      y:backward()
      assert.are.same({false, true, false, true}, seen)
   end)

   it("do not leak out of them", function()
      local x = leaf {1}
      x:register_hook(function() tide.set_grad_enabled(true) end)
      local g = tide.autograd.grad((x * x * x):sum(), x)
      assert.is_false(g.requires_grad)
      local f = support.custom(function(_, a) tide.set_grad_enabled(true); return a * 2 end, function(_, h) return h end)
      tide.no_grad(function() f(x); assert.is_false(on()) end)
   end)
end)
