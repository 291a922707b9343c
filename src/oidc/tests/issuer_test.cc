#include "issuer.h"

#include <gtest/gtest.h>

#include "test_key.h"

namespace flowsell::oidc {
namespace {

using testing_support::fault_in;

http::EgressOptions everything() {
  http::EgressOptions options;
  options.allow_all = true;
  return options;
}

Result<std::string> found(std::string issuer, http::EgressOptions options = {},
                          std::string tenant = "organizations") {
  const http::EgressGuard guard(std::move(options));
  Provider provider;
  provider.issuer = std::move(issuer);
  provider.tenant = std::move(tenant);
  TRY(const http::Url url, discovery_url(provider, guard));
  return url.str();
}

TEST(DiscoveryUrl, IsBehindTheIssuer) {
  EXPECT_EQ(found("https://idp.example"), "https://idp.example/.well-known/openid-configuration");
  EXPECT_EQ(found("https://idp.example/"), "https://idp.example/.well-known/openid-configuration");
  EXPECT_EQ(found("https://idp.example/realms/a"),
            "https://idp.example/realms/a/.well-known/openid-configuration");
}

TEST(DiscoveryUrl, NamesTheTenantInPlaceOfTheTemplate) {
  EXPECT_EQ(found("https://idp.example/{tenantid}/v2.0"),
            "https://idp.example/organizations/v2.0/.well-known/openid-configuration");
  EXPECT_EQ(found("https://idp.example/{tenantid}/v2.0", {}, "common"),
            "https://idp.example/common/v2.0/.well-known/openid-configuration");
}

TEST(DiscoveryUrl, ATenantCannotChangeTheUrl) {
  for (const char* tenant : {"", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "@evil.example", "a\n"}) {
    EXPECT_EQ(fault_in(found("https://idp.example/{tenantid}/v2.0", {}, tenant)),
              Fault::kProviderMisconfigured)
        << tenant;
  }
}

TEST(DiscoveryUrl, WhatIsNoIssuerIsRefused) {
  for (const char* issuer :
       {"", "idp.example", "ftp://idp.example", "https://", "https://user@idp.example",
        "https://idp.example?a=b", "https://idp.example#a", "https://idp.example/{tenant}",
        "http://idp.example"}) {
    EXPECT_EQ(fault_in(found(issuer)), Fault::kProviderMisconfigured) << issuer;
  }
}

TEST(DiscoveryUrl, PlainHttpIsForLoopbackAlone) {
  EXPECT_TRUE(found("http://127.0.0.1:9000", everything()));
  EXPECT_TRUE(found("http://[::1]:9000", everything()));
  EXPECT_TRUE(found("http://localhost:9000", everything()));
  for (const char* issuer :
       {"http://idp.example", "http://10.0.0.1", "http://127.0.0.1.evil.example", "http://0.0.0.0",
        "http://localhost.evil.example"}) {
    EXPECT_EQ(fault_in(found(issuer, everything())), Fault::kProviderMisconfigured) << issuer;
  }
}

TEST(DiscoveryUrl, LoopbackIsForServersThatAllowIt) {
  EXPECT_EQ(fault_in(found("http://127.0.0.1:9000")), Fault::kProviderMisconfigured);
  http::EgressOptions options;
  options.allow_loopback = true;
  EXPECT_TRUE(found("http://127.0.0.1:9000", options));
}

TEST(CouldBeIssuer, WithoutATemplateIsEquality) {
  EXPECT_TRUE(could_be_issuer("https://idp.example", "https://idp.example"));
  EXPECT_FALSE(could_be_issuer("https://idp.example", "https://idp.example/"));
  EXPECT_FALSE(could_be_issuer("https://idp.example", ""));
}

TEST(CouldBeIssuer, WithATemplateTakesAnyGuid) {
  const std::string any = "https://idp.example/{tenantid}/v2.0";
  const std::string guid = "72f988bf-86f1-41af-91ab-2d7cd011db47";
  EXPECT_TRUE(could_be_issuer(any, "https://idp.example/" + guid + "/v2.0"));
  EXPECT_FALSE(could_be_issuer(any, any));
  EXPECT_FALSE(could_be_issuer(any, "https://idp.example/" + guid));
  EXPECT_FALSE(could_be_issuer(any, "https://idp.example/" + guid + "/v2.0/x"));
  EXPECT_FALSE(could_be_issuer(any, "https://evil.example/" + guid + "/v2.0"));
  EXPECT_FALSE(could_be_issuer(any, "https:"));
  EXPECT_FALSE(could_be_issuer(any, ""));
}

TEST(IsGuid, KnowsItsForm) {
  EXPECT_TRUE(is_guid("72f988bf-86f1-41af-91ab-2d7cd011DB47"));
  for (const char* text :
       {"", "72f988bf-86f1-41af-91ab-2d7cd011db4", "72f988bf-86f1-41af-91ab-2d7cd011db477",
        "72f988bf086f1-41af-91ab-2d7cd011db47", "72f988bg-86f1-41af-91ab-2d7cd011db47",
        "72f988bf-86f1-41af-91ab-2d7cd011/b47"}) {
    EXPECT_FALSE(is_guid(text)) << text;
  }
}

}  // namespace
}  // namespace flowsell::oidc
