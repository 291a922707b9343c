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
  /// A token by /_sim/tokens, e.g. R"({"scopes":["business_management"]})".
  std::string token(std::string_view wishes) const;
  /// The first value of that webhook field that came.
  boost::json::object told(std::string_view field);
  /// All that came of that field, once there are so many.
  std::vector<boost::json::object> all_told(std::string_view field, std::size_t count);
  /// A new template by its definition; its id.
  std::string make_template(std::string_view definition) const;
  std::string upload(std::string_view type, std::string_view bytes,
                     std::string_view phone = kPhone) const;
};

/// A multipart body with its boundary "cut".
std::string multipart(std::string_view type, std::string_view bytes);
/// A text template of that name, approved at once.
std::string text_template(std::string_view name, std::string_view body = "Hello from the shop");

}  // namespace flowsell::sim::test
