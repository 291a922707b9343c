// What POST /v1/messages has answered survives power cuts: the whole of accept, with its outbox,
// keys, quota and events, lives several times on one disk that loses what was not synced.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>

#include "json/json.h"
#include "messaging_world.h"
#include "server_life.h"
#include "telemetry/log.h"

namespace flowsell::messaging {
namespace {

using testing::IsEmpty;
using Sync = store::PowerCutVfs::Sync;
using enum channel::MessageStatus;

using Random = std::mt19937_64;
using Ids = std::set<MessageId>;
using Numbers = std::set<int>;

constexpr int kLives = 3;  ///< of which all but the last end in a power cut
constexpr int kClients = 12;
constexpr int kRequestsEach = 100;
constexpr int kRecipients = 9;
constexpr int kSyncFailsEvery = 15;  ///< requests of one client, where syncs fail
constexpr std::uint64_t kStepsOfALoad = 800;
constexpr std::uint64_t kStepsOfARecovery = 12;
constexpr std::int64_t kSmallQuota = 300;

// ---- requests: each has a number, which says all about it

bool has_key(int number) { return number % 2 != 0; }
std::string text_of(int number) { return "number " + std::to_string(number); }
std::string recipient_of(int number) {
  return "+1415555010" + std::to_string(number % kRecipients);
}
std::string body_of(int number) {
  return MessagingWorld::text_json(recipient_of(number), text_of(number));
}
std::optional<std::string> key_of(int number) {
  return has_key(number) ? std::optional("key " + std::to_string(number)) : std::nullopt;
}

/// What the clients asked for, and what they were told. Members may be read while no client runs.
class Book {
 public:
  /// A new number, or an old one with a key.
  int choose(Random& random) {
    const std::lock_guard lock(mutex_);
    if (next_ < 20 || random() % 5 != 0) return next_++;
    const int back = static_cast<int>(random() % (random() % 2 == 0 ? 20 : 200));
    return std::max(next_ - 1 - back, 0) | 1;
  }
  void ask(const MessageId& id, int number) {
    const std::lock_guard lock(mutex_);
    asked.emplace(id, number);
  }
  void answer(const MessageId& id, int number, const Result<Accepted>& result, bool has_power) {
    const std::lock_guard lock(mutex_);
    if (result) {
      acknowledged[number].insert(result->row->id);
      ++(result->replayed ? replayed : accepted);
      return;
    }
    ++refused;
    if (!has_power) return;
    refused_for_good.insert(id);
    const ErrorCode code = result.error().code;
    if (code == ErrorCode::kQuotaExhausted) ++over_quota;
    const bool is_expected =
        code == ErrorCode::kStoreUnavailable || code == ErrorCode::kQuotaExhausted;
    if (!is_expected) surprises.push_back(result.error().detail);
  }
  void answer_to_another_body(int number, const Result<Accepted>& result) {
    const std::lock_guard lock(mutex_);
    const bool is_refused = !result && result.error().code == ErrorCode::kIdempotencyKeyReused;
    (is_refused ? other_body_refused : other_body_taken).insert(number);
  }

  std::map<MessageId, int> asked;  ///< each request under the id that it would get
  std::map<int, Ids> acknowledged;
  Ids refused_for_good;  ///< while the power was there: they must never come back
  std::vector<std::string> surprises;
  Numbers other_body_refused, other_body_taken;
  std::size_t accepted = 0, replayed = 0, refused = 0, over_quota = 0;
  int next() const { return next_; }

 private:
  std::mutex mutex_;
  int next_ = 0;
};

/// Asks for one number.
Awaitable<Result<Accepted>> ask_for(Machine& machine, ServerLife& server, Book& book, int number) {
  const MessageId id = server.accept.next_id();
  book.ask(id, number);
  auto result = co_await server.send(id, body_of(number), key_of(number));
  book.answer(id, number, result, !machine.disk.is_cut());
  co_return result;
}

struct Load {
  std::uint64_t seed;
  bool fails_syncs;
};

Awaitable<void> ask_until_the_cut(Machine& machine, ServerLife& server, Book& book, Load load) {
  Random random(load.seed);
  for (int i = 1; i <= kRequestsEach && !machine.disk.is_cut(); ++i) {
    if (load.fails_syncs && i % kSyncFailsEvery == 0) machine.disk.fail_syncs(1);
    (void)co_await ask_for(machine, server, book, book.choose(random));
  }
}

/// Asks again for every number of the client's share that has a key; where it is taken, also with
/// another body.
Awaitable<void> ask_again(Machine& machine, ServerLife& server, Book& book, int client) {
  for (int number = 2 * client + 1; number < book.next(); number += 2 * kClients) {
    const auto same = co_await ask_for(machine, server, book, number);
    if (!same) continue;
    auto other = co_await server.send(server.accept.next_id(), body_of(number + kRecipients),
                                      key_of(number));
    book.answer_to_another_body(number, other);
  }
}

/// Runs `client(0)`, `client(1)` ... beside each other to their ends.
template <class F>
void run_clients(ServerLife& server, F client) {
  std::vector<std::future<void>> ends;
  for (int i = 0; i < kClients; ++i) {
    auto& context = server.pool.context(static_cast<std::size_t>(i) % server.pool.size());
    ends.push_back(net::co_spawn(context, client(i), net::use_future));
  }
  for (auto& end : ends) end.get();
}

// ---- what is on the disk

const store::Sql kIntegrity("PRAGMA integrity_check");
const store::Sql kQueuedSends("SELECT id FROM queued_jobs WHERE kind = 1");
const store::Sql kClaimedSends("SELECT id FROM claimed_jobs WHERE kind = 1");
const store::Sql kJobs(
    "SELECT (SELECT COUNT(*) FROM queued_jobs) + (SELECT COUNT(*) FROM claimed_jobs)");
const store::Sql kMessages("SELECT id, status FROM messages");
const store::Sql kEvents("SELECT COUNT(*) FROM events");
const store::Sql kDistinctEvents(
    "SELECT COUNT(*) FROM (SELECT DISTINCT type, subject FROM events) AS told");

Ids ids_now(store::Database& db, const store::Sql& sql) {
  return testkit::in_snapshot(db, [&](store::Connection& connection) -> Result<Ids> {
    Ids ids;
    CHECK_OK(connection.query(sql, {},
                              [&](const store::Row& row) { ids.insert(row.id<MessageId>(0)); }));
    return ids;
  });
}

using Messages = std::map<MessageId, channel::MessageStatus>;

Messages messages_now(store::Database& db) {
  return testkit::in_snapshot(db, [](store::Connection& connection) -> Result<Messages> {
    Messages found;
    CHECK_OK(connection.query(kMessages, {}, [&](const store::Row& row) {
      found[row.id<MessageId>(0)] = static_cast<channel::MessageStatus>(row.integer(1));
    }));
    return found;
  });
}

struct Contents {
  bool is_sound = false;
  Messages messages;
  Ids queued, claimed;
  std::int64_t jobs = 0;
  std::int64_t quota_used = 0;
  std::int64_t counted_as_accepted = 0;
  std::int64_t events = 0;
  std::int64_t distinct_events = 0;

  /// A message that is begun has no row until its outcome is stored.
  void add_begun(const std::vector<MessageRow>& rows) {
    for (const MessageRow& row : rows) {
      if (!messages.emplace(row.id, row.status).second && messages.at(row.id) != kSending) continue;
      if (!queued.contains(row.id)) claimed.insert(row.id);
    }
  }

  Ids with_status(channel::MessageStatus status) const {
    Ids ids;
    for (const auto& [id, is] : messages) {
      if (is == status) ids.insert(id);
    }
    return ids;
  }
};

std::int64_t quota_used_now(ServerLife& server, const metering::QuotaKey& key) {
  return testkit::in_snapshot(*server.db,
                              [&](store::Connection& db) {
                                return metering::read_quota(db, server.limits, key,
                                                            server.clock.now());
                              })
      .used;
}

std::int64_t counted_as_accepted_now(ServerLife& server, const metering::QuotaKey& key) {
  const auto today = metering::day_of(server.clock.now());
  const auto days = testkit::in_snapshot(*server.db, [&](store::Connection& db) {
    return metering::read_usage(db, key, today - 1, today);
  });
  std::int64_t sum = 0;
  for (const auto& day : days) sum += day.counts.at(0);
  return sum;
}

Contents look_at(const Machine& machine, ServerLife& server) {
  const metering::QuotaKey key{machine.caller.workspace, machine.caller.mode};
  Contents found;
  found.is_sound = testkit::texts(*server.db, kIntegrity) == std::vector<std::string>{"ok"};
  found.messages = messages_now(*server.db);
  found.queued = ids_now(*server.db, kQueuedSends);
  found.claimed = ids_now(*server.db, kClaimedSends);
  found.add_begun(begun_now(*server.db));
  found.jobs = testkit::numbers(*server.db, kJobs).at(0);
  found.quota_used = quota_used_now(server, key);
  found.counted_as_accepted = counted_as_accepted_now(server, key);
  found.events = testkit::numbers(*server.db, kEvents).at(0);
  found.distinct_events = testkit::numbers(*server.db, kDistinctEvents).at(0);
  return found;
}

// ---- what others were told

std::string text_at(const json::Object& object, std::string_view key) {
  return std::string(std::string_view(object.at(key).as_string()));
}

/// The texts that the provider got for each message.
std::map<MessageId, std::vector<std::string>> calls_of(testkit::HttpImposter& provider) {
  std::map<MessageId, std::vector<std::string>> calls;
  for (const auto& seen : provider.wait_for(0)) {
    const auto document = json::parse(seen.body);
    const auto& object = document->root().as_object();
    calls[*MessageId::parse(text_at(object, "ref"))].push_back(text_at(object, "text"));
  }
  return calls;
}

Ids told_to(testkit::HttpImposter& customer) {
  Ids told;
  for (const auto& seen : customer.wait_for(0)) {
    const auto document = json::parse(seen.body);
    const auto& data = document->root().as_object().at("data").as_object();
    told.insert(*MessageId::parse(text_at(data.at("message").as_object(), "id")));
  }
  return told;
}

// ---- a round: several lives of one machine

struct Round {
  Book book;
  std::vector<Contents> after_cuts;  ///< as the next life found them, before its recovery
  Contents at_the_end;
  std::map<MessageId, std::vector<std::string>> calls;
  Ids told;
  bool with_endpoint = false;
  bool ended = false;
  std::string why_not;  ///< why it did not end

  Ids lost() const {
    Ids out;
    for (const auto& [number, ids] : book.acknowledged) {
      std::ranges::copy_if(ids, std::inserter(out, out.end()),
                           [this](const auto& id) { return !at_the_end.messages.contains(id); });
    }
    return out;
  }
  Ids refused_and_yet_there() const {
    return those_of(at_the_end.messages,
                    [this](const auto& row) { return book.refused_for_good.contains(row.first); });
  }
  Ids there_though_not_answered() const {
    Ids out = those_of(at_the_end.messages, [](const auto&) { return true; });
    for (const auto& [number, ids] : book.acknowledged) {
      for (const MessageId& id : ids) out.erase(id);
    }
    return out;
  }
  Ids never_asked_for() const {
    return those_of(at_the_end.messages,
                    [this](const auto& row) { return !book.asked.contains(row.first); });
  }
  /// Numbers that made two messages, or were answered with two.
  Numbers made_twice() const {
    Numbers seen, twice;
    for (const auto& [id, status] : at_the_end.messages) {
      const auto asked = book.asked.find(id);
      if (asked != book.asked.end() && !seen.insert(asked->second).second)
        twice.insert(asked->second);
    }
    for (const auto& [number, ids] : book.acknowledged) {
      if (ids.size() > 1) twice.insert(number);
    }
    return twice;
  }
  Ids claimed_at_a_cut() const {
    Ids out;
    for (const Contents& each : after_cuts) out.insert(each.claimed.begin(), each.claimed.end());
    return out;
  }
  Ids sent_twice() const {
    return those_of(calls, [](const auto& call) { return call.second.size() > 1; });
  }
  Ids sent_though_not_stored() const {
    return those_of(calls,
                    [this](const auto& call) { return !at_the_end.messages.contains(call.first); });
  }
  Ids sent_with_another_text() const {
    return those_of(calls, [this](const auto& call) {
      const auto asked = book.asked.find(call.first);
      return asked == book.asked.end() || call.second.at(0) != text_of(asked->second);
    });
  }
  Ids called_sent_but_were_not() const {
    return those_of(at_the_end.messages, [this](const auto& row) {
      return row.second == kSent && !calls.contains(row.first);
    });
  }
  Ids neither_sent_nor_unknown() const {
    return those_of(at_the_end.messages,
                    [](const auto& row) { return row.second != kSent && row.second != kUnknown; });
  }
  Ids untold() const {
    return those_of(at_the_end.messages,
                    [this](const auto& row) { return with_endpoint && !told.contains(row.first); });
  }

 private:
  template <class Map, class F>
  static Ids those_of(const Map& map, F is_one) {
    Ids out;
    for (const auto& each : map) {
      if (is_one(each)) out.insert(each.first);
    }
    return out;
  }
};

struct RoundOptions {
  std::uint64_t seed = 1;
  Sync sync = Sync::kHonest;
  bool fails_syncs = false;
};

MachineOptions machine_for(const RoundOptions& options) {
  MachineOptions out;
  out.seed = options.seed;
  out.sync = options.sync;
  out.log_pages = 16 + options.seed % 48;
  out.concurrency = 2 + options.seed % 9;
  if (options.seed % 5 == 1) out.quota = kSmallQuota;
  out.with_endpoint = options.seed % 3 == 0;
  return out;
}

void live_until_the_cut(Machine& machine, Round& round, Random& random, bool fails_syncs) {
  const bool is_soon = random() % 3 == 0;
  machine.disk.cut_at_step(1 + random() % (is_soon ? kStepsOfARecovery : kStepsOfALoad));
  const std::uint64_t seed = random();
  if (const auto server = ServerLife::begin(machine)) {
    round.after_cuts.push_back(look_at(machine, **server));
    if ((*server)->start()) {
      run_clients(**server, [&](int client) {
        const Load load{seed + static_cast<std::uint64_t>(client), fails_syncs && client == 0};
        return ask_until_the_cut(machine, **server, round.book, load);
      });
    }
    machine.disk.cut_now();  // if all was asked before
  }
  machine.disk.restore_power();
}

void live_to_the_end(Machine& machine, Round& round) {
  const auto server = ServerLife::begin(machine);
  if (!server) throw std::runtime_error(server.error().detail);
  round.after_cuts.push_back(look_at(machine, **server));
  if (const auto started = (*server)->start(); !started)
    throw std::runtime_error(started.error().detail);
  run_clients(**server,
              [&](int client) { return ask_again(machine, **server, round.book, client); });
  round.ended = (*server)->drain();
  if (!round.ended) round.why_not = "the outbox was not drained";
  round.at_the_end = look_at(machine, **server);
}

void live(Machine& machine, const RoundOptions& options, Round& round) {
  Random random(options.seed);
  for (int life = 1; life < kLives; ++life) {
    live_until_the_cut(machine, round, random, options.fails_syncs);
  }
  live_to_the_end(machine, round);
}

void run_round(const RoundOptions& options, Round& round) {
  try {
    Machine machine(machine_for(options));
    round.with_endpoint = machine.options.with_endpoint;
    live(machine, options, round);
    round.calls = calls_of(machine.provider);
    round.told = told_to(machine.customer);
  } catch (const std::exception& thrown) {
    round.ended = false;
    round.why_not = thrown.what();
  }
}

// ---- what must be so

void expect_consistent(const Contents& contents) {
  const auto rows = static_cast<std::int64_t>(contents.messages.size());
  EXPECT_TRUE(contents.is_sound);
  EXPECT_EQ(contents.quota_used, rows);
  EXPECT_EQ(contents.counted_as_accepted, rows);
  EXPECT_EQ(contents.with_status(kAccepted), contents.queued);
  EXPECT_EQ(contents.with_status(kSending), contents.claimed);
  EXPECT_EQ(contents.events, contents.distinct_events);
}

void expect_nothing_lost(const Round& round) {
  EXPECT_THAT(round.lost(), IsEmpty());
  EXPECT_THAT(round.refused_and_yet_there(), IsEmpty());
  EXPECT_THAT(round.never_asked_for(), IsEmpty());
  EXPECT_THAT(round.book.surprises, IsEmpty());
}

void expect_keys_kept(const Round& round) {
  EXPECT_THAT(round.made_twice(), IsEmpty());
  EXPECT_THAT(round.book.other_body_taken, IsEmpty());
}

void expect_sent_at_most_once(const Round& round) {
  EXPECT_THAT(round.sent_twice(), IsEmpty());
  EXPECT_THAT(round.sent_though_not_stored(), IsEmpty());
  EXPECT_THAT(round.sent_with_another_text(), IsEmpty());
  EXPECT_THAT(round.called_sent_but_were_not(), IsEmpty());
}

void expect_all_settled(const Round& round) {
  const std::int64_t events_each = round.with_endpoint ? 2 : 1;
  EXPECT_THAT(round.neither_sent_nor_unknown(), IsEmpty());
  EXPECT_EQ(round.at_the_end.with_status(kUnknown), round.claimed_at_a_cut());
  EXPECT_EQ(round.at_the_end.jobs, 0);
  EXPECT_EQ(round.at_the_end.events,
            events_each * static_cast<std::int64_t>(round.at_the_end.messages.size()));
  EXPECT_THAT(round.untold(), IsEmpty());
}

void expect_all_kept(const Round& round) {
  ASSERT_TRUE(round.ended) << round.why_not;
  for (const Contents& each : round.after_cuts) expect_consistent(each);
  expect_consistent(round.at_the_end);
  expect_nothing_lost(round);
  expect_keys_kept(round);
  expect_sent_at_most_once(round);
  expect_all_settled(round);
}

/// The figures of several rounds, to be read by whoever runs them.
class Figures {
 public:
  void add(const Round& round) {
    const std::lock_guard lock(mutex_);
    ++rounds_;
    asked_ += round.book.asked.size();
    accepted_ += round.book.accepted;
    replayed_ += round.book.replayed;
    refused_ += round.book.refused;
    refused_for_good_ += round.book.refused_for_good.size();
    over_quota_ += round.book.over_quota;
    rows_ += round.at_the_end.messages.size();
    unanswered_ += round.there_though_not_answered().size();
    quota_used_ += round.at_the_end.quota_used;
    lost_ += round.lost().size();
    for (const Contents& each : round.after_cuts) queued_ += each.queued.size();
    claimed_ += round.claimed_at_a_cut().size();
    unknown_ += round.at_the_end.with_status(kUnknown).size();
    sent_ += round.at_the_end.with_status(kSent).size();
    calls_ += round.calls.size();
    twice_ += round.sent_twice().size();
    other_body_refused_ += round.book.other_body_refused.size();
  }
  void print(const char* title) const {
    std::cout << "  " << title << ": " << rounds_ << " rounds, " << rounds_ * (kLives - 1)
              << " power cuts\n    asked " << asked_ << " = accepted " << accepted_
              << " + replayed " << replayed_ << " + refused " << refused_ << " (over quota "
              << over_quota_ << "; with the power on " << refused_for_good_ << ")\n    messages "
              << rows_ << " (answered nobody " << unanswered_ << ") = quota used " << quota_used_
              << "; acknowledged and lost " << lost_ << "\n    found after the cuts: queued "
              << queued_ << ", claimed " << claimed_ << "; in the end: sent " << sent_
              << " + unknown " << unknown_ << "; the provider saw " << calls_ << ", twice "
              << twice_ << "\n    keys that refused another body " << other_body_refused_
              << std::endl;
  }

 private:
  std::mutex mutex_;
  std::size_t rounds_ = 0, asked_ = 0, accepted_ = 0, replayed_ = 0, refused_ = 0,
              refused_for_good_ = 0, over_quota_ = 0, rows_ = 0, unanswered_ = 0, lost_ = 0,
              queued_ = 0, claimed_ = 0, unknown_ = 0, sent_ = 0, calls_ = 0, twice_ = 0,
              other_body_refused_ = 0;
  std::int64_t quota_used_ = 0;
};

/// Every cut leaves warnings in dozens; they would hide the figures.
class PowerCutAccept : public testing::Test {
 protected:
  static void SetUpTestSuite() { log::configure(log::Level::kError, log::Format::kConsole); }
  static void TearDownTestSuite() { log::configure(log::Level::kWarn, log::Format::kConsole); }
};

class PowerCutAcceptOnAnHonestDisk : public PowerCutAccept,
                                     public testing::WithParamInterface<std::uint64_t> {
 protected:
  static void SetUpTestSuite() {
    PowerCutAccept::SetUpTestSuite();
    figures = std::make_unique<Figures>();
  }
  static void TearDownTestSuite() {
    figures->print("honest disk");
    figures.reset();
    PowerCutAccept::TearDownTestSuite();
  }
  static inline std::unique_ptr<Figures> figures;
};

TEST_P(PowerCutAcceptOnAnHonestDisk, KeepsWhatWasAnsweredAndSendsNothingTwice) {
  Round round;
  run_round({.seed = GetParam()}, round);
  figures->add(round);
  expect_all_kept(round);
}
INSTANTIATE_TEST_SUITE_P(Seeds, PowerCutAcceptOnAnHonestDisk, testing::Range<std::uint64_t>(1, 33));

/// Beside each other: an attempt whose end could not be stored waits a second.
std::vector<std::unique_ptr<Round>> run_rounds(std::uint64_t count, const RoundOptions& options) {
  std::vector<std::unique_ptr<Round>> rounds;
  std::vector<std::future<void>> ends;
  for (std::uint64_t i = 0; i < count; ++i) {
    RoundOptions own = options;
    own.seed += i;
    Round& round = *rounds.emplace_back(std::make_unique<Round>());
    ends.push_back(std::async(std::launch::async, [own, &round] { run_round(own, round); }));
  }
  for (auto& end : ends) end.get();
  return rounds;
}

TEST_F(PowerCutAccept, KeepsWhatWasAnsweredThoughSyncsFail) {
  Figures figures;
  for (const auto& round : run_rounds(8, {.seed = 100, .fails_syncs = true})) {
    figures.add(*round);
    expect_all_kept(*round);
  }
  figures.print("syncs fail");
}

TEST_F(PowerCutAccept, NoticesTheLossWhenTheDiskLiesAboutSyncs) {
  int rounds_with_loss = 0;
  for (const auto& round : run_rounds(8, {.seed = 200, .sync = Sync::kIgnored})) {
    if (!round->ended || !round->lost().empty()) ++rounds_with_loss;
  }
  EXPECT_GE(rounds_with_loss, 4);
}

}  // namespace
}  // namespace flowsell::messaging
