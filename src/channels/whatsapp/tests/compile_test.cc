#include "core/encoding.h"
#include "support.h"
#include "whatsapp/adapter.h"

namespace flowsell::whatsapp {
namespace {

const channel::SenderRoute kRoute{
    .address = "106540352242922",
    .api_base = http::Url::parse("https://graph.facebook.com/v25.0").value()};
constexpr std::string_view kMessageId = "msg_01h455vb4pex5vsknk084sn02q";

channel::CompileContext context() {
  channel::CompileContext context;
  context.id = MessageId::parse(kMessageId).value();
  return context;
}

Result<http::OutRequest> compiled(const std::string& body,
                                  const channel::CompileContext& in = context()) {
  return make_adapter()->compile(message_of(body), in, kRoute);
}

/// The fixtures hold what Meta's own examples show (OpenAPI v23.0, operation sendMessage), as we
/// write it.
struct ShapeCase {
  const char* fixture;
  std::string body;
};

class CompileShape : public testing::TestWithParam<ShapeCase> {};

TEST_P(CompileShape, IsMetas) {
  channel::CompileContext in = context();
  in.target_provider_id = "wamid.TARGET";
  const auto request = compiled(GetParam().body, in);
  ASSERT_TRUE(request);
  EXPECT_EQ(canonical(request->body),
            canonical(fixture(std::string(GetParam().fixture) + ".json")));
}

const ShapeCase kShapes[] = {
    {"send_text",
     request("text", R"({"body":"Hello \"you\" https://example.com","preview_url":true})")},
    {"send_text_to_user_id",
     R"({"to":"US.13491208655302741918","type":"text","text":{"body":"नमस्ते"}})"},
    {"send_image", request("image", R"({"link":"https://example.com/a.png","caption":"A"})")},
    {"send_document",
     request("document",
             R"({"link":"https://example.com/a.pdf","caption":"A","filename":"a.pdf"})")},
    {"send_reaction", request("reaction", R"({"message_id":"wamid.ANY","emoji":"😀"})")},
    {"send_reaction_removed", request("reaction", R"({"message_id":"wamid.ANY","emoji":""})")},
    {"send_buttons", request("interactive", R"({"type":"button","header":{"type":"text","text":"H"},
        "body":{"text":"B"},"footer":{"text":"F"},"action":{"buttons":[
        {"type":"reply","reply":{"id":"yes","title":"Yes"}},{"type":"reply","reply":{"id":"no","title":"No"}}]}})")},
    {"send_template_positional",
     request("template", R"({"name":"order_ready","language":{"code":"en_US"},"components":[
        {"type":"body","parameters":[{"type":"text","text":"Ana"},{"type":"text","text":"42"}]},
        {"type":"header","parameters":[{"type":"text","text":"Hi"}]}]})")},
    {"send_template_named",
     request("template", R"({"name":"order_ready","language":{"code":"de"},"components":[
        {"type":"body","parameters":[{"type":"text","parameter_name":"first_name","text":"Ana"}]}]})")},
    {"send_template_bare",
     request("template", R"({"name":"hello_world","language":{"code":"en_US"}})")},
};
INSTANTIATE_TEST_SUITE_P(Fixtures, CompileShape, testing::ValuesIn(kShapes),
                         [](const auto& param_info) {
                           return std::string(param_info.param.fixture);
                         });

const std::string kText = request("text", R"({"body":"Hello"})");

TEST(Compile, PostsToTheSendersMessages) {
  const auto request = compiled(kText);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, http::Method::kPost);
  EXPECT_EQ(request->url.str(), "https://graph.facebook.com/v25.0/106540352242922/messages");
}

TEST(Compile, SendsJson) {
  const auto request = compiled(kText);
  ASSERT_EQ(request->headers.size(), 1U);
  EXPECT_EQ(request->headers[0].name, "Content-Type");
  EXPECT_EQ(request->headers[0].value, "application/json");
}

TEST(Compile, WritesTheContextOfAReply) {
  channel::CompileContext in = context();
  in.context_provider_id = "wamid.EARLIER";
  EXPECT_NE(compiled(kText, in)->body.find(R"("context":{"message_id":"wamid.EARLIER"})"),
            std::string::npos);
}

TEST(Compile, LeavesThePreviewOutWhereItIsNotAsked) {
  EXPECT_EQ(compiled(kText)->body.find("preview_url"), std::string::npos);
}

TEST(Compile, RefusesAReactionToAMessageThatWhatsAppDoesNotHave) {
  const auto request_of =
      compiled(request("reaction", R"({"message_id":"wamid.ANY","emoji":"😀"})"));
  ASSERT_FALSE(request_of);
  EXPECT_EQ(request_of.error().fields.at(0).pointer, "/reaction/message_id");
}

TEST(Compile, RefusesAnAddressThatWouldReachAnotherPath) {
  for (const char* address : {"", "../1", "1?x=", "1/register", "1 ", "1#"}) {
    const channel::SenderRoute route{.address = address, .api_base = kRoute.api_base};
    EXPECT_FALSE(make_adapter()->compile(message_of(kText), context(), route)) << address;
  }
}

TEST(Compile, ReachesASimulatorOnAPort) {
  const channel::SenderRoute route{
      .address = "1065", .api_base = http::Url::parse("http://127.0.0.1:9911/v25.0").value()};
  EXPECT_EQ(make_adapter()->compile(message_of(kText), context(), route)->url.str(),
            "http://127.0.0.1:9911/v25.0/1065/messages");
}

TEST(CompileRead, MarksAsRead) {
  const auto request = make_adapter()->compile_read("wamid.IN", false, kRoute);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->body,
            R"({"messaging_product":"whatsapp","status":"read","message_id":"wamid.IN"})");
}

TEST(CompileRead, ShowsTyping) {
  const auto request = make_adapter()->compile_read("wamid.IN", true, kRoute);
  ASSERT_TRUE(request);
  EXPECT_EQ(canonical(request->body), canonical(fixture("send_read_typing.json")));
}

TEST(Authorize, AddsTheToken) {
  auto request = compiled(kText);
  make_adapter()->authorize(*request, Secret("EAAtoken"));
  EXPECT_EQ(request->headers.back().name, "Authorization");
  EXPECT_EQ(request->headers.back().value, "Bearer EAAtoken");
}

TEST(Authorize, ReplacesAnEarlierToken) {
  auto request = compiled(kText);
  make_adapter()->authorize(*request, Secret("old"));
  make_adapter()->authorize(*request, Secret("new"));
  EXPECT_EQ(std::ranges::count(request->headers, "Authorization", &http::Header::name), 1);
  EXPECT_EQ(request->headers.back().value, "Bearer new");
}

// printf EAAtoken | openssl dgst -sha256 -hmac app-secret
constexpr std::string_view kProof =
    "appsecret_proof=9f9f0867bc3df2d00cecd6aa6fb78e65b64c050401bd6ec5b84d98503d443d34";

TEST(Authorize, ProvesThatWeHaveTheAppsSecret) {
  auto request = compiled(kText);
  const std::string plain = request->url.target;
  make_adapter(Secret("app-secret"))->authorize(*request, Secret("EAAtoken"));
  EXPECT_EQ(request->url.target, plain + "?" + std::string(kProof));
}

TEST(Authorize, ProvesItOfUploadsToo) {
  http::OutRequest request;
  request.url = http::Url::parse("https://graph.facebook.com/v25.0/upload:abc?sig=x").value();
  make_adapter(Secret("app-secret"))->authorize_upload(request, Secret("EAAtoken"));
  EXPECT_EQ(request.url.target, "/v25.0/upload:abc?sig=x&" + std::string(kProof));
  EXPECT_EQ(request.headers.back().value, "OAuth EAAtoken");
}

TEST(Authorize, LeavesTheAddressOfAFileAsItIs) {
  http::OutRequest request;
  request.url = http::Url::parse("https://lookaside.fbsbx.com/a?hash=b").value();
  make_adapter(Secret("app-secret"))->authorize_download(request, Secret("EAAtoken"));
  EXPECT_EQ(request.url.target, "/a?hash=b");
  EXPECT_EQ(request.headers.back().value, "Bearer EAAtoken");
}

TEST(Adapter, IsNamedWhatsapp) { EXPECT_EQ(make_adapter()->name(), "whatsapp"); }

}  // namespace
}  // namespace flowsell::whatsapp
