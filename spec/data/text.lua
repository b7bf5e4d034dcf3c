-- What the specs of values share: evaluating a case, and a tensor as one line of text (emit.py writes the same).
local tide = require "tide"
local text = {}

-- The results of Lua source in which `tide`, `F`, `nan`, `inf` and the fields of env are variables.
function text.eval(source, env)
   env = setmetatable(env or {}, {__index = function(_, k)
      if k == "tide" then return tide elseif k == "F" then return tide.nn and tide.nn.functional elseif k == "nan" then return 0/0 elseif k == "inf" then return 1/0 end
      return _G[k]
   end})
   local chunk = load("return " .. source, "=case", "t", env) or assert(load(source, "=case", "t", env))
   return chunk()
end

local function number(v)
   if math.type(v) ~= "float" then return tostring(v) end
   return v ~= v and "nan" or ("%.17g"):format(v)
end

local function each(v, write, out)
   if type(v) ~= "table" then out[#out + 1] = write(v) else
      for i = 1, #v do each(v[i], write, out) end
   end
   return out
end

-- "float32[2,3] 1 2 3 4 5 6"
function text.of(x, write)
   local sizes = {}
   for i = 1, #x.shape do sizes[i] = tostring(x.shape[i]) end
   return ("%s[%s] "):format(tostring(x.dtype):gsub("tide%.", ""), table.concat(sizes, ","))
      .. table.concat(each(x:tolist(), write or number, {}), " ")
end

-- The same with the bits of floating-point values in hexadecimal.
function text.bits(x)
   local format = x.dtype == tide.float64 and ">d" or ">f"
   return text.of(x, function(v)
      if math.type(v) ~= "float" then return number(v) end
      return (format:pack(v):gsub(".", function(c) return ("%02x"):format(c:byte()) end))
   end)
end

-- Whether two such texts agree: word for word, or as numbers whose difference is within `tolerance` of their size
-- (1 at least, so that zeros of both signs and rounding noise at zero agree).
function text.close(expected, actual, tolerance)
   local words = actual:gmatch "%S+"
   for word in expected:gmatch "%S+" do
      local other = words()
      local a, b = tonumber(word), other and tonumber(other)
      if word ~= other and not (a and b and math.abs(a - b) <= tolerance * math.max(1, math.abs(a))) then return false end
   end
   return words() == nil
end

return text
