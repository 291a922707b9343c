# Compiler flags, sanitizers, linker and third-party libraries, once for all rooms.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

# -g1: line tables only. Stack traces stay readable at a third of the size.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
set(CMAKE_CXX_FLAGS_SANITIZE "-O1 -g1 -fno-omit-frame-pointer")

add_library(flowsell_warnings INTERFACE)
target_compile_options(flowsell_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Werror
  -Wno-missing-designated-field-initializers)  # what is left out has a default: that is the point of them

# Debian's Boost 1.81 headers, read as system headers so that our warnings stay ours.
set(Boost_NO_WARN_NEW_VERSIONS ON)
find_package(Boost 1.81 EXACT REQUIRED COMPONENTS json url)
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(GTest REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(nghttp2 REQUIRED IMPORTED_TARGET libnghttp2)
pkg_check_modules(magic REQUIRED IMPORTED_TARGET libmagic)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
find_package(CLI11 REQUIRED)
find_library(ZXCVBN_LIBRARY zxcvbn REQUIRED)
add_library(Zxcvbn::zxcvbn UNKNOWN IMPORTED)
set_target_properties(Zxcvbn::zxcvbn PROPERTIES IMPORTED_LOCATION ${ZXCVBN_LIBRARY})

add_compile_definitions(
  BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_VISIBILITY
  BOOST_BEAST_USE_STD_STRING_VIEW)

# What the programs allocate with: a tenth less CPU a message than glibc's. Sanitizers bring their own.
add_library(flowsell_allocator INTERFACE)
if(NOT FLOWSELL_SANITIZE)
  find_package(mimalloc 2.0 REQUIRED)
  target_link_libraries(flowsell_allocator INTERFACE mimalloc)
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
else()
  add_link_options(-fuse-ld=lld-19)
endif()

if(FLOWSELL_SANITIZE)
  add_compile_options(-fsanitize=${FLOWSELL_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${FLOWSELL_SANITIZE})
endif()
if(FLOWSELL_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
