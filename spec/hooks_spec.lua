-- Hooks on tensors and nodes, in PyTorch's order and with its rules; and that they do not keep alive what they should not.
local tide = require "tide"
local support = dofile "spec/support/autograd.lua"
local leaf, values = support.leaf, support.values

local function backward(y) y:sum():backward() end

describe("a tensor hook", function()
   it("sees the gradient and may replace it", function()
      local x, seen = leaf {1, 2}, nil
      x:register_hook(function(g) seen = values(g); return g * 10 end)
      backward(x * 3)
      assert.are.same({3, 3}, seen)
      assert.are.same({30, 30}, values(x.grad))
   end)

   it("runs in the order of registration, each with the result of the one before", function()
      local x, seen = leaf {1}, {}
      for i = 1, 3 do x:register_hook(function(g) seen[i] = g:item(); return g * 2 end) end
      assert.are.same({8}, values(tide.autograd.grad((x * 1):sum(), x)))
      assert.are.same({1, 2, 4}, seen)
   end)

   it("runs for grad as well as for backward, on leaves and others", function()
      local x, names = leaf {2}, {}
      local y = x * x
      x:register_hook(function() names[#names + 1] = "x" end)
      y:register_hook(function() names[#names + 1] = "y" end)
      tide.autograd.grad(y:sum(), {x, y}, {retain_graph = true})
      backward(y)
      assert.are.same({"y", "x", "y", "x"}, names)
   end)

   it("belongs to the grad_fn of the moment at which it is registered", function()
      local x, names = leaf {1}, {}
      local y = x * 2
      y:register_hook(function() names[#names + 1] = "old" end)
      y:add_(1)
      y:register_hook(function() names[#names + 1] = "new" end)
      backward(y)
      assert.are.same({"new", "old"}, names)
   end)

   it("runs without recording, but with create_graph with it", function()
      local x, modes = leaf {1}, {}
      x:register_hook(function() modes[#modes + 1] = tide.is_grad_enabled() end)
      backward(x * x)
      tide.autograd.grad((x * x):sum(), x, {create_graph = true})
      assert.are.same({false, true}, modes)
   end)

   it("may set modes and start passes of its own, and the pass goes on as before", function()
      local x, w = leaf {3}, leaf {5}
      x:register_hook(function(g)
         tide.set_grad_enabled(true)
         assert.is_true(tide.is_grad_enabled())
         backward(w * w)
         return g + tide.autograd.grad((w * w):sum(), w) * 0
      end)
      backward(x * x)
      assert.are.same({6}, values(x.grad))
      assert.are.same({10}, values(w.grad))
      assert.is_false(x.grad.requires_grad)
      assert.is_true(tide.is_grad_enabled())
   end)

   it("may run backward on the graph that is being run", function()
      local x = leaf {3}
      local y = x * x
      local z = (y * y):sum()
      local entered, inner
      y:register_hook(function()
         if entered then return end
         entered = true
         inner = values(tide.autograd.grad(z, x, {retain_graph = true}))
      end)
      z:backward {retain_graph = true}
      assert.are.same({4 * 27}, inner)
      assert.are.same({4 * 27}, values(x.grad))
   end)

   it("goes when it is removed, once or twice, also by <close>", function()
      local x, calls = leaf {1}, 0
      local function count() calls = calls + 1 end
      local first, second = x:register_hook(count), x:register_hook(count)
      first:remove()
      first:remove()
      backward(x * 1)
      assert.are.equal(1, calls)
      second:remove()
      do local _ <close> = x:register_hook(count) end
      backward(x * 1)
      assert.are.equal(1, calls)
   end)

   it("may remove itself and others", function()
      local x, calls, handles = leaf {1}, 0, {}
      for i = 1, 3 do handles[i] = x:register_hook(function() calls = calls + 1; for k = 1, 3 do handles[k]:remove() end end) end
      backward(x * 1)
      backward(x * 1)
      assert.are.equal(1, calls)
   end)

   it("must give a tensor of the same sizes and dtype, or nil", function()
      local function attempt(result)
         local x = leaf {1, 2}
         x:register_hook(function() return result end)
         backward(x * 1)
      end
      assert.has_error(function() attempt(tide.ones(3, {dtype = tide.float64})) end, nil)
      for pattern, result in pairs {
         ["changed the sizes of a gradient from %(2,%) to %(3,%)"] = tide.ones(3, {dtype = tide.float64}),
         ["changed the dtype of a gradient from float64 to float32"] = tide.ones(2),
         ["a tensor or nil is expected, got number"] = 5
      } do
         local ok, message = pcall(attempt, result)
         assert.is_false(ok)
         assert.truthy(message:find(pattern), message)
      end
   end)

   it("needs a tensor that requires grad and a function", function()
      local ok, message = pcall(function() tide.ones(2):register_hook(print) end)
      assert.truthy(not ok and message:find("hooks_spec.lua:%d+: register_hook: the tensor does not require grad"), message)
      ok, message = pcall(function() leaf {1}:register_hook(5) end)
      assert.truthy(not ok and message:find "register_hook: argument 1 %('hook'%): a function expected, got number", message)
      assert.has_no_error(function() leaf {1}:register_hook(setmetatable({}, {__call = function() end})) end)
   end)
end)

describe("errors in hooks", function()
   it("arrive unchanged, whatever they are", function()
      for _, object in ipairs {{code = 7}, "words", 5, false} do
         local x = leaf {1}
         x:register_hook(function() error(object, 0) end)
         local ok, caught = pcall(backward, x * 1)
         assert.is_false(ok)
         assert.are.equal(object, caught)
      end
   end)

   it("leave everything usable", function()
      local x = leaf {2}
      local fails = true
      x:register_hook(function() if fails then error "once" end end)
      local y = (x * x):sum()
      assert.has_error(function() y:backward {retain_graph = true} end)
      fails = false
      y:backward()
      assert.are.same({4}, values(x.grad))
      assert.is_true(tide.is_grad_enabled())
   end)

   it("include yielding, which a hook cannot", function()
      local x = leaf {1}
      x:register_hook(function() coroutine.yield() end)
      local ok, message = coroutine.resume(coroutine.create(function() backward(x * 1) end))
      assert.is_false(ok)
      assert.truthy(message:find "attempt to yield across a C%-call boundary")
   end)
end)

describe("a post-accumulate hook", function()
   it("gets the leaf itself once its grad is there", function()
      local x, seen = leaf {1}, {}
      x:register_post_accumulate_grad_hook(function(p) seen[#seen + 1] = {rawequal(p, x), p.grad:item()}; p.grad = nil end)
      backward(x * 3)
      backward(x * 4)
      assert.are.same({{true, 3}, {true, 4}}, seen)
      assert.is_nil(x.grad)
   end)

   it("does not run for grad", function()
      local x, calls = leaf {1}, 0
      x:register_post_accumulate_grad_hook(function() calls = calls + 1 end)
      tide.autograd.grad((x * 3):sum(), x)
      assert.are.equal(0, calls)
   end)

   it("is for leaves that require grad", function()
      local ok, message = pcall(function() (leaf {1} * 2):register_post_accumulate_grad_hook(print) end)
      assert.truthy(not ok and message:find "only a leaf accumulates its gradient", message)
      ok, message = pcall(function() tide.ones(1):register_post_accumulate_grad_hook(print) end)
      assert.truthy(not ok and message:find "does not require grad", message)
   end)

   it("can step an optimiser within backward", function()
      local x = leaf {1, 2}
      x:register_post_accumulate_grad_hook(function(p) tide.no_grad(function() p:sub_(p.grad * 0.5) end); p.grad = nil end)
      backward(x * x)
      assert.are.same({0, 0}, values(x))
   end)
end)

describe("node hooks", function()
   -- the order and the values are those of PyTorch 2.13
   it("run in PyTorch's order", function()
      local x, log = tide.ones(2, {requires_grad = true}), {}
      local function note(...) log[#log + 1] = table.concat({...}, " ") end
      local function first(list) return list[1] and ("%g"):format(list[1][1]:item()) or "nil" end
      local y = x * 2
      y:register_hook(function(g) note("tensor", g[1]:item()); return g * 3 end)
      y:retain_grad()
      y.grad_fn:register_prehook(function(go) note("pre", go.n, first(go)); return {go[1] * 2} end)
      y.grad_fn:register_hook(function(gi, go) note("post", gi.n, first(gi), tostring(gi[2]), go.n, first(go)) end)
      local node = y.grad_fn.next_functions[1][1]
      node:register_prehook(function(go) note("leaf pre", first(go)) end)
      node:register_hook(function(gi, go) note("leaf post", gi.n, first(go), x.grad[1]:item()) end)
      x:register_hook(function(g) note("leaf tensor", g[1]:item()) end)
      x:register_post_accumulate_grad_hook(function(p) note("leaf accumulated", p.grad[1]:item()) end)
      backward(y)
      assert.are.same({
         "tensor 1.0", "pre 1 3", "post 2 12 nil 1 6", "leaf tensor 12.0", "leaf pre 12", "leaf accumulated 12.0", "leaf post 0 12 12.0"
      }, log)
      assert.are.same({3, 3}, values(y.grad))
   end)

   it("get nil where no gradient goes, and may give a list of that length", function()
      local x, c = leaf {2}, support.constant {5}
      local y = x * c
      y.grad_fn:register_hook(function(gi) assert.are.equal(2, gi.n); assert.is_nil(gi[2]); return {gi[1] * 2, nil, n = 2} end)
      y.grad_fn:register_hook(function(gi) return {gi[1] + 1, false} end)
      backward(y)
      assert.are.same({11}, values(x.grad))
   end)

   it("may take a gradient away", function()
      local x = leaf {2}
      local y = x * 2
      y.grad_fn:register_hook(function() return {false, false} end)
      backward(y)
      assert.is_nil(x.grad)
      y = x * 2
      y.grad_fn:register_prehook(function() return {false} end)
      backward(y)
      assert.is_nil(x.grad)
   end)

   it("run only if the node does", function()
      local x, calls = leaf {2}, 0
      local y = x * 2
      y.grad_fn:register_hook(function() calls = calls + 1 end)
      tide.autograd.grad((y * 3):sum(), y)
      assert.are.equal(0, calls)
   end)

   it("complain about lists that do not fit", function()
      for pattern, result in pairs {
         ["has to give a list of 2 gradients or nil, its list has 3"] = {1, 2, 3},
         ["has to give a list of 2 gradients or nil, got number"] = 3,
         ["a gradient where there was none"] = {tide.ones(1), tide.ones(1)},
         ["a tensor or nil is expected, got string"] = {"x", false}
      } do
         local y = tide.ones(1, {requires_grad = true}) * tide.ones(1)
         y.grad_fn:register_hook(function() return result end)
         local ok, message = pcall(backward, y)
         assert.truthy(not ok and message:find(pattern), message)
      end
   end)

   it("of a node with several outputs see a list with holes", function()
      local x = leaf {3, 1, 2}
      local a = x:unbind()
      local seen
      a[1].grad_fn:register_prehook(function(go) seen = {go.n, go[1], values(go[2]), go[3]} end)
      backward(a[2] * 5)
      assert.are.same({3, nil, 5, nil}, seen)
      assert.are.same({0, 5, 0}, values(x.grad))
   end)
end)

describe("register_multi_grad_hook", function()
   local register = tide.autograd.graph.register_multi_grad_hook

   it("'all' fires once, when every gradient that will come is there", function()
      local x, y, z, calls = leaf {1}, leaf {2}, leaf {3}, {}
      local handle = register({x, y, z}, function(grads)
         calls[#calls + 1] = {grads.n, values(grads[1]), values(grads[2]), grads[3]}
      end)
      backward(x * y * 2)
      backward(x * 2)
      handle:remove()
      backward(x * 2)
      assert.are.same({{3, {4}, {2}, nil}, {3, {2}, nil, nil}}, calls)
   end)

   it("'any' fires once a pass, at the first", function()
      local x, y, calls = leaf {1}, leaf {2}, 0
      local handle = register({x, y}, function(grad) assert.is_true(tide.is_tensor(grad)); calls = calls + 1 end, {mode = "any"})
      backward(x * y)
      backward(x * 2)
      handle:remove()
      backward(x * 2)
      assert.are.equal(2, calls)
   end)

   it("counts only what the pass wants", function()
      local x, y, calls = leaf {1}, leaf {2}, 0
      register({x, y}, function(grads) calls = calls + 1; assert.is_nil(grads[2]) end)
      tide.autograd.grad((x * y):sum(), x)
      assert.are.equal(1, calls)
   end)

   it("wants tensors that require grad and a mode that it knows", function()
      local ok, message = pcall(register, {tide.ones(1)}, print)
      assert.truthy(not ok and message:find "element 1: a tensor that requires grad is expected", message)
      ok, message = pcall(register, {leaf {1}}, print, {mode = "some"})
      assert.truthy(not ok and message:find "mode is 'all' or 'any', not 'some'", message)
   end)
end)

describe("hooks and the collector:", function()
   it("a hook may refer to its own leaf", function()
      support.leaves_nothing(function()
         for _ = 1, 50 do
            local x = leaf {1}
            x:register_hook(function(g) return g + x * 0 end)
            x:register_post_accumulate_grad_hook(function() x.grad = nil end)
            backward(x * 2)
         end
      end)
   end)

   it("so may a hook on a leaf's node", function()
      support.leaves_nothing(function()
         for _ = 1, 50 do
            local x = leaf {1}
            local y = x * 2
            y.grad_fn.next_functions[1][1]:register_hook(function() assert(x) end)
            backward(y)
         end
      end)
   end)

   it("a multi-tensor hook may refer to its leaves", function()
      support.leaves_nothing(function()
         local x, y = leaf {1}, leaf {2}
         tide.autograd.graph.register_multi_grad_hook({x, y}, function() assert(x and y) end)
         backward(x * y)
      end)
   end)

   it("a hook on another tensor goes with its node", function()
      support.leaves_nothing(function()
         for _ = 1, 50 do
            local x = leaf {1}
            local y = x * 2
            y:register_hook(function() return x * 0 end)
            y.grad_fn:register_hook(function() assert(x) end)
            backward(y)
         end
      end)
   end)

   it("a handle that is kept keeps no graph", function()
      local handles = {}
      support.leaves_nothing(function()
         for i = 1, 10 do
            local y = leaf {1} * 2
            handles[i] = y:register_hook(function() end)
         end
      end)
      for _, handle in ipairs(handles) do handle:remove() end
   end)

   it("the hooks of a leaf that only a graph leads to still run", function()
      local calls = 0
      local function make()
         local x = leaf {1}
         x:register_hook(function() calls = calls + 1 end)
         return (x * x):sum()
      end
      support.leaves_nothing(function()
         local y = make()
         for _ = 1, 5 do collectgarbage() end
         y:backward()
      end)
      assert.are.equal(1, calls)
   end)

   it("the object that comes back from a graph has its hooks still", function()
      local calls = 0
      local x = leaf {1}
      x:register_hook(function() calls = calls + 1 end)
      local y = (x * x):sum()
      x = nil -- luacheck: ignore
      for _ = 1, 5 do collectgarbage() end
      local node = y.grad_fn.next_functions[1][1].next_functions[1][1]
      assert.is_true(tide.is_tensor(node.variable))
      backward(node.variable * 2)
      assert.are.equal(1, calls)
   end)

   it("hooks that come and go leave nothing behind", function()
      local x = leaf {1}
      local before = tide.memory_stats().live_bytes
      for _ = 1, 5000 do x:register_hook(print):remove() end
      assert.is_true(tide.memory_stats().live_bytes - before < 4096)
   end)

   it("a collection at any moment of a pass does no harm", function()
      local x = leaf {1}
      x:register_hook(function(g) collectgarbage(); return g * 1 end)
      local y = x * 2
      y:register_hook(function() collectgarbage() end)
      y.grad_fn:register_hook(function(gi) collectgarbage(); return gi end)
      x:register_post_accumulate_grad_hook(function() collectgarbage() end)
      backward(y)
      assert.are.same({2}, values(x.grad))
   end)
end)

describe("hooks and coroutines:", function()
   it("a hook runs on the coroutine that runs backward, though another registered it", function()
      local x, where = leaf {1}, nil
      coroutine.wrap(function() x:register_hook(function() where = coroutine.running() end) end)()
      collectgarbage()
      local co = coroutine.create(function() backward(x * 1) end)
      assert(coroutine.resume(co))
      assert.are.equal(co, where)
      backward(x * 1)
      assert.are.equal(coroutine.running(), where)
   end)
end)
