# One precompiled header for every room and test that awaits: what Asio's coroutines and the standard library's
# containers cost to parse is then paid once. Never a replacement for an include: the public headers are compiled alone
# too (all_verify_interface_header_sets), and a source names what it uses.
file(WRITE ${CMAKE_BINARY_DIR}/flowsell_pch.cc "")
add_library(flowsell_pch OBJECT ${CMAKE_BINARY_DIR}/flowsell_pch.cc)
target_link_libraries(flowsell_pch PRIVATE Boost::headers Threads::Threads flowsell_warnings)
target_precompile_headers(flowsell_pch PRIVATE
  <algorithm> <array> <atomic> <chrono> <cstdint> <expected> <functional> <map> <memory> <mutex> <optional> <span> <string>
  <string_view> <unordered_map> <utility> <vector>
  <boost/asio/any_io_executor.hpp> <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp>
  <boost/asio/io_context.hpp> <boost/asio/post.hpp> <boost/asio/steady_timer.hpp> <boost/asio/this_coro.hpp>
  <boost/asio/use_awaitable.hpp>)
# Without a time in it the file is the same each time it is built, and ccache knows what was compiled with it.
target_compile_options(flowsell_pch PRIVATE "SHELL:-Xclang -fno-pch-timestamp")

# flowsell_use_pch(TARGET): does nothing in the rooms before runtime, which know no Asio.
function(flowsell_use_pch target)
  if(NOT TARGET flowsell::runtime)
    return()
  endif()
  target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  target_precompile_headers(${target} REUSE_FROM flowsell_pch)
endfunction()
