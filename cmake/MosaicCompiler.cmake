# Language, warnings, sanitizers: one interface target that every target of ours links.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(mosaic_flags INTERFACE)
target_compile_definitions(mosaic_flags INTERFACE _GNU_SOURCE MOSAIC_VERSION="${PROJECT_VERSION}")
target_compile_options(mosaic_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wcast-qual -Wvla -Wundef -Wformat=2
  -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -fno-math-errno -ffp-contract=off -fopenmp-simd)
if(CMAKE_C_COMPILER_ID MATCHES Clang)
  # A loop that clang does not vectorise, or a vector width it does not know, is no defect.
  target_compile_options(mosaic_flags INTERFACE -Wno-pass-failed -Wno-ignored-attributes)
endif()
# GDAL brings a hundred libraries with it; opening them all, to look whether they find each other, is most of a link.
target_link_options(mosaic_flags INTERFACE -Wl,--allow-shlib-undefined)
if(MOSAIC_WERROR)
  target_compile_options(mosaic_flags INTERFACE -Werror)
endif()
if(MOSAIC_SANITIZE)
  target_compile_options(mosaic_flags INTERFACE -fsanitize=${MOSAIC_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(mosaic_flags INTERFACE -fsanitize=${MOSAIC_SANITIZE})
endif()
if(MOSAIC_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
    message(FATAL_ERROR "MOSAIC_FUZZ needs clang: use the preset fuzz, or -DCMAKE_C_COMPILER=clang")
  endif()
  target_compile_options(mosaic_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
