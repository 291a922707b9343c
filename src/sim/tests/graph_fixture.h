#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sim_fixture.h"

namespace flowsell::sim::test {

inline constexpr std::string_view kPhone = "106540352242922";
inline constexpr std::string_view kAccount = "102290129340398";
inline constexpr std::string_view kApp = "670843887433847";
inline constexpr std::string_view kBusiness = "506914307656634";
inline constexpr std::string_view kAppToken = "670843887433847|test-app-secret";

/// What begins as a JPEG does.
inline constexpr std::string_view kJpeg = "\xFF\xD8\xFF\xE0 a picture";

/// One header of a request.
struct SentHeader {
  std::string name;
  std::string value;
};

/// A request with headers of its own, on a connection of its own.
RawAnswer call_with(std::uint16_t port, std::string_view method, std::string_view path,
                    std::string_view body, const std::vector<SentHeader>& headers);

/// A running simulator whose management side is called.
class Graph : public SimulatorWithWebhooks {
 protected:
  SimulatorOptions graph_options() const;
  void SetUp() override;

  RawAnswer get(std::string_view path, std::string_view token = kToken) const;
  RawAnswer post_to(std::string_view path, std::string_view body = "{}",
                    std::string_view token = kToken) const;
  RawAnswer remove(std::string_view path, std::string_view token = kToken) const;
  /// A JSON answer's text at a pointer.
  static std::string at(const RawAnswer& answer, std::string_view pointer) {
    return text_of(answer.json(), pointer);
  }
  void advance(std::int64_t seconds) const;
  /// The customer +491510000001 writes a text.
  void say_hello() const;
  /// What a code is exchanged for; `more`: further parameters.
  RawAnswer exchange(const std::string& code, std::string_view more = "",
                     std::string_view secret = kAppSecret) const;
  /// Registers a number.
  RawAnswer enrol(std::string_view phone, std::string_view pin = "123456",
                  std::string_view token = kToken) const;
  /// A token by /_sim/tokens, e.g. R"({"scopes":["business_management"]})".
  std::string token(std::string_view wishes) const;
  /// The first value of that webhook field that came.
  boost::json::object told(std::string_view field);
  /// All that came of that field, once there are so many.
  std::vector<boost::json::object> all_told(std::string_view field, std::size_t count);
  /// A new template by its definition; its id.
  std::string make_template(std::string_view definition) const;
  RawAnswer try_upload(std::string_view type, std::string_view bytes) const;
  /// The id of the new media.
  std::string upload(std::string_view type, std::string_view bytes) const;
};

/// The body by which an app has its webhooks sent there.
std::string override_to(const WebhookSink& sink, std::string_view token = kVerifyToken);
/// A multipart body with its boundary "cut".
std::string multipart(std::string_view type, std::string_view bytes);
/// A text template of that name, approved at once.
std::string text_template(std::string_view name, std::string_view body = "Hello from the shop");

}  // namespace flowsell::sim::test
