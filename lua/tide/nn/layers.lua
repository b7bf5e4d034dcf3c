-- Layers without state of their own shape: Linear, Bilinear, Identity, Flatten, Unflatten, Embedding, Dropout.
local core = require "tide.core"
local arguments = require "tide.arguments"
core.own_source()

return function(tide, nn)
   local F, init = nn.functional, nn.init

   local function bool(v) return v and "True" or "False" end

   -- {======================== Linear ========================

   -- y = x W^T + b; weight [out, in], bias [out].
   local Linear = nn.class "Linear"
   nn.Linear = Linear
   local linear_arguments = arguments("Linear", "in_features: integer, out_features: integer, bias: boolean = true, dtype: dtype = nil")

   function Linear:init(...)
      local inputs, outputs, bias, dtype = linear_arguments(...)
      self.in_features, self.out_features = inputs, outputs
      self.weight = nn.Parameter(tide.empty(outputs, inputs, {dtype = dtype}))
      if bias then self.bias = nn.Parameter(tide.empty(outputs, {dtype = dtype})) else self:register_parameter("bias", nil) end
      self:reset_parameters()
   end
   function Linear:reset_parameters()
      init.kaiming_uniform_(self.weight, {a = math.sqrt(5)})
      if self.bias then
         local bound = self.in_features > 0 and 1 / math.sqrt(self.in_features) or 0
         init.uniform_(self.bias, -bound, bound)
      end
   end
   function Linear:forward(input) return F.linear(input, self.weight, self.bias) end
   function Linear:extra_repr() return ("in_features=%d, out_features=%d, bias=%s"):format(self.in_features, self.out_features, bool(self.bias)) end

   -- }=========================================================
end
