-- Extremes, sorting and selection: src/ops/sort.def. Ties in the samples only where the order among them is promised.

local ALL = {"float32", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"}
local FLOATS = {"float32", "float64"}

local function whole(t) return {{t.float(3, 4)}, {t.float()}, {t.float(70)}, {t.float(2, 5, 3)}} end
local function by_dims(t) return {{t.float(3, 4), {1}}, {t.float(2, 3, 4), {1, 3}, true}, {t.float(3, 4), {}},
   {t.float(), {1}}, {t.float(3, 70), -1}, {t.float(40, 3), {1}}, {t.float(0, 3), {2}}} end
local function by_dim(t) return {{t.float(3, 4), 1}, {t.float(2, 3, 4), 2, true}, {t.float(2, 70), -1},
   {t.float(), 1}, {t.float(0, 3), 2}, {t.float(40, 3), 1}, {t.float(20, 4, 2), 2}} end
local function pairs_of(t) return {{t.float(3, 4), t.float(3, 4)}, {t.float(3, 4), t.float(4)}} end
local function sorts(t)
   return {{t.float(3, 4)}, {t.float(3, 4), 1}, {t.float(2, 3, 4), 2, true}, {t.float()}, {t.float(0, 3), 1},
      {t.float(90), 1, true}}
end

local function no_elements(t) return {{"has no elements", t.float(0, 3)}} end
local function bad_dim(t) return {{"dimension 3 is out of range for a tensor of 2 dimensions", t.float(2, 3), 3},
   {"dimension 1 of sizes %(0, 3%) is empty", t.float(0, 3), 1}} end
local function bad_sort(t) return {{"dimension 3 is out of range", t.float(2, 3), 3}} end

return {
   max = {samples = whole, data = true, dtypes = ALL, errors = no_elements},
   min = {samples = whole, data = true, dtypes = ALL, errors = no_elements},
   max_other = {samples = pairs_of, data = true},
   min_other = {samples = pairs_of, data = true},
   max_dim = {samples = by_dim, data = true, dtypes = ALL, errors = bad_dim},
   min_dim = {samples = by_dim, data = true, dtypes = ALL, errors = bad_dim},
   argmax = {samples = function(t)
      local calls = by_dim(t)
      calls[#calls + 1] = {t.float(3, 4)}
      calls[#calls + 1] = {t.float(2, 3), {keepdim = true}}
      return calls
   end, data = true, grad = false, errors = function(t) return {{"not defined for bool", t.bool(3)},
      {"has no elements", t.float(0, 3)}, {"is empty", t.float(0, 3), 1}} end},
   argmin = {samples = function(t)
      local calls = by_dim(t)
      calls[#calls + 1] = {t.float(3, 4)}
      return calls
   end, data = true, grad = false, errors = bad_dim},
   amax = {samples = by_dims, data = true, dtypes = ALL, errors = function(t) return
      {{"named twice", t.float(2, 3), {1, -2}}, {"is empty", t.float(0, 3), {1}}} end},
   amin = {samples = by_dims, data = true, dtypes = ALL, errors = function(t) return
      {{"named twice", t.float(2, 3), {1, -2}}, {"is empty", t.float(0, 3)}} end},
   aminmax = {samples = function(t) return {{t.float(3, 4)}, {t.float(2, 3, 4), {dim = 2, keepdim = true}},
      {t.float(3, 4), {dim = -1}}} end, data = true, dtypes = ALL, errors = bad_dim},

   sort = {samples = sorts, data = true, dtypes = FLOATS, errors = bad_sort},
   sort_stable = {samples = function(t) return {{t.float(3, 40), {stable = true}},
      {t.float(30, 4), {dim = 1, descending = true, stable = true}}} end, data = true, dtypes = ALL, errors = bad_sort},
   argsort = {samples = function(t) return {{t.float(3, 40), {stable = true}},
      {t.float(30, 4), {dim = 1, descending = true, stable = true}}, {t.float(), {stable = true}}} end,
         data = true, grad = false,
      dtypes = ALL, errors = bad_sort},
   msort = {samples = function(t) return {{t.float(4, 3)}, {t.float(7)}} end, data = true},
   topk = {samples = function(t) return {{t.float(3, 9), 2}, {t.float(9, 3), 3, 1, false}, {t.float(3, 4), 4},
      {t.float(90), 5}, {t.float(), 1}, {t.float(5), 0}} end, data = true, dtypes = FLOATS,
      errors = function(t) return {{"k is 5, but dimension 2 has 4 elements", t.float(3, 4), 5},
         {"k is %-1", t.float(3), -1}} end},
   kthvalue = {samples = function(t) return {{t.float(3, 9), 2}, {t.float(9, 3), 3, 1, true}, {t.float(90), 45},
      {t.float(), 1}} end, data = true, dtypes = FLOATS,
      errors = function(t) return {{"k is 5, but dimension 2 has 4 elements", t.float(3, 4), 5},
         {"k is 0", t.float(3), 0}} end},
   median = {samples = whole, data = true, errors = function(t) return {{"has no nan", t.int(0, 5, 0)}} end},
   median_dim = {samples = function(t) return {{t.float(3, 9), 2}, {t.float(8, 3), 1, true},
      {t.float(), 1}} end, data = true, dtypes = FLOATS, errors = bad_dim},
   nanmedian = {samples = whole, data = true},
   nanmedian_dim = {samples = function(t) return {{t.float(3, 9), 2}, {t.float(8, 3), 1, true},
      {t.float(), 1}} end, data = true, dtypes = FLOATS, errors = bad_dim},
   mode = {samples = function(t) return {{t.float(3, 9)}, {t.float(8, 3), 1, true}, {t.float(2, 3), -1}} end,
      data = true, errors = bad_dim},
}
