-- The names of nodes are PyTorch's, and a composite leaves the nodes that PyTorch's leaves (spec/data/names.py).
local text = dofile "spec/data/text.lua"
local data = dofile "spec/data/names.lua"

local function name(node) return node and tostring(node):match "^<(%S+) object at 0x%x+>$" or "nil" end

-- "MulBackward0 ReciprocalBackward0 AccumulateGrad": the nodes from here along first inputs.
local function chain(node)
   local names = {}
   while node do
      names[#names + 1] = name(node)
      local edge = node.next_functions[1]
      node = edge and edge[1]
   end
   return table.concat(names, " ")
end

local function result(source)
   local env = {}
   for k, v in pairs(data.variables) do env[k] = text.eval(v) end
   return {y = text.eval(source, env), variables = env}
end

-- tide multiplies batches of one shape as they are; PyTorch expands and views them first, which leaves two nodes more.
-- Its cross entropy of classes is one operator.
local shorter = {["b:matmul(b)"] = "UnsafeViewBackward0 BmmBackward0 AccumulateGrad", ["F.cross_entropy(x, i)"] = "NllLossBackward0 AccumulateGrad"}

for _, case in ipairs(data.cases) do
   local source, expected, nodes = table.unpack(case)
   describe(source, function()
      local needed = source:match "F%.([%w_]+)"
      it("leaves " .. expected, function()
         if needed and not text.eval("F and F." .. needed) then pending("not there yet: F." .. needed) return end
         local y = result(source).y
         assert.are.equal(expected, name(y.grad_fn))
         if expected ~= "nil" then assert.matches("grad_fn=<" .. expected .. ">", tostring(y), 1, true) end
      end)
      if nodes then
         it("and below it " .. nodes, function()
            if needed and not text.eval("F and F." .. needed) then pending("not there yet: F." .. needed) return end
            local kept = result(source)      -- with its variables
            assert.are.equal(shorter[source] or nodes, chain(kept.y.grad_fn))
         end)
      end
   end)
end
