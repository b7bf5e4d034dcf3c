-- The PyTorch autograd tutorial in Lua, in its order. Run it with
--    tools/run examples/01_tutorial.lua
-- It prints what 01_tutorial.py prints under PyTorch (01_tutorial.txt), addresses of nodes aside.

local tide = require "tide"

-- Matrix calculus, in short
-- -------------------------
-- For y = f(x), x a vector of n numbers and y one of m, the derivative is the Jacobian, m rows by n columns:
--
--        | dy1/dx1  ...  dy1/dxn |
--    J = |   ...    ...    ...   |
--        | dym/dx1  ...  dym/dxn |
--
-- Automatic differentiation never builds J. Given a vector v, with one number for each y, it computes the product
-- J^T v. If v is the gradient of some l = g(y), then J^T v is, by the chain rule, the gradient of l with respect to x:
-- so a chain of functions is differentiated from its end to its beginning, one such product after the other.
-- Where y is a single number, v is 1 and is left out.

-- Tensors that record
-- -------------------
local x = tide.ones(2, 2, {requires_grad = true})
print(x)

local y = x + 2                       -- y was made by an operation, so it has a grad_fn
print(y)
print(y.grad_fn)

local z = y * y * 3
local out = z:mean()
print(z, out)

-- requires_grad_ changes the flag in place; without it a tensor does not record.
tide.manual_seed(0)
local a = tide.randn(2, 2)
a = (a * 3) / (a - 1)
print(a.requires_grad)
a:requires_grad_(true)
print(a.requires_grad)
local b = (a * a):sum()
print(b.grad_fn)

-- First and second derivatives
-- ----------------------------
-- f(x1, x2) = x1^2 + x2^2 + x1 x2
local x1 = tide.tensor(1., {requires_grad = true})
local x2 = tide.tensor(2., {requires_grad = true})
local f = x1 ^ 2 + x2 ^ 2 + x1 * x2
print(f)

-- df/dx1 = 2 x1 + x2 = 4, df/dx2 = 2 x2 + x1 = 5. create_graph records the derivative, so that it can be differentiated again.
local df_dx1, df_dx2 = tide.autograd.grad(f, {x1, x2}, {create_graph = true})
print(df_dx1, df_dx2)

-- d2f/dx1^2 = 2, d2f/dx1dx2 = 1
local d2f_dx1dx1, d2f_dx1dx2 = tide.autograd.grad(df_dx1, {x1, x2})
print(d2f_dx1dx1, d2f_dx1dx2)

-- Gradients
-- ---------
-- out = 1/4 sum of 3 (x + 2)^2, so d(out)/dx = 3/2 (x + 2), which is 4.5 at x = 1.
out:backward()
print(x.grad)

-- A matrix product, with the vector v given
-- -----------------------------------------
local input = tide.ones(2, 3, {requires_grad = true})
local w = tide.tensor({{1., 2., 3.}, {4., 5., 6.}}, {requires_grad = true})
local product = tide.matmul(input, w.T)
print(product)
product:backward {gradient = tide.ones_like(product)}
print(input.grad)
print(w.grad)

-- y = 2 x and z = 2 y: backward with a vector
local p = tide.tensor({1., 2., 3.}, {requires_grad = true})
local q = 2 * p
local r = 2 * q
local v = tide.tensor {0.1, 1.0, 0.0001}
r:backward(v)                         -- J is 4 on the diagonal, so J^T v = 4 v
print(p.grad)

-- The Jacobian itself, and its transpose times v, for once
local function double_twice(t) return 2 * (2 * t) end
local point = tide.tensor {1., 2., 3.}
local J = tide.autograd.functional.jacobian(double_twice, point)
print(J)
print(tide.matmul(J.T, v))
local _, vjp = tide.autograd.functional.vjp(double_twice, point, v)
print(vjp)

-- Not recording
-- -------------
-- detach gives the same numbers without the history.
local d = x:detach()
print(d.requires_grad, tide.equal(d, x))

-- no_grad switches recording off for a block.
print((x ^ 2).requires_grad)
do
   local _ <close> = tide.no_grad()
   print((x ^ 2).requires_grad)
end
