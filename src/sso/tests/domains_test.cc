#include "sso/domains.h"

#include <gmock/gmock.h>

#include "sso_world.h"

namespace flowsell::sso {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testkit::code_of;

class DomainsTest : public testing::Test {
 protected:
  Result<Domain> claim(const WorkspaceId& of, const std::string& name = "acme.example") {
    return world_.run(world_.domains().claim(world_.by(of), name));
  }
  Result<Domain> verify(const WorkspaceId& of, const std::string& name = "acme.example") {
    const auto found = world_.run(world_.domains().look_up(of, name));
    return found ? world_.run(world_.domains().verify(world_.by(of), *found)) : found;
  }
  void publish(const Domain& domain) {
    world_.dns->records[domain.record_name()].push_back(domain.record_text());
  }
  std::optional<WorkspaceId> owner_of(const std::string& name) {
    return *world_.run(world_.domains().owner_of(name));
  }
  SsoWorld world_;
};

TEST_F(DomainsTest, RecordProvesADomain) {
  const auto domain = claim(world_.workspace);
  ASSERT_TRUE(domain);
  EXPECT_EQ(domain->record_name(), "_connect-challenge.acme.example");
  EXPECT_EQ(code_of(verify(world_.workspace)), ErrorCode::kConflict) << "nothing is published";
  EXPECT_EQ(owner_of("acme.example"), std::nullopt);
  publish(*domain);
  const auto verified = verify(world_.workspace);
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->verified_at, world_.clock.now());
  EXPECT_EQ(owner_of("acme.example"), world_.workspace);
  EXPECT_THAT(world_.acts_of(world_.owner),
              ElementsAre("sso_domain.claimed", "sso_domain.verified"));
}

TEST_F(DomainsTest, OtherRecordsThatStandBesideChangeNothing) {
  const auto domain = claim(world_.workspace);
  world_.dns->records[domain->record_name()] = {"v=spf1 -all", domain->record_text() + "x"};
  EXPECT_EQ(code_of(verify(world_.workspace)), ErrorCode::kConflict);
  publish(*domain);
  EXPECT_TRUE(verify(world_.workspace));
}

TEST_F(DomainsTest, DomainBelongsToOneWorkspace) {
  const auto mine = claim(world_.workspace);
  const auto theirs = claim(world_.other_workspace);
  ASSERT_TRUE(mine && theirs);
  EXPECT_NE(mine->token, theirs->token) << "one's record proves nothing for another";
  publish(*mine);
  EXPECT_EQ(code_of(verify(world_.other_workspace)), ErrorCode::kConflict);
  publish(*theirs);
  ASSERT_TRUE(verify(world_.workspace));
  EXPECT_EQ(code_of(verify(world_.other_workspace)), ErrorCode::kConflict);
  EXPECT_EQ(owner_of("acme.example"), world_.workspace);
  ASSERT_TRUE(world_.run(world_.domains().remove(world_.by(world_.workspace), "acme.example")));
  EXPECT_TRUE(verify(world_.other_workspace));
}

TEST_F(DomainsTest, NobodyAnsweringIsNoProof) {
  publish(*claim(world_.workspace));
  world_.dns->is_down = true;
  EXPECT_EQ(code_of(verify(world_.workspace)), ErrorCode::kProviderUnreachable);
}

TEST_F(DomainsTest, ProofIsForTheClaimThatItWasLookedUpFor) {
  publish(*claim(world_.workspace));
  const auto found = world_.run(world_.domains().look_up(world_.workspace, "acme.example"));
  ASSERT_TRUE(world_.run(world_.domains().remove(world_.by(world_.workspace), "acme.example")));
  ASSERT_TRUE(claim(world_.workspace));
  EXPECT_EQ(code_of(world_.run(world_.domains().verify(world_.by(world_.workspace), *found))),
            ErrorCode::kNotFound);
}

TEST_F(DomainsTest, ClaimedTwiceIsTheSame) {
  EXPECT_EQ(claim(world_.workspace)->token, claim(world_.workspace, "ACME.example")->token);
}

TEST_F(DomainsTest, RemovedDomainLeadsNowhere) {
  world_.own(world_.workspace, "acme.example");
  EXPECT_EQ(code_of(world_.run(
                world_.domains().remove(world_.by(world_.other_workspace), "acme.example"))),
            ErrorCode::kNotFound);
  ASSERT_TRUE(world_.run(world_.domains().remove(world_.by(world_.workspace), "acme.example")));
  EXPECT_EQ(owner_of("acme.example"), std::nullopt);
  EXPECT_THAT(*world_.run(world_.domains().list(world_.workspace)), IsEmpty());
}

struct NameCase {
  const char* name;
  const char* domain;
};
class RefusedDomain : public testing::TestWithParam<NameCase> {};
TEST_P(RefusedDomain, IsNamed) {
  const auto refused = check_domain(GetParam().domain);
  ASSERT_EQ(code_of(refused), ErrorCode::kInvalidRequest);
  EXPECT_EQ(refused.error().fields.at(0).pointer, "/domain");
}
INSTANTIATE_TEST_SUITE_P(
    Table, RefusedDomain,
    testing::Values(NameCase{"Public", "gmail.com"}, NameCase{"PublicInCapitals", "GMail.COM"},
                    NameCase{"LastOfTheList", "zoho.com"}, NameCase{"NoDot", "acme"},
                    NameCase{"Empty", ""}, NameCase{"Address", "127.0.0.1"},
                    NameCase{"Space", "acme .example"}, NameCase{"At", "a@acme.example"},
                    NameCase{"Underscore", "_x.acme.example"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::sso
