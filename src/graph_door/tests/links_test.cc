#include "links.h"

#include <gtest/gtest.h>

#include "json/json.h"

namespace flowsell::graph_door {
namespace {

constexpr std::string_view kBase = "https://connect.example/graph";

TEST(Links, LeadThroughThisDoorWithoutAToken) {
  const std::string body =
      R"({"data":[{"id":"1"}],"paging":{"cursors":{"after":"Mg"},
         "next":"https:\/\/graph.facebook.com\/v25.0\/10\/message_templates)"
      R"(?access_token=EAAsecret&limit=2&after=Mg%3D"}})";
  const auto document = json::parse(rewrite_links(body, kBase));
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().at("paging").at("next"),
            "https://connect.example/graph/v25.0/10/message_templates?limit=2&after=Mg%3D");
  EXPECT_EQ(document->root().at("paging").at("cursors").at("after"), "Mg");
  EXPECT_EQ(document->root().at("data").at(0).at("id"), "1");
}

TEST(Links, OfNoUseGo) {
  const auto document =
      json::parse(rewrite_links(R"({"paging":{"next":"nowhere","previous":7}})", kBase));
  ASSERT_TRUE(document);
  EXPECT_FALSE(document->root().at("paging").as_object().contains("next"));
  EXPECT_EQ(document->root().at("paging").at("previous"), 7);
}

TEST(Links, AreLookedForInObjectsOnly) {
  EXPECT_EQ(rewrite_links(R"(["paging"])", kBase), R"(["paging"])");
  EXPECT_EQ(rewrite_links("\"paging\" and no JSON", kBase), "\"paging\" and no JSON");
  EXPECT_EQ(rewrite_links(R"({"paging":null})", kBase), R"({"paging":null})");
}

}  // namespace
}  // namespace flowsell::graph_door
