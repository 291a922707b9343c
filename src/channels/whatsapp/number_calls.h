#pragma once

#include "answers.h"
#include "channel/adapter.h"
#include "channel/sender_calls.h"
#include "json/json.h"
#include "json/writer.h"

namespace flowsell::whatsapp {

/// The Graph API's calls about business numbers and their accounts (reference/whatsapp.md, 4.1,
/// 7.1, 7.3). number_calls.cc has the numbers themselves, number_profile.cc what people see of
/// them, number_lists.cc people who are blocked and QR codes, account_looks.cc what a diagnosis
/// asks.
class NumberCalls final : public channel::SenderCalls {
 public:
  using Route = channel::SenderRoute;
  using Request = Result<http::OutRequest>;
  using Answer = http::Exchange;

  Request list_senders(const std::string& after, const Route& account) const override;
  Result<channel::SenderPage> read_senders(const Answer& answered) const override;
  Request get_sender(const Route& sender) const override;
  Result<channel::SenderState> read_sender(const Answer& answered) const override;

  Request register_sender(const Secret& pin, std::string_view region,
                          const Route& sender) const override;
  Request deregister_sender(const Route& sender) const override;
  Request set_pin(const Secret& pin, const Route& sender) const override;
  Request request_code(channel::CodeMethod method, std::string_view language,
                       const Route& sender) const override;
  Request verify_code(const Secret& code, const Route& sender) const override;
  Request request_name(std::string_view name, const Route& sender) const override;

  Request get_profile(const Route& sender) const override;
  Result<channel::SenderProfile> read_profile(const Answer& answered) const override;
  Result<> check_profile(const channel::SenderProfile& change) const override;
  Request set_profile(const channel::SenderProfile& change, const Route& sender) const override;

  Request list_blocked(const channel::ProviderPaging& page, const Route& sender) const override;
  Result<channel::ProviderPage<std::string>> read_blocked(const Answer& answered) const override;
  Request block(Blocking what, std::span<const std::string> people,
                const Route& sender) const override;
  Result<std::vector<channel::BlockResult>> read_blocking(const Answer& answered) const override;

  Request list_qr_codes(const channel::ProviderPaging& page, const Route& sender) const override;
  Result<channel::ProviderPage<channel::QrCode>> read_qr_codes(
      const Answer& answered) const override;
  Request get_qr_code(std::string_view code, const Route& sender) const override;
  Request put_qr_code(std::string_view code, std::string_view message, channel::QrImage image,
                      const Route& sender) const override;
  Result<channel::QrCode> read_qr_code(const Answer& answered) const override;
  Request delete_qr_code(std::string_view code, const Route& sender) const override;

  Request get_automation(const Route& sender) const override;
  Result<channel::SenderAutomation> read_automation(const Answer& answered) const override;
  Result<> check_automation(const channel::SenderAutomation& change) const override;
  Request set_automation(const channel::SenderAutomation& change,
                         const Route& sender) const override;

  Result<channel::TokenView> read_token(const Answer& answered) const override;
  std::span<const std::string_view> needed_scopes() const noexcept override;

  Request list_subscriptions(const Route& account) const override;
  Result<std::vector<std::string>> read_subscriptions(const Answer& answered) const override;
  Request look_at_account(const Route& account) const override;
  Result<channel::AccountView> read_account(const Answer& answered) const override;
  Request look_at_sender(const Route& sender) const override;
  Result<channel::SenderFacts> read_sender_facts(const Answer& answered) const override;

  Request find_templates(std::string_view name, const Route& account) const override;
  Result<std::vector<channel::TemplateFacts>> read_templates(const Answer& answered) const override;

  std::string challenge_of(std::string_view callback, const Secret& verify_token,
                           std::string_view challenge) const override;
};

// --- what its files share ---

/// A request about the route's address: `edge` is what follows it, "/register". Fails with
/// kInternal where the address could lead to another part of the Graph.
Result<http::OutRequest> graph_get(std::string_view edge, const channel::SenderRoute& route);
Result<http::OutRequest> graph_delete(std::string_view edge, const channel::SenderRoute& route);
/// With an object that `body` has open.
Result<http::OutRequest> graph_post(std::string_view edge, json::Writer body,
                                    const channel::SenderRoute& route);
/// An open object with the field that most calls ask for.
json::Writer whatsapp_object();

}  // namespace flowsell::whatsapp
