#include "privacy/certificate.h"

#include <gtest/gtest.h>

#include "testkit/database.h"

namespace flowsell::privacy {
namespace {

using testkit::code_of;

DataRequest a_request() {
  IdBytes bytes{};
  bytes[0] = 1;
  DataRequest request;
  request.id = DataRequestId(bytes);
  request.kind = Kind::kDeletion;
  request.user = UserId(bytes);
  request.created_at = from_unix_ms(1'795'000'000'000);
  return request;
}

const audit::HeadKey kKey{crypto::Key::random()};
const Time kAt = from_unix_ms(1'795'000'100'000);

TEST(Certificate, SaysWhatWasDoneAndWhoSignedIt) {
  const auto verified = verify_certificate(certificate_of(a_request(), kAt, kKey));
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->id, a_request().id.str());
  EXPECT_EQ(verified->subject, "account " + a_request().user.str());
  EXPECT_EQ(verified->finished_at, kAt);
  EXPECT_EQ(verified->signed_by, kKey.public_key());
}

TEST(Certificate, LineEndBehindItIsNoHarm) {
  EXPECT_TRUE(verify_certificate(certificate_of(a_request(), kAt, kKey) + "\r\n"));
}

TEST(Certificate, EveryChangedByteIsFound) {
  const std::string sound = certificate_of(a_request(), kAt, kKey);
  for (std::size_t at = 0; at < sound.size(); ++at) {
    std::string changed = sound;
    changed[at] = changed[at] == 'a' ? 'b' : 'a';
    EXPECT_FALSE(verify_certificate(changed)) << at;
  }
}

TEST(Certificate, AnotherKeysSignatureSaysSo) {
  const audit::HeadKey other{crypto::Key::random()};
  const auto verified = verify_certificate(certificate_of(a_request(), kAt, other));
  ASSERT_TRUE(verified);
  EXPECT_NE(verified->signed_by, kKey.public_key());
}

TEST(Certificate, WhatIsNoneIsRefused) {
  for (const char* text : {"", "{}", "nonsense", ",\"signature\":\"x\"}",
                           R"({"id":"x","subject":"y","signature":"AAAA"})"})
    EXPECT_EQ(code_of(verify_certificate(text)), ErrorCode::kInvalidRequest) << text;
}

}  // namespace
}  // namespace flowsell::privacy
