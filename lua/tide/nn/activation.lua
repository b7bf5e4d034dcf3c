-- The activations: modules around functions of nn.functional. Most differ in nothing but names, and stand in a table.
local core = require "tide.core"
local arguments = require "tide.arguments"
local fields = require "tide.nn.fields"
core.own_source()

-- class, function, arguments: fields of the module, which follow the input in the call and are printed. `bare`: only the value is printed; `silent`: nothing is.
local plain = {
   {"ReLU", "relu", "inplace: boolean = false"},
   {"ReLU6", "relu6", "inplace: boolean = false"},
   {"LeakyReLU", "leaky_relu", "negative_slope: number = 0.01, inplace: boolean = false"},
   {"ELU", "elu", "alpha: number = 1.0, inplace: boolean = false"},
   {"SELU", "selu", "inplace: boolean = false"},
   {"CELU", "celu", "alpha: number = 1.0, inplace: boolean = false"},
   {"GELU", "gelu", "approximate: string = 'none'"},
   {"SiLU", "silu", "inplace: boolean = false"},
   {"Mish", "mish", "inplace: boolean = false"},
   {"Softplus", "softplus", "beta: number = 1.0, threshold: number = 20.0"},
   {"Softsign", "softsign", ""},
   {"Tanh", "tanh", ""},
   {"Tanhshrink", "tanhshrink", ""},
   {"Sigmoid", "sigmoid", ""},
   {"LogSigmoid", "logsigmoid", ""},
   {"Hardsigmoid", "hardsigmoid", "inplace: boolean = false", silent = true},
   {"Hardswish", "hardswish", "inplace: boolean = false", silent = true},
   {"Hardtanh", "hardtanh", "min_val: number = -1.0, max_val: number = 1.0, inplace: boolean = false"},
   {"Hardshrink", "hardshrink", "lambd: number = 0.5", bare = true},
   {"Softshrink", "softshrink", "lambd: number = 0.5", bare = true},
   {"Threshold", "threshold", "threshold: number, value: number, inplace: boolean = false"},
   {"GLU", "glu", "dim: integer = -1"},
   {"Softmax", "softmax", "dim: integer = nil"},
   {"Softmin", "softmin", "dim: integer = nil"},
   {"LogSoftmax", "log_softmax", "dim: integer = nil"},
}

return function(tide, nn, loaders)
   local F = nn.functional

   for _, row in ipairs(plain) do
      local name, given = row[1], row[3]
      loaders[name] = function()
         local call = F[row[2]]
         local read, names, printed = arguments(name, given), {}, {}
         for field in given:gmatch "([%a_]+):" do
            names[#names + 1] = field
            if field ~= "inplace" then printed[#printed + 1] = field end
         end

         local Class = nn.class(name)
         function Class:init(...)
            local values = table.pack(read(...))
            for i, field in ipairs(names) do self[field] = values[i] end
         end
         function Class:forward(input) return call(input, fields.values(self, names)) end
         function Class:extra_repr()
            if row.silent then return "" elseif row.bare then return fields.shown(self[names[1]]) end
            local line = fields.line(self, table.unpack(printed))
            if not self.inplace then return line end
            return line == "" and "inplace=True" or line .. ", inplace=True"
         end
         return Class
      end
   end

   -- Softmax over the channels of an image [N, C, H, W] or [C, H, W].
   nn.Softmax2d = nn.class "Softmax2d"
   function nn.Softmax2d.forward(_, input)
      if not core.is_tensor(input) or (input.ndim ~= 3 and input.ndim ~= 4) then
         core.error("Softmax2d: a tensor of 3 or 4 dimensions expected, got " .. (core.is_tensor(input) and "sizes " .. tostring(input.shape) or type(input)))
      end
      return F.softmax(input, -3)
   end

   -- x above 0, a random multiple of it below: of lower to upper while training, else their mean.
   local RReLU = nn.class "RReLU"
   nn.RReLU = RReLU
   local rrelu_arguments = arguments("RReLU", "lower: number = 0.125, upper: number = 1 / 3, inplace: boolean = false")
   function RReLU:init(...) self.lower, self.upper, self.inplace = rrelu_arguments(...) end
   function RReLU:forward(input) return F.rrelu(input, self.lower, self.upper, self.training, self.inplace) end
   function RReLU:extra_repr() return fields.line(self, "lower", "upper") .. (self.inplace and ", inplace=True" or "") end

   -- x above 0, weight times x below: one weight, or one for each channel.
   local PReLU = nn.class "PReLU"
   nn.PReLU = PReLU
   local prelu_arguments = arguments("PReLU", "num_parameters: integer = 1, init: number = 0.25, dtype: dtype = nil")
   function PReLU:init(...)
      local dtype
      self.num_parameters, self.initial, dtype = prelu_arguments(...)
      self.weight = nn.Parameter(tide.empty(self.num_parameters, {dtype = dtype}))
      self:reset_parameters()
   end
   function PReLU:reset_parameters() nn.init.constant_(self.weight, self.initial) end
   function PReLU:forward(input) return F.prelu(input, self.weight) end
   function PReLU:extra_repr() return fields.line(self, "num_parameters") end
end
