#include "operators/permissions.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "identity/permissions.h"

namespace flowsell::operators {
namespace {

using identity::Scope;

TEST(OperatorPermissions, TableIsTheEndOfTheDocumentInDocs) {
  std::ifstream file(FLOWSELL_SOURCE_DIR "/docs/permissions.md", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), identity::permissions_markdown() + permissions_markdown())
      << "run: connectd permissions >docs/permissions.md";
}

TEST(OperatorPermissions, SuperadminMayAll) {
  for (const PowerRow& row : powers()) EXPECT_TRUE(row.has(Role::kSuperadmin)) << row.name;
}

TEST(OperatorPermissions, OthersManageNoOperators) {
  for (const Role role : {Role::kSupport, Role::kOnboarding, Role::kBilling}) {
    EXPECT_FALSE(may(role, Power::kOperatorsManage));
    EXPECT_FALSE(may(role, Power::kAuditRead));
  }
}

TEST(OperatorPermissions, NoSupportSessionChangesMembersKeysOrSettings) {
  for (const Role role : all_roles()) {
    for (const Scope scope : {Scope::kMembersManage, Scope::kWorkspaceManage, Scope::kKeysManage})
      EXPECT_FALSE(writable_by(role).has(scope)) << role_name(role);
    EXPECT_FALSE(readable_by(role).has(Scope::kWorkspaceManage)) << role_name(role);
  }
}

TEST(OperatorPermissions, BillingOnlyReads) {
  EXPECT_TRUE(writable_by(Role::kBilling).empty());
  EXPECT_FALSE(readable_by(Role::kBilling).has(Scope::kMessagesRead));
}

TEST(OperatorPermissions, NamesAreReadBack) {
  for (const Role role : all_roles()) EXPECT_EQ(role_named(role_name(role)), role);
  EXPECT_EQ(role_named("root"), std::nullopt);
  EXPECT_EQ(power_name(Power::kSupportOpen), "support:open");
}

}  // namespace
}  // namespace flowsell::operators
