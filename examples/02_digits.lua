-- Handwritten digits: a network of two layers, written with tensors and backward alone.
--    tools/run examples/02_digits.lua
-- 1,437 images to learn from, 360 to test on. Five networks are trained, from five seeds; what counts is their median.
-- The test images are looked at once, after training: nothing was chosen on them.

local tide = require "tide"
local F = tide.nn.functional

local HIDDEN, EPOCHS, BATCH, RATE, MOMENTUM = 128, 20, 32, 0.1, 0.9
local TRAIN = 1437

-- The file beside this script, one image a line: 64 numbers from 0 to 16, then the digit.
local function read(path)
   local images, labels = {}, {}
   for line in io.lines(path) do
      local row = {}
      for number in line:gmatch "%d+" do row[#row + 1] = tonumber(number) end
      labels[#labels + 1] = table.remove(row) + 1       -- classes are positions: the digit 0 is class 1
      images[#images + 1] = row
   end
   return tide.tensor(images, {dtype = tide.float32}) / 16, tide.tensor(labels)
end

local here = arg and arg[0] and arg[0]:match "^(.*)/" or "."
local images, labels = read(here .. "/data/digits.csv")

tide.manual_seed(0)
local order = tide.randperm(#images)
local train, test = order:narrow(1, 1, TRAIN), order:narrow(1, TRAIN + 1, #images - TRAIN)
local x_train, y_train, x_test, y_test = images[train], labels[train], images[test], labels[test]

-- Weights of a layer, drawn as nn.Linear draws them, and its biases.
local function layer(inputs, outputs)
   local bound = 1 / math.sqrt(inputs)
   local w, b = tide.empty(inputs, outputs):uniform_(-bound, bound), tide.empty(outputs):uniform_(-bound, bound)
   return w:requires_grad_(), b:requires_grad_()
end

local function learn(seed)
   tide.manual_seed(seed)
   local w1, b1 = layer(64, HIDDEN)
   local w2, b2 = layer(HIDDEN, 10)
   local parameters = {w1, b1, w2, b2}
   local velocity = {}
   for i, p in ipairs(parameters) do velocity[i] = tide.zeros_like(p) end

   local function network(x) return F.relu(x:matmul(w1) + b1):matmul(w2) + b2 end

   for epoch = 1, EPOCHS do
      local shuffled, total = tide.randperm(TRAIN), 0
      for first = 1, TRAIN, BATCH do
         local batch = shuffled[{{first, first + BATCH - 1}}]
         local loss = F.cross_entropy(network(x_train[batch]), y_train[batch])
         loss:backward()
         total = total + loss:item() * #batch
         do                                             -- a step down the gradient, with momentum, unrecorded
            local _ <close> = tide.no_grad()
            for i, p in ipairs(parameters) do
               velocity[i]:mul_(MOMENTUM):add_(p.grad)
               p:sub_(velocity[i] * RATE)
               p.grad = nil
            end
         end
      end
      print(("seed %d  epoch %2d  loss %.4f"):format(seed, epoch, total / TRAIN))
   end

   local _ <close> = tide.no_grad()
   local right = network(x_test):argmax(2):eq(y_test):sum():item()
   local accuracy = 100 * right / #y_test
   print(("seed %d  %d of %d test images right: %.1f %%"):format(seed, right, #y_test, accuracy))
   return accuracy
end

local accuracies = {}
for seed = 1, 5 do accuracies[seed] = learn(seed) end
table.sort(accuracies)
print(("median of five seeds: %.1f %%"):format(accuracies[3]))
if accuracies[3] < 96 then error("the median is below 96 %") end
