-- tide.optim.lr_scheduler: learning rates that change from epoch to epoch. A schedule sets `lr` of the optimiser's groups when it is made, and anew at each step().
--
-- get_lr gives the rates of epoch `last_epoch` (from 0) from those of the epoch before; closed_form, where there is one, from `base_lrs` alone. A new schedule is a
-- class with one or both:
--
--    local Halving = lr_scheduler.class "Halving"
--    function Halving:closed_form(base) return base / 2 ^ self.last_epoch end
--
-- All is computed in double precision in PyTorch's order.
local core = require "tide.core"
local ordered = require "tide.ordered"
local arguments = require "tide.arguments"
core.own_source()

return function(optim)
   local lr_scheduler = {}
   local LRScheduler = {_name = "LRScheduler"}
   lr_scheduler.LRScheduler = LRScheduler

   -- {======================== classes ========================

   -- A subclass of base (LRScheduler): call it with the optimiser and what its init takes.
   function lr_scheduler.class(name, base)
      local class = {_name = name}
      class._object_meta = {__index = class, __name = name, schedule = class}
      return setmetatable(class, {
         __index = base or LRScheduler,
         __tostring = function() return "<class '" .. name .. "'>" end,
         __call = function(_, ...)
            local self = setmetatable({}, class._object_meta)
            class.init(self, ...)
            return self
         end,
      })
   end

   local function fail(self, message, ...) core.error(self._name .. ": " .. message:format(...)) end

   local function check_optimizer(self, optimizer)
      if not optim.is_optimizer(optimizer) then fail(self, "argument 1 ('optimizer'): an optimiser expected, got %s", type(optimizer)) end
   end

   local function rates(groups)
      local list = {}
      for i, group in ipairs(groups) do list[i] = group.lr end
      return list
   end

   local function set_rates(self, list)
      for i, group in ipairs(self.optimizer.param_groups) do group.lr = list[i] end
      self._last_lr = rates(self.optimizer.param_groups)
   end

   -- One value per group: `given` for all, or a list of them.
   local function per_group(self, name, optimizer, given)
      local list, n = {}, #optimizer.param_groups
      local many = type(given) == "table" and getmetatable(given) == nil
      if many and #given ~= n then fail(self, "%s has %d values for %d parameter groups", name, #given, n) end
      for i = 1, n do
         if many then list[i] = given[i] else list[i] = given end
      end
      return list
   end

   -- }=========================================================


   -- {======================== the base ========================

   -- From now on the optimiser knows whether it has made a step.
   local function watch(optimizer)
      if rawget(optimizer, "_watched") then return end
      local step = optimizer.step
      optimizer._watched = true
      function optimizer.step(self, ...)
         self._stepped = true
         return step(self, ...)
      end
   end

   -- last_epoch: -1, or that of a run which goes on.
   function LRScheduler:init(optimizer, last_epoch)
      check_optimizer(self, optimizer)
      last_epoch = last_epoch or -1
      local base = {}
      for i, group in ipairs(optimizer.param_groups) do
         if last_epoch ~= -1 and group.initial_lr == nil then fail(self, "group %d has no initial_lr, which a schedule that goes on at epoch %d begins from", i, last_epoch) end
         base[i] = group.initial_lr or group.lr
      end
      for i, group in ipairs(optimizer.param_groups) do group.initial_lr = base[i] end
      self.optimizer, self.base_lrs, self.last_epoch = optimizer, base, last_epoch
      watch(optimizer)
      self:_initial_step()
   end

   function LRScheduler:_initial_step()
      self._step_count = 0
      self._is_initial = true
      self:step()
      self._is_initial = false
   end

   function LRScheduler:_closed_forms()
      local list = {}
      for i, base in ipairs(self.base_lrs) do list[i] = self:closed_form(base) end
      return list
   end

   -- The rates of all groups.
   function LRScheduler:get_lr()
      if not self.closed_form then fail(self, "the class defines neither get_lr nor closed_form") end
      return self:_closed_forms()
   end

   -- Each group's rate, multiplied.
   function LRScheduler:_scaled(factor)
      local list = rates(self.optimizer.param_groups)
      for i, lr in ipairs(list) do list[i] = lr * factor end
      return list
   end

   function LRScheduler:_unchanged() return rates(self.optimizer.param_groups) end

   function LRScheduler:_update_lr(epoch)
      local before = self.last_epoch
      self.last_epoch = epoch or before + 1
      local ok, list = pcall(epoch and self.closed_form and self._closed_forms or self.get_lr, self)
      if not ok then
         self.last_epoch = before
         error(list, 0)
      end
      set_rates(self, list)
   end

   function LRScheduler:step(epoch)
      if self._step_count == 1 and not self.optimizer._stepped then
         core.warn(self._name .. ": step was called before the optimiser's first step: the first learning rate is skipped. Call optimizer:step() first")
      end
      if epoch ~= nil then
         if math.type(epoch) ~= "integer" then fail(self, "step: 'epoch': a whole number expected, got %s", tostring(epoch)) end
         core.warn(self._name .. ": step needs no epoch, and PyTorch deprecates it")
      end
      self:_update_lr(epoch)
      self._step_count = self._step_count + 1
   end

   -- The rates that were set last, one per group.
   function LRScheduler:get_last_lr() return self._last_lr end

   local function copy(v)
      if type(v) ~= "table" then return v end
      local own = {}
      for key, value in pairs(v) do own[key] = copy(value) end
      return own
   end

   -- Everything but the optimiser, and functions.
   function LRScheduler:state_dict()
      local names, state = {}, ordered.new()
      for key, value in next, self do if key ~= "optimizer" and type(value) ~= "function" then names[#names + 1] = key end end
      table.sort(names)
      for _, key in ipairs(names) do
         if not (self._functions and self._functions[key]) then state[key] = copy(self[key]) end
      end
      return state
   end

   function LRScheduler:load_state_dict(state)
      if type(state) ~= "table" then core.error("load_state_dict: argument 1 ('state_dict'): a table expected, got " .. type(state)) end
      for key, value in pairs(state) do
         if key ~= "optimizer" and not (self._functions and self._functions[key]) then self[key] = copy(value) end
      end
   end

   -- }=========================================================


   -- {======================== one formula each ========================

   -- A class with fields from its options, as in arguments, after `optimizer`; check(self) looks at them. last_epoch comes last.
   local function schedule(name, options, check)
      local class = lr_scheduler.class(name)
      local read, names = arguments(name, ("optimizer: any, %s, last_epoch: integer = -1"):format(options)), {}
      for option in options:gmatch "([%w_]+):" do names[#names + 1] = option end
      function class:init(...)
         local values = table.pack(read(...))
         check_optimizer(self, values[1])
         for i, option in ipairs(names) do self[option] = values[i + 1] end
         if check then check(self, values[1], values[#names + 2]) end
         LRScheduler.init(self, values[1], values[#names + 2])
      end
      lr_scheduler[name] = class
      return class
   end

   local function positive(option)
      return function(self) if self[option] < 1 then fail(self, "%s is %s; it must be positive", option, self[option]) end end
   end

   local StepLR = schedule("StepLR", "step_size: integer, gamma: number = 0.1", positive "step_size")
   function StepLR:get_lr()
      if self.last_epoch == 0 or self.last_epoch % self.step_size ~= 0 then return self:_unchanged() end
      return self:_scaled(self.gamma)
   end
   function StepLR:closed_form(base) return base * self.gamma ^ (self.last_epoch // self.step_size) end

   -- milestones: epochs; one that is there twice counts twice.
   local MultiStepLR = schedule("MultiStepLR", "milestones: list, gamma: number = 0.1", function(self)
      local counts = {}
      for i, epoch in ipairs(self.milestones) do
         if math.type(epoch) ~= "integer" then fail(self, "milestones: entry %d: a whole number expected, got %s", i, tostring(epoch)) end
         counts[epoch] = (counts[epoch] or 0) + 1
      end
      self.milestones = counts
   end)
   function MultiStepLR:get_lr()
      local times = self.milestones[self.last_epoch]
      return times and self:_scaled(self.gamma ^ times) or self:_unchanged()
   end
   function MultiStepLR:closed_form(base)
      local passed = 0
      for epoch, times in pairs(self.milestones) do if epoch <= self.last_epoch then passed = passed + times end end
      return base * self.gamma ^ passed
   end

   local ConstantLR = schedule("ConstantLR", "factor: number = 1 / 3, total_iters: integer = 5", function(self)
      if not (self.factor >= 0 and self.factor <= 1) then fail(self, "factor is %s, which is not from 0 to 1", self.factor) end
   end)
   function ConstantLR:get_lr()
      if self.last_epoch == 0 then return self:_scaled(self.factor) end
      if self.last_epoch ~= self.total_iters then return self:_unchanged() end
      if self.factor == 0 then fail(self, "factor is 0: the learning rate cannot come back from it") end
      return self:_scaled(1.0 / self.factor)
   end
   function ConstantLR:closed_form(base) return base * (self.factor + (self.last_epoch >= self.total_iters and 1 or 0) * (1 - self.factor)) end

   local LinearLR = schedule("LinearLR", "start_factor: number = 1 / 3, end_factor: number = 1, total_iters: integer = 5", function(self)
      if not (self.start_factor > 0 and self.start_factor <= 1) then fail(self, "start_factor is %s, which is not from above 0 to 1", self.start_factor) end
      if not (self.end_factor >= 0 and self.end_factor <= 1) then fail(self, "end_factor is %s, which is not from 0 to 1", self.end_factor) end
   end)
   function LinearLR:get_lr()
      local e, from, change = self.last_epoch, self.start_factor, self.end_factor - self.start_factor
      if e == 0 then return self:_scaled(from) end
      if self._is_initial or e > self.total_iters then return self:_unchanged() end
      return self:_scaled(1.0 + change / (self.total_iters * from + (e - 1) * change))
   end
   function LinearLR:closed_form(base)
      return base * (self.start_factor + (self.end_factor - self.start_factor) * math.min(self.total_iters, self.last_epoch) / self.total_iters)
   end

   local ExponentialLR = schedule("ExponentialLR", "gamma: number")
   function ExponentialLR:get_lr()
      if self._is_initial then return self:_unchanged() end
      return self:_scaled(self.gamma)
   end
   function ExponentialLR:closed_form(base) return base * self.gamma ^ self.last_epoch end

   local PolynomialLR = schedule("PolynomialLR", "total_iters: integer = 5, power: number = 1")
   function PolynomialLR:get_lr()
      local e, n = self.last_epoch, self.total_iters
      if self._is_initial or e > n then return self:_unchanged() end
      return self:_scaled(((1.0 - e / n) / (1.0 - (e - 1) / n)) ^ self.power)
   end
   function PolynomialLR:closed_form(base) return base * (1.0 - math.min(self.total_iters, self.last_epoch) / self.total_iters) ^ self.power end

   local cos, pi = math.cos, math.pi
   local CosineAnnealingLR = schedule("CosineAnnealingLR", "T_max: integer, eta_min: number = 0", positive "T_max")
   function CosineAnnealingLR:get_lr()
      local e, n, low = self.last_epoch, self.T_max, self.eta_min
      local list = self:_unchanged()
      if self._is_initial then return list end
      local factor = (1 + cos(pi * e / n)) / (1 + cos(pi * (e - 1) / n))
      for i, lr in ipairs(list) do
         if (e - 1 - n) % (2 * n) == 0 then list[i] = lr + (self.base_lrs[i] - low) * (1 - cos(pi / n)) / 2
         else list[i] = factor * (lr - low) + low end
      end
      return list
   end
   function CosineAnnealingLR:closed_form(base) return self.eta_min + (base - self.eta_min) * (1 + cos(pi * self.last_epoch / self.T_max)) / 2 end

   -- }=========================================================


   -- {======================== functions ========================

   local function check_lambdas(self, optimizer)
      self.lr_lambdas = per_group(self, "lr_lambda", optimizer, self.lr_lambda)
      self.lr_lambda = nil
      for i, f in ipairs(self.lr_lambdas) do core.check_callable(f, ("%s: lr_lambda of group %d"):format(self._name, i)) end
   end

   local LambdaLR = schedule("LambdaLR", "lr_lambda: function|list", check_lambdas)
   LambdaLR._functions = {lr_lambdas = true}
   function LambdaLR:get_lr()
      local list = {}
      for i, base in ipairs(self.base_lrs) do list[i] = base * self.lr_lambdas[i](self.last_epoch) end
      return list
   end

   local MultiplicativeLR = schedule("MultiplicativeLR", "lr_lambda: function|list", check_lambdas)
   MultiplicativeLR._functions = {lr_lambdas = true}
   function MultiplicativeLR:get_lr()
      local list = self:_unchanged()
      if self._is_initial then return list end
      for i, lr in ipairs(list) do list[i] = lr * self.lr_lambdas[i](self.last_epoch) end
      return list
   end

   -- }=========================================================


   -- {======================== cycles ========================

   local CosineAnnealingWarmRestarts = schedule("CosineAnnealingWarmRestarts", "T_0: integer, T_mult: integer = 1, eta_min: number = 0", function(self, _, last_epoch)
      positive "T_0"(self)
      positive "T_mult"(self)
      self.T_i, self.T_cur = self.T_0, last_epoch
   end)
   function CosineAnnealingWarmRestarts:get_lr()
      local list = {}
      for i, base in ipairs(self.base_lrs) do list[i] = self.eta_min + (base - self.eta_min) * (1 + cos(pi * self.T_cur / self.T_i)) / 2 end
      return list
   end
   -- epoch may be a fraction: of a batch within its epoch.
   function CosineAnnealingWarmRestarts:step(epoch)
      if epoch ~= nil and not (type(epoch) == "number" and epoch >= 0) then fail(self, "step: 'epoch': a number from 0 on expected, got %s", tostring(epoch)) end
      if epoch == nil and self.last_epoch < 0 then epoch = 0 end
      if epoch == nil then
         epoch = self.last_epoch + 1
         self.T_cur = self.T_cur + 1
         if self.T_cur >= self.T_i then
            self.T_cur = self.T_cur % self.T_i
            self.T_i = self.T_i * self.T_mult
         end
      elseif epoch < self.T_0 then self.T_i, self.T_cur = self.T_0, epoch
      elseif self.T_mult == 1 then self.T_cur = epoch % self.T_0
      else
         local n = math.floor(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1) / math.log(self.T_mult))
         self.T_cur = epoch - self.T_0 * (self.T_mult ^ n - 1) / (self.T_mult - 1)
         self.T_i = math.tointeger(self.T_0 * self.T_mult ^ n)
      end
      self.last_epoch = math.floor(epoch)
      set_rates(self, self:get_lr())
   end

   local function by_cosine(from, to, part) return to + (from - to) / 2.0 * (cos(pi * part) + 1) end
   local function by_line(from, to, part) return (to - from) * part + from end

   -- Rate and momentum (or the first beta) of a group at epoch e.
   local function one_cycle(self, group, e)
      local start = 0.0
      local anneal = self.anneal_strategy == "cos" and by_cosine or by_line
      for i, phase in ipairs(self._phases) do
         if e <= phase.last or i == #self._phases then
            if phase.last == start then fail(self, "a phase has no steps: total_steps is %d, pct_start %s", self.total_steps, self.pct_start) end
            local part = (e - start) / (phase.last - start)
            return anneal(group[phase[1]], group[phase[2]], part), self.cycle_momentum and anneal(group[phase[3]], group[phase[4]], part)
         end
         start = phase.last
      end
   end

   local function set_momentum(self, group, momentum)
      if self._use_beta1 then group.betas = {momentum, table.unpack(group.betas, 2)} else group.momentum = momentum end
   end

   local OneCycleLR = schedule("OneCycleLR", "max_lr: number|list, total_steps: integer = nil, epochs: integer = nil, steps_per_epoch: integer = nil, pct_start: number = 0.3, \z
      anneal_strategy: string = 'cos', cycle_momentum: boolean = true, base_momentum: number|list = 0.85, max_momentum: number|list = 0.95, div_factor: number = 25, \z
      final_div_factor: number = 1e4, three_phase: boolean = false", function(self, optimizer, last_epoch)
      for _, option in ipairs {"total_steps", "epochs", "steps_per_epoch"} do if self[option] then positive(option)(self) end end
      if not self.total_steps and not (self.epochs and self.steps_per_epoch) then fail(self, "total_steps is needed, or both epochs and steps_per_epoch") end
      local steps = self.total_steps or self.epochs * self.steps_per_epoch
      local pct = self.pct_start
      if not (pct >= 0 and pct <= 1) then fail(self, "pct_start is %s, which is not from 0 to 1", pct) end
      if self.anneal_strategy ~= "cos" and self.anneal_strategy ~= "linear" then fail(self, "anneal_strategy is %q; there are \"cos\" and \"linear\"", self.anneal_strategy) end
      local beta1 = optimizer.defaults.betas ~= nil
      if self.cycle_momentum and not beta1 and optimizer.defaults.momentum == nil then fail(self, "cycle_momentum needs an optimiser with momentum or betas") end
      local max_lrs = per_group(self, "max_lr", optimizer, self.max_lr)
      local high, low = per_group(self, "max_momentum", optimizer, self.max_momentum), per_group(self, "base_momentum", optimizer, self.base_momentum)

      self.total_steps, self._use_beta1 = steps, beta1
      local up, down = {last = pct * steps - 1, "initial_lr", "max_lr", "max_momentum", "base_momentum"}, {"max_lr", "min_lr", "base_momentum", "max_momentum", last = steps - 1}
      if self.three_phase then
         down = {last = 2 * pct * steps - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"}
         self._phases = {up, down, {last = steps - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"}}
      else self._phases = {up, down} end
      if last_epoch ~= -1 then return end
      for i, group in ipairs(optimizer.param_groups) do
         group.initial_lr, group.max_lr = max_lrs[i] / self.div_factor, max_lrs[i]
         group.min_lr = group.initial_lr / self.final_div_factor
         if self.cycle_momentum then
            set_momentum(self, group, high[i])
            group.max_momentum, group.base_momentum = high[i], low[i]
         end
      end
   end)
   function OneCycleLR:get_lr()
      if self.last_epoch > self.total_steps then fail(self, "step %d of %d: the cycle is over", self.last_epoch, self.total_steps) end
      local list, momenta = {}, {}
      for i, group in ipairs(self.optimizer.param_groups) do list[i], momenta[i] = one_cycle(self, group, self.last_epoch) end
      for i, group in ipairs(self.optimizer.param_groups) do if self.cycle_momentum then set_momentum(self, group, momenta[i]) end end
      return list
   end

   -- }=========================================================


   -- {======================== by what a metric does ========================

   local ReduceLROnPlateau = lr_scheduler.class "ReduceLROnPlateau"
   lr_scheduler.ReduceLROnPlateau = ReduceLROnPlateau
   local plateau_arguments = arguments("ReduceLROnPlateau", "optimizer: any, mode: string = 'min', factor: number = 0.1, patience: integer = 10, threshold: number = 1e-4, \z
      threshold_mode: string = 'rel', cooldown: integer = 0, min_lr: number|list = 0, eps: number = 1e-8")

   function ReduceLROnPlateau:init(...)
      local optimizer, mode, factor, patience, threshold, threshold_mode, cooldown, min_lr, eps = plateau_arguments(...)
      check_optimizer(self, optimizer)
      if factor >= 1 then fail(self, "factor is %s; it must be below 1", factor) end
      if mode ~= "min" and mode ~= "max" then fail(self, "mode is %q; there are \"min\" and \"max\"", mode) end
      if threshold_mode ~= "rel" and threshold_mode ~= "abs" then fail(self, "threshold_mode is %q; there are \"rel\" and \"abs\"", threshold_mode) end
      self.optimizer, self.mode, self.factor, self.patience, self.threshold, self.threshold_mode, self.cooldown, self.eps = optimizer, mode, factor, patience, threshold, threshold_mode, cooldown, eps
      self.min_lrs = per_group(self, "min_lr", optimizer, min_lr)
      self.default_min_lr = type(min_lr) == "number" and min_lr or nil
      self.last_epoch, self._last_lr = 0, self:_unchanged()
      self.best = mode == "min" and math.huge or -math.huge
      self.cooldown_counter, self.num_bad_epochs = 0, 0
   end

   local function is_better(self, value)
      local best, threshold = self.best, self.threshold
      if self.mode == "min" then return value < (self.threshold_mode == "rel" and best * (1.0 - threshold) or best - threshold) end
      return value > (self.threshold_mode == "rel" and best * (threshold + 1.0) or best + threshold)
   end

   local function reduce(self)
      local groups = self.optimizer.param_groups
      if #groups ~= #self.min_lrs then
         if not self.default_min_lr then fail(self, "min_lr has %d values, and the optimiser %d parameter groups by now", #self.min_lrs, #groups) end
         self.min_lrs = per_group(self, "min_lr", self.optimizer, self.default_min_lr)
      end
      for i, group in ipairs(groups) do
         local lr = math.max(group.lr * self.factor, self.min_lrs[i])
         if group.lr - lr > self.eps then group.lr = lr end
      end
   end

   -- metrics: a number, or a tensor with one, that should fall (or grow).
   function ReduceLROnPlateau:step(metrics)
      if core.is_tensor(metrics) then metrics = metrics:item() end
      if type(metrics) ~= "number" then fail(self, "step: 'metrics': a number expected, got %s", type(metrics)) end
      self.last_epoch = self.last_epoch + 1
      if is_better(self, metrics) then self.best, self.num_bad_epochs = metrics, 0
      else self.num_bad_epochs = self.num_bad_epochs + 1 end
      if self.cooldown_counter > 0 then self.cooldown_counter, self.num_bad_epochs = self.cooldown_counter - 1, 0 end
      if self.num_bad_epochs > self.patience then
         reduce(self)
         self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
      end
      self._last_lr = self:_unchanged()
   end

   -- }=========================================================


   -- {======================== made of others ========================

   local function check_schedulers(self, optimizer, list)
      if #list == 0 then fail(self, "'schedulers' is an empty list") end
      for i, s in ipairs(list) do
         local meta = type(s) == "table" and getmetatable(s)
         if not (type(meta) == "table" and meta.schedule) then fail(self, "'schedulers': entry %d: a schedule expected, got %s", i, type(s)) end
         if meta.schedule == ReduceLROnPlateau then fail(self, "'schedulers': entry %d is ReduceLROnPlateau, whose step needs a metric", i) end
         if s.optimizer ~= (optimizer or list[1].optimizer) then fail(self, "'schedulers': entry %d is of another optimiser", i) end
      end
   end

   -- Their states are a list.
   local Several = lr_scheduler.class "Several"
   Several._functions = {_schedulers = true}
   function Several:state_dict()
      local state = LRScheduler.state_dict(self)
      state._schedulers = {}
      for i, s in ipairs(self._schedulers) do state._schedulers[i] = s:state_dict() end
      return state
   end
   function Several:load_state_dict(state)
      if type(state) ~= "table" or type(state._schedulers) ~= "table" or #state._schedulers ~= #self._schedulers then
         core.error(("load_state_dict: the state of a %s of %d schedules expected"):format(self._name, #self._schedulers))
      end
      LRScheduler.load_state_dict(self, state)
      for i, s in ipairs(self._schedulers) do s:load_state_dict(state._schedulers[i]) end
   end

   local SequentialLR = lr_scheduler.class("SequentialLR", Several)
   lr_scheduler.SequentialLR = SequentialLR
   local sequential_arguments = arguments("SequentialLR", "optimizer: any, schedulers: list, milestones: list, last_epoch: integer = -1")

   -- How many milestones have been reached at this epoch.
   local function reached(self, epoch)
      local n = 0
      for _, milestone in ipairs(self._milestones) do if milestone <= epoch then n = n + 1 end end
      return n
   end

   -- Takes back the step that each schedule made when it was made.
   local function undo(schedule_)
      if schedule_._schedulers then for _, s in ipairs(schedule_._schedulers) do undo(s) end
      else schedule_.last_epoch = schedule_.last_epoch - 1 end
   end

   -- milestones: the epochs at which the second, third ... schedule begins.
   function SequentialLR:init(...)
      local optimizer, list, milestones, last_epoch = sequential_arguments(...)
      check_optimizer(self, optimizer)
      check_schedulers(self, optimizer, list)
      if #milestones ~= #list - 1 then fail(self, "%d schedules need %d milestones, not %d", #list, #list - 1, #milestones) end
      self.optimizer, self._schedulers, self._milestones, self.last_epoch = optimizer, list, milestones, last_epoch + 1
      for _, group in ipairs(optimizer.param_groups) do group.lr = group.initial_lr end
      undo(self)
      local first = list[reached(self, 0) + 1]
      first:_initial_step()
      self._last_lr = first:get_last_lr()
   end

   function SequentialLR:step()
      self.last_epoch = self.last_epoch + 1
      local passed = reached(self, self.last_epoch)
      local current = self._schedulers[passed + 1]
      if passed > 0 and self._milestones[passed] == self.last_epoch then current:_update_lr(0) else current:step() end
      self._last_lr = current:get_last_lr()
   end

   -- All at once, one after the other.
   local ChainedScheduler = lr_scheduler.class("ChainedScheduler", Several)
   lr_scheduler.ChainedScheduler = ChainedScheduler
   local chained_arguments = arguments("ChainedScheduler", "schedulers: list, optimizer: any = nil")
   function ChainedScheduler:init(...)
      local list, optimizer = chained_arguments(...)
      if optimizer ~= nil then check_optimizer(self, optimizer) end
      check_schedulers(self, optimizer, list)
      self.optimizer, self._schedulers = optimizer or list[1].optimizer, list
      self._last_lr = self:_unchanged()
   end
   function ChainedScheduler:step()
      for _, s in ipairs(self._schedulers) do s:step() end
      self._last_lr = self:_unchanged()
   end

   -- }=========================================================

   return lr_scheduler
end
