#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "metadata.h"
#include "test_key.h"

namespace flowsell::oidc {
namespace {

using testing::ElementsAre;
using testing_support::fault_in;

class Discovery : public testing::Test {
 protected:
  Result<Metadata> parse() const {
    std::string text = "{";
    for (const auto& [name, value] : members) {
      if (text.size() > 1) text += ',';
      text.append("\"").append(name).append("\":").append(value);
    }
    return parse_metadata(text + '}', "https://idp.example", guard);
  }

  http::EgressGuard guard{http::EgressOptions{}};
  std::map<std::string, std::string> members = {
      {"issuer", R"("https://idp.example")"},
      {"authorization_endpoint", R"("https://idp.example/authorize?a=b")"},
      {"token_endpoint", R"("https://idp.example/token")"},
      {"jwks_uri", R"("https://keys.example/keys")"},
      {"id_token_signing_alg_values_supported", R"(["RS256"])"}};
};

TEST_F(Discovery, ReadsTheEndpoints) {
  members["userinfo_endpoint"] = R"("https://idp.example/me")";
  members["end_session_endpoint"] = R"("https://idp.example/end")";
  members["authorization_response_iss_parameter_supported"] = "true";
  const auto read = parse();
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->authorization_endpoint, "https://idp.example/authorize?a=b");
  EXPECT_EQ(read->token_endpoint.str(), "https://idp.example/token");
  EXPECT_EQ(read->jwks_uri.str(), "https://keys.example/keys");
  EXPECT_EQ(read->userinfo_endpoint->str(), "https://idp.example/me");
  EXPECT_EQ(read->end_session_endpoint, "https://idp.example/end");
  EXPECT_TRUE(read->sends_issuer);
}

TEST_F(Discovery, WhatIsOptionalMayBeMissing) {
  const auto read = parse();
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(read->userinfo_endpoint, std::nullopt);
  EXPECT_EQ(read->end_session_endpoint, "");
  EXPECT_FALSE(read->sends_issuer);
}

TEST_F(Discovery, AnotherIssuerIsRefused) {
  for (const char* issuer : {R"("https://idp.example/")", R"("https://IDP.example")",
                             R"("https://evil.example")", R"("")"}) {
    members["issuer"] = issuer;
    EXPECT_EQ(fault_in(parse()), Fault::kDiscoveryIssuer) << issuer;
  }
}

TEST_F(Discovery, WhatIsRequiredMustBeThere) {
  for (const char* name : {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri",
                           "id_token_signing_alg_values_supported"}) {
    const auto before = members;
    members.erase(name);
    EXPECT_EQ(fault_in(parse()), Fault::kDiscoveryInvalid) << name;
    members[name] = "7";
    EXPECT_EQ(fault_in(parse()), Fault::kDiscoveryInvalid) << name;
    members = before;
  }
}

TEST_F(Discovery, EndpointsMustBeHttps) {
  for (const char* name : {"authorization_endpoint", "token_endpoint", "jwks_uri",
                           "userinfo_endpoint", "end_session_endpoint"}) {
    for (const char* url : {R"("http://idp.example/x")", R"("javascript:alert")", R"("/x")",
                            R"("http://127.0.0.1/x")", R"("https://idp.example/x#y")", "null"}) {
      const auto before = members;
      members[name] = url;
      EXPECT_EQ(fault_in(parse()), Fault::kDiscoveryInvalid) << name << " " << url;
      members = before;
    }
  }
}

TEST_F(Discovery, AlgorithmsAreTheProvidersThatAreOurs) {
  members["id_token_signing_alg_values_supported"] =
      R"(["none","HS256","ES256","RS256","ES256","RS512",7])";
  EXPECT_THAT(parse()->algorithms, ElementsAre(Algorithm::kEs256, Algorithm::kRs256));
}

TEST_F(Discovery, NoCommonAlgorithmIsRefused) {
  for (const char* names : {"[]", R"(["none"])", R"(["HS256","RS512"])"}) {
    members["id_token_signing_alg_values_supported"] = names;
    EXPECT_EQ(fault_in(parse()), Fault::kNoCommonAlgorithm) << names;
  }
}

TEST_F(Discovery, AnUnclearPromiseOfAnIssuerIsRefused) {
  members["authorization_response_iss_parameter_supported"] = R"("true")";
  EXPECT_EQ(fault_in(parse()), Fault::kDiscoveryInvalid);
}

TEST_F(Discovery, WhatIsNoDocumentIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("<html>"), std::string("{"),
        std::string(R"({"issuer":"https://idp.example","issuer":"https://idp.example"})"),
        std::string("{}") + std::string(64 << 10, ' ')}) {
    EXPECT_EQ(fault_in(parse_metadata(text, "https://idp.example", guard)),
              Fault::kDiscoveryInvalid)
        << text.substr(0, 40);
  }
}

}  // namespace
}  // namespace flowsell::oidc
