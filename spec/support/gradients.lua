-- Gradient checks by random projection.
--
-- For y = f(x), a gradient of outputs u and a direction v of one input, <v, J'u> from backward must be the slope of <u, f(x + t v)> in t, by
-- central differences in float64. u and v have random signs and sizes, so that neither a sign nor a factor nor an
-- element in the wrong place can pass. The second check does the same to the function (x, u) -> <w, J'u>.
local tide = require "tide"
local samples = dofile "spec/support/samples.lua"

local gradients = {}
local STEP = 1e-5

local function random_like(x, random)
   local sizes = {}
   for i = 1, x.ndim do sizes[i] = x.shape[i] end
   return samples.build(sizes, "float64", function()
      local v = 0.5 + random()
      return random() < 0.5 and -v or v
   end)
end

local function dot(a, b) return (a:detach() * b):sum():item() end

local function leaves(list)
   local copy = {}
   for i, x in ipairs(list) do copy[i] = x:detach():clone():requires_grad_() end
   return copy
end

-- Compares the slopes of `scalar` (a function of the list of inputs) with the gradients.
local function compare(scalar, inputs, grads, random, tolerance)
   for i, x in ipairs(inputs) do
      for _ = 1, x:numel() > 0 and 2 or 0 do
         local v = random_like(x, random)
         local moved = {table.unpack(inputs)}
         moved[i] = x + v * STEP
         local above = scalar(moved)
         moved[i] = x - v * STEP
         local slope = (above - scalar(moved)) / (2 * STEP)
         local expected, size = 0.0, 0.0
         if grads[i] then
            expected = dot(grads[i], v)
            size = dot(grads[i]:detach():abs(), v:abs())
         end
         local off = math.abs(slope - expected)
         if off > tolerance * (1 + size) or off ~= off then
            return ("input %d: the gradient says %.10g, the slope is %.10g"):format(i, expected, slope)
         end
      end
   end
end

-- The outputs (of float64, with history) that f gives for leaves, as a list.
local function tracked(f, xs)
   local list = {}
   for _, y in ipairs(f(xs)) do if y.requires_grad then list[#list + 1] = y end end
   return list
end

-- J'u for the inputs; nil in a list of `n` where there is none.
local function pull_back(ys, xs, us, create_graph)
   return {tide.autograd.grad(ys, xs, {grad_outputs = us, allow_unused = true, create_graph = create_graph or false})}
end

-- f takes a list of inputs and returns the list of its float outputs. nil if the gradient is right, else what is wrong;
-- "no history" if there are outputs but none has any.
function gradients.check(f, inputs, seed)
   local random = samples.generator(seed)
   local xs, us, which = leaves(inputs), {}, {}
   local ys, outputs = {}, f(xs)
   for k, y in ipairs(outputs) do
      if y.requires_grad then ys[#ys + 1], which[#which + 1], us[#us + 1] = y, k, random_like(y, random) end
   end
   if #ys == 0 then return #outputs > 0 and "no history" or nil end
   local gs = pull_back(ys, xs, us)
   for i, x in ipairs(xs) do
      if gs[i] and tostring(gs[i].shape) ~= tostring(x.shape) then return ("input %d: its gradient has the sizes %s"):format(i, gs[i].shape) end
   end
   return compare(function(list)
      local out, s = f(list), 0.0
      for k, u in ipairs(us) do s = s + dot(out[which[k]], u) end
      return s
   end, inputs, gs, random, 1e-6)
end

-- The same for the gradient.
function gradients.check_second(f, inputs, seed)
   local random = samples.generator(seed .. "2")
   local xs = leaves(inputs)
   local ys, us, ws = tracked(f, xs), {}, {}
   if #ys == 0 then return nil end
   for k, y in ipairs(ys) do us[k] = random_like(y, random):requires_grad_() end
   for i, x in ipairs(xs) do ws[i] = random_like(x, random) end
   local gs = pull_back(ys, xs, us, true)
   local total
   for i = 1, #xs do
      if gs[i] and gs[i].requires_grad then
         local part = (gs[i] * ws[i]):sum()
         total = total and total + part or part
      end
   end
   local all = {table.unpack(xs)}
   for k, u in ipairs(us) do all[#xs + k] = u end
   local hs = total and pull_back({total}, all, {tide.ones({}, {dtype = tide.float64})}) or {}
   local plain = {}
   for i, x in ipairs(all) do plain[i] = x:detach() end
   return compare(function(list)
      local s = 0.0
      local x2 = leaves({table.unpack(list, 1, #xs)})
      local g2 = pull_back(tracked(f, x2), x2, {table.unpack(list, #xs + 1)})
      for i, w in ipairs(ws) do if g2[i] then s = s + dot(g2[i], w) end end
      return s
   end, plain, hs, random, 1e-5)
end

-- Have f and g the same gradients? nil, or what differs. (Of outputs with history only; none is no difference.)
function gradients.agree(f, g, inputs, seed)
   local random, us, found = samples.generator(seed), nil, {}
   for k, h in ipairs {f, g} do
      local xs = leaves(inputs)
      local ys = tracked(h, xs)
      if not us then
         us = {}
         for i, y in ipairs(ys) do us[i] = random_like(y, random) end
      end
      if #ys ~= #us then return ("%d outputs have a history, not %d"):format(#ys, #us) end
      found[k] = #ys > 0 and pull_back(ys, xs, us) or {}
   end
   for i = 1, #inputs do
      local a, b = found[1][i], found[2][i]
      if (a == nil) ~= (b == nil) then return ("input %d has a gradient in one of them only"):format(i) end
      local text = a and samples.tensors_differ(a, b, 1e-12)
      if text then return ("the gradient of input %d%s"):format(i, text) end
   end
end

return gradients
