-- Creation: src/ops/create.def.
local tide = require "tide"
local numeric = {"float64", "float32", "int64", "int32", "int16", "int8", "uint8"}

local function like(t) return {{t.float(2, 3)}, {t.float()}, {t.float(0, 2)}} end
local function sizes(t) return {{{2, 3}, {dtype = t.dtype}}, {{}, {dtype = t.dtype}}, {{0, 2}}, {{2}}} end
local function new(t) return {{t.float(2), {2, 3}}, {t.float(1), {}}, {t.float(1), {2}, {dtype = t.dtype}}} end
local function wrong(t) return {{"%-1", {2, -1}}, {"too large", {1 << 40, 1 << 40}}} end

return {
   empty = {random = true, samples = sizes, errors = wrong},
   zeros = {data = true, samples = sizes, errors = wrong},
   ones = {data = true, samples = sizes, errors = wrong},
   full = {data = true, samples = function(t) return {{{2, 3}, 7, {dtype = t.dtype}}, {{}, 2}, {{2}, 2.5}, {{2}, true}, {{0}, 1}} end,
      errors = function(t) return {{"uint8 cannot hold 256", {1}, 256, {dtype = tide.uint8}}, {"int64 cannot hold", {1}, 1e30, {dtype = tide.int64}}, {"float32 cannot hold 1e%+39", {1}, 1e39}} end},
   empty_like = {random = true, grad = false, samples = like},
   zeros_like = {data = true, grad = false, samples = like},
   ones_like = {data = true, grad = false, samples = like},
   full_like = {data = true, grad = false, samples = function(t) return {{t.float(2, 3), 7}, {t.float(), 1}} end},
   new_empty = {random = true, grad = false, samples = new},
   new_zeros = {data = true, grad = false, samples = new},
   new_ones = {data = true, grad = false, samples = new},
   new_full = {data = true, grad = false, samples = function(t) return {{t.float(2), {2, 3}, 7}} end},
   arange = {data = true, dtypes = numeric, samples = function(t) return {{5}, {5.5}, {0}, {5, {dtype = t.dtype}}, {17.0}} end, errors = function() return {{"leads away", -1}, {"bool", 2, {dtype = tide.bool}}, {"not finite", 1 / 0}} end},
   arange_from = {data = true, dtypes = numeric, samples = function(t) return {{2, 7}, {-0.5, 3}, {3, 3}, {1, 9, {dtype = t.dtype}}} end, errors = function() return {{"leads away", 3, 2}} end},
   arange_step = {data = true, dtypes = numeric, samples = function(t)
         return {{0, 10, 3}, {5, -5, -2}, {0, 1, 0.1}, {0.3, 40.7, 0.37}, {-1, 1, 0.01}, {0, 100, 7, {dtype = t.dtype}}, {1, 0, -0.125, {dtype = tide.float64}}, {0.3, 40.7, 0.37, {dtype = tide.float64}}, {0.5, 5.9, 1.5, {dtype = tide.int64}}, {0.5, 5.9, 1.5, {dtype = tide.int32}}}
      end,
      tolerance = 0, errors = function() return {{"step is 0", 0, 1, 0}, {"step is 0", 1, 2, 0.3, {dtype = tide.int64}}, {"too long", 0, 1e300, 1.5}} end},
   linspace = {data = true, tolerance = 0, dtypes = numeric, samples = function(t) return {{0, 1, 11}, {-3.3, 7.7, 101}, {5, -5, 33}, {3, 1, 1}, {0, 1, 0}, {0, 100, 7, {dtype = t.dtype}}} end,
      errors = function() return {{"%-1", 0, 1, -1}, {"bool", 0, 1, 2, {dtype = tide.bool}}} end},
   logspace = {data = true, tolerance = 1e-15, dtypes = {"float64", "float32", "int64"}, samples = function(t) return {{0, 1, 11}, {-2, 3, 21, 2}, {0, 2, 3, {dtype = t.dtype}}, {1, -1, 77, 3.3, {dtype = tide.float64}}} end,
      errors = function() return {{"%-1", 0, 1, -1}} end},
   eye = {data = true, samples = function(t) return {{3}, {0}, {2, {dtype = t.dtype}}} end, errors = function() return {{"%-1", -1}} end},
   eye_m = {data = true, samples = function(t) return {{2, 4}, {4, 2}, {0, 3}, {2, 3, {dtype = t.dtype}}} end, errors = function() return {{"%-1", 2, -1}} end},
   tril_indices = {data = true, samples = function() return {{3, 4}, {3, 4, 1}, {3, 3, -5}, {0, 3}, {4, 2, -1}} end, errors = function() return {{"%-1", -1, 2}, {"float32", 2, 2, {dtype = tide.float32}}} end},
   triu_indices = {data = true, samples = function() return {{3, 4}, {3, 4, -1}, {3, 2, 5}, {4, 2, 1}} end, errors = function() return {{"%-1", 2, -1}} end},
}
