#pragma once

#include <map>
#include <string>
#include <string_view>

#include "http/body.h"
#include "http/multipart.h"

namespace flowsell::graph_door {

/// A form with a file, as Meta takes it: fields may stand on both sides of the file, whose bytes
/// are read as they come. What stands behind it is not looked at.
class GraphForm final : public http::BodySource {
 public:
  GraphForm(http::BodySource& body, std::string_view boundary) : body_(body), reader_(boundary) {}

  /// Everything before the file. Fails with kInvalidRequest.
  Task<> read_fields();
  /// Empty: it does not stand before the file.
  std::string_view field(std::string_view name) const;
  const http::MultipartPart& file() const noexcept { return reader_.part(); }

  /// The file's bytes; its end comes with the form's.
  Task<std::string_view> next() override;

 private:
  Task<> read_more();

  http::BodySource& body_;
  http::MultipartReader reader_;
  std::map<std::string, std::string, std::less<>> fields_;
  std::size_t beside_bytes_ = 0;  ///< of what is not the file
  bool is_in_file_ = false;
  bool has_ended_ = false;
};

}  // namespace flowsell::graph_door
