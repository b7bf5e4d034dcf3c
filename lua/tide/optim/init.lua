-- tide.optim: optimisers and learning-rate schedules.
local core = require "tide.core"
local later = require "tide.later"
core.own_source()

return function(tide)
   local optim = {}
   require "tide.optim.optimizer"(tide, optim)
   require "tide.optim.rules"(tide, optim)
   return later(optim, {
      LBFGS = function() require "tide.optim.lbfgs"(tide, optim) end,
      lr_scheduler = function() return require "tide.optim.lr_scheduler"(optim) end
   })
end
