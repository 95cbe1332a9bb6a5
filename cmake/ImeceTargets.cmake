# How targets are declared: imece_library, imece_executable, imece_test, imece_fuzzer, imece_proto.

# Warnings and sanitizers of our own code; generated and third-party code is compiled without them.
add_library(imece_options INTERFACE)
# libstdc++ 12's own stable_sort calls what it deprecates, which clang 19 reports at our call.
target_compile_options(imece_options INTERFACE -Wno-deprecated-declarations
  -Wall -Wextra -Wpedantic -Wshadow -Werror -Wno-missing-designated-field-initializers)

set(IMECE_SANITIZE "" CACHE STRING "address, thread or empty")
if(IMECE_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(IMECE_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
endif()
option(IMECE_COVERAGE "Measure line coverage" OFF)
if(IMECE_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()
option(IMECE_FUZZ "Build the fuzz targets with libFuzzer" OFF)
if(IMECE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Headers of others that many files read, parsed once: a file of the house costs half as much then. A file still includes
# what it uses: the asan preset builds without these.
add_compile_options(-Xclang -fno-pch-timestamp)
file(TOUCH "${CMAKE_BINARY_DIR}/precompiled.cc")
function(imece_precompile name)
  cmake_parse_arguments(arg "" "" "HEADERS;DEPS" ${ARGN})
  add_library(${name} OBJECT "${CMAKE_BINARY_DIR}/precompiled.cc")
  target_link_libraries(${name} PRIVATE ${arg_DEPS})
  target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()
imece_precompile(imece_precompiled HEADERS "${CMAKE_SOURCE_DIR}/cmake/precompiled.h")
imece_precompile(imece_precompiled_test HEADERS "${CMAKE_SOURCE_DIR}/cmake/precompiled_test.h" DEPS GTest::gmock)

# imece_library(NAME SOURCES a.cc ... [DEPS target ...] [PRECOMPILED target])
# Includes are written from src/: "messaging/domain/message.h".
function(imece_library name)
  cmake_parse_arguments(arg "" "PRECOMPILED" "SOURCES;DEPS" ${ARGN})
  if(NOT arg_PRECOMPILED)
    set(arg_PRECOMPILED imece_precompiled)
  endif()
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PUBLIC ${arg_DEPS} PRIVATE imece_options)
  target_precompile_headers(${name} REUSE_FROM ${arg_PRECOMPILED})
endfunction()

function(imece_executable name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_DEPS} imece_options)
  target_precompile_headers(${name} REUSE_FROM imece_precompiled)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
endfunction()

# imece_test(NAME SOURCES a_test.cc ... DEPS target ...): one GoogleTest binary, one ctest entry.
function(imece_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name} PRIVATE ${arg_DEPS} imece_options GTest::gmock GTest::gtest_main)
  target_precompile_headers(${name} REUSE_FROM imece_precompiled_test)
  target_compile_definitions(${name} PRIVATE IMECE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name} --gtest_brief=1)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT})
endfunction()

# imece_fuzzer(NAME SOURCES a_fuzz.cc DEPS ...): a libFuzzer binary in the fuzz preset; in the others
# a program that runs the corpus once, so that each build tests each fuzz target.
function(imece_fuzzer name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  if(IMECE_FUZZ)
    imece_executable(${name} SOURCES ${arg_SOURCES} DEPS ${arg_DEPS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    imece_executable(${name} SOURCES ${arg_SOURCES} "${CMAKE_SOURCE_DIR}/src/testkit/fuzz_corpus_main.cc"
                     DEPS ${arg_DEPS})
  endif()
  set(corpus "${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${name}")
  add_test(NAME ${name} COMMAND ${name} -runs=0 "${corpus}")
  set_tests_properties(${name} PROPERTIES TIMEOUT 60)
endfunction()
