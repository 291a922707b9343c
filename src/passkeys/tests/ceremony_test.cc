#include "passkeys/ceremony.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "authenticator_data.h"
#include "soft_authenticator.h"

namespace flowsell::passkeys {
namespace {

using testing_support::cbor_bytes;
using testing_support::cbor_head;
using testing_support::cbor_integer;
using testing_support::cbor_text;
using testing_support::SoftAuthenticator;
using Kind = SoftAuthenticator::Kind;

const RelyingParty kParty{"connect.example", "https://connect.example"};
constexpr const char* kChallenge = "a challenge of the server's own";

template <class T>
std::optional<Fault> fault_in(const Checked<T>& checked) {
  return checked ? std::nullopt : std::optional(checked.error());
}

class Ceremony : public testing::TestWithParam<Kind> {};

TEST_P(Ceremony, PasskeyIsMadeAndSigns) {
  SoftAuthenticator device(GetParam());
  device.sign_count = 7;
  const auto made = device.make(kChallenge);
  EXPECT_EQ(challenge_of(made.client_data), kChallenge);
  const auto credential = check_registration(kParty, made);
  ASSERT_TRUE(credential);
  EXPECT_EQ(credential->id, device.credential_id);
  EXPECT_EQ(credential->sign_count, 7U);
  const auto answer = device.answer(kChallenge);
  const auto assertion = check_assertion(kParty, answer);
  ASSERT_TRUE(assertion);
  EXPECT_EQ(assertion->sign_count, 8U);
  EXPECT_TRUE(check_signature(answer, *assertion, credential->public_key, false));
}

TEST_P(Ceremony, AnotherKeysSignatureIsNone) {
  SoftAuthenticator device(GetParam());
  SoftAuthenticator other(GetParam());
  const auto answer = other.answer(kChallenge);
  EXPECT_EQ(fault_in(check_signature(answer, {}, device.public_key(), false)), Fault::kNotVerified);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, Ceremony,
                         testing::Values(Kind::kEs256, Kind::kEdDsa, Kind::kRs256));

TEST(CeremonyKeys, OthersThanAskedForAreRefused) {
  EXPECT_EQ(fault_in(check_registration(kParty, SoftAuthenticator(Kind::kEs384).make(kChallenge))),
            Fault::kUnsupportedKey);
}

struct Wrong {
  const char* name;
  std::function<void(SoftAuthenticator&)> change;
  Fault fault;
};
std::string name_of(const testing::TestParamInfo<Wrong>& param_info) {
  return param_info.param.name;
}

class WrongAnswer : public testing::TestWithParam<Wrong> {
 protected:
  WrongAnswer() { GetParam().change(device_); }
  SoftAuthenticator device_;
};
TEST_P(WrongAnswer, IsRefusedInBothCeremonies) {
  EXPECT_EQ(fault_in(check_registration(kParty, device_.make(kChallenge))), GetParam().fault);
  EXPECT_EQ(fault_in(check_assertion(kParty, device_.answer(kChallenge))), GetParam().fault);
}
INSTANTIATE_TEST_SUITE_P(
    Table, WrongAnswer,
    testing::Values(
        Wrong{"OtherSite", [](auto& device) { device.origin = "https://evil.example"; },
              Fault::kWrongOrigin},
        Wrong{"OtherPort", [](auto& device) { device.origin += ":8443"; }, Fault::kWrongOrigin},
        Wrong{"PlainHttp", [](auto& device) { device.origin = "http://connect.example"; },
              Fault::kWrongOrigin},
        Wrong{"OriginThatBeginsAlike", [](auto& device) { device.origin += ".evil.example"; },
              Fault::kWrongOrigin},
        Wrong{"PageInAnothersPage",
              [](auto& device) { device.client_data_more = R"(,"crossOrigin":true)"; },
              Fault::kEmbedded},
        Wrong{"PageThatNamesItsTop",
              [](auto& device) { device.client_data_more = R"(,"topOrigin":"https://a.example")"; },
              Fault::kEmbedded},
        Wrong{"OtherRelyingParty", [](auto& device) { device.rp_id = "evil.example"; },
              Fault::kWrongRelyingParty},
        Wrong{"NobodyPresent", [](auto& device) { device.user_present = false; },
              Fault::kUserNotPresent},
        Wrong{"NobodyVerified", [](auto& device) { device.user_verified = false; },
              Fault::kUserNotVerified},
        Wrong{"BackedUpThatCantBe", [](auto& device) { device.backed_up = true; },
              Fault::kBackupState},
        Wrong{"MemberTwice",
              [](auto& device) { device.client_data_more = R"(,"origin":"https://a.example")"; },
              Fault::kMalformed},
        Wrong{"CrossOriginThatIsNoBoolean",
              [](auto& device) { device.client_data_more = R"(,"crossOrigin":"false")"; },
              Fault::kMalformed}),
    name_of);

TEST(CeremonyType, AnswerOfTheOtherCeremonyIsRefused) {
  SoftAuthenticator device;
  auto made = device.make(kChallenge);
  auto answer = device.answer(kChallenge);
  std::swap(made.client_data, answer.client_data);
  EXPECT_EQ(fault_in(check_registration(kParty, made)), Fault::kWrongType);
  EXPECT_EQ(fault_in(check_assertion(kParty, answer)), Fault::kWrongType);
}

TEST(CeremonyRegistration, NeedsTheCredentialThatItNames) {
  SoftAuthenticator device;
  auto made = device.make(kChallenge);
  made.id = "another";
  EXPECT_EQ(fault_in(check_registration(kParty, made)), Fault::kWrongId);
  made = device.make(kChallenge);
  made.attestation_object = cbor_head(5, 2) + cbor_text("fmt") + cbor_text("none") +
                            cbor_text("authData") +
                            cbor_bytes(device.answer(kChallenge).authenticator_data);
  EXPECT_EQ(fault_in(check_registration(kParty, made)), Fault::kNoCredential);
}

TEST(CeremonyRegistration, AttestationIsNotLookedAt) {
  SoftAuthenticator device;
  device.format = "of a kind that nobody knows";
  EXPECT_TRUE(check_registration(kParty, device.make(kChallenge)));
}

TEST(CeremonyRegistration, IdsMayHave1023Bytes) {
  SoftAuthenticator device;
  device.credential_id = std::string(1023, 'i');
  EXPECT_TRUE(check_registration(kParty, device.make(kChallenge)));
  device.credential_id += 'i';
  EXPECT_EQ(fault_in(check_registration(kParty, device.make(kChallenge))), Fault::kMalformed);
  device.credential_id.clear();
  EXPECT_EQ(fault_in(check_registration(kParty, device.make(kChallenge))), Fault::kMalformed);
}

TEST(CeremonyRegistration, CutOrLongerBytesAreRefused) {
  const auto whole = SoftAuthenticator().make(kChallenge);
  for (std::size_t size = 0; size < whole.attestation_object.size(); ++size) {
    auto cut = whole;
    cut.attestation_object.resize(size);
    EXPECT_EQ(fault_in(check_registration(kParty, cut)), Fault::kMalformed) << size;
  }
  auto longer = whole;
  longer.attestation_object += '\0';
  EXPECT_EQ(fault_in(check_registration(kParty, longer)), Fault::kMalformed);
}

TEST(CeremonyAssertion, CutOrLongerBytesAreRefused) {
  const auto whole = SoftAuthenticator().answer(kChallenge);
  for (std::size_t size = 0; size < whole.authenticator_data.size(); ++size) {
    auto cut = whole;
    cut.authenticator_data.resize(size);
    EXPECT_EQ(fault_in(check_assertion(kParty, cut)), Fault::kMalformed) << size;
  }
  auto longer = whole;
  longer.authenticator_data += '\0';
  EXPECT_EQ(fault_in(check_assertion(kParty, longer)), Fault::kMalformed);
}

TEST(CeremonyAssertion, ExtensionsAreOneMap) {
  auto answer = SoftAuthenticator().answer(kChallenge);
  answer.authenticator_data[32] = static_cast<char>(answer.authenticator_data[32] | 0x80);
  EXPECT_EQ(fault_in(check_assertion(kParty, answer)), Fault::kMalformed) << "none is there";
  auto with_map = answer;
  with_map.authenticator_data += cbor_head(5, 1) + cbor_text("ext") + cbor_integer(1);
  EXPECT_TRUE(check_assertion(kParty, with_map));
  answer.authenticator_data += cbor_integer(1);
  EXPECT_EQ(fault_in(check_assertion(kParty, answer)), Fault::kMalformed) << "no map";
}

TEST(CeremonyAssertion, WhetherItMayBeCopiedIsSettled) {
  SoftAuthenticator device;
  device.backup_eligible = true;
  const auto answer = device.answer(kChallenge);
  const auto assertion = check_assertion(kParty, answer);
  ASSERT_TRUE(assertion);
  EXPECT_TRUE(check_signature(answer, *assertion, device.public_key(), true));
  EXPECT_EQ(fault_in(check_signature(answer, *assertion, device.public_key(), false)),
            Fault::kBackupState);
}

TEST(CeremonyAssertion, EachByteIsSigned) {
  SoftAuthenticator device;
  const auto answer = device.answer(kChallenge);
  const std::string key = device.public_key();
  auto changed = answer;
  changed.authenticator_data[36] ^= 1;  // the counter's last
  EXPECT_EQ(fault_in(check_signature(changed, {}, key, false)), Fault::kNotVerified);
  changed = answer;
  changed.client_data.insert(1, " ");
  EXPECT_EQ(fault_in(check_signature(changed, {}, key, false)), Fault::kNotVerified);
  changed = answer;
  changed.signature.clear();
  EXPECT_EQ(fault_in(check_signature(changed, {}, key, false)), Fault::kNotVerified);
  changed = answer;
  changed.signature += '\0';
  EXPECT_EQ(fault_in(check_signature(changed, {}, key, false)), Fault::kNotVerified);
}

TEST(CeremonyKeys, KeyWithoutItsPartsIsNone) {
  const std::string empty = cbor_head(5, 0);
  EXPECT_EQ(fault_in(check_signature({}, {}, empty, false)), Fault::kUnsupportedKey);
  const std::string labels_of_text = cbor_head(5, 1) + cbor_text("kty") + cbor_integer(2);
  EXPECT_EQ(fault_in(check_signature({}, {}, labels_of_text, false)), Fault::kMalformed);
  const std::string no_map = cbor_integer(1);
  EXPECT_EQ(fault_in(check_signature({}, {}, no_map, false)), Fault::kMalformed);
}

}  // namespace
}  // namespace flowsell::passkeys
