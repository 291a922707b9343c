#include "key_rotation.h"

#include <chrono>
#include <utility>

#include "core/failpoint.h"
#include "telemetry/log.h"

namespace flowsell::app {
namespace {

constexpr std::chrono::seconds kPause{2};

}  // namespace

KeyRotation::KeyRotation(Process& process, store::Database& shared, std::string name, Names live)
    : roots_{process.keys.ring, process.keys.former},
      desk_{shared, roots_, process.ids, process.clock},
      name_(std::move(name)),
      live_(std::move(live)),
      master_(process.keys.master) {
  process.metrics.gauge("connect_master_key_rotating",
                        "1 while one master key takes the place of another.",
                        [this] { return is_open_ ? 1.0 : 0.0; });
}

KeyRotation::~KeyRotation() { stop(); }

void KeyRotation::start() {
  thread_ = std::thread([this] { run(); });
}

void KeyRotation::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void KeyRotation::run() {
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    lock.unlock();
    tell(work());
    lock.lock();
    changed_.wait_for(lock, kPause, [this] { return is_stopping_; });
  }
}

void KeyRotation::tell(const Result<>& done) {
  const std::string why = done ? "" : done.error().detail;
  if (!why.empty() && why != told_)
    log::error("the master key could not be rotated", {{"why", why}});
  told_ = why;
}

Result<> KeyRotation::work() {
  CHECK_OK(find_next());
  if (master_.next && !is_accepted_) CHECK_OK(adopt());
  return is_open_ ? finish() : Result<>{};
}

Result<> KeyRotation::find_next() {
  if (!master_.files || !master_.files->has_next()) return {};
  // What was seen of it before may have been replaced.
  TRY(master_.next, master_.files->next());
  is_accepted_ = false;
  return {};
}

Result<> KeyRotation::adopt() {
  is_open_ = true;
  TRY(const auto begun, vault::seal_under(desk_, *master_.next, name_, live_()));
  if (begun == vault::Begun::kGaveWay) return give_way();
  if (begun == vault::Begun::kNow)
    log::info("the master key is rotated", {{"next", master_.next->id()}});
  failpoint("rotation.sealed");
  CHECK_OK(vault::check_sealed(desk_, *master_.next));
  is_accepted_ = true;
  if (!master_.files) {
    log::info("the next master key opens all: restart each server with it as its master key",
              {{"next", master_.next->id()}});
    return {};
  }
  // While this process was away another rotation went on; the next key opens all, as was seen.
  TRY(const bool was_overtaken, master_.files->has_older_former());
  if (was_overtaken) CHECK_OK(master_.files->destroy_former());
  CHECK_OK(master_.files->take_next());
  failpoint("rotation.taken");
  master_.current = *std::exchange(master_.next, std::nullopt);
  return {};
}

/// Another process has begun with another key. It waits until this one has that key too.
Result<> KeyRotation::give_way() {
  TRY(const auto masters, vault::masters_of(desk_.shared));
  const std::string under_way = masters.empty() ? std::string() : masters.back();
  if (!master_.files) {
    return fail(ErrorCode::kConflict, "another rotation is under way, to " + under_way +
                                          ": give this server that key as its next one");
  }
  CHECK_OK(master_.files->refuse_next());
  log::error(
      "another rotation of the master key is under way: the key that came is set aside, as "
      "master.key.refused. Bring the other one as master.key.next",
      {{"refused", master_.next->id()}, {"under_way", under_way}});
  master_.next.reset();
  return {};
}

Result<> KeyRotation::finish() {
  TRY(const auto retired, vault::retire_others(desk_, master_.current, name_, live_()));
  if (retired == vault::Retired::kWaits) return {};
  failpoint("rotation.retired");
  if (master_.files) CHECK_OK(master_.files->destroy_former());
  if (retired == vault::Retired::kDone)
    log::info("the master key was rotated", {{"master_key", master_.current.id()}});
  is_open_ = false;
  return {};
}

}  // namespace flowsell::app
