-- autograd.functional, func, gradcheck and checkpoint. The expected values are PyTorch's for the same calls.
local tide = require "tide"
local support = dofile "spec/support/autograd.lua"
local leaf, T, values, custom = support.leaf, support.constant, support.values, support.custom
local functional, func = tide.autograd.functional, tide.func

local function fails(pattern, f, ...)
   local ok, message = pcall(f, ...)
   assert.is_false(ok)
   assert.truthy(tostring(message):find(pattern), message)
end

-- A result as plain tables.
local function plain(v)
   if tide.is_tensor(v) then return v:tolist() end
   if type(v) ~= "table" then return v end
   local copy = {}
   for key, value in pairs(v) do copy[key] = plain(value) end
   return copy
end

-- The results of a call, each as plain tables.
local function results(...)
   local list = table.pack(...)
   for i = 1, list.n do list[i] = plain(list[i]) end
   list.n = nil
   return list
end

local x, y = T {1, 2}, T {3, 4}
local function square(a) return a * a end
local function cube(a) return (a ^ 3):sum() end
local function total(a) return a:sum() end
local function double(a) return a * 2 end
local function mixed(a, b) return (a * a * b):sum() end
local function several(a, b) return a * b, a:sum() * b end

describe("jacobian", function()
   local jacobian = functional.jacobian

   it("of one input and one result is a tensor", function()
      assert.are.same({{{2, 0}, {0, 4}}}, results(jacobian(square, x)))
      assert.are.same({{{2, 0}, {0, 4}}}, results(jacobian(square, {x})))
   end)

   it("has one result per input, or one per result of f with a list over the inputs", function()
      assert.are.same({{6, 16}, {1, 4}}, results(jacobian(mixed, {x, y})))
      assert.are.same({{{{3, 0}, {0, 4}}, {{1, 0}, {0, 2}}}, {{{3, 3}, {4, 4}}, {{3, 0}, {0, 3}}}}, results(jacobian(several, {x, y})))
      assert.are.same({{{2, 0}, {0, 2}}, {1, 1}}, results(jacobian(function(a) return a * 2, a:sum() end, x)))
   end)

   it("has the sizes of the result, then those of the input", function()
      local j = jacobian(function(a) return a:matmul(T {{1, 2, 3}, {4, 5, 6}}) end, T {{1, 2}, {3, 4}, {5, 6}, {7, 8}})
      assert.are.equal(tide.Size {4, 3, 4, 2}, j.shape)
      assert.are.equal(tide.Size {0, 2}, jacobian(function(a) return a[a:gt(5)] end, x).shape)
   end)

   it("is zero where nothing depends, an error if strict", function()
      assert.are.same({{{2, 0}, {0, 2}}, {{0, 0}, {0, 0}}}, results(jacobian(double, {x, y})))
      assert.are.same({{{0, 0}}}, results(jacobian(function() return T {1} end, x)))
      fails("functional_spec.lua:%d+: jacobian: the output does not depend on input 2 %(strict%)", jacobian, double, {x, y}, {strict = true})
      fails("jacobian: output 1 does not depend on the inputs", jacobian, function() return T {1} end, x, {strict = true})
      fails("the derivative by input 1 does not depend on the inputs", jacobian, double, x, {strict = true, create_graph = true})
   end)

   it("has a history only if asked and if the input has", function()
      local a = leaf {1, 2}
      assert.is_false(jacobian(square, a).requires_grad)
      local j = jacobian(square, a, {create_graph = true})
      assert.are.same({2, 2}, values(tide.autograd.grad(j:sum(), a)))
      assert.is_nil(a.grad)
   end)

   it("works under no_grad", function() assert.are.same({{{2, 0}, {0, 4}}}, results(tide.no_grad(jacobian, square, x))) end)

   it("says what is not there", function()
      fails("strategy 'forward%-mode': only reverse%-mode is there", jacobian, square, x, {strategy = "forward-mode"})
      fails("outer_jacobian_strategy 'forward%-mode'", functional.hessian, cube, x, {outer_jacobian_strategy = "forward-mode"})
      fails("jacobian: there is no keyword 'strct'", jacobian, square, x, {strct = true})
      fails("jacobian: a tensor or a list of tensors is expected", jacobian, square, 5)
      fails("jacobian: result 1 of the function: a tensor is expected, got number", jacobian, function() return 5 end, x)
   end)
end)

describe("hessian", function()
   local hessian = functional.hessian

   it("of one input is a tensor, of several a list of lists", function()
      assert.are.same({{{6, 0}, {0, 12}}}, results(hessian(cube, x)))
      assert.are.same({{{{6, 0}, {0, 8}}, {{2, 0}, {0, 4}}}, {{{2, 0}, {0, 4}}, {{0, 0}, {0, 0}}}}, results(hessian(mixed, {x, y})))
   end)

   it("of a linear function is zero, an error if strict", function()
      assert.are.same({{{0, 0}, {0, 0}}}, results(hessian(total, x)))
      fails("hessian: the derivative by input 1 does not depend on the inputs", hessian, total, x, {strict = true})
      fails("hessian: the function must give one number", hessian, square, x)
   end)
end)

describe("products", function()
   local vjp, jvp, hvp, vhp = functional.vjp, functional.jvp, functional.hvp, functional.vhp
   local u, v = T {1, 1}, T {1, 2}

   it("vjp", function()
      assert.are.same({{{3, 8}, {9, 12}}, {{3 + 11, 4 + 11}, {1 + 3, 2 + 6}}}, results(vjp(several, {x, y}, {u, v})))
      assert.are.same({19, {{6, 16}, {1, 4}}}, results(vjp(mixed, {x, y})))
      assert.are.same({{1, 4}, {2, 40}}, results(vjp(square, x, T {1, 10})))
   end)

   it("jvp", function()
      assert.are.same({{{3, 8}, {9, 12}}, {{4, 8}, {9, 14}}}, results(jvp(several, {x, y}, {u, v})))
      assert.are.same({{1, 4}, {2, 40}}, results(jvp(square, x, T {1, 10})))
   end)

   it("hvp and vhp", function()
      for _, product in ipairs {hvp, vhp} do
         assert.are.same({19, {{6 + 2, 8 + 8}, {2, 4}}}, results(product(mixed, {x, y}, {u, v})))
         assert.are.same({9, {6, 24}}, results(product(cube, x, v)))
         assert.are.same({3, {0, 0}}, results(product(total, x, u)))
         fails("does not depend on the inputs %(strict%)", product, total, x, u, {strict = true})
      end
   end)

   it("with a graph", function()
      local a = leaf {1, 2}
      local _, g = hvp(cube, a, u, {create_graph = true})
      assert.are.same({6, 6}, values(tide.autograd.grad(g:sum(), a)))
      _, g = vjp(square, a, u, {create_graph = true})
      assert.are.same({2, 2}, values(tide.autograd.grad(g:sum(), a)))
      local w = leaf {1, 1}
      _, g = jvp(square, x, w, {create_graph = true})
      assert.are.same({2, 4}, values(tide.autograd.grad(g:sum(), w)))
   end)

   it("want a vector that fits", function()
      fails("vjp: v has sizes tide.Size%(%[1%]%) where tide.Size%(%[2%]%) are expected", vjp, square, x, T {1})
      fails("vjp: v is needed", vjp, square, x)
      fails("jvp: v has 1 tensors, 2 are expected", jvp, mixed, {x, y}, u)
   end)
end)

describe("func", function()
   it("grad", function()
      assert.are.same({{3, 12}}, results(func.grad(cube)(x)))
      assert.are.same({{1, 4}}, results(func.grad(mixed, 2)(x, y)))
      assert.are.same({{1, 4}}, results(func.grad(mixed, {argnums = -1})(x, y)))
      assert.are.same({{6, 16}, {1, 4}}, results(func.grad(mixed, {1, 2})(x, y)))
      assert.are.same({{3, 12}, {2, 4}}, results(func.grad(function(a) return cube(a), a * 2 end, {has_aux = true})(x)))
      assert.are.same({{0, 0}}, results(func.grad(function() return T(3) end)(x)))
   end)

   it("grad_and_value", function()
      assert.are.same({{3, 12}, 9}, results(func.grad_and_value(cube)(x)))
      assert.are.same({{{6, 16}, {1, 4}}, 19}, results(func.grad_and_value(mixed, {1, 2})(x, y)))
      assert.are.same({{3, 12}, {9, {2, 4}}}, results(func.grad_and_value(function(a) return cube(a), a * 2 end, {has_aux = true})(x)))
   end)

   it("vjp", function()
      local out, back = func.vjp(function(a, b) return a * b, a + b end, x, y)
      assert.are.same({{3, 8}, {4, 6}}, plain(out))
      assert.are.same({{6, 12}, {4, 8}}, results(back {x, y}))
      assert.are.same({{3, 4}, {1, 2}}, results(back {T {1, 1}, T {0, 0}}))
      local aux
      out, back, aux = func.vjp(function(a) return a * a, a:sum() end, x, {has_aux = true})
      assert.are.same({{1, 4}, {2, 4}, 3}, {plain(out), plain(back(T {1, 1})), plain(aux)})
   end)

   it("jacrev and hessian", function()
      assert.are.same({{{3, 0}, {0, 4}}, {{1, 0}, {0, 2}}}, results(func.jacrev(function(a, b) return a * b end, {1, 2})(x, y)))
      assert.are.same({{{{3, 0}, {0, 4}}, {{1, 0}, {0, 2}}}, {{1, 1}, {0, 0}}}, results(func.jacrev(function(a, b) return a * b, a:sum() end, {1, 2})(x, y)))
      assert.are.same({{{6, 0}, {0, 12}}}, results(func.hessian(cube)(x)))
      assert.are.same({{{{6, 0}, {0, 8}}, {{2, 0}, {0, 4}}}, {{{2, 0}, {0, 4}}, {{0, 0}, {0, 0}}}}, results(func.hessian(mixed, {1, 2})(x, y)))
   end)

   it("nests", function()
      assert.are.same({{6, 12}}, results(func.grad(function(a) return func.grad(cube)(a):sum() end)(x)))
      local f = function(a) return a ^ 5 end
      for _, expected in ipairs {80, 160, 240} do
         f = func.grad(f)
         assert.are.same({expected}, results(f(T(2))))
      end
   end)

   it("takes tables of tensors", function()
      assert.are.same({{w = {3, 4}, b = {1, 2}}}, results(func.grad(function(p) return (p.w * p.b):sum() end) {w = x, b = y}))
      assert.are.same({{{3, 4}, {a = {1, 2}}}}, results(func.grad(function(p) return (p[1] * p[2].a):sum() end) {x, {a = y}}))
      local j = func.jacrev(function(p) return p.w * 2 end) {w = x}
      assert.are.same({w = {{2, 0}, {0, 2}}}, plain(j))
   end)

   it("gives results without history, unless they lead to tensors of the caller's", function()
      local w = leaf {1, 1}
      local function f(a) return (a * a * w):sum() end
      assert.is_false(func.grad(cube)(x).requires_grad)
      local g = func.grad(f)(x)
      assert.are.same({2, 4}, values(tide.autograd.grad(g:sum(), w)))
      assert.is_false(tide.no_grad(func.grad(f), x).requires_grad)
      local a = leaf {1, 2}
      assert.are.same({6, 12}, values(tide.autograd.grad(func.grad(cube)(a):sum(), a)))
      assert.is_nil(a.grad)
   end)

   it("functional_call puts other tensors in the places of a module's", function()
      local module = setmetatable({w = T {1, 1}, inner = {b = T {5, 5}}}, {__call = function(self, a) return a * self.w + self.inner.b end})
      assert.are.same({13, 24}, values(func.functional_call(module, {w = T {10, 10}, ["inner.b"] = T {3, 4}}, x)))
      assert.are.same({6, 7}, values(module(x)))
      assert.are.same({{w = {1, 2}, ["inner.b"] = {1, 1}}},
         results(func.grad(function(p) return func.functional_call(module, p, {x}):sum() end) {w = module.w, ["inner.b"] = module.inner.b}))
      fails("functional_call: the module has no 'other'", func.functional_call, module, {other = x}, x)
      assert.is_false((pcall(func.functional_call, module, {w = T {{1, 2, 3}}}, x)))
      assert.are.same({6, 7}, values(module(x)))
   end)

   it("checks", function()
      fails("functional_spec.lua:%d+: grad: the function must give a 0%-dim tensor", func.grad(square), x)
      fails("grad: argnums: there is no argument 3 among 2", func.grad(mixed, 3), x, y)
      fails("grad: argnums: positions count from 1", func.grad, mixed, 0)
      fails("grad: there is no keyword 'argnum'", func.grad, mixed, {argnum = 1})
      fails("only tensors of a float dtype have gradients, this one is tide.int64", func.grad(total), tide.tensor {1})
      fails("grad: argument 1: a tensor or a table of tensors is expected, got number", func.grad(total), 5)
   end)

   it("says what is not there yet", function()
      for _, name in ipairs {"vmap", "jvp", "jacfwd", "linearize"} do fails("func." .. name .. " is not there yet", func[name], total) end
      fails("forward_ad.make_dual is not there yet", function() return tide.autograd.forward_ad.make_dual(x, x) end)
   end)
end)

describe("gradcheck", function()
   local gradcheck, gradgradcheck = tide.autograd.gradcheck, tide.autograd.gradgradcheck
   local a, b = leaf {0.3, 0.7}, leaf {{0.2, 0.4}, {0.6, 0.8}}

   -- exp whose derivative is off by `factor`, or which does not look at its gradient
   local function off(factor, ignores)
      return custom(function(ctx, t) local e = t:exp(); ctx:save_for_backward(e); return e end, function(ctx, g)
         local e = ctx:saved_tensors()
         return (ignores and e or g * e) * factor
      end, "Off")
   end

   it("accepts right derivatives, of several inputs and results", function()
      assert.is_true(gradcheck(function(s, t) return t:matmul(s):tanh(), (s * t):sum(), s:gt(0) end, {a, b}))
      assert.is_true(gradcheck(function(s) return s:exp() end, a))
      assert.is_true(gradgradcheck(function(s, t) return t:matmul(s):tanh() * s end, {a, b}))
      assert.is_true(gradcheck(function(s, k) return s * k end, {a, 3}))
   end)

   it("leaves its inputs as they were", function()
      local before = values(b)
      gradcheck(function(t) return t:sin() end, {b})
      pcall(gradcheck, off(1.01), {b})
      assert.are.same(before, values(b))
      assert.is_nil(b.grad)
   end)

   it("accepts any strides, 0-dim and empty tensors", function()
      assert.is_true(gradcheck(function(t) return t:sin() end, {T {{1, 2, 3}, {4, 5, 6}}.T:detach():requires_grad_()}))
      assert.is_true(gradcheck(function(t) return t * t end, {leaf(3)}))
      assert.is_true(gradcheck(function(t) return t * t end, {tide.zeros(0, 2, {dtype = tide.float64, requires_grad = true})}))
      fails("several elements of input 1 share one place", gradcheck, function(t) return t * t end, {T {{1}}:expand(2, 2):requires_grad_()})
   end)

   it("names the result, the input and the elements that disagree", function()
      fails("functional_spec.lua:%d+: gradcheck: the derivative of element 1 of output 1 by element 1 of input 1 is [%d.]+ by backward, [%d.]+ by differences", gradcheck, off(1.01), {a})
      fails("of output 2 by element 1 of input 2", gradcheck, function(s, t) return s * 2, off(2)(t) end, {a, b})
      fails("by differences", gradcheck, off(-1), {a})
      fails("by differences", gradcheck, off(1, true), {a})
      assert.is_false(gradcheck(off(1.01), {a}, {raise_exception = false}))
      assert.is_true(gradcheck(off(1.01), {a}, {rtol = 0.1}))
   end)

   it("finds a wrong second derivative", function()
      local wrong = custom(function(ctx, t) ctx:save_for_backward(t); return t:sin() end, function(ctx, g) local t = ctx:saved_tensors(); return g * t:detach():cos() end)
      assert.is_true(gradcheck(wrong, {a}))
      fails("gradgradcheck: the derivative of", gradgradcheck, wrong, {a})
   end)

   it("finds a backward that is not reproducible, or makes gradients of none", function()
      local n = 0
      fails("backward is not reproducible for output 1, input 1", gradcheck, custom(function(_, t) return t * 1 end, function(_, g) n = n + 1; return g * (1 + n * 1e-9) end), {a})
      local calls = 0
      local f = custom(function(_, t) return t * 0.5 end, function(_, g) calls = calls + 1; if g:eq(0):all():item() then return g + 1 end; return g * 0.5 end)
      fails("backward", gradcheck, f, {a})
   end)

   it("wants inputs that require grad", function() fails("gradcheck: no input requires grad", gradcheck, square, {x}) end)
end)

describe("checkpoint", function()
   local checkpoint = tide.utils.checkpoint
   local calls = 0
   local w = leaf {{0.3, -0.2}, {0.5, 0.7}}
   local function part(a, k) calls = calls + 1; return w:matmul(a):tanh():mul(k:sin()):exp() end

   it("gives the same results and gradients, of first and second order, captured tensors included", function()
      local a, k = leaf {1, 2}, leaf {0.5, 0.25}
      local function run(f)
         local g = {tide.autograd.grad(f(a, k):sum(), {a, k, w}, {create_graph = true})}
         local s = 0
         for i = 1, 3 do s = s + (g[i] ^ 2):sum(); g[i] = values(g[i]) end
         local h = {tide.autograd.grad(s, {a, k, w})}
         for i = 1, 3 do h[i] = values(h[i]) end
         return {g, h}
      end
      assert.are.same(run(part), run(function(...) return checkpoint(part, ...) end))
      assert.is_true(tide.autograd.gradcheck(function(...) return checkpoint(part, ...) end, {a, k}))
   end)

   it("calls the function once more, in backward", function()
      calls = 0
      local y1 = tide.utils.checkpoint.checkpoint(part, leaf {1, 2}, leaf {1, 1}):sum()
      assert.are.equal(1, calls)
      y1:backward()
      assert.are.equal(2, calls)
      w.grad = nil
   end)

   it("keeps less alive", function()
      local function long(a) for _ = 1, 50 do a = (a * a):tanh() end return a end
      local a = tide.ones(100000, {requires_grad = true})
      local before = tide.memory_stats().live_bytes
      local r = checkpoint(long, a)
      collectgarbage(); collectgarbage()
      assert.is_true(tide.memory_stats().live_bytes - before < 3 * 400000)
      r:sum():backward()
      assert.is_truthy(a.grad)
   end)

   it("repeats the random numbers, and disturbs nobody else's", function()
      local function noisy(a) return a * tide.rand(2, {dtype = tide.float64}) * a end
      local function run(f)
         local a = leaf {1, 2}
         tide.manual_seed(7)
         local r = f(a):sum()
         tide.rand(3)
         r:backward()
         return {values(a.grad), tide.rand(2):tolist()}
      end
      assert.are.same(run(noisy), run(function(a) return checkpoint(noisy, a) end))
   end)

   it("hands arguments through, options apart", function()
      local seen
      local function f(...) seen = table.pack(...); return (...) * 1 end
      local t = {a = 1}
      checkpoint(f, leaf {1}, nil, t)
      assert.are.same({3, nil, 1}, {seen.n, seen[2], seen[3].a})
      assert.is_true(rawequal(t, seen[3]))
      checkpoint(f, leaf {1}, {})
      assert.are.equal(2, seen.n)
      checkpoint(f, leaf {1}, {use_reentrant = false, preserve_rng_state = false})
      assert.are.equal(1, seen.n)
   end)

   it("nests", function()
      local a, k = leaf {1, 2}, leaf {0.5, 0.25}
      local function outer(...) return checkpoint(part, checkpoint(part, ...), k) end
      local function plainly(...) return part(part(...), k) end
      local g = values(tide.autograd.grad(plainly(a, k):sum(), a))
      assert.are.same(g, values(tide.autograd.grad(checkpoint(outer, a, k):sum(), a)))
   end)

   it("of a sequence", function()
      local a = leaf {0.5, 0.25}
      local list = {square, function(t) return t:exp() end, function(t) return t * 3 end, total}
      local expected = values(tide.autograd.grad(list[4](list[3](list[2](list[1](a)))), a))
      for segments = 1, 4 do
         assert.are.same(expected, values(tide.autograd.grad(checkpoint.checkpoint_sequential(list, segments, a), a)))
      end
      fails("checkpoint_sequential: 5 segments of 4 functions", checkpoint.checkpoint_sequential, list, 5, a)
   end)

   it("notices that it cannot repeat the call", function()
      local n = 0
      fails("checkpoint: the function saved 2 tensors when it was called, 0 when it was called again", function()
         checkpoint(function(a) n = n + 1; return n == 1 and a * a or a * 1 end, leaf {1}):backward()
      end)
      fails("checkpoint: argument 1 was changed in place since the function was called", function()
         local a = leaf {1} * 1
         local r = checkpoint(square, a)
         a:add_(1)
         r:backward()
      end)
      n = 0
      fails("checkpoint: tensor 1 that the function saved has sizes", function()
         checkpoint(function(a) n = n + 1; local t = n == 1 and a or a[{{1, 1}}]; return (t * t):sum() end, leaf {1, 2}):backward()
      end)
   end)

   it("lets errors through, and does not yield", function()
      local object = {}
      local ok, caught = pcall(checkpoint, function() error(object) end, leaf {1})
      assert.is_true(not ok and caught == object)
      fails("attempt to yield across a C%-call boundary", coroutine.wrap(function() checkpoint(coroutine.yield, leaf {1}) end))
   end)

   it("leaves nothing alive", function()
      support.leaves_nothing(function()
         for i = 1, 10 do
            local r = checkpoint(function(a) return (a * a):exp() end, leaf {1}):sum()
            if i % 2 == 0 then r:backward() end
         end
      end)
   end)
end)
