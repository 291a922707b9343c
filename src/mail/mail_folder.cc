#include "mail/mail_folder.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>
#include <system_error>

#include "core/descriptor.h"

namespace flowsell::mail {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".eml";

bool write_private_file(const fs::path& path, std::string_view bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  return file.is_open() && ::fchmod(file.get(), 0600) == 0 && write_all(file.get(), bytes);
}

}  // namespace

Result<std::unique_ptr<MailFolder>> MailFolder::open(fs::path folder, std::size_t keep) {
  std::error_code error;
  if (fs::create_directories(folder, error))
    fs::permissions(folder, fs::perms::owner_all, fs::perm_options::replace, error);
  if (error || !fs::is_directory(folder, error))
    return fail(ErrorCode::kInternal, "the folder for mails can't be made");
  return std::unique_ptr<MailFolder>(
      new MailFolder(std::move(folder), std::max<std::size_t>(keep, 1)));
}

Outcome MailFolder::send(const Letter& letter) {
  const std::string id = mail_id_text(letter.id);
  const fs::path whole = folder_ / (id + std::string(kSuffix));
  const fs::path part = folder_ / ("." + id + ".part");
  std::error_code error;
  if (!write_private_file(part, letter.data.reveal())) {
    fs::remove(part, error);
    return {.reason = "folder_not_writable", .is_for_all = true};
  }
  fs::rename(part, whole, error);
  if (error) return {.reason = "folder_not_writable", .is_for_all = true};
  remove_the_oldest();
  return {.end = Outcome::End::kSent};
}

void MailFolder::remove_the_oldest() const {
  const auto ids = list();
  if (!ids) return;
  std::error_code ignored;  // the next letter tries again
  for (std::size_t i = keep_; i < ids->size(); ++i)
    fs::remove(folder_ / ((*ids)[i] + std::string(kSuffix)), ignored);
}

Result<std::vector<std::string>> MailFolder::list() const {
  std::vector<std::string> ids;
  std::error_code error;
  for (fs::directory_iterator entry(folder_, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() == kSuffix && parse_mail_id(path.stem().string()))
      ids.push_back(path.stem().string());
  }
  if (error) return fail(ErrorCode::kInternal, "the folder of mails can't be read");
  std::ranges::sort(ids, std::ranges::greater());
  return ids;
}

Result<Content> MailFolder::read(std::string_view id) const {
  if (!parse_mail_id(id)) return fail(ErrorCode::kNotFound, "there is no such mail");
  std::ifstream file(folder_ / (std::string(id) + std::string(kSuffix)), std::ios::binary);
  if (!file) return fail(ErrorCode::kNotFound, "there is no such mail");
  return Content(std::string(std::istreambuf_iterator<char>(file), {}));
}

}  // namespace flowsell::mail
