-- nn.Module and nn.class: what all layers and models are made of.
--
-- An object keeps nothing under its own keys but the tables below, so that every assignment is seen: parameters, buffers and modules go into tables of
-- their own, in the order of their first assignment, everything else into `_fields`. Reading looks there first, then in the class and its bases.
-- A class is a table; its objects share one metatable. (What is to register in order takes a statement each: Lua's `a.x, a.y = 1, 2` assigns y first.)
local core = require "tide.core"
local ordered = require "tide.ordered"
local slots = require "tide.nn.slots"
local arguments = require "tide.arguments"
core.own_source()

local kinds = {"_parameters", "_buffers", "_modules"}

local function is_module(v)
   local meta = type(v) == "table" and getmetatable(v)
   return type(meta) == "table" and rawget(meta, "class") ~= nil
end

local function type_name(v)
   if is_module(v) then return v:_get_name() end
   return core.is_parameter(v) and "a parameter" or core.is_tensor(v) and "a tensor" or type(v) == "nil" and "nil" or "a " .. type(v)
end


return function(tide, nn)
   local buffers = setmetatable({}, {__mode = "k"})         -- tensor -> is it persistent? Those made by nn.Buffer.

   -- A tensor that a module owns and an optimiser changes: a leaf over the memory of data.
   local parameter_arguments = arguments("Parameter", "data: tensor, requires_grad: boolean = true")
   function nn.Parameter(...)
      local data, requires_grad = parameter_arguments(...)
      if requires_grad and not data.dtype.is_floating_point then core.error("Parameter: only a tensor of a float dtype can require grad, this one is " .. tostring(data.dtype)) end
      return core.parameter(data:detach():requires_grad_(requires_grad))
   end

   -- A tensor that belongs to a module's state and is not trained.
   local buffer_arguments = arguments("Buffer", "data: tensor, persistent: boolean = true")
   function nn.Buffer(...)
      local data, persistent = buffer_arguments(...)
      local t = data:detach():keep()
      buffers[t] = persistent
      return t
   end

   local Module = {}

   -- {======================== classes and objects ========================

   local function check_name(name, what)
      if type(name) ~= "string" then core.error(("%s: a name is a string, got %s"):format(what, type_name(name))) end
      if name == "" or name:find(".", 1, true) then core.error(("%s: %q is no name: it is empty or has a dot in it"):format(what, name)) end
   end

   local function leave_others(self, kind, name)
      for _, other in ipairs(kinds) do if other ~= kind then slots.drop(rawget(self, other), name) end end
      rawget(self, "_fields")[name] = nil
   end

   -- Is it m, or somewhere in it?
   local function contains(m, it)
      if rawequal(m, it) then return true end
      for _, child in pairs(rawget(m, "_modules").values) do if contains(child, it) then return true end end
      return false
   end

   local function register(self, kind, name, value)
      if kind == "_modules" and contains(value, self) then core.error(("%s: '%s': a module cannot be inside itself"):format(self:_get_name(), name)) end
      if type(getmetatable(self).class[name]) == "function" then core.error(("%s: '%s' is a method of modules, which no parameter, buffer or module can be called"):format(self:_get_name(), name)) end
      leave_others(self, kind, name)
      slots.put(rawget(self, kind), name, value)
   end

   local function assign(self, name, value)
      local class = getmetatable(self).class
      if type(name) == "number" and class._item then return class.set(self, name, value) end
      local parameters, own_buffers, modules = rawget(self, "_parameters"), rawget(self, "_buffers"), rawget(self, "_modules")
      if core.is_parameter(value) then check_name(name, "Parameter") return register(self, "_parameters", name, value) end
      if is_module(value) then check_name(name, "Module") return register(self, "_modules", name, value) end
      if core.is_tensor(value) and buffers[value] ~= nil then
         register(self, "_buffers", name, value)
         rawget(self, "_transient")[name] = not buffers[value] or nil
         return
      end
      if parameters.known[name] then
         if value ~= nil then core.error(("%s: '%s' is a parameter: an nn.Parameter or nil expected, got %s"):format(self:_get_name(), name, type_name(value))) end
         parameters.values[name] = nil
      elseif modules.known[name] then
         if value ~= nil then core.error(("%s: '%s' is a module: an nn.Module or nil expected, got %s"):format(self:_get_name(), name, type_name(value))) end
         modules.values[name] = nil
      elseif own_buffers.known[name] then
         if value ~= nil and not core.is_tensor(value) then core.error(("%s: '%s' is a buffer: a tensor or nil expected, got %s"):format(self:_get_name(), name, type_name(value))) end
         own_buffers.values[name] = value and value:keep()
      else rawget(self, "_fields")[name] = core.is_tensor(value) and value:keep() or value end
   end

   local function lookup(self, name)
      local value = rawget(self, "_fields")[name]
      if value == nil then value = rawget(self, "_parameters").values[name] end
      if value == nil then value = rawget(self, "_modules").values[name] end
      if value == nil then value = rawget(self, "_buffers").values[name] end
      if value ~= nil then return value end
      local class = getmetatable(self).class
      if type(name) == "number" and class._item then return class._item(self, name) end
      return class[name]
   end

   local call

   -- A subclass of base (nn.Module): call it to make an object, which runs its init.
   function nn.class(name, base)
      if type(name) ~= "string" then core.error("class: a name is expected, got " .. type_name(name)) end
      if base ~= nil and not (type(base) == "table" and rawget(base, "_object_meta")) then core.error("class: the base is a class, got " .. type_name(base)) end
      local class = {_name = name}
      class._object_meta = {
         class = class, __index = lookup, __newindex = assign, __call = function(self, ...) return call(self, ...) end, __tostring = function(self) return self:_repr() end,
         __len = function(self) return self:_length() end, __pairs = function(self) return self:_each() end, __name = name,
      }
      return setmetatable(class, {
         __index = base or Module,
         __tostring = function() return "<class '" .. name .. "'>" end,
         __call = function(_, ...)
            local self = setmetatable({_parameters = slots.new(), _buffers = slots.new(), _modules = slots.new(), _transient = {}, _fields = {training = true}, _hooks = {}}, class._object_meta)
            class.init(self, ...)
            return self
         end,
      })
   end

   -- nn.isinstance(v, nn.Linear): is v an object of this class or one made from it? Of nn.Module: is it a module?
   function nn.isinstance(v, class)
      local at = is_module(v) and getmetatable(v).class
      while at do
         if at == class then return true end
         if at == Module then return false end
         local meta = getmetatable(at)
         at = meta and meta.__index
      end
      return false
   end

   function Module:init() return self end
   function Module:forward() core.error(("%s has no forward"):format(self:_get_name())) end
   function Module:_length() core.error(("%s has no length"):format(self:_get_name())) end
   function Module:_each() core.error(("%s cannot be walked with pairs"):format(self:_get_name())) end
   function Module:_get_name() return getmetatable(self).class._name end

   -- }=========================================================


   -- {======================== calling and hooks ========================

   -- Adds fn to the list of this kind; the handle takes it off.
   local function add_hook(self, kind, fn, what)
      core.check_callable(fn, what)
      local hooks = rawget(self, "_hooks")
      hooks[kind] = hooks[kind] or {}
      local entry = {fn = fn}
      table.insert(hooks[kind], entry)
      return {remove = function()
         local rest = {}                                         -- a list of its own: this one may be walked now
         for _, e in ipairs(hooks[kind]) do if e ~= entry then rest[#rest + 1] = e end end
         hooks[kind] = rest
      end}
   end

   -- fn(module, args) before forward, args a list; a list (or one value) returned takes its place.
   function Module:register_forward_pre_hook(fn) return add_hook(self, "pre", fn, "register_forward_pre_hook") end
   -- fn(module, args, output, ...) after forward; what it returns, if not nil, takes the output's place.
   function Module:register_forward_hook(fn) return add_hook(self, "post", fn, "register_forward_hook") end
   -- fn(module, grad_input, grad_output) once the gradients of the inputs are there, both as lists with a place for each argument and result (nil in those of
   -- what is no tensor); a list returned takes the place of grad_input.
   function Module:register_full_backward_hook(fn) return add_hook(self, "backward", fn, "register_full_backward_hook") end
   -- fn(module, grad_output) before them; a list returned takes the place of grad_output.
   function Module:register_full_backward_pre_hook(fn) return add_hook(self, "backward_pre", fn, "register_full_backward_pre_hook") end

   local function as_list(v)
      if type(v) == "table" and getmetatable(v) == nil then return v end
      return {v, n = 1}
   end

   -- Sends the tensors of a list through a node whose gradients hooks can see: {places = where they stand, n = length of the list}, and the node; nil if none
   -- of them requires grad. (A hook that held its node would keep it for ever.)
   local Pass
   local function pass(list)
      local tensors, places, required = {}, {}, false
      for i = 1, list.n do
         if core.is_tensor(list[i]) then
            tensors[#tensors + 1], places[#places + 1] = list[i], i
            required = required or list[i].requires_grad
         end
      end
      if not required then return nil end
      Pass = Pass or tide.autograd.Function {
         name = "BackwardHookFunction",
         forward = function(_, ...)
            local out = {...}
            for i = 1, select("#", ...) do out[i] = out[i]:view_as(out[i]) end
            return table.unpack(out)
         end,
         backward = function(_, ...) return ... end,
      }
      local passed, node = {Pass(table.unpack(tensors))}, nil
      for k, i in ipairs(places) do list[i] = passed[k]; node = node or passed[k].grad_fn end
      return {places = places, n = list.n}, node
   end

   -- Gradients of the tensors of a list, at the places where those stand; and back.
   local function spread(through, grads)
      local list = {n = through.n}
      for k, i in ipairs(through.places) do list[i] = grads[k] end
      return list
   end
   local function gathered(through, list)
      local grads = {n = #through.places}
      for k, i in ipairs(through.places) do grads[k] = list[i] end
      return grads
   end

   -- Calls each hook with what the one before made of the gradients.
   local function run_hooks(hooks, grads, call_hook)
      for _, hook in ipairs(hooks or {}) do
         local result = call_hook(hook.fn, grads)
         if result ~= nil then
            result = as_list(result)
            local n = result.n or #result
            if n ~= grads.n then core.error(("a backward hook gave %d gradients where %d are expected"):format(n, grads.n)) end
            result.n, grads = n, result
         end
      end
      return grads
   end

   local function call_hooked(self, ...)
      local hooks, args = rawget(self, "_hooks"), table.pack(...)
      for _, hook in ipairs(hooks.pre or {}) do
         local result = hook.fn(self, args)
         if result ~= nil then args = as_list(result); args.n = args.n or #args end
      end
      local backward = tide.is_grad_enabled() and (#(hooks.backward or {}) > 0 or #(hooks.backward_pre or {}) > 0)
      local count, grad_output, inputs, outputs, node = args.n, nil, nil, nil, nil
      if backward then inputs, node = pass(args) end
      if inputs then
         node:register_hook(function(grads)
            local given = grad_output
            grad_output = nil
            return gathered(inputs, run_hooks(hooks.backward, spread(inputs, grads), function(fn, grad_input) return fn(self, grad_input, given) end))
         end)
      end
      local output = table.pack(self:forward(table.unpack(args, 1, args.n)))
      for _, hook in ipairs(hooks.post or {}) do
         local result = table.pack(hook.fn(self, args, table.unpack(output, 1, output.n)))
         if result[1] ~= nil then output = result end
      end
      if backward then outputs, node = pass(output) end
      if outputs then
         node:register_prehook(function(grads)
            local given = run_hooks(hooks.backward_pre, spread(outputs, grads), function(fn, before) return fn(self, before) end)
            if inputs then grad_output = given
            else                                            -- no input has a gradient that could be changed
               for _, hook in ipairs(hooks.backward or {}) do hook.fn(self, {n = count}, given) end
            end
            return gathered(outputs, given)
         end)
      end
      return table.unpack(output, 1, output.n)
   end

   function call(self, ...)
      if next(rawget(self, "_hooks")) == nil then return self:forward(...) end
      return call_hooked(self, ...)
   end

   -- }=========================================================


   -- {======================== registering by name ========================

   function Module:register_parameter(name, value)
      check_name(name, "register_parameter")
      if value ~= nil and not core.is_parameter(value) then core.error("register_parameter: an nn.Parameter or nil expected, got " .. type_name(value)) end
      register(self, "_parameters", name, value)
   end

   function Module:register_buffer(name, value, options)
      check_name(name, "register_buffer")
      if value ~= nil and not core.is_tensor(value) then core.error("register_buffer: a tensor or nil expected, got " .. type_name(value)) end
      local persistent = type(options) == "table" and options.persistent
      if type(options) == "boolean" then persistent = options elseif persistent == nil or not options then persistent = true end
      register(self, "_buffers", name, value and value:keep())
      rawget(self, "_transient")[name] = not persistent or nil
   end

   function Module:register_module(name, value)
      check_name(name, "register_module")
      if value ~= nil and not is_module(value) then core.error("register_module: an nn.Module or nil expected, got " .. type_name(value)) end
      register(self, "_modules", name, value)
   end
   Module.add_module = Module.register_module

   -- Slots of this object, for containers.
   function Module:_slot(kind) return rawget(self, kind) end
   function Module:_remove(kind, name) slots.drop(rawget(self, kind), name) end

   -- }=========================================================


   -- {======================== walking ========================

   -- Modules of the tree under self, self included, in order: (dotted name, module). Once each, unless `seen` is absent.
   local function walk(self, prefix, seen, found)
      if seen then
         if seen[self] then return found end
         seen[self] = true
      end
      found[#found + 1] = {prefix, self}
      for name, child in slots.entries(rawget(self, "_modules")) do walk(child, prefix == "" and name or prefix .. "." .. name, seen, found) end
      return found
   end

   local function iterate(list)
      local i = 0
      return function()
         i = i + 1
         local e = list[i]
         if e then return e[1], e[2] end
      end
   end

   local function seconds(list)
      local out = {}
      for i, e in ipairs(list) do out[i] = e[2] end
      return out
   end

   -- What is in this slot of self, and with recurse of the modules under it.
   local function members(self, kind, prefix, recurse, once)
      local found, seen = {}, {}
      for _, e in ipairs(recurse and walk(self, prefix, once and {} or nil, {}) or {{prefix, self}}) do
         for name, value in slots.entries(rawget(e[2], kind)) do
            if not (once and seen[value]) then
               seen[value] = true
               found[#found + 1] = {e[1] == "" and name or e[1] .. "." .. name, value}
            end
         end
      end
      return found
   end

   for name, kind in pairs {parameters = "_parameters", buffers = "_buffers"} do
      local read, read_named = arguments(name, "recurse: boolean = true"), arguments("named_" .. name, "prefix: string = '', recurse: boolean = true, remove_duplicate: boolean = true")
      Module[name] = function(self, ...) return seconds(members(self, kind, "", read(...), true)) end
      Module["named_" .. name] = function(self, ...) return iterate(members(self, kind, read_named(...))) end
   end
   local modules_arguments = arguments("named_modules", "prefix: string = '', remove_duplicate: boolean = true")
   function Module:named_modules(...)
      local prefix, once = modules_arguments(...)
      return iterate(walk(self, prefix, once and {} or nil, {}))
   end
   function Module:modules() return seconds(walk(self, "", {}, {})) end

   local function direct(self)
      local found, seen = {}, {}
      for name, child in slots.entries(rawget(self, "_modules")) do
         if not seen[child] then seen[child] = true; found[#found + 1] = {name, child} end
      end
      return found
   end
   function Module:named_children() return iterate(direct(self)) end
   function Module:children() return seconds(direct(self)) end

   -- The module at a dotted path; "" is self.
   function Module:get_submodule(path)
      local at = self
      for name in tostring(path):gmatch "[^.]+" do
         local child = rawget(at, "_modules").values[name]
         if not child then core.error(("get_submodule: %s has no module '%s'"):format(at:_get_name(), name)) end
         at = child
      end
      return at
   end

   local function get(self, kind, path, what)
      local owner, name = tostring(path):match "^(.-)%.?([^.]*)$"
      local value = rawget(self:get_submodule(owner), kind).values[name]
      if value == nil then core.error(("%s: there is no '%s'"):format(what, path)) end
      return value
   end
   function Module:get_parameter(path) return get(self, "_parameters", path, "get_parameter") end
   function Module:get_buffer(path) return get(self, "_buffers", path, "get_buffer") end

   -- }=========================================================


   -- {======================== changing all of it ========================

   -- fn(module) for the modules below, then for self.
   function Module:apply(fn)
      core.check_callable(fn, "apply")
      for _, child in ipairs(self:children()) do child:apply(fn) end
      fn(self)
      return self
   end

   function Module:train(mode)
      if mode == nil then mode = true end
      if type(mode) ~= "boolean" then core.error("train: a boolean expected, got " .. type_name(mode)) end
      rawget(self, "_fields").training = mode
      for _, child in ipairs(self:children()) do child:train(mode) end
      return self
   end
   function Module:eval() return self:train(false) end

   local flag_arguments = arguments("requires_grad_", "requires_grad: boolean = true")
   function Module:requires_grad_(...)
      local flag = flag_arguments(...)
      for _, p in ipairs(self:parameters()) do p:requires_grad_(flag) end
      return self
   end

   local zero_arguments = arguments("zero_grad", "set_to_none: boolean = true")
   function Module:zero_grad(...)
      local forget = zero_arguments(...)
      for _, p in ipairs(self:parameters()) do
         if not forget and p.grad then p.grad:detach_():zero_() else p.grad = nil end
      end
   end

   -- Parameters, their gradients and buffers converted; only those of a float dtype.
   local to_arguments = arguments("to", "dtype: dtype|tensor")
   function Module:to(...)
      local dtype = to_arguments(...)
      if core.is_tensor(dtype) then dtype = dtype.dtype end
      if not dtype.is_floating_point then core.error("to: a module takes a float dtype, not " .. tostring(dtype)) end
      tide.no_grad(function()
         for _, p in ipairs(self:parameters()) do
            local grad = p.grad
            if p.dtype.is_floating_point and p.dtype ~= dtype then
               p.grad = nil
               p.data = p.data:to(dtype)
               if grad then p.grad = grad:detach():to(dtype) end
            end
         end
         for _, m in ipairs(self:modules()) do
            local slot = rawget(m, "_buffers")
            for name, b in slots.entries(slot) do if b.dtype.is_floating_point then slot.values[name] = b:to(dtype):keep() end end
         end
      end)
      return self
   end
   function Module:float() return self:to(tide.float32) end
   function Module:double() return self:to(tide.float64) end

   -- }=========================================================


   -- {======================== state ========================

   -- All parameters and persistent buffers by dotted name, in order; they share memory with the module's.
   local state_arguments = arguments("state_dict", "prefix: string = '', keep_vars: boolean = false, destination: table = nil")
   function Module:state_dict(...)
      local prefix, keep, destination = state_arguments(...)
      local state = destination or ordered.new()
      local function add(module, path)
         for name, p in slots.entries(rawget(module, "_parameters")) do state[path .. name] = keep and p or p:detach() end
         local transient = rawget(module, "_transient")
         for name, b in slots.entries(rawget(module, "_buffers")) do if not transient[name] then state[path .. name] = keep and b or b:detach() end end
         for name, child in slots.entries(rawget(module, "_modules")) do add(child, path .. name .. ".") end
      end
      add(self, prefix)
      return state
   end

   local Keys = {__tostring = function(r)
      if #r.missing_keys + #r.unexpected_keys == 0 then return "<All keys matched successfully>" end
      return ("IncompatibleKeys(missing_keys=[%s], unexpected_keys=[%s])"):format(table.concat(r.missing_keys, ", "), table.concat(r.unexpected_keys, ", "))
   end}

   -- Copies the values of state_dict into the module. All is checked before anything is changed. strict: the keys must be the module's.
   -- assign: the tensors themselves take the places.
   local load_arguments = arguments("load_state_dict", "state_dict: table, strict: boolean = true, assign: boolean = false")
   function Module:load_state_dict(...)
      local state, strict, assigned = load_arguments(...)
      local result, problems, copies, known = setmetatable({missing_keys = {}, unexpected_keys = {}}, Keys), {}, {}, {}
      local function visit(module, path)
         for _, kind in ipairs {"_parameters", "_buffers"} do
            local slot = rawget(module, kind)
            for name, own in slots.entries(slot) do
               local key = path .. name
               local value = state[key]
               if kind == "_buffers" and rawget(module, "_transient")[name] then goto continue end
               known[key] = true
               if value == nil then table.insert(result.missing_keys, key)
               elseif not core.is_tensor(value) then problems[#problems + 1] = ("'%s': a tensor expected, got %s"):format(key, type_name(value))
               elseif value.shape ~= own.shape then
                  problems[#problems + 1] = ("size mismatch for %s: %s in the state_dict, %s in the module"):format(key, value.shape, own.shape)
               else copies[#copies + 1] = {slot, name, own, value} end
               ::continue::
            end
         end
         for name, child in slots.entries(rawget(module, "_modules")) do visit(child, path .. name .. ".") end
      end
      visit(self, "")
      for key in pairs(state) do if not known[key] then table.insert(result.unexpected_keys, key) end end
      if getmetatable(state) == nil then table.sort(result.unexpected_keys, function(a, b) return tostring(a) < tostring(b) end) end
      if strict then
         local function list(keys) return '"' .. table.concat(keys, '", "') .. '"' end
         if #result.unexpected_keys > 0 then table.insert(problems, 1, "unexpected keys in the state_dict: " .. list(result.unexpected_keys)) end
         if #result.missing_keys > 0 then table.insert(problems, 1, "keys missing in the state_dict: " .. list(result.missing_keys)) end
      end
      if #problems > 0 then core.error(("load_state_dict: %s:\n   %s"):format(self:_get_name(), table.concat(problems, "\n   "))) end
      tide.no_grad(function()
         for _, c in ipairs(copies) do
            local slot, name, own, value = c[1], c[2], c[3], c[4]
            if not assigned then own:copy_(value)
            elseif core.is_parameter(own) then slot.values[name] = core.is_parameter(value) and value or nn.Parameter(value, own.requires_grad)
            else slot.values[name] = value:keep() end
         end
      end)
      return result
   end

   -- }=========================================================


   -- {======================== printing ========================

   -- What stands between the brackets of a layer: "in_features=2, ...".
   function Module.extra_repr() return "" end

   local function indent(text) return (text:gsub("\n", "\n  ")) end

   function Module:_repr()
      local lines, extra = {}, self:extra_repr()
      for line in (extra .. "\n"):gmatch "(.-)\n" do if extra ~= "" then lines[#lines + 1] = line end end
      local plain = #lines
      local modules = rawget(self, "_modules")
      for _, name in ipairs(modules.keys) do
         local child = modules.values[name]
         lines[#lines + 1] = ("(%s): %s"):format(name, child and indent(child:_repr()) or "None")
      end
      if #lines == 0 then return self:_get_name() .. "()" end
      if plain == 1 and #lines == 1 then return ("%s(%s)"):format(self:_get_name(), lines[1]) end
      return ("%s(\n  %s\n)"):format(self:_get_name(), table.concat(lines, "\n  "))
   end

   -- }=========================================================

   setmetatable(Module, {__call = function(_, ...) return nn.class("Module")(...) end, __tostring = function() return "<class 'Module'>" end})
   Module._name, Module._object_meta = "Module", {class = Module}
   nn.Module = Module
end
