-- Whole training steps, written with tensors alone: forward, loss, backward, and plain gradient descent under no_grad.
return function(work, tide, target)
   local F = tide.nn.functional

   -- Weights and biases of layers between these sizes, small enough that training goes well.
   local function layers(...)
      local sizes, parameters = {...}, {}
      for i = 1, #sizes - 1 do
         local w = tide.randn(sizes[i + 1], sizes[i]) * (1 / sizes[i]) ^ 0.5
         parameters[#parameters + 1] = w:requires_grad_()
         parameters[#parameters + 1] = tide.zeros(sizes[i + 1], {requires_grad = true})
      end
      return parameters
   end

   -- One step of a network whose loss f computes; after it, the loss.
   local function step(parameters, rate, f)
      return function()
         for _, p in ipairs(parameters) do p.grad = nil end
         local loss = f()
         loss:backward()
         local _ <close> = tide.no_grad()
         for _, p in ipairs(parameters) do p:sub_(p.grad, {alpha = rate}) end
         return loss
      end
   end

   -- Both sides have to have taken the same steps.
   local function after(n, run, parameters)
      return function()
         local loss
         for _ = 1, n do loss = run() end
         return loss, table.unpack(parameters)
      end
   end

   work {"MLP 784-512-10, batch 64", target = target.training, flops = 64 * (4 * 784 * 512 + 6 * 512 * 10), setup = function()
      local p = layers(784, 512, 10)
      local x, classes = tide.randn(64, 784), tide.randint(1, 11, {64})
      local run = step(p, 0.01, function()
         return F.cross_entropy(F.linear(F.linear(x, p[1], p[2]):relu(), p[3], p[4]), classes)
      end)
      return run, after(3, run, p)
   end}

   work {"tiny MLP 2-16-16-1, batch 32", target = target.tiny_training, setup = function()
      local p = layers(2, 16, 16, 1)
      local x, y = tide.randn(32, 2), tide.randn(32, 1)
      local run = step(p, 0.01, function()
         local h = F.linear(F.linear(x, p[1], p[2]):tanh(), p[3], p[4]):tanh()
         return F.mse_loss(F.linear(h, p[5], p[6]), y)
      end)
      return run, after(3, run, p)
   end}
end
