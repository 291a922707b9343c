#include "passing.h"

#include <gtest/gtest.h>

namespace flowsell::graph_door {
namespace {

using enum http::Method;
using enum identity::Scope;

struct PassCase {
  std::string_view name;
  NodeKind kind;
  http::Method method;
  std::string_view edge;
  std::string_view rest;
  std::optional<identity::Scope> scope;  ///< nullopt: not passed on
};

constexpr PassCase kCases[] = {
    {"ReadsANumber", NodeKind::kNumber, kGet, "", "", kConnectionsRead},
    {"SetsAPin", NodeKind::kNumber, kPost, "", "", kConnectionsManage},
    {"DeletesNoNumber", NodeKind::kNumber, kDelete, "", "", std::nullopt},
    {"Registers", NodeKind::kNumber, kPost, "register", "", kConnectionsManage},
    {"ReadsAQrCode", NodeKind::kNumber, kGet, "message_qrdls", "ABC", kConnectionsRead},
    {"ReadsNothingBehindAProfile", NodeKind::kNumber, kGet, "whatsapp_business_profile", "x",
     std::nullopt},
    {"ListsTemplates", NodeKind::kAccount, kGet, "message_templates", "", kTemplatesRead},
    {"MakesATemplate", NodeKind::kAccount, kPost, "message_templates", "", kTemplatesManage},
    {"DeletesATemplate", NodeKind::kAccount, kDelete, "message_templates", "", kTemplatesManage},
    {"NumbersHaveNoTemplates", NodeKind::kNumber, kGet, "message_templates", "", std::nullopt},
    {"AddsNoNumber", NodeKind::kAccount, kPost, "phone_numbers", "", std::nullopt},
    {"ChangesNoSubscription", NodeKind::kAccount, kPost, "subscribed_apps", "", std::nullopt},
    {"ChangesNoAccount", NodeKind::kAccount, kPost, "", "", std::nullopt},
    {"GivesNobodyAccess", NodeKind::kAccount, kPost, "assigned_users", "", std::nullopt},
    {"EditsATemplate", NodeKind::kTemplate, kPost, "", "", kTemplatesManage},
    {"ComparesNone", NodeKind::kTemplate, kGet, "compare", "", std::nullopt},
    {"ReadsTheLibrary", NodeKind::kLibrary, kGet, "", "", kTemplatesRead},
};

class PassedCalls : public testing::TestWithParam<PassCase> {};
TEST_P(PassedCalls, NeedTheirScope) {
  const PassCase& wanted = GetParam();
  const GraphPath path{"v25.0", "1", wanted.edge, wanted.rest};
  const PassedCall* passed = find_passed(wanted.kind, wanted.method, path);
  ASSERT_EQ(passed != nullptr, wanted.scope.has_value());
  if (passed != nullptr) EXPECT_EQ(passed->scope, *wanted.scope);
}
INSTANTIATE_TEST_SUITE_P(Table, PassedCalls, testing::ValuesIn(kCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(PassedCalls, AreRefusedWithWordsWhereACallbackWouldMove) {
  EXPECT_FALSE(refusal_of_edge({"v25.0", "1", "subscribed_apps", ""}, kPost).empty());
  EXPECT_TRUE(refusal_of_edge({"v25.0", "1", "subscribed_apps", ""}, kGet).empty());
  EXPECT_TRUE(refusal_of_edge({"v25.0", "1", "message_templates", ""}, kPost).empty());
}

}  // namespace
}  // namespace flowsell::graph_door
