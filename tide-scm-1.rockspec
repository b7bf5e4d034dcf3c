rockspec_format = "3.0"
package = "tide"
version = "scm-1"
source = {url = "git+file://."}      -- made from a checkout: luarocks --lua-version 5.4 make
description = {
  summary = "Tensors and automatic differentiation",
  detailed = [[
tide is PyTorch's autograd for Lua: tensors, a graph of what was computed, gradients of any order, in a C library
with a Lua binding. Names and meanings are PyTorch's, the way of writing is Lua's.]],
  license = "MIT",
  labels = {"math", "machine-learning"},
}
supported_platforms = {"linux", "macosx"}
dependencies = {"lua >= 5.4, < 5.5"}
-- Only the library: cblas.h stands where luarocks does not look on Debian, CMake finds it.
external_dependencies = {OPENBLAS = {library = "openblas"}}
build = {
  type = "cmake",
  variables = {
    CMAKE_BUILD_TYPE = "Release",
    CMAKE_INSTALL_PREFIX = "$(PREFIX)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    LUADIR = "$(LUADIR)",
    LIBDIR = "$(LIBDIR)",
    OPENBLAS_INCDIR = "$(OPENBLAS_INCDIR)",
    OPENBLAS_LIBDIR = "$(OPENBLAS_LIBDIR)",
    TIDE_INSTALL_C = "OFF",
  },
  copy_directories = {"docs", "examples"},
}
-- No test_dependencies: luarocks would look for busted on the network, though it is installed.
test = {type = "command", script = "spec/run.lua"}
