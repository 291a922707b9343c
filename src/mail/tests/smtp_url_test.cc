#include "smtp_url.h"

#include <gtest/gtest.h>

#include "testkit/database.h"

namespace flowsell::mail {
namespace {

TEST(SmtpUrl, PortsAreThoseOfSubmission) {
  EXPECT_EQ(SmtpUrl::parse("smtp://mail.example.com")->str(), "smtp://mail.example.com:587");
  EXPECT_EQ(SmtpUrl::parse("smtps://mail.example.com")->str(), "smtps://mail.example.com:465");
}

TEST(SmtpUrl, PortMayBeGiven) {
  EXPECT_EQ(SmtpUrl::parse("smtp://mail.example.com:2525")->port, 2525);
}

TEST(SmtpUrl, Ipv6HasBrackets) {
  EXPECT_EQ(SmtpUrl::parse("smtp://[::1]")->host, "::1");
  EXPECT_EQ(SmtpUrl::parse("smtp://[::1]:25")->str(), "smtp://[::1]:25");
}

TEST(SmtpUrl, LoopbackIsThisMachine) {
  for (const char* url :
       {"smtp://localhost", "smtp://127.0.0.1:25", "smtp://127.1.2.3", "smtp://[::1]"})
    EXPECT_TRUE(SmtpUrl::parse(url)->is_loopback()) << url;
  for (const char* url : {"smtp://mail.example.com", "smtp://10.0.0.1", "smtp://127.example.com",
                          "smtp://localhost.example.com", "smtp://[fe80::1]"})
    EXPECT_FALSE(SmtpUrl::parse(url)->is_loopback()) << url;
}

TEST(SmtpUrl, OtherFormsAreRefusedAndNotRepeated) {
  for (const std::string url : {"",
                                "mail.example.com",
                                "http://mail.example.com",
                                "smtp:mail.example.com",
                                "smtp://",
                                "smtp://:587",
                                "smtp://host:",
                                "smtp://host:0",
                                "smtp://host:65536",
                                "smtp://host:25x",
                                "smtp://host/path",
                                "smtp://user:marker@host",
                                "smtp://host?x",
                                "smtp://ho st",
                                "smtp://[::1",
                                "smtp://[host]",
                                "smtp://[::1]x",
                                "smtp://host:25/",
                                "SMTP://host",
                                "smtp://host\r\n"}) {
    const auto parsed = SmtpUrl::parse(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_FALSE(parsed.error().detail.contains("marker"));
  }
}

}  // namespace
}  // namespace flowsell::mail
