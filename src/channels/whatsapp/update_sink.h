#pragma once

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "channel/updates.h"
#include "json/json.h"
#include "json/writer.h"

namespace flowsell::whatsapp {

/// What a change is about, with what stands beside its elements.
struct ChangeContext {
  std::string_view field;                 ///< Meta's name, safe to show
  std::string_view address;               ///< phone-number id; empty: told of the account
  std::string_view account;               ///< WABA id
  const json::Array* contacts = nullptr;  ///< may be missing
  std::optional<Time> at;                 ///< of the entry
  Time now;
};

/// Collects the updates of one body.
class UpdateSink {
 public:
  void add(channel::Update update);
  /// What is added from here on comes from there: the first update has it.
  void at(channel::Source source) { source_ = std::move(source); }
  /// `what` is all that was said: its digest tells the update from others.
  void unknown(const json::Value& what, std::string_view address, std::string_view field,
               std::string_view provider_id = {}, std::optional<Time> at = std::nullopt);
  /// `fields` is nobody's words or names, `content` the rest: both have an object open.
  void notice(channel::Notice notice, json::Writer fields, json::Writer content,
              const json::Value& what);
  /// Of a piece that is no element of its own: its fields are what was said.
  void notice(channel::Notice notice, json::Writer fields, json::Writer content);

  std::size_t size() const noexcept { return updates_.size(); }
  std::vector<channel::Update> take() && { return std::move(updates_); }

 private:
  std::vector<channel::Update> updates_;
  channel::Source source_;
};

/// A notice of a change, with what all have.
channel::Notice notice_of(const ChangeContext& change, channel::NoticeKind kind);

}  // namespace flowsell::whatsapp
