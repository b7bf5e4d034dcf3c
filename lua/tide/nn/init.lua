-- tide.nn: modules, parameters, layers. Each file adds what it is named after, when it is first asked for.
local core = require "tide.core"
local later = require "tide.later"
core.own_source()

return function(tide)
   local nn, loaders = core.nn, {}
   local function load(part) require("tide.nn." .. part)(tide, nn, loaders) end

   -- Makes `find` for a table which these parts fill: they are loaded in this order until one of them sets the name or has a loader for it. One that
   -- fails is loaded again next time.
   local function finder(t, parts, made)
      local k = 0
      local function find(name)
         while k < #parts do
            k = k + 1
            local ok, message = pcall(load, parts[k])
            if not ok then
               k = k - 1
               error(message, 0)
            end
            local value = rawget(t, name)
            if value ~= nil then return value end
            if made and made[name] then return made[name]() end
         end
      end
      return find, function() find(false) return {} end
   end

   local F, operators = nn.functional, getmetatable(nn.functional)
   local composed, rest = finder(F, {"functional"})
   later(F, {}, function(name) return operators.__index(F, name) or composed(name) end, function()
      operators.__pairs(F)
      return rest()
   end)

   nn.utils = {}
   later(nn.utils, {}, finder(nn.utils, {"clip", "vector"}))
   loaders.init = function() load "initialize" end
   return later(nn, loaders, finder(nn, {"module", "container", "layers", "activation", "normalization", "loss"}, loaders))
end
