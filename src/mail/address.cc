#include "mail/address.h"

#include <algorithm>
#include <cstddef>

#include "core/encoding.h"

namespace flowsell::mail {
namespace {

// RFC 5321 sections 4.5.3.1.1 to 3, and the whole without its angle brackets.
constexpr std::size_t kLocalMax = 64;
constexpr std::size_t kAddressMax = 254;
constexpr std::size_t kLabelMax = 63;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// RFC 5322 section 3.2.3, atext.
bool is_atom_char(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-/=?^_`{|}~";
  return is_alphanumeric(c) || kOthers.contains(c);
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLabelMax && label.front() != '-' &&
         label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

/// Calls `is_right` for each part between dots; false when one is not.
template <class F>
bool all_parts(std::string_view text, F is_right) {
  while (true) {
    const auto dot = text.find('.');
    if (!is_right(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_local(std::string_view local) {
  return local.size() <= kLocalMax && all_parts(local, [](std::string_view atom) {
           return !atom.empty() && std::ranges::all_of(atom, is_atom_char);
         });
}

bool is_host(std::string_view host) {
  if (!host.contains('.') || !all_parts(host, is_label)) return false;
  // Else it would be an IP address.
  const std::string_view top = host.substr(host.rfind('.') + 1);
  return !std::ranges::all_of(top, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_valid_address(std::string_view address) {
  const auto at = address.find('@');
  return at != std::string_view::npos && address.size() <= kAddressMax &&
         is_local(address.substr(0, at)) && is_host(address.substr(at + 1));
}

std::string_view host_of(std::string_view address) {
  return address.substr(address.rfind('@') + 1);
}

bool is_one_line(std::string_view text) {
  if (!is_valid_utf8(text)) return false;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::ranges::any_of(text, is_control)) return false;
  // U+0080 to U+009F are controls too, U+2028 and U+2029 end a line.
  for (std::size_t i = 0; i + 1 < text.size(); ++i) {
    if (text[i] == '\xC2' && static_cast<unsigned char>(text[i + 1]) < 0xA0) return false;
  }
  return !text.contains("\xE2\x80\xA8") && !text.contains("\xE2\x80\xA9");
}

}  // namespace flowsell::mail
