-- L-BFGS: a quasi-Newton method, for closures that can be evaluated again and again. PyTorch's port of minFunc, with its line search by strong Wolfe conditions.
--
-- Losses are numbers. Derivatives along the direction, and what is computed with them, stay in tensors of one element, and are compared in their dtype, so that all
-- rounds as in PyTorch.
local core = require "tide.core"
local ordered = require "tide.ordered"
local arguments = require "tide.arguments"
core.own_source()

return function(tide, optim)
   -- {======================== numbers or one-element tensors ========================

   local function number(v) return core.is_tensor(v) and v:item() or v end
   local function less(a, b)
      if core.is_tensor(a) or core.is_tensor(b) then return tide.lt(a, b):item() end
      return a < b
   end
   local function at_most(a, b)
      if core.is_tensor(a) or core.is_tensor(b) then return tide.le(a, b):item() end
      return a <= b
   end
   local function abs(v) return core.is_tensor(v) and v:abs() or math.abs(v) end
   local function largest(a, b) return less(a, b) and b or a end
   local function smallest(a, b) return less(b, a) and b or a end

   local function loss_of(v)
      if core.is_tensor(v) then v = v:item() end
      if type(v) ~= "number" then core.error("LBFGS: the closure returns the loss, a number or a tensor with one, not " .. type(v)) end
      return v
   end

   -- }=========================================================


   -- {======================== line search ========================

   -- The minimum between low and high of the cubic that has these values and slopes at x1 and x2.
   local function cubic_minimum(x1, f1, g1, x2, f2, g2, low, high)
      if not low then
         if at_most(x1, x2) then low, high = x1, x2 else low, high = x2, x1 end
      end
      local d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2)
      local square = d1 ^ 2 - g1 * g2
      if not at_most(0, square) then return (low + high) / 2.0 end
      local d2 = square:sqrt()
      local at
      if at_most(x1, x2) then at = x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
      else at = x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2)) end
      return smallest(largest(at, low), high)
   end

   local C1, C2 = 1e-4, 0.9

   -- A step along d with enough decrease and a flat enough slope. evaluate(t) gives loss and gradient there; f, g and slope are those at 0. Returns loss, gradient, t, and
   -- how many evaluations it took.
   local function strong_wolfe(evaluate, t, d, f, g, slope, tolerance_change, most)
      local d_norm = d:abs():max()
      local f_new, g_new = evaluate(t)
      local evaluations, iteration, done = 1, 0, false
      local slope_new = g_new:dot(d)
      local before = {t = 0, f = f, g = g, slope = slope}
      local bracket                                   -- one or two points {t, f, g, slope}
      while iteration < most do
         local point = {t = t, f = f_new, g = g_new, slope = slope_new}
         if less(f + C1 * t * slope, f_new) or (iteration > 1 and f_new >= before.f) then bracket = {before, point} break end
         if at_most(abs(slope_new), -C2 * slope) then bracket, done = {point}, true break end
         if at_most(0, slope_new) then bracket = {before, point} break end
         t = cubic_minimum(before.t, before.f, before.slope, t, f_new, slope_new, t + 0.01 * (t - before.t), t * 10)
         before = point
         f_new, g_new = evaluate(t)
         slope_new = g_new:dot(d)
         evaluations, iteration = evaluations + 1, iteration + 1
      end
      bracket = bracket or {{t = 0, f = f, g = g, slope = slope}, {t = t, f = f_new, g = g_new, slope = slope_new}}

      -- zoom: a point that will do, or an interval with one in it
      local stuck = false
      local low, high = 1, 2
      if bracket[2] and bracket[1].f > bracket[2].f then low, high = 2, 1 end
      while not done and iteration < most do
         local a, b = bracket[1].t, bracket[2].t
         if less(abs(b - a) * d_norm, tolerance_change) then break end
         t = cubic_minimum(a, bracket[1].f, bracket[1].slope, b, bracket[2].f, bracket[2].slope)
         -- too close to an end, twice in a row or at the end itself: a tenth of the interval away from it
         local top, bottom = largest(a, b), smallest(a, b)
         local margin = 0.1 * (top - bottom)
         if not less(smallest(top - t, t - bottom), margin) then stuck = false
         elseif stuck or at_most(top, t) or at_most(t, bottom) then
            t = less(abs(t - top), abs(t - bottom)) and top - margin or bottom + margin
            stuck = false
         else stuck = true end
         f_new, g_new = evaluate(t)
         slope_new = g_new:dot(d)
         evaluations, iteration = evaluations + 1, iteration + 1
         local point = {t = t, f = f_new, g = g_new, slope = slope_new}
         if less(f + C1 * t * slope, f_new) or f_new >= bracket[low].f then
            bracket[high] = point
            if bracket[1].f <= bracket[2].f then low, high = 1, 2 else low, high = 2, 1 end
         else
            if at_most(abs(slope_new), -C2 * slope) then done = true
            elseif at_most(0, slope_new * (bracket[high].t - bracket[low].t)) then bracket[high] = bracket[low] end
            bracket[low] = point
         end
      end
      return bracket[low].f, bracket[low].g, bracket[low].t, evaluations
   end

   -- }=========================================================


   local LBFGS = optim.class "LBFGS"
   optim.LBFGS = LBFGS
   LBFGS._none = {"line_search_fn"}
   LBFGS._states = {"func_evals", "n_iter", "al", "d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss"}

   local options = {"lr", "max_iter", "max_eval", "tolerance_grad", "tolerance_change", "history_size", "line_search_fn"}
   local read = arguments("LBFGS", "params: list, lr: number = 1, max_iter: integer = 20, max_eval: integer = nil, tolerance_grad: number = 1e-7, tolerance_change: number = 1e-9, \z
      history_size: integer = 100, line_search_fn: string = nil")

   function LBFGS:init(...)
      local values, defaults = table.pack(read(...)), ordered.new()
      for i, option in ipairs(options) do defaults[option] = values[i + 1] end
      if defaults.lr < 0 or defaults.lr ~= defaults.lr then core.error(("LBFGS: lr is %s; it must not be negative"):format(defaults.lr)) end
      if defaults.line_search_fn and defaults.line_search_fn ~= "strong_wolfe" then core.error(("LBFGS: line_search_fn is %q; there is only \"strong_wolfe\""):format(defaults.line_search_fn)) end
      defaults.max_eval = defaults.max_eval or defaults.max_iter * 5 // 4
      local groups = values[1]
      if not core.is_tensor(groups[1]) and #groups > 1 then core.error "LBFGS: all parameters are in one group" end
      optim.Optimizer.init(self, groups, defaults)
   end

   local function flat_gradient(params)
      local parts = {}
      for i, p in ipairs(params) do parts[i] = p.grad and p.grad:detach():reshape(-1) or tide.zeros(p:numel(), {dtype = p.dtype}) end
      return tide.cat(parts, 1)
   end

   -- Parameters move by t times the direction d.
   local function move(params, t, d)
      local offset = 1
      for _, p in ipairs(params) do
         p:add_(d:narrow(1, offset, p:numel()):view_as(p), {alpha = number(t)})
         offset = offset + p:numel()
      end
   end

   -- -g times the approximate inverse of the Hessian, which the history `s` holds; y and step: how gradient and parameters changed last.
   local function direction(s, g, y, step, history_size)
      local curvature = y:dot(step)
      if less(1e-10, curvature) then
         if #s.old_dirs == history_size then
            for _, list in ipairs {s.old_dirs, s.old_stps, s.ro} do table.remove(list, 1) end
         end
         table.insert(s.old_dirs, y:keep())
         table.insert(s.old_stps, step:keep())
         table.insert(s.ro, (1.0 / curvature):keep())
         s.H_diag = (curvature / y:dot(y)):keep()
      end
      s.al = s.al or {}
      local q = -g
      for i = #s.old_dirs, 1, -1 do
         s.al[i] = (s.old_stps[i]:dot(q) * s.ro[i]):keep()
         q:add_(s.old_dirs[i], {alpha = -s.al[i]:item()})
      end
      local d = q * s.H_diag
      for i = 1, #s.old_dirs do d:add_(s.old_stps[i], {alpha = (s.al[i] - s.old_dirs[i]:dot(d) * s.ro[i]):item()}) end
      return d
   end

   local function step(self, closure)
      local group = self.param_groups[1]
      local params, lr = group.params, group.lr
      local s = self.state[params[1]] or {func_evals = 0, n_iter = 0}
      self.state[params[1]] = s

      local first = self:_evaluate(closure)
      local loss, evaluations = loss_of(first), 1
      s.func_evals = s.func_evals + 1
      local g = flat_gradient(params)
      local flat = at_most(g:abs():max(), group.tolerance_grad)
      if flat then return first end

      for iteration = 1, group.max_iter do
         s.n_iter = s.n_iter + 1
         if s.n_iter == 1 then s.d, s.old_dirs, s.old_stps, s.ro, s.H_diag = -g, {}, {}, {}, 1
         else s.d = direction(s, g, g - s.prev_flat_grad, s.d * s.t, group.history_size) end
         s.d:keep()
         if s.prev_flat_grad then s.prev_flat_grad:copy_(g) else s.prev_flat_grad = g:clone():keep() end
         s.prev_loss = loss
         s.t = s.n_iter == 1 and smallest(1.0, 1.0 / g:abs():sum()) * lr or lr

         local slope, spent = g:dot(s.d), 0
         if less(-group.tolerance_change, slope) then break end
         if group.line_search_fn then
            local start = {}
            for i, p in ipairs(params) do start[i] = p:detach():clone() end
            local function evaluate(t)
               move(params, t, s.d)
               local ok, f = pcall(function() return loss_of(self:_evaluate(closure)) end)
               local gradient = ok and flat_gradient(params)
               for i, p in ipairs(params) do p:copy_(start[i]) end
               if not ok then error(f, 0) end
               return f, gradient
            end
            loss, g, s.t, spent = strong_wolfe(evaluate, s.t, s.d, loss, g, slope, group.tolerance_change, math.max(0, group.max_eval - evaluations))
            move(params, s.t, s.d)
            flat = at_most(g:abs():max(), group.tolerance_grad)
         else
            move(params, s.t, s.d)
            if iteration ~= group.max_iter then
               loss = loss_of(self:_evaluate(closure))
               g, spent = flat_gradient(params), 1
               flat = at_most(g:abs():max(), group.tolerance_grad)
            end
         end
         if core.is_tensor(s.t) then s.t:keep() end

         evaluations, s.func_evals = evaluations + spent, s.func_evals + spent
         if evaluations >= group.max_eval or flat then break end
         if at_most((s.d * s.t):abs():max(), group.tolerance_change) or math.abs(loss - s.prev_loss) < group.tolerance_change then break end
      end
      return first
   end

   -- closure computes loss and gradients, clearing them first; it is called several times.
   function LBFGS:step(closure)
      if closure == nil then core.error "LBFGS: step needs a closure that computes the loss and its gradients" end
      return tide.no_grad(step, self, closure)
   end
end
