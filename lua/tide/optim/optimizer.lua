-- optim.Optimizer, what all optimisers are made from, and optim.class, which makes one:
--
--    local Plain = optim.class "Plain"
--    function Plain:init(params, lr) optim.Optimizer.init(self, params, {lr = lr}) end
--    function Plain:step()
--       tide.no_grad(function()
--          for _, group in ipairs(self.param_groups) do
--             for _, p in ipairs(group.params) do if p.grad then p:add_(p.grad, {alpha = -group.lr}) end end
--          end
--       end)
--    end
--
-- An object has `param_groups`, a list of {params = {...}, lr = ...}, `state`, a table from a parameter to a table of its state, and `defaults`. Its state_dict is
-- PyTorch's: parameters are numbered from 0 through all groups, `state` has tables under these numbers, and `params` of a group lists them.
-- A tensor that a step makes for `state` needs :keep(), should the step run inside tide.scope.
local core = require "tide.core"
local ordered = require "tide.ordered"
local arguments = require "tide.arguments"
local fields = require "tide.nn.fields"
core.own_source()

return function(tide, optim)
   local Optimizer = {_name = "Optimizer"}

   -- {======================== classes ========================

   -- A subclass of base (optim.Optimizer): call it to make an object, which runs its init. `_states` may list the names of states in order, `_none` the options that
   -- print as None where they are absent.
   function optim.class(name, base)
      local class = {_name = name}
      class._object_meta = {__index = class, __name = name, __tostring = function(self) return self:_repr() end, optimizer = class}
      return setmetatable(class, {
         __index = base or Optimizer,
         __tostring = function() return "<class '" .. name .. "'>" end,
         __call = function(_, ...)
            local self = setmetatable({}, class._object_meta)
            class.init(self, ...)
            return self
         end,
      })
   end

   function optim.is_optimizer(v)
      local meta = type(v) == "table" and getmetatable(v)
      return type(meta) == "table" and meta.optimizer ~= nil
   end

   local function fail(self, message, ...) core.error(self._name .. ": " .. message:format(...)) end

   local function describe(v) return core.is_tensor(v) and "a tensor" or type(v) == "nil" and "nil" or "a " .. type(v) end

   -- }=========================================================


   -- {======================== groups ========================

   -- params: a list of tensors, or of groups. defaults: the options of groups that do not say otherwise.
   function Optimizer:init(params, defaults)
      if core.is_tensor(params) or type(params) ~= "table" then fail(self, "'params': a list of tensors or of groups expected, got %s", describe(params)) end
      if #params == 0 then fail(self, "'params' is an empty list") end
      self.defaults, self.state, self.param_groups = defaults or {}, {}, {}
      if core.is_tensor(params[1]) or type(params[1]) ~= "table" then params = {{params = params}} end
      for _, group in ipairs(params) do self:add_param_group(group) end
   end

   local function copy(v)
      if type(v) ~= "table" then return v end
      local list = {}
      for i, item in ipairs(v) do list[i] = item end
      return list
   end

   -- A group's parameters as a list of its own, checked.
   local function parameters_of(self, group)
      local given, list, seen = group.params, {}, {}
      if core.is_tensor(given) then given = {given} end
      if type(given) ~= "table" then fail(self, "'params' of a group: a list of tensors expected, got %s", describe(given)) end
      for i, p in ipairs(given) do
         if not core.is_tensor(p) then fail(self, "'params': entry %d: a tensor expected, got %s", i, describe(p)) end
         if not (p.is_leaf or p.retains_grad) then fail(self, "'params': entry %d is not a leaf: it was computed from others, which are to be optimised instead", i) end
         if seen[p] then core.warn(("%s: 'params': entry %d is there twice in its group"):format(self._name, i)) end
         list[i], seen[p] = p, true
      end
      for number, other in ipairs(self.param_groups) do
         for _, p in ipairs(other.params) do if seen[p] then fail(self, "a parameter of the new group is in group %d already", number) end end
      end
      return list
   end

   -- group: {params = a list or a tensor, and options}.
   function Optimizer:add_param_group(group)
      if core.is_tensor(group) or type(group) ~= "table" then fail(self, "a group is a table {params = ...}, not %s", describe(group)) end
      local own = {params = parameters_of(self, group)}
      for key, value in pairs(group) do if key ~= "params" then own[key] = copy(value) end end
      for key, value in pairs(self.defaults) do if own[key] == nil then own[key] = copy(value) end end
      table.insert(self.param_groups, own)
   end

   -- }=========================================================


   -- {======================== gradients and steps ========================

   local zero_arguments = arguments("zero_grad", "set_to_none: boolean = true")
   function Optimizer:zero_grad(...)
      local set_to_none = ... == nil or zero_arguments(...)
      for _, group in ipairs(self.param_groups) do
         if set_to_none then core.optim.zero_grad(group.params)
         else for _, p in ipairs(group.params) do if p.grad then p.grad:detach_():zero_() end end end
      end
   end

   -- closure, if given, is called first, with recording on, and computes the gradients; its result is the step's.
   function Optimizer:step() fail(self, "the class defines no step") end

   -- What closure returns, computed with recording on.
   function Optimizer:_evaluate(closure)
      core.check_callable(closure, self._name)
      return tide.enable_grad(closure)
   end

   -- }=========================================================


   -- {======================== state ========================

   -- A table as a dictionary: first the names of `order`, then the other keys.
   local function dictionary(from, order)
      local d, rest = ordered.new(), {}
      for _, key in ipairs(order) do d[key] = from[key] end
      for key in pairs(from) do if d[key] == nil then rest[#rest + 1] = key end end
      table.sort(rest, function(a, b) return tostring(a) < tostring(b) end)
      for _, key in ipairs(rest) do d[key] = from[key] end
      return d
   end

   local function keys(t)
      local list = {}
      for key in pairs(t) do list[#list + 1] = key end
      return list
   end

   -- Tensors in it are those that the optimiser goes on with.
   function Optimizer:state_dict()
      local groups, state, count = {}, ordered.new(), 0
      local options = ordered.is(self.defaults) and keys(self.defaults) or {}
      for g, group in ipairs(self.param_groups) do
         local packed, numbers = dictionary(group, options), {}
         packed.params = nil
         for i, p in ipairs(group.params) do
            numbers[i] = count
            if self.state[p] and next(self.state[p]) ~= nil then state[count] = dictionary(self.state[p], self._states or {}) end
            count = count + 1
         end
         packed.params = numbers
         groups[g] = packed
      end
      for key, value in pairs(self.state) do if not core.is_tensor(key) then state[key] = value end end
      local dict = ordered.new()
      dict.state = state
      dict.param_groups = groups
      return dict
   end

   -- A copy of a value of p's state; tensors other than `step` get p's dtype.
   local function adopt(p, key, value)
      if core.is_tensor(value) then
         value = value:detach():clone()
         if key ~= "step" and p and value.dtype ~= p.dtype then value = value:to(p.dtype) end
         return value:keep()
      elseif type(value) == "table" then
         local own = {}
         for k, v in pairs(value) do own[k] = adopt(p, k, v) end
         return own
      elseif key == "step" and type(value) == "number" then return tide.tensor(value + 0.0):keep() end
      return value
   end

   local function check_groups(self, saved)
      if type(saved) ~= "table" or #saved ~= #self.param_groups then
         core.error(("load_state_dict: the optimiser has %d parameter groups, the state %s"):format(#self.param_groups, type(saved) == "table" and #saved or "none"))
      end
      for g, group in ipairs(self.param_groups) do
         local numbers = type(saved[g]) == "table" and saved[g].params
         if type(numbers) ~= "table" or #numbers ~= #group.params then
            core.error(("load_state_dict: group %d has %d parameters, in the state %s"):format(g, #group.params, type(numbers) == "table" and #numbers or "none"))
         end
      end
   end

   -- Takes over state and options, as state_dict gives them; tensors are copied.
   function Optimizer:load_state_dict(dict)
      if type(dict) ~= "table" or core.is_tensor(dict) then core.error("load_state_dict: argument 1 ('state_dict'): a table expected, got " .. describe(dict)) end
      if type(dict.state) ~= "table" then core.error("load_state_dict: 'state': a table expected, got " .. describe(dict.state)) end
      check_groups(self, dict.param_groups)
      local state, groups, owner = {}, {}, {}
      for g, group in ipairs(self.param_groups) do
         local own = {}
         for key, value in pairs(dict.param_groups[g]) do own[key] = copy(value) end
         for key, value in pairs(self.defaults) do if own[key] == nil then own[key] = copy(value) end end
         for i, number in ipairs(own.params) do owner[number] = group.params[i] end
         own.params = group.params
         groups[g] = own
      end
      tide.no_grad(function()
         for number, value in pairs(dict.state) do
            local p = owner[number]
            state[p or number] = adopt(p, nil, value)
         end
      end)
      self.state, self.param_groups = state, groups
   end

   -- }=========================================================


   -- {======================== printing ========================

   function Optimizer:_repr()
      local lines = {self._name .. " ("}
      for g, group in ipairs(self.param_groups) do
         lines[#lines + 1] = (g > 1 and "\n" or "") .. ("Parameter Group %d"):format(g - 1)
         local options = {}
         for key in pairs(group) do if key ~= "params" then options[#options + 1] = tostring(key) end end
         for _, key in ipairs(self._none or {}) do if group[key] == nil then options[#options + 1] = key end end
         table.sort(options)
         for _, key in ipairs(options) do
            local value = group[key]
            lines[#lines + 1] = ("    %s: %s"):format(key, type(value) == "string" and value or fields.shown(value))
         end
      end
      return table.concat(lines, "\n") .. "\n)"
   end

   -- }=========================================================

   Optimizer._object_meta = {__index = Optimizer, __name = "Optimizer", __tostring = function(self) return self:_repr() end, optimizer = Optimizer}
   setmetatable(Optimizer, {
      __tostring = function() return "<class 'Optimizer'>" end,
      __call = function(_, ...)
         local self = setmetatable({}, Optimizer._object_meta)
         Optimizer.init(self, ...)
         return self
      end,
   })
   optim.Optimizer = Optimizer
end
