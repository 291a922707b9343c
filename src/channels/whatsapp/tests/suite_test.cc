#include "channel/testing/adapter_suite.h"
#include "support.h"
#include "whatsapp/adapter.h"

namespace flowsell::channel::testing {
namespace {

AdapterUnderTest whatsapp_under_test() {
  using whatsapp::fixture;
  using whatsapp::request;
  AdapterUnderTest out;
  out.name = "WhatsApp";
  out.make = [] { return whatsapp::make_adapter(); };
  out.route = {.address = "106540352242922",
               .api_base = http::Url::parse("https://graph.facebook.com/v25.0").value()};
  out.requests = {
      request("text", R"({"body":"Hello"})"),
      request("image", R"({"link":"https://example.com/a.png"})"),
      request("video", R"({"id":"1037543291543636"})"),
      request("audio", R"({"id":"1037543291543636","voice":true})"),
      request("sticker", R"({"link":"https://example.com/a.webp"})"),
      request("location", R"({"latitude":52.52,"longitude":13.4})"),
      request("contacts", R"([{"name":{"formatted_name":"Ana","first_name":"Ana"}}])"),
      request("document", R"({"link":"https://example.com/a.pdf"})"),
      request("reaction", R"({"message_id":"wamid.X","emoji":"👍"})"),
      request("interactive", R"({"type":"button","body":{"text":"B"},
          "action":{"buttons":[{"type":"reply","reply":{"id":"yes","title":"Yes"}}]}})"),
      request("template", R"({"name":"hello_world","language":{"code":"en_US"}})"),
  };
  out.accepted = fixture("answer_accepted.json");
  out.refused = fixture("answer_pair_limit.json");
  out.webhook = fixture("in_text.json");
  // openssl dgst -sha256 -hmac app-secret in_text.json
  out.signature = "sha256=4b7dd1000b2ac0636082f57689994402fa4bb7dad49af7b8bc1b54256120b4f6";
  out.app_secret = "app-secret";
  return out;
}

INSTANTIATE_TEST_SUITE_P(WhatsApp, AdapterSuite, ::testing::Values(whatsapp_under_test()),
                         [](const auto& param_info) { return param_info.param.name; });

}  // namespace
}  // namespace flowsell::channel::testing
