-- autograd.Function: custom functions with a derivative of their own, by PyTorch's rules.
local tide = require "tide"
local support = dofile "spec/support/autograd.lua"
local leaf, constant, values, custom = support.leaf, support.constant, support.values, support.custom

local function backward(y) y:sum():backward() end

local Exp = tide.autograd.Function {
   name = "Exp",
   forward = function(ctx, x) local y = x:exp(); ctx:save_for_backward(y); return y end,
   backward = function(ctx, grad) local y = ctx:saved_tensors(); return grad * y end
}

-- Calls f, which has to fail with a message that matches.
local function fails(pattern, f, ...)
   local ok, message = pcall(f, ...)
   assert.is_false(ok)
   assert.truthy(tostring(message):find(pattern), message)
end

describe("a custom function", function()
   it("is called, or its apply is", function()
      local x = leaf {0, 1}
      assert.is_true(tide.equal(Exp(x), x:exp()))
      assert.is_true(tide.equal(Exp.apply(x), x:exp()))
   end)

   it("names its node", function()
      local y = Exp(leaf {0})
      assert.are.equal("ExpBackward", y.grad_fn:name())
      assert.truthy(tostring(y.grad_fn):find "^<ExpBackward object at 0x%x+>$")
      assert.are.equal("tensor([1.], dtype=tide.float64, grad_fn=<ExpBackward>)", tostring(y))
   end)

   it("has derivatives of any order, if backward is written with operators", function()
      local x = leaf {0.5}
      local g = Exp(x * 2):sum()
      for order = 1, 4 do
         g = tide.autograd.grad(g, x, {create_graph = true})
         assert.near(2 ^ order * math.exp(1), g:item(), 1e-9)
         g = g:sum()
      end
   end)

   it("hands its arguments through untouched", function()
      local seen
      local t, list = {a = 1}, {leaf {1}}
      local f = custom(function(ctx, ...) seen = table.pack(...); ctx.n = select("#", ...); return ... end, function(ctx) return table.unpack({}, 1, ctx.n) end)
      local results = table.pack(f(nil, t, list, "s", 3, false, nil))
      assert.are.equal(7, seen.n)
      assert.are.equal(7, results.n)
      assert.are.equal(t, seen[2])
      assert.are.equal(list, results[3])
      assert.are.same({nil, "s", 3, false, nil}, {seen[1], seen[4], seen[5], seen[6], seen[7]})
   end)

   it("takes numbers and gives several results, of any kind", function()
      local x, c, seen = leaf {1, 2}, constant {5, 5}, nil
      local f = custom(function(ctx, a, k, b) ctx.k = k; return a * k + b, 5, {1}, a end,
         function(ctx, ...) seen = table.pack(...); local g, _, _, h = ...; return g * ctx.k + h, nil, g end)
      local y, five, list, same = f(x, 3, c)
      assert.are.same({8, 11}, values(y))
      assert.are.same({5, {1}}, {five, list})
      assert.is_false(rawequal(same, x))
      backward(y)
      assert.are.equal(4, seen.n)
      assert.are.same({{1, 1}, nil, nil, {0, 0}}, {values(seen[1]), seen[2], seen[3], values(seen[4])})
      assert.are.same({3, 3}, values(x.grad))
      assert.are.equal(2, #y.grad_fn.next_functions)
      assert.is_nil(y.grad_fn.next_functions[2][1])
   end)

   it("runs forward without recording, backward with it only under create_graph", function()
      local modes = {}
      local f = custom(function(_, x) modes[#modes + 1] = tide.is_grad_enabled(); return x * 2 end, function(_, g) modes[#modes + 1] = tide.is_grad_enabled(); return g * 2 end)
      local x = leaf {1}
      local y = f(x):sum()
      y:backward {retain_graph = true}
      tide.autograd.grad(y, x, {create_graph = true})
      assert.are.same({false, false, true}, modes)
      assert.is_true(tide.is_grad_enabled())
   end)

   it("knows which gradients are wanted", function()
      local needs
      local f = custom(function(ctx, ...) needs = ctx.needs_input_grad; return (...) * 1 end, function(_, g) return g, nil, nil end)
      f(leaf {1}, 5, constant {1})
      assert.are.same({true, false, false}, needs)
      tide.no_grad(f, leaf {1}, 5, constant {1})
      assert.are.same({true, false, false}, needs)
   end)

   it("records nothing where nothing requires grad or grad mode is off", function()
      assert.is_nil(Exp(constant {1}).grad_fn)
      assert.is_nil(tide.no_grad(Exp, leaf {1}).grad_fn)
   end)

   it("may have setup_context, and vjp for backward", function()
      local seen
      local f = tide.autograd.Function {
         name = "Scale",
         forward = function(x, k) return x * k end,
         setup_context = function(ctx, inputs, output) seen = {inputs.n, inputs[2], values(output)}; ctx.k = inputs[2] end,
         vjp = function(ctx, g) return g * ctx.k, nil end
      }
      local x = leaf {1, 2}
      backward(f(x, 3))
      assert.are.same({2, 3, {3, 6}}, seen)
      assert.are.same({3, 3}, values(x.grad))
   end)

   it("calls other custom functions", function()
      local Twice = custom(function(_, x) return Exp(Exp(x)) end, function(_, g) return g end)
      assert.near(math.exp(math.exp(1)), Twice(leaf {1}):item(), 1e-9)
   end)

   it("may run backward in its backward", function()
      local f = custom(function(ctx, x) ctx:save_for_backward(x); return x * x end, function(ctx, g)
         local x = ctx:saved_tensors()
         local again = x:detach():requires_grad_()
         tide.enable_grad(function() (again * again):sum():backward() end)
         return g * again.grad
      end)
      local x = leaf {3}
      backward(f(x))
      assert.are.same({6}, values(x.grad))
   end)
end)

describe("what backward gives", function()
   local function run(result, ...)
      local args = table.pack(...)
      local x = args[1] or leaf {1, 2}
      backward(custom(function(_, a) return a * 2 end, function() return table.unpack(result, 1, result.n or #result) end)(x, table.unpack(args, 2, args.n)))
      return x.grad
   end

   it("is one result for each argument, nil for those that are no tensors", function()
      assert.are.same({7, 7}, values(run({constant {7, 7}, nil, nil, n = 3}, leaf {1, 2}, 3, {})))
      fails("CustomBackward: backward has to give 1 gradients, one for each argument, and gave 2", run, {constant {7, 7}, constant {7, 7}})
      fails("has to give 2 gradients, one for each argument, and gave 1", run, {constant {7, 7}}, leaf {1, 2}, leaf {1, 2})
      fails("has to give 1 gradients, one for each argument, and gave 0", run, {})
      fails("gave a gradient for argument 2, which is no tensor", run, {constant {7, 7}, constant {1}}, leaf {1, 2}, 3)
   end)

   it("may have nils behind", function() assert.are.same({7, 7}, values(run {constant {7, 7}, nil, nil, n = 3})) end)

   it("may be nil for a tensor", function() assert.is_nil(run {nil, n = 1}) end)

   it("fits the input, or can be summed and cast to it", function()
      assert.are.same({4, 4}, values(run {tide.ones(4, 2)}))
      assert.are.equal(tide.float64, run {tide.ones(2)}.dtype)
      fails("CustomBackward gave a gradient of sizes %(3,%) for input 1 of sizes %(2,%)", run, {tide.ones(3)})
      fails("CustomBackward gave a gradient of sizes %(%) for input 1 of sizes %(2,%)", run, {constant(1)})
      fails("gradient 1: a tensor or nil is expected, got string", run, {"x"})
   end)

   it("has to be there", function() fails("GBackward: the function has no backward", function() backward(custom(function(_, x) return x * 1 end, nil, "G")(leaf {1})) end) end)
end)

describe("ctx", function()
   it("saves inputs, outputs, others and nil", function()
      local x, other, seen = leaf {2}, constant {9}, nil
      local f = custom(function(ctx, a) local y = a * 3; ctx:save_for_backward(a, y, nil, other); return y end, function(ctx, g) seen = table.pack(ctx:saved_tensors()); return g end)
      local y = f(x)
      y:sum():backward {retain_graph = true}
      assert.are.equal(4, seen.n)
      assert.is_true(rawequal(x, seen[1]))
      assert.are.same({{6}, nil, {9}}, {values(seen[2]), seen[3], values(seen[4])})
      tide.autograd.grad(y:sum(), x, {create_graph = true})
      assert.are.equal("CustomBackward", seen[2].grad_fn:name())
   end)

   it("gives saved values their history, whatever the mode", function()
      local x = leaf {2}
      local f = custom(function(ctx, a) ctx:save_for_backward(a); return a * 3 end, function(ctx, g)
         local a = ctx:saved_tensors()
         assert.is_true(a.requires_grad)
         assert.is_false(tide.is_grad_enabled())
         return g
      end)
      backward(f(x * 2))
   end)

   it("notices that a saved value was changed, and that it was freed", function()
      local x = leaf {2}
      local a = x * 1
      local y = Exp(a)
      y:detach():add_(1)
      fails("ExpBackward needs a tensor of sizes %(1,%) for its gradient that was changed in place since", backward, y)
      y = Exp(x):sum()
      y:backward()
      fails("ExpBackward: what backward needs was already freed", y.backward, y)
   end)

   it("lets a node run twice whose backward asks for nothing saved", function()
      local x = leaf {2}
      local y = custom(function(ctx, a) ctx:save_for_backward(a); return a * 2 end, function(_, g) return g end)(x):sum()
      y:backward()
      y:backward()
      assert.are.same({2}, values(x.grad))
   end)

   it("has fields of the user's", function()
      local x = leaf {2}
      backward(custom(function(ctx, a) ctx.k, ctx.list = 5, {1, 2}; return a * 2 end, function(ctx, g) return g * ctx.k * ctx.list[2] end)(x))
      assert.are.same({10}, values(x.grad))
   end)

   it("gives zeros for absent gradients, or nil without set_materialize_grads", function()
      for _, materialize in ipairs {true, false} do
         local seen = "unset"
         local f = custom(function(ctx, a) ctx:set_materialize_grads(materialize); return a * 2, a * 3 end, function(_, g, h) seen = h; return g end)
         backward((f(leaf {1, 2})))
         if materialize then assert.are.same({0, 0}, values(seen)) else assert.is_nil(seen) end
      end
   end)

   it("marks results as not differentiable, for which backward still gets zeros", function()
      local seen
      local f = custom(function(ctx, a) local b, c = a * 2, a * 3; ctx:mark_non_differentiable(c); return b, c end, function(_, g, h) seen = values(h); return g * 2 end)
      local x = leaf {1}
      local b, c = f(x)
      assert.is_false(c.requires_grad)
      backward(b)
      assert.are.same({0}, seen)
      assert.are.same({2}, values(x.grad))
   end)

   it("treats integer results so of itself", function()
      local seen
      local f = custom(function(_, a) return a:argmax(), a * 1 end, function(_, i, g) seen = i; return g end)
      local i, y = f(leaf {1, 2})
      assert.is_false(i.requires_grad)
      backward(y)
      assert.are.equal(tide.int64, seen.dtype)
   end)

   it("refuses what cannot be saved", function()
      fails("save_for_backward: argument 1: a tensor or nil is expected, got number", custom(function(ctx, a) ctx:save_for_backward(5); return a * 1 end), leaf {1})
      local inference = tide.inference_mode(function() return tide.ones(1) end)
      fails("an inference tensor cannot be saved", custom(function(ctx, a) ctx:save_for_backward(inference); return a * 1 end), leaf {1})
   end)
end)

describe("an argument that is returned", function()
   local function same(_, x) return x end

   it("becomes a view of it, with the function's node", function()
      local x = leaf {1}
      local y = custom(same, function(_, g) return g * 7 end)(x)
      assert.is_false(rawequal(x, y))
      assert.is_true(rawequal(x, y._base))
      backward(y)
      assert.are.same({7}, values(x.grad))
   end)

   it("is a new object also where nothing is recorded", function()
      local x = constant {1}
      local y = custom(same)(x)
      assert.is_false(rawequal(x, y))
      assert.is_false(tide.no_grad(custom(same), leaf {1}).requires_grad)
   end)

   it("may not be written, nor what it looks at, for the node would be overridden", function()
      local x = leaf {1} * 1
      local y = custom(same, function(_, g) return g end)(x)
      fails("add_: this view cannot be changed in place: it comes from a custom function", y.add_, y, 1)
      x:add_(1)
      fails("its base was changed in place, and it comes from a custom function", function() return y.grad_fn end)
      fails("its base was changed in place, and it comes from a custom function", function() return y * 2 end)
      fails("its base was changed in place", backward, y)
      assert.is_true(y.requires_grad)
      assert.are.equal("tensor([2.], dtype=tide.float64, grad_fn=<Invalid>)", tostring(y))
      assert.are.same({3}, values(tide.ones(1) * 3))
   end)

   it("so too a view that forward made", function()
      local x = leaf {1} * 1
      local y = custom(function(_, a) return a:view(-1) end, function(_, g) return g end)(x)
      fails("it comes from a custom function", y.add_, y, 1)
   end)
end)

describe("an argument changed in place", function()
   local add = function(ctx, x) x:add_(1); ctx:mark_dirty(x); return x end
   local function seven(_, g) return g * 7 end

   it("comes back as the same object, with the function's node", function()
      local x = leaf {1}
      local a = x * 1
      local y = custom(add, seven)(a)
      assert.is_true(rawequal(a, y))
      assert.are.equal("CustomBackward", a.grad_fn:name())
      assert.are.equal(2, a._version)
      backward(a)
      assert.are.same({7}, values(x.grad))
   end)

   it("rebases the base of a view", function()
      local x = leaf {1, 2, 3, 4}
      local base = x * 1
      local part = base[{{1, 2}}]
      local y = custom(add, seven)(part)
      assert.is_true(rawequal(part, y))
      assert.are.equal("CopySlices", base.grad_fn:name())
      backward(base)
      assert.are.same({7, 7, 1, 1}, values(x.grad))
   end)

   it("gets a history if another argument has one", function()
      local c, x = constant {1}, leaf {2}
      local f = custom(function(ctx, a, b) a:add_(b); ctx:mark_dirty(a); return a end, function(_, g) return g, g end)
      f(c, x)
      assert.is_true(c.requires_grad)
      backward(c * 3)
      assert.are.same({3}, values(x.grad))
   end)

   it("may be saved as it is now", function()
      local x = leaf {1}
      local f = custom(function(ctx, a) a:exp_(); ctx:mark_dirty(a); ctx:save_for_backward(a); return a end, function(ctx, g) local y = ctx:saved_tensors(); return g * y end)
      backward(f(x * 1))
      assert.near(math.exp(1), x.grad:item(), 1e-12)
      assert.is_true(tide.autograd.gradgradcheck(function(a) return f(a * 1) end, {leaf {0.3, 0.4}}))
   end)

   it("must not be a leaf that requires grad, must be returned, and alone if it is a view", function()
      fails("a leaf tensor that requires grad cannot be changed in place", custom(add, seven), leaf {1})
      fails("input 1 was changed in place, but is not among the outputs", custom(function(ctx, a) ctx:mark_dirty(a:add_(1)); return a * 1 end, seven), leaf {1} * 1)
      local f = custom(function(ctx, a) a:add_(1); ctx:mark_dirty(a); return a, a * 2 end, seven)
      fails("a view can be changed in place only by a function with one output", f, (leaf {1, 2} * 1)[{{1, 1}}])
   end)

   it("that is none is warned of", function()
      local text = support.output [[
         local f = tide.autograd.Function {forward = function(ctx, a) local b = a * 2; ctx:mark_dirty(b); return b end, backward = function(ctx, g) return g end}
         print(f(tide.ones(1, {requires_grad = true})).grad_fn:name())]]
      assert.truthy(text:find "Lua warning: script.lua:5: mark_dirty: tensor 1 is none of the function's arguments", text)
      assert.truthy(text:find "FunctionBackward", text)
   end)
end)

describe("other results", function()
   it("given twice are one object", function()
      local x = leaf {1}
      local y, z = custom(function(_, a) local b = a * 2; return b, b end, function(_, g, h) return g + h end)(x)
      assert.is_true(rawequal(y, z))
      backward(y)
      assert.are.same({1}, values(x.grad))
   end)

   it("that belong to somebody else get the function's history", function()
      local w = leaf {1}
      local y = custom(function() return w end, function(_, g) return g end)(leaf {1})
      assert.is_true(rawequal(y, w))
      assert.is_false(w.is_leaf)
   end)

   it("may be nothing", function() assert.are.equal(0, select("#", custom(function() end)(leaf {1}))) end)
end)

describe("errors in custom functions", function()
   it("arrive unchanged from forward and from backward", function()
      local object = {}
      local ok, caught = pcall(custom(function() error(object) end), leaf {1})
      assert.is_true(not ok and caught == object)
      ok, caught = pcall(backward, custom(function(_, x) return x * 1 end, function() error(object) end)(leaf {1}))
      assert.is_true(not ok and caught == object)
      assert.is_true(tide.is_grad_enabled())
   end)

   it("name the user's line", function()
      fails("function_spec.lua:%d+: matmul: ", custom(function(_, x) return x:matmul(tide.ones(3, 3)) end), leaf {{1}})
   end)

   it("include yielding", function()
      local co = coroutine.wrap(function() custom(function() coroutine.yield() end)(leaf {1}) end)
      fails("attempt to yield across a C%-call boundary", co)
      co = coroutine.wrap(function() backward(custom(function(_, x) return x * 1 end, function() coroutine.yield() end)(leaf {1})) end)
      fails("attempt to yield across a C%-call boundary", co)
   end)

   it("include a definition without forward", function()
      fails("Function: Nothing has no forward", tide.autograd.Function, {name = "Nothing"})
      fails("Function: a table expected, got nil", tide.autograd.Function)
   end)
end)

describe("once_differentiable", function()
   it("runs backward without recording and refuses a second derivative", function()
      local mode
      local f = custom(function(_, x) return x * 2 end, tide.autograd.once_differentiable(function(_, g) mode = tide.is_grad_enabled(); return g * 2 end))
      local x = leaf {1}
      local g = tide.autograd.grad((f(x) ^ 2):sum(), x, {create_graph = true})
      assert.are.same({8}, values(g))
      assert.is_false(mode)
      assert.are.equal("Error", g.grad_fn:name())
      fails("once_differentiable: a function whose backward may run once only was differentiated twice", backward, g)
      backward(f(x))
      assert.are.same({2}, values(x.grad))
   end)
end)

describe("custom functions and the collector:", function()
   it("ctx may refer to the arguments and to itself", function()
      support.leaves_nothing(function()
         for _ = 1, 50 do
            local x = leaf {1}
            local y = custom(function(ctx, a) ctx.x, ctx.me = a, ctx; ctx:save_for_backward(a, a * 2); return a * 2 end, function(_, g) return g end)(x)
            y:sum():backward {retain_graph = true}
         end
      end)
   end)

   it("a saved result forms no cycle", function()
      support.leaves_nothing(function() for _ = 1, 50 do local _ = Exp(leaf {1}) end end)
   end)

   it("nothing stays of a call that fails", function()
      support.leaves_nothing(function()
         for _ = 1, 20 do
            pcall(custom(function(ctx, a) ctx:save_for_backward(a, a * 2); error "no" end), leaf {1})
            pcall(custom(function(ctx, a) ctx:save_for_backward(a); a:add_(1); ctx:mark_dirty(a); return a end), leaf {1})
            pcall(backward, custom(function(_, a) return a * 2 end, function() error "no" end)(leaf {1}))
         end
      end)
   end)

   it("a collection in forward and backward does no harm", function()
      local x = leaf {1}
      local f = custom(function(ctx, a) ctx:save_for_backward(a * 3); collectgarbage(); return a * 3 end, function(ctx, g) collectgarbage(); local s = ctx:saved_tensors(); return g * s end)
      local y = f(x)
      collectgarbage()
      backward(y)
      assert.are.same({3}, values(x.grad))
   end)
end)
