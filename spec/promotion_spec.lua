-- Section 3 of the contract: dtypes of results, and the values that hang on them (spec/data/promotion.py).
local tide = require "tide"
local text = dofile "spec/data/text.lua"
local data = dofile "spec/data/promotion.lua"

local letter, numbers = {}, {}
for k, name in pairs(data.letters) do letter[tostring(tide[name])] = k end
for i, source in ipairs(data.numbers) do numbers[i] = text.eval(source) end

-- The letter of what source gives with operands a and b; - where it is an error.
local function result(source, a, b)
   local ok, y = pcall(text.eval, source, {a = a, b = b})
   return ok and letter[tostring(y.dtype)] or "-"
end

-- expected, with its ? replaced by what we have there.
local function fill(expected, actual)
   local i = 0
   return (expected:gsub(".", function(c)
      i = i + 1
      return c == "?" and actual:sub(i, i) or c
   end))
end

local function tensor(k, form, first)
   local zero_dim = form == "0-dim both" or form == (first and "0-dim first" or "0-dim second")
   return tide.ones(zero_dim and {} or {3}, {dtype = tide[data.letters[k]]})
end

-- One row of the table: k is the dtype of the tensor that stays, the other operand runs.
local function row(source, form, k)
   local letters = {}
   if form == "numbers" then
      for i, n in ipairs(numbers) do letters[i] = result(source, tensor(k), n) end
   elseif form == "numbers first" then
      for i, n in ipairs(numbers) do letters[i] = result(source, n, tensor(k)) end
   else
      for c in data.order:gmatch "." do
         letters[#letters + 1] = result(source, tensor(k, form, true), tensor(c, form, false))
      end
   end
   return table.concat(letters)
end

describe("the dtype of", function()
   for _, case in ipairs(data.binary) do
      local source, form = case[1], case[2]
      it(("%s (%s)"):format(source, form), function()
         local expected, actual = {}, {}
         for i = 1, #data.order do
            local k = data.order:sub(i, i)
            actual[i] = data.letters[k] .. ": " .. row(source, form, k)
            expected[i] = fill(data.letters[k] .. ": " .. case[i + 2], actual[i])
         end
         assert.are.same(expected, actual)
      end)
   end
   for _, case in ipairs(data.unary) do
      local source, expected = case[1], case[2]
      it(source, function()
         local actual = data.order:gsub(".", function(k) return result(source, tensor(k)) end)
         assert.are.equal(fill(expected, actual), actual)
      end)
   end
end)

describe("the value of", function()
   for _, case in ipairs(data.values) do
      local source, expected = case[1], case[2]
      it(source .. (expected and "" or " is an error"), function()
         local ok, y = pcall(text.eval, source)
         if expected then
            assert(ok, y)
            assert.are.equal(expected, text.of(y))
         else
            assert.is_false(ok)
            assert.is_nil(tostring(y):find "attempt to")
         end
      end)
   end
end)

describe("the default dtype", function()
   after_each(function() tide.set_default_dtype(tide.float32) end)
   it("decides what numbers and integers become", function()
      tide.set_default_dtype(tide.float64)
      for source, dtype in pairs {
         ["tide.tensor(1.5)"] = "float64", ["tide.zeros(2)"] = "float64", ["tide.tensor{1} / 2"] = "float64",
         ["tide.tensor{1} * 2.5"] = "float64", ["tide.tensor{1}:sqrt()"] = "float64", ["tide.tensor{1}"] = "int64",
         ["tide.ones(2, {dtype = tide.float32}) * 2.5"] = "float32", ["tide.linspace(0, 1, 3)"] = "float64",
         ["tide.rand(2)"] = "float64",
      } do
         assert.are.equal(source .. " is " .. dtype, source .. " is " .. tostring(text.eval(source).dtype):gsub("tide%.", ""))
      end
   end)
   it("is a floating-point one", function()
      assert.has_error(function() tide.set_default_dtype(tide.int64) end)
      assert.are.equal(tide.float32, tide.zeros(1).dtype)
   end)
end)

describe("errors of dtype name the function and the dtypes:", function()
   for source, words in pairs {
      ["tide.tensor{1, 2}:mean()"] = {"mean", "int64"},
      ["tide.tensor{true} - tide.tensor{true}"] = {"sub", "bool"},
      ["-tide.tensor{true}"] = {"neg", "bool"},
      ["tide.tensor{1}:add_(1.5)"] = {"add_", "int64", "float32"},
      ["tide.tensor{1.5} & 1"] = {"and", "float32"},
      ["tide.tensor{1} // 0"] = {"zero"},
      ["tide.tensor{1} ^ -1"] = {"pow", "negative"},
      ["tide.ones(2, 2):matmul(tide.ones(2, 2):double())"] = {"matmul", "float32", "float64"},
      ["tide.ones(2, {dtype = tide.int64, requires_grad = true})"] = {"int64"},
      ["tide.tensor{1}:requires_grad_()"] = {"requires_grad_", "int64"},
   } do
      it(source, function()
         local ok, message = pcall(text.eval, source)
         assert.is_false(ok)
         for _, word in ipairs(words) do assert.matches(word, message, 1, true) end
      end)
   end
end)
