-- Handwritten digits again, with modules, dropout, Adam and a loader; stopped halfway, saved, reloaded and resumed.
--    tools/run examples/04_digits_nn.lua
--    tools/run examples/04_digits_nn.lua losses float64 100      the losses of the first 100 steps, one a line, and no more
-- 04_digits_nn.py is the same under PyTorch, with the same numbers.

local tide = require "tide"
local nn, F, optim, data = tide.nn, tide.nn.functional, tide.optim, tide.utils.data

local EPOCHS, TRAIN = 12, 1437
local mode, dtype, steps = arg[1], arg[2] or "float32", tonumber(arg[3])
tide.set_default_dtype(tide[dtype])

-- The file beside this script, one image a line: 64 numbers from 0 to 16, then the digit.
local here = arg[0]:match "^(.*)/" or "."
local images, labels = {}, {}
for line in io.lines(here .. "/data/digits.csv") do
   local row = {}
   for number in line:gmatch "%d+" do row[#row + 1] = tonumber(number) end
   labels[#labels + 1] = table.remove(row) + 1          -- classes are positions: the digit 0 is class 1
   images[#images + 1] = row
end
local all = data.TensorDataset(tide.tensor(images, {dtype = tide[dtype]}) / 16, tide.tensor(labels))

tide.manual_seed(0)
local train, test = table.unpack(data.random_split(all, {TRAIN, #all - TRAIN}))

-- A fresh model with its optimiser and loader: all that a run consists of.
local function new_run()
   local model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))
   return model, optim.Adam(model:parameters(), {lr = 3e-3}), data.DataLoader(train, {batch_size = 32, shuffle = true})
end

local model, opt, loader = new_run()

-- One step; the loss as a number.
local function step(x, y)
   opt:zero_grad()
   local loss = F.cross_entropy(model(x), y)
   loss:backward()
   opt:step()
   return loss:item()
end

if mode == "losses" then
   local n = 0
   while true do
      for x, y in loader:iter() do
         print(("%.17g"):format(step(x, y)))
         n = n + 1
         if n == steps then return end
      end
   end
end

local function epoch(number)
   local progress, total = tide.utils.Progress(#loader, {label = "epoch " .. number}), 0
   for x, y in loader:iter() do
      local loss = step(x, y)
      total = total + loss * #x
      progress:update {loss = loss}
   end
   print(("epoch %2d  loss %.4f"):format(number, total / TRAIN))
   return total / TRAIN
end

local function accuracy()
   model:eval()
   local _ <close> = tide.no_grad()
   local right = 0
   for x, y in data.DataLoader(test, 360):iter() do right = right + model(x):argmax(2):eq(y):sum():item() end
   model:train()
   return 100 * right / #test
end

print(model)
for number = 1, EPOCHS // 2 do epoch(number) end

-- All that the second half depends on goes into a file: weights, moments, and where the random numbers are.
local name = os.tmpname()
tide.save({model = model:state_dict(), optimizer = opt:state_dict(), random = tide.get_rng_state()}, name, {format = "safetensors"})

local straight = {}
for number = EPOCHS // 2 + 1, EPOCHS do straight[number] = epoch(number) end
local reached = accuracy()

-- A second program would begin here.
model, opt, loader = new_run()
local saved = tide.load(name)
os.remove(name)
model:load_state_dict(saved.model)
opt:load_state_dict(saved.optimizer)
tide.set_rng_state(saved.random)
for number = EPOCHS // 2 + 1, EPOCHS do
   assert(epoch(number) == straight[number], "the resumed run went another way")
end
assert(accuracy() == reached)
print(("%.1f %% of %d test images right, straight on and resumed"):format(reached, #test))
if reached < 96 then error("less than 96 %") end
