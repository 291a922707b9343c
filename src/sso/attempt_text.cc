#include "attempt_text.h"

#include "json/json.h"
#include "json/reader.h"
#include "json/writer.h"

namespace flowsell::sso {

Secret attempt_text(const oidc::Attempt& attempt) {
  json::Writer out;
  out.begin_object().key("issuer").string(attempt.issuer);
  out.key("client_id").string(attempt.client_id).key("state").string(attempt.state);
  out.key("nonce").string(attempt.nonce);
  out.key("code_verifier").string(attempt.code_verifier.reveal());
  out.key("redirect_uri").string(attempt.redirect_uri).end_object();
  return Secret(std::move(out).take());
}

Result<oidc::Attempt> read_attempt(const Secret& text, Time begun_at) {
  const auto document = json::parse(text.reveal());
  if (!document) return fail(ErrorCode::kInternal, "an attempt's text is not what was sealed");
  std::vector<FieldError> faults;
  json::ObjectReader in(document->root(), "", faults);
  oidc::Attempt attempt;
  attempt.issuer = in.required_string("issuer").value_or("");
  attempt.client_id = in.required_string("client_id").value_or("");
  attempt.state = in.required_string("state").value_or("");
  attempt.nonce = in.required_string("nonce").value_or("");
  attempt.code_verifier = Secret(std::string(in.required_string("code_verifier").value_or("")));
  attempt.redirect_uri = in.required_string("redirect_uri").value_or("");
  attempt.begun_at = begun_at;
  if (!faults.empty())
    return fail(ErrorCode::kInternal, "an attempt's text is not what was sealed");
  return attempt;
}

}  // namespace flowsell::sso
