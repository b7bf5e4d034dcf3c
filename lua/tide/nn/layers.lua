-- Layers that change the shape of what they get, look up, mix or drop: Identity, Linear, Bilinear, Flatten, Unflatten, Embedding, Dropout; and distances.
local core = require "tide.core"
local arguments = require "tide.arguments"
local fields = require "tide.nn.fields"
core.own_source()

return function(tide, nn)
   local F, init = nn.functional, nn.init

   -- A new parameter, or none under this name.
   local function parameter(self, name, wanted, shape, dtype)
      if wanted then self[name] = nn.Parameter(tide.empty(shape, {dtype = dtype})) else self:register_parameter(name, nil) end
   end

   -- Gives its input back, whatever it was made with.
   nn.Identity = nn.class "Identity"
   function nn.Identity:init() return self end
   function nn.Identity.forward(_, input) return input end

   -- {======================== Linear, Bilinear ========================

   -- y = x W^T + b; weight [out, in], bias [out].
   local Linear = nn.class "Linear"
   nn.Linear = Linear
   local linear_arguments = arguments("Linear", "in_features: integer, out_features: integer, bias: boolean = true, dtype: dtype = nil")

   function Linear:init(...)
      local inputs, outputs, bias, dtype = linear_arguments(...)
      self.in_features, self.out_features = inputs, outputs
      parameter(self, "weight", true, {outputs, inputs}, dtype)
      parameter(self, "bias", bias, {outputs}, dtype)
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
   function Linear:extra_repr() return fields.line(self, "in_features", "out_features") .. ", bias=" .. fields.shown(self.bias ~= nil) end

   -- y[k] = x1 W[k] x2 + b[k]; weight [out, in1, in2], bias [out].
   local Bilinear = nn.class "Bilinear"
   nn.Bilinear = Bilinear
   local bilinear_arguments = arguments("Bilinear", "in1_features: integer, in2_features: integer, out_features: integer, bias: boolean = true, dtype: dtype = nil")

   function Bilinear:init(...)
      local inputs1, inputs2, outputs, bias, dtype = bilinear_arguments(...)
      if inputs1 <= 0 then core.error(("Bilinear: in1_features is %d, which is not above 0"):format(inputs1)) end
      self.in1_features, self.in2_features, self.out_features = inputs1, inputs2, outputs
      parameter(self, "weight", true, {outputs, inputs1, inputs2}, dtype)
      parameter(self, "bias", bias, {outputs}, dtype)
      self:reset_parameters()
   end
   function Bilinear:reset_parameters()
      local bound = 1 / math.sqrt(self.weight.shape[2])
      init.uniform_(self.weight, -bound, bound)
      if self.bias then init.uniform_(self.bias, -bound, bound) end
   end
   function Bilinear:forward(input1, input2) return F.bilinear(input1, input2, self.weight, self.bias) end
   function Bilinear:extra_repr() return fields.line(self, "in1_features", "in2_features", "out_features") .. ", bias=" .. fields.shown(self.bias ~= nil) end

   -- }=========================================================


   -- {======================== Flatten, Unflatten ========================

   local Flatten = nn.class "Flatten"
   nn.Flatten = Flatten
   local flatten_arguments = arguments("Flatten", "start_dim: integer = 2, end_dim: integer = -1")
   function Flatten:init(...) self.start_dim, self.end_dim = flatten_arguments(...) end
   function Flatten:forward(input) return input:flatten(self.start_dim, self.end_dim) end
   function Flatten:extra_repr() return fields.line(self, "start_dim", "end_dim") end

   local Unflatten = nn.class "Unflatten"
   nn.Unflatten = Unflatten
   local unflatten_arguments = arguments("Unflatten", "dim: integer, unflattened_size: list")
   function Unflatten:init(...)
      self.dim, self.unflattened_size = unflatten_arguments(...)
      for i, size in ipairs(self.unflattened_size) do
         if math.type(size) ~= "integer" then core.error(("Unflatten: size %d is a whole number, got %s"):format(i, tostring(size))) end
      end
   end
   function Unflatten:forward(input) return input:unflatten(self.dim, self.unflattened_size) end
   function Unflatten:extra_repr() return fields.line(self, "dim", "unflattened_size") end

   -- }=========================================================


   -- {======================== Embedding ========================

   -- Rows of weight [num_embeddings, embedding_dim] at positions. The row padding_idx starts as zeros and gets no gradient.
   local Embedding = nn.class "Embedding"
   nn.Embedding = Embedding
   local options = "padding_idx: integer = nil, max_norm: number = nil, norm_type: number = 2.0, scale_grad_by_freq: boolean = false, sparse: boolean = false"
   local embedding_arguments = arguments("Embedding", "num_embeddings: integer, embedding_dim: integer, " .. options .. ", dtype: dtype = nil")

   local function settings(self, rows, dim, padding, max_norm, norm_type, by_freq, sparse)
      if padding and (padding == 0 or padding > rows or padding < -rows) then core.error(("Embedding: padding_idx %d is out of range for %d rows"):format(padding, rows)) end
      if sparse then core.error "Embedding: sparse gradients are not there" end
      if padding and padding < 0 then padding = padding + rows + 1 end
      self.num_embeddings, self.embedding_dim, self.padding_idx = rows, dim, padding
      self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, by_freq
   end

   function Embedding:init(...)
      local rows, dim, padding, max_norm, norm_type, by_freq, sparse, dtype = embedding_arguments(...)
      settings(self, rows, dim, padding, max_norm, norm_type, by_freq, sparse)
      parameter(self, "weight", true, {rows, dim}, dtype)
      self:reset_parameters()
   end
   function Embedding:reset_parameters()
      init.normal_(self.weight)
      if self.padding_idx then tide.no_grad(function() self.weight[self.padding_idx]:fill_(0) end) end
   end
   function Embedding:forward(input)
      return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq)
   end
   function Embedding:extra_repr()
      local line = fields.shown(self.num_embeddings) .. ", " .. fields.shown(self.embedding_dim)
      if self.padding_idx then line = line .. ", " .. fields.line(self, "padding_idx") end
      if self.max_norm then line = line .. ", " .. fields.line(self, "max_norm") end
      if self.norm_type ~= 2 then line = line .. ", " .. fields.line(self, "norm_type") end
      if self.scale_grad_by_freq then line = line .. ", " .. fields.line(self, "scale_grad_by_freq") end
      return line
   end

   -- nn.Embedding.from_pretrained(embeddings): a layer around rows that are there; freeze: they are not trained.
   local pretrained_arguments = arguments("Embedding.from_pretrained", "embeddings: tensor, freeze: boolean = true, " .. options)
   function Embedding.from_pretrained(...)
      local rows, freeze, padding, max_norm, norm_type, by_freq, sparse = pretrained_arguments(...)
      if rows.ndim ~= 2 then core.error("Embedding.from_pretrained: a matrix expected, got sizes " .. tostring(rows.shape)) end
      local self = nn.Embedding(0, 0)
      settings(self, rows.shape[1], rows.shape[2], padding, max_norm, norm_type, by_freq, sparse)
      self.weight = nn.Parameter(rows, not freeze)
      return self
   end

   -- }=========================================================


   -- {======================== Dropout ========================

   -- Dropout and its kin differ in the function they call while training.
   for name, call in pairs {
      Dropout = F.dropout, Dropout1d = F.dropout1d, Dropout2d = F.dropout2d, Dropout3d = F.dropout3d, AlphaDropout = F.alpha_dropout,
      FeatureAlphaDropout = F.feature_alpha_dropout,
   } do
      local Class, read = nn.class(name), arguments(name, "p: number = 0.5, inplace: boolean = false")
      nn[name] = Class
      function Class:init(...)
         self.p, self.inplace = read(...)
         if not (self.p >= 0 and self.p <= 1) then core.error(("%s: p is %s, no probability from 0 to 1"):format(name, self.p)) end
      end
      function Class:forward(input) return call(input, self.p, self.training, self.inplace) end
      function Class:extra_repr() return fields.line(self, "p", "inplace") end
   end

   -- }=========================================================


   -- {======================== distances ========================

   local CosineSimilarity = nn.class "CosineSimilarity"
   nn.CosineSimilarity = CosineSimilarity
   local cosine_arguments = arguments("CosineSimilarity", "dim: integer = 2, eps: number = 1e-8")
   function CosineSimilarity:init(...) self.dim, self.eps = cosine_arguments(...) end
   function CosineSimilarity:forward(x1, x2) return F.cosine_similarity(x1, x2, self.dim, self.eps) end

   local PairwiseDistance = nn.class "PairwiseDistance"
   nn.PairwiseDistance = PairwiseDistance
   local distance_arguments = arguments("PairwiseDistance", "p: number = 2.0, eps: number = 1e-6, keepdim: boolean = false")
   function PairwiseDistance:init(...) self.norm, self.eps, self.keepdim = distance_arguments(...) end
   function PairwiseDistance:forward(x1, x2) return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim) end

   -- }=========================================================
end
