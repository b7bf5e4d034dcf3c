-- Models as users write them: optimisers' steps with gradients set beforehand, an epoch of examples/04_digits_nn.lua, a block of modules. PyTorch's
-- optimisers run as they come, and once more, under no target, with `fused = True`.
return function(work, tide, target)
   local nn, F, optim, data = tide.nn, tide.nn.functional, tide.optim, tide.utils.data

   local function step(name, class, options, text, sizes, wanted)
      work {name .. ", " .. text, target = wanted, setup = function()
         local p = {}
         for i = 1, #sizes - 1 do
            for _, shape in ipairs {{sizes[i + 1], sizes[i]}, {sizes[i + 1]}} do
               p[#p + 1] = tide.randn(shape):requires_grad_()
               p[#p].grad = tide.randn(shape)
            end
         end
         local opt = optim[class](p, options)
         return function() opt:step() end, function()
            for _ = 1, 3 do
               opt:step()
               for _, q in ipairs(p) do q.grad:mul_(-0.5) end
            end
            return table.unpack(p)
         end
      end}
   end
   local big, momentum = {784, 512, 10}, {lr = 1e-3, momentum = 0.9}
   step("SGD, momentum", "SGD", momentum, "784-512-10", big, target.optimiser)
   step("Adam", "Adam", {lr = 1e-3}, "784-512-10", big, target.optimiser)
   step("AdamW", "AdamW", {lr = 1e-3}, "784-512-10", big, target.optimiser)
   step("RMSprop", "RMSprop", {lr = 1e-3}, "784-512-10", big, target.optimiser)
   step("Adam", "Adam", {lr = 1e-3}, "2-16-16-1", {2, 16, 16, 1}, target.optimiser)
   step("SGD, momentum, fused", "SGD", momentum, "784-512-10", big)
   step("Adam, fused", "Adam", {lr = 1e-3}, "784-512-10", big)
   step("AdamW, fused", "AdamW", {lr = 1e-3}, "784-512-10", big)

   work {"an epoch of the digits", target = target.epoch, setup = function()
      local images, labels = {}, {}
      for line in io.lines "examples/data/digits.csv" do
         local row = {}
         for number in line:gmatch "%d+" do row[#row + 1] = tonumber(number) end
         labels[#labels + 1] = table.remove(row) + 1
         images[#images + 1] = row
      end
      local all = data.TensorDataset(tide.tensor(images, {dtype = tide.float32}) / 16, tide.tensor(labels))
      local train = data.random_split(all, {1437, #all - 1437})[1]
      local model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))
      local opt, loader = optim.Adam(model:parameters(), {lr = 3e-3}), data.DataLoader(train, {batch_size = 32, shuffle = true})
      local function epoch()
         local losses = {}
         for x, y in loader:iter() do
            opt:zero_grad()
            local loss = F.cross_entropy(model(x), y)
            loss:backward()
            opt:step()
            losses[#losses + 1] = loss:item()
         end
         return losses
      end
      return epoch, function() return tide.tensor(epoch(), {dtype = tide.float64}) end
   end}

   for _, size in ipairs {{16, 32}, {64, 256}} do
      local batch, width = size[1], size[2]
      work {("block of modules, (%d, %d)"):format(batch, width), flops = 48 * batch * width * width, setup = function()
         local block = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Dropout(0.1), nn.Linear(4 * width, width))
         local x = tide.randn(batch, width, {requires_grad = true})
         return function()
            block:zero_grad()
            x.grad = nil
            block(x):square():mean():backward()
         end, function()
            block(x):square():mean():backward()
            local gradients = {x.grad}
            for _, p in ipairs(block:parameters()) do gradients[#gradients + 1] = p.grad end
            return table.unpack(gradients)
         end
      end}
   end
end
