-- tide.save and tide.load, and bytes: tide.frombuffer. docs/files.md says what each format holds.
--
-- A safetensors file knows tensors under names, and strings under names. A table of tensors by name is written as just that. Any other table is written with
-- its tensors under their paths ("state.1.exp_avg"), and everything else in one string of the metadata: the table in JSON, with {"$tensor": name} where
-- a tensor stood. What JSON lacks has such a form too: {"$float": "inf"}, {"$bytes": hex}, and {"$pairs": [[key, value], ...]} for a table whose keys
-- are not all plain text.
local core = require "tide.core"
local arguments = require "tide.arguments"
local ordered = require "tide.ordered"
core.own_source()

local files = core.files
local STRUCTURE = "tide.structure"               -- the key of that string
local DEEPEST = 32                               -- levels of tables; in JSON each takes up to three of the hundred that are read

local function is_text(s) return utf8.len(s) ~= nil and not s:find("\0", 1, true) end

-- Is it a sequence of at least one value?
local function is_list(t)
   if getmetatable(t) ~= nil or #t == 0 then return false end
   local n = 0
   for key in pairs(t) do
      if math.type(key) ~= "integer" then return false end
      n = n + 1
   end
   return n == #t
end

-- Keys of a dictionary: in their order, or sorted where they have none.
local function keys_of(t)
   local keys = {}
   for key in pairs(t) do keys[#keys + 1] = key end
   if not ordered.is(t) then
      table.sort(keys, function(a, b)
         if type(a) ~= type(b) then return type(a) < type(b) end
         if type(a) == "number" or type(a) == "string" then return a < b end
         return tostring(a) < tostring(b)
      end)
   end
   return keys
end

-- Names and tensors of a table that is nothing but tensors under names; nil for any other.
local function flat(t)
   if core.is_tensor(t) or is_list(t) or (getmetatable(t) ~= nil and not ordered.is(t)) then return end
   local names, tensors = keys_of(t), {}
   for i, name in ipairs(names) do
      if type(name) ~= "string" or not is_text(name) or name == "__metadata__" or not core.is_tensor(t[name]) then return end
      tensors[i] = t[name]
   end
   return names, tensors
end


-- {======================== structure to JSON ========================

local escapes = {['"'] = '\\"', ["\\"] = "\\\\"}
local function quote(s)
   return '"' .. s:gsub('[\0-\31"\\]', function(c) return escapes[c] or ("\\u%04x"):format(c:byte()) end) .. '"'
end

local function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end

local function string_text(s)
   return utf8.len(s) and quote(s) or ('{"$bytes":"%s"}'):format(hex(s))
end

local function number_text(v)
   if math.type(v) == "integer" then return ("%d"):format(v) end
   if v ~= v then return '{"$float":"nan"}' end
   if v == math.huge or v == -math.huge then return v > 0 and '{"$float":"inf"}' or '{"$float":"-inf"}' end
   local s = ("%.15g"):format(v)
   if tonumber(s) ~= v then s = ("%.17g"):format(v) end
   s = s:gsub(",", ".")                                     -- (as some locales write it)
   return s:find "[.e]" and s or s .. ".0"
end

local function cannot_save(path, what)
   local parts = {}
   for i, key in ipairs(path) do parts[i] = ("[%s]"):format(type(key) == "string" and ("%q"):format(key) or tostring(key)) end
   core.error(("save: %s at obj%s cannot be saved"):format(what, table.concat(parts)))
end

local Writer = {}
Writer.__index = Writer

-- A name for the tensor at this path that no other has.
function Writer:name(path)
   local parts = {}
   for i, key in ipairs(path) do parts[i] = type(key) == "string" and not is_text(key) and key:gsub("[^\x20-\x7e]", "?") or tostring(key) end
   local stem = #parts > 0 and table.concat(parts, ".") or "tensor"
   local name, n = stem, 1
   while self.taken[name] do
      n = n + 1
      name = stem .. "~" .. n
   end
   self.taken[name] = true
   return name
end

function Writer:tensor(t, path)
   local name = self:name(path)
   self.names[#self.names + 1] = name
   self.tensors[#self.tensors + 1] = t
   return ('{"$tensor":%s}'):format(quote(name))
end

function Writer:list(t, path)
   local parts = {}
   for i = 1, #t do
      path[#path + 1] = i
      parts[i] = self:value(t[i], path)
      path[#path] = nil
   end
   return "[" .. table.concat(parts, ",") .. "]"
end

function Writer:dictionary(t, path)
   local keys, parts, plain = keys_of(t), {}, true
   for _, key in ipairs(keys) do
      local kind = type(key)
      if kind ~= "string" and kind ~= "number" and kind ~= "boolean" then cannot_save(path, "a key that is a " .. kind) end
      if kind ~= "string" or not utf8.len(key) or key:sub(1, 1) == "$" then plain = false end
   end
   for i, key in ipairs(keys) do
      path[#path + 1] = key
      local value = self:value(t[key], path)
      path[#path] = nil
      parts[i] = plain and quote(key) .. ":" .. value or ("[%s,%s]"):format(self:value(key, path), value)
   end
   local all = table.concat(parts, ",")
   return plain and "{" .. all .. "}" or '{"$pairs":[' .. all .. "]}"
end

function Writer:table(t, path)
   local meta = getmetatable(t)
   if meta ~= nil and not ordered.is(t) then cannot_save(path, "a table with a metatable (of a module, its state_dict can be)") end
   if self.open[t] then cannot_save(path, "a table that contains itself") end
   if #path >= DEEPEST then cannot_save(path, ("a table more than %d levels deep"):format(DEEPEST)) end
   self.open[t] = true
   local text = (is_list(t) or (next(t) == nil and not ordered.is(t))) and self:list(t, path) or self:dictionary(t, path)
   self.open[t] = nil
   return text
end

function Writer:value(v, path)
   if core.is_tensor(v) then return self:tensor(v, path) end
   local kind = type(v)
   if kind == "table" then return self:table(v, path) end
   if kind == "string" then return string_text(v) end
   if kind == "number" then return number_text(v) end
   if kind == "boolean" then return tostring(v) end
   return cannot_save(path, "a " .. kind)
end

-- Names, tensors, and the structure, of any value.
local function structured(v)
   local writer = setmetatable({names = {}, tensors = {}, taken = {__metadata__ = true}, open = {}}, Writer)
   local text = writer:value(v, {})
   return writer.names, writer.tensors, text
end

-- }=========================================================


-- {======================== JSON to structure ========================

local function damaged(what) core.error(("load: the structure in the metadata is damaged: %s"):format(what)) end

local specials = {}
specials["$tensor"] = function(name, tensors, used)
   local t = type(name) == "string" and tensors[name] or damaged "a tensor that is not there"
   used[name] = true
   return t
end
specials["$float"] = function(s) return ({nan = 0 / 0, inf = math.huge, ["-inf"] = -math.huge})[s] or damaged "a number" end
specials["$bytes"] = function(s)
   if type(s) ~= "string" or #s % 2 ~= 0 or s:find "%X" then damaged "a string" end
   return (s:gsub("..", function(digits) return string.char(tonumber(digits, 16)) end))
end

local decode

specials["$pairs"] = function(list, tensors, used)
   local t = ordered.new()
   if type(list) ~= "table" or ordered.is(list) then damaged "pairs" end
   for _, pair in ipairs(list) do
      if type(pair) ~= "table" or ordered.is(pair) or #pair ~= 2 then damaged "a pair" end
      local key, value = decode(pair[1], tensors, used), decode(pair[2], tensors, used)
      if key == nil or key ~= key or type(key) == "table" or type(key) == "userdata" then damaged "a key" end
      t[key] = value
   end
   return t
end

-- (It was checked to be less than a hundred levels deep.)
function decode(v, tensors, used)
   if type(v) ~= "table" then return v end
   if not ordered.is(v) then
      for i, x in ipairs(v) do v[i] = decode(x, tensors, used) end
      return v
   end
   for key, x in pairs(v) do
      local special = specials[key]
      if special and #v == 1 then return special(x, tensors, used) end
      v[key] = decode(x, tensors, used)
   end
   return v
end

local function restore(text, tensors)
   local used = {}
   local value = decode(files.json(ordered.new, text), tensors, used)
   for name in pairs(tensors) do if not used[name] then damaged(("it does not mention \"%s\""):format(name)) end end
   return value
end

-- }=========================================================


local save_arguments = arguments("save", "obj: table|tensor, f: string = nil, format: string = nil, metadata: table = nil")
local load_arguments = arguments("load", "f: string = nil, data: string = nil, format: string = nil, mmap: boolean = true")
local frombuffer_arguments = arguments("frombuffer", "buffer: string, dtype: dtype, count: integer = -1, offset: integer = 0, requires_grad: boolean = false")

-- {key, value, ...} of a table of strings.
local function metadata_list(metadata)
   local list = {}
   for _, key in ipairs(keys_of(metadata)) do
      local value = metadata[key]
      if type(key) ~= "string" or type(value) ~= "string" then core.error "save: metadata: strings under names that are strings are expected" end
      if key == STRUCTURE then core.error(("save: metadata: the key %q is taken"):format(key)) end
      if not is_text(key) or not is_text(value) then core.error(("save: metadata: %q is not UTF-8 without zero bytes"):format(key)) end
      list[#list + 1], list[#list + 2] = key, value
   end
   return list
end

-- Names and tensors for a format without structure.
local function plain(obj, format)
   if core.is_tensor(obj) then return {"arr_0"}, {obj} end
   local names, tensors = flat(obj)
   if names and format == "npz" then return names, tensors end
   if format == "npz" and is_list(obj) then
      names, tensors = {}, {}
      for i, x in ipairs(obj) do
         if not core.is_tensor(x) then break end
         names[i], tensors[i] = "arr_" .. i - 1, x
      end
      if #tensors == #obj then return names, tensors end
   end
   core.error(("save: an %s file holds %s; for other tables there is safetensors"):format(format, format == "npz" and "tensors, by name or in a list" or "one tensor"))
end

return function(tide)
   -- Writes a tensor or a table to the file f, or returns the bytes where f is nil.
   function tide.save(...)
      local obj, f, format, metadata = save_arguments(...)
      format = format or (f and f:match "%.(%w+)$" or f == nil and "safetensors")
      if format == "pth" then format = "pt" end
      if format ~= "safetensors" and format ~= "npy" and format ~= "npz" then
         if format == "pt" then core.error "save: PyTorch's checkpoints can only be read; a safetensors file is what both sides read and write" end
         core.error(("save: %s: the format is not known: the name ends in .safetensors, .npy or .npz, or 'format' says which"):format(f and ("%q"):format(f) or format))
      end
      if metadata and format ~= "safetensors" then core.error "save: metadata belongs to safetensors files" end
      local list = metadata_list(metadata or {})
      local names, tensors, structure
      if format ~= "safetensors" then names, tensors = plain(obj, format)
      else
         names, tensors = flat(obj)
         if not names then names, tensors, structure = structured(obj) end
      end
      if structure then list[#list + 1], list[#list + 2] = STRUCTURE, structure end
      return files.write(f, format, names, tensors, list)
   end

   -- What the file f, or the string data, holds; and the metadata of a safetensors file that has some.
   function tide.load(...)
      local f, data, format, mmap = load_arguments(...)
      if (f == nil) == (data == nil) then core.error "load: either the name of a file or 'data' is expected" end
      local value, metadata = files.read(ordered.new, f, data, format, mmap)
      if metadata and metadata[STRUCTURE] then
         value = restore(metadata[STRUCTURE], value)
         metadata[STRUCTURE] = nil
      end
      if metadata and #metadata == 0 then metadata = nil end
      return value, metadata
   end

   -- A tensor of one dimension with a copy of bytes: `count` elements (-1: all) from byte `offset` (0: the first).
   function tide.frombuffer(...)
      local buffer, dtype, count, offset, requires_grad = frombuffer_arguments(...)
      local size, left = dtype.itemsize, #buffer - offset
      if offset < 0 or left < 0 then core.error(("frombuffer: offset %d is outside of %d bytes"):format(offset, #buffer)) end
      if count < 0 and left % size ~= 0 then core.error(("frombuffer: %d bytes are no whole number of %s, which have %d each"):format(left, dtype, size)) end
      if count < 0 then count = left // size end
      if count > left // size then core.error(("frombuffer: %d elements of %s take more than the %d bytes from offset %d on"):format(count, dtype, left, offset)) end
      local t = files.frombuffer(buffer, dtype, math.tointeger(count), math.tointeger(offset))
      return requires_grad and t:requires_grad_() or t
   end
end
