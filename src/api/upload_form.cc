#include "upload_form.h"

#include <utility>

#include "core/encoding.h"

namespace flowsell::api {
namespace {

using Step = http::MultipartReader::Step;

constexpr std::string_view kFile = "file";
constexpr std::size_t kFieldBytesMax = 2048;

}  // namespace

UploadForm::UploadForm(const http::Request& request, std::string_view boundary)
    : body_(*request.stream),
      length_(request.stream_length),
      end_bytes_(std::string_view("\r\n----\r\n").size() + boundary.size()),
      reader_(boundary) {}

/// False at the body's end.
Task<bool> UploadForm::read_more() {
  CO_TRY(const std::string_view piece, co_await body_.next());
  come_ += piece.size();
  reader_.put(piece);
  co_return !piece.empty();
}

Result<> UploadForm::add_field(std::string name, std::string value) {
  if (!is_valid_utf8(value) || !is_valid_utf8(name))
    return fail(ErrorCode::kInvalidRequest, "multipart: a field is not valid UTF-8");
  const std::string pointer = "/" + name;
  if (fields_.emplace(std::move(name), std::move(value)).second) return {};
  return fail_field(pointer, "duplicate", "the field is there twice", "Send it once.");
}

Task<> UploadForm::read_fields() {
  std::string name;
  std::string value;
  while (true) {
    switch (reader_.next()) {
      case Step::kNeedMore: {
        CO_TRY(const bool goes_on, co_await read_more());
        if (!goes_on) co_return fail(ErrorCode::kInvalidRequest, "multipart: it has no end");
        break;
      }
      case Step::kPart:
        if (reader_.part().name == kFile) {
          file_begin_ = come_ - reader_.held();
          co_return Result<>{};
        }
        name = reader_.part().name;
        value.clear();
        break;
      case Step::kData:
        value.append(reader_.data());
        if (value.size() > kFieldBytesMax)
          co_return fail_field("/" + name, "too_long", "the field is too long",
                               "Only the part file may be large.");
        break;
      case Step::kPartEnd:
        CO_CHECK_OK(add_field(std::exchange(name, {}), std::exchange(value, {})));
        break;
      case Step::kEnd:
        co_return fail_field("/file", "required", "the form has no file",
                             "Send the file as the last part, named file.");
      case Step::kFailed:
        co_return std::unexpected(reader_.error());
    }
  }
}

std::optional<std::uint64_t> UploadForm::likely_size() const {
  if (!length_ || *length_ < file_begin_ + end_bytes_) return std::nullopt;
  return *length_ - file_begin_ - end_bytes_;
}

Task<std::string_view> UploadForm::next() {
  while (!has_ended_) {
    switch (reader_.next()) {
      case Step::kNeedMore: {
        CO_TRY(const bool goes_on, co_await read_more());
        if (!goes_on) co_return fail(ErrorCode::kInvalidRequest, "multipart: it has no end");
        break;
      }
      case Step::kData:
        co_return reader_.data();
      case Step::kPartEnd:
        break;
      case Step::kPart:
        co_return fail_field("/" + reader_.part().name, "misplaced", "it comes behind the file",
                             "Send the file as the last part of the form.");
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

}  // namespace flowsell::api
