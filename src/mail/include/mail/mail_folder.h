#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/sensitive.h"
#include "mail/transport.h"

namespace flowsell::mail {

/// For the sandbox: letters become files, which an API shows. They lie there in clear. Each is
/// <id>.eml, readable by its owner only, and written whole; a letter that is sent again replaces
/// itself. Thread-safe.
class MailFolder final : public Transport {
 public:
  /// Makes the folder (0700) where it is missing. The newest `keep` letters stay; of what else is
  /// in the folder nothing is touched. Fails with kInternal.
  static Result<std::unique_ptr<MailFolder>> open(std::filesystem::path folder,
                                                  std::size_t keep = 1000);

  Outcome send(const Letter& letter) override;

  /// Ids as mail_id_text() has them, the newest first. Blocking.
  Result<std::vector<std::string>> list() const;
  /// The whole letter, for read_letter(). Fails with kNotFound where it is not, or not any more,
  /// there; `id` may be any text. Blocking.
  Result<Content> read(std::string_view id) const;

 private:
  MailFolder(std::filesystem::path folder, std::size_t keep)
      : folder_(std::move(folder)), keep_(keep) {}
  void remove_the_oldest() const;

  const std::filesystem::path folder_;
  const std::size_t keep_;
};

}  // namespace flowsell::mail
