# Warnings, sanitizers, ccache and the linker: what every target gets.
option(REEVE_WERROR "Warnings are errors" ON)
option(REEVE_ANALYZE "clang -Wthread-safety as errors" OFF)
set(REEVE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize= takes them")

option(REEVE_FUZZ "Build the fuzzers; needs clang" OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-pthread)  # As gRPC has it: else the precompiled header fits only half of the targets.
add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # Optimised, GCC 12 sees overflows in std::string itself (its bugs 105329, 105651) and unset optionals in GoogleTest.
  add_compile_options(-Wno-restrict -Wno-stringop-overflow -Wno-array-bounds -Wno-maybe-uninitialized)
endif()
if(REEVE_WERROR)
  add_compile_options(-Werror)
endif()
if(REEVE_ANALYZE)
  add_compile_options(-Wthread-safety -Werror=thread-safety)
endif()
if(REEVE_SANITIZE)
  add_compile_options(-fsanitize=${REEVE_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${REEVE_SANITIZE})
  if(REEVE_SANITIZE MATCHES "thread")
    # Protobuf's map fields get two more members where this is defined, which the packaged library does not know: every
    # map that reflection touches would be damaged.
    add_compile_options(-U__SANITIZE_THREAD__)
    add_compile_definitions(REEVE_SANITIZE_THREAD)
  endif()
endif()
if(REEVE_FUZZ)
  # Comparisons are not traced: that takes a third of the time, and the dictionaries know the words.
  # Nor is what the address sanitizer sees too (null, object-size).
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-coverage=trace-cmp
    -fno-sanitize=null,alignment,vptr,object-size -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
add_compile_definitions(REEVE_VERSION="${PROJECT_VERSION}")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess)  # Lets ccache see through precompiled headers.
endif()
