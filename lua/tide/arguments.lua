-- Arguments of functions written in Lua, read as those of operators are: by position in PyTorch's order, or by keyword in a trailing plain
-- table.
--
--    local read = arguments("Linear", "in_features: integer, out_features: integer, bias: boolean = true, dtype: dtype = nil")
--    local inputs, outputs, bias, dtype = read(...)
--
-- A parameter is NAME: TYPE [= DEFAULT]; one without a default must be given. TYPE is one of `checks`, or several with
-- | between. An unknown keyword, a missing argument, one given twice or of another type is an error that names the function and the argument.
local core = require "tide.core"
core.own_source()

local NONE = {}                       -- no default

local checks = {
   integer = function(v) return math.type(v) == "integer" or (math.type(v) == "float" and v == math.floor(v)) end,
   number = function(v) return type(v) == "number" end,
   boolean = function(v) return type(v) == "boolean" end,
   string = function(v) return type(v) == "string" end,
   table = function(v) return type(v) == "table" end,
   list = function(v) return type(v) == "table" end,
   tensor = function(v) return core.is_tensor(v) end,
   dtype = function(v) return type(v) == "userdata" and tostring(v):match "^tide%.%l+%d*$" ~= nil end,
   ["function"] = function(v)
      local meta = type(v) ~= "string" and getmetatable(v)
      return type(v) == "function" or (type(meta) == "table" and meta.__call ~= nil)
   end,
   any = function() return true end,
}
local called = {integer = "a whole number", number = "a number", boolean = "a boolean", string = "a string", table = "a table", list = "a list", tensor = "a tensor", dtype = "a dtype",
   ["function"] = "a function"}

local function describe(v)
   if core.is_tensor(v) then return "a tensor" end
   local name = type(v)
   return name == "number" and ("the number %s"):format(v) or name == "string" and ("%q"):format(v) or name
end

-- A default as it is written: a number, a fraction, a string in single quotes, a list {0.9; 0.999}, true, false or nil.
local function literal(text)
   if text == "true" or text == "false" then return text == "true" end
   local over, under = text:match "^(%S+) / (%S+)$"
   if over then return tonumber(over) / tonumber(under) end
   local entries = text:match "^{(.*)}$"
   if not entries then return text:match "^'(.*)'$" or tonumber(text) end
   local list = {}
   for entry in entries:gmatch "[^; ]+" do list[#list + 1] = tonumber(entry) end
   return list
end

local function parse(text)
   local params = {}
   if text == "" then return params end
   for part in (text .. ","):gmatch "%s*(.-)%s*," do
      local name, types, default = part:match "^([%a_][%w_]*):%s*([%a|]+)%s*=?%s*(.*)$"
      local p = {name = name, types = {}, default = NONE}
      if part:find "=" then p.default = literal(default) end
      p.optional = p.default == nil
      for kind in types:gmatch "%a+" do p.types[#p.types + 1] = kind end
      params[#params + 1], params[name] = p, p
   end
   return params
end

-- Is v, at the place of parameter p, a table of keywords? One without entries is, unless p takes a table.
local function is_keywords(v, p)
   if type(v) ~= "table" or getmetatable(v) ~= nil or (p and p.types[1] == "table") then return false end
   for key in pairs(v) do if type(key) ~= "string" then return false end end
   return next(v) ~= nil or not (p and p.types[1] == "list")
end

local function check(what, p, v)
   if v == nil and p.optional then return end
   for _, kind in ipairs(p.types) do if checks[kind](v) then return end end
   local expected = {}
   for i, kind in ipairs(p.types) do expected[i] = called[kind] end
   core.error(("%s: '%s': %s expected, got %s"):format(what, p.name, table.concat(expected, " or "), describe(v)))
end

return function(what, text)
   local params                                   -- of text, at the first call
   local function read(...)
      params = params or parse(text)
      local given, n, keywords = {...}, select("#", ...), nil
      if n > 0 and is_keywords(given[n], params[n]) then keywords, n = given[n], n - 1 end
      if n > #params then core.error(("%s: %d arguments are too many"):format(what, n)) end
      for key in pairs(keywords or {}) do
         if not params[key] then core.error(("%s: there is no keyword '%s'"):format(what, key)) end
      end
      local values = {}
      for i, p in ipairs(params) do
         local v
         if i <= n then v = given[i] end
         local named = keywords and keywords[p.name]
         if named ~= nil then
            if v ~= nil then core.error(("%s: '%s' is given twice"):format(what, p.name)) end
            v = named
         end
         if v == nil then
            if p.default == NONE then core.error(("%s: argument '%s' is missing"):format(what, p.name)) end
            v = type(p.default) == "table" and {table.unpack(p.default)} or p.default
         end
         check(what, p, v)
         if p.types[1] == "integer" and math.type(v) == "float" then v = math.tointeger(v) or v end
         values[i] = v
      end
      return table.unpack(values, 1, #params)
   end
   return read
end
