#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace flowsell::sim {

/// Writes bodies of POST /v1/messages by chance, from a seed: most of them within WhatsApp's
/// limits, many at them, some beyond. No name is wrong, so that each gets as far as the limits.
class MessageGenerator {
 public:
  explicit MessageGenerator(std::uint32_t seed) : random_(seed) {}
  std::string message();

 private:
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
  std::size_t below(std::size_t end) { return random_() % end; }
  std::size_t between(std::size_t min, std::size_t max) { return min + below(max - min + 1); }
  std::string_view one_of(std::initializer_list<std::string_view> all) {
    return all.begin()[below(all.size())];
  }

  /// A JSON string of at most `max` characters, now and then of one more.
  std::string text(std::size_t max, std::size_t min = 1);
  std::string plain(std::size_t max);
  std::string url();
  /// "name": value, with its comma; sometimes nothing.
  std::string maybe(std::string_view name, const std::string& value, int percent = 50);
  /// `count` elements in brackets.
  template <class One>
  std::string list(std::size_t count, One one) {
    std::string out = "[";
    for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? "," : "") + one(i);
    return out + "]";
  }

  std::string file(bool caption, bool filename);
  std::string header(bool images_only);
  std::string interactive();
  std::string action(std::string_view type);
  std::string buttons(std::string_view kind, std::size_t count);
  std::string sections_of_rows();
  std::string sections_of_products();
  std::string carousel();
  std::string flow();
  std::string order();
  std::string contact();
  std::string place();
  std::string of_template();
  std::string component();
  std::string body_parameters();
  std::string button_component(std::size_t index);

  std::mt19937 random_;
};

}  // namespace flowsell::sim
