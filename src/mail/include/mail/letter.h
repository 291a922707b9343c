#pragma once

#include <string>
#include <string_view>

#include "core/error.h"
#include "core/sensitive.h"
#include "mail/mail.h"
#include "mail/templates.h"

namespace flowsell::mail {

/// A mail as it goes over the wire.
struct Letter {
  MailId id{};
  std::string from;  ///< the envelope's address
  Content to;
  Content data;  ///< headers and body (RFC 5322), lines end with CRLF; dots are not stuffed
};

/// Whom mails come from.
struct From {
  std::string address;
  std::string name;  ///< may be empty
};

/// Makes letters of mails: multipart/alternative, text first, both quoted-printable. The same mail
/// gives the same bytes each time. Immutable.
class Composer {
 public:
  /// Fails with kInvalidRequest: an address that is_valid_address() refuses, a name that is not
  /// is_one_line() or longer than kTextBytesMax.
  static Result<Composer> make(Templates templates, From from);

  /// Fails as check() does.
  Result<Letter> compose(const Mail& mail) const;

 private:
  Composer(Templates templates, From from)
      : templates_(std::move(templates)), from_(std::move(from)) {}
  Templates templates_;
  From from_;
};

/// A letter of ours, read again: for the sandbox, where nobody else reads it.
struct ReadLetter {
  std::string from;  ///< as the header has it, decoded
  std::string to;
  std::string subject;
  std::string date;
  std::string message_id;
  std::string text;  ///< lines end with LF
  std::string html;
};
/// Fails with kInternal: what compose() did not make.
Result<ReadLetter> read_letter(std::string_view data);

}  // namespace flowsell::mail
