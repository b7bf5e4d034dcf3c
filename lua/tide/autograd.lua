-- tide.autograd: what is in C, and what is written on top of it.
local core = require "tide.core"
local later = require "tide.later"
core.own_source()

return function(tide)
   local autograd = core.autograd
   local grad = autograd.grad

   -- With is_grads_batched, the first dimension of each of grad_outputs counts cotangents; results are stacked along it.
   local function batched(outputs, inputs, options)
      local given, vectors, n = {}, options.grad_outputs, nil
      for key, value in pairs(options) do given[key] = value end
      given.is_grads_batched, given.retain_graph = nil, true
      if tide.is_tensor(vectors) then vectors = {vectors} end
      if type(vectors) ~= "table" or #vectors == 0 then core.error "grad: is_grads_batched needs grad_outputs" end
      for _, v in ipairs(vectors) do
         if v.ndim == 0 or (n and v.shape[1] ~= n) then core.error "grad: is_grads_batched: grad_outputs need a first dimension of one size" end
         n = v.shape[1]
      end
      local rows, count = {}, 0
      for k = 1, n do
         local row = {}
         for i, v in ipairs(vectors) do row[i] = v[k] end
         if k == n then given.retain_graph = options.retain_graph end
         given.grad_outputs = row
         local g = table.pack(grad(outputs, inputs, given))
         count = g.n
         for i = 1, g.n do rows[i] = rows[i] or {}; rows[i][k] = g[i] end
      end
      local results = {}
      for i = 1, count do results[i] = rows[i][1] and tide.stack(rows[i]) end
      return table.unpack(results, 1, count)
   end

   function autograd.grad(...)
      local options = select(select("#", ...), ...)
      if type(options) == "table" and options.is_grads_batched and not tide.is_tensor(options) then
         local outputs, inputs = ...
         return batched(outputs, inputs, options)
      end
      return grad(...)
   end

   tide.autograd = autograd
   require "tide.function"(tide)
   require "tide.graph"(tide)
   autograd.forward_ad = setmetatable({}, {__index = function(_, name) core.error(("forward_ad.%s is not there yet: it needs forward mode"):format(tostring(name))) end})
   local function checks() for name, f in pairs(require "tide.gradcheck"(tide)) do autograd[name] = f end end
   return later(autograd, {functional = function() return require "tide.functional"(tide) end, gradcheck = checks, gradgradcheck = checks})
end
