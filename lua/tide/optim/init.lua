-- tide.optim: optimisers and learning-rate schedules.
local core = require "tide.core"
core.own_source()

return function(tide)
   local optim = {}
   require "tide.optim.optimizer"(tide, optim)
   require "tide.optim.rules"(tide, optim)
   require "tide.optim.lbfgs"(tide, optim)
   optim.lr_scheduler = require "tide.optim.lr_scheduler"(optim)
   return optim
end
