-- tide.utils.data: datasets, samplers, loaders. A dataset is anything with ds[i] (from 1) and #ds; an item is a tensor, a number, a string, or a table of
-- such: a list {x, y, ...} or a table by name. What is shuffled is PyTorch's shuffle: the same seeds, drawn at the same moments.
local core = require "tide.core"
local arguments = require "tide.arguments"
core.own_source()

return function(tide)
   local data = {}

   -- {======================== classes ========================

   local function name_of(v) return core.is_tensor(v) and "a tensor" or type(v) == "userdata" and "a userdata" or v == nil and "nil" or "a " .. type(v) end

   -- Can it be counted and indexed?
   local function is_sequence(v)
      if type(v) == "table" or core.is_tensor(v) then return true end
      local meta = type(v) == "userdata" and getmetatable(v)
      return type(meta) == "table" and meta.__len ~= nil and meta.__index ~= nil
   end
   local function check_dataset(v, what)
      if not is_sequence(v) then core.error(("%s: 'dataset': something with ds[i] and #ds expected, got %s"):format(what, name_of(v))) end
      return v
   end

   -- A class whose objects are counted by length and indexed by item(self, i), where i is a position; ipairs and pairs walk them.
   local function class(name, methods, init)
      local meta = {__name = name, __len = function(self) return methods.length(self) end, __tostring = function() return ("<tide.utils.data.%s object>"):format(name) end}
      function meta:__index(key)
         local method = methods[key]
         if method ~= nil or not methods.item then return method end
         if math.type(key) ~= "integer" then return nil end
         local n = methods.length(self)
         local i = key < 0 and key + n + 1 or key
         if i >= 1 and i <= n then return methods.item(self, i) end
         if i ~= n + 1 then core.error(("%s: position %d is out of range: it has %d items"):format(name, key, n)) end
      end
      function meta:__pairs()
         local i = 0
         return function()
            i = i + 1
            local v = self[i]
            if v ~= nil then return i, v end
         end
      end
      return function(...) return setmetatable(init(...), meta) end
   end

   local function integer(v, what)
      if math.type(v) ~= "integer" then core.error(("%s: a position is a whole number, got %s"):format(what, name_of(v))) end
      return v
   end

   -- }=========================================================


   -- {======================== datasets ========================

   -- Dataset(n, get): n items, get(i) makes the i-th.
   local dataset_arguments = arguments("Dataset", "length: integer, get: function")
   data.Dataset = class("Dataset", {
      length = function(self) return self._n end,
      item = function(self, i) return self._get(i) end,
   }, function(...)
      local n, get = dataset_arguments(...)
      return {_n = n, _get = get}
   end)

   -- TensorDataset(x, y, ...): the i-th item is {x[i], y[i], ...}. fetch takes many at once.
   data.TensorDataset = class("TensorDataset", {
      length = function(self) return self.tensors[1].shape[1] end,
      item = function(self, i)
         local out = {}
         for k, t in ipairs(self.tensors) do out[k] = t[i] end
         return out
      end,
      fetch = function(self, positions)
         local index, out = tide.tensor(positions, {dtype = tide.int64}), {}
         for k, t in ipairs(self.tensors) do out[k] = t:index_select(1, index) end
         return out
      end,
   }, function(...)
      local tensors = {...}
      if select("#", ...) == 0 then core.error "TensorDataset: a tensor is expected" end
      for k = 1, select("#", ...) do
         local t = tensors[k]
         if not core.is_tensor(t) then core.error(("TensorDataset: argument %d: a tensor expected, got %s"):format(k, name_of(t))) end
         if t.ndim == 0 or t.shape[1] ~= tensors[1].shape[1] then
            core.error(("TensorDataset: argument %d has sizes %s, where the first has %s: their first sizes are the same"):format(k, t.shape, tensors[1].shape))
         end
      end
      return {tensors = tensors}
   end)

   -- Subset(dataset, indices): the items at these positions.
   local subset_arguments = arguments("Subset", "dataset: any, indices: list|tensor")
   data.Subset = class("Subset", {
      length = function(self) return #self.indices end,
      item = function(self, i) return self.dataset[self.indices[i]] end,
      fetch = function(self, positions)
         local own = {}
         for k, i in ipairs(positions) do own[k] = self.indices[i] end
         local inner = self.dataset
         return type(inner) == "table" and inner.fetch and inner:fetch(own) or nil
      end,
   }, function(...)
      local dataset, indices = subset_arguments(...)
      check_dataset(dataset, "Subset")
      if core.is_tensor(indices) then indices = indices:tolist() end
      for _, i in ipairs(indices) do integer(i, "Subset") end
      return {dataset = dataset, indices = indices}
   end)

   -- ConcatDataset{a, b, ...}: one after the other.
   data.ConcatDataset = class("ConcatDataset", {
      length = function(self)
         local n = 0
         for _, d in ipairs(self.datasets) do n = n + #d end
         return n
      end,
      item = function(self, i)
         for _, d in ipairs(self.datasets) do
            if i <= #d then return d[i] end
            i = i - #d
         end
      end,
   }, function(datasets)
      if type(datasets) ~= "table" or #datasets == 0 then core.error "ConcatDataset: a list of datasets is expected" end
      for _, d in ipairs(datasets) do check_dataset(d, "ConcatDataset") end
      return {datasets = datasets}
   end)

   -- random_split(dataset, lengths): subsets of these lengths, or of these fractions of 1, with the items in random order.
   local split_arguments = arguments("random_split", "dataset: any, lengths: list, generator: any = nil")
   function data.random_split(...)
      local dataset, lengths, generator = split_arguments(...)
      local n, sum = #check_dataset(dataset, "random_split"), 0
      for _, v in ipairs(lengths) do
         if type(v) ~= "number" or v < 0 then core.error(("random_split: 'lengths': numbers from 0 on expected, got %s"):format(name_of(v))) end
         sum = sum + v
      end
      if math.abs(sum - 1) < 1e-9 and sum <= 1 + 1e-9 and (n ~= 1 or #lengths ~= 1) then
         local counts, left = {}, n
         for k, fraction in ipairs(lengths) do counts[k] = math.floor(n * fraction); left = left - counts[k] end
         for k = 0, left - 1 do counts[k % #counts + 1] = counts[k % #counts + 1] + 1 end
         lengths, sum = counts, n
      end
      for _, v in ipairs(lengths) do
         if not math.tointeger(v) then core.error(("random_split: 'lengths': whole numbers, or fractions of 1, expected, got %s"):format(v)) end
      end
      if sum ~= n then core.error(("random_split: the lengths sum to %s, the dataset has %d items"):format(sum, n)) end
      local order, at, subsets = tide.randperm(n, {generator = generator or tide.default_generator}):tolist(), 0, {}
      for k, count in ipairs(lengths) do
         subsets[k] = data.Subset(dataset, table.move(order, at + 1, at + math.tointeger(count), 1, {}))
         at = at + math.tointeger(count)
      end
      return subsets
   end

   -- }=========================================================


   -- {======================== samplers ========================

   -- A sampler is anything with iter(), which gives a function that returns one position after the other, then nil, and #sampler.

   local function each(list)
      local i = 0
      return function() i = i + 1 return list[i] end
   end

   local function walk(sampler) return sampler.iter and sampler:iter() or each(sampler) end

   local function seed_from(generator) return tide.empty({}, {dtype = tide.int64}):random_({generator = generator or tide.default_generator}):item() end

   data.SequentialSampler = class("SequentialSampler", {
      length = function(self) return #self.data_source end,
      iter = function(self)
         local i, n = 0, #self.data_source
         return function() i = i + 1 if i <= n then return i end end
      end,
   }, function(source) return {data_source = check_dataset(source, "SequentialSampler")} end)

   local random_arguments = arguments("RandomSampler", "data_source: any, replacement: boolean = false, num_samples: integer = nil, generator: any = nil")
   data.RandomSampler = class("RandomSampler", {
      length = function(self) return self.num_samples or #self.data_source end,
      iter = function(self)
         local n, count = #self.data_source, #self
         local generator = self.generator or tide.Generator():manual_seed(seed_from())
         local block, at, given, over = {}, 1, 0, false
         return function()
            if given == count then
               if not over and not self.replacement and count % n == 0 then tide.randperm(n, {generator = generator}) end      -- as PyTorch, which takes none of it
               over = true
               return nil
            end
            if at > #block then
               if self.replacement then block = (tide.randint(n, {math.min(32, count - given)}, {generator = generator}) + 1):tolist()
               else block = tide.randperm(n, {generator = generator}):tolist() end
               at = 1
            end
            at, given = at + 1, given + 1
            return block[at - 1]
         end
      end,
   }, function(...)
      local source, replacement, count, generator = random_arguments(...)
      if (count or #check_dataset(source, "RandomSampler")) < 1 then core.error(("RandomSampler: num_samples is at least 1, got %d"):format(count or 0)) end
      return {data_source = check_dataset(source, "RandomSampler"), replacement = replacement, num_samples = count, generator = generator}
   end)

   local subset_random_arguments = arguments("SubsetRandomSampler", "indices: list, generator: any = nil")
   data.SubsetRandomSampler = class("SubsetRandomSampler", {
      length = function(self) return #self.indices end,
      iter = function(self)
         local order = tide.randperm(#self.indices, {generator = self.generator or tide.default_generator}):tolist()
         for k, i in ipairs(order) do order[k] = self.indices[i] end
         return each(order)
      end,
   }, function(...)
      local indices, generator = subset_random_arguments(...)
      return {indices = indices, generator = generator}
   end)

   local weighted_arguments = arguments("WeightedRandomSampler", "weights: list|tensor, num_samples: integer, replacement: boolean = true, generator: any = nil")
   data.WeightedRandomSampler = class("WeightedRandomSampler", {
      length = function(self) return self.num_samples end,
      iter = function(self)
         return each(tide.multinomial(self.weights, self.num_samples, self.replacement, {generator = self.generator or tide.default_generator}):tolist())
      end,
   }, function(...)
      local weights, count, replacement, generator = weighted_arguments(...)
      weights = core.is_tensor(weights) and weights:to(tide.float64) or tide.tensor(weights, {dtype = tide.float64})
      return {weights = weights, num_samples = count, replacement = replacement, generator = generator}
   end)

   local batch_arguments = arguments("BatchSampler", "sampler: any, batch_size: integer, drop_last: boolean = false")
   data.BatchSampler = class("BatchSampler", {
      length = function(self)
         local n = #self.sampler
         return self.drop_last and n // self.batch_size or (n + self.batch_size - 1) // self.batch_size
      end,
      iter = function(self)
         local next_position
         return function()
            next_position = next_position or walk(self.sampler)
            local batch = {}
            while #batch < self.batch_size do
               local i = next_position()
               if i == nil then break end
               batch[#batch + 1] = i
            end
            if #batch == self.batch_size or (#batch > 0 and not self.drop_last) then return batch end
         end
      end,
   }, function(...)
      local sampler, size, drop = batch_arguments(...)
      if size < 1 then core.error(("BatchSampler: batch_size is at least 1, got %d"):format(size)) end
      return {sampler = sampler, batch_size = size, drop_last = drop}
   end)

   -- }=========================================================


   -- {======================== loading ========================

   -- A list of items as one: tensors are stacked, numbers become a tensor, strings stay a list, tables are taken apart.
   function data.default_collate(batch)
      local first = batch[1]
      if core.is_tensor(first) then return tide.stack(batch, 1) end
      if type(first) == "number" then return tide.tensor(batch, math.type(first) == "float" and {dtype = tide.float64} or nil) end
      if type(first) == "string" or type(first) == "boolean" then return type(first) == "boolean" and tide.tensor(batch) or batch end
      if type(first) ~= "table" then core.error(("default_collate: an item is a tensor, a number, a string or a table of such, not %s"):format(name_of(first))) end
      local out = {}
      for key in pairs(first) do
         local column = {}
         for k, item in ipairs(batch) do
            column[k] = type(item) == "table" and item[key]
            if column[k] == nil or type(item) ~= "table" then core.error(("default_collate: item %d of the batch has no entry %s, which the first has"):format(k, key)) end
         end
         out[key] = data.default_collate(column)
      end
      return out
   end

   local loader_arguments = arguments("DataLoader", "dataset: any, batch_size: integer = 1, shuffle: boolean = false, sampler: any = nil, batch_sampler: any = nil, collate_fn: function = nil, "
      .. "drop_last: boolean = false, generator: any = nil")

   data.DataLoader = class("DataLoader", {
      length = function(self) return #self.batch_sampler end,

      -- for x, y in loader:iter() do: one batch after the other, a list of columns as several values.
      iter = function(self)
         local collate, dataset, next_batch = self.collate_fn or data.default_collate, self.dataset, nil
         seed_from(self.generator)                            -- the seed of PyTorch's workers, which is drawn whether there are any or not
         return function()
            next_batch = next_batch or walk(self.batch_sampler)
            local positions = next_batch()
            if positions == nil then return nil end
            for k, i in ipairs(positions) do
               if math.type(i) == "integer" and i < 0 then positions[k] = i + #dataset + 1 end
            end
            local batch = not self.collate_fn and type(dataset) == "table" and dataset.fetch and dataset:fetch(positions)
            if not batch then
               local items = {}
               for k, i in ipairs(positions) do
                  items[k] = dataset[i]
                  if items[k] == nil then core.error(("DataLoader: the dataset has no item %s"):format(i)) end
               end
               batch = collate(items)
            end
            if type(batch) == "table" and #batch > 0 and type(batch[1]) ~= "string" then return table.unpack(batch) end
            return batch
         end
      end,
   }, function(...)
      local dataset, size, shuffle, sampler, batches, collate, drop, generator = loader_arguments(...)
      check_dataset(dataset, "DataLoader")
      if sampler and shuffle then core.error "DataLoader: 'sampler' does not go with shuffle" end
      if batches and (sampler or shuffle or drop or size ~= 1) then core.error "DataLoader: 'batch_sampler' does not go with batch_size, shuffle, sampler and drop_last" end
      sampler = sampler or (shuffle and data.RandomSampler(dataset, {generator = generator}) or data.SequentialSampler(dataset))
      batches = batches or data.BatchSampler(sampler, size, drop)
      return {dataset = dataset, batch_size = size, sampler = sampler, batch_sampler = batches, collate_fn = collate, drop_last = drop, generator = generator}
   end)

   -- }=========================================================

   return data
end
