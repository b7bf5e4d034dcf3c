-- backward, grad and what stands around them, as PyTorch has them.
local tide = require "tide"

local function leaf(...) return tide.tensor({...}, {requires_grad = true}) end
local function values(t) return t:tolist() end

describe("backward", function()
   it("adds to the grads of leaves, in place", function()
      local x = leaf(1., 2.)
      local y, z = (x * x):sum(), (x * 3):sum()
      y:backward()
      local g = x.grad
      assert.are.same({2., 4.}, values(g))
      z:backward()
      assert(rawequal(g, x.grad))
      assert.are.same({5., 7.}, values(g))
   end)

   it("runs twice only through what was kept", function()
      local x = leaf(1., 2.)
      local y = (x * x):sum()
      y:backward {retain_graph = true}
      y:backward()
      assert.are.same({4., 8.}, values(x.grad))
      assert.has_error(function() y:backward() end)
      local z = (x + 1):sum()
      z:backward()
      z:backward()                        -- nothing was saved, so nothing is missing
   end)

   it("asks for a gradient of what is not one number", function()
      local x = leaf(1., 2.)
      assert.error_matches(function() (x * 2):backward() end, "gradient")
      assert.error_matches(function() (x * 2):backward(tide.ones(3)) end, "%(2,%).*%(3,%)");
      (x * 2):backward(tide.tensor {1., 10.})
      assert.are.same({2., 20.}, values(x.grad))
   end)

   it("goes to the given inputs alone", function()
      local a, b = leaf(2.), leaf(3.)
      local c = a * b
      c:backward {inputs = {a}}
      assert.are.same({3.}, values(a.grad))
      assert.is_nil(b.grad)
   end)

   it("runs latest nodes first", function()
      local order = {}
      local x = leaf(1.)
      local a, b = x * 2, x * 3
      local c = a + b
      for name, t in pairs {x = x, a = a, b = b} do t:register_hook(function() order[#order + 1] = name end) end
      c:backward()
      assert.are.same({"b", "a", "x"}, order)
   end)

   it("is right where one tensor goes several ways", function()
      local x = leaf(3.)
      local y = x * x
      local z = y * y + y                 -- x^4 + x^2
      z:backward()
      assert.are.same({4 * 27. + 6.}, values(x.grad))
   end)
end)

describe("grad", function()
   it("leaves .grad alone and gives one result per input", function()
      local a, b = leaf(2.), leaf(3.)
      local ga, gb = tide.autograd.grad(a * b, {a, b})
      assert.are.same({3.}, values(ga))
      assert.are.same({2.}, values(gb))
      assert.is_nil(a.grad)
   end)

   it("gives nil, zeros or an error for what is not used", function()
      local a, b = leaf(2.), leaf(3.)
      assert.error_matches(function() tide.autograd.grad(a * 2, {a, b}) end, "allow_unused")
      local _, none = tide.autograd.grad(a * 2, {a, b}, {allow_unused = true})
      assert.is_nil(none)
      local _, zero = tide.autograd.grad(a * 2, {a, b}, {materialize_grads = true})
      assert.are.same({0.}, values(zero))
   end)

   it("differentiates what it gives", function()
      local x = tide.tensor(0.5, {dtype = tide.float64, requires_grad = true})
      local g = x:sin()
      for _, expected in ipairs {math.cos(0.5), -math.sin(0.5), -math.cos(0.5), math.sin(0.5)} do
         g = tide.autograd.grad(g, x, {create_graph = true})
         assert.is_true(math.abs(g:item() - expected) < 1e-15)
      end
   end)

   it("takes a batch of cotangents", function()
      local x = leaf(1., 2.)
      local J = tide.autograd.grad(x * x, x, {grad_outputs = tide.eye(2), is_grads_batched = true})
      assert.are.same({{2., 0.}, {0., 4.}}, values(J))
   end)
end)

describe("writing in place", function()
   it("is refused for leaves and for what backward still needs", function()
      local x = leaf(1., 2.)
      assert.error_matches(function() x:mul_(2) end, "leaf")
      assert.error_matches(function() x[1] = 0 end, "leaf")
      local y = x:exp()
      local z = y:sum()
      y:add_(1)
      assert.error_matches(function() z:backward(); y:sum():backward(); (y * y):sum():backward() end, "version")
   end)

   it("to a view is recorded on the base", function()
      local x = tide.tensor({{1., 2.}, {3., 4.}}, {requires_grad = true})
      local y = x * 1
      y[1]:mul_(10)
      assert.are.same({{10., 20.}, {3., 4.}}, values(y))
      assert.are.equal("CopySlices", y.grad_fn:name())
      y:sum():backward()
      assert.are.same({{10., 10.}, {1., 1.}}, values(x.grad))
   end)

   it("forms no cycle", function()
      collectgarbage() collectgarbage()
      local before = tide.memory_stats()
      do
         local w = leaf(1., 2.)
         local y = w * 2
         y:add_(y * w)
      end
      collectgarbage() collectgarbage()
      local after = tide.memory_stats()
      assert.are.equal(before.tensors, after.tensors)
      assert.are.equal(before.nodes, after.nodes)
   end)
end)

describe("hooks", function()
   it("replace gradients and can be removed", function()
      local x = leaf(1.)
      local handle = x:register_hook(function(g) return g * 10 end);
      (x * 2):backward()
      assert.are.same({20.}, values(x.grad))
      handle:remove()
      x.grad = nil;
      (x * 2):backward()
      assert.are.same({2.}, values(x.grad))
   end)

   it("see their leaf after accumulation", function()
      local x, seen = leaf(1.), nil
      x:register_post_accumulate_grad_hook(function(p) seen = p end);
      (x * 2):backward()
      assert(rawequal(x, seen))
   end)

   it("of nodes get lists", function()
      local x = leaf(1., 2.)
      local y = x * 3
      local inputs, outputs
      y.grad_fn:register_prehook(function(gs) return {gs[1] * 2} end)
      y.grad_fn:register_hook(function(gi, go) inputs, outputs = gi, go end)
      y:sum():backward()
      assert.are.same({6., 6.}, values(inputs[1]))
      assert.are.same({2., 2.}, values(outputs[1]))
      assert.are.same({6., 6.}, values(x.grad))
   end)

   it("pass errors on unchanged", function()
      local x, thrown = leaf(1.), {}
      x:register_hook(function() error(thrown) end)
      local ok, caught = pcall(function() (x * 2):backward() end)
      assert.is_false(ok)
      assert(rawequal(thrown, caught))
   end)

   it("that refer to their own leaf are collected with it", function()
      collectgarbage() collectgarbage()
      local before = tide.memory_stats().tensors
      do
         local x = leaf(1.)
         x:register_hook(function(g) return g * x end)
      end
      for _ = 1, 4 do collectgarbage() end
      assert.are.equal(before, tide.memory_stats().tensors)
   end)

   it("may call backward", function()
      local x, w = leaf(2.), leaf(5.)
      x:register_hook(function() tide.enable_grad(function() local y = w * w; y:backward() end) end)
      local z = x * 3
      z:backward()
      assert.are.same({10.}, values(w.grad))
      assert.are.same({3.}, values(x.grad))
   end)
end)

describe("a custom function", function()
   local Exp = tide.autograd.Function {
      name = "Exp",
      forward = function(ctx, v) local e = v:exp(); ctx:save_for_backward(e); return e end,
      backward = function(ctx, g) local e = ctx:saved_tensors(); return g * e end
   }

   it("has its derivatives", function()
      local x = tide.tensor(0.5, {dtype = tide.float64, requires_grad = true})
      local y = Exp(x)
      assert.are.equal("ExpBackward", y.grad_fn:name())
      local g = tide.autograd.grad(y, x, {create_graph = true})
      local h = tide.autograd.grad(g, x)
      assert.are.equal(math.exp(0.5), g:item())
      assert.are.equal(math.exp(0.5), h:item())
   end)

   it("has to give one gradient for each argument", function()
      local Bad = tide.autograd.Function {name = "Bad", forward = function(_, a, b) return a * b end, backward = function(_, g) return g end}
      local a, b = leaf(1.), leaf(2.)
      assert.error_matches(function() Bad(a, b):backward() end, "Bad")
   end)
end)

describe("modes", function()
   local x = leaf(1.)
   local function records() return (x * 2).requires_grad end

   it("end with their scope, however it is left", function()
      do local _ <close> = tide.no_grad(); assert.is_false(records()) end
      assert.is_true(records())
      pcall(tide.no_grad, error)
      assert.is_true(records())
      assert.is_false(tide.no_grad(records))
      assert.is_true(tide.no_grad(function() return tide.enable_grad(records) end))
   end)

   it("follow coroutines", function()
      local generator = coroutine.wrap(function()
         local _ <close> = tide.no_grad()
         coroutine.yield(records())
         return records()
      end)
      assert.is_false(generator())
      assert.is_true(records())
      assert.is_false(generator())
      local plain = coroutine.wrap(records)
      do local _ <close> = tide.no_grad(); assert.is_false(plain()) end
   end)

   it("set for good end with the enclosing scope", function()
      tide.set_grad_enabled(false)
      assert.is_false(records())
      tide.set_grad_enabled(true)
      do
         local _ <close> = tide.no_grad()
         tide.set_grad_enabled(true)
         assert.is_true(records())
      end
      assert.is_true(records())
   end)

   it("of inference make tensors that cannot be recorded", function()
      local y = tide.inference_mode(function() return tide.ones(2) end)
      assert.is_true(y:is_inference())
      assert.has_error(function() return leaf(1., 2.) * y end)
      assert.has_error(function() y:add_(1) end)
   end)
end)

describe("what helps", function()
   it("gradcheck finds a wrong derivative", function()
      local Wrong = tide.autograd.Function {name = "Wrong", forward = function(_, a) return a * a end, backward = function(_, g) return -g end}
      local a = tide.tensor({1., 2.}, {dtype = tide.float64, requires_grad = true})
      assert.is_true(tide.autograd.gradcheck(function(v) return v * v end, a))
      assert.is_true(tide.autograd.gradgradcheck(function(v) return v ^ 3 end, a))
      assert.has_error(function() tide.autograd.gradcheck(Wrong, a) end)
   end)

   it("anomaly mode names the operation and its line", function()
      local a = leaf(-1.)
      assert.error_matches(function()
         local _ <close> = tide.autograd.detect_anomaly()
         a:sqrt():backward()
      end, "SqrtBackward0.*backward_spec")
   end)

   it("saved-tensor hooks pack and unpack", function()
      local packed = 0
      local a = leaf(2.)
      local y
      do
         local _ <close> = tide.autograd.graph.saved_tensors_hooks(function(t) packed = packed + 1; return t * 10 end, function(t) return t / 10 end)
         y = a * a
      end
      y:backward()
      assert.are.equal(2, packed)
      assert.are.same({4.}, values(a.grad))
   end)

   it("checkpoint computes again", function()
      local calls = 0
      local a, w = leaf(2.), leaf(3.)
      local y = tide.utils.checkpoint(function(v) calls = calls + 1; return (v * w):exp() end, a)
      y:backward()
      assert.are.equal(2, calls)
      assert.is_true(math.abs(a.grad:item() - 3 * math.exp(6)) < 1e-2)
      assert.is_true(math.abs(w.grad:item() - 2 * math.exp(6)) < 1e-2)
   end)

   it("functional and func give Jacobians and Hessians", function()
      local v = tide.tensor {1., 2.}
      local function cube(t) return (t ^ 3):sum() end
      assert.are.same({{6., 0.}, {0., 12.}}, values(tide.autograd.functional.hessian(cube, v)))
      assert.are.same({{6., 0.}, {0., 12.}}, values(tide.func.hessian(cube)(v)))
      assert.are.same({3., 12.}, values(tide.func.grad(cube)(v)))
      local _, product = tide.autograd.functional.hvp(cube, v, tide.ones(2))
      assert.are.same({6., 12.}, values(product))
   end)

   it("a graph of a million nodes is built, run and freed", function()
      local a = leaf(1.)
      local y = a
      for _ = 1, 1000000 do y = y + 1 end
      y:backward()
      assert.are.same({1.}, values(a.grad))
      y:release()
      collectgarbage()
      assert.is_true(tide.memory_stats().nodes < 1000)
   end)
end)
