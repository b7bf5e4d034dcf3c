-- What makes few numbers of many, or needs all of a row for each of its elements: a square matrix, and the rows of a language model.
return function(work, tide, target)
   local F = tide.nn.functional

   -- Layer normalisation, where tide has it; else as one writes it without.
   local layer_norm = F.layer_norm or function(x, _, weight, bias)
      local centred = x - x:mean(-1, true)
      return centred * (x:var {dim = -1, unbiased = false, keepdim = true} + 1e-5):rsqrt() * weight + bias
   end

   for _, shape in ipairs {{1000, 1000}, {64, 50257}} do
      local rows, columns = shape[1], shape[2]
      local n, suffix = rows * columns, (" (%d, %d)"):format(rows, columns)

      -- written: bytes of the result; check: what to compare where that is not what f returns
      local function reduction(name, wanted, written, f, check)
         work {name .. suffix, target = wanted, bytes = 4 * n + written, setup = function()
            local x = tide.randn(rows, columns)
            return function() return f(x) end, check and function() return check(x) end
         end}
      end
      reduction("sum", target.memory, 0, function(x) return x:sum() end)
      reduction("sum dim 1", target.memory, 0, function(x) return x:sum(1) end)
      reduction("sum dim 2", target.memory, 0, function(x) return x:sum(2) end)
      reduction("max", target.pass, 0, function(x) return x:max() end)
      reduction("max dim 2", target.pass, 0, function(x) return x:max(2) end, function(x)
         local values, positions = x:max(2)
         return values, positions - 1
      end)
      reduction("argmax dim 2", target.pass, 0, function(x) return x:argmax(2) end, function(x) return x:argmax(2) - 1 end)
      reduction("cumsum dim 2", target.pass, 4 * n, function(x) return x:cumsum(2) end)
      reduction("var", target.pass, 0, function(x) return x:var() end)
      reduction("var dim 2", target.pass, 0, function(x) return x:var(2) end)
      reduction("softmax dim 2", target.pass, 4 * n, function(x) return x:softmax(2) end)
      reduction("logsumexp dim 2", target.pass, 0, function(x) return x:logsumexp(2) end)

      work {"layer norm" .. suffix, target = target.pass, bytes = 8 * n, setup = function()
         local x, w, b = tide.randn(rows, columns), tide.randn(columns), tide.randn(columns)
         return function() return layer_norm(x, {columns}, w, b) end
      end}
      work {"cross entropy, backward" .. suffix, target = target.pass, bytes = 8 * n, setup = function()
         local x = tide.randn(rows, columns, {requires_grad = true})
         local classes = tide.randint(1, columns + 1, {rows})
         return function()
            x.grad = nil
            F.cross_entropy(x, classes):backward()
            return x.grad
         end
      end}
   end
end
