#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "identity/caller.h"
#include "identity/permissions.h"

namespace flowsell::identity {
namespace {

TEST(Scopes, NoneAreGivenByDefault) {
  for (const Scope scope :
       {Scope::kMessagesSend, Scope::kMessagesRead, Scope::kWebhooksManage, Scope::kUsageRead}) {
    EXPECT_FALSE(Scopes().has(scope));
  }
}

TEST(Scopes, KeysHaveAllThatTheyMayHave) {
  EXPECT_EQ(Scopes::of_keys().str(),
            "messages:send messages:read webhooks:manage usage:read consents:read consents:manage "
            "templates:read templates:manage connections:read connections:manage audit:read");
}

TEST(Scopes, TextIsReadBackTheSame) {
  Scopes scopes;
  scopes.add(Scope::kUsageRead);
  scopes.add(Scope::kMessagesSend);
  EXPECT_EQ(Scopes::parse(scopes.str())->str(), scopes.str());
}

TEST(Scopes, OneScopeIsNotAnother) {
  EXPECT_FALSE(Scopes::parse("messages:read")->has(Scope::kMessagesSend));
}

TEST(Scopes, EmptyTextIsNoScope) { EXPECT_EQ(Scopes::parse("")->str(), ""); }

TEST(Scopes, UnknownNameIsRefused) { EXPECT_FALSE(Scopes::parse("messages:send messages:delete")); }

TEST(Permissions, EachScopeHasARowOfItsOwn) {
  Scopes seen;
  for (const Permission& each : permissions()) {
    EXPECT_FALSE(seen.has(each.scope)) << each.name;
    seen.add(each.scope);
    EXPECT_EQ(scope_name(each.scope), each.name);
  }
  EXPECT_EQ(seen, scopes_of(Role::kOwner));
}

TEST(Permissions, EachRoleHasNoMoreThanAnOwner) {
  for (const Role role : all_roles()) {
    EXPECT_TRUE(scopes_of(Role::kOwner).has_all(scopes_of(role))) << role_name(role);
    EXPECT_EQ(role_named(role_name(role)), role);
  }
}

TEST(Permissions, NoKeyManagesKeysOrMembers) {
  for (const Scope scope : {Scope::kKeysManage, Scope::kMembersManage, Scope::kWorkspaceManage})
    EXPECT_FALSE(Scopes::of_keys().has(scope)) << scope_name(scope);
}

TEST(Permissions, ViewersChangeNothing) {
  for (const Scope scope : {Scope::kMessagesSend, Scope::kWebhooksManage, Scope::kKeysManage,
                            Scope::kMembersManage, Scope::kWorkspaceManage})
    EXPECT_FALSE(scopes_of(Role::kViewer).has(scope)) << scope_name(scope);
}

TEST(Permissions, AdminsManageAllButOwners) {
  EXPECT_TRUE(may_manage(Role::kAdmin, Role::kAdmin));
  EXPECT_FALSE(may_manage(Role::kAdmin, Role::kOwner));
  EXPECT_TRUE(may_manage(Role::kOwner, Role::kOwner));
  EXPECT_FALSE(may_manage(Role::kDeveloper, Role::kViewer));
}

TEST(Permissions, TableIsTheBeginningOfTheDocumentInDocs) {
  std::ifstream file(FLOWSELL_SOURCE_DIR "/docs/permissions.md", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str().starts_with(permissions_markdown()))
      << "run: connectd permissions >docs/permissions.md";
}

TEST(Permissions, NameOfNoRoleIsNone) { EXPECT_EQ(role_named("root"), std::nullopt); }

}  // namespace
}  // namespace flowsell::identity
