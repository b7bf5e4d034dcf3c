-- autograd.graph: the graph and its hooks.
local core = require "tide.core"
core.own_source()

return function(tide)
   local graph = tide.autograd.graph

   local Edge = {__name = "GradientEdge"}
   function Edge:__tostring() return ("GradientEdge(node=%s, output_nr=%d)"):format(self.node, self.output_nr) end

   -- get_gradient_edge(x): {node =, output_nr =}, where x's gradient goes: its grad_fn, or the AccumulateGrad node of a leaf.
   function graph.get_gradient_edge(tensor)
      local node, output = core.gradient_edge(tensor)
      return setmetatable({node = node, output_nr = output}, Edge)
   end

   local Handles = {__name = "hook handle"}
   Handles.__index = Handles
   function Handles:remove() for _, handle in ipairs(self) do handle:remove() end end
   Handles.__close = Handles.remove

   -- "all": fn(grads) once in a backward pass, when every tensor that takes part has its gradient; grads is a list with nil for the others
   -- and their count in n.
   local function when_all(tensors, fn)
      local handles, passes = {}, {}
      local n = #tensors
      for i, tensor in ipairs(tensors) do
         handles[i] = tensor:register_hook(function(grad)
            local pass = core.pass()
            local state = passes[pass]
            if not state then
               state = {left = 0, grads = {n = n}}
               for _, handle in ipairs(handles) do if core.takes_part(handle) then state.left = state.left + 1 end end
               passes[pass] = state
            end
            state.grads[i] = grad
            state.left = state.left - 1
            if state.left == 0 then
               passes[pass] = nil
               fn(state.grads)
            end
         end)
      end
      return handles
   end

   -- "any": fn(grad) once in a backward pass, with the gradient that is there first.
   local function when_any(tensors, fn)
      local handles, last = {}, nil
      for i, tensor in ipairs(tensors) do
         handles[i] = tensor:register_hook(function(grad)
            local pass = core.pass()
            if pass == last then return end
            last = pass
            fn(grad)
         end)
      end
      return handles
   end

   -- register_multi_grad_hook(tensors, fn, {mode = "all" or "any"}): returns a handle with :remove().
   function graph.register_multi_grad_hook(tensors, fn, mode)
      if type(mode) == "table" then mode = mode.mode end
      if type(tensors) ~= "table" then core.error(("register_multi_grad_hook: a list of tensors expected, got %s"):format(type(tensors))) end
      for i, tensor in ipairs(tensors) do
         if not (tide.is_tensor(tensor) and tensor.requires_grad) then core.error(("register_multi_grad_hook: element %d: a tensor that requires grad is expected"):format(i)) end
      end
      local register = ({all = when_all, any = when_any})[mode or "all"]
      if not register then core.error(("register_multi_grad_hook: mode is 'all' or 'any', not '%s'"):format(tostring(mode))) end
      return setmetatable(register(tensors, fn), Handles)
   end
end
