#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "graph_error.h"
#include "http/message.h"
#include "json/json.h"
#include "state/media_files.h"
#include "state/node.h"
#include "state/token_table.h"

namespace flowsell::sim {

/// A file that came with a request, or as its body.
struct FilePart {
  std::string name;
  std::string type;  ///< its Content-Type; empty: none
  std::unique_ptr<Spool> spool;
};

/// The parameters of a call, wherever they came: query, form, multipart or JSON body. As the Graph
/// does, a text that is JSON is read as such where an object or array is wanted.
class Params {
 public:
  /// Fails with code 100 where the body can't be read.
  static Checked<Params> read(const http::Request& request);
  /// Of a call whose body is a file's bytes.
  static Params of_query(std::string_view query);

  bool has(std::string_view name) const { return values_.contains(name); }
  const json::Value* find(std::string_view name) const { return values_.if_contains(name); }
  /// Texts, numbers and flags as text; empty when absent.
  std::string text(std::string_view name) const;
  /// Fails with "(#100) The parameter NAME is required." when absent or empty.
  Checked<std::string> required(std::string_view name) const;
  std::optional<bool> flag(std::string_view name) const;
  std::optional<std::int64_t> integer(std::string_view name) const;
  /// An object or array, also where it came as text; a null value when absent or neither.
  json::Value structure(std::string_view name) const;
  const json::Object& all() const { return values_; }
  const std::optional<FilePart>& file() const { return file_; }
  void set_file(FilePart file) { file_ = std::move(file); }
  /// A field of a form; what is no text is left out.
  void set(std::string_view name, std::string_view value);
  /// Adds what came with a file.
  void add(Params came);

 private:
  void read_pairs(std::string_view text);
  Checked<> read_json(std::string_view body);
  void read_multipart(std::string_view body, std::string_view boundary);

  json::Object values_;
  std::optional<FilePart> file_;
};

/// A callback that must give its challenge back before the call goes on.
struct Verification {
  std::string url;
  std::string token;
};

/// One call of the management side, read and its token checked.
struct Call {
  const http::Request* request = nullptr;
  std::string_view version;
  std::string object;
  std::string edge;  ///< empty: the object itself
  Params params;
  std::string token;
  std::shared_ptr<const TokenFacts> caller;
  std::string account;            ///< that the object belongs to
  std::int64_t used_percent = 1;  ///< of the calls about it in this hour
  bool verified = false;          ///< the callback that it asked for was verified

  std::string_view method_name() const;
  /// Where the caller sees this server: "http://127.0.0.1:8099".
  std::string origin() const;
};

/// The answer to a call that was not refused.
struct Reply {
  std::string body;
  std::string content_type = "application/json";
  int status = 200;
  /// Set: verify this, then call again with `verified`.
  std::optional<Verification> verify = std::nullopt;
};

/// {"success":true}
Reply success();
Reply reply_with(const json::Object& body);
/// {"data": data}
Reply reply_with_data(json::Value data);
/// Whether an app may have its webhooks of an account or number sent to `url`: it must be
/// subscribed to the account, which is nullptr where there is none.
Checked<> check_override(const Node* account, const Node& app, std::string_view url);
/// Fails where the call does not name the product, which these calls ask for.
Checked<> must_be_whatsapp(const Call& call);

}  // namespace flowsell::sim
