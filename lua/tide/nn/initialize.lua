-- nn.init: what fills parameters before training. All write in place, without recording, and return the tensor. Formulas and streams are PyTorch's.
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

   define("uniform_", "tensor: tensor, a: number = 0.0, b: number = 1.0", function(tensor, a, b) return tensor:uniform_(a, b) end)
   define("normal_", "tensor: tensor, mean: number = 0.0, std: number = 1.0", function(tensor, mean, std) return tensor:normal_(mean, std) end)
   define("constant_", "tensor: tensor, val: number", function(tensor, val) return tensor:fill_(val) end)
   define("ones_", "tensor: tensor", function(tensor) return tensor:fill_(1) end)
   define("zeros_", "tensor: tensor", function(tensor) return tensor:zero_() end)

   define("eye_", "tensor: tensor", function(tensor)
      if tensor.ndim ~= 2 then core.error("eye_: 2 dimensions expected, the tensor has sizes " .. tostring(tensor.shape)) end
      return tensor:copy_(tide.eye(tensor.shape[1], tensor.shape[2]))
   end)

   define("xavier_uniform_", "tensor: tensor, gain: number = 1.0", function(tensor, gain)
      local fan_in, fan_out = fans(tensor, "xavier_uniform_")
      local bound = math.sqrt(3) * (gain * math.sqrt(2 / (fan_in + fan_out)))
      return tensor:uniform_(-bound, bound)
   end)
   define("xavier_normal_", "tensor: tensor, gain: number = 1.0", function(tensor, gain)
      local fan_in, fan_out = fans(tensor, "xavier_normal_")
      return tensor:normal_(0, gain * math.sqrt(2 / (fan_in + fan_out)))
   end)
   define("kaiming_uniform_", "tensor: tensor, a: number = 0, mode: string = 'fan_in', nonlinearity: string = 'leaky_relu'", function(tensor, a, mode, nonlinearity)
      local fan = chosen_fan(tensor, mode, "kaiming_uniform_")
      local bound = math.sqrt(3) * (init.calculate_gain(nonlinearity, a) / math.sqrt(fan))
      return tensor:uniform_(-bound, bound)
   end)
   define("kaiming_normal_", "tensor: tensor, a: number = 0, mode: string = 'fan_in', nonlinearity: string = 'leaky_relu'", function(tensor, a, mode, nonlinearity)
      local fan = chosen_fan(tensor, mode, "kaiming_normal_")
      return tensor:normal_(0, init.calculate_gain(nonlinearity, a) / math.sqrt(fan))
   end)
   init._fans = fans
end
