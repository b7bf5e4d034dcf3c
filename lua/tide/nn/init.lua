-- tide.nn: modules, parameters, layers. Each file adds what it is named after, when it is first asked for.
local core = require "tide.core"
local later = require "tide.later"
core.own_source()

return function(tide)
   local nn, loaders = core.nn, {}
   local function load(part) require("tide.nn." .. part)(tide, nn, loaders) end

   -- Makes `find` for a table which these parts fill: they are loaded in this order until one of them sets the name or has a loader for it.
   local function finder(t, parts)
      local k = 0
      local function find(name)
         while k < #parts do
            k = k + 1
            load(parts[k])
            local value = rawget(t, name)
            if value ~= nil then return value end
            if loaders[name] then return loaders[name]() end
         end
      end
      return find, function() find() return {} end
   end

   local F, operators = nn.functional, getmetatable(nn.functional).__index
   local composed, all = finder(F, {"functional"})
   later(F, {}, function(name) return operators(F, name) or composed(name) end, all)

   nn.utils = {}
   later(nn.utils, {}, finder(nn.utils, {"clip", "vector"}))
   loaders.init = function() load "initialize" end
   later(nn, loaders, finder(nn, {"module", "container", "layers", "activation", "normalization", "loss"}))
   return nn
end
