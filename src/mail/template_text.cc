#include "template_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace flowsell::mail {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

}  // namespace

Result<TemplateText> TemplateText::parse(std::string_view text,
                                         const std::function<bool(std::string_view)>& is_known,
                                         std::size_t first_line) {
  TemplateText out;
  std::size_t line = first_line;
  while (true) {
    const auto open = text.find(kOpen);
    const std::string_view literal = text.substr(0, open);
    line += lines_in(literal);
    if (open == std::string_view::npos) {
      out.pieces_.push_back({std::string(literal), {}});
      return out;
    }
    text.remove_prefix(open + kOpen.size());
    const auto close = text.substr(0, text.find('\n')).find(kClose);
    if (close == std::string_view::npos)
      return fail(ErrorCode::kInvalidRequest, fmt::format("line {}: '{{{{' is not closed", line));
    const std::string_view name = text.substr(0, close);
    if (!is_known(name)) {
      return fail(ErrorCode::kInvalidRequest,
                  fmt::format("line {}: there is no '{}' to put in here", line, name));
    }
    out.pieces_.push_back({std::string(literal), std::string(name)});
    text.remove_prefix(close + kClose.size());
  }
}

bool TemplateText::uses(std::string_view name) const {
  return std::ranges::find(pieces_, name, &Piece::name) != pieces_.end();
}

std::string TemplateText::fill(const std::function<std::string(std::string_view)>& value_of) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.literal;
    if (!piece.name.empty()) out += value_of(piece.name);
  }
  return out;
}

}  // namespace flowsell::mail
