#include "options.h"

#include "core/encoding.h"
#include "cose_key.h"
#include "json/writer.h"

namespace flowsell::passkeys {
namespace {

constexpr std::string_view kName = "FlowSell Connect";

std::string encoded(std::string_view bytes) { return base64url_encode(as_bytes(bytes)); }

void write_transports(json::Writer& out, std::string_view list) {
  out.key("transports").begin_array();
  while (!list.empty()) {
    const auto comma = list.find(',');
    out.string(list.substr(0, comma));
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  out.end_array();
}

}  // namespace

std::string_view user_handle_of(const UserId& user) { return user.blob(); }

std::string creation_options(const RelyingParty& party, const accounts::User& user,
                             std::string_view challenge, std::span<const Passkey> has_already,
                             std::chrono::milliseconds timeout) {
  json::Writer out;
  out.begin_object().key("rp").begin_object();
  out.key("id").string(party.id).key("name").string(kName).end_object();
  out.key("user").begin_object().key("id").string(encoded(user_handle_of(user.id)));
  out.key("name").string(user.email).key("displayName").string(user.name).end_object();
  out.key("challenge").string(encoded(challenge));
  out.key("pubKeyCredParams").begin_array();
  for (const int algorithm : {kEs256, kEdDsa, kRs256}) {
    out.begin_object().key("type").string("public-key");
    out.key("alg").integer(algorithm).end_object();
  }
  out.end_array().key("timeout").integer(timeout.count());
  out.key("excludeCredentials").begin_array();
  for (const Passkey& each : has_already) {
    out.begin_object().key("type").string("public-key");
    out.key("id").string(encoded(each.credential_id));
    write_transports(out, each.transports);
    out.end_object();
  }
  out.end_array().key("authenticatorSelection").begin_object();
  out.key("residentKey").string("required").key("requireResidentKey").boolean(true);
  out.key("userVerification").string("required").end_object();
  out.key("attestation").string("none").end_object();
  return std::move(out).take();
}

std::string request_options(const RelyingParty& party, std::string_view challenge,
                            std::chrono::milliseconds timeout) {
  json::Writer out;
  out.begin_object().key("challenge").string(encoded(challenge));
  out.key("timeout").integer(timeout.count()).key("rpId").string(party.id);
  out.key("allowCredentials").begin_array().end_array();
  out.key("userVerification").string("required").end_object();
  return std::move(out).take();
}

}  // namespace flowsell::passkeys
