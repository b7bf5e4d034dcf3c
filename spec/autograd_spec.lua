-- backward, grad and the graph: what PyTorch does with the same program.
local tide = require "tide"
local support = dofile "spec/support/autograd.lua"
local leaf, constant, values = support.leaf, support.constant, support.values
local grad, graph = tide.autograd.grad, tide.autograd.graph

local function fails(pattern, f, ...)
   local ok, message = pcall(f, ...)
   assert.is_false(ok)
   assert.truthy(tostring(message):find(pattern), message)
end

describe("backward", function()
   it("fills the grads of leaves, and adds to what is there", function()
      local x, w = leaf {1, 2}, leaf {3, 4}
      local function loss() return (x * w):sum() end
      loss():backward()
      assert.are.same({{3, 4}, {1, 2}}, {values(x.grad), values(w.grad)})
      loss():backward()
      assert.are.same({{6, 8}, {2, 4}}, {values(x.grad), values(w.grad)})
      x.grad = nil
      loss():backward()
      assert.are.same({3, 4}, values(x.grad))
   end)

   it("takes a gradient, in any of its forms", function()
      for _, call in ipairs {
         function(y, g) y:backward(g) end, function(y, g) y:backward {gradient = g} end, function(y, g) tide.autograd.backward(y, g) end,
         function(y, g) tide.autograd.backward({y}, {g}) end, function(y, g) tide.autograd.backward({y}, {grad_tensors = {g}}) end
      } do
         local x = leaf {1, 2}
         call(x * 3, constant {1, 10})
         assert.are.same({3, 30}, values(x.grad))
      end
   end)

   it("implies a gradient of 1 for one element, of any number of dimensions", function()
      for _, shape in ipairs {{1}, {1, 1}, {}} do
         local x = tide.ones(shape, {requires_grad = true})
         x:backward()
         assert.are.equal(1, x.grad:item())
         assert.are.equal(x.shape, x.grad.shape)
      end
      fails("autograd_spec.lua:%d+: backward: output 1 has sizes %(2,%): only for one element is its gradient implied", function() (leaf {1, 2} * 1):backward() end)
   end)

   it("sums over several outputs", function()
      local x = leaf {2}
      tide.autograd.backward({(x * 3):sum(), x * x}, {false, constant {10}})
      assert.are.same({3 + 40}, values(x.grad))
      tide.autograd.backward {x:sum(), x:sum()}
      assert.are.same({45}, values(x.grad))
   end)

   it("checks what it is given", function()
      local x = leaf {1, 2}
      fails("backward: output 1 does not require grad and has no grad_fn", function() constant {1}:backward() end)
      fails("backward: output 1 has sizes %(2,%), its gradient %(3,%)", function() (x * 1):backward(constant {1, 2, 3}) end)
      fails("backward: there is no keyword 'retain'", function() (x * 1):sum():backward {retain = true} end)
      fails("backward: 'retain_graph': a boolean expected, got number", function() (x * 1):sum():backward {retain_graph = 1} end)
      fails("backward: 'gradient': a tensor expected, got number", function() (x * 1):backward(5) end)
      fails("backward: 'gradient' is given twice", function() (x * 1):backward(constant {1, 1}, {gradient = constant {1, 1}}) end)
      fails("backward: 2 gradients for 1 outputs", function() tide.autograd.backward({x * 1}, {constant {1, 1}, constant {1, 1}}) end)
      assert.is_nil(x.grad)
   end)

   it("accepts a gradient of another float dtype", function()
      local x = tide.ones(2, {requires_grad = true});
      (x * 1):backward(constant {1, 2})
      assert.are.equal(tide.float32, x.grad.dtype)
   end)

   it("goes into these inputs only, leaves or not", function()
      local x, w = leaf {2}, leaf {3}
      local y = x * w
      local z = y * y
      z:backward {inputs = {y, w}}
      assert.are.same({{12}, {24}}, {values(y.grad), values(w.grad)})
      assert.is_nil(x.grad)
      fails("inputs is an empty list", function() (x * w):backward {inputs = {}} end)
      fails("input 1 does not require grad", function() (x * w):backward {inputs = {constant {1}}} end)
      x.grad = nil;
      (x * w):backward {inputs = x}
      assert.are.same({3}, values(x.grad))
   end)

   it("reaches a leaf by several ways and through a value used many times", function()
      local x = leaf {2}
      local y = x * x + x
      local z = y * y * y + y
      z:backward()
      assert.are.same({(3 * 36 + 1) * 5}, values(x.grad))
   end)

   it("warns of the cycle that create_graph makes", function()
      local x = leaf {2}
      x.grad = nil;
      (x * x):backward {create_graph = true}
      assert.is_true(x.grad.requires_grad)
      x.grad = nil
   end)
end)

describe("grad", function()
   it("gives one result per input, and leaves .grad alone", function()
      local x, w = leaf {1, 2}, leaf {3, 4}
      local gx, gw = grad((x * w):sum(), {x, w})
      assert.are.same({{3, 4}, {1, 2}}, {values(gx), values(gw)})
      assert.is_nil(x.grad)
      assert.is_nil(w.grad)
   end)

   it("takes its arguments by place and by name", function()
      local x = leaf {1, 2}
      assert.are.same({3, 30}, values(grad(x * 3, x, constant {1, 10})))
      assert.are.same({3, 30}, values(grad({x * 3}, {x}, {grad_outputs = {constant {1, 10}}})))
      assert.are.same({3, 30}, values(grad(x * 3, x, {grad_outputs = constant {1, 10}})))
      local y = (x * x):sum()
      grad(y, x, nil, true)
      assert.is_true(grad(y, x, nil, nil, true).requires_grad)
   end)

   it("of a tensor by itself is 1, of the same input twice twice the same", function()
      local y = leaf {2} * 3
      assert.are.same({1}, values(grad(y, y)))
      local a, b = grad(y, {y, y})
      assert.are.same({{1}, {1}}, {values(a), values(b)})
   end)

   it("goes to any tensor in the graph", function()
      local x = leaf {2}
      local y = x * 3
      local z = y * y
      local gy, gx = grad(z, {y, x})
      assert.are.same({{12}, {36}}, {values(gy), values(gx)})
   end)

   it("of higher order", function()
      local x = leaf {2}
      local g = x ^ 4
      for _, expected in ipairs {32, 48, 48, 24} do
         g = grad(g, x, {create_graph = true})
         assert.are.same({expected}, values(g))
      end
   end)

   it("may leave an input out: an error, nil, or zeros", function()
      local x, w = leaf {1}, leaf {2, 3}
      local y = (x * 2):sum()
      local function call(options) options.retain_graph = true; return grad(y, {x, w}, options) end
      fails("grad: input 2 was not used to compute the outputs; pass allow_unused", call, {})
      local gx, gw = call {allow_unused = true}
      assert.are.same({{2}, nil}, {values(gx), gw})
      gw = select(2, call {materialize_grads = true})
      assert.are.same({0, 0}, values(gw))
      fails("allow_unused = false does not go with materialize_grads", call, {allow_unused = false, materialize_grads = true})
      fails("grad: input 1 does not require grad", grad, y, constant {1})
      fails("grad: 'inputs': a tensor or a list of tensors expected, got an empty list", grad, y, {})
   end)

   it("works for a batch of gradients", function()
      local x, w = leaf {1, 2}, leaf {5}
      local y = x * x
      local rows = grad(y, x, {grad_outputs = constant {{1, 0}, {0, 1}, {1, 1}}, is_grads_batched = true, retain_graph = true})
      assert.are.same({{2, 0}, {0, 4}, {2, 4}}, values(rows))
      local z = y:sum() * w
      local gx, gw = grad({y, z}, {x, w}, {grad_outputs = {constant {{1, 0}, {0, 1}}, constant {{0}, {1}}}, is_grads_batched = true, retain_graph = true})
      assert.are.same({{2, 0}, {10, 24}}, values(gx))
      assert.are.same({{0}, {5}}, values(gw))
      local g = grad(y, x, {grad_outputs = constant {{1, 0}, {0, 1}}, is_grads_batched = true, create_graph = true})
      assert.are.same({2, 2}, values(grad(g:sum(), x)))
      fails("grad: is_grads_batched", grad, x * x, x, {is_grads_batched = true})
      fails("grad: output 1 has sizes %(2,%), its gradient %(3,%)", grad, x * x, x, {grad_outputs = constant {{1, 2, 3}}, is_grads_batched = true})
   end)
end)

describe("a graph", function()
   it("is freed by backward, unless it is retained", function()
      local x = leaf {2}
      local y = (x * x):sum()
      y:backward {retain_graph = true}
      y:backward()
      assert.are.same({8}, values(x.grad))
      fails("MulBackward0: what backward needs was already freed; pass retain_graph", y.backward, y)
   end)

   it("is retained by create_graph", function()
      local x = leaf {2}
      local y = (x * x):sum()
      grad(y, x, {create_graph = true})
      grad(y, x, {create_graph = true, retain_graph = false})
      fails("already freed", grad, y, x)
   end)

   it("can be run again where its nodes saved nothing", function()
      local x = leaf {2}
      local y = (x + 1):sum()
      y:backward()
      y:backward()
      assert.are.same({2}, values(x.grad))
   end)

   it("keeps the nodes that a call does not visit", function()
      local x, w = leaf {2}, leaf {3}
      local a, b = x * x, w * w
      grad((a + b):sum(), x)
      assert.are.same({6}, values(grad(b, w)))
      fails("already freed", grad, a, x)
   end)

   it("shows its nodes", function()
      local x = tide.ones(2, {requires_grad = true})
      local y = x + 2
      local z = y * y * 3
      local out = z:mean()
      assert.are.equal("MeanBackward0", out.grad_fn:name())
      assert.truthy(tostring(out.grad_fn):find "^<MeanBackward0 object at 0x%x+>$")
      local names, node = {}, out.grad_fn
      while node do
         names[#names + 1] = node:name()
         local edge = node.next_functions[1]
         assert.is_true(edge == nil or edge[2] == 1)
         node = edge and edge[1]
      end
      assert.are.same({"MeanBackward0", "MulBackward0", "MulBackward0", "AddBackward0", "AccumulateGrad"}, names)
      assert.is_nil(x.grad_fn)
      assert.are.equal(2, #z.grad_fn.next_functions)
      assert.is_nil(z.grad_fn.next_functions[2][1])
   end)

   it("has one object for a node and for a leaf", function()
      local x = leaf {1}
      local y = x * 2
      local z = y * y
      assert.is_true(y.grad_fn == z.grad_fn.next_functions[1][1])
      assert.is_true(z.grad_fn.next_functions[1][1] == z.grad_fn.next_functions[2][1])
      assert.is_true(rawequal(x, y.grad_fn.next_functions[1][1].variable))
      assert.are.equal(5, ({[y.grad_fn] = 5})[z.grad_fn.next_functions[1][1]])
      z:backward()
      assert.is_true(rawequal(x.grad, x.grad))
   end)

   it("keeps what is put into a node's metadata as long as the node", function()
      local x = leaf {1}
      local y = x * 2
      y.grad_fn.metadata.note = "here"
      collectgarbage()
      collectgarbage()
      assert.are.equal("here", y.grad_fn.metadata.note)
   end)

   it("numbers outputs from 1", function()
      local a = leaf {1, 2, 3}:unbind()
      assert.are.same({1, 2, 3}, {a[1].output_nr, a[2].output_nr, a[3].output_nr})
      assert.is_true(a[1].grad_fn == a[3].grad_fn)
      assert.are.equal(3, (a[3] * 2).grad_fn.next_functions[1][2])
      local edge = graph.get_gradient_edge(a[2])
      assert.are.equal(2, edge.output_nr)
      assert.is_true(edge.node == a[1].grad_fn)
      local x = leaf {1}
      assert.are.equal("AccumulateGrad", graph.get_gradient_edge(x).node:name())
      assert.truthy(tostring(graph.get_gradient_edge(x)):find "^GradientEdge%(node=<AccumulateGrad object at 0x%x+>, output_nr=1%)$")
      fails("get_gradient_edge: the tensor does not require grad", graph.get_gradient_edge, constant {1})
   end)

   it("runs its nodes latest first, a leaf's as soon as its gradient is complete", function()
      local x, log = leaf {1}, {}
      local function watched(t, name) t:register_hook(function() log[#log + 1] = name end); return t end
      watched(x, "x")
      local a = watched(x * 2, "a")
      local b = watched(x * 3, "b")
      watched(a + b, "c"):backward()
      assert.are.same({"c", "b", "a", "x"}, log)
   end)

   it("of a million nodes is built, run and freed", function()
      support.leaves_nothing(function()
         local x = leaf {1}
         local y = x
         for _ = 1, 1000000 do y = y + 1 end
         assert.is_true(tide.memory_stats().nodes >= 1000000)
         y:backward()
         assert.are.same({1}, values(x.grad))
      end)
   end)

   it("goes at once with its last handle", function()
      local x = leaf {1}
      local before = tide.memory_stats().nodes
      local y = x * 2
      for _ = 1, 1000 do
         local z = y * y
         y:release()
         y = z
      end
      assert.are.equal(before + 1002, tide.memory_stats().nodes)
      y:release()
      assert.are.equal(before + 1, tide.memory_stats().nodes)       -- the leaf's own
   end)
end)

describe("a leaf's grad", function()
   it("is added to in place, and stays the same object", function()
      local x = leaf {1, 2};
      (x * 2):sum():backward()
      local g = x.grad;
      (x * 3):sum():backward()
      assert.is_true(rawequal(g, x.grad))
      assert.are.same({5, 5}, values(g))
      assert.are.equal(1, g._version)
   end)

   it("is a new one under create_graph", function()
      local x = leaf {1, 2};
      (x * 2):sum():backward()
      local g = x.grad
      tide.autograd.backward((x * x):sum(), nil, nil, true)
      assert.are.same({2, 2}, values(g))
      assert.are.same({4, 6}, values(x.grad))
      assert.is_true(x.grad.requires_grad)
      x.grad = nil
   end)

   it("is laid out as the leaf", function()
      local x = tide.ones(3, 4).T:detach():requires_grad_();
      (x * constant {2, 2, 2}):sum():backward()
      assert.are.same({1, 4}, x.grad:stride())
      x = tide.ones(3, 1):expand(3, 2):detach():requires_grad_()
      x:sum():backward()
      assert.are.same({2, 1}, x.grad:stride())
   end)

   it("is never an output gradient that somebody else has", function()
      local x, g = leaf {1, 2}, constant {1, 1};
      (x + 0):backward(g)
      x.grad:add_(5)
      assert.are.same({1, 1}, values(g))
      local a, b = leaf {1}, leaf {1};
      (a + b):sum():backward()
      a.grad:add_(1)
      assert.are.same({1}, values(b.grad))
   end)

   it("has the leaf's dtype and shape, by casting and summing", function()
      local x = tide.ones(3, {requires_grad = true});
      (x * tide.ones(2, 3, {dtype = tide.float64})):sum():backward()
      assert.are.equal(tide.float32, x.grad.dtype)
      assert.are.same({2, 2, 2}, values(x.grad))
   end)

   it("can be set, to a tensor that fits", function()
      local x = leaf {1, 2}
      x.grad = constant {5, 5};
      (x * 1):sum():backward()
      assert.are.same({6, 6}, values(x.grad))
      fails("size", function() x.grad = constant {1} end)
      fails("the gradient is float32, the tensor float64", function() x.grad = tide.ones(2) end)
      fails("a tensor cannot be its own gradient", function() x.grad = x end)
      fails("grad", function() x.grad = 5 end)
      x.grad = nil
      assert.is_nil(x.grad)
   end)
end)

describe("retain_grad", function()
   it("holds under autograd.grad, and once under backward to the tensor itself, as in PyTorch", function()
      for _, pass in ipairs {
         function(z, x) assert.same({8, 8}, tide.autograd.grad(z, x):tolist()) end,
         function(z, _, y) assert.same({4, 4}, tide.autograd.grad(z, y):tolist()) end,
         function(z, x) z:backward {inputs = {x}} end,
         function(z, _, y) z:backward {inputs = {y}} end,
      } do
         local x = tide.ones(2, {requires_grad = true})
         local y = x * 2
         y:retain_grad()
         pass((y * y):sum(), x, y)
         assert.same({4, 4}, y.grad:tolist())
      end
      local y = tide.ones(2, {requires_grad = true}) * 2
      y:sum():backward {inputs = {y}}
      assert(y.retains_grad)
   end)
   it("fills the grad of a tensor that is no leaf", function()
      local x = leaf {2}
      local y = x * x
      y:retain_grad()
      y:retain_grad()
      assert.is_true(y.retains_grad);
      (y * 3):sum():backward()
      assert.are.same({3}, values(y.grad))
   end)

   it("does nothing on a leaf, and is an error without history", function()
      local x = leaf {2}
      x:retain_grad()
      assert.is_false(x.retains_grad)
      fails("does not require grad", function() constant {1}:retain_grad() end)
   end)

   it("follows an in-place change", function()
      local y = leaf {2} * 1
      y:retain_grad()
      y:mul_(3);
      (y * 5):sum():backward()
      assert.are.same({5}, values(y.grad))
   end)
end)

describe("requires_grad", function()
   it("spreads to results", function()
      local x, c = leaf {1}, constant {1}
      assert.is_true((x + c).requires_grad)
      assert.is_false((c + c).requires_grad)
      assert.is_true(x.is_leaf and c.is_leaf and (c + c).is_leaf)
      assert.is_false((x + c).is_leaf)
      assert.is_false(x:gt(0).requires_grad)
   end)

   it("can be set on leaves of a float dtype", function()
      local x = constant {1}
      x.requires_grad = true
      assert.is_true(x.requires_grad)
      assert.is_true(rawequal(x, x:requires_grad_(false)))
      assert.is_false(x.requires_grad)
      fails("turned off for leaf tensors only", function() (leaf {1} * 2).requires_grad = false end)
      fails("only tensors of a float dtype can require grad, this one is int64", function() tide.tensor {1}:requires_grad_() end)
   end)

   it("is dropped by detach, which shares memory", function()
      local x = leaf {1, 2}
      local d = x:detach()
      assert.is_false(d.requires_grad)
      d:add_(1)
      assert.are.same({2, 3}, values(x))
      assert.are.equal(1, x._version)
      local y = x * 2
      assert.is_true(rawequal(y, y:detach_()))
      assert.is_true(y.is_leaf)
      fails("a view cannot be detached in place", function() (x * 1)[{{1, 1}}]:detach_() end)
   end)
end)

describe("saved_tensors_hooks", function()
   local hooks = graph.saved_tensors_hooks
   local function same(t) return t end

   it("pass what is saved through pack and unpack", function()
      local x, packs, unpacks = leaf {3}, 0, 0
      local y
      do
         local _ <close> = hooks(function(t) packs = packs + 1; return {t * 2} end, function(p) unpacks = unpacks + 1; return p[1] end)
         y = x * x
      end
      y:backward()
      assert.are.same({2, 2}, {packs, unpacks})
      assert.are.same({12}, values(x.grad))
   end)

   it("as a function pass arguments and results on", function()
      local a, b = hooks(same, same, function(...) return ... end, 1, 2)
      assert.are.same({1, 2}, {a, b})
   end)

   it("give pack a leaf itself, other tensors without history, and no recording", function()
      local x, seen = leaf {3}, {}
      hooks(function(t) seen[#seen + 1] = {rawequal(t, x), t.grad_fn == nil, tide.is_grad_enabled()}; return t end, same, function() return (x * x):exp() end)
      assert.are.same({{true, true, false}, {true, true, false}, {false, true, false}}, seen)
   end)

   it("may keep anything, nil included", function()
      local x = leaf {3}
      local y = hooks(function() end, function(p) assert.is_nil(p); return constant {7} end, function() return x * x end)
      y:backward()
      assert.are.same({14}, values(x.grad))
   end)

   it("are the innermost scope's, and end with it", function()
      local x, who = leaf {3}, {}
      local function mark(name) return function(t) who[#who + 1] = name; return t end end
      hooks(mark "outer", same, function()
         hooks(mark "inner", same, function() return x:exp() end)
         return x:exp()
      end)
      local _ = x:exp()
      assert.are.same({"inner", "outer"}, who)
   end)

   it("see the result of an in-place call", function()
      local x = leaf {1}
      local y = hooks(function(t) return t:clone() end, same, function() return (x * 1):exp_() end)
      y:backward()
      assert.near(math.exp(1), x.grad:item(), 1e-12)
   end)

   it("unpack as often as backward runs", function()
      local x, unpacks = leaf {3}, 0
      local y = hooks(same, function(t) unpacks = unpacks + 1; return t end, function() return x:exp() end)
      y:backward {retain_graph = true}
      y:backward {retain_graph = true}
      local g = grad(y, x, {create_graph = true})
      assert.near(math.exp(3), grad(g, x):item(), 1e-9)
      assert.is_true(unpacks >= 4)
   end)

   it("work for custom functions", function()
      local x, packs = leaf {3}, 0
      local f = support.custom(function(ctx, a) ctx:save_for_backward(a); return a * a end, function(ctx, g) local a = ctx:saved_tensors(); return g * a * 2 end)
      local y = hooks(function(t) packs = packs + 1; return t end, same, f, x)
      y:backward()
      assert.are.same({1, {6}}, {packs, values(x.grad)})
   end)

   it("let errors through, and leave nothing half done", function()
      local x, object = leaf {3}, {}
      local ok, caught = pcall(hooks, function() error(object) end, same, function() return x * x end)
      assert.is_true(not ok and caught == object)
      assert.are.same({9}, values(x * x))
      local y = hooks(same, function() error(object) end, function() return x * x end)
      ok, caught = pcall(y.backward, y)
      assert.is_true(not ok and caught == object)
      fails("saved_tensors_hooks: unpack has to give a tensor, got number", function() hooks(same, function() return 5 end, function() return x * x end):backward() end)
      fails("mul: a pack hook must not change its tensor in place", hooks, function(t) return t:add_(1) end, same, function() local a = x * 1; return a * a end)
      fails("saved_tensors_hooks: argument 2 %('unpack_hook'%): a function expected, got no value", hooks, same)
   end)

   it("form no cycles", function()
      support.leaves_nothing(function()
         for i = 1, 20 do
            local x = leaf {3}
            local y = hooks(function(t) return {t} end, function(p) return p[1] end, function() return (x * x):exp() end)
            y:backward {retain_graph = i % 2 == 0}
         end
      end)
   end)

   it("survive a scope that is dropped in the middle", function()
      local text = support.output [[
         local x = tide.ones(1, {requires_grad = true})
         tide.autograd.graph.saved_tensors_hooks(function(t) collectgarbage(); collectgarbage(); return t end, function(t) return t end)
         local y = (x * x):exp() * x
         y:backward()
         print(x.grad)]]
      assert.truthy(text:find "dropped without <close>", text)
      assert.truthy(text:find "tensor%(%[8.1548%]%)", text)
   end)
end)

describe("anomaly mode", function()
   local detect = tide.autograd.detect_anomaly

   it("finds the first nan of a backward pass and tells where its forward call was", function()
      local x = constant {0}:requires_grad_()
      local line = debug.getinfo(1, "l").currentline + 1
      local y = detect(function() return x:sqrt() * 0 end)
      fails(("SqrtBackward0 returned nan values in output 1; its forward call: spec/autograd_spec.lua:%d"):format(line), detect, y.backward, y)
      y = detect(function() return x:sqrt() * 0 end)
      y:backward()
      assert.is_true(x.grad:isnan():item())
   end)

   it("does not look for nan with check_nan = false, in any form", function()
      for _, call in ipairs {
         function(f) detect(false, f) end, function(f) detect({check_nan = false}, f) end, function(f) local _ <close> = detect {check_nan = false}; f() end,
         function(f) tide.autograd.set_detect_anomaly(true, false, f) end, function(f) local _ <close> = tide.autograd.set_detect_anomaly(true, {check_nan = false}); f() end
      } do
         call(function()
            assert.is_true(tide.is_anomaly_enabled())
            assert.is_false(tide.is_anomaly_check_nan_enabled());
            (leaf {0}:sqrt() * 0):backward()
         end)
         assert.is_false(tide.is_anomaly_enabled())
      end
   end)

   it("can be set for good", function()
      tide.autograd.set_detect_anomaly(true)
      assert.is_true(tide.is_anomaly_enabled())
      tide.autograd.set_detect_anomaly(false)
      assert.is_false(tide.is_anomaly_enabled())
   end)

   it("says where the forward call was for other failures too", function()
      local x = leaf {1}
      local line = debug.getinfo(1, "l").currentline + 1
      local y = detect(function() return x:exp() end)
      y:detach():add_(1)
      fails(("ExpBackward0 needs a tensor .* its forward call: spec/autograd_spec.lua:%d"):format(line), detect, y.backward, y)
   end)

   it("names custom functions", function()
      local f = support.custom(function(_, x) return x * 1 end, function(_, g) return g * (0 / 0) end, "Bad")
      fails("BadBackward returned nan values in output 1; its forward call: spec/autograd_spec.lua", detect, function() f(leaf {1}):backward() end)
   end)
end)

describe("a pass that fails midway", function()
   it("keeps what it had accumulated, and can be followed by another", function()
      local x, w = leaf {2}, leaf {3}
      local bad = support.custom(function(_, a) return a * 1 end, function() error "no" end)
      local y = bad(x) + w * 1
      assert.is_false((pcall(y.backward, y)))
      assert.are.same({1}, values(w.grad))
      assert.is_nil(x.grad);
      (x * w):backward()
      assert.are.same({{3}, {3}}, {values(x.grad), values(w.grad)})
   end)

   it("leaves nothing alive", function()
      support.leaves_nothing(function()
         for _ = 1, 20 do
            local x = leaf {2}
            local y = (support.custom(function(_, a) return a * 1 end, function() error "no" end)(x) * x):exp():sum()
            pcall(y.backward, y)
         end
      end)
   end)
end)
