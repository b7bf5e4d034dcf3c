-- Writes the fuzzer's first inputs into the directory that is its argument, out of the files of spec/data/files: each as it is, and, where a
-- way of spec/fuzz/read.c has a frame for it, what lies within. Plain Lua: lua5.4 spec/fuzz/seeds.lua DIRECTORY.
local directory = ...

local function read(name)
   local file = assert(io.open(name, "rb"))
   local bytes = file:read "a"
   file:close()
   return bytes
end

local count = 0
local function seed(way, bytes)
   for _, mapped in ipairs {0, 8} do
      count = count + 1
      local file = assert(io.open(("%s/seed%03d"):format(directory, count), "wb"))
      file:write(string.char(way + mapped), bytes)
      file:close()
   end
end

-- Calls visit(name, method, packed, size) for the entries of a zip archive whose headers have their sizes, or whose directory does.
local function entries(zip, visit)
   local at = zip:find("PK\1\2", 1, true)
   while at and zip:sub(at, at + 3) == "PK\1\2" do
      local method, packed, size, nname, nextra, ncomment, header = ("<I2"):unpack(zip, at + 10), ("<I4"):unpack(zip, at + 20), ("<I4"):unpack(zip, at + 24), ("<I2"):unpack(zip, at + 28),
         ("<I2"):unpack(zip, at + 30), ("<I2"):unpack(zip, at + 32), ("<I4"):unpack(zip, at + 42)
      local name = zip:sub(at + 46, at + 45 + nname)
      local data = header + 31 + ("<I2"):unpack(zip, header + 27) + ("<I2"):unpack(zip, header + 29)
      visit(name, method, zip:sub(data, data + packed - 1), size)
      at = at + 46 + nname + nextra + ncomment
   end
end

local list = assert(io.popen "ls spec/data/files")
for name in list:lines() do
   local bytes = read("spec/data/files/" .. name)
   seed(0, bytes)
   if name:find "%.safetensors$" then
      local length = ("<I8"):unpack(bytes)
      seed(1, ("<I2"):pack(#bytes - 8 - length) .. bytes:sub(9, 8 + length))
      seed(6, bytes:sub(9, 8 + length))
   elseif name:find "%.npy$" then
      seed(2, bytes)
      seed(7, bytes)
   else
      if name:find "%.pt$" then seed(5, bytes) end
      entries(bytes, function(entry, method, packed, size)
         if method == 8 then seed(4, ("<I2"):pack(size) .. packed)
         elseif entry:find "%.npy$" then seed(7, packed)
         elseif entry:find "data%.pkl$" then seed(3, packed) end
      end)
   end
end
list:close()
seed(6, [[{"a":[1,-2.5e3,true,false,null,"\u00e9\ud83d\ude00\n"],"b":{"c":{}}}]])
