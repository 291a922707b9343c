#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <functional>
#include <string>
#include <string_view>

#include "answer_reader.h"
#include "http/client.h"
#include "name_lookup.h"
#include "runtime/deadline_watch.h"
#include "wire.h"

namespace flowsell::http {

/// One call of a client, from its request to what became of it.
struct OutCall {
  OutRequest request;
  SteadyTime deadline;
  std::function<bool()> before_first_byte;
  Addresses addresses;
  Exchange exchange;
};

/// One connection to another server, pinned to the address that the guard checked.
struct OutConnection {
  OutConnection(net::io_context& context, runtime::DeadlineWatch& watch,
                std::size_t answer_bytes_max);

  Wire wire;
  AnswerReader reader;
  net::ip::address address;
  SteadyTime opened_at;
  std::string out;                     ///< the request as it goes on the wire
  std::function<void()> idle_expired;  ///< set while it waits in the pool
  bool timed_out = false;
  runtime::Deadline deadline;
};

/// The client's own, whatever the caller put there.
bool is_client_field(std::string_view name);
/// The host, and the port where it is not the scheme's.
std::string authority_of(const Url& url);
/// Whether the request says how long its body is.
bool has_length(const OutRequest& request);
/// Calls `field(name, value)` for each that is the caller's to set.
template <class F>
void each_field(const OutRequest& request, F field) {
  for (const Header& header : request.headers) {
    if (!is_client_field(header.name)) field(header.name, header.value);
  }
  for (const auto& [name, value] : request.passed_on) {
    if (!is_client_field(name)) field(name, value);
  }
}
/// The request as HTTP/1.1's bytes: request line, fields, body.
void write_request(const OutRequest& request, const std::string& user_agent, std::string& out);
/// The same without the body, which its source gives.
void write_head(const OutRequest& request, const std::string& user_agent, std::string& out);

}  // namespace flowsell::http
