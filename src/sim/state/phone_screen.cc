#include "state/phone_screen.h"

namespace flowsell::sim {

void PhoneScreen::add(Shown message) {
  const std::lock_guard lock(mutex_);
  messages_.push_back(std::move(message));
  if (messages_.size() <= kKeptMax) return;
  messages_.pop_front();
  ++first_;
}

std::string PhoneScreen::list(std::uint64_t position) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  json::Writer out;
  out.begin_object().key("messages").begin_array();
  const std::lock_guard lock(mutex_);
  // Nobody has looked for a minute: what was kept is old.
  if (!is_watched()) {
    first_ += messages_.size();
    messages_.clear();
  }
  watched_until_ = until.time_since_epoch().count();
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    const auto at = first_ + i + 1;
    if (at <= position) continue;
    const auto& message = messages_[i];
    out.begin_object().key("position").integer(static_cast<std::int64_t>(at));
    out.key("id").string(message.id).key("phone_number_id").string(message.phone_number_id);
    out.key("person").string(message.person).key("at").string(format_time(message.at));
    out.key("body").raw(message.body).end_object();
  }
  out.end_array().end_object();
  return std::move(out).take();
}

}  // namespace flowsell::sim
