-- Gradients of gradients: the Hessian of a function of ten numbers, and an MLP's Hessian times a vector.
return function(work, tide, target)
   local F, grad = tide.nn.functional, tide.autograd.grad

   work {"Hessian of Rosenbrock's function of 10", target = target.graph, setup = function()
      local x = tide.randn(10, {requires_grad = true})
      local function rosenbrock()
         local head, tail = x[{{1, -2}}], x[{{2, -1}}]
         return ((tail - head ^ 2) ^ 2 * 100 + (1 - head) ^ 2):sum()
      end
      return function()
         local g = grad(rosenbrock(), x, {create_graph = true})
         local rows = {}
         for i = 1, 10 do rows[i] = grad(g[i], x, {retain_graph = true}) end
         return tide.stack(rows)
      end
   end}

   work {"Hessian of an MLP times a vector", target = target.training, flops = 64 * (8 * 784 * 512 + 14 * 512 * 10), setup = function()
      local p = {tide.randn(512, 784) * 0.03, tide.zeros(512), tide.randn(10, 512) * 0.03, tide.zeros(10)}
      local v = {}
      for i, parameter in ipairs(p) do
         parameter.requires_grad = true
         v[i] = tide.randn_like(parameter)
      end
      local x, classes = tide.randn(64, 784), tide.randint(1, 11, {64})
      return function()
         local loss = F.cross_entropy(F.linear(F.linear(x, p[1], p[2]):relu(), p[3], p[4]), classes)
         local g = {grad(loss, p, {create_graph = true})}
         local dot = (g[1] * v[1]):sum()
         for i = 2, #g do dot = dot + (g[i] * v[i]):sum() end
         return grad(dot, p)
      end
   end}
end
