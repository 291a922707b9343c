#include <fmt/format.h>

#include <array>

#include "core/encoding.h"
#include "crypto/hash.h"
#include "graph_fixture.h"

namespace flowsell::sim::test {
namespace {

constexpr std::int64_t kDay = 24LL * 3600;

class Media : public Graph {
 protected:
  std::string url_of(const std::string& id) const { return at(get(id), "/url"); }
  RawAnswer fetch(const std::string& url, std::string_view token = kToken) const {
    const auto path = url.substr(url.find('/', 7));
    return call(sim_->port(), "GET", path, "", token);
  }
};

TEST_F(Media, IsLookedUpAndDownloaded) {
  const auto id = upload("image/jpeg", kJpeg);
  const auto shown = get(id);
  EXPECT_EQ(at(shown, "/messaging_product"), "whatsapp");
  EXPECT_EQ(at(shown, "/mime_type"), "image/jpeg");
  EXPECT_EQ(at(shown, "/file_size"), fmt::format("{}", kJpeg.size()));
  EXPECT_EQ(at(shown, "/sha256"), hex_encode(crypto::sha256(kJpeg)));
  const auto answer = fetch(at(shown, "/url"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, kJpeg);
  EXPECT_EQ(answer.header("content-type"), "image/jpeg");
}

TEST_F(Media, IsDownloadedInParts) {
  const auto url = url_of(upload("image/jpeg", kJpeg));
  const auto path = url.substr(url.find('/', 7));
  struct Case {
    std::string_view range;
    int status;
    std::string body;
    std::string content_range;
  };
  const std::string all(kJpeg);
  const auto size = all.size();
  const std::array cases = {
      Case{"bytes=0-3", 206, all.substr(0, 4), fmt::format("bytes 0-3/{}", size)},
      Case{"bytes=4-", 206, all.substr(4), fmt::format("bytes 4-{}/{}", size - 1, size)},
      Case{"bytes=-2", 206, all.substr(size - 2),
           fmt::format("bytes {}-{}/{}", size - 2, size - 1, size)},
      Case{"bytes=5-900", 206, all.substr(5), fmt::format("bytes 5-{}/{}", size - 1, size)},
      Case{"bytes=900-", 416, "Range Not Satisfiable", fmt::format("bytes */{}", size)},
      Case{"bytes=0-1,4-5", 200, all, ""},
      Case{"bytes=5-4", 200, all, ""},
      Case{"lines=1-2", 200, all, ""},
  };
  for (const auto& each : cases) {
    const auto answer = call_with(
        sim_->port(), "GET", path, "",
        {{"Authorization", "Bearer " + std::string(kToken)}, {"Range", std::string(each.range)}});
    EXPECT_EQ(answer.status, each.status) << each.range;
    EXPECT_EQ(answer.body, each.body) << each.range;
    EXPECT_EQ(answer.header("content-range"), each.content_range) << each.range;
  }
}

TEST_F(Media, IsNotDownloadedWithoutAToken) {
  EXPECT_EQ(fetch(url_of(upload("image/jpeg", kJpeg)), "expired").status, 401);
}

TEST_F(Media, HasAUrlForFiveMinutes) {
  const auto id = upload("image/jpeg", kJpeg);
  const auto url = url_of(id);
  advance(300);
  EXPECT_EQ(fetch(url).status, 404);
  EXPECT_EQ(fetch(url_of(id)).status, 200);
}

TEST_F(Media, HasAUrlThatCanNotBeMadeUp) {
  auto url = url_of(upload("image/jpeg", kJpeg));
  url.back() = url.back() == '0' ? '1' : '0';
  EXPECT_EQ(fetch(url).status, 404);
}

TEST_F(Media, IsKeptThirtyDays) {
  const auto id = upload("image/jpeg", kJpeg);
  advance(30 * kDay - 60);
  EXPECT_EQ(get(id).status, 200);
  advance(60);
  EXPECT_EQ(at(get(id), "/error/error_subcode"), "33");
}

TEST_F(Media, IsDeleted) {
  const auto id = upload("image/jpeg", kJpeg);
  EXPECT_EQ(remove(id).body, R"({"success":true})");
  EXPECT_EQ(get(id).status, 400);
}

TEST_F(Media, BelongsToItsNumber) {
  const auto id = upload("image/jpeg", kJpeg);
  EXPECT_EQ(get(fmt::format("{}?phone_number_id={}", id, kPhone)).status, 200);
  EXPECT_EQ(get(id + "?phone_number_id=1").status, 400);
}

TEST_F(Media, OfAnUnknownTypeIsRefused) {
  const auto answer = try_upload("image/heic", "x");
  EXPECT_EQ(code_of(answer), 100);
  EXPECT_NE(at(answer, "/error/message").find("Received file of type 'image/heic'"),
            std::string::npos);
}

TEST_F(Media, OfAnotherContentIsRefused) {
  EXPECT_EQ(code_of(try_upload("image/jpeg", "no picture")), 131053);
}

TEST_F(Media, ThatIsTooLargeIsRefused) {
  std::string large(kJpeg);
  large.resize((5 << 20) + 1);
  EXPECT_EQ(code_of(try_upload("image/jpeg", large)), 131053);
  large.resize(5 << 20);
  EXPECT_EQ(try_upload("image/jpeg", large).status, 200);
}

TEST_F(Media, WithParametersInItsTypeIsTaken) {
  EXPECT_EQ(try_upload("audio/ogg; codecs=opus", "OggS...").status, 200);
}

TEST_F(Media, NeedsAFile) {
  EXPECT_EQ(code_of(post_to(fmt::format("{}/media", kPhone),
                            R"({"messaging_product":"whatsapp","type":"image/jpeg"})")),
            100);
}

TEST_F(Media, OfACustomerComesWithItsMessageAndStaysSevenDays) {
  const auto answer = call_with(
      sim_->port(), "POST", "/_sim/inbound_media?from=%2B491510000001&type=image&caption=My%20cat",
      kJpeg, {{"Content-Type", "image/jpeg"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto value = told("messages");
  const boost::json::value message = value.at("messages").as_array().at(0);
  EXPECT_EQ(text_of(message, "/type"), "image");
  EXPECT_EQ(text_of(message, "/image/caption"), "My cat");
  EXPECT_EQ(text_of(message, "/image/sha256"), base64_encode(crypto::sha256(kJpeg)));
  const auto id = text_of(message, "/image/id");
  EXPECT_EQ(fetch(text_of(message, "/image/url")).body, kJpeg);
  EXPECT_EQ(get(id).status, 200);
  advance(7 * kDay);
  EXPECT_EQ(get(id).status, 400);
}

TEST_F(Media, ThatIsGoneOrAnotherNumbersIsRefusedInMessages) {
  constexpr int kSuccess = -1;  // no error in the answer
  const auto send = [&](const std::string& id, std::string_view phone = kPhone) {
    return code_of(post_to(
        fmt::format("{}/messages", phone),
        fmt::format(R"({{"messaging_product":"whatsapp","to":"+491510000001","type":"image",)"
                    R"("image":{{"id":"{}"}}}})",
                    id)));
  };
  const auto id = upload("image/jpeg", kJpeg);
  EXPECT_EQ(send(id), kSuccess);
  EXPECT_EQ(send("1037543291543636"), kSuccess);  // never given here: it may be another server's
  remove(id);
  EXPECT_EQ(send(id), 100);
  const auto old = upload("image/jpeg", kJpeg);
  advance(30 * kDay);
  EXPECT_EQ(send(old), 100);
}

TEST_F(Media, OfHalfAFormIsRefused) {
  const auto answer = call_with(sim_->port(), "POST", fmt::format("/v25.0/{}/media", kPhone),
                                "--X\r\nContent-Disposition: form-data; name=\"file\"; "
                                "filename=\"a\"\r\n\r\nabc",
                                {{"Authorization", fmt::format("Bearer {}", kToken)},
                                 {"Content-Type", "multipart/form-data; boundary=X"}});
  EXPECT_EQ(code_of(answer), 100);
}

// --- resumable uploads

class Upload : public Graph {
 protected:
  std::string begin(std::size_t length, std::string_view type = "image/jpeg") const {
    return at(post_to(fmt::format("{}/uploads?file_name=a.jpg&file_length={}&file_type={}", kApp,
                                  length, type)),
              "/id");
  }
  RawAnswer put(const std::string& id, std::size_t offset, std::string_view bytes) const {
    return call_with(sim_->port(), "POST", "/v25.0/" + id, bytes,
                     {{"Authorization", fmt::format("OAuth {}", kToken)},
                      {"file_offset", fmt::format("{}", offset)}});
  }
};

TEST_F(Upload, GivesAHandle) {
  const auto id = begin(kJpeg.size());
  EXPECT_TRUE(id.starts_with("upload:"));
  EXPECT_NE(id.find("?sig="), std::string::npos);
  EXPECT_TRUE(at(put(id, 0, kJpeg), "/h").starts_with("4::aW1hZ2UvanBlZw==:"));
}

TEST_F(Upload, IsResumedWhereItWasLeft) {
  const auto id = begin(kJpeg.size());
  put(id, 0, kJpeg.substr(0, 4));
  EXPECT_EQ(at(get(id), "/file_offset"), "4");
  EXPECT_EQ(code_of(put(id, 3, "x")), 100);
  EXPECT_NE(at(put(id, 4, kJpeg.substr(4)), "/h"), "(absent)");
}

TEST_F(Upload, TakesNoMoreThanWasSaid) { EXPECT_EQ(code_of(put(begin(2), 0, kJpeg)), 100); }

TEST_F(Upload, TakesFewTypes) {
  EXPECT_EQ(code_of(post_to(fmt::format("{}/uploads?file_length=3&file_type=audio/ogg", kApp))),
            100);
}

}  // namespace
}  // namespace flowsell::sim::test
