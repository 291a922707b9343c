#include "graph_form.h"

namespace flowsell::graph_door {
namespace {

using Step = http::MultipartReader::Step;

constexpr std::string_view kFile = "file";
constexpr std::size_t kBesideBytesMax = 16'384;

Error too_long() { return {ErrorCode::kInvalidRequest, "only the part file may be large"}; }

}  // namespace

Task<> GraphForm::read_more() {
  CO_TRY(const std::string_view piece, co_await body_.next());
  if (piece.empty()) co_return fail(ErrorCode::kInvalidRequest, "the form has no end");
  reader_.put(piece);
  co_return Result<>{};
}

std::string_view GraphForm::field(std::string_view name) const {
  const auto found = fields_.find(name);
  return found == fields_.end() ? std::string_view() : std::string_view(found->second);
}

Task<> GraphForm::read_fields() {
  std::string name;
  while (true) {
    switch (reader_.next()) {
      case Step::kNeedMore:
        CO_CHECK_OK(co_await read_more());
        break;
      case Step::kPart:
        is_in_file_ = reader_.part().name == kFile;
        if (is_in_file_) co_return Result<>{};
        name = reader_.part().name;
        break;
      case Step::kData:
        beside_bytes_ += reader_.data().size();
        if (beside_bytes_ > kBesideBytesMax) co_return std::unexpected(too_long());
        fields_[name].append(reader_.data());
        break;
      case Step::kPartEnd:
        break;
      case Step::kEnd:
        co_return fail_field("/file", "required", "the form has no file", "Send it as file.");
      case Step::kFailed:
        co_return std::unexpected(reader_.error());
    }
  }
}

Task<std::string_view> GraphForm::next() {
  while (!has_ended_) {
    switch (reader_.next()) {
      case Step::kNeedMore:
        CO_CHECK_OK(co_await read_more());
        break;
      case Step::kData:
        if (is_in_file_) co_return reader_.data();
        beside_bytes_ += reader_.data().size();
        if (beside_bytes_ > kBesideBytesMax) co_return std::unexpected(too_long());
        break;
      case Step::kPart:
        if (reader_.part().name == kFile)
          co_return fail_field("/file", "duplicate", "there are two files", "Send one.");
        break;
      case Step::kPartEnd:
        is_in_file_ = false;
        break;
      case Step::kEnd:
        has_ended_ = true;
        break;
      case Step::kFailed:
        co_return std::unexpected(reader_.error());
    }
  }
  // What may follow the last boundary belongs to the request.
  CO_CHECK_OK(co_await http::skip_rest(body_));
  co_return std::string_view();
}

}  // namespace flowsell::graph_door
