-- How values stand in the line of a module: as Python prints them, which is what PyTorch's modules show.
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

local text = {}

function text.of(v)
   if v == nil then return "None" elseif v == true then return "True" elseif v == false then return "False" end
   if type(v) == "number" then return number(v) end
   if type(v) == "string" then return "'" .. v .. "'" end
   if type(v) ~= "table" then return tostring(v) end
   local parts = {}
   for i, item in ipairs(v) do parts[i] = text.of(item) end
   return "(" .. table.concat(parts, ", ") .. (#parts == 1 and ",)" or ")")
end

-- "a=1, b=None" of these fields.
function text.fields(module, ...)
   local parts = {}
   for i, name in ipairs {...} do parts[i] = name .. "=" .. text.of(module[name]) end
   return table.concat(parts, ", ")
end

return text
