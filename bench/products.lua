-- Products of matrices, from what fits in the first cache upwards, in batches, and as a linear layer asks for them.
return function(work, tide, target)
   local F = tide.nn.functional

   local function product(name, flops, setup, full)
      work {name, target = target.product, flops = flops, full = full, setup = setup}
   end

   for _, n in ipairs {64, 128, 256, 512, 1024} do
      product("matmul " .. n, 2 * n ^ 3, function()
         local a, b = tide.randn(n, n), tide.randn(n, n)
         return function() return a:matmul(b) end
      end)
   end
   product("matmul 100x300x200", 2 * 100 * 300 * 200, function()
      local a, b = tide.randn(100, 300), tide.randn(300, 200)
      return function() return a:matmul(b) end
   end)
   product("matmul 256, both transposed", 2 * 256 ^ 3, function()
      local a, b = tide.randn(256, 256), tide.randn(256, 256)
      return function() return a:t():matmul(b:t()) end
   end)
   work {"matmul 256, float64", target = target.product, flops = 4 * 256 ^ 3, setup = function()        -- half as many lanes
      local a, b = tide.randn(256, 256, {dtype = tide.float64}), tide.randn(256, 256, {dtype = tide.float64})
      return function() return a:matmul(b) end
   end}
   work {"matrix 1024 times vector", target = target.product, bytes = 4 * 1024 ^ 2, setup = function()
      local a, v = tide.randn(1024, 1024), tide.randn(1024)
      return function() return a:matmul(v) end
   end}
   product("matmul 256, backward", 6 * 256 ^ 3, function()
      local a, b = tide.randn(256, 256, {requires_grad = true}), tide.randn(256, 256, {requires_grad = true})
      local g = tide.randn(256, 256)
      return function()
         a.grad, b.grad = nil, nil
         a:matmul(b):backward(g)
         return a.grad, b.grad
      end
   end)
   product("bmm 64 of 64x64x64", 2 * 64 ^ 4, function()
      local a, b = tide.randn(64, 64, 64), tide.randn(64, 64, 64)
      return function() return a:bmm(b) end
   end)
   product("attention: (16, 4, 64, 32) by keys transposed", 2 * 64 * 64 * 64 * 32, function()
      local queries, keys = tide.randn(16, 4, 64, 32), tide.randn(16, 4, 64, 32)
      return function() return queries:matmul(keys:transpose(-2, -1)) end
   end)
   product("linear 64x784 to 512", 2 * 64 * 784 * 512, function()
      local x, w, b = tide.randn(64, 784), tide.randn(512, 784), tide.randn(512)
      return function() return F.linear(x, w, b) end
   end)
   product("linear 64x784 to 512, backward", 6 * 64 * 784 * 512, function()
      local x, w, b = tide.randn(64, 784), tide.randn(512, 784), tide.randn(512)
      for _, leaf in ipairs {x, w, b} do leaf.requires_grad = true end
      local g = tide.randn(64, 512)
      return function()
         x.grad, w.grad, b.grad = nil, nil, nil
         F.linear(x, w, b):backward(g)
         return x.grad, w.grad, b.grad
      end
   end)
end
