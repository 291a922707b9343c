#include <fmt/format.h>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "graph_fixture.h"

namespace flowsell::sim::test {
namespace {

TEST_F(Graph, ShowsAnAccount) {
  const auto answer = get(kAccount);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(at(answer, "/id"), kAccount);
  EXPECT_EQ(at(answer, "/timezone_id"), "1");
  EXPECT_FALSE(answer.header("x-business-use-case-usage").empty());
}

TEST_F(Graph, ShowsTheFieldsThatAreAskedFor) {
  const auto answer =
      get(fmt::format("{}?fields=currency,owner_business_info{{id}},health_status", kAccount));
  EXPECT_EQ(at(answer, "/currency"), "USD");
  EXPECT_EQ(at(answer, "/owner_business_info/id"), kBusiness);
  EXPECT_EQ(at(answer, "/owner_business_info/name"), "(absent)");
  EXPECT_EQ(at(answer, "/health_status/can_send_message"), "AVAILABLE");
  EXPECT_EQ(at(answer, "/name"), "(absent)");
}

TEST_F(Graph, RefusesAFieldThatAKindDoesNotHave) {
  const auto answer = get(fmt::format("{}?fields=colour", kPhone));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(at(answer, "/error/message"),
            "(#100) Tried accessing nonexisting field (colour) on node type "
            "(WhatsAppBusinessPhoneNumber)");
}

TEST_F(Graph, NeverShowsWhatIsItsOwn) {
  EXPECT_EQ(get(fmt::format("{}?fields=_secret", kApp)).status, 400);
  EXPECT_EQ(get(kApp).body.find("test-app-secret"), std::string::npos);
}

TEST_F(Graph, EditsAnAccount) {
  EXPECT_EQ(post_to(kAccount, R"({"name":"New name"})").body, R"({"success":true})");
  EXPECT_EQ(at(get(kAccount), "/name"), "New name");
}

TEST_F(Graph, ListsTheNumbersOfAnAccount) {
  const auto answer = get(fmt::format("{}/phone_numbers", kAccount));
  EXPECT_EQ(at(answer, "/data/0/id"), kPhone);
  EXPECT_EQ(at(answer, "/data/0/quality_rating"), "GREEN");
  EXPECT_FALSE(at(answer, "/paging/cursors/after").empty());
}

TEST_F(Graph, ListsTheAccountsOfABusiness) {
  const auto answer = get(fmt::format("{}/owned_whatsapp_business_accounts", kBusiness));
  EXPECT_EQ(at(answer, "/data/0/id"), kAccount);
}

TEST_F(Graph, RefusesAnObjectThatItDoesNotHave) {
  const auto answer = get("99999999999");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(at(answer, "/error/error_subcode"), "33");
}

TEST_F(Graph, RefusesAnUnknownEdgeOfAnAccount) {
  EXPECT_EQ(code_of(get(fmt::format("{}/weather", kAccount))), 2500);
}

// --- numbers

class NewNumber : public Graph {
 protected:
  std::string add() {
    return at(post_to(fmt::format("{}/phone_numbers", kAccount),
                      R"({"cc":"49","phone_number":"1510000009","verified_name":"Shop"})"),
              "/id");
  }
  RawAnswer verify(const std::string& id, std::string_view code = "123456") {
    post_to(id + "/request_code", R"({"code_method":"SMS","language":"en_US"})");
    return post_to(id + "/verify_code", fmt::format(R"({{"code":"{}"}})", code));
  }
  RawAnswer send_from(const std::string& id) {
    return post_to(id + "/messages",
                   R"({"messaging_product":"whatsapp","to":"+491510000001","text":{"body":"x"}})");
  }
};

TEST_F(NewNumber, IsNotVerifiedAndCanNotSend) {
  const auto id = add();
  EXPECT_EQ(at(get(id), "/code_verification_status"), "NOT_VERIFIED");
  const auto sent = send_from(id);
  EXPECT_EQ(sent.status, 400);
  EXPECT_EQ(code_of(sent), 133010);
}

TEST_F(NewNumber, IsNotRegisteredBeforeItIsVerified) { EXPECT_EQ(code_of(enrol(add())), 133006); }

TEST_F(NewNumber, SendsOnceItIsVerifiedAndRegistered) {
  const auto id = add();
  EXPECT_EQ(verify(id).status, 200);
  EXPECT_EQ(enrol(id).body, R"({"success":true})");
  EXPECT_EQ(at(get(id + "?fields=status,throughput"), "/status"), "CONNECTED");
  EXPECT_EQ(send_from(id).status, 200);
}

TEST_F(NewNumber, HasItsDisplayNameReviewed) {
  add();
  EXPECT_EQ(text_of(told("phone_number_name_update"), "/decision"), "APPROVED");
}

TEST_F(NewNumber, IsNotVerifiedByAWrongCode) {
  EXPECT_EQ(code_of(verify(add(), "000000")), 136025);
}

TEST_F(NewNumber, IsNotVerifiedByAnOldCode) {
  const auto id = add();
  post_to(id + "/request_code", R"({"code_method":"SMS","language":"en_US"})");
  advance(601);
  EXPECT_EQ(code_of(post_to(id + "/verify_code", R"({"code":"123456"})")), 136025);
}

TEST_F(NewNumber, IsRefusedWhereTheNumberIsTaken) {
  const auto answer = post_to(fmt::format("{}/phone_numbers", kAccount),
                              R"({"cc":"1","phone_number":"5550783881","verified_name":"Shop"})");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(at(answer, "/error/error_subcode"), "2388002");
  EXPECT_FALSE(at(answer, "/error/error_user_msg").empty());
}

TEST_F(NewNumber, DeregistersAndThenCanNotSend) {
  EXPECT_EQ(post_to(fmt::format("{}/deregister", kPhone)).status, 200);
  EXPECT_EQ(code_of(send_text()), 133010);
  EXPECT_EQ(code_of(post_to(fmt::format("{}/deregister", kPhone))), 133010);
}

TEST_F(NewNumber, ChangesItsPinAndTellsIt) {
  EXPECT_EQ(post_to(kPhone, R"({"pin":"654321"})").status, 200);
  EXPECT_EQ(text_of(told("security"), "/event"), "PIN_CHANGED");
  EXPECT_EQ(code_of(enrol(kPhone, "111111")), 133005);
  EXPECT_EQ(enrol(kPhone, "654321").status, 200);
}

TEST_F(NewNumber, CountsGuessesOfThePin) {
  post_to(kPhone, R"({"pin":"654321"})");
  EXPECT_EQ(code_of(enrol(kPhone, "111111")), 133005);
  EXPECT_EQ(code_of(enrol(kPhone, "111112")), 133009);
  for (int i = 0; i < 7; ++i) {
    advance(60);
    EXPECT_EQ(code_of(enrol(kPhone, "111113")), 133005);
  }
  advance(60);
  EXPECT_EQ(code_of(enrol(kPhone, "111114")), 133008);
  advance(73LL * 3600);
  EXPECT_EQ(enrol(kPhone, "654321").status, 200);
}

TEST_F(NewNumber, IsRegisteredTenTimesInThreeDays) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(enrol(kPhone).status, 200) << i;
  EXPECT_EQ(code_of(enrol(kPhone)), 133016);
  advance(73LL * 3600);
  EXPECT_EQ(enrol(kPhone).status, 200);
}

TEST_F(NewNumber, ShowsInItsHealthWhatStandsInTheWay) {
  const auto answer = get(add() + "?fields=health_status");
  EXPECT_EQ(at(answer, "/health_status/can_send_message"), "BLOCKED");
  EXPECT_EQ(at(answer, "/health_status/entities/0/entity_type"), "PHONE_NUMBER");
  EXPECT_EQ(at(answer, "/health_status/entities/0/errors/0/error_code"), "141000");
}

TEST_F(Graph, ReviewsANewDisplayName) {
  post_to(kPhone, R"({"new_display_name":"reject this"})");
  const auto value = told("phone_number_name_update");
  EXPECT_EQ(text_of(value, "/decision"), "REJECTED");
  EXPECT_EQ(at(get(fmt::format("{}?fields=new_name_status", kPhone)), "/new_name_status"),
            "DECLINED");
}

// --- profile, settings, blocks, QR codes

TEST_F(Graph, KeepsAProfile) {
  const auto path = fmt::format("{}/whatsapp_business_profile", kPhone);
  EXPECT_EQ(
      post_to(path,
              R"({"messaging_product":"whatsapp","about":"Hi","websites":["https://a.example"]})")
          .body,
      R"({"success":true})");
  const auto answer = get(path + "?fields=about,email");
  EXPECT_EQ(at(answer, "/data/0/about"), "Hi");
  EXPECT_EQ(at(answer, "/data/0/websites"), "(absent)");
  EXPECT_EQ(at(answer, "/data/0/messaging_product"), "whatsapp");
}

TEST_F(Graph, RefusesAProfileThatIsTooLong) {
  const auto answer = post_to(
      fmt::format("{}/whatsapp_business_profile", kPhone),
      fmt::format(R"({{"messaging_product":"whatsapp","about":"{}"}})", std::string(140, 'a')));
  EXPECT_EQ(code_of(answer), 100);
}

TEST_F(Graph, TakesOneFeatureOfSettingsAtATime) {
  const auto path = fmt::format("{}/settings", kPhone);
  EXPECT_EQ(post_to(path, R"({"calling":{"status":"enabled"}})").status, 200);
  EXPECT_EQ(at(get(path), "/calling/status"), "enabled");
  EXPECT_EQ(code_of(post_to(path, R"({"calling":{},"payload_encryption":{}})")), 100);
  EXPECT_EQ(code_of(post_to(path)), 100);
}

TEST_F(Graph, BlocksOnlyPeopleWhoWroteWithinADay) {
  const auto path = fmt::format("{}/block_users", kPhone);
  constexpr std::string_view kAnaAndBo =
      R"({"messaging_product":"whatsapp","block_users":[{"user":"+491510000001"},)"
      R"({"user":"+491510000002"}]})";
  say_hello();
  const auto answer = post_to(path, kAnaAndBo);
  EXPECT_EQ(at(answer, "/block_users/added_users/0/wa_id"), "491510000001");
  EXPECT_EQ(at(answer, "/block_users/failed_users/0/wa_id"), "491510000002");
  EXPECT_EQ(at(answer, "/error/code"), "139100");
  EXPECT_EQ(at(get(path), "/data/0/wa_id"), "491510000001");
}

TEST_F(Graph, BlocksNobodyADayLater) {
  say_hello();
  advance(24LL * 3600);
  const auto answer =
      post_to(fmt::format("{}/block_users", kPhone),
              R"({"messaging_product":"whatsapp","block_users":[{"user":"+491510000001"}]})");
  EXPECT_EQ(at(answer, "/block_users/failed_users/0/wa_id"), "491510000001");
}

TEST_F(Graph, MakesEditsAndDeletesAQrCode) {
  const auto path = fmt::format("{}/message_qrdls", kPhone);
  const auto made = post_to(path, R"({"prefilled_message":"Hello","generate_qr_image":"SVG"})");
  const auto code = at(made, "/code");
  EXPECT_EQ(code.size(), 14U);
  EXPECT_EQ(at(made, "/deep_link_url"), "https://wa.me/message/" + code);
  post_to(path, fmt::format(R"({{"prefilled_message":"Bye","code":"{}"}})", code));
  EXPECT_EQ(at(get(path + "/" + code), "/data/0/prefilled_message"), "Bye");
  EXPECT_EQ(remove(path + "/" + code).body, R"({"success":true})");
  EXPECT_EQ(remove(path + "/" + code).status, 404);
}

TEST_F(Graph, KeepsConversationalComponents) {
  EXPECT_EQ(post_to(fmt::format("{}/conversational_automation", kPhone),
                    R"({"enable_welcome_message":true,"prompts":["Where are you?"]})")
                .status,
            200);
  EXPECT_EQ(at(get(fmt::format("{}?fields=conversational_automation", kPhone)),
               "/conversational_automation/prompts/0"),
            "Where are you?");
}

// --- tokens

TEST_F(Graph, DebugsAToken) {
  const auto made = token(fmt::format(R"({{"accounts":["{}"],"expires_in":3600}})", kAccount));
  const auto answer = get(fmt::format("debug_token?input_token={}", made), kAppToken);
  EXPECT_EQ(at(answer, "/data/is_valid"), "true");
  EXPECT_EQ(at(answer, "/data/app_id"), kApp);
  EXPECT_EQ(at(answer, "/data/granular_scopes/0/scope"), "whatsapp_business_management");
  EXPECT_EQ(at(answer, "/data/granular_scopes/0/target_ids/0"), kAccount);
}

TEST_F(Graph, SaysOfAnUnknownTokenThatItIsNotValid) {
  EXPECT_EQ(at(get("debug_token?input_token=xyz", kAppToken), "/data/is_valid"), "false");
}

TEST_F(Graph, RefusesATokenOnceItHasExpired) {
  const auto made = token(R"({"expires_in":60})");
  EXPECT_EQ(get(kAccount, made).status, 200);
  advance(61);
  const auto answer = get(kAccount, made);
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(at(answer, "/error/error_subcode"), "463");
}

TEST_F(Graph, RefusesARevokedTokenAlsoForSends) {
  const auto made = token("{}");
  control("POST", "/_sim/tokens/revoke", fmt::format(R"({{"token":"{}"}})", made));
  const auto answer = call(sim_->port(), "POST", kMessages, "{}", made);
  EXPECT_EQ(code_of(answer), 190);
  EXPECT_EQ(at(answer, "/error/error_subcode"), "460");
}

TEST_F(Graph, SeesOnlyTheAccountsOfItsToken) {
  const auto made = token(R"({"accounts":["1"]})");
  EXPECT_EQ(at(get(kAccount, made), "/error/error_subcode"), "33");
  EXPECT_EQ(at(call(sim_->port(), "POST", kMessages, "{}", made), "/error/error_subcode"), "33");
}

TEST_F(Graph, RefusesATokenWithoutTheScope) {
  const auto messaging = token(R"({"scopes":["whatsapp_business_messaging"]})");
  EXPECT_EQ(get(kAccount, messaging).status, 403);
  const auto management = token(R"({"scopes":["whatsapp_business_management"]})");
  EXPECT_EQ(code_of(call(sim_->port(), "POST", kMessages, "{}", management)), 10);
}

TEST_F(Graph, TakesATokenOfTheQuery) {
  const auto answer = call_with(sim_->port(), "GET",
                                fmt::format("/v25.0/{}?access_token={}", kAccount, kToken), "", {});
  EXPECT_EQ(answer.status, 200);
}

TEST_F(Graph, AsksForAProofWhereAnAppRequiresIt) {
  control("POST", "/_sim/apps", fmt::format(R"({{"id":"{}","requires_proof":true}})", kApp));
  EXPECT_EQ(at(get(kAccount), "/error/message"),
            "API calls from the server require an appsecret_proof argument");
  const auto proof = hex_encode(crypto::hmac_sha256(kAppSecret, {kToken}));
  EXPECT_EQ(get(fmt::format("{}?appsecret_proof={}", kAccount, proof)).status, 200);
  EXPECT_EQ(get(fmt::format("{}?appsecret_proof=00", kAccount)).status, 400);
}

TEST_F(Graph, AsksForTheProofOfASendToo) {
  control("POST", "/_sim/apps", fmt::format(R"({{"id":"{}","requires_proof":true}})", kApp));
  const auto messages = fmt::format("{}/messages", kPhone);
  constexpr std::string_view kHello =
      R"({"messaging_product":"whatsapp","to":"491510000001","type":"text","text":{"body":"Hi"}})";
  EXPECT_EQ(at(post_to(messages, kHello), "/error/message"),
            "API calls from the server require an appsecret_proof argument");
  const auto proof = hex_encode(crypto::hmac_sha256(kAppSecret, {kToken}));
  EXPECT_EQ(post_to(fmt::format("{}?appsecret_proof={}", messages, proof), kHello).status, 200);
  EXPECT_EQ(at(post_to(fmt::format("{}?appsecret_proof=00", messages), kHello), "/error/message"),
            "Invalid appsecret_proof provided in the API argument");
}

// --- codes

class Code : public Graph {
 protected:
  std::string code(std::string_view wishes = "{}") {
    return at(control("POST", "/_sim/codes", wishes), "/code");
  }
};

TEST_F(Code, IsExchangedForATokenThatWorks) {
  const auto answer = exchange(code(fmt::format(R"({{"accounts":["{}"]}})", kAccount)));
  EXPECT_EQ(at(answer, "/token_type"), "bearer");
  EXPECT_EQ(get(kAccount, at(answer, "/access_token")).status, 200);
}

TEST_F(Code, IsGoodOnce) {
  const auto text = code();
  exchange(text);
  const auto again = exchange(text);
  EXPECT_EQ(again.status, 400);
  EXPECT_EQ(at(again, "/error/error_subcode"), "36009");
}

TEST_F(Code, LivesThirtySeconds) {
  const auto text = code();
  advance(30);
  EXPECT_EQ(at(exchange(text), "/error/error_subcode"), "36007");
}

TEST_F(Code, NeedsTheSecretAndTheSameRedirect) {
  const auto text = code(R"({"redirect_uri":"https://a.example/back"})");
  EXPECT_EQ(exchange(text, "", "wrong").status, 400);
  EXPECT_EQ(at(exchange(text), "/error/error_subcode"), "36008");
  EXPECT_EQ(exchange(text, "&redirect_uri=https%3A%2F%2Fa.example%2Fback").status, 200);
}

}  // namespace
}  // namespace flowsell::sim::test
