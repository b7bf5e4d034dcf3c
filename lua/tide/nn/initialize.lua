-- nn.init: what fills parameters before training. All write in place, without recording, and return the tensor. Formulas and streams are PyTorch's.
-- generator: what to draw from instead of tide's own.
local core = require "tide.core"
local arguments = require "tide.arguments"
core.own_source()

return function(tide, nn)
   local init = {}
   nn.init = init

   local function define(name, text, body)
      local read = arguments(name, text)
      init[name] = function(...) return tide.no_grad(body, read(...)) end
   end

   -- {======================== numbers that shapes and activations give ========================

   -- How many inputs an element of the output has, and outputs an input: of a weight [out, in, ...].
   local function fans(tensor, what)
      if tensor.ndim < 2 then core.error(("%s: at least 2 dimensions expected, the tensor has sizes %s"):format(what, tensor.shape)) end
      local field = 1
      for d = 3, tensor.ndim do field = field * tensor.shape[d] end
      return tensor.shape[2] * field, tensor.shape[1] * field
   end

   local gains = {linear = 1, conv1d = 1, conv2d = 1, conv3d = 1, conv_transpose1d = 1, conv_transpose2d = 1, conv_transpose3d = 1, sigmoid = 1, tanh = 5 / 3,
      relu = math.sqrt(2), selu = 3 / 4}

   local gain_arguments = arguments("calculate_gain", "nonlinearity: string, param: number = nil")
   function init.calculate_gain(...)
      local nonlinearity, param = gain_arguments(...)
      if nonlinearity == "leaky_relu" then return math.sqrt(2 / (1 + (param or 0.01) ^ 2)) end
      return gains[nonlinearity] or core.error(("calculate_gain: there is no nonlinearity %q"):format(nonlinearity))
   end

   local function chosen_fan(tensor, mode, what)
      local fan_in, fan_out = fans(tensor, what)
      if mode == "fan_in" then return fan_in elseif mode == "fan_out" then return fan_out end
      core.error(("%s: mode is \"fan_in\" or \"fan_out\", got %q"):format(what, mode))
   end

   -- }=========================================================

   define("uniform_", "tensor: tensor, a: number = 0.0, b: number = 1.0, generator: any = nil", function(tensor, a, b, generator)
      return tensor:uniform_(a, b, {generator = generator})
   end)
   define("normal_", "tensor: tensor, mean: number = 0.0, std: number = 1.0, generator: any = nil", function(tensor, mean, std, generator)
      return tensor:normal_(mean, std, {generator = generator})
   end)
   define("constant_", "tensor: tensor, val: number", function(tensor, val) return tensor:fill_(val) end)
   define("ones_", "tensor: tensor", function(tensor) return tensor:fill_(1) end)
   define("zeros_", "tensor: tensor", function(tensor) return tensor:zero_() end)

   define("eye_", "tensor: tensor", function(tensor)
      if tensor.ndim ~= 2 then core.error("eye_: 2 dimensions expected, the tensor has sizes " .. tostring(tensor.shape)) end
      return tensor:copy_(tide.eye(tensor.shape[1], tensor.shape[2]))
   end)

   define("xavier_uniform_", "tensor: tensor, gain: number = 1.0, generator: any = nil", function(tensor, gain, generator)
      local fan_in, fan_out = fans(tensor, "xavier_uniform_")
      local bound = math.sqrt(3) * (gain * math.sqrt(2 / (fan_in + fan_out)))
      return tensor:uniform_(-bound, bound, {generator = generator})
   end)
   define("xavier_normal_", "tensor: tensor, gain: number = 1.0, generator: any = nil", function(tensor, gain, generator)
      local fan_in, fan_out = fans(tensor, "xavier_normal_")
      return tensor:normal_(0, gain * math.sqrt(2 / (fan_in + fan_out)), {generator = generator})
   end)
   local function nothing(tensor, what)
      if tensor:numel() > 0 then return false end
      core.warn(what .. ": a tensor without elements stays as it is")
      return true
   end
   local kaiming = "tensor: tensor, a: number = 0, mode: string = 'fan_in', nonlinearity: string = 'leaky_relu', generator: any = nil"
   define("kaiming_uniform_", kaiming, function(tensor, a, mode, nonlinearity, generator)
      if nothing(tensor, "kaiming_uniform_") then return tensor end
      local fan = chosen_fan(tensor, mode, "kaiming_uniform_")
      local bound = math.sqrt(3) * (init.calculate_gain(nonlinearity, a) / math.sqrt(fan))
      return tensor:uniform_(-bound, bound, {generator = generator})
   end)
   define("kaiming_normal_", kaiming, function(tensor, a, mode, nonlinearity, generator)
      if nothing(tensor, "kaiming_normal_") then return tensor end
      local fan = chosen_fan(tensor, mode, "kaiming_normal_")
      return tensor:normal_(0, init.calculate_gain(nonlinearity, a) / math.sqrt(fan), {generator = generator})
   end)


   -- {======================== shapes with a meaning ========================

   local function check_dims(tensor, what, least, most)
      if tensor.ndim >= least and tensor.ndim <= most then return end
      local wanted = least == most and tostring(least) or most == math.huge and "at least " .. least or ("%d to %d"):format(least, most)
      core.error(("%s: %s dimensions expected, the tensor has sizes %s"):format(what, wanted, tensor.shape))
   end

   -- A convolution that gives its input back, as far as there are channels: ones in the middle.
   define("dirac_", "tensor: tensor, groups: integer = 1", function(tensor, groups)
      check_dims(tensor, "dirac_", 3, 5)
      if groups < 1 or tensor.shape[1] % groups ~= 0 then core.error(("dirac_: groups %d does not divide the first size of %s"):format(groups, tensor.shape)) end
      tensor:zero_()
      local each = tensor.shape[1] // groups
      for g = 0, groups - 1 do
         for d = 1, math.min(each, tensor.shape[2]) do
            local place = {g * each + d, d}
            for i = 3, tensor.ndim do place[i] = tensor.shape[i] // 2 + 1 end
            tensor[place] = 1
         end
      end
      return tensor
   end)

   -- Normal numbers, of which the given fraction of each column is set to 0.
   define("sparse_", "tensor: tensor, sparsity: number, std: number = 0.01, generator: any = nil", function(tensor, sparsity, std, generator)
      check_dims(tensor, "sparse_", 2, 2)
      if sparsity < 0 or sparsity > 1 then core.error(("sparse_: sparsity is %s, no fraction from 0 to 1"):format(sparsity)) end
      local rows, columns = tensor.shape[1], tensor.shape[2]
      local zeros = math.ceil(sparsity * rows)
      tensor:normal_(0, std, {generator = generator})
      for column = 1, columns do
         local order = tide.randperm(rows)
         if zeros > 0 then tensor[{order[{{1, zeros}}], column}] = 0 end
      end
      return tensor
   end)

   -- A matrix [rows, the rest] with orthonormal columns, or rows if they are fewer: of normal numbers, each made orthogonal to those before it (twice, which
   -- leaves nothing of rounding), computed in float64. It is the Q of the QR decomposition in which the diagonal of R is positive.
   define("orthogonal_", "tensor: tensor, gain: number = 1, generator: any = nil", function(tensor, gain, generator)
      check_dims(tensor, "orthogonal_", 2, math.huge)
      if tensor:numel() == 0 then return tensor end
      local rows, columns = tensor.shape[1], tensor:numel() // tensor.shape[1]
      local flat = tide.empty(rows, columns, {dtype = tensor.dtype}):normal_(0, 1, {generator = generator}):double()
      local vectors = rows < columns and flat or flat:t():contiguous()
      for i = 1, vectors.shape[1] do
         local v = vectors[i]
         if i > 1 then
            local before = vectors:narrow(1, 1, i - 1)
            for _ = 1, 2 do v:sub_(before:mv(v):matmul(before)) end
         end
         local norm = v:norm():item()
         v:mul_(norm > 0 and 1 / norm or 0)
      end
      return tensor:copy_((rows < columns and vectors or vectors:t()):reshape(tensor.shape)):mul_(gain)
   end)

   -- }=========================================================


   -- {======================== trunc_normal_ ========================

   local function normal_below(x) return (1 + tide.tensor(x / math.sqrt(2), {dtype = tide.float64}):erf():item()) / 2 end

   -- Draws again what is not in [a, b].
   local function redrawn(tensor, mean, std, a, b, from)
      local low, high = tensor:new_tensor(a):item(), tensor:new_tensor(b):item()
      local result = tensor:normal_(mean, std, from)
      while true do
         local outside = result:lt(low):logical_or(result:gt(high))
         if not outside:any():item() then return result end
         result = tide.where(outside, tide.empty_like(result):normal_(mean, std, from), result)
      end
   end

   -- Where little of the distribution lies in [a, b]: uniform candidates, each taken with the probability that its density has against the highest there.
   local function accepted(tensor, mean, std, a, b, from)
      local peak = -0.5 * ((math.max(a, math.min(mean, b)) - mean) / std) ^ 2
      local function refused(candidates)
         local log_density = candidates:sub(mean):div_(std):pow_(2):mul_(-0.5):sub_(peak)
         return tide.empty_like(tensor):uniform_(from):log_():gt(log_density)
      end
      local result = tensor:uniform_(a, b, from)
      local pending = refused(result)
      while pending:any():item() do
         local candidates = tide.empty_like(tensor):uniform_(a, b, from)
         result = tide.where(pending, candidates, result)
         pending = pending:logical_and(refused(candidates))
      end
      return result
   end

   -- Normal numbers of those in [a, b] alone.
   local truncated = "tensor: tensor, mean: number = 0.0, std: number = 1.0, a: number = -2.0, b: number = 2.0, generator: any = nil"
   define("trunc_normal_", truncated, function(tensor, mean, std, a, b, generator)
      if mean < a - 2 * std or mean > b + 2 * std then core.warn "trunc_normal_: mean is more than 2 std away from [a, b]: the distribution of the values may be wrong" end
      local often = normal_below((b - mean) / std) - normal_below((a - mean) / std) > 0.3
      return tensor:copy_((often and redrawn or accepted)(tensor, mean, std, a, b, {generator = generator}))
   end)

   -- }=========================================================
end
