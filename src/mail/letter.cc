#include "mail/letter.h"

#include <fmt/format.h>

#include "mail/address.h"
#include "mime.h"

namespace flowsell::mail {
namespace {

/// No line of a quoted-printable part begins with "=_" behind the two dashes: RFC 2045, section
/// 6.7.
std::string boundary_of(const std::string& id) { return "=_" + id; }

std::string from_header(const From& from) {
  if (from.name.empty()) return from.address;
  return display_name(from.name) + " <" + from.address + ">";
}

void append_part(std::string& out, const std::string& boundary, std::string_view type,
                 std::string_view text) {
  out += fmt::format(
      "--{}\r\nContent-Type: {}; charset=utf-8\r\nContent-Transfer-Encoding: "
      "quoted-printable\r\n\r\n",
      boundary, type);
  out += quoted_printable(text);
  out += "\r\n";
}

}  // namespace

Result<Composer> Composer::make(Templates templates, From from) {
  if (!is_valid_address(from.address)) {
    return fail(ErrorCode::kInvalidRequest,
                "mail: the sender's address is not of the form local@host.tld");
  }
  if (from.name.size() > kTextBytesMax || !is_one_line(from.name))
    return fail(ErrorCode::kInvalidRequest, "mail: the sender's name is not one line of text");
  return Composer(std::move(templates), std::move(from));
}

Result<Letter> Composer::compose(const Mail& mail) const {
  CHECK_OK(check(mail));
  TRY(const Templates::Rendered rendered, templates_.render(mail.kind, mail.params));
  const std::string id = mail_id_text(mail.id);
  const std::string boundary = boundary_of(id);
  std::string data = fmt::format(
      "From: {}\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <{}@{}>\r\n"
      "MIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"
      "Content-Type: multipart/alternative; boundary=\"{}\"\r\n\r\n",
      from_header(from_), mail.to.reveal(), header_text(rendered.subject), header_date(mail.now),
      id, host_of(from_.address), boundary);
  append_part(data, boundary, "text/plain", rendered.text.reveal());
  append_part(data, boundary, "text/html", rendered.html.reveal());
  data += "--" + boundary + "--\r\n";
  return Letter{mail.id, from_.address, mail.to, Content(std::move(data))};
}

}  // namespace flowsell::mail
