-- Modules and parameters in lists and dictionaries. Children of a list are named "0", "1", ... as in PyTorch; list[1] is the first.
local core = require "tide.core"
local slots = require "tide.nn.slots"
core.own_source()

return function(_, nn)
   local function is_module(v) return nn.isinstance(v, nn.Module) end
   local function type_name(v) return is_module(v) and v:_get_name() or core.is_tensor(v) and "a tensor" or type(v) end

   local function check_module(v, what, i)
      if not is_module(v) then core.error(("%s: element %s: an nn.Module expected, got %s"):format(what, i, type_name(v))) end
      return v
   end

   local function check_parameter(v, what, i)
      if core.is_parameter(v) then return v end
      if not core.is_tensor(v) then core.error(("%s: element %s: a parameter or tensor expected, got %s"):format(what, i, type_name(v))) end
      return nn.Parameter(v)
   end

   -- {======================== lists ========================

   -- What a list class does, whose elements are in the slot of this kind.
   local function make_list(name, kind, check)
      local List = nn.class(name)

      local function values(self)
         local out = {}
         for _, v in slots.entries(self:_slot(kind)) do out[#out + 1] = v end
         return out
      end
      local function refill(self, list)
         for _, key in ipairs {table.unpack(self:_slot(kind).keys)} do self:_remove(kind, key) end
         for i, v in ipairs(list) do self[tostring(i - 1)] = v end
      end
      local function place(self, i, what)
         local n = #self
         if math.type(i) ~= "integer" then core.error(("%s: a position is a whole number, got %s"):format(what, type_name(i))) end
         if i < 0 then i = i + n + 1 end
         if i < 1 or i > n then core.error(("%s: position %d is out of range: it has %d elements"):format(what, i, n)) end
         return i
      end

      function List:init(list)
         if list == nil then return end
         if type(list) ~= "table" or is_module(list) and list._length == nn.Module._length then core.error(("%s: a list expected, got %s"):format(name, type_name(list))) end
         self:extend(list)
      end
      function List:_length() return #self:_slot(kind).keys end
      function List:_item(i)
         local slot = self:_slot(kind)
         return slot.values[slot.keys[i < 0 and i + #slot.keys + 1 or i]]
      end
      function List:_each() return ipairs(values(self)) end
      function List:append(v)
         self[tostring(#self)] = check(v, name, #self + 1)
         return self
      end
      function List:extend(list)
         local checked = {}
         for i, v in ipairs(list) do checked[i] = check(v, name, i) end
         for _, v in ipairs(checked) do self[tostring(#self)] = v end
         return self
      end
      function List:insert(i, v)
         local all = values(self)
         if math.type(i) ~= "integer" or i < 1 or i > #all + 1 then core.error(("%s: position %s is out of range to insert: it has %d elements"):format(name, i, #all)) end
         table.insert(all, i, check(v, name, i))
         refill(self, all)
         return self
      end
      -- Takes the element out and returns it.
      function List:pop(i)
         local all = values(self)
         local v = table.remove(all, place(self, i or -1, name))
         refill(self, all)
         return v
      end
      -- list:set(i, v): list[i] = v does the same.
      function List:set(i, v) self[self:_slot(kind).keys[place(self, i, name)]] = check(v, name, i) end
      return List
   end

   nn.ModuleList = make_list("ModuleList", "_modules", check_module)
   nn.ParameterList = make_list("ParameterList", "_parameters", check_parameter)
   nn.Sequential = make_list("Sequential", "_modules", check_module)

   -- Equal neighbours print as one line.
   function nn.ModuleList:_repr()
      local lines, groups = {}, {}
      for i, m in pairs(self) do
         local text, last = m:_repr(), groups[#groups]
         if last and last.text == text then last.last = i - 1 else groups[#groups + 1] = {text = text, first = i - 1, last = i - 1} end
      end
      for _, g in ipairs(groups) do
         local text = g.text
         if g.first == g.last then text = ("(%d): %s"):format(g.first, text)
         else text = ("(%d-%d): %d x %s"):format(g.first, g.last, g.last - g.first + 1, text) end
         lines[#lines + 1] = text:gsub("\n", "\n  ")
      end
      if #lines == 0 then return self:_get_name() .. "()" end
      return ("%s(\n  %s\n)"):format(self:_get_name(), table.concat(lines, "\n  "))
   end

   local function parameter_text(p, kind) return ("Parameter containing: [%s of size %s]"):format(kind or p.dtype, table.concat({table.unpack(p:size())}, "x")) end
   function nn.ParameterList:extra_repr()
      local lines = {}
      for i, p in pairs(self) do lines[i] = ("  (%d): %s"):format(i - 1, parameter_text(p)) end
      return table.concat(lines, "\n")
   end

   -- Sequential(a, b, ...), or of a list whose entries may be {name, module}.
   local Sequential = nn.Sequential
   function Sequential:init(...)
      local list = {...}
      if select("#", ...) == 1 and type(list[1]) == "table" and not is_module(list[1]) then list = list[1] end
      for i, m in ipairs(list) do
         if type(m) == "table" and not is_module(m) and type(m[1]) == "string" then self:register_module(m[1], check_module(m[2], "Sequential", m[1]))
         else self:register_module(tostring(i - 1), check_module(m, "Sequential", i)) end
      end
      if #list < select("#", ...) then check_module(nil, "Sequential", #list + 1) end
   end
   function Sequential:forward(...)
      local first = true
      local x
      for _, m in slots.entries(self:_slot "_modules") do
         if first then x, first = table.pack(m(...)), false else x = table.pack(m(table.unpack(x, 1, x.n))) end
      end
      if first then return ... end
      return table.unpack(x, 1, x.n)
   end

   -- }=========================================================


   -- {======================== dictionaries ========================

   local function make_dictionary(name, kind, check)
      local Dict = nn.class(name)
      -- Plain tables are taken in the order of their keys, which have none of their own.
      function Dict:init(entries) if entries ~= nil then self:update(entries) end end
      function Dict:update(entries)
         if type(entries) ~= "table" then core.error(("%s: a table expected, got %s"):format(name, type_name(entries))) end
         local keys, taken = {}, {}
         for key, v in pairs(entries) do
            if type(key) ~= "string" then core.error(("%s: a key is a string, got %s"):format(name, type_name(key))) end
            if Dict[key] ~= nil then core.error(("%s: '%s' is a method of modules, which a key cannot be"):format(name, key)) end
            keys[#keys + 1], taken[key] = key, check(v, name, key)
         end
         if getmetatable(entries) == nil then table.sort(keys) end
         for _, key in ipairs(keys) do self[key] = taken[key] end
         return self
      end
      function Dict:_length() return #self:_slot(kind).keys end
      function Dict:_each() return slots.entries(self:_slot(kind)) end
      function Dict:keys()
         local out = {}
         for key in pairs(self) do out[#out + 1] = key end
         return out
      end
      function Dict:values()
         local out = {}
         for _, v in pairs(self) do out[#out + 1] = v end
         return out
      end
      function Dict:items() return pairs(self) end
      function Dict:contains(key) return self:_slot(kind).values[key] ~= nil end
      function Dict:pop(key)
         local v = self:_slot(kind).values[key]
         if v == nil then core.error(("%s: there is no '%s'"):format(name, key)) end
         self:_remove(kind, key)
         return v
      end
      function Dict:clear() for _, key in ipairs(self:keys()) do self:_remove(kind, key) end end
      return Dict
   end

   nn.ModuleDict = make_dictionary("ModuleDict", "_modules", check_module)
   nn.ParameterDict = make_dictionary("ParameterDict", "_parameters", check_parameter)
   -- (PyTorch gives the old names of types here, and those of dtypes in lists.)
   local kinds = {["tide.float32"] = "tide.FloatTensor", ["tide.float64"] = "tide.DoubleTensor"}
   function nn.ParameterDict:extra_repr()
      local lines = {}
      for key, p in pairs(self) do lines[#lines + 1] = ("  (%s): %s"):format(key, parameter_text(p, kinds[tostring(p.dtype)])) end
      return table.concat(lines, "\n")
   end

   -- }=========================================================
end
