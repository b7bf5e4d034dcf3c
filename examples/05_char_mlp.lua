-- A model of text, character by character: what comes after the last 12? It reads a licence that every Debian and Ubuntu system has, then writes.
--    tools/run examples/05_char_mlp.lua [FILE]
--    tools/run examples/05_char_mlp.lua losses float64 100      the losses of the first 100 steps, one a line, and no more
-- 05_char_mlp.py is the same under PyTorch, with the same numbers.

local tide = require "tide"
local nn, F, optim = tide.nn, tide.nn.functional, tide.optim

local CONTEXT, WIDTH, HIDDEN, BATCH, STEPS = 12, 16, 192, 64, 3000
local losses = arg[1] == "losses"
local dtype = losses and arg[2] or "float32"
local steps = losses and tonumber(arg[3]) or STEPS
tide.set_default_dtype(tide[dtype])

local path = not losses and arg[1] or "/usr/share/common-licenses/GPL-3"
local file = assert(io.open(path, "rb"))
local text = file:read "a":gsub("%s+", " ")
file:close()

-- Characters as classes, in the order of their codes.
local seen, letters, class = {}, {}, {}
for c in text:gmatch "." do seen[c] = true end
for c in pairs(seen) do letters[#letters + 1] = c end
table.sort(letters)
for i, c in ipairs(letters) do class[c] = i end
local codes = {}
for i = 1, #text do codes[i] = class[text:sub(i, i)] end
codes = tide.tensor(codes)

local Model = nn.class "Model"
function Model:init(classes)
   self.embedding = nn.Embedding(classes, WIDTH)
   self.hidden = nn.Linear(CONTEXT * WIDTH, HIDDEN)
   self.norm = nn.LayerNorm(HIDDEN)
   self.out = nn.Linear(HIDDEN, classes)
end
function Model:forward(x) return self.out(F.gelu(self.norm(self.hidden(self.embedding(x):flatten(2))))) end

tide.manual_seed(0)
local model = Model(#letters)
local opt = optim.AdamW(model:parameters(), {lr = 3e-3, weight_decay = 0.01})
local schedule = optim.lr_scheduler.CosineAnnealingLR(opt, {T_max = STEPS, eta_min = 1e-5})
local offsets = tide.arange(CONTEXT):unsqueeze(1)

-- Where the windows of a batch begin is drawn anew for each step.
local function step()
   local starts = tide.randint(#codes - CONTEXT, {BATCH})
   local x = codes[starts:unsqueeze(2) + offsets + 1]
   local loss = F.cross_entropy(model(x), codes[starts + CONTEXT + 1])
   opt:zero_grad()
   loss:backward()
   opt:step()
   schedule:step()
   return loss:item()
end

if losses then
   for _ = 1, steps do print(("%.17g"):format(step())) end
   return
end

print(model)
local progress, mean = tide.utils.Progress(steps, {label = "reading"}), nil
for i = 1, steps do
   local loss = step()
   mean = mean and 0.99 * mean + 0.01 * loss or loss
   progress:update {loss = mean}
   if i % 500 == 0 then print(("step %4d  loss %.3f"):format(i, mean)) end
end
progress:finish()

-- It writes: each character is drawn with the probabilities that the model gives.
local _ <close> = tide.no_grad()
local line = "            This program is "
line = line:sub(-math.max(CONTEXT, 16))
for _ = 1, 300 do
   local context = {}
   for c in line:sub(-CONTEXT):gmatch "." do context[#context + 1] = class[c] or class[" "] end
   local scores = model(tide.tensor {context})
   line = line .. letters[tide.multinomial((scores / 0.7):softmax(2), 1):item()]
end
print(line)
if mean > 1.9 then error(("the loss is still %.3f"):format(mean)) end
