#include "asked.h"

#include <utility>

#include "accounts/user.h"
#include "core/phone_number.h"
#include "json/writer.h"
#include "paging.h"

namespace flowsell::api {
namespace {

std::string shown(const std::string& value) {
  if (const auto number = PhoneNumber::parse(value)) return number->masked();
  return accounts::normal_email(value).value_or(value);
}

}  // namespace

std::string asked_json(std::string_view query) {
  const auto asked = QueryReader::parse(query);
  if (!asked || asked->all().empty()) return {};
  json::Writer out;
  out.begin_object();
  for (const auto& [name, value] : asked->all()) out.key(name).string(shown(value));
  out.end_object();
  return std::move(out).take();
}

}  // namespace flowsell::api
