#include "media_calls.h"

#include <gtest/gtest.h>

#include "core/encoding.h"
#include "media_rules.h"
#include "support.h"

namespace flowsell::whatsapp {
namespace {

using channel::MediaDraft;
using channel::MediaPurpose;

channel::SenderRoute route() {
  return {"106540352242922", *http::Url::parse("https://graph.facebook.com/v25.0")};
}

std::string header(const http::OutRequest& request, std::string_view name) {
  for (const auto& each : request.headers)
    if (each.name == name) return each.value;
  return {};
}

TEST(MediaCalls, AnUploadIsAForm) {
  const auto call = media_calls().compile_upload({"image/png", "a\"b.png", "XX"}, route());
  EXPECT_EQ(call.request.url.target, "/v25.0/106540352242922/media");
  EXPECT_EQ(header(call.request, "Content-Type"), "multipart/form-data; boundary=XX");
  EXPECT_EQ(call.before,
            "--XX\r\nContent-Disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n"
            "--XX\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage/png\r\n"
            "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22b.png\"\r\n"
            "Content-Type: image/png\r\n\r\n");
  EXPECT_EQ(call.after, "\r\n--XX--\r\n");
  EXPECT_EQ(*media_calls().read_uploaded(answered(R"({"id":"1037543291543636"})")),
            "1037543291543636");
  EXPECT_FALSE(media_calls().read_uploaded(answered("<html>")));
}

TEST(MediaCalls, ALookUpNamesTheNumber) {
  const auto request = media_calls().compile_look_up("10/3", route());
  EXPECT_EQ(request.url.target, "/v25.0/10%2F3?phone_number_id=106540352242922");
}

TEST(MediaCalls, SizesAndDigestsAreReadInEachOfTheirForms) {
  const std::string hex(64, 'a');
  const std::string sum(32, '\xAA');
  for (const std::string& digest : {hex, base64_encode(as_bytes(sum))}) {
    for (const std::string_view size : {"303833", "\"303833\""}) {
      const auto facts = media_calls().read_look_up(
          answered(R"({"url":"https://lookaside.fbsbx.com/x?mid=1","mime_type":"image/jpeg",)"
                   R"("sha256":")" +
                   digest + R"(","file_size":)" + std::string(size) + R"(,"id":"1"})"));
      ASSERT_TRUE(facts);
      EXPECT_EQ(facts->size, 303833U);
      EXPECT_EQ(facts->sha256, sum);
      EXPECT_EQ(facts->url.target, "/x?mid=1");
    }
  }
  EXPECT_FALSE(
      media_calls().read_look_up(answered(R"({"url":"ftp://x","mime_type":"image/jpeg"})")));
}

TEST(MediaCalls, OnlyMetasHostsAreToldTheToken) {
  const auto is_own = [](std::string_view url) {
    return media_calls().is_providers_own(*http::Url::parse(url), route());
  };
  EXPECT_TRUE(is_own("https://lookaside.fbsbx.com/a"));
  EXPECT_TRUE(is_own("https://graph.facebook.com/a"));
  EXPECT_TRUE(is_own("https://fbsbx.com/a"));
  EXPECT_FALSE(is_own("http://lookaside.fbsbx.com/a"));
  EXPECT_FALSE(is_own("https://evilfbsbx.com/a"));
  EXPECT_FALSE(is_own("https://fbsbx.com.evil.example/a"));
  EXPECT_FALSE(is_own("https://127.0.0.1/a"));
}

TEST(MediaCalls, SessionsGoOnWhereTheyWere) {
  const auto begun = media_calls().compile_session({"image/png", "a b.png", ""}, 7, route());
  EXPECT_EQ(begun.url.target,
            "/v25.0/app/uploads?file_name=a%20b.png&file_length=7&file_type=image%2Fpng");
  const auto bytes = media_calls().compile_session_bytes("upload:abc?sig=x", 4096, route());
  EXPECT_EQ(bytes.url.target, "/v25.0/upload:abc?sig=x");
  EXPECT_EQ(header(bytes, "file_offset"), "4096");
  EXPECT_EQ(*media_calls().read_session(answered(R"({"id":"upload:abc?sig=x"})")),
            "upload:abc?sig=x");
  EXPECT_FALSE(media_calls().read_session(answered(R"({"id":"../me"})")));
  EXPECT_EQ(*media_calls().read_session_offset(answered(R"({"id":"upload:a","file_offset":12})")),
            12U);
  EXPECT_EQ(*media_calls().read_handle(answered(R"({"h":"4::aW1h"})")), "4::aW1h");
}

TEST(MediaRules, EachKindHasItsLimit) {
  const auto most = [](std::string_view type, MediaPurpose purpose = MediaPurpose::kMessage) {
    const auto* rule = media_rule(type, purpose);
    return rule == nullptr ? 0 : rule->bytes_max;
  };
  EXPECT_EQ(most("image/png"), 5U << 20U);
  EXPECT_EQ(most("audio/ogg; codecs=opus"), 16U << 20U);
  EXPECT_EQ(most("VIDEO/MP4"), 16U << 20U);
  EXPECT_EQ(most("application/pdf"), 100U << 20U);
  EXPECT_EQ(most("application/zip"), 0U);
  EXPECT_EQ(most("audio/ogg", MediaPurpose::kTemplateHeader), 0U);
  EXPECT_EQ(most("video/mp4", MediaPurpose::kProfilePicture), 0U);
}

TEST(MediaRules, AStickerThatMovesMayBeLarger) {
  const auto* rule = media_rule("image/webp", MediaPurpose::kMessage);
  std::string head("RIFF\0\0\0\0WEBPVP8X\n\0\0\0", 20);
  EXPECT_EQ(media_bytes_max(*rule, head + '\x02'), 500U * 1024);
  EXPECT_EQ(media_bytes_max(*rule, head + '\x10'), 100U * 1024);
  EXPECT_EQ(media_bytes_max(*rule, "RIFF"), 100U * 1024);
}

}  // namespace
}  // namespace flowsell::whatsapp
