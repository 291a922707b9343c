#include "state/media_files.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace flowsell::sim {
namespace {

constexpr std::size_t kHeadBytes = 4096;
constexpr std::size_t kPieceBytes = 64 * 1024;

std::unexpected<Error> unwritable() {
  return fail(ErrorCode::kInternal, "a file of media can't be written");
}

/// An open file, closed at the end.
struct Open {
  explicit Open(const std::string& path, const char* mode) : file(std::fopen(path.c_str(), mode)) {}
  ~Open() {
    if (file != nullptr) std::fclose(file);
  }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  std::FILE* file;
};

class FileSource final : public http::BodySource {
 public:
  FileSource(const std::string& path, std::uint64_t count)
      : open_(path, "rb"), piece_(kPieceBytes, '\0'), left_(count) {}
  bool is_open() const { return open_.file != nullptr; }
  bool skip(std::uint64_t bytes) {
    return ::fseeko(open_.file, static_cast<off_t>(bytes), SEEK_SET) == 0;
  }
  Task<std::string_view> next() override {
    const auto most = std::min<std::uint64_t>(piece_.size(), left_);
    const auto count = std::fread(piece_.data(), 1, most, open_.file);
    left_ -= count;
    if (count == 0 && std::ferror(open_.file) != 0)
      co_return fail(ErrorCode::kInternal, "a file of media can't be read");
    co_return std::string_view(piece_).substr(0, count);
  }

 private:
  Open open_;
  std::string piece_;
  std::uint64_t left_;
};

}  // namespace

Spool::Spool(std::string path) : path_(std::move(path)), file_(std::fopen(path_.c_str(), "wb")) {}

Spool::~Spool() {
  if (file_ != nullptr) std::fclose(file_);
  std::error_code ignored;
  if (!is_kept_) std::filesystem::remove(path_, ignored);
}

Result<> Spool::write(std::string_view bytes) {
  if (file_ == nullptr) return unwritable();
  size_ += bytes.size();
  sum_.add(bytes);
  head_.append(bytes.substr(0, kHeadBytes - std::min(head_.size(), kHeadBytes)));
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size()) return {};
  return unwritable();
}

Result<> Spool::finish() {
  digest_ = sum_.finish();
  auto* const file = std::exchange(file_, nullptr);
  if (file == nullptr || std::fclose(file) != 0) return unwritable();
  return {};
}

MediaFiles::~MediaFiles() {
  std::error_code ignored;
  if (goes_at_the_end_) std::filesystem::remove_all(folder_, ignored);
}

Result<> MediaFiles::open(const std::string& folder) {
  folder_ = folder;
  if (folder_.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (!error) return {};
  return fail(ErrorCode::kInternal, "the simulator's folder of media can't be made");
}

Result<> MediaFiles::make_folder() {
  const std::lock_guard lock(mutex_);
  if (!folder_.empty()) return {};
  std::error_code error;
  auto pattern = std::filesystem::temp_directory_path(error).string() + "/connect-sim-XXXXXX";
  if (error || mkdtemp(pattern.data()) == nullptr)
    return fail(ErrorCode::kInternal, "the simulator's folder of media can't be made");
  folder_ = std::move(pattern);
  goes_at_the_end_ = true;
  return {};
}

Result<std::unique_ptr<Spool>> MediaFiles::begin() {
  CHECK_OK(make_folder());
  return std::make_unique<Spool>(path_of("coming_" + std::to_string(++spools_)));
}

Result<> MediaFiles::keep(Spool& spool, std::string_view name) {
  std::error_code error;
  std::filesystem::rename(spool.path_, path_of(name), error);
  if (error) return unwritable();
  spool.is_kept_ = true;
  return {};
}

Result<> MediaFiles::make(std::string_view name) {
  CHECK_OK(make_folder());
  const Open made(path_of(name), "wb");
  if (made.file == nullptr) return unwritable();
  return {};
}

Result<> MediaFiles::append(std::string_view name, const Spool& spool) {
  const Open from(spool.path_, "rb");
  const Open to(path_of(name), "ab");
  if (from.file == nullptr || to.file == nullptr) return unwritable();
  std::string piece(kPieceBytes, '\0');
  while (true) {
    const auto count = std::fread(piece.data(), 1, piece.size(), from.file);
    if (std::fwrite(piece.data(), 1, count, to.file) != count) return unwritable();
    if (count < piece.size()) return {};
  }
}

Result<std::string> MediaFiles::head(std::string_view name) const {
  const Open file(path_of(name), "rb");
  if (file.file == nullptr) return fail(ErrorCode::kNotFound, "no such file of media");
  std::string bytes(kHeadBytes, '\0');
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.file));
  return bytes;
}

Result<std::shared_ptr<http::BodySource>> MediaFiles::read(std::string_view name,
                                                           std::uint64_t from,
                                                           std::uint64_t count) const {
  auto source = std::make_shared<FileSource>(path_of(name), count);
  if (!source->is_open() || !source->skip(from))
    return fail(ErrorCode::kNotFound, "no such file of media");
  return source;
}

void MediaFiles::remove(std::string_view name) const {
  std::error_code ignored;
  std::filesystem::remove(path_of(name), ignored);
}

}  // namespace flowsell::sim
