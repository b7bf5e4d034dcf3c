-- The modules and functions of nn against PyTorch (spec/data/nn_layers.py): how they print, their first parameters bit for bit, outputs, all gradients and
-- buffers, while training and evaluating.
local tide = require "tide"
local text = dofile "spec/data/text.lua"
local data = dofile "spec/data/nn_layers.lua"
local nn, F = tide.nn, tide.nn.functional

-- Tensors of fixed values, as the script makes them, from the k-th on.
local function maker(dtype, k)
   local m = {inputs = {}, nn = nn}
   function m.fill(value, sizes, as)
      k = k + 1
      local n, list = 1, {}
      for _, s in ipairs(sizes) do n = n * s end
      for i = 0, n - 1 do list[i + 1] = value(((i + 7 * k) * 37 + 11) % 97) end
      return tide.tensor(list, {dtype = as or dtype}):reshape(sizes)
   end
   local function plain(s) return (s - 48) / 16 + 0.0137 end
   function m.X(...)
      local x = m.fill(plain, {...}):requires_grad_()
      m.inputs[#m.inputs + 1] = x
      return x * 1
   end
   function m.T(...) return m.fill(plain, {...}) end
   function m.D(...) return m.fill(function(s) return (s + 5) / 32 end, {...}) end
   function m.U(...) return m.fill(function(s) return (s + 1) / 99 end, {...}) end
   function m.S(...) return m.fill(function(s) return s % 2 * 2.0 - 1 end, {...}) end
   function m.P(size, ...) return m.fill(function(s) return s % size + 1 end, {...}, tide.int64) end
   return m
end

local function reset(module, dtype)
   local m = maker(dtype, 30)
   tide.no_grad(function()
      for _, p in ipairs(module:parameters()) do p:copy_(m.fill(function(s) return (s - 48) / 64 end, {table.unpack(p.shape)})) end
   end)
end

local function gradients(m, module, y, dtype, out)
   if not y.requires_grad then return end
   local ramp = maker(dtype, 50).fill(function(s) return (s - 40) / 64 end, {table.unpack(y.shape)})
   local leaves = m.inputs
   for _, p in ipairs(module and module:parameters() or {}) do if p.requires_grad then leaves[#leaves + 1] = p end end
   local grads = table.pack(tide.autograd.grad((y * ramp):sum(), leaves, {allow_unused = true}))
   for i, x in ipairs(leaves) do out[#out + 1] = text.of(grads[i] or tide.zeros_like(x)) end
end

-- The texts of the output, of all gradients, and of buffers afterwards.
local function run(source, inputs, dtype, training)
   local m, out, before = maker(dtype, -1), {}, tide.get_default_dtype()
   tide.set_default_dtype(dtype)
   local ok, problem = pcall(function()
      local module, y
      if inputs then
         module = text.eval(source, m)
         reset(module, dtype)
         module:train(training)
         local args = {}
         for i, input in ipairs(inputs) do args[i] = text.eval(input, m) end
         tide.manual_seed(1)
         y = module(table.unpack(args))
      else
         tide.manual_seed(1)
         y = text.eval(source, m)
      end
      out[1] = text.of(y)
      gradients(m, module, y, dtype, out)
      for _, b in ipairs(module and module:buffers() or {}) do out[#out + 1] = text.of(b) end
   end)
   tide.set_default_dtype(before)
   assert(ok, problem)
   return out
end

local function compare(expected, got, tolerance, what)
   assert.are.equal(#expected, #got, what)
   for i, want in ipairs(expected) do
      if want:match "^%S+" ~= got[i]:match "^%S+" or not text.close(want, got[i], tolerance) then
         error(("%s, text %d:\nexpected %s\ngot      %s"):format(what, i, want, got[i]), 0)
      end
   end
end

describe("the module", function()
   for i, case in ipairs(data.modules) do
      local source, inputs = case[1], case[2]
      describe(("%d: %s (%s)"):format(i, source, table.concat(inputs, ", ")), function()
         it("prints and starts as PyTorch's", function()
            tide.manual_seed(0)
            local module = text.eval(source, maker(tide.float32, -1))
            assert.are.equal(case.repr, tostring(module))
            local got = {}
            for name, v in pairs(module:state_dict()) do got[#got + 1] = {name, text.bits(v)} end
            assert.are.same(case.state or {}, got)
         end)
         it("gives PyTorch's numbers and gradients", function()
            compare(case.train, run(source, inputs, tide.float64, true), case.tolerance or 1e-10, "training")
            compare(case.eval or case.train, run(source, inputs, tide.float64, false), case.tolerance or 1e-10, "evaluating")
            compare(case.float32, run(source, inputs, tide.float32, true), 1e-5, "float32")
         end)
      end)
   end
end)

describe("the function", function()
   for i, case in ipairs(data.calls) do
      it(("%d: %s"):format(i, case[1]), function()
         compare(case[2], run(case[1], nil, tide.float64), 1e-10, "float64")
         compare(case.float32, run(case[1], nil, tide.float32), 1e-5, "float32")
      end)
   end
   it("one_hot takes the largest class where num_classes is absent", function()
      assert.are.same({{1, 0, 0}, {0, 0, 1}}, F.one_hot(tide.tensor {1, 3}):tolist())
   end)
end)
