-- A table that keeps the order in which its keys came: of state_dict, tide.load and what a module registers. `pairs` walks it, #d counts. Assigning
-- nil removes a key, an entry that is there keeps its place.
local core = require "tide.core"
core.own_source()

local Ordered = {}

local ordered = {}
local hidden = setmetatable({}, {__mode = "k"})          -- dictionary -> {keys = list, values = map}

function Ordered.__index(d, key) return hidden[d].values[key] end

function Ordered.__newindex(d, key, value)
   local h = hidden[d]
   if h.values[key] == nil and value ~= nil then h.keys[#h.keys + 1] = key end
   if h.values[key] ~= nil and value == nil then
      for i, k in ipairs(h.keys) do if k == key then table.remove(h.keys, i) break end end
   end
   h.values[key] = value
end

function Ordered.__len(d) return #hidden[d].keys end

function Ordered.__pairs(d)
   local h, i = hidden[d], 0
   return function()
      i = i + 1
      local key = h.keys[i]
      if key ~= nil then return key, h.values[key] end
   end
end

function Ordered.__tostring(d)
   local parts = {}
   for key, value in pairs(d) do parts[#parts + 1] = ("(%q, %s)"):format(key, value) end
   return "OrderedDict([" .. table.concat(parts, ", ") .. "])"
end

-- A new one, empty or with the entries of `from` in their order.
function ordered.new(from)
   local d = setmetatable({}, Ordered)
   hidden[d] = {keys = {}, values = {}}
   for key, value in pairs(from or {}) do d[key] = value end
   return d
end

function ordered.is(d) return getmetatable(d) == Ordered end

return ordered
