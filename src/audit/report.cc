#include "audit/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "audit/event.h"
#include "core/encoding.h"
#include "store/change.h"

namespace flowsell::audit {
namespace {

class Writing {
 public:
  explicit Writing(std::vector<Head> heads) : heads_(std::move(heads)) {}

  Result<> add(const ReportSource& source) {
    for (std::string scope;;) {
      TRY(const auto next,
          store::read_now(source.db, [&](store::Connection& db) { return next_scope(db, scope); }));
      if (!next) return {};
      scope = *next;
      TRY(const auto verdict, store::read_now(source.db, [&](store::Connection& db) {
            return verify(db, scope, heads_of(scope));
          }));
      add_chain(source.name, verdict);
    }
  }

  /// The chains that are nowhere, though they were signed.
  void add_lost() {
    for (const Head& head : heads_) {
      if (seen_.contains(head.scope)) continue;
      Verdict verdict;
      verdict.end.scope = head.scope;
      verdict.fault = Fault{1, Check::kTailCut};
      add_chain("", verdict);
    }
  }

  void line(std::string_view text) { text_.append(text).append("\n"); }
  std::string take() && { return std::move(text_); }
  std::size_t whole() const noexcept { return whole_; }
  std::size_t broken() const noexcept { return broken_; }

 private:
  /// They stand in the order of their scopes, one for each.
  std::span<const Head> heads_of(const std::string& scope) const {
    const auto found = std::ranges::lower_bound(heads_, scope, {}, &Head::scope);
    if (found == heads_.end() || found->scope != scope) return {};
    return {&*found, 1};
  }

  void add_chain(std::string_view source, const Verdict& verdict) {
    seen_.insert(verdict.end.scope);
    const std::string name =
        fmt::format("{}{}{}", source, source.empty() ? "" : ": ", scope_name(verdict.end.scope));
    if (verdict.fault) {
      ++broken_;
      return line(fmt::format("BROKEN  {}  at event {}: {}", name, verdict.fault->seq,
                              describe(verdict.fault->check)));
    }
    ++whole_;
    std::string facts = fmt::format("{} events", verdict.events);
    if (verdict.erased > 0) facts += fmt::format(", {} with erased data", verdict.erased);
    facts += verdict.signed_seq > 0 ? fmt::format(", signed up to {}", verdict.signed_seq)
                                    : std::string(", not signed yet");
    line(fmt::format("whole   {}  {}", name, facts));
  }

  const std::vector<Head> heads_;
  std::set<std::string> seen_;
  std::string text_;
  std::size_t whole_ = 0;
  std::size_t broken_ = 0;
};

std::vector<Head> heads_in(const HeadsRead& file) {
  std::vector<Head> heads;
  heads.reserve(file.newest.size());
  for (const SignedHead& each : file.newest) heads.push_back(each.head);
  return heads;
}

/// What is wrong with the file itself; true when nothing is.
bool add_file(Writing& out, const std::string& name, const HeadsRead& file) {
  for (const BadLine& bad : file.bad)
    out.line(fmt::format("BROKEN  {}  line {}: {}", name, bad.line, describe(bad.why)));
  if (file.is_torn)
    out.line(fmt::format("        {}  its last line was cut short, and is passed over", name));
  return file.bad.empty();
}

}  // namespace

Result<Report> verify_report(std::span<const ReportSource> sources,
                             const std::filesystem::path& head_file,
                             std::span<const PublicKey> keys) {
  // Before the snapshots: a head must never be newer than what it is compared with.
  auto heads = read_heads(head_file, keys);
  const bool has_file = heads.has_value();
  if (!has_file && heads.error().code != ErrorCode::kNotFound)
    return std::unexpected(std::move(heads).error());
  Writing out(has_file ? heads_in(*heads) : std::vector<Head>());
  for (const ReportSource& source : sources) CHECK_OK(out.add(source));
  out.add_lost();
  const std::string name = head_file.filename().string();
  bool is_file_good = true;
  if (has_file) {
    is_file_good = add_file(out, name, *heads);
  } else if (out.whole() + out.broken() > 0) {
    is_file_good = false;
    out.line(fmt::format("BROKEN  {}  is not there: a tail that was cut off can't be told", name));
  }
  out.line(fmt::format("{} chains are whole, {} broken; heads are signed by {}", out.whole(),
                       out.broken(), keys.empty() ? "nobody" : hex_encode(keys.front())));
  const bool is_whole = out.broken() == 0 && is_file_good;
  return Report{std::move(out).take(), is_whole};
}

}  // namespace flowsell::audit
