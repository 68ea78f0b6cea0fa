# How every target of the project is compiled. Options come in only through CMakePresets.json.
option(MESH_WERROR "Treat warnings as errors" OFF)
option(MESH_TIDY "Run clang-tidy with each compilation" OFF)
option(MESH_UNITY "Compile several files of a folder as one: half of the time" OFF)
set(MESH_SANITIZE "" CACHE STRING "Value for -fsanitize=, or empty")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(MESH_CCACHE ccache)
if(MESH_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${MESH_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MESH_CCACHE})
endif()
find_program(MESH_MOLD mold)
if(MESH_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(mesh_flags INTERFACE)
target_include_directories(mesh_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
target_compile_options(mesh_flags INTERFACE $<$<COMPILE_LANGUAGE:CXX>:
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wswitch-enum -Wimplicit-fallthrough
  -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wmissing-declarations>
  $<$<BOOL:${MESH_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # The fuzz preset. Debian 12's clang 14 has not all of g++'s warnings, and has to be told that
  # libstdc++ 12 and Asio 1.22 support its coroutines.
  target_compile_options(mesh_flags INTERFACE -Wno-unknown-warning-option)
  add_compile_definitions(__cpp_impl_coroutine=201902L ASIO_HAS_CO_AWAIT=1 ASIO_HAS_STD_COROUTINE=1)
endif()
if(MESH_SANITIZE)
  add_compile_options(-fsanitize=${MESH_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${MESH_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # What it writes before functions, clang 14 cannot write before coroutines.
    add_compile_options(-fno-sanitize=function)
  endif()
endif()

# Half of a file's compilation is its headers: with MESH_UNITY eight files share them. What
# has a folder's name in an anonymous namespace is then seen by its neighbours, so it is named once.
function(mesh_share_headers target)
  if(MESH_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# mesh_library(gossip DEPENDS base crypto): one folder, one static library of all its .cc files.
# PACKAGES are third-party targets that its own sources need; they stay private to it. APART: each
# file is compiled by itself, whatever MESH_UNITY says.
function(mesh_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "APART" "" "SOURCES;DEPENDS;PACKAGES")
  file(GLOB_RECURSE found CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} *.cc)
  list(REMOVE_ITEM found main.cc)
  if(name STREQUAL "node")
    list(FILTER found EXCLUDE REGEX "^kernel/")
  endif()
  list(APPEND arg_SOURCES ${found})
  list(TRANSFORM arg_DEPENDS PREPEND mesh_)
  if(NOT arg_SOURCES)
    add_library(mesh_${name} INTERFACE)
    target_link_libraries(mesh_${name} INTERFACE ${arg_DEPENDS})
    return()
  endif()
  add_library(mesh_${name} STATIC ${arg_SOURCES})
  target_link_libraries(mesh_${name} PUBLIC ${arg_DEPENDS} PRIVATE mesh_flags ${arg_PACKAGES})
  target_include_directories(mesh_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  if(NOT arg_APART)
    mesh_share_headers(mesh_${name})
  endif()
  if(MESH_TIDY)
    set_target_properties(mesh_${name} PROPERTIES CXX_CLANG_TIDY "clang-tidy;--quiet")
  endif()
endfunction()

# mesh_test(mesh DEPENDS mesh): all tests of tests/<name>/, which mirrors the folder of that name.
function(mesh_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "APART" "" "DEPENDS;PACKAGES")
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  if(NOT found)
    return()
  endif()
  string(REPLACE "/" "_" target ${name})
  add_executable(${target}_test ${found})
  list(TRANSFORM arg_DEPENDS PREPEND mesh_)
  target_link_libraries(${target}_test PRIVATE ${arg_DEPENDS} mesh_flags ${arg_PACKAGES}
    GTest::gmock GTest::gtest_main)
  if(NOT arg_APART)
    mesh_share_headers(${target}_test)
  endif()
  gtest_discover_tests(${target}_test TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS unit TIMEOUT 120)
endfunction()
