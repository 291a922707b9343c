#include "sso/providers.h"

#include <gmock/gmock.h>

#include "sso_world.h"

namespace flowsell::sso {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::SizeIs;
using testkit::code_of;

class ProvidersTest : public testing::Test {
 protected:
  static IdentityProviderId id_of(const Provider& provider) {
    return *IdentityProviderId::parse(provider.key);
  }
  SsoWorld world_;
};

TEST_F(ProvidersTest, SecretIsSealedAndComesOutOnlyToBeUsed) {
  const Provider provider = world_.provider();
  static const store::Sql kSecrets("SELECT sealed_secret FROM sso_providers");
  EXPECT_FALSE(testkit::texts(*world_.db, kSecrets).at(0).contains("secret-1"));
  const auto open = world_.run(world_.providers().open(id_of(provider)));
  ASSERT_TRUE(open && *open);
  EXPECT_EQ((*open)->secret.reveal(), "secret-1");
}

TEST_F(ProvidersTest, SealedSecretIsBoundToItsRow) {
  world_.provider();
  const Provider second = world_.provider();
  static const store::Sql kMove(
      "UPDATE sso_providers SET sealed_secret = (SELECT sealed_secret FROM sso_providers ORDER BY "
      "id LIMIT 1)");
  ASSERT_TRUE(
      testkit::write(*world_.db, [](store::Connection& db) { return db.write(kMove, {}); }));
  EXPECT_EQ(code_of(world_.run(world_.providers().open(id_of(second)))), ErrorCode::kInternal);
}

TEST_F(ProvidersTest, ChangedSecretIsTheNewOneAndOthersStay) {
  const Provider provider = world_.provider();
  Providers::Change change;
  change.client_secret = Secret("secret-2");
  ASSERT_TRUE(
      world_.run(world_.providers().change(world_.by(world_.workspace), id_of(provider), change)));
  const auto open = world_.run(world_.providers().open(id_of(provider)));
  EXPECT_EQ((*open)->secret.reveal(), "secret-2");
  EXPECT_EQ((*open)->provider.client_id, "client-1");
  EXPECT_THAT(world_.acts_of(world_.owner), Contains("sso_provider.changed"));
}

TEST_F(ProvidersTest, ClientThatNeedsASecretHasOne) {
  auto draft = world_.draft();
  draft.client_secret = Secret();
  EXPECT_EQ(code_of(world_.run(world_.providers().create(world_.by(world_.workspace),
                                                         world_.providers().next_id(), draft))),
            ErrorCode::kInvalidRequest);
  draft.auth = oidc::ClientAuth::kNone;
  const Provider provider = world_.provider(world_.workspace, draft);
  Providers::Change change;
  change.auth = oidc::ClientAuth::kPost;
  EXPECT_EQ(code_of(world_.run(
                world_.providers().change(world_.by(world_.workspace), id_of(provider), change))),
            ErrorCode::kInvalidRequest);
}

TEST_F(ProvidersTest, OtherWorkspacesSeeAndChangeNothing) {
  const Provider provider = world_.provider();
  const auto stranger = world_.by(world_.other_workspace);
  EXPECT_EQ(code_of(world_.run(world_.providers().find(world_.other_workspace, id_of(provider)))),
            ErrorCode::kNotFound);
  EXPECT_EQ(code_of(world_.run(world_.providers().change(stranger, id_of(provider), {}))),
            ErrorCode::kNotFound);
  EXPECT_EQ(code_of(world_.run(world_.providers().remove(stranger, id_of(provider)))),
            ErrorCode::kNotFound);
  EXPECT_THAT(*world_.run(world_.providers().list(world_.other_workspace)), IsEmpty());
}

TEST_F(ProvidersTest, AreNotMoreThanTheLimit) {
  for (std::size_t i = 0; i < Providers::kPerWorkspaceMax; ++i) world_.provider();
  EXPECT_EQ(code_of(world_.run(world_.providers().create(
                world_.by(world_.workspace), world_.providers().next_id(), world_.draft()))),
            ErrorCode::kConflict);
}

struct IssuerCase {
  const char* name;
  const char* issuer;
};
class RefusedIssuer : public ProvidersTest, public testing::WithParamInterface<IssuerCase> {};
TEST_P(RefusedIssuer, IsNamed) {
  auto draft = world_.draft();
  draft.issuer = GetParam().issuer;
  const auto refused = world_.providers().check(draft);
  ASSERT_EQ(code_of(refused), ErrorCode::kInvalidRequest);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/issuer");
}
INSTANTIATE_TEST_SUITE_P(
    Table, RefusedIssuer,
    testing::Values(IssuerCase{"Text", "acme"}, IssuerCase{"Http", "http://idp.example.com"},
                    IssuerCase{"Private", "https://10.0.0.1"},
                    IssuerCase{"Loopback", "https://127.0.0.1"},
                    IssuerCase{"Port", "https://idp.example.com:8443"},
                    IssuerCase{"Query", "https://idp.example.com/?a=b"},
                    IssuerCase{"AnyTenant", "https://login.microsoftonline.com/{tenantid}/v2.0"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::sso
