-- The tutorial prints what its Python twin printed under PyTorch.

local function read(path)
   local file = assert(io.open(path))
   local text = file:read "a"
   file:close()
   return text
end

-- The output of a script, addresses of nodes aside. It finds what this process finds.
local function run(script)
   local pipe = assert(io.popen(("LUA_PATH='%s' LUA_CPATH='%s' lua5.4 %s 2>&1"):format(package.path, package.cpath, script)))
   local text = pipe:read "a"
   local ok, _, status = pipe:close()
   assert(ok, ("%s failed (%s):\n%s"):format(script, status, text))
   return (text:gsub("0x%x+", "0x..."))
end

describe("examples", function()
   it("01_tutorial prints PyTorch's text", function()
      local version, expected = read "examples/01_tutorial.txt":match "^# PyTorch ([^\n]+)\n(.*)$"
      assert.are.equal("2.13.0", version)
      assert.are.equal(expected, run "examples/01_tutorial.lua")
   end)
end)
