# reeve_library, reeve_binary, reeve_test, reeve_bench, reeve_fuzz: the only ways to add a target. They keep the rules of
# cmake/layers.txt: a target of folder A may link reeve:: targets of the folders that A's line names.
include_guard()

# The top-level folder that a target of this list file belongs to.
function(_reeve_folder out)
  file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  string(REGEX REPLACE "/.*" "" path "${path}")
  set(${out} ${path} PARENT_SCOPE)
endfunction()

function(_reeve_record target deps)
  _reeve_folder(folder)
  set_property(GLOBAL APPEND PROPERTY REEVE_TARGETS ${target})
  set_property(GLOBAL PROPERTY REEVE_FOLDER_${target} ${folder})
  set_property(GLOBAL PROPERTY REEVE_DEPS_${target} ${deps})
endfunction()

# What only libraries are compiled with, not the tests and programs that link them. With -O1 a simulated estate runs three
# times as fast as with -O0; tests, which are half of the build, compile faster without. With the address sanitizer that
# goes for undefined behaviour too: looking for it doubles the time that a test takes to compile. What is left out of it
# takes a third of a library's, and the address sanitizer sees most of that: pointers to nothing, or to what is too short.
set(REEVE_LIBRARY_OPTIONS "" CACHE STRING "Compile options for libraries only")

# Almost everything sees the schema's messages: they and the standard headers that all use are compiled once, by
# `pch` (proto/CMakeLists.txt). A source still includes what it uses. Two thirds of a file's compile time.
function(_reeve_precompile target deps pch)
  _reeve_folder(folder)
  if(TARGET ${pch} AND deps MATCHES "reeve::" AND NOT folder STREQUAL "base")
    target_precompile_headers(${target} REUSE_FROM ${pch})
  endif()
endfunction()

# reeve_library(name SOURCES a.cc ... [DEPS target ...]): static library reeve_<name>, alias reeve::<name>.
# A library without .cc files is an interface library.
function(reeve_library name)
  cmake_parse_arguments(ARG "TESTING" "" "SOURCES;HEADERS;DEPS" ${ARGN})
  if(ARG_SOURCES)
    add_library(reeve_${name} STATIC ${ARG_SOURCES})
    target_include_directories(reeve_${name} PUBLIC ${CMAKE_SOURCE_DIR})
    target_link_libraries(reeve_${name} PUBLIC ${ARG_DEPS})
    target_compile_options(reeve_${name} PRIVATE ${REEVE_LIBRARY_OPTIONS})
    _reeve_precompile(reeve_${name} "${ARG_DEPS}" reeve_library_pch)
  else()
    add_library(reeve_${name} INTERFACE)
    target_include_directories(reeve_${name} INTERFACE ${CMAKE_SOURCE_DIR})
    target_link_libraries(reeve_${name} INTERFACE ${ARG_DEPS})
  endif()
  add_library(reeve::${name} ALIAS reeve_${name})
  if(NOT ARG_TESTING)
    _reeve_record(${name} "${ARG_DEPS}")
  endif()
endfunction()

# reeve_binary(name SOURCES main.cc DEPS ...): an executable of that name in bin/.
function(reeve_binary name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  _reeve_record(${name} "${ARG_DEPS}")
endfunction()

# reeve_test(name SOURCES x_test.cc DEPS ... [LABELS core threads] [TIMEOUT s] [ARGS ...]): one ctest entry per binary,
# run from the source root so that goldens are found by relative path. Label `core` is run with the address sanitizer
# too, `threads` with the thread sanitizer: what owns or is called by threads. `no_tsan` is what that one has nothing true
# to say about: one thread only, or calls over the packaged gRPC, whose locks it cannot see (and to suppress its reports
# by the generated code in their frames would hide our own races on messages).
function(reeve_test name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;LABELS;ARGS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  _reeve_precompile(${name} "${ARG_DEPS}" reeve_test_pch)
  add_test(NAME ${name} COMMAND ${name} ${ARG_ARGS} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(REEVE_SANITIZE)  # Under the thread sanitizer on a busy machine a test takes twenty times as long.
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 6")
  endif()
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
  foreach(label IN LISTS ARG_LABELS)
    set_property(GLOBAL APPEND PROPERTY REEVE_TESTS_${label} ${name})
  endforeach()
endfunction()

# reeve_bench(name SOURCES x_bench.cc DEPS ...): a Google Benchmark binary; built only on request.
function(reeve_bench name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} EXCLUDE_FROM_ALL ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} benchmark::benchmark)
  set_property(GLOBAL APPEND PROPERTY REEVE_BENCHES ${name})
endfunction()

# reeve_fuzz(name SOURCES x_fuzz.cc DEPS ...): a libFuzzer binary, only with REEVE_FUZZ=ON and clang.
function(reeve_fuzz name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT REEVE_FUZZ)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_property(GLOBAL APPEND PROPERTY REEVE_FUZZERS ${name})
endfunction()

# Reads layers.txt and fails the configure when a target links a reeve:: library its folder may not see.
function(reeve_check_layers)
  file(STRINGS ${CMAKE_SOURCE_DIR}/cmake/layers.txt lines REGEX "^[a-z]+:")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^[a-z]+" folder ${line})
    string(REGEX REPLACE "^[a-z]+: *" "" allowed "${line}")
    string(REPLACE " " ";" allowed_${folder} "${allowed}")
  endforeach()
  get_property(targets GLOBAL PROPERTY REEVE_TARGETS)
  foreach(target IN LISTS targets)
    get_property(folder GLOBAL PROPERTY REEVE_FOLDER_${target})
    get_property(deps GLOBAL PROPERTY REEVE_DEPS_${target})
    foreach(dep IN LISTS deps)
      if(dep MATCHES "^reeve::(.*)$")
        get_property(dep_folder GLOBAL PROPERTY REEVE_FOLDER_${CMAKE_MATCH_1})
        if(NOT dep_folder STREQUAL folder AND NOT dep_folder IN_LIST allowed_${folder})
          message(FATAL_ERROR "layers.txt: ${folder} may not use ${dep_folder} (${target} links ${dep})")
        endif()
      endif()
    endforeach()
  endforeach()
  foreach(label core threads)
    get_property(tests GLOBAL PROPERTY REEVE_TESTS_${label})
    add_custom_target(${label}_tests DEPENDS ${tests})
  endforeach()
  get_property(benches GLOBAL PROPERTY REEVE_BENCHES)
  if(benches)
    add_custom_target(benches DEPENDS ${benches})
  endif()
  get_property(fuzzers GLOBAL PROPERTY REEVE_FUZZERS)
  if(fuzzers)
    add_custom_target(fuzzers DEPENDS ${fuzzers})
  endif()
endfunction()
