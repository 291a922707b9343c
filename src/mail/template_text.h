#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace flowsell::mail {

/// A text with places for values: {{name}}.
class TemplateText {
 public:
  /// Fails with kInvalidRequest, the line in its detail: a "{{" that no "}}" on its line follows,
  /// or a name that `is_known` refuses. `first_line`: the number of the text's first line.
  static Result<TemplateText> parse(std::string_view text,
                                    const std::function<bool(std::string_view)>& is_known,
                                    std::size_t first_line = 1);

  bool uses(std::string_view name) const;
  /// `value_of` is asked for known names only.
  std::string fill(const std::function<std::string(std::string_view)>& value_of) const;

 private:
  struct Piece {
    std::string literal;
    std::string name;  ///< what stands behind the literal; empty: nothing does
  };
  std::vector<Piece> pieces_;
};

}  // namespace flowsell::mail
