#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "channel/adapter.h"

namespace flowsell::messaging {

/// A channel as simple as a channel can be. It posts {"to","text","ref","context","target"} to
/// {api_base}/{address}/messages and understands these answers: {"id"};
/// {"error":{"code","retry","scope","text"}}. A webhook is signed by "signed with " and the secret,
/// and holds {"updates":[...]}: see parse().
class FakeAdapter final : public channel::Adapter {
 public:
  std::string_view name() const noexcept override { return "fake"; }
  /// Texts of more than 20 bytes are refused.
  Result<> check(const channel::OutboundMessage& message) const override;
  Result<http::OutRequest> compile(const channel::OutboundMessage& message,
                                   const channel::CompileContext& context,
                                   const channel::SenderRoute& route) const override;
  Result<http::OutRequest> compile_read(std::string_view provider_message_id, bool typing,
                                        const channel::SenderRoute& route) const override;
  void authorize(http::OutRequest& request, const Secret& token) const override;
  channel::Interpretation interpret(const http::Exchange& answered) const override;
  std::string_view fix_of(std::int64_t, std::int64_t) const noexcept override {
    return "Do as it says.";
  }
  bool verify(std::string_view raw_body, std::string_view signature,
              const Secret& app_secret) const override;
  /// {"address","status","message","id"}: a status. {"address","from","id","text"}: an inbound
  /// message. Else unknown.
  Result<std::vector<channel::Update>> parse(std::string_view raw_body, Time now) const override;
  const channel::SenderCalls* sender_calls() const noexcept override { return managed; }
  const channel::AccountCalls* account_calls() const noexcept override { return accounts; }
  /// {"said": the element, "data": the client's own}
  Content original(const channel::Source& source, std::string_view callback_data) const override;
  /// {"failed": the message, "code"}
  Content original(const channel::OwnFailure& failure) const override;

  // Another channel's, where a test needs them.
  const channel::SenderCalls* managed = nullptr;
  const channel::AccountCalls* accounts = nullptr;
};

}  // namespace flowsell::messaging
