-- Datasets, samplers and loaders against PyTorch's (spec/data/loader.py); the progress line.
local tide = require "tide"
local expected = dofile "spec/data/loader.lua"
local data = tide.utils.data

local function positions(sampler)
   local out = {}
   for i in sampler:iter() do out[#out + 1] = i end
   return out
end

local function epochs(loader)
   local out = {}
   for e = 1, 2 do
      out[e] = {}
      for x, y in loader:iter() do
         assert(tide.equal(x * 0.5, y))
         table.insert(out[e], x:tolist())
      end
   end
   return out
end

local function fails(pattern, f, ...)
   local ok, message = pcall(f, ...)
   assert(not ok and message:find(pattern) and message:find "^spec/data_spec.lua:%d+: ", message)
end

describe("loaders", function()
   local set = data.TensorDataset(tide.arange(1, 24), tide.arange(1, 24) * 0.5)
   for name, options in pairs {plain = {batch_size = 5}, shuffled = {batch_size = 5, shuffle = true}, dropped = {batch_size = 5, shuffle = true, drop_last = true}} do
      it("give PyTorch's batches and leave its generator as it does: " .. name, function()
         tide.manual_seed(3)
         local loader = data.DataLoader(set, options)
         assert.same(expected[name], epochs(loader))
         assert.equal(#expected[name][1], #loader)
         local rest = tide.rand(3):tolist()
         for i, v in ipairs(expected[name .. "_then"]) do assert(math.abs(v - rest[i]) < 1e-7) end
      end)
   end
   it("draw from a generator", function()
      local g, before, out = tide.Generator():manual_seed(9), tide.get_rng_state(), {}
      for e = 1, 2 do
         out[e] = {}
         for x in data.DataLoader(set, {batch_size = 6, shuffle = true, generator = g}):iter() do table.insert(out[e], x:tolist()) end
      end
      assert.same(expected.generator, out)
      assert(tide.equal(before, tide.get_rng_state()))
   end)
   it("take any sequence, and stack what they find", function()
      local list = {{tide.ones(2), 1, "a"}, {tide.zeros(2), 2, "b"}, {tide.ones(2) * 3, 3, "c"}}
      local seen = {}
      for x, n, s in data.DataLoader(list, {batch_size = 2}):iter() do seen[#seen + 1] = {x:tolist(), n:tolist(), s} end
      assert.same({{{{1, 1}, {0, 0}}, {1, 2}, {"a", "b"}}, {{{3, 3}}, {3}, {"c"}}}, seen)
      for batch in data.DataLoader({{x = 1.5, name = "p"}, {x = 2.5, name = "q"}}, 2):iter() do
         assert.equal(tide.float64, batch.x.dtype)
         assert.same({"p", "q"}, batch.name)
      end
      for x in data.DataLoader(tide.eye(3), 3):iter() do assert.same(tide.eye(3):tolist(), x:tolist()) end
      local squares = data.Dataset(4, function(i) return i * i end)
      for x in data.DataLoader(squares, 4):iter() do assert.same({1, 4, 9, 16}, x:tolist()) end
      for n in data.DataLoader(squares, {batch_size = 4, collate_fn = function(items) return #items end}):iter() do assert.equal(4, n) end
      for x in data.DataLoader(squares, {batch_sampler = {{1, 4}}}):iter() do assert.same({1, 16}, x:tolist()) end
      for x in data.DataLoader(squares, {sampler = {3, 2}, batch_size = 2}):iter() do assert.same({9, 4}, x:tolist()) end
   end)
   it("say what is wrong", function()
      fails("DataLoader: 'dataset': something with ds%[i%] and #ds expected, got a number", data.DataLoader, 3)
      fails("DataLoader: 'sampler' does not go with shuffle", data.DataLoader, set, {sampler = {1}, shuffle = true})
      fails("batch_size is at least 1, got 0", data.DataLoader, set, {batch_size = 0})
      fails("there is no keyword 'num_worker'", data.DataLoader, set, {num_worker = 2})
      fails("first sizes", data.TensorDataset, tide.ones(2), tide.ones(3))
      fails("has no item 9", function() for _ in data.DataLoader({1, 2}, {sampler = {9}}):iter() do error "unreachable" end end)
      fails("position 25 is out of range: it has 23 items", function() return set[25] end)
      fails("position %-24 is out of range", function() return set[-24] end)
   end)
end)

describe("datasets", function()
   local set = data.TensorDataset(tide.arange(1, 24), tide.arange(1, 24) * 0.5)
   it("are counted, indexed from both ends and walked", function()
      assert.equal(23, #set)
      assert.equal(23, set[-1][1]:item())
      local n = 0
      for i, item in ipairs(set) do n = n + 1; assert.equal(i, item[1]:item()) end
      assert.equal(23, n)
      local both = data.ConcatDataset {data.Subset(set, {3, 1}), {7}}
      assert.same({3, 1, 7}, {both[1][1]:item(), both[2][1]:item(), both[3]})
   end)
   it("are split as PyTorch splits them", function()
      tide.manual_seed(4)
      for k, lengths in ipairs {{10, 13}, {0.5, 0.3, 0.2}} do
         local got = {}
         for i, s in ipairs(data.random_split(set, lengths)) do got[i] = s.indices end
         assert.same(k == 1 and expected.split or expected.fractions, got)
      end
      fails("sum to 5, the dataset has 23 items", data.random_split, set, {2, 3})
   end)
end)

describe("samplers", function()
   local set = tide.arange(23)
   it("draw PyTorch's positions", function()
      tide.manual_seed(5)
      assert.same(expected.replacement, positions(data.RandomSampler(set, {replacement = true, num_samples = 40})))
      assert.same(expected.many, positions(data.RandomSampler(set, {num_samples = 50})))
      local weights = {0.1, 0.9, 0.4, 0.7, 3, 0.6}
      assert.same(expected.weighted, positions(data.WeightedRandomSampler(weights, 8)))
      assert.same(expected.unrepeated, positions(data.WeightedRandomSampler(weights, 5, {replacement = false})))
      assert.same(expected.subset, positions(data.SubsetRandomSampler {3, 5, 8, 13}))
      assert.same({1, 2, 3}, positions(data.SequentialSampler(tide.ones(3))))
   end)
end)

describe("Progress", function()
   local function run(terminal)
      local text, time = {}, 0
      local out = {write = function(_, ...) text[#text + 1] = table.concat {...} end, flush = function() end}
      local p = tide.utils.Progress(100, {label = "epoch 1", out = out, terminal = terminal, interval = 10, now = function() return time end})
      for i = 1, 100 do time = i / 2; p:update {loss = 1 / i} end
      p:finish()
      p:finish()
      return text
   end
   it("is a plain line now and then where there is no terminal", function()
      local text = run(false)
      assert.equal(6, #text)
      assert.equal("epoch 1: 20/100, 2/s, loss 0.05, 0:40 left\n", text[1])
      assert.equal("epoch 1: 100/100, 2/s, loss 0.01, 0:50\n", text[#text])
   end)
   it("writes over its line on a terminal", function()
      local text = run(true)
      assert.equal(101, #text)
      assert.equal("\repoch 1: 1/100, 2/s, loss 1, 0:50 left\27[K", text[1])
      assert(text[#text]:find "\n$" and not text[#text - 1]:find "\n")
   end)
end)

describe("odd datasets", function()
   it("split whatever their size", function()
      local all = data.TensorDataset(tide.arange(1200000))
      local parts = data.random_split(all, {1100000, 100000})
      assert.same({1100000, 100000}, {#parts[1], #parts[2]})
      parts = data.random_split({7}, {0.5, 0.5})                     -- PyTorch: lengths 1 and 0
      assert.same({1, 0}, {#parts[1], #parts[2]})
      assert.error_matches(function() data.random_split({1, 2, 3, 4}, {1.5, 2.5}) end, "random_split: 'lengths': whole numbers")
   end)
   it("are indexed from the end by samplers", function()
      local set = data.TensorDataset(tide.tensor {10, 20, 30, 40})
      for x in data.DataLoader(data.Subset(set, {2, 3, 4}), {batch_size = 2, sampler = {1, -1}}):iter() do assert.same({20, 40}, x:tolist()) end
   end)
   it("are not shuffled when empty", function()
      assert.error_matches(function() data.RandomSampler({}, false) end, "num_samples is at least 1, got 0")
   end)
   it("are drawn by whole weights, too", function()
      local n = 0
      for i in data.WeightedRandomSampler(tide.tensor {1, 0, 3}, 5):iter() do assert(i ~= 2) n = n + 1 end
      assert.equal(5, n)
   end)
end)
