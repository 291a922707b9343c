#include "audit/head_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "audit/event.h"
#include "head_lines.h"
#include "telemetry/log.h"

namespace flowsell::audit {
namespace {

namespace fs = std::filesystem;
using store::Sql;

/// The file is replaced when it has so many times as many lines as it needs, and some more: a small
/// one not at every other write.
constexpr std::size_t kLinesFactor = 4;
constexpr std::size_t kLinesSpare = 256;
constexpr std::size_t kBytesAtOnce = std::size_t{1} << 16;

constexpr std::int64_t kHeadsAtOnce = 500;
/// Of one call of changed_heads(): some tenths of a second.
constexpr std::int64_t kEventsMax = 50'000;

const Sql kChanged(
    "SELECT scope, seq, hash, updated_at FROM audit_heads WHERE (updated_at, scope) > (?1, ?2) "
    "ORDER BY updated_at, scope LIMIT ?3");

/// To be called while errno still is the failed call's. Without the folder: a detail may be shown.
std::unexpected<Error> failed(std::string_view what, const fs::path& file) {
  const std::string reason = std::generic_category().message(errno);
  return fail(ErrorCode::kInternal,
              "can't " + std::string(what) + " '" + file.filename().string() + "': " + reason);
}

/// What was made or renamed in it survives a power cut.
Result<> sync_folder_of(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const Descriptor fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.is_open() || ::fsync(fd.get()) != 0) return failed("sync the folder of", file);
  return {};
}

Result<> check_private(int fd, const fs::path& file) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) return failed("read", file);
  const std::string name = "'" + file.filename().string() + "'";
  if (!S_ISREG(status.st_mode)) return fail(ErrorCode::kInternal, name + " is not a regular file");
  if ((status.st_mode & 077) != 0)
    return fail(ErrorCode::kInternal, name + " is open to other users: chmod 600 it");
  return {};
}

Result<> read_lines(int fd, const fs::path& file, HeadLines& lines) {
  std::string bytes(kBytesAtOnce, '\0');
  while (true) {
    const ssize_t n = ::read(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("read", file);
    if (n == 0) break;
    lines.add(std::string_view(bytes).substr(0, static_cast<std::size_t>(n)));
    if (lines.is_hopeless()) {
      return fail(ErrorCode::kInternal,
                  "'" + file.filename().string() + "' is not a file of signed heads");
    }
  }
  lines.finish();
  return {};
}

/// 0: the scope is not among them.
std::int64_t seq_in(const std::unordered_map<std::string, SignedHead>& heads,
                    const std::string& scope) {
  const auto found = heads.find(scope);
  return found == heads.end() ? 0 : found->second.head.seq;
}

std::vector<SignedHead> sorted(const std::unordered_map<std::string, SignedHead>& heads) {
  std::vector<SignedHead> out;
  out.reserve(heads.size());
  for (const auto& [scope, head] : heads) out.push_back(head);
  std::ranges::sort(out, {}, [](const SignedHead& h) { return std::string_view(h.head.scope); });
  return out;
}

}  // namespace

Result<HeadsRead> read_heads(const fs::path& file, std::span<const PublicKey> keys) {
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.is_open()) {
    auto error = failed("read", file);
    if (std::error_code ec; !fs::exists(file, ec) && !ec) error.error().code = ErrorCode::kNotFound;
    return error;
  }
  HeadLines lines(keys);
  CHECK_OK(read_lines(fd.get(), file, lines));
  return HeadsRead{.newest = sorted(lines.newest()),
                   .bad = std::move(lines.bad()),
                   .lines = lines.lines(),
                   .is_torn = lines.is_torn()};
}

HeadFile::HeadFile(fs::path file, const HeadKey& key, std::vector<PublicKey> former)
    : file_(std::move(file)), key_(key), keys_(std::move(former)) {
  keys_.insert(keys_.begin(), key_.public_key());
}

Result<std::unique_ptr<HeadFile>> HeadFile::open(fs::path file, const HeadKey& key,
                                                 std::vector<PublicKey> former) {
  std::unique_ptr<HeadFile> opened(new HeadFile(std::move(file), key, std::move(former)));
  CHECK_OK(opened->open_now());
  return opened;
}

Result<> HeadFile::open_now() {
  Descriptor fd(::open(file_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.is_open()) return failed("open", file_);
  CHECK_OK(check_private(fd.get(), file_));
  CHECK_OK(sync_folder_of(file_));
  HeadLines lines(keys_);
  CHECK_OK(read_lines(fd.get(), file_, lines));
  newest_ = std::move(lines.newest());
  bad_ = std::move(lines.bad());
  lines_ = lines.lines();
  must_be_replaced_ = lines.is_torn();
  descriptor_ = std::move(fd);
  return {};
}

Result<std::size_t> HeadFile::write(std::span<const Head> heads, Time now) {
  const std::lock_guard lock(mutex_);
  if (must_be_replaced_) CHECK_OK(replace());
  std::unordered_map<std::string, SignedHead> news;
  std::string text;
  std::size_t count = 0;
  for (const Head& head : heads) {
    if (head.scope.size() != kScopeBytes || head.seq < 1)
      return fail(ErrorCode::kInternal, "a head that is none can't be signed");
    if (seq_in(news, head.scope) >= head.seq || seq_in(newest_, head.scope) >= head.seq) continue;
    const SignedHead next{head, now};
    text += line_of(next, key_);
    ++count;
    news.insert_or_assign(head.scope, next);
  }
  if (count == 0) return count;
  CHECK_OK(append(text));
  lines_ += count;
  for (auto& [scope, head] : news) newest_.insert_or_assign(scope, std::move(head));
  if (has_too_many_lines()) {
    // It is only longer than it need be. The next write tries again.
    if (const auto replaced = replace(); !replaced)
      log::warn("the file of audit heads can't be replaced", {{"why", replaced.error().detail}});
  }
  return count;
}

Result<> HeadFile::append(std::string_view text) {
  if (write_all(descriptor_.get(), text) && ::fsync(descriptor_.get()) == 0) return {};
  auto error = failed("write", file_);
  must_be_replaced_ = true;
  return error;
}

bool HeadFile::has_too_many_lines() const {
  return lines_ > kLinesFactor * (newest_.size() + bad_.size()) + kLinesSpare;
}

Result<> HeadFile::replace() {
  fs::path temporary = file_;
  temporary += ".new";
  // What a crash has left of an earlier try.
  ::unlink(temporary.c_str());
  Descriptor fd(::open(temporary.c_str(),
                       O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.is_open()) return failed("create", temporary);
  std::string text;
  const auto flush = [&](std::size_t more_than) {
    const bool done = text.size() <= more_than || write_all(fd.get(), text);
    if (text.size() > more_than) text.clear();
    return done;
  };
  bool is_written = true;
  const auto add_bad = [&](bool contradicting) {
    for (const BadLine& line : bad_) {
      if ((line.why == BadLine::Why::kContradiction) == contradicting)
        text.append(line.text).append("\n");
    }
  };
  // Where they are found for what they are: what can't be read before what can, and what
  // contradicts a line behind it.
  add_bad(false);
  for (const SignedHead& head : sorted(newest_)) {
    text += line_of(head, key_);
    is_written = is_written && flush(kBytesAtOnce);
  }
  add_bad(true);
  is_written = is_written && flush(0) && ::fsync(fd.get()) == 0;
  if (!is_written || ::rename(temporary.c_str(), file_.c_str()) != 0) {
    auto error = failed("write", temporary);
    ::unlink(temporary.c_str());
    return error;
  }
  // From here on the new file is the file, whether or not a power cut would bring the old one back.
  descriptor_ = std::move(fd);
  lines_ = bad_.size() + newest_.size();
  must_be_replaced_ = false;
  return sync_folder_of(file_);
}

std::optional<Head> HeadFile::newest(std::string_view scope) const {
  const std::lock_guard lock(mutex_);
  const auto found = newest_.find(std::string(scope));
  return found == newest_.end() ? std::nullopt : std::optional(found->second.head);
}

std::string HeadFile::newest_line(std::string_view scope, std::int64_t events) const {
  const std::lock_guard lock(mutex_);
  const auto found = newest_.find(std::string(scope));
  if (found == newest_.end() || found->second.head.seq > events) return {};
  return line_of(found->second, key_);
}

Result<HeadsRead> HeadFile::read() const {
  const std::lock_guard lock(mutex_);
  return read_heads(file_, keys_);
}

Result<fs::path> HeadFile::begin_anew(Time now) {
  const std::lock_guard lock(mutex_);
  fs::path aside = file_;
  aside += "." + std::to_string(to_unix_ms(now));
  // link() refuses a name that there is; rename() would replace the file that has it.
  if (::link(file_.c_str(), aside.c_str()) != 0 || ::unlink(file_.c_str()) != 0)
    return failed("set aside", file_);
  descriptor_ = Descriptor();
  newest_.clear();
  bad_.clear();
  must_be_replaced_ = true;  // the next write makes the file, should this fail
  CHECK_OK(open_now());
  return aside;
}

Result<ChangedHeads> changed_heads(store::Connection& db, const HeadFile& file, Time since) {
  ChangedHeads changed;
  std::int64_t events = 0;
  std::int64_t last_time = to_unix_ms(since);
  std::string last_scope;
  while (true) {
    std::vector<Head> heads;
    CHECK_OK(db.query(kChanged, {last_time, store::Param::blob(last_scope), kHeadsAtOnce},
                      [&](const store::Row& row) {
                        Head head{std::string(row.text(0)), row.integer(1)};
                        if (row.text(2).size() == head.hash.size())
                          std::ranges::copy(row.text(2), head.hash.begin());
                        last_time = row.integer(3);
                        last_scope = head.scope;
                        heads.push_back(std::move(head));
                      }));
    for (const Head& head : heads) {
      auto known = file.newest(head.scope);
      if (known == head) continue;
      TRY(Verdict verdict, verify_behind(db, known.value_or(Head{head.scope})));
      if (!verdict.is_whole()) {
        changed.broken.push_back(std::move(verdict));
        continue;  // not counted: it would be read again by the next call, which then ended here
      }
      if (verdict.end.seq > 0) changed.sound.push_back(std::move(verdict.end));
      events += verdict.events;
      changed.more = events > kEventsMax;
      if (changed.more) return changed;
    }
    if (static_cast<std::int64_t>(heads.size()) < kHeadsAtOnce) return changed;
  }
}

}  // namespace flowsell::audit
