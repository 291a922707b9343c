#include <gtest/gtest.h>

#include "identity/caller.h"

namespace flowsell::identity {
namespace {

TEST(Scopes, NoneAreGivenByDefault) {
  for (const Scope scope :
       {Scope::kMessagesSend, Scope::kMessagesRead, Scope::kWebhooksManage, Scope::kUsageRead}) {
    EXPECT_FALSE(Scopes().has(scope));
  }
}

TEST(Scopes, AllAreAll) {
  EXPECT_EQ(Scopes::all().str(), "messages:send messages:read webhooks:manage usage:read");
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

}  // namespace
}  // namespace flowsell::identity
