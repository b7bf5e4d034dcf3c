-- tide.nn: modules, parameters, layers. Each file adds what it is named after.
local core = require "tide.core"
core.own_source()

return function(tide)
   local nn = tide.nn
   require "tide.nn.module"(tide, nn)
   require "tide.nn.container"(tide, nn)
   require "tide.nn.initialize"(tide, nn)
   require "tide.nn.layers"(tide, nn)
end
