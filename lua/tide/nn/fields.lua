-- Fields of a module: as arguments of a call, and as they stand in its line in print, where values look as Python's do.
local core = require "tide.core"
core.own_source()

-- The shortest digits that give the number back.
local function number(v)
   if math.type(v) == "integer" then return ("%d"):format(v) end
   if v ~= v then return "nan" elseif v == math.huge then return "inf" elseif v == -math.huge then return "-inf" end
   if v == math.floor(v) and math.abs(v) < 1e16 then return ("%.1f"):format(v) end
   for digits = 1, 17 do
      local s = ("%%.%dg"):format(digits):format(v)
      if tonumber(s) == v then return s end
   end
end

local fields = {}

function fields.shown(v)
   if v == nil then return "None" elseif v == true then return "True" elseif v == false then return "False" end
   if type(v) == "number" then return number(v) end
   if type(v) == "string" then return "'" .. v .. "'" end
   if type(v) ~= "table" then return tostring(v) end
   local parts = {}
   for i, item in ipairs(v) do parts[i] = fields.shown(item) end
   return "(" .. table.concat(parts, ", ") .. (#parts == 1 and ",)" or ")")
end

-- "a=1, b=None" of these fields.
function fields.line(module, ...)
   local parts = {}
   for i, name in ipairs {...} do parts[i] = name .. "=" .. fields.shown(module[name]) end
   return table.concat(parts, ", ")
end

-- Their values, in order.
function fields.values(module, names, i)
   i = i or 1
   if names[i] then return module[names[i]], fields.values(module, names, i + 1) end
end

return fields
