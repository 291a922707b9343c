#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/error.h"
#include "crypto/hash.h"
#include "http/body.h"

namespace flowsell::sim {

/// A file on its way in. What is not kept goes with it.
class Spool {
 public:
  explicit Spool(std::string path);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  Result<> write(std::string_view bytes);
  /// After the last write(): all of it is in the file.
  Result<> finish();

  std::uint64_t size() const noexcept { return size_; }
  const crypto::Digest& digest() const noexcept { return digest_; }
  /// Its first bytes.
  std::string_view head() const noexcept { return head_; }

 private:
  friend class MediaFiles;
  std::string path_;
  std::FILE* file_ = nullptr;
  std::uint64_t size_ = 0;
  std::string head_;
  crypto::Sha256Stream sum_;
  crypto::Digest digest_{};
  bool is_kept_ = false;
};

/// The bytes of media and uploads, a file each. Without a folder of its own they lie in one that
/// is made for the first of them and goes at the end. Thread-safe; a name is one caller's at a
/// time.
class MediaFiles {
 public:
  MediaFiles() = default;
  ~MediaFiles();
  MediaFiles(const MediaFiles&) = delete;
  MediaFiles& operator=(const MediaFiles&) = delete;

  /// `folder` empty: one of the system's.
  Result<> open(const std::string& folder);
  /// A file that comes.
  Result<std::unique_ptr<Spool>> begin();
  /// It has come. `name` is an id of ours.
  Result<> keep(Spool& spool, std::string_view name);
  /// An empty file.
  Result<> make(std::string_view name);
  /// Adds what has come at the end.
  Result<> append(std::string_view name, const Spool& spool);
  /// The first bytes.
  Result<std::string> head(std::string_view name) const;
  /// All of it behind its first `from` bytes, or `count` of that, in pieces.
  Result<std::shared_ptr<http::BodySource>> read(std::string_view name, std::uint64_t from = 0,
                                                 std::uint64_t count = UINT64_MAX) const;
  void remove(std::string_view name) const;

 private:
  Result<> make_folder();
  std::string path_of(std::string_view name) const { return folder_ + "/" + std::string(name); }
  std::mutex mutex_;
  std::string folder_;
  bool goes_at_the_end_ = false;
  std::atomic<std::uint64_t> spools_{0};
};

}  // namespace flowsell::sim
