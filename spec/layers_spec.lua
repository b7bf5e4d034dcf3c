-- The layers of the C sources (docs/design.md): base <- tensor | kernels <- ops <- autograd <- lua, and tensor <- io <- lua. A file includes its own
-- layer and those below it. tide.h and tide_ops.h only declare: anyone may include them.
local BELOW = {
   base = {},
   tensor = {"base"},
   kernels = {"base"},
   ops = {"base", "tensor", "kernels"},
   autograd = {"base", "tensor", "kernels", "ops"},
   io = {"base", "tensor"},
   lua = {},                             -- the binding uses what every host has: the public headers
}
-- The kernels take the forward column of the rows, which is a table and no code.
local TABLES = {["ops/pointwise.def"] = true, ["ops/undef.h"] = true}
local PUBLIC = {["tide.h"] = true, ["tide_ops.h"] = true}

local function lines_of(command)
   local pipe = assert(io.popen(command))
   local list = {}
   for line in pipe:lines() do list[#list + 1] = line end
   pipe:close()
   return list
end

local function allowed(layer, included)
   if PUBLIC[included] then return true end
   local other = included:match "^(%w+)/"
   if layer == "lua" then return other == "lua" or included == "tide_lua.h" end
   if layer == "kernels" and TABLES[included] then return true end
   if other == layer then return true end
   for _, below in ipairs(BELOW[layer]) do if other == below then return true end end
   return false
end

describe("the layers", function()
   local files = lines_of "find src -name '*.[ch]' -o -name '*.def' | sort"
   it("include nothing above them", function()
      local seen = 0
      for _, file in ipairs(files) do
         local layer = file:match "^src/(%w+)/"
         if layer then
            assert(BELOW[layer], file .. " is in no layer")
            for line in io.lines(file) do
               local included = line:match '^%s*#%s*include%s*"([^"]+)"'
               if included then
                  seen = seen + 1
                  assert(allowed(layer, included), ("%s includes %s"):format(file, included))
               end
            end
         end
      end
      assert(seen > 0)
   end)
   it("reach Lua from the binding alone", function()
      for _, file in ipairs(files) do
         local layer = file:match "^src/(%w+)/"
         for line in io.lines(file) do
            local header = line:match "^%s*#%s*include%s*<([^>]+)>"
            if header and (header == "lua.h" or header == "lauxlib.h" or header == "lualib.h") then
               assert(layer == "lua" or file == "src/tide_lua.h", ("%s includes <%s>"):format(file, header))
            end
         end
      end
   end)
   it("have no drawer for what found no place", function()
      for _, file in ipairs(lines_of "find src lua spec tools examples bench -type f 2>/dev/null") do
         local name = file:match "([^/]+)$":lower()
         for _, drawer in ipairs {"util", "common", "helpers", "misc"} do
            assert(not name:find("^" .. drawer) or file:match "^lua/tide/utils", ("%s: say what is in it"):format(file))
         end
      end
   end)
   it("have in tide_ops.h what the tables say", function()
      local script = io.open "tools/ops_header"
      if not script then pending "tools/ops_header is not there" return end
      script:close()
      local pipe = assert(io.popen "tools/ops_header --check 2>&1")
      local output = pipe:read "a"
      assert(pipe:close(), "src/tide_ops.h is not what tools/ops_header makes of the tables: " .. output)
   end)
end)
