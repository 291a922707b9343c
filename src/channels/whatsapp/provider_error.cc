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

}  // namespace flowsell::whatsapp
