-- What the specs of differentiation share.
local assert = require "luassert"
local tide = require "tide"

local support = {}

-- A float64 leaf that requires grad.
function support.leaf(values) return tide.tensor(values, {dtype = tide.float64, requires_grad = true}) end

-- A constant of the same kind.
function support.constant(values) return tide.tensor(values, {dtype = tide.float64}) end

-- A tensor's values as a nested table, nil for none.
function support.values(t) return t and t:tolist() end

-- Runs f, which must not leave anything alive, and compares.
function support.leaves_nothing(f)
   local function counts()
      for _ = 1, 4 do collectgarbage() end
      local m = tide.memory_stats()
      return m.tensors, m.nodes
   end
   local tensors, nodes = counts()
   f()
   local tensors_now, nodes_now = counts()
   assert.are.same({tensors, nodes}, {tensors_now, nodes_now}, "tensors and nodes alive")
end

-- What a script prints, warnings (which go to stderr) and an error message included.
function support.output(script)
   local name = os.tmpname()
   local file = io.open(name, "w")
   file:write(("package.path, package.cpath = %q, %q\nlocal tide = require 'tide'\nwarn '@on'\n%s"):format(package.path, package.cpath, script))
   file:close()
   local pipe = io.popen(("lua5.4 %s 2>&1"):format(name))
   local text = pipe:read "a"
   pipe:close()
   os.remove(name)
   return (text:gsub(name:gsub("%p", "%%%0"), "script.lua"))
end

-- A custom function, named.
function support.custom(forward, backward, name) return tide.autograd.Function {name = name or "Custom", forward = forward, backward = backward} end

return support
