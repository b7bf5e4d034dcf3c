-- Writing in place: what is allowed, what is recorded, views with history, versions. The numbers are PyTorch's.
local tide = require "tide"
local support = dofile "spec/support/autograd.lua"
local leaf, constant, values = support.leaf, support.constant, support.values
local grad = tide.autograd.grad

local function fails(pattern, f, ...)
   local ok, message = pcall(f, ...)
   assert.is_false(ok)
   assert.truthy(tostring(message):find(pattern), message)
end

describe("an in-place call", function()
   it("returns its tensor and is recorded", function()
      local x = leaf {1, 2}
      local y = x * 1
      assert.is_true(rawequal(y, y:mul_(3)))
      assert.are.equal("MulBackward0", y.grad_fn:name())
      y:sum():backward()
      assert.are.same({3, 3}, values(x.grad))
   end)

   it("gives a constant a history", function()
      local x, c = leaf {2}, constant {5}
      c:mul_(x)
      assert.is_false(c.is_leaf)
      c:backward()
      assert.are.same({5}, values(x.grad))
   end)

   it("may read the tensor that it writes", function()
      local y = leaf {3} * 1
      y:add_(y)
      assert.are.same({2}, values(grad(y, y.grad_fn.next_functions[1][1].next_functions[1][1].variable)))
   end)

   it("saves what the write destroys", function()
      for _, case in ipairs {{"exp_", math.exp(2)}, {"square_", 4}, {"sin_", math.cos(2)}, {"pow_", 12, 3}, {"reciprocal_", -0.25}} do
         local x = leaf {2}
         local y = x * 1
         y[case[1]](y, table.unpack(case, 3))
         y:sum():backward()
         assert.near(case[2], x.grad:item(), 1e-12)
      end
   end)

   it("is not recorded under no_grad, but counted", function()
      local x = leaf {1, 2}
      tide.no_grad(function() x:mul_(3):add_(1) end)
      assert.is_true(x.is_leaf)
      assert.are.equal(2, x._version)
      assert.are.same({4, 7}, values(x))
   end)

   it("has second derivatives", function()
      assert.is_true(tide.autograd.gradgradcheck(function(x, w)
         local y = x * 1
         y:mul_(w):sin_()
         y[2] = w[1] * x[1]
         y[{{1, 2}}]:exp_()
         return y
      end, {leaf {0.3, 0.5, 0.7}, leaf {0.2, 0.4, 0.6}}))
   end)
end)

describe("it is an error to write", function()
   it("a leaf that requires grad, or a view of one", function()
      local x = leaf {1, 2}
      fails("add_: a leaf tensor that requires grad cannot be changed in place", x.add_, x, 1)
      fails("a view of a leaf tensor that requires grad cannot be changed in place", function() x[1]:add_(1) end)
      fails("leaf", function() x[1] = 5 end)
      assert.are.same({1, 2}, values(x))
      assert.are.equal(0, x._version)
   end)

   it("what would grow or change its dtype", function()
      fails("the result has sizes %(3, 2%), the tensor to write %(2,%)", function() tide.zeros(2):add_(tide.zeros(3, 2)) end)
      fails("the result is float32, which the tensor to write, int64, cannot hold", function() tide.zeros(2, {dtype = tide.int64}):add_(1.5) end)
   end)

   it("an expanded tensor", function()
      fails("several elements of the tensor share one place in memory", function() tide.zeros(1):expand(3):add_(1) end)
   end)

   it("one of several views made by one call", function()
      local a = (leaf {1, 2} * 1):unbind()
      fails("this view cannot be changed in place: it is one of several views made by one call", a[1].add_, a[1], 1)
      local c = constant {1, 2}
      c:unbind()[1]:add_(1)
      assert.are.same({2, 2}, values(c))
      fails("it is one of several views", function() constant {1, 2}:unbind()[1]:add_(leaf(1)) end)
   end)

   it("a view that was made under no_grad", function()
      local x = leaf {1, 2} * 1
      local v = tide.no_grad(function() return x[{{1, 1}}] end)
      fails("it was made in no_grad mode", v.add_, v, 1)
      tide.no_grad(function() v:add_(1) end)
      assert.are.same({2, 2}, values(x))
   end)
end)

describe("what backward needs", function()
   it("must not have changed: a saved result", function()
      local y = leaf {1, 2}:exp()
      y:add_(1)
      fails("ExpBackward0 needs a tensor of sizes %(2,%) for its gradient that was changed in place since: it is at version 1, was saved at version 0",
         function() y:sum():backward() end)
   end)

   it("must not have changed: a saved argument", function()
      local x = leaf {1, 2} * 1
      local y = x * x
      x:add_(1)
      fails("MulBackward0 needs a tensor of sizes %(2,%) .* is at version 1, was saved at version 0", function() y:sum():backward() end)
   end)

   it("may change where it is not needed", function()
      local x = leaf {1, 2}
      local a = x * 1
      local y = a:exp()
      a:add_(1);
      (y + a):sum():backward()
      assert.near(math.exp(1) + 1, x.grad[1]:item(), 1e-12)
   end)

   it("only has to be as it was when it was saved", function()
      local x = leaf {1, 2}
      local a = x * 1
      a:detach():add_(5);
      (a * a):sum():backward()
      assert.are.same({12, 14}, values(x.grad))
   end)

   it("is not watched through .data", function()
      local x = leaf {1, 2}
      local a = x * 1
      local z = (a * a):sum()
      a.data:add_(5)
      z:backward()
      assert.are.same({12, 14}, values(x.grad))
   end)

   it("is guarded also against writes to parts and to the base", function()
      local a = leaf {1, 2} * 1
      local v = a[{{1, 1}}]
      local y = v * v
      a[2] = 7
      fails("changed in place since", function() y:sum():backward() end)
   end)
end)

describe("a write into a view", function()
   it("is recorded on its base", function()
      local x = leaf {1, 2, 3, 4}
      local base = x * 1
      local view = base[{{2, 3}}]
      view:mul_(10)
      assert.are.equal("CopySlices", base.grad_fn:name())
      assert.are.equal("AsStridedBackward0", view.grad_fn:name())
      base:sum():backward()
      assert.are.same({1, 10, 10, 1}, values(x.grad))
   end)

   it("of a view, too", function()
      local x = leaf {1, 2, 3, 4}
      local base = x * 1
      local view = base[{{2, 3}}]
      view[{{1, 1}}]:mul_(10);
      (base * view:sum()):sum():backward()
      assert.are.same({23, 510, 51, 23}, values(x.grad))
   end)

   it("gives a constant base a history", function()
      local x = leaf {1, 2}
      local base = constant {0, 0, 0}
      local view = base[{{2, 3}}]
      view:copy_(x * 3);
      (base * base):sum():backward()
      assert.are.same({18, 36}, values(x.grad))
      assert.is_true(view.requires_grad)
   end)

   it("shows in other views of the base", function()
      local x = leaf {1, 2, 3}
      local base = x * 1
      local first, second = base[1], base[2]
      first:mul_(2)
      assert.are.equal("AsStridedBackward0", second.grad_fn:name());
      (second * 5):backward()
      assert.are.same({0, 5, 0}, values(x.grad))
   end)

   it("keeps older gradients right", function()
      local x = leaf {1, 2}
      local base = x * 1
      local view = base[{{1, 1}}]
      assert.are.same({2, 0}, values(grad((view * view):sum(), base, {retain_graph = true})))
      view:mul_(3)
      assert.are.same({18, 0}, values(grad((view * view):sum(), x)))
   end)

   it("by index: numbers, tensors and masks", function()
      local x, c = leaf {1, 2}, leaf {3}
      local base = x * 1
      base[1] = c[1] * 2
      base:sum():backward()
      assert.are.same({{0, 1}, {2}}, {values(x.grad), values(c.grad)})
      local y = leaf {1, 2}
      base = y * 1
      base[base:gt(1.5)] = 0
      base:sum():backward()
      assert.are.same({1, 0}, values(y.grad))
   end)
end)

describe("a write into a base", function()
   it("shows in its views", function()
      local x = leaf {1, 2}
      local base = x * 1
      local view = base:view(2, 1)
      base:mul_(2)
      assert.are.equal("AsStridedBackward0", view.grad_fn:name())
      view:sum():backward()
      assert.are.same({2, 2}, values(x.grad))
   end)

   it("cuts what it overwrites", function()
      local x = leaf {1, 2}
      local base = x * 1
      local view = base[1]
      base:zero_();
      (view + base:sum()):backward()
      assert.are.same({0, 0}, values(x.grad))
   end)

   it("ends the history of views that cannot follow", function()
      local x = leaf {1, 2} * 1
      local a = x:unbind()
      x:add_(1)
      assert.is_true(a[1].requires_grad)
      fails("its base was changed in place, and it is one of several views made by one call", function() return a[1].grad_fn end)
      fails("mul: this view has no gradient any more", function() return a[1] * 2 end)
      tide.no_grad(function() assert.are.equal(4, (a[1] * 2):item()); a[1]:add_(1) end)
      local v = tide.no_grad(function() return x[{{1, 1}}] end)
      x:add_(1)
      fails("it was made in no_grad mode", function() return v.grad_fn end)
   end)
end)

describe("geometry in place", function()
   it("is recorded", function()
      local x = leaf {{1, 2}, {3, 4}}
      local b = x * 1
      assert.is_true(rawequal(b, b:t_()));
      (b * constant {{1, 2}, {3, 4}}):sum():backward()
      assert.are.same({{1, 3}, {2, 4}}, values(x.grad))
   end)
end)

describe("versions", function()
   it("count writes to a base, its views and detach, together", function()
      local x = tide.ones(2)
      local v = x[{{1, 1}}]
      v:add_(1)
      local y = x:view(2)
      x:detach():add_(1)
      assert.are.same({2, 2, 2, 2, 0, 0}, {x._version, v._version, y._version, x:detach()._version, x.data._version, x:clone()._version})
   end)

   it("stay where .data is exchanged", function()
      local x = leaf {1, 2}
      x.data = constant {5, 6};
      (x * x):sum():backward()
      assert.are.same({10, 12}, values(x.grad))
      assert.are.equal(0, x._version)
   end)
end)

describe("in-place calls and memory:", function()
   it("y:add_(y * w) forms no cycle", function()
      support.leaves_nothing(function()
         local w = leaf {2}
         for _ = 1, 50 do
            local y = w * 1
            y:add_(y * w)
            y[1] = y[1] * w[1]
            y[{{1, 1}}]:mul_(w)
         end
      end)
   end)

   it("nor does a saved result that is written", function()
      support.leaves_nothing(function()
         for _ = 1, 50 do
            local y = leaf {2} * 1
            y:exp_():sigmoid_():tanh_()
         end
      end)
   end)
end)

describe("a write to a view by an operator that saves its result", function()
   it("can be differentiated twice, and backward through it but once", function()    -- numbers of PyTorch 2.13
      for name, want in pairs {exp_ = {4.8856, 5.9673}, sigmoid_ = {0.1113, 0.0954}, sqrt_ = {0, 0}} do
         local a = tide.tensor({0.1, 0.2}, {requires_grad = true})
         local b = a * 1
         local part = b[{{1, 2}}]
         part[name](part)
         local g = tide.autograd.grad((b * b):sum(), a, {create_graph = true})
         local second = tide.autograd.grad(g:sum(), a):tolist()
         for i = 1, 2 do assert(math.abs(second[i] - want[i]) < 1e-4) end
      end
      local a = tide.ones(2, {requires_grad = true})
      local b = a * 1
      b[{{1, 1}}]:mul_(2)
      local y = b:sum()
      y:backward()
      local ok, message = pcall(y.backward, y)
      assert(not ok and message:find "CopySlices: what backward needs was already freed", message)
   end)
end)
