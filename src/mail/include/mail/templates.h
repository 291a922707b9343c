#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/sensitive.h"
#include "mail/mail.h"

namespace flowsell::mail {

struct TemplateOptions {
  /// Each NAME.txt and NAME.html in it stands for the built-in one of that name; empty: none does.
  std::filesystem::path folder = {};
  std::string product = "FlowSell Connect";  ///< {{product}} in every template
};

/// What our mails say. A kind's NAME.txt begins with a line "Subject: ..." and an empty line; its
/// text, and the fragment in NAME.html, are put into {{body}} of layout.txt and layout.html. In all
/// of them {{name}} stands for a parameter, {{product}} for the product; in the layouts {{subject}}
/// too. In HTML parameters are escaped. Immutable.
class Templates {
 public:
  /// Blocking. Fails with kInvalidRequest, and names file and line: an unreadable file, one that is
  /// no UTF-8 or longer than 64 KiB, a placeholder that the kind does not have, "{{" without "}}",
  /// no subject, a link in a subject, or a link that a kind has and its text or HTML has not; a
  /// .txt or .html file in the folder that has no known name.
  static Result<Templates> load(const TemplateOptions& options);

  Templates(Templates&&) noexcept;
  Templates& operator=(Templates&&) noexcept;
  ~Templates();

  struct Rendered {
    std::string subject;  ///< one line
    Content text;         ///< lines end with LF
    Content html;
  };
  /// Fails as check() does for parameters.
  Result<Rendered> render(MailKind kind, const MailParams& params) const;

 private:
  struct All;
  explicit Templates(std::unique_ptr<const All> all);
  std::unique_ptr<const All> all_;
};

}  // namespace flowsell::mail
