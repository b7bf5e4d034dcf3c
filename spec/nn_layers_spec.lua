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

-- What must fail, with the text behind the user's line, and leave the generator where it was.
local ERRORS = {
   {"nn.Bilinear(0, 2, 3)", "Bilinear: in1_features is 0, which is not above 0"},
   {"nn.Bilinear(2, 3, 1)(tide.ones(4, 2), tide.ones(4, 2))", "nn.functional.bilinear: "},
   {"nn.Unflatten(2, {2, 'x'})", "Unflatten: size 2 is a whole number, got x"},
   {"nn.Flatten('x')", "Flatten: 'start_dim': a whole number expected, got \"x\""},
   {"nn.Embedding(5, 2, 6)", "Embedding: padding_idx 6 is out of range for 5 rows"},
   {"nn.Embedding(5, 2, 0)", "Embedding: padding_idx 0 is out of range for 5 rows"},
   {"nn.Embedding(5, 2, {sparse = true})", "Embedding: sparse gradients are not there"},
   {"nn.Embedding(5, 2)(tide.tensor {6})", "nn.functional.embedding: index 6 is out of range for dimension 1 of size 5"},
   {"nn.Embedding(5, 2)(tide.tensor {0})", "nn.functional.embedding: index 0 is out of range for dimension 1 of size 5: positions count from 1"},
   {"nn.Embedding.from_pretrained(tide.ones(3))", "Embedding.from_pretrained: a matrix expected, got sizes tide.Size([3])"},
   {"nn.Dropout(1.5)", "Dropout: p is 1.5, no probability from 0 to 1"},
   {"nn.Dropout2d()(tide.ones(3))", "nn.functional.dropout2d: at least 2 dimensions are wanted, a batch of channels, not sizes (3,)"},
   {"nn.Softmax2d()(tide.ones(3))", "Softmax2d: a tensor of 3 or 4 dimensions expected, got sizes tide.Size([3])"},
   {"nn.Threshold(1)", "Threshold: argument 'value' is missing"},
   {"nn.GELU('x')(tide.ones(1))", 'nn.functional.gelu: approximate must be "none" or "tanh", not "x"'},
   {"nn.GLU()(tide.ones(3))", "nn.functional.glu: sizes (3,) have no equal halves along dimension 1"},
   {"nn.RReLU(0.5, 0.1)(tide.ones(1))", "rrelu: lower 0.5 is above upper 0.1"},
   {"nn.LayerNorm({2, 'x'})", "LayerNorm: 'normalized_shape': size 2 is a whole number, got x"},
   {"nn.LayerNorm(4)(tide.ones(3))", "nn.functional.layer_norm: input of sizes (3,) does not end in normalized_shape (4,)"},
   {"nn.GroupNorm(3, 4)", "GroupNorm: num_groups 3 does not divide num_channels 4"},
   {"nn.BatchNorm1d(3)(tide.ones(2, 3, 1, 1))", "BatchNorm1d: a tensor of 2 or 3 dimensions expected, got sizes [2, 3, 1, 1]"},
   {"nn.BatchNorm2d(3)(tide.ones(2, 3))", "BatchNorm2d: a tensor of 4 dimensions expected, got sizes [2, 3]"},
   {"nn.BatchNorm1d(3)(5)", "BatchNorm1d: a tensor of 2 or 3 dimensions expected, got number"},
   {"nn.BatchNorm1d(3)(tide.ones(1, 3))", "nn.functional.batch_norm: input of sizes (1, 3) has one value alone to take a mean of"},
   {"nn.BatchNorm1d(3)(tide.ones(4, 2))", "nn.functional.batch_norm: running_mean is float32 of sizes (3,); one float for each of 2 channels is wanted"},
   {"nn.BatchNorm1d(3, 1e-5, true)", "BatchNorm1d: momentum is a number or false"},
   {"nn.InstanceNorm1d(3, {affine = true})(tide.ones(2, 4, 5))", "InstanceNorm1d: 3 channels expected, got sizes [2, 4, 5]"},
   {"nn.InstanceNorm1d(3)(tide.ones(2, 3, 1))", "instance_norm: sizes [2, 3, 1] have one value alone in each channel"},
   {"nn.MSELoss()(tide.ones(1))", "MSELoss: 2 tensors expected, got 1 arguments"},
   {"nn.MSELoss('x')(tide.ones(1), tide.ones(1))", 'nn.functional.mse_loss: reduction is "x", not "mean", "sum" or "none"'},
   {"nn.CrossEntropyLoss()(tide.ones(2, 3), tide.tensor {1, 4})", "nn.functional.cross_entropy: "},
   {"nn.CosineEmbeddingLoss()(tide.ones(2, 3), tide.ones(2, 3), tide.ones(2, 1))",
      "cosine_embedding_loss: inputs [N, D] with a target [N], or [D] with [], expected, got sizes [2, 3], [2, 3] and [2, 1]"},
   {"nn.MarginRankingLoss()(tide.ones(2), tide.ones(2), tide.ones(2, 1))", "margin_ranking_loss: the tensors have equally many dimensions, got sizes [2], [2], [2, 1]"},
   {"nn.HingeEmbeddingLoss{reduction = 'x'}(tide.ones(2), tide.ones(2))", 'hinge_embedding_loss: reduction is "mean", "sum" or "none", got "x"'},
   {"nn.TripletMarginLoss(0)(tide.ones(2, 1), tide.ones(2, 1), tide.ones(2, 1))", "triplet_margin_loss: margin is 0, which is not above 0"},
   {"nn.GaussianNLLLoss()(tide.ones(2, 3), tide.ones(2, 3), tide.ones(3, 3))", "gaussian_nll_loss: var has input's sizes, [2, 3], or one of them is 1 or the last is missing, got sizes [3, 3]"},
   {"nn.GaussianNLLLoss()(tide.ones(2, 3), tide.ones(2, 3), -tide.ones(2, 3))", "gaussian_nll_loss: var has an element below 0"},
   {"F.one_hot(tide.tensor {0, 1})", "one_hot: class 0: classes count from 1"},
   {"F.one_hot(tide.tensor {1, 5}, 3)", "one_hot: class 5 is out of range for 3 classes"},
   {"F.one_hot(tide.ones(2))", "one_hot: classes are int64, got tide.float32"},
   {"F.normalize(3)", "normalize: 'input': a tensor expected, got the number 3"},
   {"F.normalize(tide.ones(2, 2), {dimension = 1})", "normalize: there is no keyword 'dimension'"},
}

describe("the error", function()
   for _, case in ipairs(ERRORS) do
      it(case[2], function()
         local ok, message = pcall(text.eval, case[1], {nn = nn})
         assert.is_false(ok, "no error")
         message = tostring(message):gsub("^[%w_/.]+:%d+: ", "")
         assert.are.equal(case[2], message:sub(1, #case[2]))
      end)
   end
   it("leaves running statistics as they were", function()
      local m = nn.BatchNorm1d(3)
      assert.is_false(pcall(m, tide.ones(1, 3)))
      assert.are.same({0, 0, 0}, m.running_mean:tolist())
   end)
end)
