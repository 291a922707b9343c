#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "accounts/schema.h"
#include "audit/audit_log.h"
#include "json/writer.h"
#include "mail/schema.h"
#include "sso/schema.h"
#include "sso/single_sign_on.h"
#include "test_key.h"
#include "testkit/database.h"
#include "testkit/http_imposter.h"
#include "testkit/io.h"

namespace flowsell::sso {

/// Says what a test has put there.
class FakeDns final : public TxtLookup {
 public:
  Task<std::vector<std::string>> find(std::string name) override {
    if (is_down) co_return fail(ErrorCode::kProviderUnreachable, "nobody answers");
    co_return records[name];
  }
  void stop() override {}

  std::map<std::string, std::vector<std::string>> records;
  bool is_down = false;
};

/// What an ID token says beyond what every one must.
using MoreClaims = std::map<std::string, std::string>;

/// The room on a database, with accounts, and an identity provider that answers by script.
struct SsoWorld {
  SsoWorld() { pool.start(); }
  ~SsoWorld() {
    peer.release();
    pool.stop();
    passwords.stop();
    db->stop();
  }

  template <class T>
  T run(Awaitable<T> work) {
    return testkit::run(pool, std::move(work));
  }

  UserId user(const std::string& email) {
    return accounts.put_user(email, "Somebody", Secret("violet harbour seventeen"))->id;
  }
  team::By by(const WorkspaceId& of) {
    team::By by;
    by.caller.workspace = of;
    by.caller.user = owner;
    by.role = identity::Role::kOwner;
    by.origin = from;
    return by;
  }
  Providers::Draft draft() const {
    Providers::Draft draft;
    draft.name = "Acme";
    draft.issuer = peer.url("");
    draft.client_id = "client-1";
    draft.client_secret = Secret("secret-1");
    return draft;
  }
  Provider provider(const WorkspaceId& of, Providers::Draft draft) {
    auto made = run(providers().create(by(of), providers().next_id(), std::move(draft)));
    EXPECT_TRUE(made) << (made ? "" : made.error().detail);
    return *made;
  }
  Provider provider() { return provider(workspace, draft()); }
  /// Claimed and proven.
  void own(const WorkspaceId& of, const std::string& name) {
    const auto domain = run(domains().claim(by(of), name));
    ASSERT_TRUE(domain);
    dns->records[domain->record_name()] = {domain->record_text()};
    const auto found = run(domains().look_up(of, name));
    ASSERT_TRUE(found);
    ASSERT_TRUE(run(domains().verify(by(of), *found)));
  }

  void answer(std::string body) {
    http::Response response;
    response.body = std::move(body);
    peer.then(std::move(response));
  }
  /// What the provider answers once, until its documents are too old.
  void answer_discovery(const std::string& issuer) {
    json::Writer out;
    out.begin_object().key("issuer").string(issuer);
    out.key("authorization_endpoint").string(peer.url("/authorize"));
    out.key("token_endpoint").string(peer.url("/token"));
    out.key("jwks_uri").string(peer.url("/keys"));
    out.key("id_token_signing_alg_values_supported").begin_array().string("RS256").end_array();
    out.end_object();
    answer(std::move(out).take());
  }
  static std::string parameter(const std::string& url, const std::string& name) {
    const auto at = url.find(name + "=");
    if (at == std::string::npos) return "";
    const auto begin = at + name.size() + 1;
    return url.substr(begin, url.find('&', begin) - begin);
  }
  /// begin() of somebody who wants to sign in, or of `linker`.
  Result<SignIns::Begun> begin(const std::string& key, const UserId& linker = {},
                               const std::string& terms = "2026-11") {
    if (!knows_discovery_) answer_discovery(issuer_);
    knows_discovery_ = true;
    SignIns::Wanted wanted;
    wanted.provider = key;
    wanted.return_to = "/messages";
    wanted.terms_version = terms;
    if (linker.is_none()) return run(sign_ins().begin(wanted, from));
    accounts::Session session;
    session.user.id = linker;
    return run(sign_ins().begin_link(session, wanted, from));
  }
  /// The whole way there and back. `more` replaces claims; empty ones are left out.
  Result<SignIns::Arrival> come(const Provider& by_provider, MoreClaims more = {},
                                const UserId& linker = {}, const std::string& terms = "2026-11") {
    const auto begun = begin(by_provider.key, linker, terms);
    if (!begun) return std::unexpected(begun.error());
    return come_back(by_provider, *begun, std::move(more), linker);
  }
  Result<SignIns::Arrival> come_back(const Provider& by_provider, const SignIns::Begun& begun,
                                     MoreClaims more = {}, const UserId& signed_in = {}) {
    const std::int64_t now = to_unix_ms(clock.now()) / 1000;
    oidc::testing_support::TokenDraft token;
    token.payload = {{"iss", json::quoted(issuer_)},
                     {"sub", R"("subject-1")"},
                     {"aud", json::quoted(by_provider.client_id)},
                     {"exp", std::to_string(now + 300)},
                     {"iat", std::to_string(now)},
                     {"nonce", json::quoted(parameter(begun.authorization_url, "nonce"))},
                     {"name", R"("Ada")"},
                     {"email", R"("ada@acme.example")"},
                     {"email_verified", "true"}};
    for (auto& [name, value] : more) token.payload[name] = std::move(value);
    const auto& key = oidc::testing_support::TestKey::rsa();
    answer(R"({"access_token":"a","token_type":"Bearer","id_token":")" + token.signed_by(key) +
           "\"}");
    if (!knows_keys_) answer(oidc::testing_support::key_set({key.jwk()}));
    knows_keys_ = true;
    const auto open = run(sign_ins().open(by_provider.key));
    if (!open) return std::unexpected(open.error());
    return run(sign_ins().finish(*open, begun.browser, signed_in,
                                 "code=code-1&state=" + parameter(begun.authorization_url, "state"),
                                 from));
  }
  std::vector<std::string> acts_of(const UserId& of) {
    const auto page = testkit::in_snapshot(*db, [&](store::Connection& connection) {
      audit::Query query;
      query.scope = of.blob();
      query.limit = 100;
      return audit::list(connection, query);
    });
    std::vector<std::string> names;
    for (const auto& event : page.rows) names.insert(names.begin(), event.name);
    return names;
  }

  Providers& providers() { return sso.providers(); }
  Domains& domains() { return sso.domains(); }
  SignIns& sign_ins() { return sso.sign_ins(); }

  static http::EgressOptions only(std::string address) {
    http::EgressOptions options;
    options.allowed = {std::move(address)};
    return options;
  }
  GlobalOptions globals() const {
    GlobalOptions options;
    options.google_client_id = "google-client";
    options.google_client_secret = Secret("google-secret");
    options.google_issuer = peer.url("");
    return options;
  }

  testkit::TempFolder folder;
  testkit::HttpImposter peer;
  ManualClock clock{from_unix_ms(1'795'000'000'000)};
  IdSource ids{clock};
  runtime::IoPool pool{2};
  std::unique_ptr<store::Database> db = testkit::open_database(
      folder, {mail::migrations(), audit::migrations(), accounts::migrations(), migrations()});
  std::unique_ptr<crypto::RotatingKeys> spool =
      *crypto::RotatingKeys::open({.folder = folder.path() / "keys",
                                   .name = "spool",
                                   .period = std::chrono::hours(1),
                                   .life = std::chrono::hours(25)},
                                  clock.now());
  accounts::Passwords passwords{{1, std::size_t{8} << 10}, 2};
  crypto::KeyRing ring = *crypto::KeyRing::from_hex(Secret(std::string(64, '1')));
  accounts::Accounts accounts{{*db, passwords, *spool, ring, ids, clock, [] {}},
                              {.public_url = "https://connect.example"}};
  std::shared_ptr<http::EgressGuard> guard =
      std::make_shared<http::EgressGuard>(only(peer.address()));
  FakeDns* dns = new FakeDns;
  SingleSignOn sso{{*db, accounts, pool, guard, ring, ids, clock},
                   std::unique_ptr<TxtLookup>(dns),
                   globals(),
                   "https://connect.example"};
  audit::Origin from{"203.0.113.9", "test browser", "req_1"};
  WorkspaceId workspace = ids.next<IdKind::kWorkspace>();
  WorkspaceId other_workspace = ids.next<IdKind::kWorkspace>();
  UserId owner = user("owner@acme.example");
  std::string issuer_ = peer.url("");

 private:
  bool knows_discovery_ = false;
  bool knows_keys_ = false;
};

}  // namespace flowsell::sso
