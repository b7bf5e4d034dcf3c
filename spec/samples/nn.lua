-- softmax and losses: src/ops/softmax.def, loss.def.
local tide = require "tide"

local FLOATS = {"float32", "float64"}

-- Sizes and elements (row-major) of a nested list.
local function read(x)
   local size, flat, v = {}, {}, x
   while type(v) == "table" do size[#size + 1], v = #v, v[1] end
   local function walk(u) if type(u) == "table" then for _, w in ipairs(u) do walk(w) end else flat[#flat + 1] = u end end
   walk(x)
   return {size = size, flat = flat}
end

local function element(r, place)
   local at, off = 0, #place - #r.size
   for d, n in ipairs(r.size) do at = at * n + (n == 1 and 0 or place[off + d]) end
   return r.flat[at + 1]
end

local function build(size, f)
   local place = {}
   local function level(d)
      if d > #size then return f(place) end
      local list = {}
      for i = 1, size[d] do
         place[d] = i - 1
         list[i] = level(d + 1)
      end
      return list
   end
   return level(1)
end

-- f(line, i) for each element: the line along dim that it lies in, and its place there; lines of several nested lists at once.
local function along(dim, f, ...)
   local r, n = {}, select("#", ...)
   for k = 1, n do r[k] = read((select(k, ...))) end
   if #r[1].size == 0 then
      local lines = {}
      for k = 1, n do lines[k] = r[k].flat end
      return f(1, table.unpack(lines))
   end
   if dim < 0 then dim = dim + #r[1].size + 1 end
   return build(r[1].size, function(place)
      local lines = {}
      for k = 1, n do
         local p, line = {table.unpack(place)}, {}
         for i = 1, r[1].size[dim] do
            p[dim] = i - 1
            line[i] = element(r[k], p)
         end
         lines[k] = line
      end
      return f(place[dim] + 1, table.unpack(lines))
   end)
end

local function sum_of(list, f)
   local sum = 0
   for i, v in ipairs(list) do sum = sum + (f and f(v, i) or v) end
   return sum
end

local function log_sum(line)
   local most = math.max(table.unpack(line))
   return most + math.log(sum_of(line, function(v) return math.exp(v - most) end))
end
local function softmax(x, dim) return along(dim, function(i, line) return math.exp(line[i] - log_sum(line)) end, x) end
local function log_softmax(x, dim) return along(dim, function(i, line) return line[i] - log_sum(line) end, x) end
local function usual(f)
   return function(x, dim)
      local nd = #read(x).size
      return f(x, dim or ((nd == 0 or nd == 1 or nd == 3) and 1 or 2))
   end
end
local function negative(x)
   local r = read(x)
   return build(r.size, function(place) return -element(r, place) end)
end

local function lines(t)
   return {{t.float(5), 1}, {t.float(3, 5), 2}, {t.float(3, 5), 1}, {t.float(2, 3, 4), 2}, {t.float(2, 3, 4), -1}, {t.float(2, 40), 2},
      {t.float(40, 3), 1}, {t.float(), 1}, {t.float(0, 3), 2}}
end
local function usual_lines(t) return {{t.float(5)}, {t.float(3, 5)}, {t.float(2, 3, 4)}, {t.float(2, 3, 2, 2)}, {t.float(3, 5), 1}} end
local function bad_dim(t) return {{"out of range", t.float(2, 3), 3}, {"not defined for int64", t.int(0, 5, 2, 3), 1}} end
local function both_lines(t) return {{t.float(3, 5), t.float(3, 5), 2}, {t.float(2, 3, 4), t.float(2, 3, 4), 2}, {t.float(20), t.float(20), 1}} end

local function of(ref, samples, errors) return {samples = samples or lines, ref = ref, dtypes = FLOATS, errors = errors or bad_dim} end

-- Elements of a loss brought together.
local function reduced(y, reduction, weight)
   local r = read(y)
   if reduction == "none" then return y end
   local sum = sum_of(r.flat)
   return (reduction or "mean") == "mean" and sum / (weight or #r.flat) or sum
end

local function pointwise(f)
   return function(x, t, reduction, ...)
      local a, b, size, more = read(x), read(t), {}, {...}
      local nd = math.max(#a.size, #b.size)
      for d = 1, nd do
         local p, q = a.size[d - nd + #a.size] or 1, b.size[d - nd + #b.size] or 1
         size[d] = p == 1 and q or p
      end
      local y = build(size, function(place) return f(element(a, place), element(b, place), more, place) end)
      return reduced(y, reduction)
   end
end

-- y times weight; its mean is by weight.
local function with_weight(loss, by_weight)
   return function(x, t, reduction, ...)
      local more = {...}
      local weight = table.remove(more, #more)
      if type(weight) ~= "table" then return loss(x, t, reduction, ...) end
      local y, w = read(loss(x, t, "none", table.unpack(more))), read(weight)
      y = build(y.size, function(place) return element(y, place) * element(w, place) end)
      return reduced(y, reduction, by_weight and sum_of(w.flat) or nil)
   end
end

local function huber(x, t, more)
   local d, delta = math.abs(x - t), more[1] or 1
   return d < delta and d * d / 2 or delta * (d - delta / 2)
end
local function smooth_l1(x, t, more)
   local d, beta = math.abs(x - t), more[1] or 1
   return d < beta and d * d / beta / 2 or d - beta / 2
end
local mse = pointwise(function(x, t) return (x - t) ^ 2 end)
local function differences(...)
   local extra = {...}
   return function(t)
      local list = {}
      for _, reduction in ipairs {"mean", "sum", "none"} do
         for _, sizes in ipairs {{{3, 4}, {3, 4}}, {{4}, {3, 4}}, {{3, 1}, {1, 4}}, {{}, {}}} do list[#list + 1] = {t.float(sizes[1]), t.float(sizes[2]),
            reduction, table.unpack(extra)} end
      end
      list[#list + 1] = {t.float(30, 40), t.float(30, 40), "mean", table.unpack(extra)}
      return list
   end
end
local function weighted_differences(...)
   local plain, extra = differences(...), {...}
   return function(t)
      local list = plain(t)
      for _, reduction in ipairs {"mean", "sum", "none"} do
         local call = {t.float(3, 4), t.float(3, 4), reduction, table.unpack(extra)}
         call[#call + 1] = t.float(3, 4):sigmoid()
         list[#list + 1] = call
      end
      return list
   end
end
local function difference_errors(t) return {{"do not fit", t.float(3), t.float(4)}, {"reduction is \"all\"", t.float(3), t.float(3), "all"}} end
local function record_errors(more)
   return function(t)
      local list = difference_errors(t)
      for _, call in ipairs(list) do
         call[4] = call[4] or "mean"
         call[5] = more
      end
      list[#list + 1] = {"not defined for int64", t.int(0, 3, 2), t.int(0, 3, 2), "mean", more}
      return list
   end
end

-- Weights have no gradient, so they are left out of the gradient checks, which are in float64.
local function weights(t, n) return t.dtype == tide.float32 and t.float(n):sigmoid() or nil end

-- The class that each place of target names, its loss and its weight.
local function nll(x, target, weight, ignore, reduction)
   local a, b = read(x), read(target)
   local dim = #a.size == 1 and 1 or 2
   local total = 0
   local y = build(b.size, function(place)
      local class = element(b, place)
      if class == (ignore or -100) then return 0 end
      local p, w = {table.unpack(place)}, weight and weight[class] or 1
      table.insert(p, dim, class - 1)
      total = total + w
      return -w * element(a, p)
   end)
   return reduced(y, reduction, total)
end

local function cross_entropy(x, target, weight, ignore, reduction, smoothing)
   local a, b = read(x), read(target)
   local dim = #a.size == 1 and 1 or 2
   local log_p, classes = log_softmax(x, dim), a.size[dim]
   smoothing = smoothing or 0
   local function weight_of(i) return weight and weight[i] or 1 end
   local function folded(f)                     -- over the classes
      local size = {table.unpack(a.size)}
      table.remove(size, dim)
      local r = read(log_p)
      return build(size, function(place)
         return -sum_of(build({classes}, function(k)
            local p = {table.unpack(place)}
            table.insert(p, dim, k[1])
            return f(p, k[1] + 1, place) * element(r, p)
         end))
      end)
   end
   if #a.size == #b.size then
      local y = folded(function(p, class) return weight_of(class) * (element(b, p) * (1 - smoothing) + smoothing / classes) end)
      return reduced(y, reduction)
   end
   local hard, total = nll(log_p, target, weight, ignore, reduction), 0
   if smoothing == 0 then return hard end
   for _, class in ipairs(b.flat) do if class ~= (ignore or -100) then total = total + weight_of(class) end end
   local soft = reduced(folded(function(_, class, place) return element(b, place) == (ignore or -100) and 0 or weight_of(class) end), reduction, total)
   local h, s = read(hard), read(soft)
   return build(h.size, function(place) return (1 - smoothing) * element(h, place) + smoothing / classes * element(s, place) end)
end

local function class_calls(t, more)
   local list = {}
   for _, reduction in ipairs {"mean", "sum", "none"} do
      for _, sizes in ipairs {{5, 4}, {4}, {2, 4, 3}, {2, 4, 2, 3}, {1, 1}} do
         local classes, places = sizes[2] or sizes[1], {sizes[1], table.unpack(sizes, 3)}
         if #sizes == 1 then places = {} end
         list[#list + 1] = {t.float(sizes), t.pos(classes, places), nil, -100, reduction, n = 5}
         list[#list + 1] = {t.float(sizes), t.pos(classes, places), weights(t, classes), 2, reduction, n = 5}
      end
   end
   if more then more(list) end
   return list
end
local function class_errors(t)
   return {{"class 5 in target is out of range", t.float(2, 4), t.int(5, 5, 2)}, {"class 0 in target is out of range", t.float(2, 4), t.int(0, 0, 2)},
      {"class %-1 in", t.float(2, 4), t.int(-1, -1, 2)},
           {"does not fit", t.float(2, 4), t.pos(4, 3)}, {"classes are integers", t.float(2, 4), t.float(2)},
              {"weight is of sizes %(3,%)", t.float(2, 4), t.pos(4, 2), t.float(3)},
           {"weight is int64", t.float(2, 4), t.pos(4, 2), t.int(1, 2, 4)}, {"reduction is", t.float(2, 4), t.pos(4, 2), nil, -100, "all"},
           {"must not require grad", t.float(2, 4), t.pos(4, 2), t.float(4):requires_grad_()}}
end
local function record_class_errors(t)
   local list = class_errors(t)
   for _, call in ipairs(list) do call[5], call[6] = call[5] or -100, call[6] or "mean" end
   return list
end
local function only(f, few) return function(t)
   local list = {}
   for _, call in ipairs(f(t)) do if (call[1].ndim <= 2) == few then list[#list + 1] = call end end
   return list
end end

-- Of the records of cross_entropy: few dimensions, many or both; their second result is log sum e^x over the classes.
local function smoothed(few, smoothing) return function(t)
   local list = {}
   for _, call in ipairs(class_calls(t)) do
      if few == nil or (call[1].ndim <= 2) == few then
         call[6], call.n = smoothing or 0, 6
         list[#list + 1] = call
      end
   end
   return list
end end
local function with_log_sums(f) return function(x, ...)
   local r = read(x)
   local dim, size = #r.size == 1 and 1 or 2, {table.unpack(r.size)}
   local classes = table.remove(size, dim)
   return f(x, ...), build(size, function(place)
      return math.log(sum_of(build({classes}, function(k)
         local p = {table.unpack(place)}
         table.insert(p, dim, k[1])
         return math.exp(element(r, p))
      end)))
   end)
end end
local function smoothed_class_errors(t)
   local list = record_class_errors(t)
   for _, call in ipairs(list) do call[7] = 0 end
   return list
end

-- f(elements, i) for each element of x, the elements being those that are normalised with it; and g(elements) for each such group.
local function by_groups(x, count, f, g)
   local r = read(x)
   local size, before = r.size, {table.unpack(r.size, 1, #r.size - count)}
   local length = 1
   for d = #size - count + 1, #size do length = length * size[d] end
   local function group(place)
      local at = 0
      for d = 1, #before do at = at * size[d] + place[d] end
      return {table.unpack(r.flat, at * length + 1, (at + 1) * length)}
   end
   return build(size, function(place)
      local i = 0
      for d = #before + 1, #size do i = i * size[d] + place[d] end
      return f(group(place), i + 1, place)
   end), g and build(before, function(place) return g(group(place)) end)
end
local function mean_of(list) return sum_of(list) / #list end
local function rstd_of(list, eps)
   local mean = mean_of(list)
   return 1 / math.sqrt(sum_of(list, function(v) return (v - mean) ^ 2 end) / #list + eps)
end
local function layer_norm(x, shape, weight, bias, eps)
   eps = eps or 1e-5
   local w, b = weight and read(weight), bias and read(bias)
   local y, mean = by_groups(x, #shape, function(list, i) return (list[i] - mean_of(list)) * rstd_of(list, eps) * (w and w.flat[i] or 1) + (b and b.flat[i] or 0) end, mean_of)
   local _, rstd = by_groups(x, #shape, function() return 0 end, function(list) return rstd_of(list, eps) end)
   return y, mean, rstd
end
local function layer_norm_calls(t)
   return {{t.float(3, 5), {5}, t.float(5), t.float(5), 1e-5}, {t.float(2, 3, 4), {3, 4}, t.float(3, 4), nil, 0.1, n = 5}, {t.float(2, 3, 4), {4}, nil, t.float(4), 0.1, n = 5},
           {t.float(6), {6}, nil, nil, 1e-3, n = 5}, {t.float(2, 1, 3, 2), {2}, t.float(2), t.float(2), 0.5}}
end
local function layer_norm_errors(t)
   return {{"input of sizes %(2, 3%) does not end in normalized_shape %(2,%)", t.float(2, 3), {2}, nil, nil, 1e-5}, {"weight is of sizes %(2,%), not", t.float(2, 3), {3}, t.float(2), nil, 1e-5},
           {"bias is of sizes %(1, 3%), not", t.float(2, 3), {3}, nil, t.float(1, 3), 1e-5}, {"not defined for int64", t.int(0, 3, 2, 3), {3}, nil, nil, 1e-5},
           {"normalized_shape is empty", t.float(2, 3), {}, nil, nil, 1e-5}}
end

local function probabilities(t, ...) return t.float(...):sigmoid() end
local function at_least(v) return math.max(v, -100) end
local function bce(x, t) return -(t * at_least(math.log(x)) + (1 - t) * at_least(math.log(1 - x))) end
local function logits(x, t, more)
   local soft = math.log(1 + math.exp(-math.abs(x))) + math.max(-x, 0)
   return (1 - t) * x + (((more[1] or 1) - 1) * t + 1) * soft
end
local function binary(f)                        -- the weights broadcast
   return function(x, t, weight, reduction, pos_weight)
      local w, v = weight and read(weight), pos_weight and read(pos_weight)
      return pointwise(function(a, b, _, place) return (w and element(w, place) or 1) * f(a, b, {v and element(v, place) or 1}) end)(x, t, reduction)
   end
end
local function binary_errors(t)
   return {{"target is of sizes", probabilities(t, 2), probabilities(t, 1, 2)}, {"two float tensors", probabilities(t, 2), t.int(0, 1, 2)},
      {"reduction is", probabilities(t, 2), probabilities(t, 2), nil, "all"},
           {"do not fit", probabilities(t, 2), probabilities(t, 2), t.float(3)},
              {"must not require grad", probabilities(t, 2), probabilities(t, 2), t.float(2):requires_grad_()}}
end

local function kl_div(x, t, reduction, log_target)
   local y = pointwise(function(a, b)
      if log_target then return math.exp(b) * (b - a) end
      return (b == 0 and 0 or b * math.log(b)) - b * a
   end)(x, t, reduction == "batchmean" and "sum" or reduction)
   return reduction == "batchmean" and y / read(x).size[1] or y
end

return {
   softmax_of = of(softmax),
   log_softmax_of = of(log_softmax),
   softmax_grad = of(function(g, y, dim) return along(dim, function(i, a, b) return b[i] * (a[i] - sum_of(a, function(v, k) return v * b[k] end)) end, g,
      y) end, both_lines, function() return {} end),
   log_softmax_grad = of(function(g, y, dim) return along(dim, function(i, a, b) return a[i] - math.exp(b[i]) * sum_of(a) end, g, y) end, both_lines,
      function() return {} end),
   softmax = of(softmax),
   log_softmax = of(log_softmax),
   special_softmax = of(softmax),
   special_log_softmax = of(log_softmax),
   functional_softmax = of(usual(softmax), usual_lines),
   functional_log_softmax = of(usual(log_softmax), usual_lines),
   softmin = of(usual(function(x, dim) return softmax(negative(x), dim) end), usual_lines),

   nll_loss_rows = {samples = only(class_calls, true), ref = nll, dtypes = FLOATS, errors = record_class_errors},
   nll_loss2d = {samples = only(class_calls, false), ref = nll, dtypes = FLOATS, errors = record_class_errors},
   nll_loss = {samples = class_calls, ref = nll, dtypes = FLOATS, errors = class_errors},
   nll_loss_grad = {
      samples = function(t)
         return {{t.float(), t.pos(4, 5), weights(t, 4), {5, 4}, 2, "mean"}, {t.float(), t.pos(4, 5), nil, {5, 4}, -100, "sum"},
            {t.float(5), t.pos(4, 5), nil, {5, 4}, 2, "none"},
                 {t.float(2, 3), t.pos(4, 2, 3), weights(t, 4), {2, 4, 3}, 1, "none"}, {t.float(), t.pos(4), nil, {4}, -100, "mean"}}
      end,
      ref = function(g, target, weight, size, ignore, reduction)
         local a, b, total, dim = read(g), read(target), 0, #size == 1 and 1 or 2
         local function weight_of(class) return class == ignore and 0 or weight and weight[class] or 1 end
         for _, class in ipairs(b.flat) do total = total + weight_of(class) end
         return build(size, function(place)
            local p = {table.unpack(place)}
            local class = table.remove(p, dim) + 1
            if element(b, p) ~= class then return 0 end
            local v = -weight_of(class) * (reduction == "none" and element(a, p) or a.flat[1])
            return reduction == "mean" and v / total or v
         end)
      end,
      dtypes = FLOATS,
   },
   cross_entropy = {
      samples = function(t)
         return class_calls(t, function(list)
            for i = 1, #list do
               local call = {table.unpack(list[i], 1, 5)}
               call[6], call.n = 0.25, 6
               list[#list + 1] = call
            end
            for _, reduction in ipairs {"mean", "sum", "none"} do
               for _, sizes in ipairs {{3, 4}, {4}, {2, 4, 3}} do
                  list[#list + 1] = {t.float(sizes), probabilities(t, sizes), weights(t, 4), -100, reduction, 0, n = 6}
                  list[#list + 1] = {t.float(sizes), probabilities(t, sizes), nil, -100, reduction, 0.3, n = 6}
               end
            end
         end)
      end,
      ref = cross_entropy,
      dtypes = FLOATS,
      errors = function(t)
         local list = class_errors(t)
         for _, call in ipairs {{"label_smoothing is 1.5", t.float(2, 4), t.pos(4, 2), nil, -100, "mean", 1.5},
            {"probabilities are floats", t.float(2, 4), t.pos(4, 2, 4)},
                                {"ignore_index is for classes", t.float(2, 4), t.float(2, 4), nil, 1}} do list[#list + 1] = call end
         return list
      end,
   },
   cross_entropy_rows = {samples = smoothed(true, 0), ref = with_log_sums(cross_entropy), dtypes = FLOATS, tolerance = 1e-6, errors = smoothed_class_errors},
   cross_entropy2d = {samples = smoothed(false, 0), ref = with_log_sums(cross_entropy), dtypes = FLOATS, tolerance = 1e-6, errors = smoothed_class_errors},
   cross_entropy_smooth = {samples = smoothed(nil, 0.25), ref = with_log_sums(cross_entropy), dtypes = FLOATS, tolerance = 1e-6, errors = smoothed_class_errors},
   -- the slope of the loss along each input, by the reference of the loss itself
   cross_entropy_grad = {
      samples = function(t)
         local list = {}
         for _, call in ipairs(smoothed()(t)) do
            local x, target, weight, ignore, reduction = table.unpack(call, 1, 5)
            local g = reduction == "none" and t.float(target.shape) or t.float()
            local dim = x.ndim == 1 and 1 or 2
            for _, smoothing in ipairs {0, 0.25} do
               list[#list + 1] = {g, x, target, weight, x:logsumexp(dim):to(tide.float64), ignore, reduction, smoothing, n = 8}
            end
         end
         return list
      end,
      ref = function(g, x, target, weight, _, ignore, reduction, smoothing)
         local a, r = read(x), read(g)
         local size, step = a.size, 1e-4
         local function loss(flat)
            local moved = {size = size, flat = flat}
            local y = read(cross_entropy(build(size, function(p) return element(moved, p) end), target, weight, ignore, reduction, smoothing))
            local sum = 0
            for i, v in ipairs(y.flat) do sum = sum + v * r.flat[i] end
            return sum
         end
         local slopes = {}
         for i = 1, #a.flat do
            local up, down = {table.unpack(a.flat)}, {table.unpack(a.flat)}
            up[i], down[i] = up[i] + step, down[i] - step
            slopes[i] = (loss(up) - loss(down)) / (2 * step)
         end
         return build(size, function(p) return element({size = size, flat = slopes}, p) end)
      end,
      dtypes = FLOATS, tolerance = 1e-6, grad = false,
   },
   layer_norm = {samples = layer_norm_calls, ref = function(...) return (layer_norm(...)) end, dtypes = FLOATS, errors = layer_norm_errors},
   layer_norm_of = {samples = layer_norm_calls, ref = layer_norm, dtypes = FLOATS, tolerance = 1e-6, errors = layer_norm_errors},
   layer_norm_grad = {
      samples = function(t)
         local list = {}
         for _, call in ipairs(layer_norm_calls(t)) do
            local x, shape, weight = table.unpack(call, 1, 3)
            local dims = {}
            for d = 1, #shape do dims[d] = -d end
            local mean, rstd = x:mean(dims):to(tide.float64), ((x:var(dims, false) + call[5]) ^ -0.5):to(tide.float64)
            list[#list + 1] = {t.float(x.shape), x, weight, mean, rstd, shape, 7, n = 7}
         end
         return list
      end,
      ref = function(g, x, weight, mean, rstd, shape)
         local a, w, m, s = read(g), weight and read(weight), read(mean), read(rstd)
         local before = #a.size - #shape
         local function z(v, place)
            local p = {table.unpack(place, 1, before)}
            return (v - element(m, p)) * element(s, p), element(s, p)
         end
         local dw, db, at = {}, {}, 0
         local dx = by_groups(x, #shape, function(list, i, place)
            local n, sum, dot = #list, 0, 0
            local first = at - i + 1
            for j = 1, n do
               local h = a.flat[first + j] * (w and w.flat[j] or 1)
               sum, dot = sum + h, dot + h * z(list[j], place)
            end
            local own, factor = z(list[i], place)
            at = at + 1
            dw[i], db[i] = (dw[i] or 0) + a.flat[at] * own, (db[i] or 0) + a.flat[at]
            return factor * (a.flat[at] * (w and w.flat[i] or 1) - sum / n - own * dot / n)
         end)
         return dx, build(shape, function(p) return element({size = shape, flat = dw}, p) end), build(shape, function(p) return element({size = shape, flat = db}, p) end)
      end,
      dtypes = FLOATS, tolerance = 1e-9, grad = false,
   },
   mean_by = {samples = function(t) return {{t.float(), 3}} end, ref = function(x, by) return x / by end, dtypes = FLOATS},

   mse_loss_of = {samples = differences(), ref = mse, dtypes = FLOATS, errors = record_errors()},
   smooth_l1_loss_of = {samples = differences(3), ref = pointwise(smooth_l1), dtypes = FLOATS, errors = record_errors(1)},
   huber_loss_of = {samples = differences(3), ref = pointwise(huber), dtypes = FLOATS, errors = record_errors(1)},
   mse_loss = {samples = weighted_differences(), ref = with_weight(mse, true), dtypes = FLOATS, errors = difference_errors},
   l1_loss = {samples = weighted_differences(), ref = with_weight(pointwise(function(x, t) return math.abs(x - t) end), true), dtypes = FLOATS,
      errors = difference_errors},
   smooth_l1_loss = {
      samples = differences(3), ref = pointwise(smooth_l1), dtypes = FLOATS,
      errors = function(t) return {{"beta is %-1", t.float(2), t.float(2), "mean", -1}} end,
   },
   huber_loss = {
      samples = weighted_differences(3), ref = with_weight(pointwise(huber), false), dtypes = FLOATS,
      errors = function(t) return {{"delta is 0", t.float(2), t.float(2), "mean", 0},
         {"weight is of sizes", t.float(2), t.float(2), "mean", 1, t.float(3)}} end,
   },

   binary_cross_entropy = {
      samples = function(t)
         local list = {}
         for _, reduction in ipairs {"mean", "sum", "none"} do
            list[#list + 1] = {probabilities(t, 3, 4), probabilities(t, 3, 4), nil, reduction, n = 4}
            list[#list + 1] = {probabilities(t), probabilities(t), nil, reduction, n = 4}
            list[#list + 1] = {probabilities(t, 3, 4), probabilities(t, 3, 4), weights(t, 4), reduction, n = 4}
         end
         return list
      end,
      ref = binary(bce),
      dtypes = FLOATS,
      errors = function(t)
         local list = binary_errors(t)
         list[#list + 1] = {"no probability", t.float(3, 4), probabilities(t, 3, 4)}
         return list
      end,
   },
   binary_cross_entropy_with_logits_of = {
      samples = function(t) return {{t.float(3, 4), probabilities(t, 3, 4), nil, nil, "mean", n = 5},
         {t.float(3, 4), probabilities(t, 3, 4), weights(t, 4), weights(t, 4), "none", n = 5}} end,
      ref = function(x, t, weight, pos_weight, reduction) return binary(logits)(x, t, weight, reduction, pos_weight) end,
      dtypes = FLOATS,
   },
   binary_cross_entropy_with_logits = {
      samples = function(t)
         local list = {}
         for _, reduction in ipairs {"mean", "sum", "none"} do
            list[#list + 1] = {t.float(3, 4), probabilities(t, 3, 4), nil, reduction, n = 4}
            list[#list + 1] = {t.float(), probabilities(t), nil, reduction, n = 4}
            list[#list + 1] = {t.float(3, 4), probabilities(t, 3, 4), weights(t, 4), reduction, weights(t, 1), n = 5}
         end
         return list
      end,
      ref = binary(logits),
      dtypes = FLOATS,
      errors = binary_errors,
   },
   kl_div = {
      samples = function(t)
         local list = {}
         for _, reduction in ipairs {"mean", "sum", "none", "batchmean"} do
            list[#list + 1] = {t.float(3, 4), probabilities(t, 3, 4), reduction}
            list[#list + 1] = {t.float(3, 4), t.float(3, 4), reduction, true}
            list[#list + 1] = {t.float(3, 4), probabilities(t, 4), reduction}
         end
         return list
      end,
      ref = kl_div,
      dtypes = FLOATS,
      errors = function(t) return {{"reduction is", t.float(2), t.float(2), "all"}, {"two float tensors", t.float(2), t.int(0, 1, 2)}} end,
   },
}
