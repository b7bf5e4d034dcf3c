# find_package(tide) gives tide::tide (static), tide::tide_shared and, with the binding inside, tide::tide_lua.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
include("${CMAKE_CURRENT_LIST_DIR}/tideTargets.cmake")
