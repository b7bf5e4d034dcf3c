-- tide: tensors and automatic differentiation. `require "tide"` gives this table; what is in C comes from tide.core.
local core = require "tide.core"
local later = require "tide.later"
core.own_source()

local tide = {}

-- What tide's own Lua files use, and users do not.
local internal = {
   methods = true, own_source = true, error = true, warn = true, line = true, operators = true, operator = true, parameter = true, is_parameter = true,
   interrupt = true, now = true, is_terminal = true,
   autograd = true, apply = true, call = true, saved_tensors = true, pass = true, takes_part = true, gradient_edge = true, nn = true, optim = true, files = true
}
for name, value in next, core do if not internal[name] then tide[name] = value end end

local methods = core.methods

-- In an index, a new dimension of size 1.
tide.newaxis = core.newaxis

-- x:float(), x:double(), x:long() ...: conversions named after dtypes
for name, dtype in pairs {
   float = tide.float32, double = tide.float64, long = tide.int64, int = tide.int32, short = tide.int16, char = tide.int8, byte = tide.uint8, bool = tide.bool
} do
   methods[name] = function(x) return methods.to(x, {dtype = dtype}) end
end

require "tide.ordered"                             -- before what is loaded later: all parts share one kind of dictionary
local function files()
   local made = setmetatable({}, {__index = tide})
   require "tide.serialization"(made)
   for name, f in next, made do if rawget(tide, name) == nil then tide[name] = f end end
end
later(tide, {
   nn = function() return require "tide.nn"(tide) end,
   func = function() return require "tide.func"(tide) end,
   optim = function() return require "tide.optim"(tide) end,
   utils = function() return {checkpoint = require "tide.checkpoint"(tide), data = require "tide.utils.data"(tide), Progress = require "tide.utils.progress"} end,
   save = files, load = files, frombuffer = files,
}, function(name) if not internal[name] then return core[name] end end, function()
   local names = {}
   for name in pairs(core) do if not internal[name] then names[#names + 1] = name end end
   return names
end)

require "tide.functions"(tide)
require "tide.autograd"(tide)

return tide
