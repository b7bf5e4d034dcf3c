-- nn's frame: what registers and in which order, state, walks, hooks, printing, errors; nn.init and nn.utils. What PyTorch gives stands in spec/data/nn.lua
-- (spec/data/nn.py).
local tide = require "tide"
local text = dofile "spec/data/text.lua"
local data = dofile "spec/data/nn.lua"
local nn, utils = tide.nn, tide.nn.utils

local Net, Lines, Gone = nn.class "Net", nn.class "Lines", nn.class "Gone"
function Net:init()
   self.body = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Sequential(nn.Dropout(0.1), nn.Linear(3, 3, {bias = false})))
   self.scale = nn.Parameter(tide.ones(2))
   self.head = nn.Linear(3, 1)
end
function Net:forward(x) return self.head(self.body(x * self.scale)) end
function Net.extra_repr() return "width=3" end
function Lines:init(n, child)
   self.n = n
   if child then self.child = nn.Tanh() end
end
function Lines:extra_repr()
   local lines = {}
   for i = 1, self.n do lines[i] = "line " .. i end
   return table.concat(lines, "\n")
end
function Gone:init()
   self.a = nn.Tanh()
   self.b = nn.ReLU()
   self.c = nn.Linear(1, 1)
   self.b = nil
end
local env = {nn = nn, utils = utils, Net = Net, Lines = Lines, Gone = Gone}

local function names(iterator)
   local list = {}
   for name in iterator do list[#list + 1] = name end
   return list
end
local function keys(t)
   local list = {}
   for key in pairs(t) do list[#list + 1] = key end
   return list
end
-- The error that f raises, which must name this file.
local function failure(f, ...)
   local ok, message = pcall(f, ...)
   assert.is_false(ok, "no error")
   assert.is_truthy(tostring(message):match "^spec/nn_spec%.lua:%d+: ", message)
   return (message:gsub("^spec/nn_spec%.lua:%d+: ", ""))
end

describe("printing", function()
   for _, case in ipairs(data.trees) do
      it(case[1], function() assert.are.equal(case[2], tostring(text.eval(case[1], env))) end)
   end
   it("of a class and of a parameter", function()
      assert.are.equal("<class 'Net'>", tostring(Net))
      assert.are.equal("Parameter containing:\ntensor([1., 1.], requires_grad=True)", tostring(Net().scale))
   end)
end)

describe("assignment", function()
   it("registers parameters, buffers and modules, in order", function()
      local m = nn.Module()
      m.b = nn.Parameter(tide.ones(1))
      m.running = nn.Buffer(tide.zeros(2))
      m.child = nn.Linear(1, 1)
      m.a = nn.Parameter(tide.ones(1))
      m.plain = tide.ones(3)
      m.hidden = nn.Buffer(tide.ones(1), false)
      assert.are.same({"b", "a", "child.weight", "child.bias"}, names(m:named_parameters()))
      assert.are.same({"b", "a"}, names(m:named_parameters {recurse = false}))
      assert.are.same({"running", "hidden"}, names(m:named_buffers()))
      assert.are.same({"child"}, names(m:named_children()))
      assert.are.same({"b", "a", "running", "child.weight", "child.bias"}, keys(m:state_dict()))
      assert.are.equal(4, #m:parameters())
      assert.are.equal(2, #m:parameters(false))
      assert.are.equal(2, #m:buffers())
   end)
   it("to a name that is there keeps its place, also to another module", function()
      local m = nn.Sequential(nn.Tanh(), nn.ReLU())
      m.x = nn.Parameter(tide.ones(1))
      m.y = nn.Parameter(tide.ones(2))
      m.x = nn.Parameter(tide.ones(5))
      assert.are.same({"x", "y"}, names(m:named_parameters()))
      assert.are.equal(5, m.x:numel())
      m[1] = nn.Sigmoid()
      assert.are.equal("Sequential(\n  (0): Sigmoid()\n  (1): ReLU()\n)", tostring(m))
   end)
   it("of nil leaves the name registered as none, as None does", function()
      local m = nn.Module()
      m.w, m.child, m.buffer = nn.Parameter(tide.ones(1)), nn.Tanh(), nn.Buffer(tide.ones(1))
      m.w, m.child, m.buffer = nil, nil, nil
      assert.is_nil(m.w)
      assert.are.same({}, keys(m:state_dict()))
      assert.are.same({}, m:children())
      assert.is_truthy(failure(function() m.w = tide.ones(1) end):find("'w' is a parameter: an nn.Parameter or nil expected, got a tensor", 1, true))
      assert.is_truthy(failure(function() m.child = 3 end):find("'child' is a module: an nn.Module or nil expected, got a number", 1, true))
      assert.is_truthy(failure(function() m.buffer = "x" end):find("'buffer' is a buffer: a tensor or nil expected, got a string", 1, true))
      m.w = nn.Parameter(tide.ones(2))
      assert.are.equal(2, m.w:numel())
   end)
   it("moves a name from one kind to another", function()
      local m = nn.Module()
      m.x = 5
      m.x = nn.Parameter(tide.ones(1))
      assert.are.same({"x"}, names(m:named_parameters()))
      m.x = nn.Tanh()
      assert.are.same({}, names(m:named_parameters()))
      assert.are.same({"x"}, names(m:named_children()))
      m.x = nn.Buffer(tide.ones(1))
      assert.are.same({"x"}, names(m:named_buffers()))
      assert.are.same({}, m:children())
      m.x = tide.zeros(1)                                             -- a plain tensor takes a buffer's place
      assert.are.equal(0, m:buffers()[1]:item())
   end)
   it("of what would hide a method is an error", function()
      local m = nn.Module()
      for _, v in ipairs {nn.Parameter(tide.ones(1)), nn.Tanh(), nn.Buffer(tide.ones(1))} do
         assert.is_truthy(failure(function() m.train = v end):find("'train' is a method of modules", 1, true))
      end
      assert.is_truthy(failure(function() m[""] = nn.Tanh() end):find('"" is no name', 1, true))
      assert.is_truthy(failure(function() m["a.b"] = nn.Tanh() end):find('"a.b" is no name', 1, true))
      assert.is_truthy(failure(function() m:register_parameter("p", tide.ones(1)) end):find("an nn.Parameter or nil expected, got a tensor", 1, true))
      assert.is_truthy(failure(function() m:register_buffer("p", 1) end):find("a tensor or nil expected, got a number", 1, true))
      assert.is_truthy(failure(function() m:register_module("p", 1) end):find("an nn.Module or nil expected, got a number", 1, true))
      assert.is_truthy(failure(function() m:register_module(1, nn.Tanh()) end):find("a name is a string, got a number", 1, true))
      assert.are.same({}, keys(m:state_dict()))
   end)
   it("keeps tables of modules as they are: nn.ModuleList registers", function()
      local m = nn.Module()
      m.list = {nn.Tanh()}
      assert.are.same({}, m:children())
   end)
   it("of a parameter keeps it through scopes", function()
      local m = nn.Module()
      tide.scope(function() m.w = nn.Parameter(tide.ones(2)); m:register_buffer("b", tide.ones(3)) end)
      assert.are.equal(2, m.w:sum():item())
      assert.are.equal(3, m.b:sum():item())
   end)
end)

describe("classes", function()
   it("inherit, and call their base", function()
      local Base = nn.class "Base"
      function Base:init(n) self.n = n end
      function Base:forward(x) return x * self.n end
      local Derived = nn.class("Derived", Base)
      function Derived:init() Base.init(self, 3) end
      function Derived:forward(x) return Base.forward(self, x) + 1 end
      assert.are.equal(7, Derived()(tide.tensor(2.0)):item())
      assert.is_true(nn.isinstance(Derived(), Base))
      assert.is_false(nn.isinstance(Base(1), Derived))
      assert.is_false(nn.isinstance(3, Base))
      assert.is_true(nn.isinstance(nn.Linear(1, 1), nn.Linear))
      assert.is_true(nn.isinstance(Derived(), nn.Module))
      assert.is_false(nn.isinstance(Derived, nn.Module))
   end)
   it("of layers can be derived from", function()
      local Scaled = nn.class("Scaled", nn.Linear)
      function Scaled:init(...)
         nn.Linear.init(self, ...)
         self.scale = nn.Parameter(tide.full({1}, 2.0))
      end
      function Scaled:forward(x) return nn.Linear.forward(self, x) * self.scale end
      local m = Scaled(2, 2)
      assert.are.same({"weight", "bias", "scale"}, names(m:named_parameters()))
      assert.are.equal("Scaled(in_features=2, out_features=2, bias=True)", tostring(m))
   end)
   it("say what is wrong with their arguments", function()
      assert.are.equal("class: a name is expected, got nil", failure(nn.class))
      assert.are.equal("class: the base is a class, got a number", failure(nn.class, "A", 3))
      assert.are.equal("Empty has no forward", failure(function() nn.class "Empty"()() end))
      assert.are.equal("Linear has no length", failure(function() return #nn.Linear(1, 1) end))
      assert.are.equal("Linear: argument 'out_features' is missing", failure(nn.Linear, 3))
      assert.are.equal("Linear: 'in_features': a whole number expected, got \"x\"", failure(nn.Linear, "x", 3))
      assert.are.equal("Linear: there is no keyword 'biass'", failure(nn.Linear, 3, 3, {biass = true}))
      assert.are.equal("Linear: 'bias' is given twice", failure(nn.Linear, 3, 3, true, {bias = true}))
      assert.are.equal("Linear: 5 arguments are too many", failure(nn.Linear, 3, 3, true, tide.float64, 1))
      assert.are.equal("Tanh: 1 arguments are too many", failure(nn.Tanh, 1))
      assert.is_truthy(failure(function() nn.Linear(3, 2)(tide.ones(4)) end):find("linear", 1, true))
   end)
end)

describe("walks", function()
   local function shared()
      local m, l = nn.Module(), nn.Linear(1, 1)
      m.first = nn.Sequential(l, nn.Tanh())
      m.again = l
      m.w = m.first[1].weight
      return m
   end
   it("meet what is shared once", function()
      local m = shared()
      assert.are.same({"w", "first.0.bias"}, names(m:named_parameters()))
      assert.are.same({"", "first", "first.0", "first.1"}, names(m:named_modules()))
      assert.are.same({"first", "again"}, names(m:named_children()))
      assert.are.equal(2, #m:parameters())
      assert.are.same({"w", "first.0.weight", "first.0.bias", "again.weight", "again.bias"}, keys(m:state_dict()))
   end)
   it("meet it every time if told to", function()
      local m = shared()
      assert.are.same({"w", "first.0.weight", "first.0.bias", "again.weight", "again.bias"}, names(m:named_parameters {remove_duplicate = false}))
      assert.are.same({"", "first", "first.0", "first.1", "again"}, names(m:named_modules {remove_duplicate = false}))
   end)
   it("put a prefix in front", function()
      local m = shared()
      assert.are.same({"net.w", "net.first.0.bias"}, names(m:named_parameters "net"))
      assert.are.same({"net", "net.first", "net.first.0", "net.first.1"}, names(m:named_modules "net"))
      assert.are.same({"x.weight", "x.bias"}, keys(nn.Linear(1, 1):state_dict {prefix = "x."}))
   end)
   it("find by path", function()
      local m = Net()
      assert.is_true(rawequal(m.body[3][2], m:get_submodule "body.2.1"))
      assert.is_true(rawequal(m, m:get_submodule ""))
      assert.is_true(rawequal(m.body[1].bias, m:get_parameter "body.0.bias"))
      assert.is_true(rawequal(m.scale, m:get_parameter "scale"))
      assert.are.equal(0, nn.BatchNorm1d(2):get_buffer "num_batches_tracked":item())
      assert.are.equal("get_submodule: Sequential has no module '7'", failure(m.get_submodule, m, "body.7"))
      assert.are.equal("get_parameter: there is no 'body.1.weight'", failure(m.get_parameter, m, "body.1.weight"))
   end)
   it("apply from the leaves up, train and eval all", function()
      local seen, m = {}, Net()
      assert.is_true(rawequal(m, m:apply(function(x) seen[#seen + 1] = x:_get_name() end)))
      assert.are.same({"Linear", "ReLU", "Dropout", "Linear", "Sequential", "Sequential", "Linear", "Net"}, seen)
      assert.is_true(m.training)
      assert.is_true(rawequal(m, m:eval()))
      for _, x in ipairs(m:modules()) do assert.is_false(x.training) end
      m:train()
      for _, x in ipairs(m:modules()) do assert.is_true(x.training) end
      assert.are.equal("train: a boolean expected, got a number", failure(m.train, m, 1))
      assert.are.equal("apply: a function is expected, got number", failure(m.apply, m, 1))
   end)
   it("change dtypes, gradients with them", function()
      local m = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
      local weight = m[1].weight
      m(tide.randn(4, 2)):square():sum():backward()
      assert.is_true(rawequal(m, m:double()))
      assert.are.equal(tide.float64, m[1].weight.dtype)
      assert.are.equal(tide.float64, m[1].weight.grad.dtype)
      assert.is_true(rawequal(weight, m[1].weight))
      assert.are.equal(tide.float64, m[2].running_mean.dtype)
      assert.are.equal(tide.int64, m[2].num_batches_tracked.dtype)
      m:to(tide.float32)
      assert.are.equal(tide.float32, m[1].bias.dtype)
      m:to {dtype = tide.float64}
      m(tide.randn(4, 2, {dtype = tide.float64})):sum():backward()
      assert.are.equal("to: a module takes a float dtype, not tide.int64", failure(m.to, m, tide.int64))
   end)
   it("forget gradients, and freeze", function()
      local m = nn.Linear(2, 1)
      m(tide.ones(2)):backward()
      local grad = m.weight.grad
      m:zero_grad {set_to_none = false}
      assert.is_true(rawequal(grad, m.weight.grad))
      assert.are.equal(0, grad:abs():sum():item())
      m:zero_grad()
      assert.is_nil(m.weight.grad)
      m:requires_grad_(false)
      assert.is_false(m.weight.requires_grad)
      m:requires_grad_()
      assert.is_true(m.bias.requires_grad)
      assert.are.equal("zero_grad: 'set_to_none': a boolean expected, got the number 1", failure(m.zero_grad, m, 1))
   end)
end)

describe("state", function()
   it("shares memory, and is loaded by copying", function()
      local m, other = Net(), Net()
      local state = m:state_dict()
      assert.are.same({"scale", "body.0.weight", "body.0.bias", "body.2.1.weight", "head.weight", "head.bias"}, keys(state))
      assert.is_false(state.scale.requires_grad)
      state.scale:fill_(7)
      assert.are.equal(7, m.scale[1]:item())
      local weight = other.head.weight
      local result = other:load_state_dict(state)
      assert.are.equal("<All keys matched successfully>", tostring(result))
      assert.is_true(rawequal(weight, other.head.weight))
      assert.is_true(tide.equal(m.head.weight, other.head.weight))
      m.head.weight.data:fill_(0)
      assert.is_false(tide.equal(m.head.weight, other.head.weight))
      assert.is_true(rawequal(m.scale, m:state_dict({keep_vars = true}).scale))
   end)
   it("takes a plain table of any order and other float dtypes", function()
      local m = nn.Linear(1, 2)
      m:load_state_dict {bias = tide.tensor({1, 2}), weight = tide.tensor({{3}, {4}}, {dtype = tide.float64})}
      assert.are.same({{3}, {4}}, m.weight:tolist())
      assert.are.equal(tide.float32, m.weight.dtype)
   end)
   it("that does not fit is an error that lists all, and nothing is changed", function()
      local m = nn.Linear(2, 1)
      local before = m.weight:tolist()
      local message = failure(m.load_state_dict, m, {weight = tide.ones(1, 2), more = tide.ones(1), least = tide.ones(1)})
      assert.are.equal('load_state_dict: Linear:\n   keys missing in the state_dict: "bias"\n   unexpected keys in the state_dict: "least", "more"', message)
      assert.are.same(before, m.weight:tolist())
      message = failure(m.load_state_dict, m, {weight = tide.ones(3, 2), bias = 4}, {strict = false})
      assert.are.equal("load_state_dict: Linear:\n   size mismatch for weight: tide.Size([3, 2]) in the state_dict, tide.Size([1, 2]) in the module\n"
         .. "   'bias': a tensor expected, got a number", message)
      local result = m:load_state_dict({weight = tide.ones(1, 2), more = tide.ones(1)}, {strict = false})
      assert.are.same({"bias"}, result.missing_keys)
      assert.are.same({"more"}, result.unexpected_keys)
      assert.are.equal("IncompatibleKeys(missing_keys=[bias], unexpected_keys=[more])", tostring(result))
      assert.are.same({{1, 1}}, m.weight:tolist())
      assert.are.equal("load_state_dict: 'state_dict': a table expected, got the number 3", failure(m.load_state_dict, m, 3))
   end)
   it("can take the places itself", function()
      local m, w = nn.Linear(1, 1), nn.Parameter(tide.ones(1, 1))
      m:load_state_dict({weight = w, bias = tide.zeros(1)}, {assign = true})
      assert.is_true(rawequal(w, m.weight))
      assert.is_true(m.bias.requires_grad)
   end)
end)

describe("containers", function()
   it("hold modules by position and name", function()
      local list = nn.ModuleList {nn.Tanh(), nn.ReLU()}
      list:append(nn.Sigmoid()):extend {nn.Identity()}
      assert.are.equal(4, #list)
      assert.are.equal("Identity()", tostring(list[-1]))
      assert.is_nil(list[5])
      list:insert(1, nn.Softsign())
      assert.are.equal("ReLU()", tostring(list:pop(3)))
      list[2] = nn.SELU()
      local seen = {}
      for i, m in pairs(list) do seen[i] = tostring(m) end
      assert.are.same({"Softsign()", "SELU()", "Sigmoid()", "Identity()"}, seen)
      assert.are.same({"0", "1", "2", "3"}, names(list:named_children()))
      assert.are.equal("ModuleList: position 9 is out of range: it has 4 elements", failure(function() list[9] = nn.Tanh() end))
      assert.are.equal("ModuleList: element 1: an nn.Module expected, got number", failure(nn.ModuleList, {3}))
      assert.are.equal("ModuleList: a list expected, got number", failure(nn.ModuleList, 3))
   end)
   it("run in sequence, with several values between them", function()
      local Split = nn.class "Split"
      function Split.forward(_, x) return x, x * 2 end
      local Join = nn.class "Join"
      function Join.forward(_, a, b) return a + b end
      assert.are.equal(9, nn.Sequential(Split(), Join())(tide.tensor(3.0)):item())
      assert.are.equal(3, nn.Sequential()(3))
      local named = nn.Sequential {{"a", nn.Tanh()}, {"b", nn.ReLU()}}
      named[2] = nn.SELU()
      assert.are.same({"a", "b"}, names(named:named_children()))
      assert.are.equal("SELU()", tostring(named.b))
      assert.are.equal("Sequential: element 2: an nn.Module expected, got nil", failure(nn.Sequential, nn.Tanh(), nil))
      assert.are.equal("Sequential: element 1: an nn.Module expected, got function", failure(nn.Sequential, print))
   end)
   it("hold modules by key", function()
      local dict = nn.ModuleDict {b = nn.Tanh(), a = nn.ReLU()}
      dict.c = nn.SELU()
      assert.are.same({"a", "b", "c"}, dict:keys())
      assert.are.equal(3, #dict)
      assert.is_true(dict:contains "a")
      assert.are.equal("Tanh()", tostring(dict:pop "b"))
      dict:update {a = nn.Sigmoid()}
      assert.are.equal("Sigmoid()", tostring(dict.a))
      assert.are.same({"a", "c"}, dict:keys())
      dict:clear()
      assert.are.equal(0, #dict)
      assert.are.equal("ModuleDict: 'keys' is a method of modules, which a key cannot be", failure(nn.ModuleDict, {keys = nn.Tanh()}))
      assert.are.equal("ModuleDict: there is no 'x'", failure(dict.pop, dict, "x"))
      assert.are.equal("ModuleDict: element a: an nn.Module expected, got number", failure(nn.ModuleDict, {a = 1}))
   end)
   it("hold parameters", function()
      local list = nn.ParameterList {tide.ones(2), nn.Parameter(tide.zeros(1))}
      assert.are.same({"0", "1"}, names(list:named_parameters()))
      assert.is_true(list[1].requires_grad)
      local dict = nn.ParameterDict {w = tide.ones(1)}
      assert.are.same({"w"}, names(dict:named_parameters()))
      assert.are.equal("ParameterList: element 1: a parameter or tensor expected, got number", failure(nn.ParameterList, {3}))
   end)
   it("of parameters and buffers say what they take", function()
      assert.are.equal("Parameter: only a tensor of a float dtype can require grad, this one is tide.int64", failure(nn.Parameter, tide.tensor {1}))
      assert.is_false(nn.Parameter(tide.tensor {1}, false).requires_grad)
      assert.are.equal("Parameter: 'data': a tensor expected, got the number 3", failure(nn.Parameter, 3))
      assert.are.equal("Buffer: 'data': a tensor expected, got \"x\"", failure(nn.Buffer, "x"))
   end)
end)

describe("hooks", function()
   local log
   local function show(name, ...)
      local lists = {}
      for k, list in ipairs {...} do
         local words = {}
         for i = 1, list.n or #list do
            local t = list[i]
            words[i] = t == nil and "-" or tide.is_tensor(t) and "[" .. table.concat(t:tolist(), ", ") .. "]" or tostring(t)
         end
         lists[k] = table.concat(words, " | ")
      end
      log[#log + 1] = name .. ": " .. table.concat(lists, "; ")
   end
   it("see and change what PyTorch's do", function()
      log = {}
      local Two = nn.class "Two"
      function Two:init() self.w = nn.Parameter(tide.tensor {2.0, 3.0}) end
      function Two:forward(x, k, y) return x * self.w * k, y + x end
      local m = Two()
      local handles = {
         m:register_forward_pre_hook(function(_, args)
            show("pre", args)
            return {args[1] + 1, args[2], args[3]}
         end),
         m:register_forward_hook(function(_, args, a, b)
            show("post", args, {a, b})
            return a * 2, b
         end),
         m:register_full_backward_pre_hook(function(_, grads)
            show("back_pre", grads)
            return {grads[1] * 10, grads[2]}
         end),
         m:register_full_backward_hook(function(module, grad_in, grad_out)
            assert.is_true(rawequal(m, module))
            show("back", grad_in, grad_out)
            return {grad_in[1] + 0.5, nil, grad_in[3], n = 3}
         end),
      }
      local x, y = tide.tensor({1.0, 2.0}, {requires_grad = true}), tide.tensor({5.0, 6.0}, {requires_grad = true})
      local a, b = m(x, 4, y)
      do local z = a:sum() + b:sum() * 3; z:backward() end
      show("grads", {x.grad, y.grad, m.w.grad})
      x.grad, y.grad, m.w.grad = nil, nil, nil
      for i, h in ipairs(handles) do if i ~= 3 then h:remove() end end
      a, b = m(x, 4, y)
      do local z = a:sum() + b:sum() * 3; z:backward() end
      show("after removal", {x.grad, y.grad, m.w.grad})
      handles[3]:remove()
      m:register_full_backward_hook(function(_, grad_in, grad_out) show("seen", grad_in, grad_out) end)
      a = m(tide.tensor {1.0, 1.0}, 4, tide.tensor {0.0, 0.0})
      a:sum():backward()
      assert.are.same(data.hooks, log)
   end)
   it("that give another number of gradients are an error, and those of forward may give one value", function()
      local m = nn.Linear(1, 1)
      m:register_full_backward_hook(function() return {} end)
      local x = tide.ones(1, {requires_grad = true})
      assert.is_truthy(tostring(select(2, pcall(function() m(x):backward() end))):find("gave 0 gradients where 1 are expected", 1, true))
      local relu = nn.ReLU()
      relu:register_forward_pre_hook(function(_, args) return args[1] * 2 end)
      relu:register_forward_hook(function(_, _, y) return y + 1 end)
      assert.are.equal(7, relu(tide.tensor(3.0)):item())
      assert.are.equal("register_forward_hook: a function is expected, got number", failure(relu.register_forward_hook, relu, 3))
   end)
   it("are passed by in no_grad mode", function()
      local m, called = nn.Linear(1, 1), 0
      m:register_full_backward_hook(function() called = called + 1 end)
      tide.no_grad(function() assert.is_false(m(tide.ones(1)).requires_grad) end)
      assert.are.equal(0, called)
   end)
end)

describe("nn.init", function()
   for _, case in ipairs(data.init) do
      it(case[1], function()
         tide.manual_seed(0)
         assert.are.equal(case[2], text.bits(text.eval(case[1], env)))
         assert.are.equal(case[3], text.bits(tide.rand(1)), "numbers drawn")
      end)
   end
   for _, case in ipairs(data.orthogonal) do
      it(case[1], function()
         tide.manual_seed(0)
         local got = text.of(text.eval(case[1], env))
         assert(text.close(case[2], got, case[1]:find "float64" and 1e-12 or 1e-5), got .. "\nfor " .. case[2])
      end)
   end
   it("draws from a generator of one's own", function()
      for _, name in ipairs {"uniform_", "normal_", "xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_", "orthogonal_", "trunc_normal_"} do
         tide.manual_seed(3)
         local want = nn.init[name](tide.empty(4, 5))
         local generator = tide.Generator():manual_seed(3)
         tide.manual_seed(4)
         assert.is_true(tide.equal(want, nn.init[name](tide.empty(4, 5), {generator = generator})), name)
         local after = tide.rand(1)
         tide.manual_seed(4)
         assert.is_true(tide.equal(after, tide.rand(1)), name)
      end
      assert.is_truthy(failure(nn.init.normal_, tide.empty(3), {generator = 5}):find("a generator expected", 1, true))
   end)
   it("calculates gains", function()
      for name, gain in pairs(data.gains) do
         local got = name == "slope" and nn.init.calculate_gain("leaky_relu", 0.3) or nn.init.calculate_gain(name)
         assert.are.equal(gain, got)
      end
      assert.are.equal('calculate_gain: there is no nonlinearity "x"', failure(nn.init.calculate_gain, "x"))
   end)
   it("writes without recording, and says what is wrong", function()
      local w = nn.Parameter(tide.empty(2, 2))
      assert.is_true(rawequal(w, nn.init.ones_(w)))
      assert.are.equal(1, select("#", nn.init.ones_(w)))
      assert.is_true(w.requires_grad and w.is_leaf)
      assert.is_truthy(failure(nn.init.xavier_uniform_, tide.empty(3)):find("at least 2 dimensions", 1, true))
      assert.is_truthy(failure(nn.init.kaiming_uniform_, tide.empty(3, 3), 0, "fan_on"):find('mode is "fan_in" or "fan_out"', 1, true))
      assert.is_truthy(failure(nn.init.eye_, tide.empty(3)):find("2 dimensions expected", 1, true))
      assert.is_truthy(failure(nn.init.dirac_, tide.empty(3, 3)):find("3 to 5 dimensions", 1, true))
      assert.is_truthy(failure(nn.init.dirac_, tide.empty(3, 3, 3), 2):find("does not divide", 1, true))
      assert.is_truthy(failure(nn.init.sparse_, tide.empty(3, 3), 2):find("no fraction", 1, true))
      assert.is_truthy(failure(nn.init.orthogonal_, tide.empty(3)):find("at least 2 dimensions", 1, true))
      assert.is_truthy(failure(nn.init.normal_, 3):find("a tensor expected", 1, true))
   end)
end)

describe("nn.utils", function()
   for _, case in ipairs(data.clip) do
      it(("%s(parameters, %s)"):format(case[1], case[2]), function()
         local ps = {}
         for i, n in ipairs {2, 5, 3} do ps[i] = nn.Parameter(tide.arange(n, {dtype = tide.float32}) - 1.3) end
         for i = 1, 2 do (ps[i] * ps[i]):sum():backward() end
         local given = case[1]:match "^get" and {ps[1].grad, ps[2].grad} or ps
         local total = text.eval(("utils.%s(given, %s)"):format(case[1], case[2]), {utils = utils, given = given})
         local got = {}
         if total then got[1] = text.of(total) end
         for i = 1, 2 do got[#got + 1] = text.of(ps[i].grad) end
         assert.are.equal(#case[3], #got)
         for i, want in ipairs(case[3]) do assert(text.close(want, got[i], 1e-6), got[i] .. "\nfor " .. want) end
      end)
   end
   it("clip one parameter, none, and refuse what is not finite if told to", function()
      local p = nn.Parameter(tide.ones(4))
      assert.are.equal(0, utils.clip_grad_norm_({p}, 1):item())
      p:sum():backward()
      assert.are.equal(2, utils.clip_grad_norm_(p, 1):item())
      p.grad:fill_(1 / 0)
      assert.is_truthy(failure(utils.clip_grad_norm_, p, 1, 2, true):find("the total norm of order 2 is inf", 1, true))
      assert.are.equal(1 / 0, p.grad[1]:item())
      assert.are.equal("clip_grad_norm_: 'parameters': element 1: a tensor expected, got number", failure(utils.clip_grad_norm_, {3}, 1))
      assert.are.equal("clip_grad_value_: argument 'clip_value' is missing", failure(utils.clip_grad_value_, {p}))
   end)
   it("lay parameters into a vector, recorded, and back", function()
      local m = nn.Linear(2, 2)
      local v = utils.parameters_to_vector(m:parameters())
      assert.are.equal(6, v:numel())
      v:square():sum():backward()
      assert.is_true(tide.equal(m.weight.grad, m.weight.data * 2))
      local new = tide.arange(6, {dtype = tide.float32})
      utils.vector_to_parameters(new, m:parameters())
      assert.are.same({{0, 1}, {2, 3}}, m.weight:tolist())
      assert.are.same({4, 5}, m.bias:tolist())
      new:fill_(9)                                                   -- they are views of it
      assert.are.same({9, 9}, m.bias:tolist())
      assert.is_true(m.bias.requires_grad)
      assert.are.equal("vector_to_parameters: a vector of 6 elements expected, got sizes tide.Size([3])", failure(utils.vector_to_parameters, tide.ones(3), m:parameters()))
   end)
end)

describe("a model", function()
   it("is called with other parameters, which can be differentiated", function()
      local m, x = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1)), tide.tensor {{1.0, 2.0}, {3.0, 5.0}}
      m:eval()
      local others = {["0.weight"] = tide.tensor {{1.0, 1.0}}, ["0.bias"] = tide.tensor {2.0}, ["1.running_mean"] = tide.tensor {4.0}}
      assert.are.equal("1 6", text.of(tide.func.functional_call(m, others, x):round()):match "%] (.*)")
      local grads = tide.func.grad(function(p) return tide.func.functional_call(m, p, x):sum() end) {["0.weight"] = others["0.weight"]}
      assert.are.equal("4 7", text.of(grads["0.weight"]:round()):match "%] (.*)")
      assert.are.equal(0, m[2].running_mean:item())
      assert.is_true(m[1].weight.requires_grad)
   end)
   it("learns", function()
      tide.manual_seed(0)
      local m = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.BatchNorm1d(16), nn.Dropout(0.1), nn.Linear(16, 2))
      local x = tide.randn(64, 2)
      local target = (x[{{}, 1}] * x[{{}, 2}]):gt(0):long() + 1
      local loss = nn.CrossEntropyLoss()
      local first, last
      for _ = 1, 200 do
         m:zero_grad()
         local y = loss(m(x), target)
         y:backward()
         tide.no_grad(function() for _, p in ipairs(m:parameters()) do p:sub_(p.grad * 0.5) end end)
         first, last = first or y:item(), y:item()
      end
      assert.is_true(last < first / 2, ("%g after %g"):format(last, first))
   end)
   it("is called through closures that keep nothing alive", function()
      local function tensors()
         collectgarbage() collectgarbage()
         return tide.memory_stats().tensors
      end
      local before = tensors()
      do
         local m = Net()
         m:register_full_backward_hook(function() end)
         m(tide.ones(4, 2)):sum():backward()
      end
      assert.are.equal(before, tensors())
   end)
end)

describe("what modules hold", function()
   it("is not themselves", function()
      local a, b = nn.Sequential(), nn.Sequential()
      a.inner = b
      assert.error_matches(function() b.outer = a end, "a module cannot be inside itself")
      assert.error_matches(function() a.me = a end, "a module cannot be inside itself")
   end)
   it("outlives a scope", function()
      local m = nn.Identity()
      tide.scope(function() m.h = tide.ones(2) end)
      assert.same({1, 1}, m.h:tolist())
   end)
   it("is called in full when a hook takes itself off", function()
      local m, seen, handle = nn.Identity(), "", nil
      handle = m:register_forward_hook(function() seen = seen .. "a" handle:remove() end)
      m:register_forward_hook(function() seen = seen .. "b" end)
      m(tide.ones(1)) m(tide.ones(1))
      assert.equal("abb", seen)
   end)
   it("shows whole numbers as such", function() assert.equal("Linear(in_features=4, out_features=2, bias=True)", tostring(nn.Linear(4.0, 2.0))) end)
end)
