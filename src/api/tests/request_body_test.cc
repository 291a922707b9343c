#include "request_body.h"

#include <gtest/gtest.h>

namespace flowsell::api {
namespace {

struct TypeCase {
  const char* name;
  const char* type;
  bool accepted;
};
class BodyType : public testing::TestWithParam<TypeCase> {};

TEST_P(BodyType, IsReadAsTheTableSays) {
  http::Request request;
  request.body = "{}";
  if (*GetParam().type != '\0') request.fields.push_back({"Content-Type", GetParam().type});
  const auto body = json_body(request);
  EXPECT_EQ(body.has_value(), GetParam().accepted);
  if (!body) EXPECT_EQ(body.error().code, ErrorCode::kUnsupportedMediaType);
}

constexpr TypeCase kTypeCases[] = {
    {"None", "", true},
    {"Json", "application/json", true},
    {"OtherCase", "Application/JSON", true},
    {"Charset", "application/json; charset=utf-8", true},
    {"SpaceBeforeTheParameter", "application/json ;charset=utf-8", true},
    {"Text", "text/plain", false},
    {"Form", "application/x-www-form-urlencoded", false},
    {"LongerName", "application/jsonl", false},
};
INSTANTIATE_TEST_SUITE_P(Table, BodyType, testing::ValuesIn(kTypeCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(RequestBody, NoJsonIsRefused) {
  http::Request request;
  request.body = "{";
  EXPECT_EQ(json_body(request).error().code, ErrorCode::kInvalidJson);
}

TEST(RequestBody, NothingIsRefused) {
  EXPECT_EQ(json_body({}).error().code, ErrorCode::kInvalidJson);
}

}  // namespace
}  // namespace flowsell::api
