-- autograd.Function: custom functions, whose calls are in C.
local core = require "tide.core"
core.own_source()

return function(tide)
   local autograd, apply = tide.autograd, core.apply

   -- What forward and backward get as ctx: fields of the user's own, ctx.needs_input_grad, and these methods.
   local Context = {__name = "ctx"}
   Context.__index = Context

   -- In forward: tensors (nil for none) for backward, with the check for changes made in place. They do not keep the graph alive.
   function Context:save_for_backward(...) self._saved = table.pack(...) end
   -- In backward: those tensors, as several results.
   Context.saved_tensors = core.saved_tensors
   -- In forward: arguments that it has changed in place; it has to return them.
   function Context:mark_dirty(...) self._dirty = table.pack(...) end
   -- In forward: results that are not differentiable.
   function Context:mark_non_differentiable(...) self._nondifferentiable = table.pack(...) end
   -- In forward: with false, backward gets nil instead of zeros for a result that has no gradient.
   function Context:set_materialize_grads(value)
      if type(value) ~= "boolean" then core.error(("set_materialize_grads: a boolean expected, got %s"):format(type(value))) end
      self._materialize = value
   end

   -- Function {name =, forward =, backward = (or vjp =), setup_context =}: an object f with f(...) and f.apply(...), which hand their arguments
   -- to forward untouched.
   --    forward(ctx, ...) gives any results, of which tensors are differentiable; with setup_context it is forward(...), and setup_context(ctx,
   --    inputs, output) saves.
   --    backward(ctx, ...) gets one gradient per result of forward and gives one per argument, nil for those that are no tensors.
   function autograd.Function(definition)
      if type(definition) ~= "table" then core.error(("Function: a table expected, got %s"):format(type(definition))) end
      local name = definition.name or "Function"
      if type(name) ~= "string" then core.error(("Function: 'name': a string expected, got %s"):format(type(name))) end
      if definition.forward == nil then core.error(("Function: %s has no forward"):format(name)) end
      local f = {}
      for key, value in pairs(definition) do f[key] = value end
      f.name, f.node = name, definition.node or name .. "Backward"
      function f.apply(...) return apply(f, setmetatable({_function = f}, Context), ...) end
      return setmetatable(f, {
         __name = name,
         __call = function(_, ...) return apply(f, setmetatable({_function = f}, Context), ...) end,
         __tostring = function() return ("<autograd.Function %s>"):format(name) end
      })
   end

   local twice = autograd.Function {
      name = "Error", node = "Error",
      forward = function(_, ...) return ... end,
      backward = function() core.error "once_differentiable: a function whose backward may run once only was differentiated twice" end
   }

   -- once_differentiable(backward): for a backward that is not written with differentiable operators. It runs without recording, and
   -- differentiating its results is an error.
   function autograd.once_differentiable(backward)
      return function(ctx, ...)
         local results = table.pack(tide.no_grad(backward, ctx, ...))
         if not tide.is_grad_enabled() then return table.unpack(results, 1, results.n) end
         local recording = false
         for i = 1, select("#", ...) do
            local g = select(i, ...)
            recording = recording or tide.is_tensor(g) and g.requires_grad
         end
         if recording then
            for i = 1, results.n do
               local g = results[i]
               if tide.is_tensor(g) then results[i] = twice(g:detach():requires_grad_()) end
            end
         end
         return table.unpack(results, 1, results.n)
      end
   end
end
