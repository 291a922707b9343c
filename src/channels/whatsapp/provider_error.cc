#include "provider_error.h"

#include <string>

#include "fields.h"

namespace flowsell::whatsapp {
namespace {

/// error_data is an object with "details" or, on some calls, a bare string.
std::string_view details_of(const json::Object& error) {
  if (const json::Object* data = object_in(error, "error_data")) return text_in(*data, "details");
  return text_in(error, "error_data");
}

std::string_view title_of(const json::Object& error) {
  const std::string_view message = text_in(error, "message");
  return message.empty() ? text_in(error, "title") : message;
}

std::string words_of(const json::Object& error) {
  std::string words(title_of(error));
  const std::string_view details = details_of(error);
  if (details.empty() || details == words) return words;
  if (!words.empty()) words += ": ";
  return words += details;
}

}  // namespace

ProviderError read_provider_error(const json::Object& error, std::int64_t code,
                                  const ErrorRow& row) {
  ProviderError out;
  out.provider = "whatsapp";
  out.code = code;
  out.subcode = integer_in(error, "error_subcode").value_or(0);
  out.trace_id = text_in(error, "fbtrace_id");
  out.reason = row.reason;
  out.fix = row.fix;
  out.text = words_of(error);
  return out;
}

ProviderError read_webhook_error(const json::Object& error) {
  // -1 is in no table: an error whose reason was not given is "unknown_error", not Meta's own
  // code 0.
  const auto code = number_in(error, "code");
  if (!code) return read_provider_error(error, 0, classify(-1, 0, 0));
  return read_provider_error(error, *code,
                             classify(*code, number_in(error, "error_subcode").value_or(0), 0));
}

void write_error_fields(json::Writer& out, const ProviderError& error) {
  out.key("code").string(error.reason).key("fix").string(error.fix);
  out.key("provider").begin_object().key("name").string(error.provider);
  out.key("code").integer(error.code);
  if (error.subcode != 0) out.key("subcode").integer(error.subcode);
  out.optional_string("trace_id", error.trace_id).end_object();
}

void write_error(json::Writer& out, const ProviderError& error) {
  out.key("error").begin_object();
  write_error_fields(out, error);
  out.end_object();
}

}  // namespace flowsell::whatsapp
