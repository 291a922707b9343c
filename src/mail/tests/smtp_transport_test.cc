#include "mail/smtp_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>

#include "sample_mail.h"
#include "smtp_imposter.h"
#include "testkit/database.h"

namespace flowsell::mail {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;
using testkit::code_of;
using At = SmtpImposter::At;
using End = Outcome::End;

Letter a_letter() { return *sample_composer().compose(sample_mail(MailKind::kVerifyEmail)); }

Letter letter_with(std::string data) {
  Letter letter = a_letter();
  letter.data = Content(std::move(data));
  return letter;
}

std::unique_ptr<Transport> transport_to(const std::string& url, SmtpOptions options = {}) {
  options.url = url;
  return *smtp_transport(std::move(options));
}

class SmtpTest : public testing::Test {
 protected:
  Outcome send(const Letter& letter = a_letter()) {
    return transport_to("smtp://" + imposter_.address())->send(letter);
  }
  SmtpImposter imposter_;
};

TEST_F(SmtpTest, LetterArrivesAsItIs) {
  const Letter letter = a_letter();
  EXPECT_EQ(send(letter).end, End::kSent);
  const auto seen = imposter_.seen();
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].from, "<noreply@connect.example>");
  EXPECT_EQ(seen[0].to, "<ann-marker-7f3a@example.com>");
  EXPECT_EQ(seen[0].data, letter.data.reveal());
}

TEST_F(SmtpTest, SubjectOfAnotherScriptArrives) {
  Mail mail = sample_mail(MailKind::kInvitation);
  mail.params.insert_or_assign("workspace", Content("\xE0\xA4\x85\xE0\xA4\xA8\xE0\xA4\xBF"));
  EXPECT_EQ(send(*sample_composer().compose(mail)).end, End::kSent);
  const auto read = read_letter(imposter_.seen().at(0).data);
  ASSERT_TRUE(read);
  EXPECT_THAT(read->subject, HasSubstr("\xE0\xA4\x85\xE0\xA4\xA8\xE0\xA4\xBF"));
}

struct BodyCase {
  const char* name;
  std::string data;
};
class SmtpBodies : public SmtpTest, public testing::WithParamInterface<BodyCase> {};

TEST_P(SmtpBodies, ArriveAsTheyAre) {
  EXPECT_EQ(send(letter_with(GetParam().data)).end, End::kSent);
  ASSERT_THAT(imposter_.seen(), SizeIs(1));
  EXPECT_EQ(imposter_.seen()[0].data, GetParam().data);
}

INSTANTIATE_TEST_SUITE_P(
    Dots, SmtpBodies,
    testing::Values(BodyCase{"DotAtLineStart", "Subject: x\r\n\r\n.a\r\n"},
                    BodyCase{"DotAlone", "Subject: x\r\n\r\na\r\n.\r\nb\r\n"},
                    BodyCase{"DotAloneAtTheEnd", "Subject: x\r\n\r\na\r\n.\r\n"},
                    BodyCase{"ManyDots", "Subject: x\r\n\r\n...\r\n..\r\n.\r\n..a\r\n"},
                    BodyCase{"DotFirst", ".x\r\n"},
                    BodyCase{"NoDot", "Subject: x\r\n\r\na.\r\nb.\r\n"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(SmtpTest, LongLetterArrivesWhole) {
  std::string data = "Subject: x\r\n\r\n";
  for (int i = 0; i < 20'000; ++i) data += ".line of a long letter\r\n";
  EXPECT_EQ(send(letter_with(data)).end, End::kSent);
  EXPECT_EQ(imposter_.seen().at(0).data, data);
}

TEST_F(SmtpTest, EachLetterHasAConnectionAndAGoodbye) {
  const auto transport = transport_to("smtp://" + imposter_.address());
  EXPECT_EQ(transport->send(a_letter()).end, End::kSent);
  EXPECT_EQ(transport->send(a_letter()).end, End::kSent);
  EXPECT_EQ(std::ranges::count(imposter_.commands(), "QUIT"), 2);
}

TEST_F(SmtpTest, GoodbyeWithoutAnswerChangesNothing) {
  imposter_.answer(At::kGoodbye, SmtpImposter::kHangUp);
  EXPECT_EQ(send().end, End::kSent);
}

struct RefusalCase {
  const char* name;
  At at;
  const char* reply;
  End end;
  const char* reason;
  int code;
  const char* status;
  bool is_for_all;
};
class SmtpRefusals : public SmtpTest, public testing::WithParamInterface<RefusalCase> {};

TEST_P(SmtpRefusals, AreUnderstood) {
  imposter_.answer(GetParam().at, GetParam().reply);
  const Outcome outcome = send();
  EXPECT_EQ(outcome.end, GetParam().end);
  EXPECT_EQ(outcome.reason, GetParam().reason);
  EXPECT_EQ(outcome.code, GetParam().code);
  EXPECT_EQ(outcome.status, GetParam().status);
  EXPECT_EQ(outcome.is_for_all, GetParam().is_for_all);
}

INSTANTIATE_TEST_SUITE_P(
    Replies, SmtpRefusals,
    testing::Values(RefusalCase{"Greeting421", At::kGreeting, "421 4.3.2 busy", End::kTryLater,
                                "greeting_refused", 421, "4.3.2", true},
                    RefusalCase{"Greeting554", At::kGreeting, "554 no", End::kTryLater,
                                "greeting_refused", 554, "", true},
                    RefusalCase{"Hello421", At::kHello, "421 4.7.0 busy", End::kTryLater,
                                "hello_refused", 421, "4.7.0", true},
                    RefusalCase{"Sender451", At::kSender, "451 4.3.0 later", End::kTryLater,
                                "sender_refused", 451, "4.3.0", true},
                    RefusalCase{"Sender550", At::kSender, "550 5.7.1 not yours", End::kTryLater,
                                "sender_refused", 550, "5.7.1", true},
                    RefusalCase{"Recipient421", At::kRecipient, "421 4.4.5 busy", End::kTryLater,
                                "recipient_refused", 421, "4.4.5", false},
                    RefusalCase{"Recipient450", At::kRecipient,
                                "450 4.2.0 <ann-marker@x> greylisted", End::kTryLater,
                                "recipient_refused", 450, "4.2.0", false},
                    RefusalCase{"Recipient550", At::kRecipient, "550-5.1.1 no\r\n550 5.1.1 such",
                                End::kRefused, "recipient_refused", 550, "5.1.1", false},
                    RefusalCase{"Data451", At::kData, "451 4.3.0 later", End::kTryLater,
                                "letter_refused", 451, "4.3.0", false},
                    RefusalCase{"Data554", At::kData, "554 5.5.1 no", End::kRefused,
                                "letter_refused", 554, "5.5.1", false},
                    RefusalCase{"Letter452", At::kLetter, "452 4.2.2 full", End::kTryLater,
                                "letter_refused", 452, "4.2.2", false},
                    RefusalCase{"Letter554", At::kLetter, "554 Message rejected", End::kRefused,
                                "letter_refused", 554, "", false},
                    RefusalCase{"HangsUpAtOnce", At::kGreeting, "hang up", End::kTryLater,
                                "connection_lost", 0, "", true},
                    RefusalCase{"HangsUpAtRecipient", At::kRecipient, "hang up", End::kTryLater,
                                "connection_lost", 0, "", false},
                    RefusalCase{"HangsUpAfterLetter", At::kLetter, "hang up", End::kTryLater,
                                "connection_lost", 0, "", false}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(SmtpTest, TakesLettersAgainAfterARefusal) {
  const auto transport = transport_to("smtp://" + imposter_.address());
  imposter_.answer(At::kRecipient, "450 4.2.0 later");
  EXPECT_EQ(transport->send(a_letter()).end, End::kTryLater);
  imposter_.answer_as_usual();
  EXPECT_EQ(transport->send(a_letter()).end, End::kSent);
}

TEST_F(SmtpTest, WhatSpeaksAnotherProtocolTimesOut) {
  imposter_.answer(At::kGreeting, "HTTP/1.1 400 Bad Request");
  const auto transport = transport_to("smtp://" + imposter_.address(), {.timeout = 200ms});
  EXPECT_EQ(transport->send(a_letter()).reason, "timed_out");
}

TEST(Smtp, NobodyListens) {
  const auto transport = transport_to("smtp://127.0.0.1:" + std::to_string(unused_port()));
  const Outcome outcome = transport->send(a_letter());
  EXPECT_EQ(outcome.end, End::kTryLater);
  EXPECT_EQ(outcome.reason, "unreachable");
  EXPECT_TRUE(outcome.is_for_all);
}

TEST(Smtp, HostIsUnknown) {
  const Outcome outcome = transport_to("smtp://mail.invalid")->send(a_letter());
  EXPECT_EQ(outcome.end, End::kTryLater);
  EXPECT_EQ(outcome.reason, "host_unknown");
  EXPECT_TRUE(outcome.is_for_all);
}

TEST(Smtp, UrlOfAnotherFormIsRefused) {
  EXPECT_EQ(code_of(smtp_transport({.url = "http://mail.example.com"})),
            ErrorCode::kInvalidRequest);
}

TEST(Smtp, TimeoutThatIsNoneIsRefused) {
  EXPECT_EQ(code_of(smtp_transport({.url = "smtp://mail.example.com", .timeout = 0ms})),
            ErrorCode::kInvalidRequest);
}

class SmtpSilence : public SmtpTest, public testing::WithParamInterface<At> {};

TEST_P(SmtpSilence, EndsWithTheTimeout) {
  imposter_.answer(GetParam(), SmtpImposter::kSilence);
  const auto transport = transport_to("smtp://" + imposter_.address(), {.timeout = 200ms});
  const Outcome outcome = transport->send(a_letter());
  EXPECT_EQ(outcome.end, End::kTryLater);
  EXPECT_EQ(outcome.reason, "timed_out");
}

INSTANTIATE_TEST_SUITE_P(Steps, SmtpSilence,
                         testing::Values(At::kGreeting, At::kHello, At::kRecipient, At::kLetter));

TEST_F(SmtpTest, InterruptEndsAnAttempt) {
  imposter_.answer(At::kRecipient, SmtpImposter::kSilence);
  const auto transport = transport_to("smtp://" + imposter_.address());
  auto outcome = std::async(std::launch::async, [&] { return transport->send(a_letter()); });
  ASSERT_TRUE(imposter_.wait_for_silence());
  transport->interrupt();
  EXPECT_EQ(outcome.get().end, End::kInterrupted);
}

TEST_F(SmtpTest, ProxyOfTheEnvironmentIsIgnored) {
  const std::string nowhere = "http://127.0.0.1:" + std::to_string(unused_port());
  for (const char* name : {"all_proxy", "ALL_PROXY", "smtp_proxy"})
    ::setenv(name, nowhere.c_str(), 1);
  EXPECT_EQ(send().end, End::kSent);
  for (const char* name : {"all_proxy", "ALL_PROXY", "smtp_proxy"}) ::unsetenv(name);
}

// --- TLS and login ---

class SmtpTlsTest : public testing::Test {
 protected:
  Outcome send(const SmtpImposter& imposter, const std::string& scheme, SmtpOptions options = {}) {
    options.tls = SmtpTls::kAlways;
    if (options.ca_file.empty()) options.ca_file = certificate_.certificate_file();
    return transport_to(scheme + "://" + imposter.address(), options)->send(a_letter());
  }
  TestCertificate certificate_;
};

TEST_F(SmtpTlsTest, StartTlsComesBeforeTheLetter) {
  const SmtpImposter imposter(SmtpImposter::Tls::kOffered, &certificate_);
  EXPECT_EQ(send(imposter, "smtp").end, End::kSent);
  EXPECT_TRUE(imposter.seen().at(0).is_over_tls);
}

TEST_F(SmtpTlsTest, SmtpsIsTlsFromTheStart) {
  const SmtpImposter imposter(SmtpImposter::Tls::kFromTheStart, &certificate_);
  EXPECT_EQ(send(imposter, "smtps").end, End::kSent);
  EXPECT_TRUE(imposter.seen().at(0).is_over_tls);
}

TEST_F(SmtpTlsTest, ServerWithoutTlsGetsNoLetterAndNoLogin) {
  SmtpImposter imposter(SmtpImposter::Tls::kNone);
  imposter.offer_login();
  const Outcome outcome = send(imposter, "smtp", {.user = "user", .password = Secret("secret")});
  EXPECT_EQ(outcome.reason, "tls_not_offered");
  EXPECT_TRUE(outcome.is_for_all);
  EXPECT_THAT(imposter.seen(), IsEmpty());
  EXPECT_THAT(imposter.commands(), Not(Contains(StartsWith("AUTH"))));
  EXPECT_THAT(imposter.commands(), Not(Contains(StartsWith("MAIL"))));
}

TEST_F(SmtpTlsTest, RefusedStartTlsIsForLater) {
  SmtpImposter imposter(SmtpImposter::Tls::kOffered, &certificate_);
  imposter.answer(At::kTls, "454 4.7.0 not now");
  const Outcome outcome = send(imposter, "smtp");
  EXPECT_EQ(outcome.end, End::kTryLater);
  EXPECT_EQ(outcome.reason, "tls_refused");
  EXPECT_THAT(imposter.seen(), IsEmpty());
}

TEST_F(SmtpTlsTest, CertificateOfAnotherAuthorityIsRefused) {
  const TestCertificate other;
  for (const auto& [tls, scheme] : {std::pair(SmtpImposter::Tls::kOffered, "smtp"),
                                    std::pair(SmtpImposter::Tls::kFromTheStart, "smtps")}) {
    const SmtpImposter imposter(tls, &other);
    const Outcome outcome = send(imposter, scheme);
    EXPECT_EQ(outcome.end, End::kTryLater);
    EXPECT_EQ(outcome.reason, "tls_failed");
    EXPECT_TRUE(outcome.is_for_all);
    EXPECT_THAT(imposter.seen(), IsEmpty());
  }
}

TEST_F(SmtpTlsTest, CertificateOfAnotherHostIsRefused) {
  const TestCertificate other("DNS:mail.example.com");
  const SmtpImposter imposter(SmtpImposter::Tls::kOffered, &other);
  EXPECT_EQ(send(imposter, "smtp", {.ca_file = other.certificate_file()}).reason, "tls_failed");
}

TEST_F(SmtpTlsTest, SystemsAuthoritiesDoNotKnowTheTests) {
  const SmtpImposter imposter(SmtpImposter::Tls::kFromTheStart, &certificate_);
  const auto transport = transport_to("smtps://" + imposter.address());
  EXPECT_EQ(transport->send(a_letter()).reason, "tls_failed");
}

TEST_F(SmtpTlsTest, LoginIsPlainInsideOfTls) {
  SmtpImposter imposter(SmtpImposter::Tls::kOffered, &certificate_);
  imposter.offer_login();
  EXPECT_EQ(send(imposter, "smtp", {.user = "user", .password = Secret("secret")}).end, End::kSent);
  EXPECT_EQ(imposter.seen().at(0).login, "|user|secret");
}

TEST_F(SmtpTlsTest, RefusedLoginIsForLaterAndForAll) {
  SmtpImposter imposter(SmtpImposter::Tls::kOffered, &certificate_);
  imposter.offer_login();
  imposter.answer(At::kLogin, "535 5.7.8 wrong");
  const Outcome outcome = send(imposter, "smtp", {.user = "user", .password = Secret("secret")});
  EXPECT_EQ(outcome.end, End::kTryLater);
  EXPECT_EQ(outcome.reason, "login_refused");
  EXPECT_EQ(outcome.code, 535);
  EXPECT_EQ(outcome.status, "5.7.8");
  EXPECT_TRUE(outcome.is_for_all);
}

}  // namespace
}  // namespace flowsell::mail
