#include "oidc/callback.h"

#include <gtest/gtest.h>

#include "test_key.h"

namespace flowsell::oidc {
namespace {

using testing_support::fault_in;

TEST(ParseCallback, ReadsWhatItKnows) {
  const auto read =
      parse_callback("code=a%2Bb&state=s&iss=https%3A%2F%2Fidp.example&session_state=x");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->code, "a+b");
  EXPECT_EQ(read->state, "s");
  EXPECT_EQ(read->iss, "https://idp.example");
  EXPECT_EQ(read->error, "");
}

TEST(ParseCallback, ReadsAFormsSpaces) {
  EXPECT_EQ(parse_callback("error=a+b%20c")->error, "a b c");
}

TEST(ParseCallback, NothingIsNothing) {
  for (const char* query : {"", "&&", "=", "code", "code=", "x=1&x=2"}) {
    const auto read = parse_callback(query);
    ASSERT_TRUE(read) << query;
    EXPECT_EQ(read->code, "") << query;
  }
}

TEST(ParseCallback, AParameterTwiceIsRefused) {
  for (const char* query : {"state=a&state=b", "code=a&code=a", "iss=a&iss=b", "error=a&error=b",
                            "state=a&st%61te=b"}) {
    EXPECT_EQ(fault_in(parse_callback(query)), Fault::kCallbackInvalid) << query;
  }
}

TEST(ParseCallback, BrokenEncodingIsRefused) {
  for (const char* query : {"code=%", "code=%4", "code=%zz", "%=1"}) {
    EXPECT_EQ(fault_in(parse_callback(query)), Fault::kCallbackInvalid) << query;
  }
}

TEST(ParseCallback, MoreThanEightKilobytesAreRefused) {
  EXPECT_TRUE(parse_callback("x=" + std::string(8190, 'x')));
  EXPECT_EQ(fault_in(parse_callback("x=" + std::string(8191, 'x'))), Fault::kCallbackInvalid);
}

}  // namespace
}  // namespace flowsell::oidc
