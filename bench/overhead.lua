-- What a small operation costs: graphs of scalars and tensors of four elements, where all the time goes into everything but arithmetic.
return function(work, tide, target)
   local grad = tide.autograd.grad

   local function scalars()
      local x1 = tide.tensor(3.0, {requires_grad = true})
      local x2 = tide.tensor(2.0, {requires_grad = true})
      return x1, x2, function() return x1 ^ 2 + x2 ^ 2 + x1 * x2 end
   end

   work {"scalars: f(x1, x2)", target = target.graph, setup = function()
      local _, _, f = scalars()
      return f
   end}

   work {"scalars: f and gradient", target = target.graph, setup = function()
      local x1, x2, f = scalars()
      return function() return grad(f(), {x1, x2}, {create_graph = true}) end
   end}

   work {"scalars: second derivatives", target = target.graph, setup = function()
      local x1, x2, f = scalars()
      return function()
         local d1, d2 = grad(f(), {x1, x2}, {create_graph = true})
         local d11, d12 = grad(d1, {x1, x2}, {retain_graph = true})
         local d21, d22 = grad(d2, {x1, x2})
         return d11, d12, d21, d22
      end
   end}

   work {"example of 2x2", target = target.graph, setup = function()
      return function()
         local x = tide.ones(2, 2, {requires_grad = true})
         local y = x + 2
         local z = y * y * 3
         z:mean():backward()
         return x.grad
      end
   end}

   work {"chain of 100 operations", target = target.graph, setup = function()
      local x = tide.tensor({0.5}, {requires_grad = true})
      return function()
         x.grad = nil
         local y = x
         for _ = 1, 50 do y = y * 1.01 + 0.01 end
         y:backward()
         return x.grad
      end
   end}

   local function small(name, setup) work {"four: " .. name, target = target.small, setup = setup} end

   small("add", function()
      local a, b = tide.randn(4), tide.randn(4)
      return function() return a + b end
   end)
   small("add, recorded", function()
      local a, b = tide.randn(4, {requires_grad = true}), tide.randn(4)
      return function() return a + b end
   end)
   small("add, sum, backward", function()
      local a, b = tide.randn(4, {requires_grad = true}), tide.randn(4)
      return function()
         a.grad = nil
         (a + b):sum():backward()
         return a.grad
      end
   end)
   small("add a number", function()
      local a = tide.randn(4)
      return function() return a + 1.5 end
   end)
   small("add in place", function()
      local a, b = tide.randn(4), tide.zeros(4)
      return function() return a:add_(b) end
   end)
   small("zeros", function() return function() return tide.zeros(4) end end)
   small("tensor from a list", function() return function() return tide.tensor {1.5, 2.5, 3.5, 4.5} end end)
   small("item", function()
      local a = tide.tensor(1.5)
      return function() return a:item() end
   end)
   small("exp", function()
      local a = tide.randn(4)
      return function() return a:exp() end
   end)
   small("sum", function()
      local a = tide.randn(4)
      return function() return a:sum() end
   end)
   small("view", function()
      local a = tide.randn(4)
      return function() return a:view(2, 2) end
   end)
   small("row", function()
      local a = tide.randn(2, 2)
      return function() return a[1] end
   end)
   small("product of 2x2", function()
      local a, b = tide.randn(2, 2), tide.randn(2, 2)
      return function() return a:mm(b) end
   end)
end
