#include "token_answer.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "core/encoding.h"
#include "fields.h"

namespace flowsell::oidc {
namespace {

using Meaning = std::pair<std::string_view, Fault>;

constexpr std::array kTokenErrors = {
    Meaning{"invalid_grant", Fault::kCodeRefused},
    Meaning{"invalid_client", Fault::kClientRefused},
    Meaning{"unauthorized_client", Fault::kClientRefused},
    Meaning{"temporarily_unavailable", Fault::kUnavailable},
};

constexpr std::array kAuthorizationErrors = {
    Meaning{"access_denied", Fault::kAccessDenied},
    Meaning{"login_required", Fault::kInteractionRequired},
    Meaning{"interaction_required", Fault::kInteractionRequired},
    Meaning{"consent_required", Fault::kInteractionRequired},
    Meaning{"account_selection_required", Fault::kInteractionRequired},
    Meaning{"server_error", Fault::kUnavailable},
    Meaning{"temporarily_unavailable", Fault::kUnavailable},
};

Fault meaning_of(std::span<const Meaning> table, std::string_view word, Fault otherwise) {
  for (const auto& [name, fault] : table) {
    if (name == word) return fault;
  }
  return otherwise;
}

Result<Secret> require_token(const json::Object& answer, std::string_view name) {
  const auto text = text_of(answer, name);
  if (!text || text->empty()) return fail(Fault::kAnswerInvalid, name);
  return Secret(std::string(*text));
}

/// What goes into a header must not end it.
bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

Result<TokenAnswer> parse_token_answer(std::string_view text) {
  const auto document = json::parse(text, {.bytes_max = kTokenAnswerBytesMax});
  const json::Object* const object = object_of(document);
  if (object == nullptr) return fail(Fault::kAnswerInvalid, "token answer");
  const auto type = text_of(*object, "token_type");
  if (!type || !equals_ignoring_case(*type, "Bearer")) {
    return fail(Fault::kAnswerInvalid, "token_type");
  }
  TokenAnswer answer;
  TRY(answer.id_token, require_token(*object, "id_token"));
  TRY(answer.access_token, require_token(*object, "access_token"));
  if (!is_visible_ascii(answer.access_token.reveal())) {
    return fail(Fault::kAnswerInvalid, "access_token");
  }
  return answer;
}

Fault token_refusal(int status, std::string_view text) {
  const auto document = json::parse(text, {.bytes_max = kTokenAnswerBytesMax});
  const json::Object* const object = object_of(document);
  const auto error = object == nullptr ? std::nullopt : text_of(*object, "error");
  if (error) return meaning_of(kTokenErrors, *error, Fault::kTokenRequestRefused);
  if (status == 401) return Fault::kClientRefused;
  return status == 400 ? Fault::kTokenRequestRefused : Fault::kAnswerInvalid;
}

Fault authorization_refusal(std::string_view error) noexcept {
  return meaning_of(kAuthorizationErrors, error, Fault::kAuthorizationRefused);
}

}  // namespace flowsell::oidc
