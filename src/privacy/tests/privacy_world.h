#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "accounts/schema.h"
#include "audit/audit_log.h"
#include "consent/schema.h"
#include "core/encoding.h"
#include "identity/api_keys.h"
#include "mail/queue.h"
#include "mail/schema.h"
#include "messaging_world.h"
#include "onboarding/schema.h"
#include "operators/operators.h"
#include "operators/schema.h"
#include "passkeys/schema.h"
#include "privacy/desk.h"
#include "privacy/runner.h"
#include "privacy/schema.h"
#include "recovery/schema.h"
#include "sso/schema.h"
#include "team/members.h"
#include "team/schema.h"

namespace flowsell::privacy {

inline constexpr const char* kPassword = "umbrella kettle Tuesday moss";
inline constexpr const char* kEmail = "asha@example.com";
inline constexpr const char* kBrowser = "Netscape Navigator 4.08";

/// Where replicas have it, scrubbing asks for it.
inline constexpr std::array kRoutes = {store::Migration{
    199, "routes", "CREATE TABLE routes (name TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID;"}};

inline messaging::MessagingOptions with_tables_of_people() {
  messaging::MessagingOptions options;
  options.more_tables = {team::migrations(),
                         mail::migrations(),
                         accounts::migrations(),
                         operators::migrations(),
                         consent::migrations(),
                         sso::migrations(),
                         passkeys::migrations(),
                         recovery::migrations(),
                         onboarding::migrations(),
                         migrations(),
                         kRoutes};
  return options;
}

/// The one cell that there is.
class OneDoor final : public Doors {
 public:
  explicit OneDoor(const CellRooms& rooms) : rooms_(rooms) {
    rooms_.is_leaving = [this] { return is_leaving; };
  }
  std::size_t cell_count() const override { return 1; }
  std::optional<Door> enter_cell(std::size_t /*number*/) override {
    ++entered;
    return is_open ? std::optional<Door>(std::in_place, rooms_, nullptr) : std::nullopt;
  }
  Task<std::optional<std::size_t>> cell_of(WorkspaceId /*workspace*/) override { co_return 0; }
  Task<> withdraw_names(const CellRooms& /*rooms*/, WorkspaceId /*workspace*/) override {
    co_return Result<>{};
  }
  bool is_open = true, is_leaving = false;
  int entered = 0;

 private:
  CellRooms rooms_;
};

/// A workspace with messages, people in it, and who deletes them.
struct PrivacyWorld : messaging::MessagingWorld {
  explicit PrivacyWorld(DeskOptions options = {.public_url = "https://connect.example"})
      : MessagingWorld(with_tables_of_people()),
        desk({*db, *spool, ids, clock, [] {}, [] {}}, options),
        runner({*db, *spool, ids, clock, pool, key, [] {}, options.review, options.public_url}) {}
  ~PrivacyWorld() { passwords.stop(); }

  template <class T>
  T run(Awaitable<T> work) {
    return testkit::run(pool, std::move(work));
  }
  /// With a session, so that there is more to delete.
  accounts::User user(const std::string& email = kEmail, const std::string& name = "Asha Kelkar") {
    const auto made = people.put_user(email, name, Secret(kPassword));
    if (!made) throw std::runtime_error(made.error().detail);
    if (!run(people.sign_in({email, Secret(kPassword)}, from)))
      throw std::runtime_error("no session");
    return *made;
  }
  /// A member of the world's workspace.
  void join(const accounts::User& who, identity::Role role) {
    const bool is_first = run(members.list(caller.workspace))->empty();
    if (is_first) {
      ASSERT_TRUE(run(members.found(caller.workspace, who.id, from)));
    } else {
      ASSERT_TRUE(testkit::write(*db, [&](store::Connection& connection) {
        return connection.write(kJoin,
                                {caller.workspace, who.id, static_cast<int>(role), clock.now()});
      }));
    }
    ASSERT_TRUE(
        run(people.list_workspace(who.id, {caller.workspace, "Acme", static_cast<int>(role)})));
  }
  Desk::Asked about(const accounts::User& who, Kind kind = Kind::kDeletion) {
    return {desk.new_id(),
            kind,
            Subject::kAccount,
            who.id,
            {},
            {},
            {},
            {audit::ActorKind::kUser, who.id.str()}};
  }
  Desk::Asked about_number(const char* number, const accounts::User& by,
                           Kind kind = Kind::kDeletion) {
    const auto hash = accept.hash_of(caller.workspace, number);
    return {desk.new_id(),
            kind,
            Subject::kRecipient,
            {},
            caller.workspace,
            PhoneNumber::parse(number)->masked(),
            std::string(hash.begin(), hash.end()),
            {audit::ActorKind::kUser, by.id.str()}};
  }
  Desk::Asked about_workspace(const accounts::User& by) {
    return {desk.new_id(),
            Kind::kDeletion,
            Subject::kWorkspace,
            {},
            caller.workspace,
            {},
            {},
            {audit::ActorKind::kUser, by.id.str()}};
  }
  team::By by_owner(const accounts::User& owner) const {
    team::By by;
    by.caller.workspace = caller.workspace;
    by.caller.user = owner.id;
    by.role = identity::Role::kOwner;
    return by;
  }
  DataRequest ask(const Desk::Asked& asked) {
    auto taken = run(desk.ask(asked, from));
    if (!taken) throw std::runtime_error(taken.error().detail);
    return *taken;
  }
  void set_address(const accounts::User& who, const std::string& to) {
    static const store::Sql kSet("UPDATE users SET email = ?2 WHERE id = ?1");
    ASSERT_TRUE(testkit::write(
        *db, [&](store::Connection& connection) { return connection.write(kSet, {who.id, to}); }));
  }
  /// As a proven change does it.
  void change_address(const accounts::User& who, const std::string& to) {
    set_address(who, to);
    ASSERT_TRUE(testkit::write(*db, [&](store::Connection& connection) {
      auto act =
          audit::new_act(ids, clock.now(), who.id.blob(), {audit::ActorKind::kUser, who.id.str()},
                         from, "user.email_changed");
      act.personal =
          R"({"before":{"email":")" + who.email + R"("},"after":{"email":")" + to + R"("}})";
      return audit::append(connection, act);
    }));
  }
  /// On record, as the room of consents puts it there.
  ConsentId consent(const char* number, const std::string& source) {
    static const store::Sql kPut(
        "INSERT INTO consents (workspace_id, id, contact_hash, contact, purpose, source, "
        "obtained_at, recorded_by) VALUES (?1, ?2, ?3, ?4, 'offers', ?5, ?6, 'key_1')");
    const auto id = ids.next<IdKind::kConsent>();
    const auto hash = accept.hash_of(caller.workspace, number);
    const std::string masked = PhoneNumber::parse(number)->masked();
    EXPECT_TRUE(testkit::write(*db, [&](store::Connection& connection) -> Result<> {
      CHECK_OK(connection.write(kPut, {caller.workspace, id, store::Param::blob(as_text(hash)),
                                       masked, source, clock.now()}));
      auto act = audit::new_act(ids, clock.now(), caller.workspace.blob(), {}, {},
                                "consent.recorded", id.str());
      act.personal = audit::json_of({{"recipient", masked}, {"source", source}});
      return audit::append(connection, act);
    }));
    return id;
  }
  DataRequest now_is(const DataRequest& request) { return run(desk.find(request.id)).value(); }
  /// What can be done, once the time to take it back is over.
  void work() {
    clock.skip(std::chrono::hours(80));
    ASSERT_TRUE(run(runner.round(door)));
  }
  /// The newest first.
  std::vector<audit::Event> events_of(std::string_view scope) {
    return testkit::in_snapshot(*db,
                                [&](store::Connection& connection) {
                                  return audit::list(connection,
                                                     {.scope = std::string(scope), .limit = 1000});
                                })
        .rows;
  }
  std::vector<std::string> acts_of(std::string_view scope) {
    std::vector<std::string> names;
    for (const auto& event : events_of(scope)) names.insert(names.begin(), event.name);
    return names;
  }
  std::int64_t count(const store::Sql& sql) { return testkit::numbers(*db, sql).front(); }

  static inline const store::Sql kJoin{
      "INSERT INTO members (workspace_id, user_id, role, joined_at) VALUES (?1, ?2, ?3, ?4)"};

  audit::Origin from{"203.0.113.9", kBrowser, "req_1"};
  audit::HeadKey key{crypto::Key::random()};
  bool has_parted = true;  ///< what workspaces have connected is let go of
  accounts::Passwords passwords{{1, std::size_t{8} << 10}, 2};
  accounts::Accounts people{{*db, passwords, *spool, ring, ids, clock, [] {}},
                            {.public_url = "https://connect.example"}};
  team::Members members{*db, ids, clock};
  identity::ApiKeys api_keys{*db, ids, clock};
  Desk desk;
  Runner runner;
  OneDoor door{{*db, workspaces, api_keys, senders, states, templates, endpoints, begun,
                begun_deliveries,
                [this](WorkspaceId /*workspace*/) -> Task<bool> { co_return has_parted; }}};
};

}  // namespace flowsell::privacy
