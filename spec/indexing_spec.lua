-- Section 4 of the contract: x[...] read and written, with gradients (spec/data/indexing.py), and its errors.
local tide = require "tide"
local text = dofile "spec/data/text.lua"
local data = dofile "spec/data/indexing.lua"

local function bases()
   local env = {}
   for name, source in pairs(data.bases) do env[name] = text.eval(source) end
   return env
end

local function weights(x) return tide.arange(1, x:numel() + 1, {dtype = tide.float64}):reshape(x.shape) end

-- x[index] = value on a clone of the base: the text of the tensor, and of the gradients of base and value.
local function write(base, index, value)
   local env = bases()
   local x = env[base]:requires_grad_()
   env.y, env.value = x:clone(), type(value) == "string" and text.eval(value, bases()) or value
   local float = tide.is_tensor(env.value) and (env.value.dtype == tide.float32 or env.value.dtype == tide.float64)
   local v = float and env.value:detach():clone():requires_grad_()
   if v then env.value = v end
   text.eval(("y[%s] = value"):format(index), env)
   ;(env.y * weights(env.y)):sum():backward()
   return {text.of(env.y), text.of(x.grad), v and text.of(v.grad) or nil}
end

local function expected(case, first) return {table.unpack(case, first)} end

describe("reading", function()
   for _, case in ipairs(data.reads) do
      local base, index, value, gradient = table.unpack(case, 1, 4)
      it(("%s[%s]"):format(base, index), function()
         local env = bases()
         local x = env[base]:requires_grad_()
         local y = text.eval(("%s[%s]"):format(base, index), env)
         assert.are.equal(value, text.of(y))
         ;(y * weights(y)):sum():backward()
         assert.are.equal(gradient, text.of(x.grad))
      end)
   end
end)

describe("writing", function()
   for _, case in ipairs(data.reads) do
      local base, index = case[1], case[2]
      if #case > 4 then it(("%s[%s] = a tensor"):format(base, index), function()
         local picked = text.eval(("%s[%s]"):format(base, index), bases())
         assert.are.same(expected(case, 5), write(base, index, weights(picked) + 99))
      end) end
   end
   for _, case in ipairs(data.writes) do
      local base, index, value = table.unpack(case, 1, 3)
      it(("%s[%s] = %s"):format(base, index, value), function()
         assert.are.same(expected(case, 4), write(base, index, value))
      end)
   end
   for _, case in ipairs(data.dtypes) do
      local dtype, index, value, result = table.unpack(case)
      it(("%s[%s] = %s"):format(dtype, index, value), function()
         local env = {x = tide.ones(3, {dtype = tide[dtype]})}
         text.eval(("x[%s] = %s"):format(index, value), env)
         assert.are.equal(result, text.of(env.x))
      end)
   end
end)

describe("indexing", function()
   it("with integers and ranges gives views, with tensors copies", function()
      local m = bases().m
      m[2][3] = 60
      m[{{}, {1, 4, 3}}][{1, 2}] = -3
      m[{}][{3, 1}] = 80
      m[tide.tensor {1, 2}]:zero_()
      m[m:gt(0)]:zero_()
      assert.are.equal("float64[3,4] 0 1 2 -3 4 5 60 7 80 9 10 11", text.of(m))
      assert.are.equal("float64[] 60", text.of(m[{2, 3}]))
   end)
   it("counts versions", function()
      local m = bases().m
      m[1] = 0
      m[m:gt(3)] = 1
      assert.are.equal(2, m._version)
   end)
   it("reads unknown names as nil and refuses to write them", function()
      local m = bases().m
      assert.is_nil(m.nothing)
      assert.has_error(function() m.nothing = 1 end)
   end)
   it("walks the first dimension", function()
      local m = bases().m
      assert.are.equal(3, #m)
      local seen = {}
      for i, row in pairs(m) do seen[#seen + 1] = i .. ": " .. text.of(row) end
      assert.are.same({"1: float64[4] 0 1 2 3", "2: float64[4] 4 5 6 7", "3: float64[4] 8 9 10 11"}, seen)
   end)
   it("adds up gradients of an element that is read twice, to second order", function()
      local x = tide.tensor({1.0, 2.0, 3.0}, {requires_grad = true})
      local y = x[tide.tensor {2, 2, 3}]
      local g = tide.autograd.grad((y ^ 3):sum(), x, {create_graph = true})
      assert.are.equal("float32[3] 0 24 27", text.of(g))
      assert.are.equal("float32[3] 0 24 18", text.of((tide.autograd.grad(g:sum(), x))))
   end)
   it("refuses to write into a leaf that requires grad", function()
      local x = tide.ones(3, {requires_grad = true})
      assert.has_error(function() x[1] = 0 end)
      assert.has_error(function() x[x:gt(0)] = 0 end)
      assert.are.equal("float32[3] 1 1 1", text.of(x))
   end)
end)

-- Source, then what the message must contain: whole numbers and words.
describe("wrong indices say why:", function()
   local v, m, x, s = "tide.arange(10)", "tide.arange(12.0):reshape(3, 4)", "tide.zeros(2, 3, 4)", "tide.tensor(1)"
   local function set(base, index, value) return ("(function() local x = %s; x[%s] = %s end)()"):format(base, index, value) end
   for _, case in ipairs {
      -- out of range: the index as given, the dimension, its size
      {v .. "[0]", "0", "dim%a* 1", "10"}, {v .. "[11]", "11", "dim%a* 1", "10"}, {v .. "[-11]", "%-11", "dim%a* 1", "10"},
      {m .. "[{1, 5}]", "5", "dim%a* 2", "4"}, {x .. "[{2, 3, -5}]", "%-5", "dim%a* 3", "4"},
      {x .. "[{{}, 4}]", "4", "dim%a* 2", "3"}, {x .. "[{'...', 5}]", "5", "dim%a* 3", "4"},
      {v .. "[tide.tensor{1, 11}]", "11", "dim%a* 1", "10"}, {v .. "[tide.tensor{0}]", "0", "dim%a* 1", "10"},
      {x .. "[{{}, tide.tensor{-4}}]", "%-4", "dim%a* 2", "3"}, {x .. "[{1, {}, tide.tensor{5}}]", "5", "dim%a* 3", "4"},
      {m .. "[{tide.newaxis, 4}]", "4", "3"}, {set(v, "0", "1"), "0", "dim%a* 1", "10"},
      {set(m, "{1, 5}", "1"), "5", "dim%a* 2", "4"}, {set(v, "tide.tensor{11}", "1"), "11", "10"},
      -- too many, or none to take
      {m .. "[{1, 2, 3}]", "3", "2"}, {s .. "[1]", "0"}, {m .. "[{1, 1, {}}]", "3", "2"},
      {m .. "[{tide.ones(3, 4):gt(0), 1}]", "3", "2"}, {m .. "[{'...', 1, '...'}]", "%.%.%."},
      -- no index at all
      {v .. "[1.5]", "1.5"}, {v .. "[true]", "newaxis", "tide.tensor%(true%)"}, {m .. "[{true, 1}]", "newaxis"},
      {m .. "[{'all'}]", "all"}, {m .. "[{print}]", "function"}, {v .. "[tide.tensor{1.0}]", "float32"},
      -- ranges
      {v .. "[{{1}}]", "range"}, {v .. "[{{1, 2, 0}}]", "step"}, {v .. "[{{5, 1, -1}}]", "step"}, {v .. "[{{1, 2, 3, 4}}]", "range"},
      {v .. "[{{1.5, 2}}]", "1.5"}, {v .. "[{{'a', 2}}]", "range"}, {v .. "[{{true, 2}}]", "range"},
      -- masks and index tensors that do not fit
      {m .. "[tide.tensor{true, false}]", "2", "3"}, {m .. "[tide.ones(3, 3):gt(0)]", "3", "4"},
      {x .. "[{{}, tide.ones(2):gt(0)}]", "2", "3"}, {m .. "[{tide.tensor{1, 2}, tide.tensor{1, 2, 3}}]", "2", "3"},
      -- values that do not fit
      {set(m, "1", "tide.zeros(3)"), "3", "4"}, {set(m, "{{}, 1}", "tide.zeros(4)"), "4", "3"},
      {set(m, "tide.tensor{1, 2}", "tide.zeros(3, 4)"), "3", "2"}, {set(m, "tide.ones(3, 4):gt(0)", "tide.zeros(5)"), "5", "12"},
      {set(m, "1", "'text'"), "string"}, {set(m, "1", "nil"), "nil"}, {set(m, "1", "{1, 2, 3, 4}"), "table"},
      {set("tide.zeros(3, {dtype = tide.uint8})", "1", "300"), "uint8"}, {set("tide.zeros(3, {dtype = tide.int8})", "1", "200"), "int8"},
      {set("tide.zeros(1, 3):expand(2, 3)", "{{}, 1}", "1")},
   } do
      it(case[1], function()
         local ok, message = pcall(text.eval, case[1])
         assert.is_false(ok)
         for i = 2, #case do
            local pattern = case[i]
            if pattern:find "^%%?%-?%d+$" then pattern = "%f[%d-]" .. pattern .. "%f[^%d]" end
            assert.matches(pattern, message)
         end
      end)
   end
end)
