#include <fmt/format.h>

#include <filesystem>

#include "graph_fixture.h"

namespace flowsell::sim::test {
namespace {

/// A simulator with a folder, which can be stopped and started.
class Restart : public Graph {
 protected:
  void SetUp() override {
    auto pattern = std::filesystem::temp_directory_path().string() + "/sim-restart-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    again();
  }
  void TearDown() override {
    sim_.reset();
    std::filesystem::remove_all(folder_);
  }
  void again() {
    sim_.reset();
    auto options = graph_options();
    options.data_folder = folder_;
    start(std::move(options));
  }
  std::string folder_;
};

TEST_F(Restart, KeepsTemplates) {
  const auto id = make_template(text_template("order_ready"));
  again();
  EXPECT_EQ(at(get(id), "/name"), "order_ready");
  EXPECT_EQ(
      code_of(post(R"({"messaging_product":"whatsapp","to":"+491510000001","type":"template",)"
                   R"("template":{"name":"other","language":{"code":"de"}}})")),
      132001);
}

TEST_F(Restart, KeepsThatATemplateIsGone) {
  make_template(text_template("order_ready"));
  remove(fmt::format("{}/message_templates?name=order_ready", kAccount));
  again();
  EXPECT_EQ(at(get(fmt::format("{}/message_templates", kAccount)), "/data"), "[]");
}

TEST_F(Restart, KeepsTokensAndTheirEnd) {
  const auto made = token(R"({"expires_in":60})");
  again();
  EXPECT_EQ(get(kAccount, made).status, 200);
  advance(61);
  again();
  EXPECT_EQ(get(kAccount, made).status, 401);
}

TEST_F(Restart, KeepsNumbersAndTheirRegistration) {
  const auto made = control("POST", "/_sim/accounts",
                            R"({"name":"Other","display_phone_number":"491510000077"})");
  const auto phone = at(made, "/phone_number_id");
  post_to(fmt::format("{}/deregister", kPhone));
  again();
  EXPECT_EQ(at(get(phone), "/display_phone_number"), "+49 151-000-0077");
  EXPECT_EQ(code_of(send_text()), 133010);
}

TEST_F(Restart, KeepsMedia) {
  const auto id = upload("image/jpeg", kJpeg);
  again();
  const auto url = at(get(id), "/url");
  EXPECT_EQ(call(sim_->port(), "GET", url.substr(url.find('/', 7)), "").body, kJpeg);
}

TEST_F(Restart, KeepsOverrides) {
  WebhookSink other;
  post_to(fmt::format("{}/subscribed_apps", kAccount), override_to(other));
  again();
  say_hello();
  EXPECT_EQ(other.wait_for(1).size(), 1U);
}

TEST_F(Restart, FailsToStartWhereAnotherHasTheFolder) {
  auto options = graph_options();
  options.data_folder = folder_;
  WhatsAppSimulator second(std::move(options));
  EXPECT_FALSE(second.start());
}

}  // namespace
}  // namespace flowsell::sim::test
