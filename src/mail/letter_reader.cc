#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "mail/letter.h"
#include "mime.h"

namespace flowsell::mail {
namespace {

using Headers = std::map<std::string, std::string, std::less<>>;

/// Takes a block of headers off the front of `rest`, and the empty line behind it. A folded header
/// keeps its line ends.
Headers take_headers(std::string_view& rest) {
  Headers headers;
  auto last = headers.end();
  while (!rest.empty()) {
    const auto end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 2);
    if (line.empty()) break;
    if (line.starts_with(' ') && last != headers.end()) {
      last->second += "\r\n";
      last->second += line;
      continue;
    }
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    last = headers
               .insert_or_assign(std::string(line.substr(0, colon)),
                                 std::string(line.substr(colon + 2)))
               .first;
  }
  return headers;
}

std::string header(const Headers& headers, std::string_view name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

/// Of `"Name" <address>` the name decoded, and the address as it is.
std::string decoded_sender(const std::string& text) {
  const auto open = text.rfind(" <");
  if (open == std::string::npos) return text;
  return from_header_text(text.substr(0, open)) + text.substr(open);
}

std::optional<std::string> boundary_of(const Headers& headers) {
  constexpr std::string_view kBoundary = "boundary=\"";
  const std::string type = header(headers, "Content-Type");
  const auto at = type.find(kBoundary);
  if (at == std::string::npos || !type.ends_with('"')) return std::nullopt;
  const auto begin = at + kBoundary.size();
  return type.substr(begin, type.size() - 1 - begin);
}

/// The parts between the boundaries, with their headers.
std::vector<std::string_view> parts_of(std::string_view body, const std::string& boundary) {
  const std::string mark = "--" + boundary;
  std::vector<std::string_view> parts;
  auto begin = body.find(mark + "\r\n");
  while (begin != std::string_view::npos) {
    begin += mark.size() + 2;
    const auto end = body.find("\r\n" + mark, begin);
    if (end == std::string_view::npos) break;
    parts.push_back(body.substr(begin, end - begin));
    begin = body.find(mark + "\r\n", end);
  }
  return parts;
}

}  // namespace

Result<ReadLetter> read_letter(std::string_view data) {
  const Headers headers = take_headers(data);
  ReadLetter out;
  out.from = decoded_sender(header(headers, "From"));
  out.to = header(headers, "To");
  out.subject = from_header_text(header(headers, "Subject"));
  out.date = header(headers, "Date");
  out.message_id = header(headers, "Message-ID");
  const auto boundary = boundary_of(headers);
  const auto parts = boundary ? parts_of(data, *boundary) : std::vector<std::string_view>();
  if (parts.size() != 2) return fail(ErrorCode::kInternal, "a letter that is not of our form");
  for (std::string_view part : parts) {
    const Headers of_part = take_headers(part);
    const bool is_html = header(of_part, "Content-Type").starts_with("text/html");
    (is_html ? out.html : out.text) = from_quoted_printable(part);
  }
  return out;
}

}  // namespace flowsell::mail
