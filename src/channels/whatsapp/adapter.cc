#include "whatsapp/adapter.h"

#include <string>
#include <utility>

#include "account_calls.h"
#include "callback.h"
#include "check.h"
#include "compile.h"
#include "core/encoding.h"
#include "crypto/hash.h"
#include "errors.h"
#include "interpret.h"
#include "media_calls.h"
#include "number_calls.h"
#include "original.h"
#include "signup.h"
#include "template_calls.h"

namespace flowsell::whatsapp {
namespace {

/// `scheme` with its space.
void set_authorization(http::OutRequest& request, std::string_view scheme, const Secret& token) {
  std::erase_if(request.headers, [](const http::Header& header) {
    return equals_ignoring_case(header.name, "Authorization");
  });
  request.headers.push_back({"Authorization", std::string(scheme).append(token.reveal())});
}

class WhatsAppAdapter final : public channel::Adapter {
 public:
  explicit WhatsAppAdapter(Secret app_secret) : app_secret_(std::move(app_secret)) {}

  std::string_view name() const noexcept override { return "whatsapp"; }

  Result<> check(const channel::OutboundMessage& message) const override {
    return check_message(message);
  }

  Result<http::OutRequest> compile(const channel::OutboundMessage& message,
                                   const channel::CompileContext& context,
                                   const channel::SenderRoute& route) const override {
    return compile_message(message, context, route);
  }

  Result<http::OutRequest> compile_read(std::string_view provider_message_id, bool typing,
                                        const channel::SenderRoute& route) const override {
    return compile_read_receipt(provider_message_id, typing, route);
  }

  void authorize(http::OutRequest& request, const Secret& token) const override {
    set_authorization(request, "Bearer ", token);
    add_proof(request, token);
  }
  void authorize_upload(http::OutRequest& request, const Secret& token) const override {
    set_authorization(request, "OAuth ", token);
    add_proof(request, token);
  }
  void authorize_download(http::OutRequest& request, const Secret& token) const override {
    set_authorization(request, "Bearer ", token);
  }

  channel::Interpretation interpret(const http::Exchange& answered) const override {
    return interpret_answer(answered);
  }

  std::string_view fix_of(std::int64_t code, std::int64_t subcode) const noexcept override {
    constexpr int kRefused = 400;  // the table's rows don't depend on it
    return classify(code, subcode, kRefused).fix;
  }

  const channel::MediaCalls* media_calls() const noexcept override {
    return &whatsapp::media_calls();
  }

  bool verify(std::string_view raw_body, std::string_view signature,
              const Secret& app_secret) const override {
    return verify_signature(raw_body, signature, app_secret);
  }

  Result<std::vector<channel::Update>> parse(std::string_view raw_body, Time now) const override {
    return parse_callback(raw_body, now);
  }

  Content original(const channel::Source& source, std::string_view callback_data) const override {
    return original_of(source, callback_data);
  }
  Content original(const channel::OwnFailure& failure) const override {
    return original_of(failure);
  }

  const channel::AccountCalls* account_calls() const noexcept override { return &account_calls_; }
  const channel::SignupCalls* signup_calls() const noexcept override {
    return &whatsapp::signup_calls();
  }

  const channel::SenderCalls* sender_calls() const noexcept override { return &sender_calls_; }

  const channel::TemplateCalls* template_calls() const noexcept override {
    return &whatsapp::template_calls();
  }

 private:
  /// Who took the token from somewhere can't make it (whatsapp.md 7.1).
  void add_proof(http::OutRequest& request, const Secret& token) const {
    if (app_secret_.empty()) return;
    std::string& target = request.url.target;
    target.append(target.contains('?') ? "&" : "?").append("appsecret_proof=");
    target.append(hex_encode(crypto::hmac_sha256(app_secret_.reveal(), {token.reveal()})));
  }

  const Secret app_secret_;
  WhatsAppAccountCalls account_calls_;
  NumberCalls sender_calls_;
};

}  // namespace

std::unique_ptr<channel::Adapter> make_adapter(Secret app_secret) {
  return std::make_unique<WhatsAppAdapter>(std::move(app_secret));
}

}  // namespace flowsell::whatsapp
