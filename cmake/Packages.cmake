# Third-party parts, all Debian 12 packages; scripts/packages.txt lists their names.
find_package(Threads REQUIRED)
find_package(GTest REQUIRED)
include(GoogleTest)
find_package(OpenSSL 3 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CapnProto REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)

# From their archives, not as shared libraries: the linker leaves out what nothing reaches, and what
# stays lies together. It is a fifth of a node's memory (docs/benchmarks.md), and calls save a jump.
function(link_archive target archive)
  find_library(ARCHIVE_${archive} NAMES lib${archive}.a REQUIRED)
  get_target_property(kind ${target} TYPE)
  if(kind STREQUAL "INTERFACE_LIBRARY")
    set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES ${ARCHIVE_${archive}})
    return()
  endif()
  get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
  if(configurations)
    foreach(configuration ${configurations})
      set_target_properties(${target} PROPERTIES
        IMPORTED_LOCATION_${configuration} ${ARCHIVE_${archive}}
        IMPORTED_SONAME_${configuration} "")
    endforeach()
  endif()
  set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${ARCHIVE_${archive}})
endfunction()
link_archive(OpenSSL::SSL ssl)
link_archive(OpenSSL::Crypto crypto)
link_archive(SQLite::SQLite3 sqlite3)
link_archive(CapnProto::capnp capnp)
link_archive(CapnProto::kj kj)
link_archive(yaml-cpp yaml-cpp)
link_archive(PkgConfig::sodium sodium)
link_archive(PkgConfig::nghttp2 nghttp2)
link_archive(PkgConfig::re2 re2)

# llhttp comes as C sources inside Debian's node-llhttp package.
find_path(LLHTTP_INCLUDE llhttp.h PATHS /usr/share/include/llhttp REQUIRED NO_DEFAULT_PATH)
add_library(llhttp STATIC /usr/share/llhttp/llhttp.c /usr/share/llhttp/api.c /usr/share/llhttp/http.c)
target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE})
# Without this llhttp takes spaces before colons and more that others read differently.
target_compile_definitions(llhttp PUBLIC LLHTTP_STRICT_MODE=1)
target_compile_options(llhttp PRIVATE -w)

# Asio is compiled once, in cmake/asio.cc, not in every file that includes it.
add_library(asio STATIC ${CMAKE_SOURCE_DIR}/cmake/asio.cc)
# Whether Asio finds std::aligned_alloc hangs on what was included before it, so one file would
# allocate with it and another free with operator delete.
target_compile_definitions(asio PUBLIC ASIO_STANDALONE ASIO_SEPARATE_COMPILATION ASIO_NO_DEPRECATED
  ASIO_DISABLE_STD_ALIGNED_ALLOC)
target_link_libraries(asio PUBLIC Threads::Threads OpenSSL::SSL OpenSSL::Crypto)
target_compile_options(asio PRIVATE -w)
