-- The text of errors: FILE:LINE: function: what is wrong. The line is the user's, wherever in tide the error was found.
local tide = require "tide"

-- The line that called this.
local function line() return debug.getinfo(2, "l").currentline end

-- f fails with exactly this text after "spec/errors_spec.lua:LINE: ". The line is that of f's definition unless it is given.
local function fails(text, f, at)
   local ok, message = pcall(f)
   assert(not ok, "no error: " .. text)
   assert.equal(("spec/errors_spec.lua:%d: %s"):format(at or debug.getinfo(f, "S").linedefined, text), (message:gsub("; it can be called as.*", "; ...")))
end

local x, w = tide.ones(2, 3), tide.ones(2, 3, {requires_grad = true})

describe("an error's text", function()
   it("names function, sizes and dtypes", function()
      fails("matmul: sizes (2, 3) and (2, 3) do not fit: 3 columns against 2 rows", function() return tide.matmul(x, x) end)
      fails("add: sizes (2, 3) and (5,) do not fit: 3 against 5 at dimension 2", function() return tide.add(x, tide.ones(5)) end)
      fails("requires_grad_: only tensors of a float dtype can require grad, this one is int64", function() tide.tensor(1):requires_grad_() end)
      fails("ones: only tensors of a float dtype can require grad, this one is int64", function() tide.ones(2, {dtype = tide.int64, requires_grad = true}) end)
   end)
   it("is the same for methods, operators, indexing, fields and in-place forms", function()
      fails("matmul: sizes (2, 3) and (2, 3) do not fit: 3 columns against 2 rows", function() return x:matmul(x) end)
      fails("add: sizes (2, 3) and (5,) do not fit: 3 against 5 at dimension 2", function() return x + tide.ones(5) end)
      fails("sub: argument 2 ('other'): a tensor or number expected, got string; ...", function() return 1 - x - "x" end)
      fails("mul: argument 2 ('other'): a tensor or number expected, got table", function() return x * {} end)
      fails("index: index 3 is out of range for dimension 1 of size 2", function() return x[3] end)
      fails("a tensor has no field 'size_' to set", function() x.size_ = 1 end)
      fails("add_: a leaf tensor that requires grad cannot be changed in place", function() w:add_(1) end)
      fails("#: a 0-dim tensor has no length", function() return #tide.tensor(1) end)
      fails("<: compares single elements, this tensor has 6; use x:lt(y) for all of them", function() return x < 1 end)
      fails("..: a string expected, got nil", function() return x .. nil end)
      fails("backward: output 1 does not require grad and has no grad_fn", function() x:backward() end)
      fails("retain_grad: the tensor does not require grad", function() x:retain_grad() end)
      fails("view: 6 elements of sizes (2, 3) do not fit into (5,)", function() return x:view(5) end)
   end)
   it("has the user's line where tide's own Lua made the call", function()
      fails("equal: two tensors are expected", function() local _ = tide.equal(x, 1) end)
      fails("to: argument 1 ('input'): a tensor expected, got number; ...", function() local _ = x.float(1) end)
      local function allclose() local _ = tide.allclose(x, tide.ones(5)) end
      local ok, message = pcall(allclose)
      assert(not ok and message:find(("^spec/errors_spec.lua:%d: %%w+: sizes"):format(debug.getinfo(allclose, "S").linedefined)), message)
   end)
   it("has the user's line in pcall, coroutines, callbacks and functions that call", function()
      local here
      local function inner() here = line() local y = x:matmul(x) return y end
      local function at_inner(f, ...)
         local ok, message = pcall(f, ...)
         assert(not ok and message == ("spec/errors_spec.lua:%d: matmul: sizes (2, 3) and (2, 3) do not fit: 3 columns against 2 rows"):format(here), message)
      end
      at_inner(inner)
      at_inner(coroutine.wrap(inner))
      at_inner(tide.no_grad, inner)
      at_inner(tide.scope, inner)
      at_inner(function() table.sort({1, 2}, inner) end)
      at_inner(function() local h = w * 1 h:register_hook(inner) h:sum():backward() end)
      at_inner(function() tide.autograd.Function {name = "F", forward = inner, backward = inner}(w) end)
      at_inner(function() tide.autograd.Function {name = "F", forward = function(_, y) return y * 1 end, backward = inner}(w):sum():backward() end)
   end)
   it("has no place where Lua does not call", function()
      local ok, message = pcall(coroutine.wrap(tide.matmul), x, x)
      assert(not ok)
      assert.equal("matmul: sizes (2, 3) and (2, 3) do not fit: 3 columns against 2 rows", (message:gsub("^spec/errors_spec.lua:%d+: ", "")))
      local co = coroutine.create(tide.matmul)
      ok, message = coroutine.resume(co, x, x)
      assert(not ok)
      assert.equal("matmul: sizes (2, 3) and (2, 3) do not fit: 3 columns against 2 rows", message)
   end)
   it("has the name of a chunk that came from a string", function()
      local f = load("local x = ...\nreturn (x:matmul(x))", "=my chunk")
      local ok, message = pcall(f, x)
      assert(not ok and message:find "^my chunk:2: matmul: ", message)
      ok, message = pcall(load "local x = ... local y = x:matmul(x)", x)
      assert(not ok and message:find '^%[string "local x = ...', message)
   end)
end)

describe("arguments", function()
   it("that are missing, too many or of another kind are named", function()
      fails("full: argument 'fill_value' is missing", function() return tide.full({2}) end)
      fails("item: the tensor has 6 elements, not one", function() return x:item() end)
      fails("tensor: element [2] is a list, where a number is expected", function() return tide.tensor {1, {2}} end)
      fails("set_memory_limit: argument 1 ('bytes'): a number expected, got string", function() tide.set_memory_limit "x" end)
      fails("no_grad: a function to call is expected, got number", function() tide.no_grad(3) end)
      fails("cat: argument 1 ('tensors'): element 2: a tensor expected, got number", function() return tide.cat {x, 1} end)
   end)
   it("by keyword: unknown, given twice, mixed with numbered ones", function()
      fails("sum: there is no keyword 'dims'; ...", function() return x:sum {dims = 1} end)
      fails("sum: 'dim' is given twice; ...", function() return x:sum(1, {dim = 1}) end)
      fails("sum: argument 2: a table has both named and numbered entries; ...", function() return x:sum {1, keepdim = true} end)
      fails("backward: there is no keyword 'retain'", function() w:sum():backward {retain = true} end)
      fails("tensor: there is no keyword 'type'", function() return tide.tensor({1}, {type = tide.int8}) end)
   end)
   it("that fit no signature bring the list of signatures", function()
      local ok, message = pcall(function() return x:max("x") end)
      assert(not ok)
      local _, count = message:gsub("\n   max%(", "")
      assert(count >= 2, message)
   end)
   it("never show Lua's own words for a bad argument", function()
      for name, f in pairs(tide) do
         if type(f) == "function" and name ~= "save" and name ~= "load" then
            for _, v in ipairs {false, "x", io.stdout} do
               local ok, message = pcall(f, v or nil)
               if not ok then assert(not tostring(message):find "bad argument", ("%s: %s"):format(name, message)) end
               if ok and name == "no_grad" then message:close() end
            end
         end
      end
      tide.set_grad_enabled(true)
   end)
end)

describe("what a callback throws", function()
   local objects = {{}, 42, true, setmetatable({}, {__tostring = function() return "an object" end}), "text"}
   it("arrives unchanged from hooks", function()
      for _, thrown in ipairs(objects) do
         local y = (w * 2):sum()
         local handle = w:register_hook(function() error(thrown, 0) end)
         local ok, caught = pcall(y.backward, y)
         handle:remove()
         assert(not ok and rawequal(caught, thrown))
      end
      w.grad = nil
   end)
   it("arrives unchanged from custom functions, through another backward too", function()
      for _, thrown in ipairs(objects) do
         local F = tide.autograd.Function {name = "F", forward = function(_, y) return y * 1 end, backward = function() error(thrown, 0) end}
         local outer = tide.autograd.Function {name = "Outer", forward = function(_, y) return y * 1 end,
            backward = function(_, g) tide.enable_grad(function() F(tide.ones(2, {requires_grad = true})):sum():backward() end) return g end}
         for _, f in ipairs {F, outer} do
            local y = f(w):sum()
            local ok, caught = pcall(y.backward, y)
            assert(not ok and rawequal(caught, thrown))
         end
      end
   end)
   it("that is nil is an error all the same", function()
      local y = (w * 2):sum()
      local handle = w:register_hook(function() error() end)
      local ok, caught = pcall(y.backward, y)
      handle:remove()
      assert(not ok and caught == nil)
      w.grad = nil
   end)
   it("leaves everything usable", function()
      assert.same({{2, 2, 2}, {2, 2, 2}}, (x + 1):tolist())
      w.grad = nil
      w:sum():backward()
      assert.same({{1, 1, 1}, {1, 1, 1}}, w.grad:tolist())
      w.grad = nil
   end)
end)

describe("keywords", function()
   it("may name the tensor itself, which is what a call in place returns", function()
      local y = tide.ones(2)
      assert(rawequal(y, tide.add_ {input = y, other = 2}))
      assert.same({3, 3}, y:tolist())
      assert(rawequal(y, tide.fill_(y, 4)) and rawequal(y, tide.zero_(y)))
      assert.same({0, 0}, y:tolist())
   end)
   it("give lists of any length", function()
      local sizes = {}
      for i = 1, 300 do sizes[i] = i % 2 end
      local parts = tide.arange(150):split(sizes)
      assert.equal(300, #parts)
      assert.same({{149}, {}}, {parts[299]:tolist(), parts[300]:tolist()})
      assert.equal(300, #tide.arange(150):split {split_size = sizes})
   end)
end)
