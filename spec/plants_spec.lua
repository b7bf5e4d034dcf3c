-- A test that cannot fail shows nothing. Here one error at a time is planted in the sources, the module is linked anew with
-- the one object that it changes, and the walk over the operators has to notice it.
local build = os.getenv "TIDE_BUILD" or "build"

local PLANTS = {
   {what = "a derivative with the wrong sign", unit = "ops/pointwise.c", file = "ops/pointwise.def",
    from = "(BINARY%(mul,[^\n]*D%(a, )tide_mul%(g, a%)", to = "%1tide_neg(tide_mul(g, a))", ids = "mul", notices = "mul has the right gradient"},
   {what = "a kernel that adds instead of subtracting", unit = "kernels/loops_base.c", file = "ops/pointwise.def",
    from = "(BINARY%(sub, [^\n]*, )a %- b,", to = "%1a + b,", ids = "sub", notices = "sub has the values of its reference"},
   {what = "a saved value that is not released", unit = "tensor/graph.c", file = "tensor/graph.c",
    from = "(s%->cell = NULL;) tide__unpin%(t%);", to = "%1 (void)t;", ids = "mul", notices = "mul leaves nothing alive"},
}

local function read(name)
   local file = assert(io.open(name))
   local text = file:read "a"
   file:close()
   return text
end

local function write(name, text)
   local file = assert(io.open(name, "w"))
   file:write(text)
   file:close()
end

local function run(...)
   local command = table.concat({...}, " ")
   local pipe = assert(io.popen(command .. " 2>&1"))
   local output = pipe:read "a"
   local ok = pipe:close()
   return ok, output, command
end

-- Compiles the planted unit as the build compiles it (but quickly), and links as the build links.
local function module_with(plant, dir)
   local source, planted = read("src/" .. plant.file):gsub(plant.from, plant.to, 1)
   assert(planted == 1, "the place for it is gone from src/" .. plant.file)
   os.execute(("mkdir -p %s/src/%s %s/lua/tide"):format(dir, plant.file:match "^%w+", dir))
   write(("%s/src/%s"):format(dir, plant.file), source)
   local flags, link = read(build .. "/CMakeFiles/core_objects.dir/flags.make"), read(build .. "/CMakeFiles/module.dir/link.txt")
   local function flag(name) return flags:match(name .. " = ([^\n]*)") or "" end
   local unit = (plant.file == plant.unit and dir .. "/src/" or "src/") .. plant.unit
   local object = "CMakeFiles/core_objects.dir/src/" .. plant.unit .. ".o"
   local function plain(text, from, to)
      local i, j = text:find(from, 1, true)
      assert(i, "the link command does not have " .. from)
      return text:sub(1, i - 1) .. to .. text:sub(j + 1)
   end
   local ok, output = run(link:match "^%S+", flag "C_DEFINES", ("-I%s/src"):format(dir), flag "C_INCLUDES", flag "C_FLAGS",
      "-w -O0 -c", unit, ("-o %s/planted.o"):format(dir))
   assert(ok, output)
   link = plain(plain(link:gsub("\n", " "), "-o lua/tide/core.so", ("-o %s/lua/tide/core.so"):format(dir)), object, dir .. "/planted.o")
   ok, output = run("cd", build, "&&", link)
   assert(ok, output)
end

-- The walk over these operators, with the module in dir.
local function walk(dir, ids)
   local i = -1
   while arg[i - 1] do i = i - 1 end
   return run(("TIDE_BUILD='%s' TIDE_SPEC_IDS=%s TIDE_ISA=base"):format(dir, ids), ("LUA_CPATH_5_4='%s/lua/?.so;%s'"):format(dir, package.cpath),
      arg[i], "spec/run.lua spec/operators_spec.lua")
end

describe("a planted error: #slow", function()
   local ready = io.open(build .. "/CMakeFiles/module.dir/link.txt")
   if ready then ready:close() end
   it("none, and the walk passes", function()
      local ok, output = walk(build, "mul,sub")
      assert(ok, output)
   end)
   for _, plant in ipairs(PLANTS) do
      it(plant.what .. " is noticed", function()
         if not ready then pending("the build in " .. build .. " is not by makefiles") return end
         local dir = os.tmpname()
         os.remove(dir)
         finally(function() os.execute(("rm -rf '%s'"):format(dir)) end)
         module_with(plant, dir)
         local ok, output = walk(dir, plant.ids)
         assert(not ok, "the walk passes all the same:\n" .. output)
         assert(output:find("Failure -> ", 1, true) and output:find(plant.notices, 1, true), "it fails elsewhere:\n" .. output)
      end)
   end
end)
