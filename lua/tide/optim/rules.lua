-- The optimisers whose step is one pass in C: options with PyTorch's defaults, what they may be, and the names of the states.
local core = require "tide.core"
local ordered = require "tide.ordered"
local arguments = require "tide.arguments"
core.own_source()

local not_negative = {"lr", "eps", "weight_decay", "momentum", "alpha", "lr_decay", "initial_accumulator_value", "momentum_decay"}

local function check(name, o)
   for _, option in ipairs(not_negative) do
      local v = o[option]
      if v and (v < 0 or v ~= v) then core.error(("%s: %s is %s; it must not be negative"):format(name, option, v)) end
   end
   if o.betas then
      if #o.betas ~= 2 then core.error(("%s: 'betas' are two numbers, not %d"):format(name, #o.betas)) end
      for i, beta in ipairs(o.betas) do
         if type(beta) ~= "number" then core.error(("%s: 'betas': entry %d: a number expected, got %s"):format(name, i, type(beta))) end
         if not (beta >= 0 and beta < 1) then core.error(("%s: 'betas': entry %d is %s, which is not from 0 to below 1"):format(name, i, beta)) end
      end
   end
   if o.nesterov and (o.momentum <= 0 or o.dampening ~= 0) then core.error(name .. ": nesterov needs a momentum above 0 and no dampening") end
   for _, option in ipairs {"capturable", "differentiable"} do
      if o[option] then core.error(("%s: there is no %s step: it is made in place and not recorded"):format(name, option)) end
   end
   if o.foreach and o.fused then core.error(name .. ": foreach and fused cannot both be true") end
end

return function(tide, optim)
   local Rule = optim.class "Rule"
   Rule._none = {}

   function Rule:step(closure)
      local loss
      if closure ~= nil then loss = self:_evaluate(closure) end
      local groups, state, update = self.param_groups, self.state, self._update
      for i = 1, #groups do update(groups[i], state) end
      return loss
   end

   -- A class whose steps `update` makes. options: as in arguments, after `params`.
   local function rule(name, update, states, options)
      local class = optim.class(name, Rule)
      local read, names, none = arguments(name, "params: list, " .. options), {}, {}
      for option, default in (options .. ","):gmatch "([%w_]+): [%a|]+ = (.-)," do
         names[#names + 1] = option
         if default == "nil" then none[#none + 1] = option end
      end
      function class:init(...)
         local values, defaults = table.pack(read(...)), ordered.new()
         for i, option in ipairs(names) do
            local value = values[i + 1]
            defaults[option] = type(value) == "table" and {table.unpack(value)} or value
         end
         check(self._name, defaults)
         optim.Optimizer.init(self, values[1], defaults)
      end
      class._update, class._states, class._none = update, states, none
      optim[name] = class
      return class
   end

   rule("SGD", core.optim.sgd, {"momentum_buffer"}, "lr: number = 1e-3, momentum: number = 0, dampening: number = 0, weight_decay: number = 0, nesterov: boolean = false, \z
      maximize: boolean = false, foreach: boolean = nil, differentiable: boolean = false, fused: boolean = nil")

   local adam = {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"}
   local Adam = rule("Adam", core.optim.adam, adam, "lr: number = 1e-3, betas: list = {0.9; 0.999}, eps: number = 1e-8, weight_decay: number = 0, amsgrad: boolean = false, \z
      foreach: boolean = nil, maximize: boolean = false, capturable: boolean = false, differentiable: boolean = false, fused: boolean = nil, decoupled_weight_decay: boolean = false")

   -- Adam whose weight decay is always decoupled.
   local AdamW = optim.class("AdamW", Adam)
   local adamw_arguments = arguments("AdamW", "params: list, lr: number = 1e-3, betas: list = {0.9; 0.999}, eps: number = 1e-8, weight_decay: number = 1e-2, amsgrad: boolean = false, \z
      maximize: boolean = false, foreach: boolean = nil, capturable: boolean = false, differentiable: boolean = false, fused: boolean = nil")
   function AdamW:init(...)
      local params, lr, betas, eps, weight_decay, amsgrad, maximize, foreach, capturable, differentiable, fused = adamw_arguments(...)
      Adam.init(self, params, lr, betas, eps, weight_decay, amsgrad, foreach, maximize, capturable, differentiable, fused, true)
   end
   function AdamW:load_state_dict(dict)
      Adam.load_state_dict(self, dict)
      for _, group in ipairs(self.param_groups) do group.decoupled_weight_decay = true end
   end
   optim.AdamW = AdamW

   rule("RMSprop", core.optim.rmsprop, {"step", "square_avg", "momentum_buffer", "grad_avg"}, "lr: number = 1e-2, alpha: number = 0.99, eps: number = 1e-8, weight_decay: number = 0, \z
      momentum: number = 0, centered: boolean = false, capturable: boolean = false, foreach: boolean = nil, maximize: boolean = false, differentiable: boolean = false")

   local Adagrad = rule("Adagrad", core.optim.adagrad, {"step", "sum"}, "lr: number = 1e-2, lr_decay: number = 0, weight_decay: number = 0, initial_accumulator_value: number = 0, \z
      eps: number = 1e-10, foreach: boolean = nil, maximize: boolean = false, differentiable: boolean = false, fused: boolean = nil")

   local init = Adagrad.init
   -- Its states are there from the start.
   function Adagrad:init(...)
      init(self, ...)
      for _, group in ipairs(self.param_groups) do
         for _, p in ipairs(group.params) do
            self.state[p] = {step = tide.tensor(0.0):keep(), sum = tide.full_like(p, self.defaults.initial_accumulator_value):keep()}
         end
      end
   end

   rule("Adamax", core.optim.adamax, {"step", "exp_avg", "exp_inf"}, "lr: number = 2e-3, betas: list = {0.9; 0.999}, eps: number = 1e-8, weight_decay: number = 0, \z
      foreach: boolean = nil, maximize: boolean = false, differentiable: boolean = false, capturable: boolean = false")

   rule("NAdam", core.optim.nadam, {"step", "mu_product", "exp_avg", "exp_avg_sq"}, "lr: number = 2e-3, betas: list = {0.9; 0.999}, eps: number = 1e-8, weight_decay: number = 0, \z
      momentum_decay: number = 4e-3, decoupled_weight_decay: boolean = false, foreach: boolean = nil, maximize: boolean = false, \z
      capturable: boolean = false, differentiable: boolean = false")

   rule("RAdam", core.optim.radam, adam, "lr: number = 1e-3, betas: list = {0.9; 0.999}, eps: number = 1e-8, weight_decay: number = 0, decoupled_weight_decay: boolean = false, \z
      foreach: boolean = nil, maximize: boolean = false, capturable: boolean = false, differentiable: boolean = false")
end
