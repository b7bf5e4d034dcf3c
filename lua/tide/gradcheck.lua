-- autograd.gradcheck and gradgradcheck: derivatives against central differences.
local core = require "tide.core"
core.own_source()

return function(tide)
   local grad, check = tide.autograd.grad, {}

   local presets = {
      eps = 1e-6, atol = 1e-5, rtol = 1e-3, raise_exception = true, nondet_tol = 0, check_undefined_grad = true, check_grad_dtypes = false, check_batched_grad = false,
      check_batched_forward_grad = false, check_forward_ad = false, check_backward_ad = true, fast_mode = false
   }
   local function options(given, extra, what)
      local o = {}
      for key, value in pairs(presets) do o[key] = value end
      for key, value in pairs(given or {}) do
         if presets[key] == nil and not extra[key] then core.error(("%s: there is no keyword '%s'"):format(what, key)) end
         o[key] = value
      end
      if o.check_forward_ad or o.check_batched_forward_grad then core.error(what .. ": forward mode is not there yet") end
      return o
   end

   local function as_list(inputs, what)
      if tide.is_tensor(inputs) then return {inputs} end
      if type(inputs) ~= "table" then core.error(what .. ": the inputs are a tensor or a list") end
      return inputs
   end

   -- The inputs to differentiate: float tensors that require grad, of which float64 is wanted.
   local function checked(inputs, what)
      local list = {}
      for _, x in ipairs(inputs) do
         if tide.is_tensor(x) and x.requires_grad then
            if x.dtype ~= tide.float64 then core.warn(what .. ": an input is not float64; differences will be too coarse to compare") end
            list[#list + 1] = x
         end
      end
      if #list == 0 then core.error(what .. ": no input requires grad") end
      return list
   end

   local function outputs_of(f, inputs)
      local results, outputs = table.pack(f(table.unpack(inputs, 1, inputs.n or #inputs))), {}
      for i = 1, results.n do
         local y = results[i]
         if tide.is_tensor(y) then if y.requires_grad or y.dtype.is_floating_point then outputs[#outputs + 1] = y end
         elseif type(y) == "table" then for _, t in ipairs(y) do if tide.is_tensor(t) then outputs[#outputs + 1] = t end end end
      end
      return outputs
   end

   -- Rows of the Jacobian of y by backward: a list over the elements of y, each a list over the inputs.
   local function analytic(y, xs)
      local rows = {}
      local flat = y:reshape(-1)
      for k = 1, y:numel() do
         local g = table.pack(grad(flat[k], xs, {retain_graph = true, allow_unused = true}))
         for i, x in ipairs(xs) do
            if g[i] and (g[i].shape ~= x.shape or g[i].dtype ~= x.dtype) then core.error(("gradcheck: the gradient of input %d has other sizes or another dtype than the input"):format(i)) end
            g[i] = g[i] and g[i]:reshape(-1) or tide.zeros(x:numel(), {dtype = x.dtype})
         end
         rows[k] = g
      end
      return rows
   end

   -- Element k of a tensor, in row-major order, as a view.
   local function element(x, k)
      local place, rest = {}, k - 1
      for d = x.ndim, 1, -1 do
         place[d] = rest % x.shape[d] + 1
         rest = rest // x.shape[d]
      end
      for d = 1, x.ndim do x = x[place[d]] end
      return x
   end

   -- Calls visit(i, k, columns): how all outputs change with element k of input i.
   local function differences(f, inputs, xs, eps, visit)
      for i, x in ipairs(xs) do
         local data = x.data
         for k = 1, x:numel() do
            local place = element(data, k)
            local old = place:item()
            local function at(value)
               place:fill_(value)
               return tide.no_grad(function()
                  local copies = {}
                  for j, y in ipairs(outputs_of(f, inputs)) do copies[j] = y:detach():clone():reshape(-1) end
                  return copies
               end)
            end
            local ok, high, low = pcall(function() return at(old + eps), at(old - eps) end)
            place:fill_(old)
            if not ok then error(high, 0) end
            local columns = {}
            for j = 1, #high do columns[j] = (high[j] - low[j]) / (2 * eps) end
            visit(i, k, columns)
         end
      end
   end

   -- A backward that gets no gradient has to give none, or zeros.
   local function undefined(f, inputs, xs, what)
      for j, y in ipairs(outputs_of(f, inputs)) do
         if y.grad_fn then
            local handle = y.grad_fn:register_prehook(function(grads) return {n = grads.n} end)
            local g = table.pack(grad(y, xs, {grad_outputs = tide.ones_like(y), allow_unused = true}))
            handle:remove()
            for i = 1, g.n do
               if g[i] and g[i]:ne(0):any():item() then return ("%s: backward of output %d gives a gradient for input %d where it gets none"):format(what, j, i) end
            end
         end
      end
   end

   local function close(a, b, o) return math.abs(a - b) <= o.atol + o.rtol * math.abs(b) or (a ~= a and b ~= b) or a == b end

   -- gradcheck(f, inputs, {eps =, atol =, rtol =, raise_exception =, ...}): true, or an error (false without raise_exception).
   local function run(f, inputs, o, what)
      inputs = as_list(inputs, what)
      local xs = checked(inputs, what)
      for i, x in ipairs(xs) do
         for d = 1, x.ndim do
            if x:stride(d) == 0 and x.shape[d] > 1 then core.error(("%s: several elements of input %d share one place in memory (it was expanded)"):format(what, i)) end
         end
      end
      return tide.enable_grad(function()
         local ys = outputs_of(f, inputs)
         local by_backward = {}
         for j, y in ipairs(ys) do
            if y.requires_grad then
               by_backward[j] = analytic(y, xs)
               local again = analytic(y, xs)
               for k, row in ipairs(again) do
                  for i = 1, #xs do
                     local change = (row[i] - by_backward[j][k][i]):abs()
                     if change:numel() > 0 and change:max():item() > o.nondet_tol then return ("%s: backward is not reproducible for output %d, input %d"):format(what, j, i) end
                  end
               end
            end
         end
         local complaint
         differences(f, inputs, xs, o.eps, function(i, k, columns)
            if complaint then return end
            for j, column in ipairs(columns) do
               for e = 1, column:numel() do
                  local numeric, exact = column[e]:item(), by_backward[j] and by_backward[j][e][i][k]:item() or 0
                  if not close(exact, numeric, o) then
                     complaint = ("%s: the derivative of element %d of output %d by element %d of input %d is %.9g by backward, %.9g by differences"):format(what, e, j, k, i, exact, numeric)
                     return
                  end
               end
            end
         end)
         return complaint or o.check_undefined_grad and undefined(f, inputs, xs, what)
      end)
   end

   local function answer(complaint, o)
      if not complaint then return true end
      if o.raise_exception then core.error(complaint) end
      return false
   end

   function check.gradcheck(f, inputs, given)
      core.check_callable(f, "gradcheck")
      local o = options(given, {}, "gradcheck")
      return answer(run(f, inputs, o, "gradcheck"), o)
   end

   -- gradgradcheck(f, inputs, {grad_outputs =, gen_non_contig_grad_outputs =, ...}): the gradient itself is differentiated and compared.
   function check.gradgradcheck(f, inputs, given)
      core.check_callable(f, "gradgradcheck")
      local o = options(given, {grad_outputs = true, gen_non_contig_grad_outputs = true}, "gradgradcheck")
      local list = as_list(inputs, "gradgradcheck")
      local n = #list
      local vs = o.grad_outputs and as_list(o.grad_outputs, "gradgradcheck") or nil
      if not vs then
         vs = {}
         for j, y in ipairs(outputs_of(f, list)) do vs[j] = tide.randn_like(y.data:contiguous()):requires_grad_() end
      end
      local all = {table.unpack(list)}
      for _, v in ipairs(vs) do all[#all + 1] = v end
      local function derivative(...)
         local xs, gs = {...}, {}
         for j = 1, #vs do gs[j] = xs[n + j] end
         xs = {table.unpack(xs, 1, n)}
         local differentiable = {}
         for _, x in ipairs(xs) do if tide.is_tensor(x) and x.requires_grad then differentiable[#differentiable + 1] = x end end
         return tide.enable_grad(function()
            local ys, used, vectors = outputs_of(f, xs), {}, {}
            for j, y in ipairs(ys) do if y.requires_grad then used[#used + 1] = y; vectors[#vectors + 1] = gs[j] end end
            return grad(used, differentiable, {grad_outputs = vectors, create_graph = true, materialize_grads = true})
         end)
      end
      return answer(run(derivative, all, o, "gradgradcheck"), o)
   end

   return check
end
