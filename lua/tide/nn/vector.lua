-- nn.utils: the parameters of a model as one vector, and back.
local core = require "tide.core"
local arguments = require "tide.arguments"
core.own_source()

return function(tide, nn)
   local function check(list, what)
      for i, p in ipairs(list) do
         if not core.is_tensor(p) then core.error(("%s: 'parameters': element %d: a tensor expected, got %s"):format(what, i, type(p))) end
      end
      return list
   end

   -- All elements in the order of the list; recorded.
   local read = arguments("parameters_to_vector", "parameters: list")
   function nn.utils.parameters_to_vector(...)
      local parts = {}
      for i, p in ipairs(check(read(...), "parameters_to_vector")) do parts[i] = p:view(-1) end
      return tide.cat(parts)
   end

   -- The parameters become views of vec's memory.
   local read_both = arguments("vector_to_parameters", "vec: tensor, parameters: list")
   function nn.utils.vector_to_parameters(...)
      local vec, list = read_both(...)
      local total, at = 0, 1
      for _, p in ipairs(check(list, "vector_to_parameters")) do total = total + p:numel() end
      if vec.ndim ~= 1 or vec:numel() < total then
         core.error(("vector_to_parameters: a vector of %d elements expected, got sizes %s"):format(total, vec.shape))
      end
      for _, p in ipairs(list) do
         p.data = vec:narrow(1, at, p:numel()):view_as(p).data
         at = at + p:numel()
      end
   end
end
