-- Random numbers: src/ops/random.def. Their values stand in spec/data/streams.lua; a gradient check of what is drawn anew each time says nothing.
-- (Zeros and ones come in numbers that make two equal draws unheard of.)
local tide = require "tide"
local floats = {"float64", "float32"}

local function draw(fields)
   fields.random, fields.grad = true, false
   return fields
end

return {
   rand = draw {samples = function() return {{{2, 3}}, {{}}, {{0}}} end, errors = function() return {{"int64", {2}, {dtype = tide.int64}}, {"%-1", {-1}}} end},
   randn = draw {samples = function() return {{{2, 3}}, {{}}, {{40}}} end, errors = function() return {{"bool", {2}, {dtype = tide.bool}}} end},
   rand_like = draw {dtypes = floats, samples = function(t) return {{t.float(2, 3)}, {t.float(2, 3):t()}} end, errors = function(t) return {{"int64", t.int(0, 1, 2)}} end},
   randn_like = draw {dtypes = floats, samples = function(t) return {{t.float(2, 3)}, {t.float(5, 4):t()}} end},
   randint = draw {samples = function(t) return {{5, {2, 3}}, {5, {3}, {dtype = t.dtype}}} end, errors = function() return {{"no number from 0 to below 0", 0, {2}}, {"uint8 does not reach", 257, {1}, {dtype = tide.uint8}}} end},
   randint_from = draw {samples = function() return {{-5, 5, {2, 3}}} end, errors = function() return {{"no number", 5, 3, {2}}, {"int8", -129, 0, {2}, {dtype = tide.int8}}} end},
   randint_like = draw {samples = function(t) return {{t.float(2, 3), 5}} end, errors = function(t) return {{"no number", t.float(2), 0}} end},
   randint_like_from = draw {samples = function(t) return {{t.float(2, 3), 1, 5}} end},
   randperm = draw {samples = function() return {{5}, {0}, {1}} end, errors = function() return {{"%-1", -1}, {"uint8 does not hold 300", 300, {dtype = tide.uint8}}} end},
   normal = draw {dtypes = floats, samples = function(t) return {{t.float(2, 3), t.float(3):abs()}} end,
      errors = function(t) return {{"negative", t.float(2), tide.tensor {-1.0, 1.0}}, {"int64", t.int(0, 1, 2), t.float(2)}, {"do not fit", t.float(2), tide.ones(3)}} end},
   normal_mean = draw {dtypes = floats, samples = function(t) return {{t.float(2, 3), 0.5}, {t.float(2, 3)}} end, errors = function(t) return {{"%-1", t.float(2), -1}} end},
   normal_std = draw {dtypes = floats, samples = function(t) return {{0.5, t.float(2, 3):abs()}} end, errors = function() return {{"negative", 0, tide.tensor {-1.0}}} end},
   normal_sized = draw {samples = function() return {{0.5, 2, {2, 3}}} end, errors = function() return {{"%-2", 0, -2, {1}}} end},
   bernoulli = draw {dtypes = floats, samples = function(t) return {{t.float(8, 9):sigmoid()}} end, errors = function(t) return {{"1.5", tide.tensor {1.5}}, {"int64", t.int(0, 1, 2)}} end},
   bernoulli_p = draw {samples = function(t) return {{t.float(8, 9), 0.5}} end, errors = function(t) return {{"2", t.float(1), 2}} end},
   uniform_fill = draw {dtypes = floats, samples = function(t) return {{t.float(2, 3), -1, 2}, {t.float(3)}} end,
      errors = function(t) return {{"from 2 is greater than to 1", t.float(2), 2, 1}, {"int64", t.int(0, 1, 2)}, {"range of float32", tide.ones(2), 0, 1e39}} end},
   normal_fill = draw {dtypes = floats, samples = function(t) return {{t.float(2, 3), -1, 2}, {t.float(20)}} end, errors = function(t) return {{"%-1", t.float(2), 0, -1}, {"bool", t.bool(2)}} end},
   exponential_fill = draw {dtypes = floats, samples = function(t) return {{t.float(2, 3), 2}} end, errors = function(t) return {{"rate 0", t.float(2), 0}} end},
   bernoulli_fill = draw {samples = function(t) return {{t.float(8, 9), 0.3}, {t.float(70)}} end, errors = function(t) return {{"1.5", t.float(2), 1.5}} end},
   bernoulli_fill_each = draw {samples = function(t) return {{t.float(40, 3), tide.tensor {0.1, 0.5, 1}}} end, errors = function(t) return {{"do not fit", t.float(2), tide.tensor {0.5, 0.5, 0.5}}, {"%-1", t.float(1), tide.tensor {-1.0}}} end},
   random_fill = draw {samples = function(t) return {{t.float(2, 3)}} end},
   random_fill_to = draw {samples = function(t) return {{t.float(2, 3), 7}} end, errors = function(t) return {{"no number", t.float(2), 0}} end},
   random_fill_from = draw {samples = function(t) return {{t.float(2, 3), 2, 7}} end, errors = function(t) return {{"no number", t.float(2), 3, 3}} end},
   multinomial = draw {dtypes = floats, samples = function() return {{tide.tensor {0.1, 0, 0.5}, 2}, {tide.tensor {{1.0, 2}, {0, 3}}, 7, true}, {tide.ones(4), 1}} end,
      errors = function(t) return {{"sum to 0", tide.zeros(3), 1}, {"negative or not finite", tide.tensor {-1.0, 2}, 1}, {"3 samples", tide.ones(2), 3}, {"less than 1", tide.ones(2), 0}, {"int64", t.int(1, 3, 3), 1},
         {"1 or 2 dimensions", tide.ones(2, 2, 2), 1}} end},
   multinomial_repeated = draw {dtypes = floats, samples = function() return {{tide.tensor {{1.0, 2}, {0, 3}}, 7}} end},
}
