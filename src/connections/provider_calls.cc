#include "connections/provider_calls.h"

#include <string>
#include <utility>

namespace flowsell::connections {
namespace {

/// Of what the provider says of an upload.
constexpr std::size_t kAnswerBytesMax = 1 << 20;

Result<> check_answered(const http::Exchange& exchange) {
  if (exchange.end == http::ExchangeEnd::kAnswered) return {};
  return fail(
      exchange.byte_sent ? ErrorCode::kProviderTimeout : ErrorCode::kProviderUnreachable,
      std::string("the provider gave no answer: ").append(http::exchange_end_name(exchange.end)));
}

}  // namespace

ProviderCalls::ProviderCalls(http::Client& client, const Clock& clock, ProviderRoutes routes)
    : client_(client), clock_(clock), routes_(std::move(routes)) {}

channel::SenderRoute ProviderCalls::route(const Connection& connection, std::string address) const {
  return routes_.of(connection.mode, std::move(address));
}

Task<http::Exchange> ProviderCalls::call(ConnectionPtr connection, http::OutRequest request,
                                         std::string_view what, std::chrono::seconds time_max) {
  auto answer = co_await call_as(
      {connection->adapter, connection->mode, connection->token, connection->id.bytes()},
      std::move(request), what, time_max);
  if (!answer) tell(connection, answer.error());
  co_return answer;
}

/// A refusal's words, where it has any.
void ProviderCalls::tell(const ConnectionPtr& connection, const Error& error) const {
  if (error.provider && listener_) listener_(connection, *error.provider);
}

void ProviderCalls::tell(const ConnectionPtr& connection, const http::Exchange& refused) const {
  if (!listener_) return;
  const auto answer = connection->adapter->interpret(refused);
  if (answer.kind == channel::Interpretation::Kind::kError) listener_(connection, answer.error);
}

Task<http::Exchange> ProviderCalls::exchange(ConnectionPtr connection, http::OutRequest request,
                                             std::chrono::seconds time_max) {
  connection->adapter->authorize(request, connection->token);
  request.client = connection->id.bytes();
  request.version = routes_.of(connection->mode, {}).version;
  auto exchange = co_await client_.send(std::move(request), clock_.steady_now() + time_max);
  CO_CHECK_OK(check_answered(exchange));
  if (exchange.status >= 400) tell(connection, exchange);
  co_return exchange;
}

Task<http::Exchange> ProviderCalls::call_as(As as, http::OutRequest request, std::string_view what,
                                            std::chrono::seconds time_max) {
  if (!as.token.empty()) as.adapter->authorize(request, as.token);
  request.client = as.client;
  request.version = routes_.of(as.mode, {}).version;
  auto exchange = co_await client_.send(std::move(request), clock_.steady_now() + time_max);
  CO_CHECK_OK(check_answer(*as.adapter, exchange, what));
  co_return exchange;
}

Task<http::Exchange> ProviderCalls::upload(ConnectionPtr connection, http::OutRequest request,
                                           std::string_view what) {
  request.client = connection->id.bytes();
  auto streamed = co_await client_.stream(std::move(request));
  if (streamed.source_failure) co_return std::unexpected(*std::move(streamed.source_failure));
  http::Exchange exchange = std::move(streamed.head);
  if (streamed.body != nullptr) {
    auto body = co_await http::read_all(*streamed.body, kAnswerBytesMax);
    if (body) {
      exchange.body = *std::move(body);
    } else {
      exchange.end = http::ExchangeEnd::kBroken;
    }
  }
  if (auto refused = check_answer(*connection->adapter, exchange, what); !refused) {
    tell(connection, refused.error());
    co_return std::unexpected(std::move(refused).error());
  }
  co_return exchange;
}

Task<http::StreamedExchange> ProviderCalls::open(ConnectionPtr connection, http::OutRequest request,
                                                 Credential credential) {
  if (credential == Credential::kToken)
    connection->adapter->authorize_download(request, connection->token);
  request.client = connection->id.bytes();
  auto streamed = co_await client_.stream(std::move(request));
  CO_CHECK_OK(check_answered(streamed.head));
  if (streamed.head.status < 400) co_return streamed;
  const auto body = std::exchange(streamed.body, nullptr);
  if (credential == Credential::kToken && body != nullptr) {
    auto words = co_await http::read_all(*body, kAnswerBytesMax);
    if (words) streamed.head.body = *std::move(words);
    tell(connection, streamed.head);
  }
  co_return streamed;
}

Result<> check_answer(const channel::Adapter& adapter, const http::Exchange& exchange,
                      std::string_view what) {
  CHECK_OK(check_answered(exchange));
  if (exchange.status >= 200 && exchange.status < 300) return {};
  auto answer = adapter.interpret(exchange);
  if (answer.kind != channel::Interpretation::Kind::kError)
    return fail(ErrorCode::kProviderUnreachable, "the provider's answer can't be read");
  Error error{ErrorCode::kProviderRejected, std::string("the provider refused to ").append(what)};
  error.retry_after = answer.retry_after;
  error.provider = std::move(answer.error);
  return std::unexpected(std::move(error));
}

}  // namespace flowsell::connections
