#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "http/body.h"
#include "http/message.h"
#include "http/multipart.h"

namespace flowsell::api {

/// A multipart form that ends with a file, as it comes: its fields first, then the file's bytes.
class UploadForm final : public http::BodySource {
 public:
  /// The request's body is a stream.
  UploadForm(const http::Request& request, std::string_view boundary);

  /// Everything before the file. Fails with kInvalidRequest: no file, a field twice, too large, not
  /// text.
  Task<> read_fields();
  const std::map<std::string, std::string, std::less<>>& fields() const noexcept { return fields_; }
  const http::MultipartPart& file() const noexcept { return reader_.part(); }
  /// How large the file is if nothing follows it, as far as the request's length tells.
  std::optional<std::uint64_t> likely_size() const;

  /// The file's bytes. Its end comes with the form's: a field behind the file is a fault.
  Task<std::string_view> next() override;

 private:
  Task<bool> read_more();
  Result<> add_field(std::string name, std::string value);

  http::BodySource& body_;
  const std::optional<std::uint64_t> length_;
  const std::size_t end_bytes_;  ///< of the last boundary with its line ends
  std::uint64_t come_ = 0;
  std::uint64_t file_begin_ = 0;
  http::MultipartReader reader_;
  std::map<std::string, std::string, std::less<>> fields_;
  bool has_ended_ = false;
};

}  // namespace flowsell::api
