-- nn.functional: what is put together from operators in Lua. The rest is in C (src/ops/activation.def, loss.def, dropout.def, embedding.def ...).
local core = require "tide.core"
local arguments = require "tide.arguments"
core.own_source()

return function(tide, nn)
   local F = nn.functional

   local function define(name, text, body)
      local read = arguments(name, text)
      F[name] = function(...) return body(read(...)) end
   end

   local function sizes(t) return tostring(t.shape):match "%[.*%]" end

   -- {======================== activations ========================

   -- relu_(x) and the like: the same in place.
   for name, given in pairs {
      relu = "", selu = "", elu = ", alpha: number = 1.0", celu = ", alpha: number = 1.0", leaky_relu = ", negative_slope: number = 0.01",
      hardtanh = ", min_val: number = -1.0, max_val: number = 1.0", threshold = ", threshold: number, value: number",
   } do
      local read, call = arguments(name .. "_", "input: tensor" .. given), F[name]
      F[name .. "_"] = function(...)
         local values = table.pack(read(...))
         values[values.n + 1] = true
         return call(table.unpack(values, 1, values.n + 1))
      end
   end

   -- x above 0, r x below, r uniform in [lower, upper) while training, else their mean. One number is drawn for each x that is not above 0.
   local function rrelu(input, lower, upper, training, inplace)
      if lower > upper then core.error(("rrelu: lower %s is above upper %s"):format(lower, upper)) end
      if not training then return F.leaky_relu(input, (lower + upper) / 2, inplace) end
      local slope = tide.no_grad(function()
         local below = input:detach():le(0)
         local drawn = tide.empty(below:sum():item(), {dtype = tide.float64}):uniform_(lower, upper)
         return tide.ones_like(input):masked_scatter_(below, drawn:to(input.dtype))
      end)
      return inplace and input:mul_(slope) or input * slope
   end
   define("rrelu", "input: tensor, lower: number = 0.125, upper: number = 1 / 3, training: boolean = false, inplace: boolean = false", rrelu)
   define("rrelu_", "input: tensor, lower: number = 0.125, upper: number = 1 / 3, training: boolean = false", function(input, lower, upper, training)
      return rrelu(input, lower, upper, training, true)
   end)

   -- Samples from classes of these unnormalised log-probabilities: soft ones, or with hard one-hot ones that have the soft ones' gradient.
   define("gumbel_softmax", "logits: tensor, tau: number = 1, hard: boolean = false, eps: number = 1e-10, dim: integer = -1", function(logits, tau, hard, _, dim)
      local gumbels = -tide.empty(logits.shape, {dtype = logits.dtype}):exponential_():log()
      local soft = ((logits + gumbels) / tau):softmax(dim)
      if not hard then return soft end
      local _, index = soft:max(dim, true)
      return tide.zeros(logits.shape, {dtype = logits.dtype}):scatter_(dim, index, 1.0) - soft:detach() + soft
   end)

   -- }=========================================================


   -- {======================== distances ========================

   -- input divided by its p-norm along dim, or by eps where that is larger.
   define("normalize", "input: tensor, p: number = 2.0, dim: integer|list = 2, eps: number = 1e-12", function(input, p, dim, eps)
      return input / input:norm(p, dim, true):clamp_min(eps):expand_as(input)
   end)

   -- The cosine of the angle between vectors along dim; norms are not below eps.
   define("cosine_similarity", "x1: tensor, x2: tensor, dim: integer = 2, eps: number = 1e-8", function(x1, x2, dim, eps)
      local both = tide.broadcast_tensors(x1, x2)
      local units = {}
      for i, x in ipairs(both) do
         if not x.dtype.is_floating_point then x = x:to(tide.get_default_dtype()) end
         local norm = tide.linalg.vector_norm(x, 2, dim, true):clone()
         tide.no_grad(norm.clamp_min_, norm, eps)
         units[i] = x / norm
      end
      return (units[1] * units[2]):sum(dim)
   end)
   tide.cosine_similarity = F.cosine_similarity

   -- The p-norm of x1 - x2 + eps along the last dimension.
   define("pairwise_distance", "x1: tensor, x2: tensor, p: number = 2.0, eps: number = 1e-6, keepdim: boolean = false", function(x1, x2, p, eps, keepdim)
      return tide.norm(x1 - x2 + eps, p, -1, keepdim)
   end)
   tide.pairwise_distance = F.pairwise_distance

   -- }=========================================================


   -- {======================== layers ========================

   -- Classes (positions, int64 [*]) as rows [*, num_classes] with a one; -1: as many as the largest class.
   define("one_hot", "tensor: tensor, num_classes: integer = -1", function(tensor, num_classes)
      if tensor.dtype ~= tide.int64 then core.error("one_hot: classes are int64, got " .. tostring(tensor.dtype)) end
      if tensor:numel() == 0 and num_classes < 1 then core.error "one_hot: num_classes must be given for no classes at all" end
      if tensor:numel() > 0 then
         local least, most = tensor:min():item(), tensor:max():item()
         if least < 1 then core.error(("one_hot: class %d: classes count from 1"):format(least)) end
         if num_classes == -1 then num_classes = most end
         if most > num_classes then core.error(("one_hot: class %d is out of range for %d classes"):format(most, num_classes)) end
      end
      local shape = {table.unpack(tensor.shape)}
      shape[#shape + 1] = num_classes
      return tide.zeros(shape, {dtype = tide.int64}):scatter_(-1, tensor:unsqueeze(-1), 1)
   end)

   -- batch_norm in which every sample is a batch of its own. The running statistics follow the mean over the samples.
   define("instance_norm", "input: tensor, running_mean: tensor = nil, running_var: tensor = nil, weight: tensor = nil, bias: tensor = nil, "
      .. "use_input_stats: boolean = true, momentum: number = 0.1, eps: number = 1e-5",
      function(input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps)
         if input.ndim < 3 then core.error("instance_norm: at least 3 dimensions expected, [N, C, *], got sizes " .. sizes(input)) end
         local n, c = input.shape[1], input.shape[2]
         if use_input_stats and input:numel() == n * c then core.error(("instance_norm: sizes %s have one value alone in each channel"):format(sizes(input))) end
         local function each(v) return v and v["repeat"](v, n) end
         local shape = {table.unpack(input.shape)}
         shape[1], shape[2] = 1, n * c
         local mean, var = each(running_mean), each(running_var)
         local output = F.batch_norm(input:reshape(shape), mean, var, each(weight), each(bias), use_input_stats, momentum, eps)
         if use_input_stats and running_mean then
            tide.no_grad(function()
               running_mean:copy_(mean:view(n, c):mean(1))
               running_var:copy_(var:view(n, c):mean(1))
            end)
         end
         return output:view(input.shape)
      end)

   -- }=========================================================


   -- {======================== losses ========================

   local function check_reduction(reduction, what)
      if reduction ~= "mean" and reduction ~= "sum" and reduction ~= "none" then core.error(("%s: reduction is \"mean\", \"sum\" or \"none\", got %q"):format(what, reduction)) end
   end

   -- A loss whose last argument is the reduction of what body gives. Its arguments are checked before any of it is computed.
   local function define_loss(name, text, body)
      local read = arguments(name, text .. ", reduction: string = 'mean'")
      F[name] = function(...)
         local values = table.pack(read(...))
         local reduction = values[values.n]
         check_reduction(reduction, name)
         local loss = body(table.unpack(values, 1, values.n - 1))
         return reduction == "mean" and loss:mean() or reduction == "sum" and loss:sum() or loss
      end
   end

   local function same_dims(what, ...)
      local list = {...}
      for i = 2, #list do
         if list[i].ndim ~= list[1].ndim then
            local given = {}
            for k, t in ipairs(list) do given[k] = sizes(t) end
            core.error(("%s: the tensors have equally many dimensions, got sizes %s"):format(what, table.concat(given, ", ")))
         end
      end
   end

   -- target 1: 1 - cos, target -1: cos above margin; of vectors [D], or rows [N, D].
   define_loss("cosine_embedding_loss", "input1: tensor, input2: tensor, target: tensor, margin: number = 0.0", function(input1, input2, target, margin)
      if target.ndim > 1 or input1.ndim ~= target.ndim + 1 or input2.ndim ~= target.ndim + 1 then
         core.error(("cosine_embedding_loss: inputs [N, D] with a target [N], or [D] with [], expected, got sizes %s, %s and %s"):format(sizes(input1), sizes(input2), sizes(target)))
      end
      local dim, eps = -1, 1e-12
      local product = (input1 * input2):sum(dim)
      local size1, size2 = (input1 * input1):sum(dim) + eps, (input2 * input2):sum(dim) + eps
      local cos = product / (size1 * size2):sqrt()
      local zeros = tide.zeros_like(cos)
      return tide.where(target:eq(1), 1 - cos, zeros) + tide.where(target:eq(-1), (cos - margin):clamp_min(0), zeros)
   end)

   -- max(0, -target (input1 - input2) + margin)
   define_loss("margin_ranking_loss", "input1: tensor, input2: tensor, target: tensor, margin: number = 0.0", function(input1, input2, target, margin)
      same_dims("margin_ranking_loss", input1, input2, target)
      return (-target * (input1 - input2) + margin):clamp_min(0)
   end)

   -- target 1: x, target -1: max(0, margin - x)
   define_loss("hinge_embedding_loss", "input: tensor, target: tensor, margin: number = 1.0", function(input, target, margin)
      local zeros = tide.zeros_like(input)
      return tide.where(target:ne(1), (margin - input):clamp_min(0), zeros) + tide.where(target:ne(-1), input, zeros)
   end)

   -- log(1 + e^(-target x))
   define_loss("soft_margin_loss", "input: tensor, target: tensor", function(input, target) return (-target * input):exp():log1p() end)

   -- Of Poisson rates: e^x - t x of logarithms, or x - t log(x + eps); full: with Stirling's term where t > 1.
   define_loss("poisson_nll_loss", "input: tensor, target: tensor, log_input: boolean = true, full: boolean = false, eps: number = 1e-8", function(input, target, log_input, full, eps)
      local loss = log_input and input:exp() - target * input or input - target * (input + eps):log()
      if not full then return loss end
      local stirling = target * target:log() - target + 0.5 * (2 * math.pi * target):log()
      return loss + stirling:masked_fill(target:le(1), 0)
   end)

   -- (log var + (x - t)^2 / var) / 2 of normal distributions, var not below eps; full: with the constant.
   define_loss("gaussian_nll_loss", "input: tensor, target: tensor, var: tensor|number, full: boolean = false, eps: number = 1e-6", function(input, target, var, full, eps)
      if type(var) == "number" then var = tide.full_like(input, var) end
      if var:lt(0):any():item() then core.error "gaussian_nll_loss: var has an element below 0" end
      if var.shape ~= input.shape then
         local given, differ, short = sizes(var), 0, var.ndim == input.ndim - 1
         for d = 1, var.ndim do
            if var.shape[d] ~= input.shape[d] then differ = differ + (var.shape[d] == 1 and var.ndim == input.ndim and 1 or 2) end
         end
         if short and differ == 0 then var = var:unsqueeze(-1)
         elseif differ ~= 1 then
            core.error(("gaussian_nll_loss: var has input's sizes, %s, or one of them is 1 or the last is missing, got sizes %s"):format(sizes(input), given))
         end
      end
      var = var:clone()
      tide.no_grad(var.clamp_min_, var, eps)
      local loss = 0.5 * (var:log() + (input - target) ^ 2 / var)
      return full and loss + 0.5 * math.log(2 * math.pi) or loss
   end)

   -- For each row the mean over classes of the binary loss of sigmoid(x).
   define_loss("multilabel_soft_margin_loss", "input: tensor, target: tensor, weight: tensor = nil", function(input, target, weight)
      local loss = -(target * F.logsigmoid(input) + (1 - target) * F.logsigmoid(-input))
      if weight then loss = loss * weight end
      return loss:sum(-1) / input:size(-1)
   end)

   -- max(0, margin + distance of anchor and positive - distance of anchor, or with swap the positive if it is nearer, and negative)
   local function triplet(what, anchor, positive, negative, margin, swap, distance)
      if margin <= 0 then core.error(("%s: margin is %s, which is not above 0"):format(what, margin)) end
      same_dims(what, anchor, positive, negative)
      local near, far = distance(anchor, positive), distance(anchor, negative)
      if swap then far = tide.minimum(far, distance(positive, negative)) end
      return (margin + near - far):clamp_min(0)
   end
   define_loss("triplet_margin_loss", "anchor: tensor, positive: tensor, negative: tensor, margin: number = 1.0, p: number = 2.0, eps: number = 1e-6, swap: boolean = false",
      function(anchor, positive, negative, margin, p, eps, swap)
         return triplet("triplet_margin_loss", anchor, positive, negative, margin, swap, function(a, b) return F.pairwise_distance(a, b, p, eps) end)
      end)
   define_loss("triplet_margin_with_distance_loss",
      "anchor: tensor, positive: tensor, negative: tensor, distance_function: function = nil, margin: number = 1.0, swap: boolean = false",
      function(anchor, positive, negative, distance, margin, swap)
         return triplet("triplet_margin_with_distance_loss", anchor, positive, negative, margin, swap, distance or F.pairwise_distance)
      end)

   -- }=========================================================
end
