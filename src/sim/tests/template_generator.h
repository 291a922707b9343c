#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "channel/template_schema.h"

namespace flowsell::sim {

/// A template by chance: most are such as WhatsApp takes.
struct MadeUpTemplate {
  std::string category;  ///< "UTILITY", ...
  bool is_named = false;
  std::string components;  ///< a JSON list
};

/// Writes templates and what fills them by chance, from a seed.
class TemplateGenerator {
 public:
  explicit TemplateGenerator(std::uint32_t seed) : random_(seed) {}

  MadeUpTemplate make();
  /// The list of components of a message: right for the template, or with one thing wrong.
  std::string send(const channel::TemplateSchema& schema);

 private:
  using Parts = std::vector<std::string>;

  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
  std::size_t below(std::size_t end) { return random_() % end; }
  std::size_t between(std::size_t min, std::size_t max) { return min + below(max - min + 1); }
  std::string_view one_of(std::initializer_list<std::string_view> all) {
    return all.begin()[below(all.size())];
  }

  std::string words(std::size_t count);
  std::string header(bool of_card);
  std::string body();
  std::string buttons(std::size_t max);
  std::string button(std::string_view type);
  std::string card();
  std::string code_template();

  std::string value(std::size_t max);
  std::string text_parameter(const std::string& name, std::size_t max);
  std::string texts(std::string_view type, const channel::TemplateText& text, std::size_t max);
  std::string media(std::string_view kind);
  std::string header_of(const channel::TemplateBlock& block);
  std::string parameter_of(const channel::TemplateButton& button);
  static std::string action(const Parts& fields);
  std::string sections();
  std::string amount(std::size_t value);
  std::string order_details();
  std::string tap_target();
  std::string order_status();
  std::string button_of(const channel::TemplateButton& button, std::size_t index);
  Parts block(const channel::TemplateBlock& block);
  std::string carousel(const std::vector<channel::TemplateBlock>& cards);
  void spoil(Parts& parts);

  std::mt19937 random_;
  bool is_named_ = false;  ///< of the template that is made, or filled
  std::string code_;       ///< of a one-time code's message
};

}  // namespace flowsell::sim
