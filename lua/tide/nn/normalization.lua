-- The normalisations: LayerNorm, RMSNorm, GroupNorm, and BatchNorm and InstanceNorm, which can keep running statistics.
local core = require "tide.core"
local arguments = require "tide.arguments"
local fields = require "tide.nn.fields"
core.own_source()

return function(tide, nn)
   local F = nn.functional

   -- weight of ones and bias of zeros, each there only if wanted.
   local function affine(self, shape, weight, bias, dtype)
      if weight then self.weight = nn.Parameter(tide.ones(shape, {dtype = dtype})) else self:register_parameter("weight", nil) end
      if bias then self.bias = nn.Parameter(tide.zeros(shape, {dtype = dtype})) else self:register_parameter("bias", nil) end
   end
   local function reset_affine(self)
      if self.weight then nn.init.ones_(self.weight) end
      if self.bias then nn.init.zeros_(self.bias) end
   end

   -- One size, or a list of them, as a list.
   local function sizes(v, what)
      if type(v) == "number" then v = {v} end
      for i, s in ipairs(v) do
         if math.type(s) ~= "integer" then core.error(("%s: 'normalized_shape': size %d is a whole number, got %s"):format(what, i, tostring(s))) end
      end
      return {table.unpack(v)}
   end


   -- {======================== LayerNorm, RMSNorm, GroupNorm ========================

   local LayerNorm = nn.class "LayerNorm"
   nn.LayerNorm = LayerNorm
   local layer_arguments = arguments("LayerNorm", "normalized_shape: integer|list, eps: number = 1e-5, elementwise_affine: boolean = true, bias: boolean = true, dtype: dtype = nil")
   function LayerNorm:init(...)
      local shape, bias, dtype
      shape, self.eps, self.elementwise_affine, bias, dtype = layer_arguments(...)
      self.normalized_shape = sizes(shape, "LayerNorm")
      affine(self, self.normalized_shape, self.elementwise_affine, self.elementwise_affine and bias, dtype)
   end
   LayerNorm.reset_parameters = reset_affine
   function LayerNorm:forward(input) return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps) end
   function LayerNorm:extra_repr()
      return fields.shown(self.normalized_shape) .. ", " .. fields.line(self, "eps", "elementwise_affine") .. ", bias=" .. fields.shown(self.bias ~= nil)
   end

   local RMSNorm = nn.class "RMSNorm"
   nn.RMSNorm = RMSNorm
   local rms_arguments = arguments("RMSNorm", "normalized_shape: integer|list, eps: number = nil, elementwise_affine: boolean = true, dtype: dtype = nil")
   function RMSNorm:init(...)
      local shape, dtype
      shape, self.eps, self.elementwise_affine, dtype = rms_arguments(...)
      self.normalized_shape = sizes(shape, "RMSNorm")
      if self.elementwise_affine then self.weight = nn.Parameter(tide.ones(self.normalized_shape, {dtype = dtype})) else self:register_parameter("weight", nil) end
   end
   RMSNorm.reset_parameters = reset_affine
   function RMSNorm:forward(input) return F.rms_norm(input, self.normalized_shape, self.weight, self.eps) end
   function RMSNorm:extra_repr() return fields.shown(self.normalized_shape) .. ", " .. fields.line(self, "eps", "elementwise_affine") end

   local GroupNorm = nn.class "GroupNorm"
   nn.GroupNorm = GroupNorm
   local group_arguments = arguments("GroupNorm", "num_groups: integer, num_channels: integer, eps: number = 1e-5, affine: boolean = true, dtype: dtype = nil, bias: boolean = true")
   function GroupNorm:init(...)
      local dtype, bias
      self.num_groups, self.num_channels, self.eps, self.affine, dtype, bias = group_arguments(...)
      if self.num_groups < 1 or self.num_channels % self.num_groups ~= 0 then
         core.error(("GroupNorm: num_groups %d does not divide num_channels %d"):format(self.num_groups, self.num_channels))
      end
      affine(self, {self.num_channels}, self.affine, self.affine and bias, dtype)
   end
   GroupNorm.reset_parameters = reset_affine
   function GroupNorm:forward(input) return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps) end
   function GroupNorm:extra_repr()
      return fields.shown(self.num_groups) .. ", " .. fields.shown(self.num_channels) .. ", " .. fields.line(self, "eps", "affine") .. ", bias=" .. fields.shown(self.bias ~= nil)
   end

   -- }=========================================================


   -- {======================== BatchNorm, InstanceNorm ========================

   -- What both are made of; defaults: those of affine and track_running_stats.
   local Norm = nn.class "_NormBase"
   local function norm_arguments(name, default)
      local both = ("affine: boolean = %s, track_running_stats: boolean = %s"):format(default, default)
      return arguments(name, "num_features: integer, eps: number = 1e-5, momentum: number|boolean = 0.1, " .. both .. ", dtype: dtype = nil, bias: boolean = true")
   end
   -- momentum false (PyTorch's None): the running statistics are the mean of all batches.
   function Norm:setup(features, eps, momentum, with_affine, track, dtype, bias)
      if momentum == true then core.error(("%s: momentum is a number or false"):format(self:_get_name())) end
      self.num_features, self.eps, self.momentum, self.affine, self.track_running_stats = features, eps, momentum or nil, with_affine, track
      affine(self, {features}, with_affine, with_affine and bias, dtype)
      self:register_buffer("running_mean", track and tide.zeros(features, {dtype = dtype}) or nil)
      self:register_buffer("running_var", track and tide.ones(features, {dtype = dtype}) or nil)
      self:register_buffer("num_batches_tracked", track and tide.tensor(0) or nil)
   end
   function Norm:reset_running_stats()
      if not self.track_running_stats then return end
      self.running_mean:zero_()
      self.running_var:fill_(1)
      self.num_batches_tracked:zero_()
   end
   function Norm:reset_parameters()
      self:reset_running_stats()
      reset_affine(self)
   end
   function Norm:extra_repr()
      local first, last = fields.line(self, "eps", "momentum", "affine"), fields.line(self, "track_running_stats")
      return ("%s, %s, bias=%s, %s"):format(fields.shown(self.num_features), first, fields.shown(self.bias ~= nil), last)
   end
   function Norm:check_dimensions(input)
      local least, most = self._least, self._most
      if core.is_tensor(input) and input.ndim >= least and input.ndim <= most then return end
      core.error(("%s: a tensor of %s dimensions expected, got %s"):format(self:_get_name(), least == most and least or least .. " or " .. most,
         core.is_tensor(input) and "sizes " .. tostring(input.shape):match "%[.*%]" or type(input)))
   end

   for name, dims in pairs {BatchNorm1d = {2, 3}, BatchNorm2d = {4, 4}, BatchNorm3d = {5, 5}} do
      local Class, read = nn.class(name, Norm), norm_arguments(name, true)
      nn[name] = Class
      Class._least, Class._most = dims[1], dims[2]
      function Class:init(...) self:setup(read(...)) end
      function Class:forward(input)
         self:check_dimensions(input)
         local follow = self.training and self.track_running_stats
         local momentum = self.momentum or 0.0
         if follow then
            self.num_batches_tracked:add_(1)
            if not self.momentum then momentum = 1 / self.num_batches_tracked:item() end
         end
         local mean, var = self.running_mean, self.running_var
         if self.training and not follow then mean, var = nil, nil end
         return F.batch_norm(input, mean, var, self.weight, self.bias, self.training or not mean, momentum, self.eps)
      end
   end

   for name, dims in pairs {InstanceNorm1d = 2, InstanceNorm2d = 3, InstanceNorm3d = 4} do
      local Class, read = nn.class(name, Norm), norm_arguments(name, false)
      nn[name] = Class
      Class._least, Class._most = dims, dims + 1
      function Class:init(...) self:setup(read(...)) end
      function Class:forward(input)
         self:check_dimensions(input)
         local channels = input:size(input.ndim - dims + 1)
         if channels ~= self.num_features and self.affine then
            core.error(("%s: %d channels expected, got sizes %s"):format(name, self.num_features, tostring(input.shape):match "%[.*%]"))
         end
         local batch = input.ndim == dims and input:unsqueeze(1) or input
         local measured = self.training or not self.track_running_stats
         local output = F.instance_norm(batch, self.running_mean, self.running_var, self.weight, self.bias, measured, self.momentum or 0.0, self.eps)
         return input.ndim == dims and output:squeeze(1) or output
      end
   end

   -- }=========================================================
end
