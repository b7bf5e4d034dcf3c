-- autograd.functional: Jacobians, Hessians and products with them, of a function of tensors.
--
-- `inputs` is a tensor or a list of tensors; f gets them as arguments, and may give several results. What depends on the
-- number of inputs or results is a list where there are several (or where a list was given), else a tensor.
local core = require "tide.core"
core.own_source()

return function(tide)
   local grad, functional = tide.autograd.grad, {}

   -- A tensor or a list of them as a list; the second result tells which it was.
   local function as_list(value, what)
      if tide.is_tensor(value) then return {value}, true end
      if type(value) ~= "table" or #value == 0 then core.error(what .. ": a tensor or a list of tensors is expected") end
      for i, t in ipairs(value) do if not tide.is_tensor(t) then core.error(("%s: element %d: a tensor is expected, got %s"):format(what, i, type(t))) end end
      return value, false
   end

   local known = {create_graph = true, strict = true, vectorize = true, strategy = true, outer_jacobian_strategy = true}
   local function options(given, what)
      for key in pairs(given or {}) do if not known[key] then core.error(("%s: there is no keyword '%s'"):format(what, key)) end end
      given = given or {}
      for _, key in ipairs {"strategy", "outer_jacobian_strategy"} do
         if given[key] and given[key] ~= "reverse-mode" then core.error(("%s: %s '%s': only reverse-mode is there so far"):format(what, key, given[key])) end
      end
      return given
   end

   -- The inputs as the function is to see them: recording, and, if a graph is wanted, with the history that they have.
   local function prepare(inputs, create_graph)
      local list = {}
      for i, x in ipairs(inputs) do
         if create_graph and x.requires_grad then list[i] = x:view_as(x)
         else list[i] = x:detach():requires_grad_() end
      end
      return list
   end

   -- The results of f as a list; the second result tells whether it was one tensor.
   local function call(f, inputs, what)
      core.check_callable(f, what)
      local results = table.pack(f(table.unpack(inputs)))
      if results.n == 1 and not tide.is_tensor(results[1]) and type(results[1]) == "table" then
         return as_list(results[1], what .. ": the function's result")
      end
      for i = 1, results.n do
         if not tide.is_tensor(results[i]) then core.error(("%s: result %d of the function: a tensor is expected, got %s"):format(what, i, type(results[i]))) end
      end
      return results, results.n == 1
   end

   -- Results without history, unless a graph is wanted.
   local function finish(list, create_graph)
      if not create_graph then for i = 1, #list do list[i] = list[i]:detach() end end
      return list
   end

   -- grad, with zeros for what an output does not depend on (an error if strict).
   local function gradient(outputs, inputs, v, create_graph, strict, what)
      local usable, vectors = {}, {}
      for i, y in ipairs(outputs) do
         if y.requires_grad then usable[#usable + 1] = y; vectors[#vectors + 1] = v and v[i] or false
         elseif strict then core.error(("%s: output %d does not depend on the inputs (strict)"):format(what, i)) end
      end
      local g = {}
      if #usable > 0 then
         g = table.pack(grad(usable, inputs, {grad_outputs = v and vectors or nil, retain_graph = true, create_graph = create_graph, allow_unused = true}))
      end
      for i, x in ipairs(inputs) do
         if not g[i] then
            if strict then core.error(("%s: the output does not depend on input %d (strict)"):format(what, i)) end
            g[i] = tide.zeros_like(x)
         elseif strict and create_graph and not g[i].requires_grad then
            core.error(("%s: the derivative by input %d does not depend on the inputs (strict)"):format(what, i))
         end
      end
      g.n = nil
      return g
   end

   local function sizes(a, b)
      local list = {}
      for _, n in ipairs(a) do list[#list + 1] = n end
      for _, n in ipairs(b) do list[#list + 1] = n end
      return list
   end

   -- One Jacobian [sizes of y, sizes of x] per input.
   local function jacobian_of(y, inputs, create_graph, strict, what)
      local rows = {}
      for i = 1, #inputs do rows[i] = {} end
      local flat = y:reshape(-1)
      for k = 1, y:numel() do
         local g = gradient({flat[k]}, inputs, nil, create_graph, strict, what)
         for i = 1, #inputs do rows[i][k] = g[i]:reshape(-1) end
      end
      local jacobians = {}
      for i, x in ipairs(inputs) do
         local shape = sizes(y.shape, x.shape)
         jacobians[i] = #rows[i] == 0 and tide.zeros(shape, {dtype = x.dtype}) or tide.stack(rows[i]):view(shape)
      end
      return finish(jacobians, create_graph)
   end

   -- jacobian(f, inputs, {create_graph =, strict =}): for one input a tensor; for a list one result per input; where f has several
   -- results, one result per result of f, each a tensor or a list over the inputs.
   function functional.jacobian(f, inputs, given)
      local o = options(given, "jacobian")
      local list, single = as_list(inputs, "jacobian")
      return tide.enable_grad(function()
         local xs = prepare(list, o.create_graph)
         local ys, one = call(f, xs, "jacobian")
         local results = {}
         for j, y in ipairs(ys) do
            local js = jacobian_of(y, xs, o.create_graph, o.strict, "jacobian")
            results[j] = single and js[1] or js
         end
         if not one then return table.unpack(results) end
         if single then return results[1] end
         return table.unpack(results[1])
      end)
   end

   local function scalar(ys, one, what)
      if not one or ys[1]:numel() ~= 1 then core.error(what .. ": the function must give one number") end
      return ys[1]
   end

   -- hessian(f, inputs, {create_graph =, strict =}) of a function that gives one number: for one input a tensor, for a list one
   -- list of tensors per input.
   function functional.hessian(f, inputs, given)
      local o = options(given, "hessian")
      local list, single = as_list(inputs, "hessian")
      return tide.enable_grad(function()
         local xs = prepare(list, o.create_graph)
         local ys, one = call(f, xs, "hessian")
         local y = scalar(ys, one, "hessian")
         local first = gradient({y}, xs, nil, true, o.strict, "hessian")
         local rows = {}
         for i, g in ipairs(first) do rows[i] = jacobian_of(g, xs, o.create_graph, o.strict, "hessian") end
         if single then return rows[1][1] end
         return table.unpack(rows)
      end)
   end

   -- A vector for each of `like`: given, or 1 where `like` is a single number.
   local function vectors(v, like, what)
      if v == nil then
         if #like ~= 1 or like[1]:numel() ~= 1 then core.error(what .. ": v is needed, for the function does not give one number") end
         return {tide.ones_like(like[1])}
      end
      local list = as_list(v, what .. ": v")
      if #list ~= #like then core.error(("%s: v has %d tensors, %d are expected"):format(what, #list, #like)) end
      for i, t in ipairs(list) do
         if t.shape ~= like[i].shape then core.error(("%s: v has sizes %s where %s are expected"):format(what, tostring(t.shape), tostring(like[i].shape))) end
      end
      return list
   end

   local function shaped(list, one) if one then return list[1] end return list end

   -- vjp(f, inputs, v, {create_graph =, strict =}): f's result and v^T J.
   function functional.vjp(f, inputs, v, given)
      local o = options(given, "vjp")
      local list, single = as_list(inputs, "vjp")
      return tide.enable_grad(function()
         local xs = prepare(list, o.create_graph)
         local ys, one = call(f, xs, "vjp")
         local g = gradient(ys, xs, vectors(v, ys, "vjp"), o.create_graph, o.strict, "vjp")
         return shaped(finish({table.unpack(ys)}, o.create_graph), one), shaped(finish(g, o.create_graph), single)
      end)
   end

   -- J v of ys with respect to xs by differentiating v^T J, which is linear in v, once more.
   local function forward_product(ys, xs, v, o, what)
      local dummies = {}
      for i, y in ipairs(ys) do dummies[i] = tide.zeros_like(y):requires_grad_() end
      local back = gradient(ys, xs, dummies, true, o.strict, what)
      return gradient(back, dummies, v, o.create_graph, o.strict, what)
   end

   -- jvp(f, inputs, v, {create_graph =, strict =}): f's result and J v.
   function functional.jvp(f, inputs, v, given)
      local o = options(given, "jvp")
      local list = as_list(inputs, "jvp")
      return tide.enable_grad(function()
         local xs = prepare(list, o.create_graph)
         local ys, one = call(f, xs, "jvp")
         local g = forward_product(ys, xs, vectors(v, xs, "jvp"), o, "jvp")
         return shaped(finish({table.unpack(ys)}, o.create_graph), one), shaped(finish(g, o.create_graph), one)
      end)
   end

   -- vhp(f, inputs, v, {create_graph =, strict =}) of a function that gives one number: its result and v^T H.
   function functional.vhp(f, inputs, v, given)
      local o = options(given, "vhp")
      local list, single = as_list(inputs, "vhp")
      return tide.enable_grad(function()
         local xs = prepare(list, o.create_graph)
         local ys, one = call(f, xs, "vhp")
         local y = scalar(ys, one, "vhp")
         local first = gradient({y}, xs, nil, true, o.strict, "vhp")
         local g = gradient(first, xs, vectors(v, xs, "vhp"), o.create_graph, o.strict, "vhp")
         return finish({y}, o.create_graph)[1], shaped(finish(g, o.create_graph), single)
      end)
   end

   -- hvp(f, inputs, v, {create_graph =, strict =}): its result and H v; vhp is the same for a symmetric H, and cheaper.
   function functional.hvp(f, inputs, v, given)
      local o = options(given, "hvp")
      local list, single = as_list(inputs, "hvp")
      return tide.enable_grad(function()
         local xs = prepare(list, o.create_graph)
         local ys, one = call(f, xs, "hvp")
         local y = scalar(ys, one, "hvp")
         local first = gradient({y}, xs, nil, true, o.strict, "hvp")
         local g = forward_product(first, xs, vectors(v, xs, "hvp"), o, "hvp")
         return finish({y}, o.create_graph)[1], shaped(finish(g, o.create_graph), single)
      end)
   end

   return functional
end
