-- tide.nn: modules, parameters, layers. Each file adds what it is named after.
local core = require "tide.core"
core.own_source()

return function(tide)
   local nn = core.nn
   nn.utils = {}
   for _, part in ipairs {"module", "container", "initialize", "functional", "layers", "activation", "normalization", "loss", "clip", "vector"} do
      require("tide.nn." .. part)(tide, nn)
   end
   return nn
end
