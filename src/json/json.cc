#include "json/json.h"

#include <array>
#include <boost/json/basic_parser_impl.hpp>  // The only place that instantiates the parser: it is slow to compile.
#include <boost/json/error.hpp>
#include <boost/json/parse_options.hpp>
#include <boost/json/value_stack.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

namespace flowsell::json {

namespace {

using boost::json::error_code;
using Text = boost::json::string_view;

// A document of a few hundred bytes fits, so that it costs one allocation and no clean-up.
constexpr std::size_t kInlineBytes = 4096;
// Values that wait for the end of their array or object; more of them move to the heap.
constexpr std::size_t kStackBytes = 2048;

/// Takes the parser's events: builds the values and keeps the rules that the grammar does not have.
/// Returning false without an error code would be a fault of ours, so each refusal sets one.
struct Handler {
  static constexpr std::size_t max_object_size = Object::max_size();
  static constexpr std::size_t max_array_size = Array::max_size();
  static constexpr std::size_t max_key_size = boost::json::string::max_size();
  static constexpr std::size_t max_string_size = boost::json::string::max_size();

  explicit Handler(std::span<unsigned char> scratch) : values({}, scratch.data(), scratch.size()) {}

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code&) { return true; }
  bool on_object_end(std::size_t count, error_code&) {
    members += count;
    values.push_object(count);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t count, error_code&) {
    values.push_array(count);
    return true;
  }
  bool on_key_part(Text text, std::size_t, error_code& ec) {
    return has_no_nul(text, ec) && push_part(text);
  }
  bool on_key(Text text, std::size_t, error_code& ec) {
    if (!has_no_nul(text, ec)) return false;
    values.push_key(text);
    return true;
  }
  bool on_string_part(Text text, std::size_t, error_code& ec) {
    return has_no_nul(text, ec) && push_part(text);
  }
  bool on_string(Text text, std::size_t, error_code& ec) {
    if (!has_no_nul(text, ec)) return false;
    values.push_string(text);
    return true;
  }
  bool on_number_part(Text, error_code&) { return true; }
  bool on_int64(std::int64_t number, Text, error_code&) {
    values.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, Text, error_code&) {
    values.push_uint64(number);
    return true;
  }
  bool on_double(double number, Text, error_code&) {
    values.push_double(number);
    return true;
  }
  bool on_bool(bool flag, error_code&) {
    values.push_bool(flag);
    return true;
  }
  bool on_null(error_code&) {
    values.push_null();
    return true;
  }
  bool on_comment_part(Text, error_code&) { return true; }
  bool on_comment(Text, error_code&) { return true; }

  bool push_part(Text text) {
    values.push_chars(text);
    return true;
  }
  bool has_no_nul(Text text, error_code& ec) {
    if (text.find('\0') == Text::npos) return true;
    saw_nul = true;
    ec = boost::json::error::syntax;
    return false;
  }

  boost::json::value_stack values;
  std::size_t members = 0;  ///< of all objects together, as written
  bool saw_nul = false;
};

/// How many members the objects of `value` have, as kept.
std::size_t count_members(const Value& value) {
  std::size_t count = 0;
  if (const Object* object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += count_members(member.value());
  } else if (const Array* array = value.if_array()) {
    for (const Value& element : *array) count += count_members(element);
  }
  return count;
}

std::unexpected<Error> invalid(std::string detail) {
  return fail(ErrorCode::kInvalidJson, std::move(detail));
}

std::unexpected<Error> explain(const error_code& ec, std::size_t offset, const Handler& handler,
                               const Limits& limits) {
  const std::string at = " at byte " + std::to_string(offset);
  if (handler.saw_nul)
    return invalid("a string contains U+0000, near byte " + std::to_string(offset));
  if (ec == boost::json::error::too_deep) {
    return invalid("nested deeper than " + std::to_string(limits.depth_max) + " levels" + at);
  }
  if (ec == boost::json::error::incomplete) return invalid("the document ends too early," + at);
  if (ec == boost::json::error::extra_data)
    return invalid("there is more after the document," + at);
  return invalid("not valid JSON" + at + ": " + ec.message());
}

}  // namespace

struct Document::Memory {
  // The buffer is not zeroed on purpose: the resource writes before anybody reads.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
  Memory() : resource(buffer.data(), buffer.size()), root(nullptr, &resource) {}
  alignas(std::max_align_t) std::array<unsigned char, kInlineBytes> buffer;
  boost::json::monotonic_resource resource;
  Value root;  ///< braces around its arguments would make an array
};

Document::Document() = default;
Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

const Value& Document::root() const noexcept {
  static const Value null;
  return memory_ ? memory_->root : null;
}

Result<Document> parse(std::string_view text, Limits limits) {
  if (text.size() > limits.bytes_max) {
    return invalid("the document is longer than " + std::to_string(limits.bytes_max) + " bytes");
  }
  Document document;
  document.memory_.reset(new Document::Memory);

  boost::json::parse_options options;
  options.max_depth = limits.depth_max;
  std::array<unsigned char, kStackBytes> scratch;
  boost::json::basic_parser<Handler> parser(options, scratch);
  Handler& handler = parser.handler();
  handler.values.reset(&document.memory_->resource);

  error_code ec;
  const std::size_t offset = parser.write_some(false, text.data(), text.size(), ec);
  if (!ec && offset < text.size()) ec = boost::json::error::extra_data;
  if (ec) return explain(ec, offset, handler, limits);

  document.memory_->root = handler.values.release();
  // The library keeps one of several members with the same key: fewer kept than written means
  // duplicates.
  if (count_members(document.memory_->root) != handler.members) {
    return invalid("an object has two members with the same key");
  }
  return document;
}

}  // namespace flowsell::json
