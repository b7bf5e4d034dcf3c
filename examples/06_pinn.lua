-- A network that solves a differential equation: a damped oscillator, u'' + 0.4 u' + 4 u = 0, u(0) = 1, u'(0) = 0, for t from 0 to 6. It is never shown
-- a solution; its loss is how far it misses the equation, with derivatives by autograd, and the start. Adam first, L-BFGS at the end.
--    tools/run examples/06_pinn.lua [FILE.svg]
--    tools/run examples/06_pinn.lua losses float64 100      the losses of the first 100 steps of Adam, one a line, and no more
-- 06_pinn.py is the same under PyTorch, with the same numbers.

local tide = require "tide"
local nn, optim = tide.nn, tide.optim
local grad = tide.autograd.grad

local DAMPING, STIFFNESS, LAST, POINTS, STEPS = 0.4, 4, 6, 64, 1000
local losses = arg[1] == "losses"
tide.set_default_dtype(tide[losses and arg[2] or "float64"])

tide.manual_seed(0)
local model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(), nn.Linear(32, 1))
local t = tide.linspace(0, LAST, POINTS):unsqueeze(2):requires_grad_()

-- u and its first two derivatives at the points: each output depends on its own point alone, so the gradient of the sum is the derivative.
local function solution()
   local u = model(t / 3 - 1)
   local du = grad(u:sum(), t, {create_graph = true})
   local ddu = grad(du:sum(), t, {create_graph = true})
   return u, du, ddu
end

local function loss()
   local u, du, ddu = solution()
   local missed = ddu + DAMPING * du + STIFFNESS * u
   return missed:square():mean() + 20 * ((u[1] - 1):square():sum() + du[1]:square():sum())
end

local opt = optim.Adam(model:parameters(), {lr = 1e-2})
local function step()
   opt:zero_grad()
   local l = loss()
   l:backward()
   opt:step()
   return l:item()
end

if losses then
   for _ = 1, tonumber(arg[3]) do print(("%.17g"):format(step())) end
   return
end

local progress = tide.utils.Progress(STEPS, {label = "Adam"})
for i = 1, STEPS do
   local l = step()
   progress:update {loss = l}
   if i % 250 == 0 then print(("step %4d  loss %.3e"):format(i, l)) end
end
progress:finish()

local lbfgs = optim.LBFGS(model:parameters(), {max_iter = 400, tolerance_grad = 1e-9, tolerance_change = 1e-12, line_search_fn = "strong_wolfe"})
lbfgs:step(function()
   lbfgs:zero_grad()
   local l = loss()
   l:backward()
   return l
end)
print(("L-BFGS     loss %.3e"):format(loss():item()))

-- The exact solution, and how far off the network's is.
local w = math.sqrt(STIFFNESS - DAMPING ^ 2 / 4)
local function exact(time) return math.exp(-DAMPING / 2 * time) * (math.cos(w * time) + DAMPING / 2 / w * math.sin(w * time)) end
local times, found, worst = t:detach():flatten():tolist(), solution():detach():flatten():tolist(), 0
for i, time in ipairs(times) do worst = math.max(worst, math.abs(found[i] - exact(time))) end
print(("largest error of the solution: %.2e"):format(worst))

-- Both curves, to look at.
local function curve(values, style)
   local points = {}
   for i, time in ipairs(times) do points[i] = ("%.1f,%.1f"):format(40 + time / LAST * 560, 160 - 130 * values[i]) end
   return ('<polyline fill="none" %s points="%s"/>'):format(style, table.concat(points, " "))
end
local right = {}
for i, time in ipairs(times) do right[i] = exact(time) end
local name = arg[1] or os.tmpname() .. ".svg"
local file = assert(io.open(name, "w"))
file:write('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 320" font-family="sans-serif" font-size="13"><rect width="640" height="320" fill="white"/>',
   '<path d="M40 160H600M40 20V300" stroke="#888"/>', curve(right, 'stroke="#999" stroke-width="6"'), curve(found, 'stroke="#c33" stroke-width="2"'),
   ('<text x="330" y="40">grey: exact; red: the network, at most %.1e off</text></svg>\n'):format(worst))
file:close()
print("drawn: " .. name)
if worst > 1e-2 then error "the solution is more than 0.01 off" end
