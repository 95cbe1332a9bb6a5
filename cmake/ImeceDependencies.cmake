# Every third-party library, named once. All come from Debian 12.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(fmt REQUIRED)
find_package(GTest REQUIRED)
find_package(Protobuf REQUIRED)
find_package(CLI11 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)

function(imece_pkg target)
  pkg_check_modules(${target} REQUIRED IMPORTED_TARGET GLOBAL ${ARGN})
endfunction()
imece_pkg(grpcpp grpc++ protobuf)

imece_pkg(sodium libsodium)
imece_pkg(rocksdb rocksdb)
imece_pkg(sqlite3 sqlite3)
imece_pkg(argon2 libargon2)
imece_pkg(tomlplusplus tomlplusplus)
imece_pkg(prometheus_core prometheus-cpp-core)

# The allocator of what is shipped: glibc's costs a busy site a tenth of its rate. Sanitizers bring their own.
add_library(imece_allocator INTERFACE)
find_library(TCMALLOC NAMES libtcmalloc_minimal.so.4 REQUIRED)
if(NOT IMECE_SANITIZE)
  target_link_libraries(imece_allocator INTERFACE "${TCMALLOC}")
endif()

add_library(imece_grpc INTERFACE)
target_link_libraries(imece_grpc INTERFACE PkgConfig::grpcpp absl_synchronization)

# Asio and Beast, what is no template of them compiled once. Whoever includes them links this: all must agree on it.
add_library(imece_beast STATIC "${CMAKE_SOURCE_DIR}/cmake/beast.cc")
target_compile_definitions(imece_beast PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(imece_beast PUBLIC OpenSSL::SSL Threads::Threads)
