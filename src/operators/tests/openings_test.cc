#include "operators/openings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "staff_world.h"

namespace flowsell::operators {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class OpeningsTest : public testing::Test {
 protected:
  Opening opening(const UserId& user) {
    return {world_.ids.next<IdKind::kSupportSession>(),
            world_.ids.next<IdKind::kWorkspace>(),
            user,
            team::SupportCategory::kPaymentSetup,
            "Payments of Acme",
            "T-2",
            world_.clock.now()};
  }
  Opening note(const UserId& user) {
    const Opening fresh = opening(user);
    if (!world_.run(world_.openings.note(world_.by(user), fresh)))
      throw std::runtime_error("not noted");
    return fresh;
  }
  std::vector<SupportSessionId> listed(Openings::Query query) {
    const auto page = world_.run(world_.openings.list(query));
    std::vector<SupportSessionId> ids;
    for (const auto& row : page->rows) ids.push_back(row.id);
    return ids;
  }
  StaffWorld world_;
  UserId anna_ = world_.user(), ben_ = world_.user();
};

TEST_F(OpeningsTest, NotedOneIsFoundAndOnTheOperatorsRecord) {
  const auto noted = note(anna_);
  const auto found = world_.run(world_.openings.find(noted.id));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->workspace, noted.workspace);
  EXPECT_EQ((*found)->user, anna_);
  EXPECT_EQ((*found)->category, noted.category);
  EXPECT_EQ((*found)->reason, noted.reason);
  const auto act = world_.acts().front();
  EXPECT_EQ(act.name, "support_session.opened");
  EXPECT_EQ(act.target, noted.id.str());
  EXPECT_THAT(act.after, HasSubstr(noted.workspace.str()));
  EXPECT_THAT(act.personal, HasSubstr("Payments of Acme"));
}

TEST_F(OpeningsTest, NotedTwiceIsOneOnRecord) {
  const auto fresh = opening(anna_);
  EXPECT_TRUE(*world_.run(world_.openings.note(world_.by(anna_), fresh)));
  EXPECT_FALSE(*world_.run(world_.openings.note(world_.by(anna_), fresh)));
  EXPECT_THAT(world_.act_names(), ElementsAre("support_session.opened"));
}

TEST_F(OpeningsTest, UnknownOneIsNone) {
  const auto found = world_.run(world_.openings.find(world_.ids.next<IdKind::kSupportSession>()));
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->has_value());
}

TEST_F(OpeningsTest, ListIsOfOneOrOfAllAndGoesByPages) {
  const auto a = note(anna_);
  const auto b = note(ben_);
  const auto c = note(anna_);
  EXPECT_THAT(listed({}), ElementsAre(c.id, b.id, a.id));
  EXPECT_THAT(listed({anna_, {}, {}, 10}), ElementsAre(c.id, a.id));
  EXPECT_THAT(listed({{}, c.id, {}, 1}), ElementsAre(b.id));
  EXPECT_THAT(listed({anna_, {}, a.id, 10}), ElementsAre(c.id));
  EXPECT_THAT(listed({world_.user(), {}, {}, 10}), IsEmpty());
}

}  // namespace
}  // namespace flowsell::operators
