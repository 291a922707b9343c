#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "accounts/accounts.h"
#include "accounts/schema.h"
#include "audit/audit_log.h"
#include "mail/letter.h"
#include "mail/postman.h"
#include "mail/schema.h"
#include "mail/templates.h"
#include "mail/transport.h"
#include "testkit/database.h"
#include "testkit/io.h"

namespace flowsell::accounts {

using namespace std::chrono_literals;
using testkit::code_of;

inline constexpr const char* kPassword = "umbrella kettle Tuesday moss";
inline constexpr const char* kOther = "violet harbour seventeen lamps";
inline constexpr const char* kEmail = "asha@example.com";

/// Keeps what is sent.
class Letterbox final : public mail::Transport {
 public:
  mail::Outcome send(const mail::Letter& letter) override {
    letters.emplace_back(letter.to.reveal(), letter.data.reveal());
    return {.end = mail::Outcome::End::kSent};
  }
  std::vector<std::pair<std::string, std::string>> letters;  ///< to, what
};

class AccountsTest : public testing::Test {
 protected:
  using CountPasskeys = decltype(Accounts::Rooms::count_passkeys);

  AccountsTest() : AccountsTest({}, {}) {}
  /// For rooms that build on accounts: their tables, and what accounts is to ask them.
  AccountsTest(std::vector<testkit::Migrations> more_tables, CountPasskeys count_passkeys)
      : tables_(std::move(more_tables)), count_passkeys_(std::move(count_passkeys)) {
    pool_.start();
  }
  ~AccountsTest() override {
    pool_.stop();
    passwords_.stop();
    db_->stop();
  }

  template <class T>
  T run(Awaitable<T> work) {
    return testkit::run(pool_, std::move(work));
  }
  Result<> sign_up(const std::string& email = kEmail, const std::string& password = kPassword) {
    return run(accounts_.sign_up({email, "Asha", Secret(password), "2026-11"}, from_));
  }
  /// The token in the last mail to the address.
  Secret token_for(const std::string& email = kEmail) {
    EXPECT_TRUE(postman_.send_due());
    for (auto letter = box_.letters.rbegin(); letter != box_.letters.rend(); ++letter) {
      if (letter->first != email) continue;
      const std::string text = mail::read_letter(letter->second)->text;
      const auto at = text.find("#token=");
      if (at != std::string::npos) return Secret(text.substr(at + 7, 43));
    }
    ADD_FAILURE() << "no mail with a token";
    return Secret();
  }
  std::size_t mails_to(const std::string& email) {
    EXPECT_TRUE(postman_.send_due());
    return static_cast<std::size_t>(
        std::ranges::count(box_.letters, email, &std::pair<std::string, std::string>::first));
  }
  /// The text of the last one.
  std::string last_mail_to(const std::string& email) {
    EXPECT_TRUE(postman_.send_due());
    for (auto letter = box_.letters.rbegin(); letter != box_.letters.rend(); ++letter)
      if (letter->first == email) return mail::read_letter(letter->second)->text;
    return {};
  }
  void sign_up_and_verify(const std::string& email = kEmail) {
    ASSERT_TRUE(sign_up(email));
    ASSERT_TRUE(run(accounts_.verify_email(token_for(email), Secret(kPassword), from_)));
  }
  Result<Accounts::SignedIn> sign_in(const std::string& password = kPassword,
                                     const Secret& device = Secret(),
                                     const std::string& email = kEmail) {
    return run(accounts_.sign_in({email, Secret(password), device}, from_));
  }
  /// Newest first.
  std::vector<audit::Event> events_of(const std::string& scope) {
    audit::Query query;
    query.scope = scope;
    query.limit = 100;
    return testkit::in_snapshot(*db_, [&](store::Connection& db) { return audit::list(db, query); })
        .rows;
  }
  /// Oldest first.
  std::vector<std::string> acts_in(const std::string& scope) {
    std::vector<std::string> names;
    for (const auto& event : events_of(scope)) names.insert(names.begin(), event.name);
    return names;
  }
  std::vector<std::string> acts_of(const UserId& user) { return acts_in(std::string(user.blob())); }

  std::unique_ptr<store::Database> open() {
    for (const testkit::Migrations& own : {mail::migrations(), audit::migrations(), migrations()})
      tables_.push_back(own);
    return testkit::open_database(folder_, tables_);
  }

  testkit::TempFolder folder_;
  ManualClock clock_{from_unix_ms(1'795'000'000'000)};
  IdSource ids_{clock_};
  runtime::IoPool pool_{1};
  std::vector<testkit::Migrations> tables_;
  CountPasskeys count_passkeys_;
  std::unique_ptr<store::Database> db_ = open();
  std::unique_ptr<crypto::RotatingKeys> spool_ = *crypto::RotatingKeys::open(
      {.folder = folder_.path() / "keys", .name = "spool", .period = 1h, .life = 25h},
      clock_.now());
  Passwords passwords_{{1, std::size_t{8} << 10}, 2};
  Letterbox box_;
  mail::Composer composer_ =
      *mail::Composer::make(*mail::Templates::load({}), {"no-reply@connect.example", "Connect"});
  metrics::Registry metrics_;
  mail::Postman postman_{*db_, *spool_, composer_, box_, clock_, metrics_};
  int woken_ = 0;
  crypto::KeyRing ring_ = *crypto::KeyRing::from_hex(Secret(std::string(64, 'a')));
  Accounts accounts_{
      {*db_, passwords_, *spool_, ring_, ids_, clock_, [this] { ++woken_; }, count_passkeys_},
      {.public_url = "https://connect.example"}};
  audit::Origin from_{"203.0.113.9", "test browser", "req_1"};
};

}  // namespace flowsell::accounts
