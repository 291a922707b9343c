#include "webhook/signature.h"

#include <gtest/gtest.h>

#include "core/encoding.h"

namespace flowsell::webhook {
namespace {

using namespace std::chrono_literals;

// The example of the Standard Webhooks specification, 1.0.
const Secret kSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
constexpr std::string_view kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr Time kAt = from_unix_ms(1'614'265'330'000);
constexpr std::string_view kBody = R"({"test": 2432232314})";
constexpr std::string_view kSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

TEST(Signature, IsTheSpecificationsExample) {
  EXPECT_EQ(sign(kSecret, kId, kAt, kBody), kSignature);
}

TEST(Signature, CountsTimeInWholeSeconds) {
  EXPECT_EQ(sign(kSecret, kId, kAt + 999ms, kBody), kSignature);
}

TEST(Signature, AnotherSecondIsAnotherSignature) {
  EXPECT_NE(sign(kSecret, kId, kAt + 1s, kBody), kSignature);
}

TEST(Signature, AnotherIdIsAnotherSignature) {
  EXPECT_NE(sign(kSecret, "msg_2", kAt, kBody), kSignature);
}

TEST(Signature, AnotherBodyIsAnotherSignature) {
  EXPECT_NE(sign(kSecret, kId, kAt, "{}"), kSignature);
}

TEST(Signature, AnotherSecretIsAnotherSignature) {
  EXPECT_NE(sign(make_signing_secret(), kId, kAt, kBody), kSignature);
}

TEST(SigningSecret, IsThirtyTwoBytesInTheSpecificationsForm) {
  const Secret secret = make_signing_secret();
  ASSERT_TRUE(secret.reveal().starts_with("whsec_"));
  EXPECT_EQ(base64_decode(secret.reveal().substr(6))->size(), 32U);
}

TEST(SigningSecret, IsNewEachTime) {
  EXPECT_NE(make_signing_secret().reveal(), make_signing_secret().reveal());
}

}  // namespace
}  // namespace flowsell::webhook
