-- nn.utils: gradients kept small, by the norm of all of them together or element by element.
local core = require "tide.core"
local arguments = require "tide.arguments"
core.own_source()

return function(tide, nn)
   local utils = nn.utils

   -- A tensor or a list of them as a list.
   local function tensors(v, name, what)
      if core.is_tensor(v) then return {v} end
      for i, t in ipairs(v) do
         if not core.is_tensor(t) then core.error(("%s: '%s': element %d: a tensor expected, got %s"):format(what, name, i, type(t))) end
      end
      return v
   end

   local function gradients(parameters, what)
      local list = {}
      for _, p in ipairs(tensors(parameters, "parameters", what)) do
         if p.grad then list[#list + 1] = p.grad end
      end
      return list
   end

   local function total_norm(list, norm_type, strict, what)
      if #list == 0 then return tide.tensor(0.0) end
      local norms = {}
      for i, t in ipairs(list) do norms[i] = tide.linalg.vector_norm(t, norm_type) end
      local total = tide.linalg.vector_norm(tide.stack(norms), norm_type)
      if strict and not total:isfinite():item() then
         core.error(("%s: the total norm of order %s is %s; error_if_nonfinite = false scales by it all the same"):format(what, norm_type, total:item()))
      end
      return total
   end

   local function scale(list, max_norm, total)
      local factor = (max_norm / (total + 1e-6)):clamp_max(1.0)
      for _, g in ipairs(list) do g:mul_(factor) end
   end

   local function define(name, text, body)
      local read = arguments(name, text)
      utils[name] = function(...) return tide.no_grad(body, read(...)) end
   end

   -- The norm of order norm_type of all these tensors as one vector.
   define("get_total_norm", "tensors: tensor|list, norm_type: number = 2.0, error_if_nonfinite: boolean = false", function(list, norm_type, strict)
      return total_norm(tensors(list, "tensors", "get_total_norm"), norm_type, strict, "get_total_norm")
   end)

   -- Multiplies the gradients of parameters by max_norm / total_norm where that is below 1.
   define("clip_grads_with_norm_", "parameters: tensor|list, max_norm: number, total_norm: tensor", function(parameters, max_norm, total)
      scale(gradients(parameters, "clip_grads_with_norm_"), max_norm, total)
   end)

   -- Both at once; gives the norm as it was.
   define("clip_grad_norm_", "parameters: tensor|list, max_norm: number, norm_type: number = 2.0, error_if_nonfinite: boolean = false", function(parameters, max_norm, norm_type, strict)
      local list = gradients(parameters, "clip_grad_norm_")
      local total = total_norm(list, norm_type, strict, "clip_grad_norm_")
      scale(list, max_norm, total)
      return total
   end)

   -- Cuts the gradients to [-clip_value, clip_value].
   define("clip_grad_value_", "parameters: tensor|list, clip_value: number", function(parameters, clip_value)
      for _, g in ipairs(gradients(parameters, "clip_grad_value_")) do g:clamp_(-clip_value, clip_value) end
   end)
end
