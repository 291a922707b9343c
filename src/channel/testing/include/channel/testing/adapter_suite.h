#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "channel/adapter.h"
#include "channel/message.h"
#include "json/json.h"

namespace flowsell::channel::testing {

/// A channel with what its provider would say, for the suite below.
struct AdapterUnderTest {
  std::string name;
  std::function<std::unique_ptr<Adapter>()> make;
  SenderRoute route;
  std::vector<std::string>
      requests;           ///< bodies of POST /v1/messages that check() takes, one a kind
  std::string accepted;   ///< the provider's answer to a send, status 200
  std::string refused;    ///< the provider's error, status 400
  std::string webhook;    ///< the raw body of a webhook with one update at least
  std::string signature;  ///< of `webhook`
  std::string app_secret;
};

/// What holds for every channel. A channel's tests instantiate it:
///   INSTANTIATE_TEST_SUITE_P(MyChannel, AdapterSuite, ::testing::Values(my_channel()));
class AdapterSuite : public ::testing::TestWithParam<AdapterUnderTest> {
 protected:
  OutboundMessage message(const std::string& body) const {
    return parse_message(json::parse(body).value().root()).value();
  }
  CompileContext context() const {
    CompileContext context;
    context.id = MessageId::parse("msg_01h455vb4pex5vsknk084sn02q").value();
    context.target_provider_id = "provider-id-of-the-target";
    return context;
  }
  http::OutRequest compiled(const std::string& body) const {
    return adapter_->compile(message(body), context(), GetParam().route).value();
  }
  static http::Exchange answer(int status, std::string body) {
    http::Exchange exchange;
    exchange.end = http::ExchangeEnd::kAnswered;
    exchange.byte_sent = true;
    exchange.status = status;
    exchange.body = std::move(body);
    return exchange;
  }
  Interpretation::Kind read(int status, std::string body) const {
    return adapter_->interpret(answer(status, std::move(body))).kind;
  }
  bool verifies(std::string_view body, std::string_view signature) const {
    return adapter_->verify(body, signature, Secret(GetParam().app_secret));
  }

  std::unique_ptr<Adapter> adapter_ = GetParam().make();
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AdapterSuite);

TEST_P(AdapterSuite, HasAName) { EXPECT_FALSE(adapter_->name().empty()); }

TEST_P(AdapterSuite, TakesItsOwnSamples) {
  for (const std::string& body : GetParam().requests)
    EXPECT_TRUE(adapter_->check(message(body))) << body;
}

TEST_P(AdapterSuite, CompilesTheSameMessageToTheSameBytes) {
  for (const std::string& body : GetParam().requests)
    EXPECT_EQ(compiled(body).body, compiled(body).body);
}

TEST_P(AdapterSuite, SendsOurIdWithEveryMessage) {
  for (const std::string& body : GetParam().requests) {
    EXPECT_NE(compiled(body).body.find(context().id.str()), std::string::npos) << body;
  }
}

TEST_P(AdapterSuite, StaysAtTheRoutesOrigin) {
  const std::string origin = GetParam().route.api_base.origin();
  for (const std::string& body : GetParam().requests)
    EXPECT_EQ(compiled(body).url.origin(), origin);
}

TEST_P(AdapterSuite, PutsTheTokenIntoTheHeadersOnly) {
  http::OutRequest request = compiled(GetParam().requests.at(0));
  adapter_->authorize(request, Secret("canary-token"));
  EXPECT_EQ((request.url.str() + request.body).find("canary-token"), std::string::npos);
}

TEST_P(AdapterSuite, ReadsAnAcceptedAnswer) {
  EXPECT_EQ(read(200, GetParam().accepted), Interpretation::Kind::kAccepted);
}

TEST_P(AdapterSuite, ReadsARefusal) {
  EXPECT_EQ(read(400, GetParam().refused), Interpretation::Kind::kError);
}

TEST_P(AdapterSuite, NamesTheProviderInARefusal) {
  EXPECT_EQ(adapter_->interpret(answer(400, GetParam().refused)).error.provider, adapter_->name());
}

TEST_P(AdapterSuite, HasSomethingToDoAboutEveryError) {
  const auto refused = adapter_->interpret(answer(400, GetParam().refused)).error;
  EXPECT_EQ(adapter_->fix_of(refused.code, refused.subcode), refused.fix);
  EXPECT_NE(adapter_->fix_of(-12345, 0), "");
}

TEST_P(AdapterSuite, NeverGuessesFromACutAnswer) {
  const std::string& accepted = GetParam().accepted;
  const std::size_t whole = accepted.find_last_of('}');
  for (std::size_t length = 0; length <= whole; ++length) {
    EXPECT_EQ(read(200, accepted.substr(0, length)), Interpretation::Kind::kUnreadable) << length;
  }
}

TEST_P(AdapterSuite, NeverGuessesFromACutRefusal) {
  const std::string& refused = GetParam().refused;
  const std::size_t whole = refused.find_last_of('}');
  for (std::size_t length = 0; length <= whole; ++length) {
    EXPECT_EQ(read(400, refused.substr(0, length)), Interpretation::Kind::kUnreadable) << length;
  }
}

TEST_P(AdapterSuite, NeverGuessesFromAProxysPage) {
  for (const int status : {200, 400, 404, 429, 500, 502, 503, 504}) {
    EXPECT_EQ(read(status, "<html><body>Bad Gateway</body></html>"),
              Interpretation::Kind::kUnreadable)
        << status;
  }
}

TEST_P(AdapterSuite, VerifiesItsProvidersSignature) {
  EXPECT_TRUE(verifies(GetParam().webhook, GetParam().signature));
}

TEST_P(AdapterSuite, RefusesEveryChangedByteOfAWebhook) {
  for (std::size_t i = 0; i < GetParam().webhook.size(); ++i) {
    std::string changed = GetParam().webhook;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(verifies(changed, GetParam().signature)) << i;
  }
}

TEST_P(AdapterSuite, RefusesEveryChangedByteOfASignature) {
  for (std::size_t i = 0; i < GetParam().signature.size(); ++i) {
    std::string changed = GetParam().signature;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(verifies(GetParam().webhook, changed)) << i;
  }
}

TEST_P(AdapterSuite, RefusesAMissingSignature) { EXPECT_FALSE(verifies(GetParam().webhook, "")); }

TEST_P(AdapterSuite, FindsUpdatesInItsWebhook) {
  const auto updates = adapter_->parse(GetParam().webhook, from_unix_ms(1));
  ASSERT_TRUE(updates);
  EXPECT_FALSE(updates->empty());
}

TEST_P(AdapterSuite, FailsOnACutWebhook) {
  const std::string& webhook = GetParam().webhook;
  for (std::size_t length = 0; length < webhook.find_last_of('}'); ++length) {
    const auto updates = adapter_->parse(webhook.substr(0, length), from_unix_ms(1));
    ASSERT_FALSE(updates) << length;
    EXPECT_EQ(updates.error().code, ErrorCode::kInvalidJson) << length;
  }
}

}  // namespace flowsell::channel::testing
