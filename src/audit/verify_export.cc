#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "audit/export.h"
#include "core/encoding.h"
#include "head_lines.h"
#include "record.h"

namespace flowsell::audit {
namespace {

/// An event may have three texts of 64 KiB, which are shown and proven; escapes make them longer.
constexpr std::size_t kLineMax = 8 << 20;

/// What is wrong with a chain, or with a line of none.
struct LineFault {
  std::size_t line = 0;
  std::string text;
};

/// The lines of a file, one by one.
class Lines {
 public:
  static Result<Lines> open(const std::filesystem::path& file) {
    Lines lines(file);
    if (!lines.stream_) return fail(ErrorCode::kNotFound, "can't read the file " + file.string());
    return lines;
  }
  /// nullptr: there are no more. Of a line that is too long nothing is kept.
  const std::string* next() {
    line_.clear();
    bool is_any = false;
    for (int c = stream_.get(); c != std::char_traits<char>::eof(); c = stream_.get()) {
      is_any = true;
      if (c == '\n') break;
      if (line_.size() <= kLineMax) line_ += static_cast<char>(c);
    }
    if (line_.size() > kLineMax) line_ = "?";
    if (is_any) ++number_;
    return is_any ? &line_ : nullptr;
  }
  std::size_t number() const noexcept { return number_; }

 private:
  explicit Lines(const std::filesystem::path& file) : stream_(file, std::ios::binary) {}
  std::ifstream stream_;
  std::string line_;
  std::size_t number_ = 0;
};

bool is_head(std::string_view line) { return line.starts_with("{\"scope\":"); }

/// The signed heads of a file: read first, for they stand behind what they are about.
struct Heads {
  std::map<std::string, std::vector<Head>, std::less<>> by_scope;
  std::vector<LineFault> faults;
  std::size_t unknown = 0;  ///< signed by nobody who was named

  void take(const std::string& line, std::size_t number, std::span<const PublicKey> keys) {
    auto head = parse_line(line, keys);
    if (head) {
      by_scope[head->head.scope].push_back(head->head);
    } else if (head.error() == BadLine::Why::kUnknownKey) {
      ++unknown;
    } else {
      faults.push_back({number, std::string(describe(head.error()))});
    }
  }
};

Result<Heads> read_heads_of(const std::filesystem::path& file, std::span<const PublicKey> keys) {
  TRY(auto lines, Lines::open(file));
  Heads heads;
  while (const std::string* line = lines.next()) {
    if (is_head(*line)) heads.take(*line, lines.number(), keys);
  }
  for (auto& [scope, of_scope] : heads.by_scope) std::ranges::sort(of_scope, {}, &Head::seq);
  return heads;
}

/// One chain, line by line.
class ChainWalk {
 public:
  ChainWalk(std::string scope, std::vector<Head> heads) : heads_(std::move(heads)) {
    verdict_.end.scope = std::move(scope);
  }

  void take(const std::string& line, std::size_t number, const Record& record) {
    if (!verdict_.is_whole()) return;
    line_ = number;
    if (const auto check = check_of(line, record)) {
      const bool is_gap = *check == Check::kMissingRow;
      verdict_.fault = Fault{is_gap ? verdict_.end.seq + 1 : record.columns.seq, *check};
      return;
    }
    ++verdict_.events;
    if (record.origin.is_erased() || record.personal.is_erased()) ++verdict_.erased;
  }

  void finish() {
    if (verdict_.is_whole() && heads_done_ < heads_.size())
      verdict_.fault = Fault{verdict_.end.seq + 1, Check::kTailCut};
  }
  const Verdict& verdict() const noexcept { return verdict_; }
  std::size_t line() const noexcept { return line_; }

 private:
  std::optional<Check> check_of(const std::string& line, const Record& record) {
    const EventColumns& event = record.columns;
    if (event.seq > verdict_.end.seq + 1) return Check::kMissingRow;
    if (event.seq <= verdict_.end.seq) return Check::kOutOfPlace;
    const auto hash = hash_of(as_text(verdict_.end.hash), event);
    if (record.hash != as_text(hash)) return Check::kHash;
    if (const auto check = check_kept(Part::kOrigin, record.origin)) return check;
    if (const auto check = check_kept(Part::kPersonal, record.personal)) return check;
    // What is shown, and is in no hash as it is shown.
    if (export_line(record) != line + '\n') return Check::kShown;
    if (!agrees_with_signed(event.seq, hash)) return Check::kOtherHistory;
    verdict_.end.seq = event.seq;
    verdict_.end.hash = hash;
    return std::nullopt;
  }

  static std::optional<Check> check_kept(Part part, const Kept& kept) {
    if (!kept.is_there) return std::nullopt;
    if (kept.commitment.empty()) return Check::kStrayPersonal;
    if (kept.commitment != as_text(commitment_of(part, kept.salt, kept.data)))
      return Check::kCommitment;
    return std::nullopt;
  }

  bool agrees_with_signed(std::int64_t seq, const crypto::Digest& hash) {
    for (; heads_done_ < heads_.size() && heads_[heads_done_].seq <= seq; ++heads_done_) {
      if (heads_[heads_done_].hash != hash) return false;
      verdict_.signed_seq = seq;
    }
    return true;
  }

  const std::vector<Head> heads_;  ///< in the order of their places
  std::size_t heads_done_ = 0;
  std::size_t line_ = 0;
  Verdict verdict_;
};

class Walks {
 public:
  explicit Walks(Heads heads) : heads_(std::move(heads)) {}

  void take(const std::string& line, std::size_t number) {
    if (is_head(line)) return;
    const auto parsed = ParsedRecord::parse(line);
    if (!parsed) {
      heads_.faults.push_back({number, "it is no line of an export: it was changed"});
      return;
    }
    const Record record = parsed->view();
    const std::string scope(record.columns.scope);
    const auto heads = heads_.by_scope.find(scope);
    const auto walk = chains_.try_emplace(
        scope, scope, heads == heads_.by_scope.end() ? std::vector<Head>() : heads->second);
    walk.first->second.take(line, number, record);
  }

  Report report() {
    std::string text;
    std::size_t broken = 0;
    for (const LineFault& fault : heads_.faults)
      text += fmt::format("BROKEN  line {}: {}\n", fault.line, fault.text);
    for (auto& [scope, walk] : chains_) {
      walk.finish();
      if (!walk.verdict().is_whole()) ++broken;
      text += line_of_chain(walk);
    }
    if (chains_.empty()) text += "BROKEN  there is no event in the file\n";
    if (heads_.unknown > 0)
      text +=
          fmt::format("{} heads are signed by keys that were not named, and count for nothing\n",
                      heads_.unknown);
    text += fmt::format("{} chains are whole, {} broken\n", chains_.size() - broken, broken);
    return {std::move(text), broken == 0 && heads_.faults.empty() && !chains_.empty()};
  }

 private:
  static std::string line_of_chain(const ChainWalk& walk) {
    const Verdict& verdict = walk.verdict();
    const std::string name = scope_name(verdict.end.scope);
    if (verdict.fault) {
      return fmt::format("BROKEN  {}  at event {}, line {}: {}\n", name, verdict.fault->seq,
                         walk.line(), describe(verdict.fault->check));
    }
    std::string facts = fmt::format("{} events", verdict.events);
    if (verdict.erased > 0) facts += fmt::format(", {} with erased data", verdict.erased);
    facts += verdict.signed_seq > 0 ? fmt::format(", signed up to {}", verdict.signed_seq)
                                    : std::string(
                                          ", not signed: an end that was cut off can't be "
                                          "told");
    return fmt::format("whole   {}  {}\n", name, facts);
  }

  Heads heads_;
  std::map<std::string, ChainWalk> chains_;
};

}  // namespace

Result<Report> verify_export(const std::filesystem::path& file, std::span<const PublicKey> keys) {
  TRY(auto heads, read_heads_of(file, keys));
  TRY(auto lines, Lines::open(file));
  Walks walks(std::move(heads));
  while (const std::string* line = lines.next()) walks.take(*line, lines.number());
  return walks.report();
}

}  // namespace flowsell::audit
