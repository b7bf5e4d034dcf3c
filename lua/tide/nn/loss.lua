-- The losses: modules around functions of nn.functional. Tensors among their arguments (weights of classes, of elements) are buffers.
local core = require "tide.core"
local arguments = require "tide.arguments"
local fields = require "tide.nn.fields"
core.own_source()

-- class, function, arguments: fields of the module, which follow the inputs in the call. `inputs`: how many those are, if not two.
local plain = {
   {"MSELoss", "mse_loss", "reduction: string = 'mean'"},
   {"L1Loss", "l1_loss", "reduction: string = 'mean'"},
   {"SmoothL1Loss", "smooth_l1_loss", "reduction: string = 'mean', beta: number = 1.0"},
   {"HuberLoss", "huber_loss", "reduction: string = 'mean', delta: number = 1.0"},
   {"CrossEntropyLoss", "cross_entropy", "weight: tensor = nil, ignore_index: integer = -100, reduction: string = 'mean', label_smoothing: number = 0.0"},
   {"NLLLoss", "nll_loss", "weight: tensor = nil, ignore_index: integer = -100, reduction: string = 'mean'"},
   {"BCELoss", "binary_cross_entropy", "weight: tensor = nil, reduction: string = 'mean'"},
   {"BCEWithLogitsLoss", "binary_cross_entropy_with_logits", "weight: tensor = nil, reduction: string = 'mean', pos_weight: tensor = nil"},
   {"KLDivLoss", "kl_div", "reduction: string = 'mean', log_target: boolean = false"},
   {"PoissonNLLLoss", "poisson_nll_loss", "log_input: boolean = true, full: boolean = false, eps: number = 1e-8, reduction: string = 'mean'"},
   {"GaussianNLLLoss", "gaussian_nll_loss", "full: boolean = false, eps: number = 1e-6, reduction: string = 'mean'", inputs = 3},
   {"CosineEmbeddingLoss", "cosine_embedding_loss", "margin: number = 0.0, reduction: string = 'mean'", inputs = 3},
   {"MarginRankingLoss", "margin_ranking_loss", "margin: number = 0.0, reduction: string = 'mean'", inputs = 3},
   {"HingeEmbeddingLoss", "hinge_embedding_loss", "margin: number = 1.0, reduction: string = 'mean'"},
   {"SoftMarginLoss", "soft_margin_loss", "reduction: string = 'mean'"},
   {"MultiLabelSoftMarginLoss", "multilabel_soft_margin_loss", "weight: tensor = nil, reduction: string = 'mean'"},
   {"TripletMarginLoss", "triplet_margin_loss", "margin: number = 1.0, p: number = 2.0, eps: number = 1e-6, swap: boolean = false, reduction: string = 'mean'",
      inputs = 3},
}

return function(_, nn, loaders)
   local F = nn.functional

   for _, row in ipairs(plain) do
      local name, given, inputs = row[1], row[3], row.inputs or 2
      loaders[name] = function()
         local call = F[row[2]]
         local read, names, tensors = arguments(name, given), {}, {}
         for field, kind in given:gmatch "([%a_]+): (%a+)" do names[#names + 1], tensors[field] = field, kind == "tensor" end

         local Class = nn.class(name)
         function Class:init(...)
            local values = table.pack(read(...))
            for i, field in ipairs(names) do
               if tensors[field] then self:register_buffer(field, values[i]) else self[field] = values[i] end
            end
         end
         function Class:forward(...)
            local n = select("#", ...)
            if n ~= inputs then core.error(("%s: %d tensors expected, got %d arguments"):format(name, inputs, n)) end
            local a, b, c = ...
            if n == 2 then return call(a, b, fields.values(self, names)) end
            return call(a, b, c, fields.values(self, names))
         end
         return Class
      end
   end

   -- TripletMarginLoss by any function of two tensors; it may be a module.
   local Triplet = nn.class "TripletMarginWithDistanceLoss"
   nn.TripletMarginWithDistanceLoss = Triplet
   local triplet_arguments = arguments("TripletMarginWithDistanceLoss", "distance_function: function = nil, margin: number = 1.0, swap: boolean = false, reduction: string = 'mean'")
   function Triplet:init(...)
      local distance
      distance, self.margin, self.swap, self.reduction = triplet_arguments(...)
      self.distance_function = distance or nn.PairwiseDistance()
   end
   function Triplet:forward(anchor, positive, negative)
      return F.triplet_margin_with_distance_loss(anchor, positive, negative, self.distance_function, self.margin, self.swap, self.reduction)
   end
end
