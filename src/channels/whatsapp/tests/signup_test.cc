#include "signup.h"

#include <gtest/gtest.h>

namespace flowsell::whatsapp {
namespace {

using channel::SignupFault;
using Kind = channel::SignupMessage::Kind;

std::string message(std::string_view event, std::string_view data) {
  return std::string(R"({"type":"WA_EMBEDDED_SIGNUP","event":")")
      .append(event)
      .append(R"(","data":)")
      .append(data)
      .append("}");
}

TEST(Signup, TheDialogAsksForScopesOrAConfiguration) {
  channel::SignupCalls::Dialog dialog;
  dialog.page = "https://www.facebook.com/v25.0/dialog/oauth";
  dialog.app_id = "670";
  dialog.redirect_uri = "https://a.example/cb";
  dialog.state = "s&t";
  EXPECT_EQ(signup_calls().dialog_url(dialog),
            "https://www.facebook.com/v25.0/dialog/oauth"
            "?client_id=670&redirect_uri=https%3A%2F%2Fa.example%2Fcb&state=s%26t&response_type="
            "code&scope=whatsapp_business_management%2Cwhatsapp_business_messaging");
  dialog.config = "42";
  EXPECT_TRUE(signup_calls().dialog_url(dialog).ends_with(
      "&override_default_response_type=true&config_id=42"));
}

TEST(Signup, AFinishNamesAccountAndNumber) {
  const auto read = signup_calls().read_message(
      message("FINISH", R"({"phone_number_id":"106","waba_id":"524","business_id":"272"})"));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, Kind::kFinished);
  EXPECT_EQ(read->account, "524");
  EXPECT_EQ(read->address, "106");
  EXPECT_TRUE(read->has_sender);
  EXPECT_FALSE(read->coexists);
}

TEST(Signup, OtherEndsAreToldApart) {
  EXPECT_FALSE(
      signup_calls().read_message(message("FINISH_ONLY_WABA", R"({"waba_id":"5"})"))->has_sender);
  const auto coexisting = signup_calls().read_message(
      message("FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING", R"({"waba_id":"5"})"));
  EXPECT_TRUE(coexisting->coexists);
  EXPECT_EQ(coexisting->address, "");
  EXPECT_EQ(signup_calls().read_message(message("FINISH", R"({"waba_ids":["7"]})"))->account, "7");
  EXPECT_EQ(signup_calls().read_message(message("FINISH", R"({"waba_ids":["7","8"]})"))->account,
            "");
}

TEST(Signup, ACancelHasAStepOrAnError) {
  const auto step =
      signup_calls().read_message(message("CANCEL", R"({"current_step":"PHONE_NUMBER_SETUP"})"));
  EXPECT_EQ(step->kind, Kind::kCancelled);
  EXPECT_EQ(step->step, "PHONE_NUMBER_SETUP");
  const auto error = signup_calls().read_message(
      message("CANCEL", R"({"error_message":"It failed.","error_code":"524126"})"));
  EXPECT_EQ(error->kind, Kind::kFailed);
  EXPECT_EQ(error->error_code, "524126");
  EXPECT_EQ(signup_calls().read_message(message("ERROR", "{}"))->kind, Kind::kFailed);
}

TEST(Signup, WhatIsNoMessageOfASignupSaysNothing) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string(R"({"type":"x"})"),
        message("SOMETHING", "{}"), message("FINISH", std::string(20'000, ' '))}) {
    EXPECT_FALSE(signup_calls().read_message(text)) << text.substr(0, 60);
  }
}

TEST(Signup, IdsAreNumbersAndWordsAreWords) {
  const auto read = signup_calls().read_message(
      message("FINISH", R"({"waba_id":"../5","phone_number_id":"<b>"})"));
  EXPECT_EQ(read->account, "");
  EXPECT_EQ(read->address, "");
  EXPECT_EQ(signup_calls().read_message(message("CANCEL", R"({"current_step":"<b>"})"))->step, "");
}

struct FaultCase {
  std::int64_t code, subcode;
  SignupFault fault;
};
constexpr FaultCase kFaults[] = {
    {100, 36007, SignupFault::kCodeExpired},
    {100, 36009, SignupFault::kCodeUsed},
    {100, 36008, SignupFault::kAppRefused},
    {100, 0, SignupFault::kOther},
    {101, 0, SignupFault::kAppRefused},
    {190, 460, SignupFault::kTokenRefused},
    {10, 0, SignupFault::kAccessMissing},
    {200, 0, SignupFault::kAccessMissing},
    {299, 0, SignupFault::kAccessMissing},
    {300, 0, SignupFault::kOther},
    {133005, 0, SignupFault::kPinWrong},
    {133008, 0, SignupFault::kPinBlocked},
    {133009, 0, SignupFault::kPinTooSoon},
    {133016, 0, SignupFault::kRegistrationLimit},
    {2388012, 0, SignupFault::kNumberElsewhere},
    {100, 2388012, SignupFault::kNumberElsewhere},
    {80007, 0, SignupFault::kBusy},
};
TEST(Signup, FaultsAreToldApart) {
  for (const FaultCase& each : kFaults) {
    ProviderError error;
    error.code = each.code;
    error.subcode = each.subcode;
    EXPECT_EQ(signup_calls().fault_of(error), each.fault) << each.code << "/" << each.subcode;
  }
}

}  // namespace
}  // namespace flowsell::whatsapp
