#include "support_access.h"

#include <gtest/gtest.h>

namespace flowsell::api {
namespace {

using http::Method;
using identity::Scope;
using identity::Scopes;

TEST(SupportAccess, CallsThatShowSecretsOrContentAreClosed) {
  for (const auto& [method, pattern] :
       {std::pair(Method::kPost, "/v1/webhook_endpoints"), std::pair(Method::kGet, "/v1/events"),
        std::pair(Method::kGet, "/v1/events/{}"), std::pair(Method::kPost, "/v1/api_keys"),
        std::pair(Method::kPost, "/v1/api_keys/{}/rotate")}) {
    EXPECT_FALSE(is_open_to_support(method, pattern)) << pattern;
  }
}

TEST(SupportAccess, WhatIsAboutMembersAndSupportItselfIsClosed) {
  for (const auto& [method, pattern] :
       {std::pair(Method::kPost, "/v1/invitations"), std::pair(Method::kPatch, "/v1/members/{}"),
        std::pair(Method::kDelete, "/v1/members/me"),
        std::pair(Method::kGet, "/v1/support_sessions"),
        std::pair(Method::kPost, "/v1/support_sessions/{}/approvals")}) {
    EXPECT_FALSE(is_open_to_support(method, pattern)) << pattern;
  }
}

TEST(SupportAccess, RouteThatNobodyHasThoughtAboutIsClosed) {
  EXPECT_FALSE(is_open_to_support(Method::kGet, "/v1/something_new"));
  EXPECT_FALSE(is_open_to_support(Method::kDelete, "/v1/messages/{}"));
}

TEST(SupportAccess, ScopeThatIsOnlyReadDoesNotWrite) {
  team::SupportSession session;
  session.reads = {Scope::kWebhooksManage, Scope::kMessagesRead};
  const Scopes all = session.reads | Scopes{Scope::kMessagesSend};
  EXPECT_EQ(scopes_of_support(session, Method::kGet, all, all), session.reads);
  EXPECT_TRUE(scopes_of_support(session, Method::kDelete, all, all).empty());
}

TEST(SupportAccess, RoleThatWasTakenAwayHoldsInSessionsThatRun) {
  team::SupportSession session;
  session.reads = {Scope::kMessagesRead, Scope::kUsageRead};
  session.writes = {Scope::kMessagesSend};
  EXPECT_EQ(scopes_of_support(session, Method::kGet, {Scope::kUsageRead}, {}),
            Scopes{Scope::kUsageRead});
  EXPECT_TRUE(scopes_of_support(session, Method::kPost, {Scope::kUsageRead}, {}).empty());
}

}  // namespace
}  // namespace flowsell::api
