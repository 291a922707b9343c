#include <gtest/gtest.h>

#include "media/media.h"
#include "messaging_world.h"
#include "testkit/database.h"

namespace flowsell::messaging {
namespace {

using namespace std::chrono_literals;

class MediaReferences : public testing::Test {
 protected:
  media::Media put(SenderId sender, std::function<void(media::Media&)> change = nullptr) {
    media::Media file;
    file.id = world_.ids.next<IdKind::kMedia>();
    file.workspace = world_.caller.workspace;
    file.sender = sender;
    file.mode = world_.caller.mode;
    file.provider_id = "1037";
    file.mime_type = "image/png";
    file.expires_at = world_.clock.now() + media::kUploadLife;
    if (change) change(file);
    EXPECT_TRUE(
        testkit::write(*world_.db, [&](store::Connection& db) { return media::insert(db, file); }));
    return file;
  }
  Result<Accepted> send(const media::Media& file) {
    return world_.send_json(R"({"to":"+4915112345678","type":"image","from":")" +
                            world_.sender->id.str() + R"(","image":{"id":")" + file.id.str() +
                            R"("}})");
  }
  static std::string fault_of(const Result<Accepted>& sent) {
    if (sent) return "";
    if (sent.error().fields.empty()) return sent.error().detail;
    return sent.error().fields.at(0).pointer + " " + sent.error().fields.at(0).code;
  }

  MessagingWorld world_;
};

TEST_F(MediaReferences, AFileOfTheSenderGoes) {
  const media::Media file = put(world_.sender->id);
  EXPECT_EQ(fault_of(send(file)), "");
  const auto kept = testkit::in_snapshot(
      *world_.db, [&](store::Connection& db) { return media::find(db, file.workspace, file.id); });
  EXPECT_TRUE(kept->used_at);
}

TEST_F(MediaReferences, OthersAreRefused) {
  const auto other = world_.add_sender("222", "+15550783882");
  EXPECT_EQ(fault_of(send(put(other->id))), "/image/id wrong_sender");
  const SenderId own = world_.sender->id;
  const auto refused = [&](std::function<void(media::Media&)> change) {
    return fault_of(send(put(own, std::move(change))));
  };
  const Time now = world_.clock.now();
  EXPECT_EQ(refused([now](media::Media& file) { file.expires_at = now; }), "/image/id expired");
  EXPECT_EQ(refused([now](media::Media& file) { file.deleted_at = now; }), "/image/id deleted");
  EXPECT_EQ(
      refused([](media::Media& file) { file.purpose = channel::MediaPurpose::kTemplateHeader; }),
      "/image/id wrong_purpose");
  EXPECT_EQ(refused([](media::Media& file) { file.mode = identity::Mode::kLive; }),
            "/image/id not_found");
  EXPECT_EQ(
      refused([&](media::Media& file) { file.workspace = world_.ids.next<IdKind::kWorkspace>(); }),
      "/image/id not_found");
}

TEST_F(MediaReferences, WhatAPersonSentIsFoundByTheProvidersId) {
  channel::InboundMessage message;
  message.address = world_.sender->address;
  message.provider_message_id = "in.1";
  message.from = "+4915112345678";
  message.kind = "image";
  message.at = world_.clock.now();
  message.media = channel::InboundMedia{"777", "image/jpeg", std::string(32, 'x')};
  ASSERT_TRUE(world_.apply({message}));
  ASSERT_TRUE(world_.apply({message}));  // once more
  const auto kept = testkit::in_snapshot(*world_.db, [&](store::Connection& db) {
    return media::find_by_provider_id(db, world_.caller.workspace, world_.caller.mode, "777");
  });
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->direction, media::Direction::kReceived);
  EXPECT_EQ(kept->expires_at, message.at + media::kReceivedLife);
  EXPECT_TRUE(kept->contact);
}

}  // namespace
}  // namespace flowsell::messaging
