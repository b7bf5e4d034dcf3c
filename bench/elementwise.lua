-- Operators on each element, from what fits in the first cache to what fits in none, alone and in chains with their gradients.
return function(work, tide, target)
   local F = tide.nn.functional
   local SIZES = {
      {"1e3", 25, 40, full = true}, {"1e4", 100, 100, full = true}, {"1e5", 250, 400}, {"1e6", 1000, 1000}, {"1e7", 2500, 4000, full = true},
   }
   local TWO = {add = true, mul = true, where = true}                   -- operands of this size

   local OPERATORS = {
      {"add", "memory", function(x, y) return function() return x + y end end},
      {"mul", "memory", function(x, y) return function() return x * y end end},
      {"relu", "memory", function(x) return function() return x:relu() end end},
      {"clamp", "memory", function(x) return function() return x:clamp(-1, 1) end end},
      {"exp", "math", function(x) return function() return x:exp() end end},
      {"log", "math", function(x) x = x:abs() + 0.1 return function() return x:log() end end},
      {"tanh", "math", function(x) return function() return x:tanh() end end},
      {"sigmoid", "math", function(x) return function() return x:sigmoid() end end},
      {"gelu", "math", function(x) return function() return F.gelu(x) end end},
      {"pow 2.5", "math", function(x) x = x:abs() + 0.1 return function() return x ^ 2.5 end end},
      {"where", "pass", function(x, y) local above = x:gt(0) return function() return tide.where(above, x, y) end end},
   }

   local function wanted(kind, size)
      if size == "1e6" or (size == "1e5" and kind ~= "math") then return target[kind] end
   end

   for _, operator in ipairs(OPERATORS) do
      local name, kind, make = operator[1], operator[2], operator[3]
      for _, size in ipairs(SIZES) do
         local n = size[2] * size[3]
         work {name .. " " .. size[1], target = wanted(kind, size[1]), full = size.full,
            bytes = (TWO[name] and 12 or 8) * n + (name == "where" and n or 0),
            setup = function() return make(tide.randn(n), tide.randn(n)) end}
      end
   end
   for _, size in ipairs(SIZES) do
      local rows, columns = size[2], size[3]
      work {"add a row " .. size[1], target = wanted("memory", size[1]), full = size.full, bytes = 8 * rows * columns, setup = function()
         local x, r = tide.randn(rows, columns), tide.randn(columns)
         return function() return x + r end
      end}
      work {"add transposed " .. size[1], target = wanted("pass", size[1]), full = size.full, bytes = 12 * rows * columns, setup = function()
         local x, y = tide.randn(columns, rows), tide.randn(rows, columns)
         return function() return x:t() + y end
      end}
   end

   local CHAINS = {
      {"chain of 6", function(x, w, b, y) return ((x * w + b):tanh() - y):pow(2):mean() end},
      {"chain of 10", function(x, w, b, y)
         local u = ((x * w + b):tanh() - y):pow(2)
         return (u * 0.5 + 1.0):log():sigmoid():mean()
      end},
   }
   for _, size in ipairs {{"1e6", 1000000}, {"1e7", 10000000, full = true}} do
      for _, chain in ipairs(CHAINS) do
         local n, f = size[2], chain[2]
         work {chain[1] .. " " .. size[1], target = target["chain_" .. size[1]], full = size.full, bytes = 16 * n, setup = function()
            local x, w, b, y = tide.randn(n), tide.randn(n), tide.randn(n), tide.randn(n)
            return function() return f(x, w, b, y) end
         end}
         work {chain[1] .. ", backward " .. size[1], target = target["chain_" .. size[1]], full = size.full, bytes = 28 * n, setup = function()
            local x, w, b, y = tide.randn(n), tide.randn(n), tide.randn(n), tide.randn(n)
            for _, leaf in ipairs {x, w, b} do leaf.requires_grad = true end
            return function()
               x.grad, w.grad, b.grad = nil, nil, nil
               f(x, w, b, y):backward()
               return x.grad, w.grad, b.grad
            end
         end}
      end
   end
end
