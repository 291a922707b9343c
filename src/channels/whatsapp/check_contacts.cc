#include <algorithm>

#include "checker.h"

namespace flowsell::whatsapp {
namespace {

constexpr std::size_t kContactsMax = 257;
constexpr std::size_t kTextMax = 1'000;  // ours: WhatsApp names no limit

template <class T>
void texts(Checker& checker, const std::string& at, const T& object, std::string_view required) {
  for (const channel::TextField<T>& field : T::fields())
    checker.length(at + "/" + std::string(field.name), (object.*field.text).reveal(),
                   field.name == required ? 1 : 0, kTextMax);
}

template <class T>
void lists(Checker& checker, const std::string& at, const std::vector<T>& all,
           std::string_view required) {
  for (std::size_t i = 0; i < all.size(); ++i)
    texts(checker, at + "/" + std::to_string(i), all[i], required);
}

void name(Checker& checker, const std::string& at, const channel::ContactName& name) {
  texts(checker, at, name, "formatted_name");
  const bool has_part = !name.first_name.empty() || !name.last_name.empty() ||
                        !name.middle_name.empty() || !name.prefix.empty() || !name.suffix.empty();
  if (has_part) return;
  checker.fault(at + "/first_name", "required",
                "a name needs one of first_name, last_name, middle_name, prefix and suffix",
                "Add the part that the name is made of, such as first_name.");
}

/// "YYYY-MM-DD"; whether there is such a day is not looked at.
bool is_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (i != 4 && i != 7 && (text[i] < '0' || text[i] > '9')) return false;
  const std::string_view month = text.substr(5, 2);
  const std::string_view day = text.substr(8);
  return month >= "01" && month <= "12" && day >= "01" && day <= "31";
}

}  // namespace

void check_contacts(Checker& checker, const channel::Contacts& message) {
  const auto& all = message.contacts;
  checker.count("/contacts", all.size(), 1, kContactsMax, "contacts");
  for (std::size_t i = 0; i < std::min(all.size(), kContactsMax); ++i) {
    const std::string at = "/contacts/" + std::to_string(i);
    name(checker, at + "/name", all[i].name);
    lists(checker, at + "/phones", all[i].phones, "phone");
    lists(checker, at + "/emails", all[i].emails, "email");
    lists(checker, at + "/urls", all[i].urls, "url");
    lists(checker, at + "/addresses", all[i].addresses, "");
    texts(checker, at + "/org", all[i].org, "");
    if (!all[i].birthday.empty() && !is_day(all[i].birthday.reveal())) {
      checker.fault(at + "/birthday", "invalid_format", "must be a day as YYYY-MM-DD",
                    "Send it as 1990-12-31.");
    }
  }
}

}  // namespace flowsell::whatsapp
