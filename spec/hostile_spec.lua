-- Files that are damaged or want to do harm: each is an error that says why, in little time and memory. tools/fuzz looks for more.
local tide = require "tide"

local function read(name)
   local file = assert(io.open(name, "rb"))
   local bytes = file:read "a"
   file:close()
   return bytes
end
local function fixture(name) return "spec/data/files/" .. name end

local function fails(pattern, f, ...)
   local ok, message = pcall(f, ...)
   assert(not ok, "no error, where one was expected that says: " .. pattern)
   assert(message:find(pattern), ("%q does not match %q"):format(message, pattern))
   return message
end

local function safetensors(header, data) return ("<s8"):pack(header) .. (data or "") end
local function load(bytes, format) return tide.load {data = bytes, format = format} end

describe("hostile safetensors", function()
   local A = '"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}'
   it("is an error that says why", function()
      assert.are.same({97, 98}, load(safetensors("{" .. A .. "}", "ab")).a:tolist())
      for _, case in ipairs {
         {"too few", "{}"},
         {"no safetensors file, or its header of 9187201950435737471 bytes", ("\127"):rep(16)},
         {"no safetensors file, or its header of", ("\255"):rep(16)},
         {"the file ends at byte 10, within its header of 50", ("<I8"):pack(50) .. "{}"},
         {"does not begin with '{'", safetensors "[]"},
         {"does not begin", ("<I8"):pack(0)},
         {"a hole before tensor \"b\"", safetensors('{' .. A .. ',"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}', "abcd")},
         {"an overlap before tensor \"b\"", safetensors('{' .. A .. ',"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', "ab")},
         {"2 bytes behind the last tensor", safetensors("{" .. A .. "}", "abcd")},
         {"a hole before tensor \"a\"", safetensors('{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', "ab")},
         {'tensor "a" ends at byte 2, but there are only 1', safetensors("{" .. A .. "}", "a")}, {"is there twice", safetensors("{" .. A .. "," .. A .. "}", "abab")},
         {"is there twice", safetensors('{"a":{"dtype":"U8","dtype":"I8","shape":[2],"data_offsets":[0,2]}}', "ab")},
         {"is there twice", safetensors('{"__metadata__":{"a":"1","\\u0061":"2"}}')},
         {"begins and ends", safetensors('{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}', "ab")},
         {"begins and ends", safetensors('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0]}}', "ab")},
         {"begins and ends", safetensors('{"a":{"dtype":"U8","shape":[2],"data_offsets":[-1,1]}}', "ab")},
         {"begins and ends", safetensors('{"a":{"dtype":"U8","shape":[2]}}', "ab")},
         {"more than 64 bits", safetensors('{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,18446744073709551618]}}', "ab")},
         {"list of sizes", safetensors('{"a":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}}', "ab")},
         {"list of sizes", safetensors('{"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}}', "ab")},
         {"list of sizes", safetensors('{"a":{"dtype":"U8","shape":2,"data_offsets":[0,2]}}', "ab")},
         {"takes 3 bytes, not 2", safetensors('{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}}', "ab")},
         {"takes 4 bytes, not 2", safetensors('{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,2]}}', "ab")},
         {"too large", safetensors('{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}')},
         {"too large", safetensors('{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}')},
         {"no counterpart", safetensors('{"a":{"dtype":"F33","shape":[],"data_offsets":[0,0]}}')},
         {"dtype is missing", safetensors '{"a":{"shape":[],"data_offsets":[0,0]}}'},
         {"17 dimensions", safetensors('{"a":{"dtype":"U8","shape":[' .. ("1,"):rep(16) .. '1],"data_offsets":[0,1]}}', "a")},
         {"an object with dtype", safetensors '{"a":5}'},
         {"an object of strings", safetensors '{"__metadata__":{"a":1}}'},
         {"an object of strings", safetensors '{"__metadata__":[]}'},
         {"is there twice", safetensors '{"__metadata__":{},"__metadata__":{}}'},
         {"structure .* damaged: a tensor that is not there", safetensors('{"__metadata__":{"tide.structure":"{\\"$tensor\\":\\"b\\"}"},' .. A .. "}", "ab")},
         {"does not mention \"a\"", safetensors('{"__metadata__":{"tide.structure":"[]"},' .. A .. "}", "ab")},
         {"JSON at byte", safetensors '{"__metadata__":{"tide.structure":"["}}'},
         {"damaged: pairs", safetensors '{"__metadata__":{"tide.structure":"{\\"$pairs\\":5}"}}'},
         {"damaged: a pair", safetensors '{"__metadata__":{"tide.structure":"{\\"$pairs\\":[[1]]}"}}'},
         {"damaged: a key", safetensors '{"__metadata__":{"tide.structure":"{\\"$pairs\\":[[[],1]]}"}}'},
         {"damaged: a string", safetensors '{"__metadata__":{"tide.structure":"{\\"$bytes\\":\\"0\\"}"}}'},
         {"damaged: a number", safetensors '{"__metadata__":{"tide.structure":"{\\"$float\\":\\"1\\"}"}}'},
         {"damaged: a key", safetensors '{"__metadata__":{"tide.structure":"{\\"$pairs\\":[[{\\"$float\\":\\"nan\\"},1]]}"}}'}
      } do fails(case[1], load, case[2], "safetensors") end
   end)
   it("has JSON that is refused", function()
      for _, case in ipairs {
         {"a string without an end", '{"a'},
         {"a string without an end", '{"a\\"'},
         {"not UTF%-8", '{"\255":1}'},
         {"not UTF%-8", '{"\xc0\xaf":1}'},
         {"not UTF%-8", '{"\xed\xa0\x80":1}'},
         {"not UTF%-8", '{"\xf4\x90\x80\x80":1}'},
         {"a control character", '{"a\n":1}'},
         {"unknown escape", '{"\\x":1}'},
         {"hexadecimal", '{"\\u12g4":1}'},
         {"surrogate", '{"\\ud800":1}'},
         {"surrogate", '{"\\ud800\\u0041":1}'},
         {"surrogate", '{"\\udc00":1}'},
         {"a key is expected", "{1:2}"},
         {"':' is expected", '{"a" 1}'},
         {"',' or '}'", '{"a":1 "b":2}'},
         {"a value is expected", '{"a":}'},
         {"a key is expected", '{"a":1,}'},
         {"a value is expected", '{"a":[1,]}'},
         {"',' or '%]'", '{"a":[1}'},
         {"',' or '}'", '{"a":01}'},
         {"digits", '{"a":1.}'},
         {"digits", '{"a":1e}'},
         {"a value", '{"a":+1}'},
         {"a value", '{"a":nul}'},
         {"a value", '{"a":NaN}'},
         {"nothing more", "{} {}"},
         {"nothing more", "{}\0"},
         {"too many digits", '{"a":' .. ("1"):rep(500) .. "}"},
         {"64 bits", '{"a":9223372036854775808}'},
         {"nested too deeply", '{"a":' .. ("["):rep(100000)},
         {"nested too deeply", ('{"a":'):rep(100000)},
         {"a value is expected", "{\"a\":"}
      } do fails(case[1], load, safetensors(case[2]), "safetensors") end
      assert.are.equal("é😀\n", (select(2, load(safetensors '{"__metadata__":{"a":"\\u00e9\\uD83D\\ude00\\n"}}')).a))
   end)
   it("is an error wherever it is cut", function()
      local bytes = read(fixture "dtypes.safetensors")
      for n = 0, #bytes - 1 do fails("load: ", load, bytes:sub(1, n), "safetensors") end
   end)
end)

describe("hostile npy", function()
   local function npy(header, data, version)
      version = version or 1
      return "\x93NUMPY" .. string.char(version) .. "\0" .. (version == 1 and ("<s2"):pack(header) or ("<s4"):pack(header)) .. (data or "")
   end
   local function header(descr, shape, order) return ("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n"):format(descr, order or "False", shape) end
   it("is an error that says why", function()
      assert.are.same({97, 98}, load(npy(header("|u1", "(2,)"), "ab")):tolist())
      assert.are.same({97, 98}, load(npy('{"shape":(2L,),"fortran_order":True,"descr":"u1"}', "ab", 2)):tolist())
      for _, case in ipairs {
         {"not begin as one", "\x93NUMPZ    "},
         {"version 4.0", npy(header("|u1", "()"), "a", 4)},
         {"within its header", npy(header("|u1", "()"), ""):sub(1, 40)},
         {"within its header", "\x93NUMPY\2\0\1\0"},
         {"within its header of 4294967295", "\x93NUMPY\2\0\255\255\255\255 "},
         {"takes 2 bytes, but 1 follow", npy(header("|u1", "(2,)"), "a")},
         {"takes 2 bytes, but 3 follow", npy(header("|u1", "(2,)"), "abc")},
         {"too large", npy(header("|u1", "(4294967296, 4294967296)"))},
         {"too large", npy(header("<f8", "(2305843009213693952,)"))},
         {"cannot be read", npy(header("|u1", "(99999999999999999999999,)"))},
         {"cannot be read", npy(header("|u1", "(-1,)"))},
         {"cannot be read", npy(header("|u1", "(1"))},
         {"cannot be read", npy(header("|u1", "(1,,)"))},
         {"cannot be read", npy(header("|u1", "(1 2)"))},
         {"cannot be read", npy(header("|u1", "(" .. ("1,"):rep(17) .. ")"), "a")},
         {"cannot be read", npy "{}"},
         {"cannot be read", npy ""},
         {"cannot be read", npy "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)"},
         {"cannot be read", npy(header("|u1", "(1,)") .. "x", "a")},
         {"cannot be read", npy("{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, 'shape': (1,)}", "a")},
         {"cannot be read", npy("{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'x': 1}", "a")},
         {"cannot be read", npy(header("|u1", "(1,)", "Maybe"), "a")},
         {"no counterpart", npy(header("|O", "(1,)"), "abcdefgh")},
         {"no counterpart", npy(header("<U3", "(1,)"), "abcdefghabcd")},
         {"no counterpart", npy(header("<", "()"))},
         {"records", npy "{'descr': [('a','<f4')], 'fortran_order': False, 'shape': (1,)}"}
      } do fails(case[1], load, case[2], "npy") end
   end)
   it("is an error wherever it is cut", function()
      local bytes = read(fixture "float32.npy")
      for n = 0, #bytes - 1 do fails("load: ", load, bytes:sub(1, n), "npy") end
   end)
end)

-- A zip archive of entries {name, bytes, method =, size =, crc =, ...}, whose fields may lie.
local crc32
do
   local t = {}
   for i = 0, 255 do
      local v = i
      for _ = 1, 8 do v = v & 1 == 1 and v >> 1 ~ 0xedb88320 or v >> 1 end
      t[i] = v
   end
   function crc32(s)
      local v = 0xffffffff
      for i = 1, #s do v = v >> 8 ~ t[(v ~ s:byte(i)) & 255] end
      return v ~ 0xffffffff
   end
end
local function zip(entries, options)
   local o, files, directory = options or {}, "", ""
   for _, e in ipairs(entries) do
      local name, bytes, extra, at = e[1], e[2], e.extra or "", e.at or #files
      local crc, size, packed = e.crc or crc32(e.plain or bytes), e.size or #(e.plain or bytes), e.packed or #bytes
      local inner = e.local_name or name
      files = files .. ("<c4I2I2I2I2I2I4I4I4I2I2"):pack("PK\3\4", 20, e.flags or 0, e.local_method or e.method or 0, 0, 0, e.local_crc or crc, packed, e.local_size or size, #inner, 0)
         .. inner .. bytes
      directory = directory .. ("<c4I2I2I2I2I2I2I4I4I4I2I2I2I2I2I4I4"):pack("PK\1\2", 20, 20, e.flags or 0, e.method or 0, 0, 0, crc, packed, size, #name, #extra, 0, 0, 0, 0, at)
         .. name .. extra
   end
   local count = o.count or #entries
   return files .. directory .. ("<c4I2I2I2I2I4I4I2"):pack("PK\5\6", o.disk or 0, 0, count, count, o.size or #directory, o.offset or #files, 0)
end
local function array(bytes) return "\x93NUMPY\1\0" .. ("<s2"):pack(("{'descr': '|u1', 'fortran_order': False, 'shape': (%d,)}\n"):format(#bytes)) .. bytes end

describe("hostile zip archives", function()
   local a = array "abc"
   it("are errors that say why", function()
      assert.are.same({97, 98, 99}, load(zip {{"a.npy", a}}).a:tolist())
      assert.are.equal(0, #load(zip {}))
      for _, case in ipairs {
         {"checksum", zip {{"a.npy", a, crc = 5}}},
         {"there twice", zip {{"a.npy", a}, {"a.npy", a}}},
         {"not agree", zip {{"a.npy", a, local_name = "b.npy"}}},
         {"not agree", zip {{"a.npy", a, local_crc = 5}}},
         {"not agree", zip {{"a.npy", a, local_size = 5}}},
         {"not agree", zip {{"a.npy", a, local_method = 8}}},
         {"encrypted", zip {{"a.npy", a, flags = 1}}},
         {"packed by method 9", zip {{"a.npy", a, method = 9}}},
         {"not where the directory says", zip {{"a.npy", a, at = 5}}},
         {"behind the end", zip {{"a.npy", a, at = 0xfffffff0}}},
         {"64%-bit size is missing", zip {{"a.npy", a, at = 0xffffffff}}},
         {"not agree", zip {{"a.npy", a}, {"b.npy", a, at = 0}}},
         {"sizes that cannot be true", zip {{"a.npy", a, size = 1000}}},
         {"sizes that cannot be true", zip {{"a.npy", "x", method = 8, size = 100000, plain = ""}}},
         {"reaches into the directory", zip {{"a.npy", a, packed = #a + 10, size = #a + 10}}},
         {"several disks", zip({{"a.npy", a}}, {disk = 1})},
         {"too short for its entries", zip({{"a.npy", a}}, {count = 2})},
         {"more than its entries", zip({{"a.npy", a}, {"b.npy", a}}, {count = 1})},
         {"directory is not where", zip({{"a.npy", a}}, {size = 5})},
         {"directory is not where", zip({{"a.npy", a}}, {offset = 5})},
         {"end of its directory is missing", zip({{"a.npy", a}}):sub(1, -2)},
         {"name does not end in .npy", zip {{"a.txt", a}}},
         {"not begin as one", zip {{"a.npy", "hello world"}}},
         {"64%-bit size is missing", zip {{"a.npy", a, size = 0xffffffff, extra = "\1\0\4\0abcd"}}},
         {"behind the end", zip {{"a.npy", a, packed = 0xffffffff, extra = "\1\0\8\0\255\255\255\255\255\255\255\127"}}}
      } do fails(case[1], load, case[2], "npz") end
   end)
   it("are errors wherever they are cut", function()
      for _, name in ipairs {"stored.npz", "deflated.npz", "state_dict.pt"} do
         local bytes = read(fixture(name))
         for n = 0, #bytes - 1, 7 do fails("load: ", load, bytes:sub(1, n), "npz") end
      end
   end)
   it("are errors or what they were, whatever byte changes", function()
      local bytes, damaged = read(fixture "deflated.npz"), 0
      for n = 1, #bytes, 5 do
         local ok, result = pcall(load, bytes:sub(1, n - 1) .. string.char(bytes:byte(n) ~ 0x55) .. bytes:sub(n + 1))
         if ok then assert(#result <= 5) else damaged = damaged + 1 end
      end
      assert(damaged > #bytes / 5 * 0.7)
   end)
   it("do not unpack to more than was said, nor take memory without bound", function()
      -- A stored block; deflated zeros that are a thousand times longer than they say; a size that no packed bytes could have.
      local stored = "\1" .. ("<I2I2"):pack(#a, ~#a & 0xffff) .. a
      assert.are.same({97, 98, 99}, load(zip {{"a.npy", stored, method = 8, plain = a}}).a:tolist())
      local deflated
      local bytes = read(fixture "deflated.npz")
      local at = bytes:find("PK\1\2", 1, true)
      local packed = ("<I4"):unpack(bytes, at + 20)
      deflated = bytes:sub(31 + ("<I2"):unpack(bytes, 27) + ("<I2"):unpack(bytes, 29)):sub(1, packed)
      for _, case in ipairs {
         {"longer than the directory says", {"a.npy", deflated, method = 8, size = 100}},
         {"shorter than the directory says", {"a.npy", deflated, method = 8, size = 13000}},
         {"bytes follow its end", {"a.npy", deflated .. "xx", method = 8, size = 12128}},
         {"ends early", {"a.npy", deflated:sub(1, 0), method = 8, size = 0}},
         {"unknown kind of block", {"a.npy", "\7", method = 8, size = 1}},
         {"stored block is damaged", {"a.npy", "\1\0\0\0\0", method = 8, size = 1}},
         {"longer than the directory says", {"a.npy", stored, method = 8, size = 2}},
         {"before the beginning", {"a.npy", "\x03\x02\0", method = 8, size = 3}}
      } do fails(case[1], load, zip {case[2]}, "npz") end
      tide.set_memory_limit(tide.memory_stats().live_bytes + 4000000)
      local message = fails("load: ", load, zip {{"a.npy", ("x"):rep(10000), method = 8, size = 10000000}})
      tide.set_memory_limit(0)
      assert(message:find "out of memory")
   end)
end)

describe("hostile checkpoints", function()
   local function checkpoint(pickle, storages)
      local entries = {{"x/data.pkl", "\128\2" .. pickle}}
      for key, bytes in pairs(storages or {}) do entries[#entries + 1] = {"x/data/" .. key, bytes} end
      return zip(entries)
   end
   local function s(characters) return "X" .. ("<s4"):pack(characters) end
   local function storage(kind, key, n) return "(" .. s "storage" .. ("ctorch\n%s\n"):format(kind) .. s(key) .. s "cpu" .. "J" .. ("<i4"):pack(n) .. "tQ" end
   local function ints(...)
      local parts = {"("}
      for _, v in ipairs {...} do parts[#parts + 1] = "J" .. ("<i4"):pack(v) end
      return table.concat(parts) .. "t"
   end
   local function tensor(offset, size, stride, kind, key, n)
      return "ctorch._utils\n_rebuild_tensor_v2\n(" .. storage(kind or "ByteStorage", key or "0", n or 8) .. "J" .. ("<i4"):pack(offset) .. size .. stride .. "\137}tR"
   end
   local bytes = {["0"] = "\0\1\2\3\4\5\6\7"}
   it("are errors that say why", function()
      assert.are.same({{1, 2}, {4, 5}}, load(checkpoint(tensor(1, ints(2, 2), ints(3, 1)) .. ".", bytes)):tolist())
      assert.are.same({{7, 7}}, load(checkpoint(tensor(7, ints(1, 2), ints(0, 0)) .. ".", bytes)):tolist())
      for _, case in ipairs {
         {"reaches beyond its storage", tensor(1, ints(8), ints(1)) .. "."},
         {"reaches beyond", tensor(0, ints(2, 2), ints(7, 1)) .. "."},
         {"beyond its", tensor(9, ints(0), ints(1)) .. "."},
         {"reaches beyond", tensor(-1, ints(1), ints(1)) .. "."},
         {"sizes or strides", tensor(0, ints(1), ints(-1)) .. "."},
         {"sizes or strides", tensor(0, ints(1, 1), ints(1)) .. "."},
         {"too large", tensor(0, ints(2147483647, 2147483647, 2147483647), ints(0, 0, 0)) .. "."},
         {"reaches beyond", tensor(0, ints(2, 2), ints(2147483647, 2147483647)) .. "."},
         {"sizes or strides", tensor(0, "(" .. ("K\1"):rep(17) .. "t", "(" .. ("K\1"):rep(17) .. "t") .. "."}, {'storage "1" is missing', tensor(0, ints(1), ints(1), nil, "1") .. "."},
         {"is missing", tensor(0, ints(1), ints(1), nil, ("k"):rep(500)) .. "."},
         {"shorter than it should be", tensor(0, ints(1), ints(1), nil, nil, 9) .. "."},
         {"two dtypes", "(" .. tensor(0, ints(1), ints(1)) .. tensor(0, ints(1), ints(1), "IntStorage", "0", 2) .. "t."},
         {"ends early", "K"},
         {"ends early", ""},
         {"ends early", "X\255\255\255\255"},
         {"ends early", "\x8b\255\255\255\127"},
         {"ends early", "\x8d\255\255\255\255\255\255\255\255"},
         {"stack is empty", "."},
         {"stack is empty", "a."},
         {"stack is empty", "\x87."},
         {"stack is empty", "0."},
         {"mark is missing", "t."},
         {"mark is missing", "]e."},
         {"a mark stands", "(."},
         {"a mark stands", "](a."},
         {"a mark stands", "((s."},
         {"something is left", "NN."},
         {"something is left", "N.N"},
         {"no such container", "}NNa."},
         {"no such container", "N(Ne."},
         {"no such container", "}(Nu."},
         {"a key that is neither", "}]Ns."},
         {"a key that is neither", "}NNs."},
         {"a key that is neither", "}G\127\248\0\0\0\0\0\0Ns."},
         {"memo that is empty", "h\0."},
         {"memo that is empty", "j\1\0\0\0."},
         {"no pickle of this length", "Nr\255\255\255\255."},
         {"no pickle of this length", "Nr\0\0\0\127."},
         {"instruction 0x69", "Ni."},
         {"stack is empty", "R."},
         {"instruction 0x97", "\x97."},
         {"protocol", "\128\1N."},
         {"protocol", "\128\6N."},
         {"asks for os.system", "cos\nsystem\n" .. s "x" .. "\x85R."},
         {"asks for builtins.eval", s "builtins" .. s "eval" .. "\x93."},
         {"a line without an end", "cos"},
         {"asks for a%?b", "ca\0b\nc\n."},
         {"asks for x+%.%.%.", "c" .. ("x"):rep(1000) .. "\nc\n."},
         {"name that is no string", "NN\x93."},
         {"only the names", "N)R."},
         {"only the names", "ctorch\nSize\nNR."},
         {"stands for data", "ctorch\nSize\n)R."},
         {"stands for data", "ctorch\nFloatStorage\n)R."},
         {"stands for data", "ctorch._utils\n_rebuild_parameter\n)R."},
         {"cannot be rebuilt", "ctorch._utils\n_rebuild_tensor_v2\n)R."},
         {"OrderedDict that cannot", "ccollections\nOrderedDict\n](Ne\x85R."},
         {"something else than a storage", "NQ."},
         {"a name stands where", "ctorch\nSize\n."},
         {"a storage stands", storage("ByteStorage", "0", 8) .. "."},
         {"state of its own", "NNb."},
         {"more than 64 bits", "\x8a\9" .. ("\1"):rep(9) .. "."},
         {"nested more than 100", ("]"):rep(200) .. ("a"):rep(199) .. "."},
         {"nested more than 100", "]q\0h\0a."},
         {"nested more than 100", "}q\0" .. s "x" .. "h\0s."},
         {"nested more than 100", "]q\0" .. ("]"):rep(50) .. "h\0" .. ("a"):rep(51) .. "."},
         {"dtype that has no", "ctorch._utils\n_rebuild_tensor_v3\n(" .. storage("ByteStorage", "0", 8) .. "K\0))\137}NtR."}
      } do fails(case[1], load, checkpoint(case[2], bytes), "pt") end
      fails("no data.pkl", load, zip {{"a.npy", array "x"}}, "pt")
   end)
   it("with lists in lists by the million are small", function()
      -- Fifty lists, each with the one before in it twice: 2^50 places.
      local parts = {"]q\0000"}
      for i = 1, 50 do parts[#parts + 1] = ("](h%sh%seq%s0"):format(string.char(i - 1), string.char(i - 1), string.char(i)) end
      local list = load(checkpoint(table.concat(parts) .. "h\50.", {}))
      assert(rawequal(list[1], list[2]) and rawequal(list[1][1], list[2][2]))
   end)
end)
