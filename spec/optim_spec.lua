-- Optimisers and learning rates against PyTorch (spec/data/optim.lua), which made the same steps from the same parameters.
local assert = require "luassert"
local tide = require "tide"
local data = dofile "spec/data/optim.lua"
local optim, S = tide.optim, tide.optim.lr_scheduler

local SHAPES = {{2, 4}, {4}, {}, {2, 3}}

local function numbers(n, k, dtype) return ((tide.arange(n) * 37 + k * 11 + 5) % 97 - 48):to(dtype) / 16 end

local function parameters(dtype)
   local list = {}
   for k, shape in ipairs(SHAPES) do
      local n = 1
      for _, size in ipairs(shape) do n = n * size end
      list[k] = numbers(n, 49 + k, dtype):reshape(shape)
   end
   list[4] = list[4]:t()
   for _, p in ipairs(list) do p:requires_grad_() end
   return list
end

local function set_gradients(params, step)
   for k, p in ipairs(params) do
      p.grad = numbers(p:numel(), 7 * step + k - 1, p.dtype):reshape(p.shape)
      if k == 2 and step % 3 == 0 then p.grad = nil end
      if k == 3 and step <= 2 then p.grad:zero_() end
   end
end

local function options_of(text) return load("return " .. text:gsub("%(", "{"):gsub("%)", "}"))() end

local function flat(t) return t:detach():reshape(-1):tolist() end

-- Largest difference, in units of the last place of what is expected (1e-3 and below count as 1e-3, where parts cancel).
local function distance(expected, got, dtype)
   local unit, worst = dtype == tide.float32 and 2.0 ^ -23 or 2.0 ^ -52, 0
   assert.equal(#expected, #got)
   for i, e in ipairs(expected) do
      local d = math.abs(e - got[i]) / (unit * math.max(math.abs(e), 1e-3))
      worst = (d > worst or d ~= d) and d or worst
   end
   return worst
end

local function check_all(expected, tensors, dtype, most, what)
   for k, list in ipairs(expected) do
      local d = distance(list, flat(tensors[k]), dtype)
      assert(d <= most, ("%s: tensor %d is off by %g units in the last place"):format(what, k, d))
   end
end

-- Does this machine's level of instructions multiply and add in one rounding, as PyTorch's does? Where it does not, last places differ.
local function fuses()
   local p = tide.ones(1, {dtype = tide.float64, requires_grad = true})
   p.grad = tide.full({1}, 1 + 2.0 ^ -30, {dtype = tide.float64})
   optim.SGD({p}, {lr = 1 - 2.0 ^ -30}):step()
   return p:item() ~= 0
end
local MOST = fuses() and 16 or 200

describe("a step of an optimiser", function()
   for _, case in ipairs(data.rules) do
      local name, options, dtype, first, last, states = table.unpack(case)
      it(("gives PyTorch's parameters: %s %s %s"):format(name, options, dtype), function()
         dtype = tide[dtype]
         local params = parameters(dtype)
         local opt = optim[name](params, options_of(options))
         for step = 1, 25 do
            set_gradients(params, step)
            opt:step()
            if step == 1 then check_all(first, params, dtype, MOST / 8, "step 1") end
         end
         check_all(last, params, dtype, MOST, "the last step")
         if dtype == tide.float32 then return end
         for k, p in ipairs(params) do
            local count = 0
            for key, list in pairs(states[k]) do
               count = count + 1
               check_all({list}, {opt.state[p][key]}, dtype, MOST, key)
            end
            for _ in pairs(opt.state[p] or {}) do count = count - 1 end
            assert.equal(0, count)
         end
      end)
   end
end)

describe("a step of Adam", function()
   -- from the averages that it left, with the operators' divisions
   it("divides by a rounded square root, over the whole range of gradients", function()
      for _, dtype in ipairs {tide.float32, tide.float64} do
         local p = tide.linspace(-1, 1, 4001, {dtype = dtype}):requires_grad_()
         local opt = optim.Adam({p}, {lr = 0.01, betas = {0.9, 0.99}})
         for t = 1, 3 do
            local before = p:detach():clone()
            p.grad = tide.pow(10, tide.linspace(-30, 18, 4001, {dtype = dtype})) * t
            opt:step()
            local s = opt.state[p]
            local size = s.exp_avg_sq:sqrt() / (1 - 0.99 ^ t) ^ 0.5 + 1e-8
            assert.is_true(tide.equal(before + s.exp_avg * -(0.01 / (1 - 0.9 ^ t)) / size, p:detach()))
         end
      end
   end)
   it("stays where it is if the average of squares is infinite", function()
      for _, amsgrad in ipairs {false, true} do
         local p = tide.ones(40, {requires_grad = true})
         local opt = optim.Adam({p}, {lr = 0.1, amsgrad = amsgrad})
         p.grad = tide.full({40}, 1e30)
         opt:step()
         assert.equal(1 / 0, opt.state[p].exp_avg_sq:min():item())
         assert.is_true(tide.equal(tide.ones(40), p:detach()))
      end
   end)
end)

describe("layouts and threads", function()
   -- every column of a large parameter is the small one
   local function run(name, options, make, dtype)
      local p = make(numbers(48, 3, dtype)):requires_grad_()
      local opt = optim[name]({p}, options)
      for step = 1, 3 do
         p.grad = make(numbers(48, step, dtype))
         opt:step()
      end
      return p:detach()
   end
   local function transposed(x) return x:reshape(6, 8):t():contiguous():t() end
   local function strided(x) return tide.stack({x:reshape(6, 8), x:reshape(6, 8)}, 3):select(3, 1) end
   local function permuted(x) return x:reshape(2, 3, 8):permute(3, 1, 2):contiguous():permute(2, 3, 1) end
   local function large(x) return x:reshape(48, 1):expand(48, 3001):contiguous() end
   local function large_strided(x) return large(x):t() end
   for _, case in ipairs {{"SGD", {lr = 0.1}}, {"SGD", {lr = 0.1, momentum = 0.9}}, {"Adam", {}}, {"Adam", {amsgrad = true}}, {"RMSprop", {centered = true, momentum = 0.5}},
      {"Adagrad", {}}, {"Adamax", {}},
      {"NAdam", {}}, {"RAdam", {}}} do
      it("make no difference to " .. case[1], function()
         for _, dtype in ipairs {tide.float32, tide.float64} do
            local expected = run(case[1], case[2], function(x) return x end, dtype)
            for _, make in ipairs {transposed, strided, permuted} do assert(tide.equal(expected, run(case[1], case[2], make, dtype):reshape(-1))) end
            for _, threads in ipairs {1, 3} do
               tide.set_num_threads(threads)
               local wide = run(case[1], case[2], large, dtype)
               local tall = run(case[1], case[2], large_strided, dtype)
               tide.set_num_threads(1)
               assert(tide.equal(wide, large(expected)) and tide.equal(tall, large_strided(expected)))
            end
         end
      end)
   end
   it("may differ from state to state", function()
      local x, expected = tide.randn(20, 300), nil
      for _, turn in ipairs {function(t) return t end, function(t) return t:t():contiguous():t() end, function(t) return tide.stack({t, t}, 3):select(3, 1) end} do
         local p = x:clone():requires_grad_()
         local opt = optim.Adam({p})
         for step = 1, 4 do
            p.grad = x * step
            opt:step()
            opt.state[p].exp_avg = turn(opt.state[p].exp_avg)
         end
         expected = expected or p
         assert(tide.equal(expected, p) and tide.equal(opt.state[p].exp_avg, turn(opt.state[p].exp_avg:contiguous())))
      end
   end)
   it("allow gradients that share memory with the parameter", function()
      local p = tide.tensor({1.0, 2, 3, 4}, {requires_grad = true})
      p.grad = p:detach():flip {1}
      local copy = p:detach():clone():requires_grad_()
      copy.grad = p.grad:clone()
      local memory = tide.zeros(5)
      local q = memory:narrow(1, 1, 4):detach():requires_grad_()
      tide.no_grad(function() q:copy_(tide.tensor {1.0, 2, 3, 4}) end)
      q.grad = memory:narrow(1, 2, 4)
      optim.SGD({q}, {lr = 0.5}):step()
      assert.same({0, 0.5, 1, 4}, q:tolist())                   -- the old neighbours
   end)
   it("take parameters without elements and of size one", function()
      local a, b = tide.zeros(0, 3, {requires_grad = true}), tide.zeros(1, 1, {requires_grad = true})
      a.grad, b.grad = tide.zeros(0, 3), tide.ones(1, 1)
      local opt = optim.Adam({a, b}, {lr = 0.5})
      opt:step()
      assert.near(-0.5, b:item(), 1e-6)
   end)
end)

describe("L-BFGS", function()
   local problems = {}
   function problems.rosenbrock(dtype)
      local x = tide.tensor({-1.5, 2.0, 0.5}, {dtype = dtype, requires_grad = true})
      return {x}, function()
         local a, b = x[{{1, 2}}], x[{{2, 3}}]
         return (100 * (b - a ^ 2) ^ 2 + (1 - a) ^ 2):sum()
      end
   end
   function problems.fit(dtype)
      local w, b = numbers(6, 3, dtype):reshape(3, 2):requires_grad_(), tide.zeros(2, {dtype = dtype, requires_grad = true})
      local x, y = numbers(30, 0, dtype):reshape(10, 3) / 4, numbers(20, 9, dtype):reshape(10, 2) / 4
      return {w, b}, function() return ((x:matmul(w) + b):tanh() - y):square():mean() end
   end
   function problems.squares(dtype)
      local w, x, y = tide.zeros(3, {dtype = dtype, requires_grad = true}), numbers(30, 0, dtype):reshape(10, 3) / 4, numbers(10, 9, dtype) / 4
      return {w}, function() return ((x:matmul(w) - y) ^ 2):mean() end
   end
   function problems.wall(dtype)                              -- steep behind 1: the search comes too close to an end of its interval
      local x = tide.tensor({-1.5, 0.2, 0.5}, {dtype = dtype, requires_grad = true})
      return {x}, function() return (tide.nn.functional.softplus(60 * (x - 1)) - 0.9 * x):sum() + 0.01 * (x ^ 2):sum() end
   end
   -- Rounding grows from step to step, the more so where steps are long: the first losses agree to many digits, later ones to fewer.
   for _, case in ipairs(data.lbfgs) do
      local problem, options, dtype, losses, params, evaluations, iterations, history = table.unpack(case)
      it(("goes PyTorch's way: %s %s %s"):format(problem, options, dtype), function()
         local own, f = problems[problem](tide[dtype])
         local opt = optim.LBFGS(own, options_of(options))
         local double = dtype == "float64"
         for i, expected in ipairs(losses) do
            local loss = opt:step(function()
               opt:zero_grad()
               local l = f()
               l:backward()
               return l
            end):item()
            if double or i <= 2 then
               local most = (not double and 2e-5 or i <= 7 and 1e-9 or 1e-5) * math.max(math.abs(expected), 1e-2)
               assert(math.abs(loss - expected) <= most, ("loss %d: %.17g expected, got %.17g"):format(i, expected, loss))
            end
         end
         if not double then return end
         local s = opt.state[own[1]]
         for k, p in ipairs(own) do for i, v in ipairs(flat(p)) do assert.near(params[k][i], v, 1e-4) end end
         assert.same({evaluations, iterations, history}, {s.func_evals, s.n_iter, #s.old_dirs})
      end)
   end
end)

describe("an optimiser that goes on", function()
   for name, options in pairs {SGD = {lr = 0.1, momentum = 0.9, dampening = 0.2}, Adam = {amsgrad = true},
      AdamW = {}, RMSprop = {momentum = 0.5, centered = true}, Adagrad = {}, Adamax = {}, NAdam = {}, RAdam = {}} do
      it("from its state_dict makes the same steps: " .. name, function()
         local params = parameters(tide.float32)
         local opt = optim[name]({{params = {params[1], params[2]}}, {params = {params[3], params[4]}, lr = 0.01}}, options)
         for step = 1, 7 do set_gradients(params, step) opt:step() end
         local copies = {}
         for i, p in ipairs(params) do copies[i] = p:detach():clone():requires_grad_() end
         local again = optim[name]({{params = {copies[1], copies[2]}}, {params = {copies[3], copies[4]}}})
         again:load_state_dict(opt:state_dict())
         assert.equal(0.01, again.param_groups[2].lr)
         for step = 8, 15 do
            set_gradients(params, step)
            set_gradients(copies, step)
            opt:step()
            again:step()
         end
         for i, p in ipairs(params) do assert(tide.equal(p, copies[i])) end
      end)
   end
   it("goes on from a file", function()
      local params = parameters(tide.float32)
      local opt = optim.Adam(params, {amsgrad = true})
      local sched = S.CosineAnnealingLR(opt, 7)
      for step = 1, 5 do set_gradients(params, step) opt:step() sched:step() end
      local read = tide.load {data = tide.save {params = params, opt = opt:state_dict(), sched = sched:state_dict()}}
      local copies = {}
      for i, p in ipairs(read.params) do copies[i] = p:detach():clone():requires_grad_() end
      local again = optim.Adam(copies)
      local sched2 = S.CosineAnnealingLR(again, 7)
      again:load_state_dict(read.opt)
      sched2:load_state_dict(read.sched)
      for step = 6, 12 do
         for _, run in ipairs {{params, opt, sched}, {copies, again, sched2}} do
            set_gradients(run[1], step)
            run[2]:step()
            run[3]:step()
         end
      end
      assert.same(sched:get_last_lr(), sched2:get_last_lr())
      for i, p in ipairs(params) do assert(tide.equal(p, copies[i])) end
   end)
   it("L-BFGS too", function()
      local function problem(start)
         local x = start:clone():requires_grad_()
         local opt = optim.LBFGS({x}, {line_search_fn = "strong_wolfe", max_iter = 3})
         return x, opt, function() return opt:step(function()
            opt:zero_grad()
            local l = ((1 - x[1]) ^ 2 + 100 * (x[2] - x[1] ^ 2) ^ 2)
            l:backward()
            return l
         end) end
      end
      local x, opt, step = problem(tide.tensor {-1.0, 1.5})
      for _ = 1, 3 do step() end
      local y, other, step2 = problem(x:detach())
      other:load_state_dict(opt:state_dict())
      for _ = 1, 3 do assert.equal(step():item(), step2():item()) end
      assert(tide.equal(x, y))
   end)
end)

describe("state_dict", function()
   local a, b, c = tide.zeros(2, {requires_grad = true}), tide.zeros(3, {requires_grad = true}), tide.zeros(1, {requires_grad = true})
   it("numbers parameters from 0 as PyTorch does, in order", function()
      local opt = optim.Adam({{params = {a, b}}, {params = c, lr = 0.5}})
      b.grad, c.grad = tide.ones(3), tide.ones(1)
      opt:step()
      local dict, keys, names = opt:state_dict(), {}, {}
      for key in pairs(dict) do names[#names + 1] = key end
      assert.same({"state", "param_groups"}, names)
      for number in pairs(dict.state) do keys[#keys + 1] = number end
      assert.same({1, 2}, keys)
      names = {}
      for key in pairs(dict.state[1]) do names[#names + 1] = key end
      assert.same({"step", "exp_avg", "exp_avg_sq"}, names)
      assert.same({0, 1}, dict.param_groups[1].params)
      assert.same({2}, dict.param_groups[2].params)
      assert.equal(0.5, dict.param_groups[2].lr)
      assert.equal(dict.state[1].exp_avg, opt.state[b].exp_avg)
      assert.equal("tensor(1.)", tostring(dict.state[1].step))
   end)
   it("is taken over with other numbers, in the parameter's dtype, filling what lacks", function()
      local p = tide.zeros(2, {requires_grad = true, dtype = tide.float64})
      local opt = optim.Adam({p})
      opt:load_state_dict {state = {[7] = {step = 3, exp_avg = tide.ones(2), exp_avg_sq = tide.ones(2)}}, param_groups = {{params = {7}, lr = 0.25}}}
      assert.equal(tide.float64, opt.state[p].exp_avg.dtype)
      assert.equal(0.25, opt.param_groups[1].lr)
      assert.equal(false, opt.param_groups[1].amsgrad)
      p.grad = tide.ones(2, {dtype = tide.float64})
      opt:step()
      assert.equal(4, opt.state[p].step:item())
   end)
   it("that does not fit is an error and changes nothing", function()
      local opt = optim.SGD({a, b}, {momentum = 0.9})
      a.grad, b.grad = tide.ones(2), tide.ones(3)
      opt:step()
      local groups, state = opt.param_groups, opt.state
      for _, bad in ipairs {{1, "table expected, got a number"}, {{}, "'state': a table expected, got nil"}, {{state = {}, param_groups = {}}, "has 1 parameter groups, the state 0"},
         {{state = {}, param_groups = {{params = {0}}}}, "group 1 has 2 parameters, in the state 1"}} do
         assert.error_matches(function() opt:load_state_dict(bad[1]) end, bad[2])
      end
      assert(groups == opt.param_groups and state == opt.state)
   end)
end)

describe("the base", function()
   local function leaf(n) return tide.zeros(n, {requires_grad = true}) end
   it("prints as PyTorch prints", function()
      for _, case in ipairs(data.printed) do
         local opt
         if case[1] == "two" then
            opt = optim.SGD({{params = {leaf(2)}}, {params = {leaf(3)}, lr = 0.05}}, {lr = 0.5})
            S.StepLR(opt, 3)
         else opt = optim[case[1]]({leaf(2)}) end
         assert.equal(case[2], tostring(opt))
      end
   end)
   it("clears gradients", function()
      local a, b = leaf(2), leaf(3)
      local opt = optim.SGD({a, b})
      a.grad = tide.ones(2)
      opt:zero_grad {set_to_none = false}
      assert.same({0, 0}, a.grad:tolist())
      opt:zero_grad()
      assert.is_nil(a.grad)
      opt:zero_grad(true)
   end)
   it("calls a closure with recording on", function()
      local a = tide.ones(2, {requires_grad = true})
      local opt = optim.SGD({a}, {lr = 0.5})
      local loss = tide.no_grad(function() return opt:step(function() local l = (a * a):sum(); l:backward(); return l end) end)
      assert.equal(2, loss:item())
      assert.same({0, 0}, a:tolist())
   end)
   it("has groups whose options can be set, and new ones", function()
      local a, b = leaf(1), leaf(1)
      local opt = optim.SGD({{params = {a}, lr = 0.5}})
      opt:add_param_group {params = b}
      assert.same({0.5, 1e-3}, {opt.param_groups[1].lr, opt.param_groups[2].lr})
      a.grad, b.grad = tide.ones(1), tide.ones(1)
      opt.param_groups[2].lr = 2
      opt:step()
      assert.same({-0.5, -2}, {a:item(), b:item()})
   end)
   it("takes positions and keywords", function()
      local a = leaf(1)
      assert.same({0.5, 0.25}, {optim.SGD({a}, 0.5, 0.25).param_groups[1].lr, optim.SGD({a}, 0.5, {momentum = 0.25}).param_groups[1].momentum})
      assert.equal(0.5, optim.SGD {params = {a}, lr = 0.5}.param_groups[1].lr)
   end)
   it("keeps its state from tide.scope", function()
      local a = leaf(2)
      local adam = optim.Adam({a})
      local lbfgs = optim.LBFGS({a}, {max_iter = 3, line_search_fn = "strong_wolfe"})
      for _ = 1, 3 do
         tide.scope(function()
            a.grad = tide.ones(2)
            adam:step()
            lbfgs:step(function() a.grad = nil; local l = ((a - 1) ^ 4):sum(); l:backward(); return l end)
         end)
      end
      assert.equal(3, adam.state[a].step:item())
      assert.same({2}, {adam.state[a].exp_avg:size(1)})
      for _, list in ipairs {"old_dirs", "old_stps", "ro"} do for _, t in ipairs(lbfgs.state[a][list]) do assert(t:isfinite():all():item()) end end
   end)
   it("counts writes, so that a graph that needs old values fails", function()
      local a = tide.ones(2, {requires_grad = true})
      local y = (a * a):sum()
      y:backward {retain_graph = true}
      local before = a._version
      optim.SGD({a}):step()
      assert(a._version > before)
      assert.error_matches(function() y:backward() end, "changed in place")
   end)
   it("is open to classes of the user's", function()
      local Plain = optim.class "Plain"
      function Plain:init(params, lr) optim.Optimizer.init(self, params, {lr = lr}) end
      function Plain:step()
         tide.no_grad(function()
            for _, group in ipairs(self.param_groups) do
               for _, p in ipairs(group.params) do if p.grad then p:add_(p.grad, {alpha = -group.lr}) end end
            end
         end)
      end
      local a = leaf(1)
      local opt = Plain({a}, 0.5)
      local sched = S.ExponentialLR(opt, 0.5)
      a.grad = tide.ones(1)
      opt:step()
      sched:step()
      opt:step()
      assert.equal(-0.75, a:item())
      assert.equal("Plain (\nParameter Group 0\n    initial_lr: 0.5\n    lr: 0.25\n)", tostring(opt))
   end)
   it("releases what it held", function()
      local function counts() for _ = 1, 4 do collectgarbage() end return tide.memory_stats().tensors end
      local before = counts()
      do
         local a = leaf(2)
         local opt = optim.Adam({a})
         for _ = 1, 3 do a.grad = tide.ones(2) opt:step() opt:zero_grad() end
      end
      assert.equal(before, counts())
   end)
end)

describe("errors", function()
   local function leaf(n, dtype) return tide.zeros(n, {requires_grad = true, dtype = dtype}) end
   local a, b = leaf(2), leaf(3)
   local function fails(f, pattern) assert.error_matches(f, pattern) end
   it("name what was wrong with the parameters", function()
      fails(function() optim.SGD(a) end, "SGD: 'params': a list expected, got a tensor")
      fails(function() optim.SGD {params = 3} end, "SGD: 'params': a list expected, got the number 3")
      fails(function() optim.SGD({}) end, "SGD: 'params' is an empty list")
      fails(function() optim.Adam({a, 3}) end, "Adam: 'params': entry 2: a tensor expected, got a number")
      fails(function() optim.Adam({a * 2}) end, "Adam: 'params': entry 1 is not a leaf")
      fails(function() optim.Adam({{params = {a}}, {params = {b, a}}}) end, "Adam: a parameter of the new group is in group 1 already")
      fails(function() optim.Adam({{lr = 1}}) end, "Adam: 'params' of a group: a list of tensors expected, got nil")
      fails(function() optim.SGD({a}):add_param_group(a) end, "SGD: a group is a table {params = ...}, not a tensor")
      fails(function() optim.LBFGS({{params = {a}}, {params = {b}}}) end, "LBFGS: all parameters are in one group")
   end)
   it("name what was wrong with the options", function()
      local cases = {
         {"SGD", {lr = -1}, "SGD: lr is %-1; it must not be negative"}, {"SGD", {momentum = -1}, "momentum is"}, {"SGD", {weight_decay = -1}, "weight_decay is"},
         {"SGD", {nesterov = true}, "SGD: nesterov needs a momentum above 0 and no dampening"}, {"SGD", {nesterov = true, momentum = 1, dampening = 0.1}, "nesterov"},
         {"Adam", {lr = 0 / 0}, "lr is"}, {"Adam", {eps = -1}, "eps is"}, {"Adam", {betas = {1, 0.5}}, "Adam: 'betas': entry 1 is 1, which is not from 0 to below 1"},
         {"AdamW", {betas = {0.5, -1}}, "AdamW: 'betas': entry 2"},
         {"Adam", {betas = {0.9}}, "two numbers"}, {"Adam", {betas = {"x", 1}}, "a number expected, got string"}, {"Adam", {lr = "x"}, "Adam: 'lr': a number expected"},
         {"Adam", {rate = 1}, "there is no keyword 'rate'"},
         {"Adam", {differentiable = true}, "differentiable"}, {"RMSprop", {capturable = true}, "capturable"}, {"Adam", {fused = true, foreach = true}, "foreach and fused"},
         {"RMSprop", {alpha = -1}, "alpha is"},
         {"Adagrad", {lr_decay = -1}, "lr_decay is"}, {"Adagrad", {initial_accumulator_value = -1}, "initial_accumulator_value is"}, {"NAdam", {momentum_decay = -1}, "momentum_decay is"},
         {"LBFGS", {lr = -1}, "LBFGS: lr is"}, {"LBFGS", {line_search_fn = "armijo"}, "there is only \"strong_wolfe\""},
      }
      for _, case in ipairs(cases) do fails(function() optim[case[1]]({a}, case[2]) end, case[3]) end
   end)
   it("of a step leave everything as it was", function()
      local opt = optim.SGD({a, b}, {momentum = 0.5})
      a.grad, b.grad = tide.ones(2), tide.ones(3)
      opt.param_groups[1].lr = "x"
      fails(function() opt:step() end, "step: 'lr' of a parameter group: a number expected, got string")
      opt.param_groups[1].lr = 1
      opt.state[b] = {momentum_buffer = tide.ones(2)}
      fails(function() opt:step() end, "step: the state 'momentum_buffer' of parameter 2 is float32 of sizes %(2,%), the parameter float32 of sizes %(3,%)")
      opt.state[b].momentum_buffer = 5
      fails(function() opt:step() end, "a tensor expected, got number")
      opt.state[b] = nil
      b.data = tide.zeros(3):expand(3)
      opt.param_groups[1].params[3] = 7
      fails(function() opt:step() end, "entry 3: a tensor expected, got number")
      assert.same({0, 0}, a:tolist())
      opt.param_groups[1].params[3] = nil
      opt:step()
      assert.same({-1, -1}, a:tolist())
      assert.same({1, 1}, opt.state[a].momentum_buffer:tolist())
      local shared = leaf(1)
      shared.grad = tide.ones(1)
      local adam = optim.Adam({shared})
      local state = tide.zeros(1)
      adam.state[shared] = {step = tide.tensor(0.0), exp_avg = state, exp_avg_sq = state}
      fails(function() adam:step() end, "the states of parameter 1 share memory")
      fails(function() optim.LBFGS({shared}):step() end, "LBFGS: step needs a closure")
      fails(function() optim.SGD({shared}):step(3) end, "function")
      fails(function() optim.LBFGS({shared}):step(function() return "x" end) end, "LBFGS: the closure returns the loss, a number or a tensor with one, not string")
      fails(function() optim.Optimizer({shared}):step() end, "the class defines no step")
   end)
   it("give the user's line", function()
      local opt = optim.SGD({a})
      opt.param_groups[1].lr = nil
      a.grad = tide.ones(2)
      for _, f in ipairs {function() opt:step() end, function() optim.SGD({}) end, function() opt:load_state_dict(3) end, function() S.StepLR(opt, 0) end} do
         local _, message = pcall(f)
         assert.matches("optim_spec.lua:%d+: ", message)
      end
   end)
   it("reach the user from a closure, with the parameters where they were", function()
      local p = leaf(2)
      local opt, calls = optim.LBFGS({p}, {line_search_fn = "strong_wolfe"}), 0
      fails(function()
         opt:step(function()
            calls = calls + 1
            if calls == 2 then error "no more" end
            opt:zero_grad()
            local l = ((p - 3) ^ 2):sum()
            l:backward()
            return l
         end)
      end, "no more")
      assert.same({0, 0}, p:tolist())
   end)
end)

describe("a schedule", function()
   local function optimizer(name)
      local a, b = tide.zeros(2, {requires_grad = true}), tide.zeros(3, {requires_grad = true})
      return optim[name]({{params = {a}}, {params = {b}, lr = 0.05}}, {lr = 0.5})
   end
   local function make(text, opt) return load("local S, opt = ... return " .. text)(S, opt) end
   for _, case in ipairs(data.schedules) do
      local text, name, rates, momenta = table.unpack(case)
      it(("gives PyTorch's learning rates: %s %s"):format(text, name), function()
         local opt = optimizer(name)
         local sched = make(text, opt)
         for i = 1, #rates[1] do
            assert.same({rates[1][i], rates[2][i]}, sched:get_last_lr(), "epoch " .. i - 1)
            assert.same(sched:get_last_lr(), {opt.param_groups[1].lr, opt.param_groups[2].lr})
            local group = opt.param_groups[2]
            if momenta[i - 1] then assert.equal(momenta[i - 1], name == "Adam" and group.betas[1] or group.momentum) end
            opt:step()
            if i < #rates[1] then sched:step() end
         end
      end)
      it(("goes on from its state_dict: %s %s"):format(text, name), function()
         local opt, opt2 = optimizer(name), optimizer(name)
         local sched = make(text, opt)
         opt:step()
         for _ = 1, 20 do sched:step() end
         local sched2 = make(text, opt2)
         sched2:load_state_dict(sched:state_dict())
         opt2:load_state_dict(opt:state_dict())
         opt2:step()
         for i = 22, 40 do
            sched2:step()
            assert.same({rates[1][i], rates[2][i]}, sched2:get_last_lr())
         end
      end)
   end
   for _, case in ipairs(data.closed) do
      it("gives PyTorch's rates of any epoch: " .. case[1], function()
         local opt = optimizer "SGD"
         local sched = make(case[1], opt)
         opt:step()
         for i, epoch in ipairs(data.epochs) do
            sched:step(epoch)
            assert.same({case[2][1][i], case[2][2][i]}, sched:get_last_lr(), "epoch " .. epoch)
         end
      end)
   end
   for _, case in ipairs(data.plateau) do
      it("ReduceLROnPlateau " .. case[1], function()
         local opt = optimizer "SGD"
         local sched = S.ReduceLROnPlateau(opt, options_of(case[1]))
         for i = 0, 49 do
            if i == 25 then
               local other = S.ReduceLROnPlateau(opt, options_of(case[1]))
               other:load_state_dict(sched:state_dict())
               sched = other
            end
            local metric = ((i * 37) % 19) / 8 + 30 / (i + 3)
            sched:step(i % 2 == 0 and metric or tide.tensor(metric, {dtype = tide.float64}))
            assert.same({case[2][1][i + 1], case[2][2][i + 1]}, sched:get_last_lr(), "step " .. i)
         end
      end)
   end
   it("begins later where told to", function()
      local opt = optimizer "SGD"
      assert.error_matches(function() S.StepLR(opt, 3, {last_epoch = 5}) end, "StepLR: group 1 has no initial_lr")
      for _, group in ipairs(opt.param_groups) do group.initial_lr = 0.5 end
      assert.equal(6, S.StepLR(opt, 3, {last_epoch = 5}).last_epoch)
      assert.equal(0.05, opt.param_groups[1].lr)
   end)
   it("warns where it is stepped before the optimiser", function()
      local out = require "spec.support.autograd".output [[
         local a = tide.zeros(1, {requires_grad = true})
         local opt = tide.optim.SGD({a})
         local s = tide.optim.lr_scheduler.StepLR(opt, 3)
         s:step()
         opt = tide.optim.SGD({a})
         s = tide.optim.lr_scheduler.StepLR(opt, 3)
         opt:step()
         s:step()]]
      local _, count = out:gsub("called before the optimiser", "")
      assert.equal(1, count, out)
   end)
   it("is open to classes of the user's", function()
      local opt = optimizer "SGD"
      local Halving = S.class "Halving"
      function Halving:closed_form(base) return base / 2 ^ self.last_epoch end
      local sched = Halving(opt)
      opt:step()
      sched:step()
      assert.same({0.25, 0.025}, sched:get_last_lr())
   end)
   it("says what was wrong", function()
      local opt = optimizer "SGD"
      local cases = {
         {function() S.StepLR(3, 3) end, "StepLR: argument 1 %('optimizer'%): an optimiser expected, got number"}, {function() S.StepLR(opt) end, "StepLR: argument 'step_size' is missing"},
         {function() S.StepLR(opt, 0) end, "StepLR: step_size is 0; it must be positive"},
         {function() S.MultiStepLR(opt, {1.5}) end, "MultiStepLR: milestones: entry 1: a whole number expected, got 1.5"},
         {function() S.ConstantLR(opt, 2) end, "factor is 2, which is not from 0 to 1"}, {function() S.LinearLR(opt, 0) end, "start_factor is 0"},
         {function() S.CosineAnnealingLR(opt, 0) end, "T_max is 0"},
         {function() S.LambdaLR(opt, 3) end, "LambdaLR: 'lr_lambda': a function or a list expected"}, {function() S.LambdaLR(opt, {print}) end, "lr_lambda has 1 values for 2 parameter groups"},
         {function() S.OneCycleLR(opt, 0.1) end, "total_steps is needed"}, {function() S.OneCycleLR(opt, 0.1, {total_steps = 5, pct_start = 2}) end, "pct_start is 2"},
         {function() S.OneCycleLR(opt, 0.1, {total_steps = 5, anneal_strategy = "x"}) end, "anneal_strategy is \"x\""},
         {function() S.OneCycleLR(optim.Adagrad(opt.param_groups[1].params), 0.1, 5) end, "cycle_momentum needs"},
         {function() S.ReduceLROnPlateau(opt, {factor = 1}) end, "factor is 1; it must be below 1"}, {function() S.ReduceLROnPlateau(opt, "x") end, "mode is \"x\""},
         {function() S.ReduceLROnPlateau(opt):step() end, "'metrics': a number expected, got nil"},
         {function() S.SequentialLR(opt, {}, {}) end, "'schedulers' is an empty list"}, {function() S.SequentialLR(opt, {S.StepLR(opt, 3)}, {1}) end, "1 schedules need 0 milestones, not 1"},
         {function() S.SequentialLR(opt, {S.ReduceLROnPlateau(opt)}, {}) end, "ReduceLROnPlateau"}, {function() S.SequentialLR(optimizer "SGD", {S.StepLR(opt, 3)},
         {}) end, "entry 1 is of another optimiser"},
         {function() S.LRScheduler.init(setmetatable({}, {__index = S.LRScheduler}), opt) end, "neither get_lr nor closed_form"},
         {function() S.CosineAnnealingWarmRestarts(opt, 5):step(-1) end, "a number from 0 on expected"},
      }
      for _, case in ipairs(cases) do assert.error_matches(case[1], case[2]) end
   end)
   it("that is over stays as it is", function()
      local opt = optimizer "SGD"
      local sched = S.OneCycleLR(opt, 0.1, 3)
      opt:step()
      for _ = 1, 3 do sched:step() end
      local before, momentum = sched:get_last_lr(), opt.param_groups[1].momentum
      assert.error_matches(function() sched:step() end, "OneCycleLR: step 4 of 3: the cycle is over")
      assert.same({3, before, momentum}, {sched.last_epoch, sched:get_last_lr(), opt.param_groups[1].momentum})
   end)
end)
