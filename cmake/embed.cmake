# Writes OUTPUT, a C file holding the Lua sources under ROOT/tide as bytes, for programs that want no files:
#
#   const struct tide__Chunk {const char *name; const char *data; size_t size;} tide__chunks[];
#
# A chunk's name is its module's ("tide", "tide.nn"); an entry of zeros ends the list.
file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/tide/*.lua)
set(number 0)
foreach(file ${files})
  string(REGEX REPLACE "(/init)?\\.lua$" "" name ${file})
  string(REPLACE "/" "." name ${name})
  file(READ ${ROOT}/${file} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND data "static const unsigned char chunk${number}[] = {${bytes}0};\n")
  string(APPEND list "  {\"${name}\", (const char *)chunk${number}, sizeof chunk${number} - 1},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "/* Written by cmake/embed.cmake. */\n#include <stddef.h>\n\n${data}
extern const struct tide__Chunk {const char *name; const char *data; size_t size;} tide__chunks[];
const struct tide__Chunk tide__chunks[] = {\n${list}  {0, 0, 0}\n};\n")
