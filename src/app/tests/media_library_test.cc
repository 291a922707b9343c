// The library of files with a real channel and its simulator.
#include <gtest/gtest.h>

#include <atomic>

#include "connections/schema.h"
#include "media/library.h"
#include "media/schema.h"
#include "messaging/schema.h"
#include "sim/whatsapp_simulator.h"
#include "store/change.h"
#include "testkit/http_imposter.h"
#include "webhook_world.h"
#include "whatsapp/adapter.h"

namespace flowsell::app {
namespace {

using namespace std::chrono_literals;
using testkit::code_of;

constexpr std::string_view kAccount = "102290129340398";
const std::string kPng =
    std::string("\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x06\0\0\0", 29) +
    std::string(50'000, '\0');

class Bytes final : public http::BodySource {
 public:
  explicit Bytes(std::string_view bytes) : left_(bytes) {}
  Task<std::string_view> next() override {
    const auto piece = left_.substr(0, 10'000);
    left_.remove_prefix(piece.size());
    co_return piece;
  }

 private:
  std::string_view left_;
};

webhook::WorldOptions with_tables() {
  webhook::WorldOptions options;
  options.more_tables = {connections::migrations(), messaging::migrations(), media::migrations()};
  return options;
}

sim::SimulatorOptions two_numbers() {
  sim::SimulatorOptions options;
  options.app_secret = Secret("app secret");
  options.numbers = {{std::string(kAccount), "111", "15550783881"},
                     {std::string(kAccount), "222", "15550783882"}};
  return options;
}

connections::ProviderRoutes routes_to(const sim::WhatsAppSimulator& simulator) {
  connections::ProviderRoutes routes;
  routes.test_api_base =
      *http::Url::parse("http://127.0.0.1:" + std::to_string(simulator.port()) + "/v25.0");
  return routes;
}

class MediaLibrary : public testing::Test {
 protected:
  MediaLibrary() {
    if (!simulator_.start()) throw std::runtime_error("no simulator");
    calls_.emplace(world_.client, world_.clock, routes_to(simulator_));
    library_.emplace(media::Library::Parts{*world_.db, senders_, *calls_, keys_, world_.client,
                                           world_.ids, world_.clock});
    connections::Senders::Draft draft;
    draft.workspace = world_.caller.workspace;
    draft.mode = world_.caller.mode;
    draft.channel = "whatsapp";
    draft.account = kAccount;
    draft.token = Secret("token");
    for (const auto& [address, number] :
         {std::pair("111", "+15550783881"), std::pair("222", "+15550783882")}) {
      draft.address = address;
      draft.display_number = number;
      EXPECT_TRUE(senders_.create(draft));
    }
  }
  ~MediaLibrary() override {
    // No call of the library's is under way when it goes.
    world_.pool.stop();
    simulator_.stop();
  }

  template <class T>
  T run(Awaitable<T> work) {
    return testkit::run(world_.pool, std::move(work));
  }
  media::Draft draft(std::string from = "+15550783881") {
    media::Draft out;
    out.from = std::move(from);
    out.filename = "a.png";
    return out;
  }
  Result<media::Library::Made> upload(std::string_view content) {
    Bytes file(content);
    return run(library_->upload(world_.by(), draft(), file, std::nullopt));
  }
  media::Media get(const media::Media& media) {
    return run(library_->find(world_.caller, media.id.str())).value();
  }
  void use(const media::Media& media) {
    ASSERT_TRUE(testkit::write(*world_.db, [&](store::Connection& db) {
      return media::touch(db, media, world_.clock.now());
    }));
  }
  std::size_t renew() { return run(library_->renew_due(stopping_)).value(); }
  std::string bytes_of(const media::Media& media) {
    auto contents = run(library_->open(world_.caller, media.id.str(), ""));
    if (!contents) return contents.error().detail;
    return run(http::read_all(*contents->body, 1 << 20)).value_or("it broke off");
  }

  webhook::WebhookWorld world_{with_tables()};
  std::unique_ptr<channel::Adapter> adapter_ = whatsapp::make_adapter();
  sim::WhatsAppSimulator simulator_{two_numbers()};
  connections::Senders senders_{*world_.db, world_.workspaces,
                                [this](std::string_view) { return adapter_.get(); }, world_.ids,
                                world_.clock};
  connections::LeasedKeys keys_{*world_.db, world_.idempotency, world_.clock};
  std::optional<connections::ProviderCalls> calls_;
  std::optional<media::Library> library_;
  const std::atomic<bool> stopping_{false};
};

TEST_F(MediaLibrary, WhatMessagesUseIsUploadedAnewBeforeItsEnd) {
  const auto used = upload(kPng)->media;
  const auto twin = upload(kPng)->media;
  const auto unused = upload(kPng + "other")->media;
  EXPECT_EQ(twin.provider_id, used.provider_id);
  use(used);
  EXPECT_EQ(renew(), 0U);
  world_.clock.skip(27 * 24h);
  use(used);
  EXPECT_EQ(renew(), 1U);
  const auto after = get(used);
  EXPECT_NE(after.provider_id, used.provider_id);
  EXPECT_GT(*after.expires_at, *used.expires_at + 26 * 24h);
  EXPECT_EQ(get(twin).provider_id, after.provider_id);
  EXPECT_EQ(get(unused).provider_id, unused.provider_id);
  EXPECT_EQ(bytes_of(after), kPng);
  EXPECT_EQ(renew(), 0U);
}

TEST_F(MediaLibrary, ARenewalThatFailsChangesNothing) {
  const auto used = upload(kPng)->media;
  world_.clock.skip(27 * 24h);
  use(used);
  simulator_.stop();
  EXPECT_EQ(renew(), 0U);
  EXPECT_EQ(get(used).provider_id, used.provider_id);
}

TEST_F(MediaLibrary, AFileOfOneSenderIsMadeForAnother) {
  const auto first = upload(kPng)->media;
  const auto made =
      run(library_->copy(world_.by(), draft("+15550783882"), first.id.str(), std::nullopt));
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_NE(made->media.sender, first.sender);
  EXPECT_NE(made->media.provider_id, first.provider_id);
  EXPECT_EQ(made->media.sha256, first.sha256);
  EXPECT_EQ(bytes_of(made->media), kPng);
}

TEST_F(MediaLibrary, AnUploadOfItsOwnLivesItsWholeLife) {
  const auto older = upload(kPng)->media;
  world_.clock.skip(20 * 24h);
  auto alone = draft();
  alone.is_alone = true;
  alone.sha256 = crypto::sha256(kPng);
  Bytes file(kPng);
  const auto made = run(library_->upload(world_.by(), alone, file, std::nullopt));
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_NE(made->media.provider_id, older.provider_id);
  EXPECT_GT(*made->media.expires_at, world_.clock.now() + media::kUploadLife - 1h);
  EXPECT_EQ(bytes_of(get(older)), kPng);
}

TEST_F(MediaLibrary, TheIdThatAClientHasFindsWhatWasUploadedAnew) {
  const auto used = upload(kPng)->media;
  world_.clock.skip(27 * 24h);
  use(used);
  EXPECT_EQ(renew(), 1U);
  const auto found = run(library_->find(world_.caller, used.provider_id));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, used.id);
  EXPECT_EQ(bytes_of(*found), kPng);
}

TEST_F(MediaLibrary, ATypeThatCanNotStandInAHeadIsNotCopied) {
  const auto first = upload(kPng)->media;
  const channel::InboundMedia file{first.provider_id, "image/png;\r\nX: y", std::string(32, 'x')};
  const auto received =
      media::received(first.workspace, first.sender, first.mode, file, world_.clock.now());
  ASSERT_TRUE(testkit::write(*world_.db,
                             [&](store::Connection& db) { return media::insert(db, received); }));
  const auto made =
      run(library_->copy(world_.by(), draft("+15550783882"), received.id.str(), std::nullopt));
  ASSERT_TRUE(made) << made.error().detail;
  EXPECT_EQ(made->media.mime_type, "image/png");
}

/// Where the provider answers by script.
class RefusingProvider : public MediaLibrary {
 protected:
  RefusingProvider() {
    connections::ProviderRoutes routes;
    routes.test_api_base = *http::Url::parse(provider_.url("/v25.0"));
    scripted_.emplace(world_.client, world_.clock, std::move(routes));
    scripted_->set_listener(
        [this](const auto&, const ProviderError& error) { told_.push_back(error.code); });
    scripted_library_.emplace(media::Library::Parts{*world_.db, senders_, *scripted_, keys_,
                                                    world_.client, world_.ids, world_.clock});
  }
  static std::string refusal() {
    return R"({"error":{"message":"no","type":"OAuthException","code":190,"error_subcode":463}})";
  }
  Result<media::Library::Made> send(media::Draft asked) {
    Bytes file(kPng);
    return run(scripted_library_->upload(world_.by(), std::move(asked), file, std::nullopt));
  }

  testkit::HttpImposter provider_;
  std::vector<std::int64_t> told_;
  std::optional<connections::ProviderCalls> scripted_;
  std::optional<media::Library> scripted_library_;
};

TEST_F(RefusingProvider, TellsOfATokenThatAnUploadWasRefusedFor) {
  provider_.then(401, refusal());
  EXPECT_EQ(code_of(send(draft())), ErrorCode::kProviderRejected);
  EXPECT_EQ(told_, std::vector<std::int64_t>{190});
}

TEST_F(RefusingProvider, TellsOfATokenThatADownloadWasRefusedFor) {
  const auto made = upload(kPng)->media;
  provider_.then(200, R"({"url":")" + provider_.url("/bytes") + R"("})");
  provider_.then(401, refusal());
  EXPECT_FALSE(run(scripted_library_->open(world_.caller, made.id.str(), "")));
  EXPECT_EQ(told_, std::vector<std::int64_t>{190});
}

TEST_F(RefusingProvider, HasNoSampleWholeWhoseBytesAreOthersThanWasSaid) {
  auto sample = draft();
  sample.purpose = channel::MediaPurpose::kTemplateHeader;
  sample.size = kPng.size();
  sample.sha256 = crypto::sha256("another");
  provider_.then(200, R"({"id":"upload:abc"})");
  provider_.then(200, R"({"h":"4::handle"})");
  const auto made = send(sample);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fields.at(0).pointer, "/sha256");
  // Only what came whole is seen: the session was begun, and never had its last bytes.
  EXPECT_EQ(provider_.seen_count(), 1U);
}

TEST_F(MediaLibrary, WithoutItsProviderNothingIsStored) {
  simulator_.stop();
  EXPECT_EQ(code_of(upload(kPng)), ErrorCode::kProviderUnreachable);
  EXPECT_TRUE(run(library_->list({.workspace = world_.caller.workspace}))->rows.empty());
}

TEST_F(MediaLibrary, OneWorkspaceLeavesRoomForOthers) {
  const auto made = upload(kPng)->media;
  std::vector<media::Contents> open;
  while (open.size() < 200) {
    auto contents = run(library_->open(world_.caller, made.id.str(), ""));
    if (!contents) {
      EXPECT_EQ(contents.error().code, ErrorCode::kOverloaded);
      break;
    }
    EXPECT_TRUE(run(http::read_all(*contents->body, 1 << 20)));
    open.push_back(*std::move(contents));
  }
  EXPECT_EQ(open.size(), 128U);
  open.clear();
  EXPECT_EQ(bytes_of(made), kPng);
}

TEST_F(MediaLibrary, WhatIsDeletedWhileTheSameComesIsNotShared) {
  const auto first = upload(kPng)->media;
  // Its end comes when the other is gone.
  class Deleting final : public http::BodySource {
   public:
    Deleting(media::Library& library, team::By by, MediaId other)
        : library_(library), by_(std::move(by)), other_(other) {}
    Task<std::string_view> next() override {
      if (++pieces_ == 1) co_return std::string_view(kPng);
      if (pieces_ == 2) CO_CHECK_OK(co_await library_.remove(by_, other_.str()));
      co_return std::string_view();
    }

   private:
    media::Library& library_;
    team::By by_;
    MediaId other_;
    int pieces_ = 0;
  };
  Deleting file(*library_, world_.by(), first.id);
  auto asked = draft();
  asked.sha256 = crypto::sha256(kPng);
  EXPECT_EQ(code_of(run(library_->upload(world_.by(), asked, file, std::nullopt))),
            ErrorCode::kConflict);
  EXPECT_TRUE(upload(kPng));
}

TEST_F(MediaLibrary, WhatEndedLongAgoIsForgotten) {
  const auto made = upload(kPng)->media;
  world_.clock.skip(61 * 24h);
  renew();
  EXPECT_EQ(code_of(run(library_->find(world_.caller, made.id.str()))), ErrorCode::kNotFound);
}

TEST_F(MediaLibrary, AKeyThatMayNotUseTheSenderChangesNothing) {
  const auto made = upload(kPng)->media;
  team::By by = world_.by();
  const std::vector<SenderId> others = {world_.ids.next<IdKind::kSender>()};
  by.caller.senders = &others;
  Bytes file(kPng);
  EXPECT_EQ(code_of(run(library_->upload(by, draft(), file, std::nullopt))),
            ErrorCode::kSenderNotAllowed);
  EXPECT_EQ(code_of(run(library_->remove(by, made.id.str()))), ErrorCode::kSenderNotAllowed);
}

}  // namespace
}  // namespace flowsell::app
