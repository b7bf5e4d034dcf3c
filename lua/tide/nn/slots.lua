-- What a module registers of one kind: values under names, in order. A name without a value was registered as none.
local core = require "tide.core"
core.own_source()

local slots = {}

function slots.new() return {keys = {}, known = {}, values = {}} end

function slots.put(slot, name, value)
   if not slot.known[name] then slot.known[name] = true; slot.keys[#slot.keys + 1] = name end
   slot.values[name] = value
end

function slots.drop(slot, name)
   if not slot.known[name] then return end
   slot.known[name], slot.values[name] = nil, nil
   for i, key in ipairs(slot.keys) do if key == name then table.remove(slot.keys, i) return end end
end

-- Walks the values that are there: for name, value in slots.entries(slot) do.
function slots.entries(slot)
   local i = 0
   return function()
      local key
      repeat i = i + 1; key = slot.keys[i] until key == nil or slot.values[key] ~= nil
      return key, key and slot.values[key]
   end
end

return slots
