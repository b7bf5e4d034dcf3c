-- Section 7 of the contract: the numbers of PyTorch's CPU generator, bit for bit (spec/data/streams.py).
local tide = require "tide"
local text = dofile "spec/data/text.lua"
local streams = dofile "spec/data/streams.lua"

local function check(case, first)
   tide.manual_seed(case[first])
   for i = first + 1, #case, 2 do
      assert.are.equal(case[i] .. " = " .. case[i + 1], case[i] .. " = " .. text.bits(text.eval(case[i])))
   end
end

local function name(case, first)
   local calls = {}
   for i = first + 1, #case, 2 do calls[#calls + 1] = case[i] end
   return ("seed %d: %s"):format(case[first], table.concat(calls, ", ")):sub(1, 160)
end

describe("random streams", function()
   for _, case in ipairs(streams.now) do
      it(name(case, 1), function() check(case, 1) end)
   end
   for _, case in ipairs(streams.later) do
      it(name(case, 2), function()
         if not text.eval(case[1]) then pending("not there yet: " .. case[1]) return end
         check(case, 2)
      end)
   end

   it("start again with the same seed, of either kind of number", function()
      for _, seed in ipairs {3, -1, math.maxinteger, math.mininteger, 2.0 ^ 32} do
         tide.manual_seed(seed)
         local a, b = tide.randn(5), tide.rand(3)
         tide.manual_seed(seed)
         assert.is_true(tide.equal(a, tide.randn(5)))
         assert.is_true(tide.equal(b, tide.rand(3)))
      end
      assert.has_error(function() tide.manual_seed(1.5) end)
      assert.has_error(function() tide.manual_seed("seven") end)
   end)

   it("can be recorded: gradients pass through the shape of the draw", function()
      local x = tide.ones(20, {requires_grad = true})
      local y = (x * 2):normal_(0, 1)
      y:sum():backward()
      assert.are.equal("float32[20] " .. ("0 "):rep(20):sub(1, -2), text.of(x.grad))
   end)
end)

describe("arguments of draws", function()
   for _, case in ipairs {
      {"tide.randint(5, 3, {2})", "randint"}, {"tide.randint(0, 0, {2})", "randint"}, {"tide.randint(0, 257, {2}, {dtype = tide.uint8})", "uint8"},
      {"tide.randint(0, 3, {2}, {dtype = tide.bool})", "bool"}, {"tide.randint(-129, 0, {2}, {dtype = tide.int8})", "int8"},
      {"tide.rand(3, {dtype = tide.int64})", "int64"}, {"tide.randn(3, {dtype = tide.bool})", "bool"}, {"tide.rand(-1)", "%-1"},
      {"tide.randperm(-1)", "%-1"}, {"tide.randperm(300, {dtype = tide.uint8})", "uint8"},
      {"tide.empty(3):uniform_(2, 1)", "uniform_"}, {"tide.empty(3):uniform_(0, 1e39)", "uniform_"}, {"tide.empty(3):uniform_(-3e38, 3e38)", "uniform_"},
      {"tide.empty(3):uniform_(0, nan)", "uniform_"}, {"tide.empty(3, {dtype = tide.int32}):uniform_()", "int32"},
      {"tide.empty(3):normal_(0, -1)", "normal_"}, {"tide.empty(3):normal_(0, nan)", "normal_"}, {"tide.empty(3, {dtype = tide.int64}):normal_()", "int64"},
      {"tide.empty(3):bernoulli_(1.5)", "1.5"}, {"tide.bernoulli(tide.tensor{1.5})", "1.5"}, {"tide.bernoulli(tide.tensor{nan})", "bernoulli"},
      {"tide.bernoulli(tide.tensor{1})", "int64"}, {"tide.normal(tide.zeros(2), tide.tensor{-1.0, 1.0})", "normal"},
      {"tide.empty(3, 1):expand(3, 2):uniform_()", "uniform_"}, {"tide.ones(3, {requires_grad = true}):normal_()", "normal_"},
   } do
      it(case[1] .. " is an error", function()
         local ok, message = pcall(text.eval, case[1])
         assert.is_false(ok)
         assert.matches(case[2], message)
      end)
   end
   it("a failed draw takes nothing from the stream", function()
      tide.manual_seed(0)
      local a = tide.rand(1)
      tide.manual_seed(0)
      pcall(tide.randint, 5, 3, {2})
      pcall(tide.rand, 3, {dtype = tide.int64})
      assert.is_true(tide.equal(a, tide.rand(1)))
   end)
end)

describe("generators", function()
   it("are streams of their own, seeded like the default one", function()
      local g = tide.Generator()
      assert.equal(67280421310721, g:initial_seed())            -- torch.Generator().initial_seed()
      assert.equal(g, g:manual_seed(5))
      tide.manual_seed(5)
      local before = tide.get_rng_state()
      local mine = {tide.rand(3, {generator = g}), tide.randn(20, {generator = g}), tide.randperm(9, {generator = g}), tide.zeros(4):uniform_(0, 1, {generator = g}),
         tide.multinomial(tide.ones(5), 3, {generator = g}), tide.ones(6):bernoulli(0.5, {generator = g})}
      assert(tide.equal(before, tide.get_rng_state()))
      local default = {tide.rand(3), tide.randn(20), tide.randperm(9), tide.zeros(4):uniform_(0, 1), tide.multinomial(tide.ones(5), 3), tide.ones(6):bernoulli(0.5)}
      for i = 1, #mine do assert(tide.equal(mine[i], default[i]), i) end
   end)
   it("keep and take a state", function()
      local g = tide.Generator():manual_seed(1)
      tide.randn(3, {generator = g})
      local state = g:get_state()
      local a = tide.randn(5, {generator = g})
      assert.equal(g, g:set_state(state))
      assert(tide.equal(a, tide.randn(5, {generator = g})))
      assert.equal(tide.default_generator, tide.manual_seed(3))
      assert.equal(3, tide.default_generator:initial_seed())
      assert(tide.equal(tide.default_generator:get_state(), tide.get_rng_state()))
   end)
   it("are left as they were by what fails", function()
      local g = tide.Generator()
      local state, own = g:get_state(), tide.get_rng_state()
      assert(not pcall(tide.multinomial, tide.zeros(2), 1, {generator = g}) and not pcall(tide.rand, -1, {generator = g}) and not pcall(g.set_state, g, tide.ones(3)))
      assert(tide.equal(state, g:get_state()) and tide.equal(own, tide.get_rng_state()))
      tide.rand(2)
      assert(tide.equal(state, g:get_state()))
   end)
   it("are wanted where the keyword is", function()
      for _, f in ipairs {function() tide.rand(2, {generator = 1}) end, function() tide.ones(2, {generator = tide.Generator()}) end, function() tide.Generator().manual_seed({}, 1) end,
         function() tide.Generator():manual_seed "x" end} do assert.has_error(f) end
   end)
end)
