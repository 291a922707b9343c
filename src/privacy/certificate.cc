#include "privacy/certificate.h"

#include <algorithm>

#include "core/encoding.h"
#include "json/json.h"
#include "json/reader.h"
#include "json/writer.h"

namespace flowsell::privacy {
namespace {

constexpr std::string_view kPurpose = "flowsell-connect/deletion/1:";
constexpr std::string_view kSignature = ",\"signature\":\"";
constexpr std::size_t kBytesMax = 16'384;

std::string subject_of(const DataRequest& request) {
  std::string text(subject_name(request.subject));
  text += request.subject == Subject::kAccount ? " " + request.user.str()
                                               : " of " + request.workspace.str();
  return text;
}

Error not_one() {
  return {ErrorCode::kInvalidRequest, "that is no certificate: one line of JSON as it was given"};
}

}  // namespace

std::string certificate_of(const DataRequest& request, Time finished_at,
                           const audit::HeadKey& key) {
  json::Writer out;
  out.begin_object().key("certificate").string("deletion/1").key("id").string(request.id.str());
  out.key("subject").string(subject_of(request));
  out.key("requested_at").string(format_time(request.created_at));
  out.key("finished_at").string(format_time(finished_at));
  out.key("retained").begin_array();
  for (const Retained& each : retained(request.subject)) {
    out.begin_object().key("what").string(each.what).key("why").string(each.why).end_object();
  }
  out.end_array().key("key").string(base64_encode(key.public_key()));
  std::string text = std::move(out).take();
  const std::string signature = key.sign(std::string(kPurpose) + text);
  return text.append(kSignature).append(base64_encode(as_bytes(signature))).append("\"}");
}

Result<Verified> verify_certificate(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const auto end = text.rfind(kSignature);
  if (end == std::string_view::npos) return std::unexpected(not_one());
  const auto document = json::parse(text, {.bytes_max = kBytesMax, .depth_max = 4});
  if (!document) return std::unexpected(not_one());
  std::vector<FieldError> faults;
  json::ObjectReader in(document->root(), "", faults);
  const auto id = in.required_string("id");
  const auto subject = in.required_string("subject");
  const auto finished_at = parse_time(in.required_string("finished_at").value_or(""));
  const auto key = base64_decode(in.required_string("key").value_or(""));
  const auto signature = base64_decode(in.required_string("signature").value_or(""));
  Verified verified;
  if (!id || !subject || !finished_at || !key || key->size() != verified.signed_by.size() ||
      !signature || signature->size() != audit::kSignatureBytes)
    return std::unexpected(not_one());
  std::ranges::copy(as_bytes(*key), verified.signed_by.begin());
  const std::string is_signed = std::string(kPurpose).append(text.substr(0, end));
  if (!audit::is_signed_by(verified.signed_by, is_signed, *signature))
    return fail(ErrorCode::kInvalidSignature,
                "the certificate's signature is wrong: it was changed");
  verified.id = *id;
  verified.subject = *subject;
  verified.finished_at = *finished_at;
  return verified;
}

}  // namespace flowsell::privacy
