-- Copies, joining, and elements in other places: src/ops/copy.def, join.def, arrange.def.

local function copy(x)
   if type(x) ~= "table" then return x end
   local y = {}
   for i, v in ipairs(x) do y[i] = copy(v) end
   return y
end

return {
   clone = {data = true, samples = function(t) return {{t.float(2, 3)}, {t.float()}, {t.float(0, 2)}} end},
   clone_as = {ref = copy, samples = function(t) return {{t.float(2, 3), t.float(3, 2):t()}} end},
   contiguous_copy = {ref = copy, samples = function(t) return {{t.float(2, 3)}, {t.float(2, 3):t()}} end},
   contiguous = {data = true, samples = function(t) return {{t.float(2, 3)}, {t.float(2, 3):t()}} end},
   cast = {ref = copy, samples = function(t) return {{t.float(2, 3), t.dtype}} end},
   to = {data = true, dtypes = {"float64", "float32", "int64", "uint8"}, samples = function(t) return {{t.float(2, 3), t.dtype}, {t.float(2, 3), t.int(0, 1).dtype}, {t.float(2, 3), t.bool().dtype}} end},
   to_as = {data = true, dtypes = {"float64", "float32", "int64"}, samples = function(t) return {{t.float(2, 3), t.float(1)}, {t.float(2, 3), t.int(0, 1, 1)}} end},
   type_as = {data = true, dtypes = {"float64", "float32", "int64"}, samples = function(t) return {{t.float(2, 3), t.float(1)}, {t.float(2, 3), t.int(0, 1, 1)}} end},

   copy = {data = true, samples = function(t) return {{t.float(2, 3), t.float(2, 3)}, {t.float(2, 3), t.float(3)}, {t.float(2, 3), t.float()}, {t.float(2, 3), t.int(-5, 5, 2, 1)}, {t.float(0, 3), t.float(3)}} end,
      errors = function(t) return {{"do not fit", t.float(2, 3), t.float(2)}, {"do not fit into", t.float(3), t.float(2, 3)}} end},
   fill = {data = true, samples = function(t) return {{t.float(2, 3), 2}, {t.float(), 3}, {t.float(0), 1}} end,
      errors = function(t) return {{"uint8 cannot hold 300", t.bool(2):to(require "tide".uint8), 300}} end},
   fill_tensor = {data = true, samples = function(t) return {{t.float(2, 3), t.float()}} end, errors = function(t) return {{"without dimensions", t.float(2), t.float(1)}} end},
   zero = {data = true, samples = function(t) return {{t.float(2, 3)}, {t.float(2, 3):t()}, {t.float()}} end},

   cat = {data = true, samples = function(t)
         return {{{t.float(2, 3), t.float(1, 3)}}, {{t.float(2, 3), t.float(2, 1)}, 2}, {{t.float(0), t.float(2, 3), t.float(0)}}, {{t.float(2), t.int(0, 5, 3)}}, {{t.float(2, 0), t.float(2, 2)}, -1}, {{t.float(0), t.float(0)}}}
      end,
      errors = function(t) return {{"tensor 2 has sizes %(2, 4%)", {t.float(2, 3), t.float(2, 4)}}, {"no dimensions", {t.float(), t.float()}}, {"empty", {}}, {"dimension 3", {t.float(2, 2)}, 3}} end},
   concat = {data = true, samples = function(t) return {{{t.float(2, 3), t.float(1, 3)}}} end},
   concatenate = {data = true, samples = function(t) return {{{t.float(2, 3), t.float(2, 2)}, 2}} end},
   cat_at = {samples = function(t) return {{{t.float(2, 2), t.float(1, 2)}, 1, {0, 2}}} end,
      ref = function(list)
         local y = {}
         for _, x in ipairs(list) do for _, row in ipairs(x) do y[#y + 1] = copy(row) end end
         return y
      end},
   stack = {data = true, samples = function(t) return {{{t.float(2, 3), t.float(2, 3)}}, {{t.float(2, 3), t.float(2, 3), t.float(2, 3)}, -1}, {{t.float(), t.int(0, 9)}}, {{t.float(2, 0), t.float(2, 0)}, 2}} end,
      errors = function(t) return {{"tensor 2 has sizes %(3,%), the first one %(2,%)", {t.float(2), t.float(3)}}, {"empty", {}}} end},
   hstack = {data = true, samples = function(t) return {{{t.float(2), t.float(3)}}, {{t.float(2, 1), t.float(2, 2)}}, {{t.float(), t.float(2)}}} end},
   vstack = {data = true, samples = function(t) return {{{t.float(2), t.float(2)}}, {{t.float(2, 2), t.float(2)}}} end},
   row_stack = {data = true, samples = function(t) return {{{t.float(2), t.float(2)}}} end},
   dstack = {data = true, samples = function(t) return {{{t.float(2), t.float(2)}}, {{t.float(2, 2), t.float(2, 2)}}} end},
   column_stack = {data = true, samples = function(t) return {{{t.float(2), t.float(2, 3)}}, {{t.float(), t.float()}}} end},

   ["repeat"] = {data = true, samples = function(t) return {{t.float(2, 3), {2, 3}}, {t.float(3), {2, 1, 4}}, {t.float(2, 2), {0, 2}}, {t.float(), {3}}, {t.float(2), {5}}} end,
      errors = function(t) return {{"1 repeats for a tensor of 2", t.float(2, 3), {2}}, {"negative", t.float(2), {-1}}} end},
   tile = {data = true, samples = function(t) return {{t.float(2, 3), {2}}, {t.float(2), {2, 2}}, {t.float(2, 2), {}}} end},
   repeat_interleave = {data = true, samples = function(t) return {{t.float(2, 3), 2}, {t.float(3), 0}, {t.float(), 3}} end, errors = function(t) return {{"negative", t.float(2), -1}} end},
   repeat_interleave_dim = {data = true, samples = function(t) return {{t.float(2, 3), 2, 2}, {t.float(2, 3), 3, 1}} end},
   repeat_interleave_positions = {ref = function(x)
         local y = {}
         for i, n in ipairs(x) do for _ = 1, n do y[#y + 1] = i end end
         return y
      end,
      samples = function(t) return {{t.int(0, 3, 4)}} end, errors = function(t) return {{"int64 or int32", t.float(2)}} end},
   repeat_interleave_each = {data = true, samples = function(t) return {{t.float(3), t.int(0, 3, 3)}, {t.float(2, 2), t.int(1, 2, 1)}} end,
      errors = function(t) return {{"2 repeats for dimension 1 of size 3", t.float(3), t.int(1, 2, 2)}, {"negative", t.float(2), t.int(-2, -1, 2)}} end},
   repeat_interleave_each_dim = {data = true, samples = function(t) return {{t.float(2, 3), t.int(0, 2, 3), 2}, {t.float(2, 3), t.int(1, 2, 2), 1}} end},

   flip = {data = true, samples = function(t) return {{t.float(2, 3), {1}}, {t.float(2, 3, 2), {1, 3}}, {t.float(0, 2), {1}}, {t.float(3), {}}, {t.float(), {}}} end, errors = function(t) return {{"named twice", t.float(2, 3), {1, 1}}} end},
   fliplr = {data = true, samples = function(t) return {{t.float(2, 3)}} end, errors = function(t) return {{"at least 2", t.float(3)}} end},
   flipud = {data = true, samples = function(t) return {{t.float(2, 3)}} end, errors = function(t) return {{"at least 1", t.float()}} end},
   roll = {data = true, samples = function(t) return {{t.float(2, 5), {2}, {2}}, {t.float(3, 4), {1, -1}, {1, 2}}, {t.float(2, 3), {4}}, {t.float(3, 2), {7, 1}, {1, 1}}, {t.float(0, 2), {1}, {1}}, {t.float(), {1}}} end,
      errors = function(t) return {{"2 shifts for 1 dimensions", t.float(3), {1, 2}, {1}}, {"empty", t.float(3), {}, {1}}} end},
   rot90 = {data = true, samples = function(t) return {{t.float(2, 3)}, {t.float(2, 3), 2}, {t.float(2, 3), 3}, {t.float(2, 3), 4}, {t.float(2, 3), -1}, {t.float(2, 3, 2), 1, {2, 3}}, {t.float(2, 3, 2), 3, {3, 1}}} end,
      errors = function(t) return {{"two dimensions", t.float(2, 3), 1, {1}}, {"named twice", t.float(2, 3), 1, {1, -2}}, {"at least two", t.float(3)}} end},
   tril = {data = true, samples = function(t) return {{t.float(3, 4)}, {t.float(4, 3), 1}, {t.float(2, 3, 3), -1}, {t.float(3, 3), -7}, {t.float(3, 3), 9}, {t.float(0, 3)}} end, errors = function(t) return {{"matrix", t.float(3)}} end},
   triu = {data = true, samples = function(t) return {{t.float(3, 4)}, {t.float(4, 3), 1}, {t.float(2, 3, 3), -1}, {t.float(3, 3), -7}, {t.float(3, 3), 9}} end, errors = function(t) return {{"matrix", t.float(3)}} end},
   diag = {data = true, samples = function(t) return {{t.float(3)}, {t.float(3), -1}, {t.float(3, 4)}, {t.float(3, 4), 2}} end, errors = function(t) return {{"a vector or a matrix", t.float(2, 2, 2)}} end},
   diagflat = {data = true, samples = function(t) return {{t.float(2, 2)}, {t.float(2), 1}, {t.float()}} end},
   diag_embed = {data = true, samples = function(t) return {{t.float(3)}, {t.float(2, 3)}, {t.float(2, 3), 1}, {t.float(2, 3), -2, 1, 3}, {t.float(2), 0, 2, 1}} end,
      errors = function(t) return {{"both dimensions", t.float(3), 0, 1, 1}, {"0%-dim", t.float()}} end},
   diagonal_copy = {data = true, samples = function(t) return {{t.float(3, 4)}, {t.float(2, 3, 4), 1, 3, 1}} end},
   constant_pad_nd = {data = true, samples = function(t) return {{t.float(2, 3), {1, 2}}, {t.float(2, 3), {1, 0, 2, 1}, 7}, {t.float(2, 3), {-1, 1}}, {t.float(3), {-2, -1}}, {t.float(3, 3), {0, -1, -1, 2}, 5}, {t.float(2), {}}, {t.float(3), {-3, 4}, 1}} end,
      errors = function(t) return {{"two for each dimension", t.float(3), {1}}, {"numbers for 2 dimensions", t.float(3), {1, 1, 1, 1}}, {"cannot be padded by %-2 and %-2", t.float(3), {-2, -2}}, {"cannot be padded", t.float(3), {-4, 4}}} end},
   pad = {data = true, samples = function(t) return {{t.float(2, 3), {1, 2}}, {t.float(2, 3), {1, 0, -1, 1}, "constant", 7}} end, errors = function(t) return {{"mode \"reflect\"", t.float(2, 3), {1, 1}, "reflect"}} end},
}
