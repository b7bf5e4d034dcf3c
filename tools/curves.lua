-- Draws docs/curves.svg: the losses of the examples' first 100 steps, tide's over PyTorch's.
--    tools/run tools/curves.lua
local twins = dofile "spec/data/twins.lua"

local names = {"04_digits_nn", "05_char_mlp", "06_pinn"}
local out = {'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 960 260" font-family="sans-serif" font-size="13"><rect width="960" height="260" fill="white"/>'}
local function add(...) out[#out + 1] = string.format(...) end

for k, name in ipairs(names) do
   local pipe = assert(io.popen(("LUA_PATH='%s' LUA_CPATH='%s' lua5.4 examples/%s.lua losses float32 100"):format(package.path, package.cpath, name)))
   local ours, theirs = {}, twins[name].float32
   for line in pipe:lines() do ours[#ours + 1] = assert(tonumber(line), line) end
   assert(pipe:close() and #ours == 100)
   local low, high, worst = math.huge, -math.huge, 0
   for i = 1, 100 do
      low, high = math.min(low, theirs[i]), math.max(high, theirs[i])
      worst = math.max(worst, math.abs(ours[i] - theirs[i]) / theirs[i])
   end
   local left = 20 + (k - 1) * 320
   local function curve(values, style)
      local points = {}
      for i, v in ipairs(values) do points[i] = ("%.1f,%.1f"):format(left + i * 2.8, 210 - 160 * math.log(v / low) / math.log(high / low)) end
      add('<polyline fill="none" %s points="%s"/>', style, table.concat(points, " "))
   end
   add('<path d="M%d 40V220H%d" fill="none" stroke="#888"/>', left, left + 290)
   curve(theirs, 'stroke="#bbb" stroke-width="6"')
   curve(ours, 'stroke="#c33" stroke-width="1.5"')
   add('<text x="%d" y="28">%s: %.3g to %.3g</text><text x="%d" y="244">100 steps in float32, at most %.0e apart</text>', left, name, theirs[1], theirs[100], left, worst)
end
out[#out + 1] = "</svg>\n"
local file = assert(io.open("docs/curves.svg", "w"))
file:write(table.concat(out, "\n"))
file:close()
