#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>

#include "core/id.h"
#include "core/time.h"

namespace flowsell::store {

/// One statement of the program, made once at namespace scope: its address is the key under which
/// drivers keep it prepared. Parameters are written ?1, ?2, ... (the PostgreSQL driver rewrites
/// them to $1, $2).
struct Sql {
  constexpr explicit Sql(std::string_view statement) : text(statement), postgres(statement) {}
  /// Where the engines don't agree.
  constexpr Sql(std::string_view for_sqlite, std::string_view for_postgres)
      : text(for_sqlite), postgres(for_postgres) {}
  Sql(const Sql&) = delete;
  std::string_view text;
  std::string_view postgres;
};

/// A value bound to a parameter. Text and blobs are viewed, not copied: they must live until the
/// call returns.
class Param {
 public:
  enum class Type : std::uint8_t { kNull, kInteger, kText, kBlob };
  // Made from values without a word: parameter lists read like the statement.
  Param(std::nullptr_t) : type_(Type::kNull) {}                  // NOLINT
  Param(std::int64_t v) : type_(Type::kInteger), integer_(v) {}  // NOLINT
  Param(int v) : Param(static_cast<std::int64_t>(v)) {}          // NOLINT
  Param(bool v) : Param(static_cast<std::int64_t>(v)) {}         // NOLINT
  Param(Time v) : Param(to_unix_ms(v)) {}                        // NOLINT
  Param(std::string_view v) : type_(Type::kText), bytes_(v) {}   // NOLINT
  Param(const std::string& v) : Param(std::string_view(v)) {}    // NOLINT
  Param(const char* v) : Param(std::string_view(v)) {}           // NOLINT
  template <IdKind K>
  Param(const Id<K>& id) : type_(Type::kBlob), bytes_(id.blob()) {}  // NOLINT
  template <class T>
  Param(const std::optional<T>& v) : Param(v ? Param(*v) : Param(nullptr)) {}  // NOLINT
  static Param blob(std::string_view v) {
    Param p(v);
    p.type_ = Type::kBlob;
    return p;
  }
  /// NULL when it is none.
  template <IdKind K>
  static Param id_or_null(const Id<K>& id) {
    return id.is_none() ? Param(nullptr) : Param(id);
  }
  /// NULL when empty.
  static Param text_or_null(std::string_view v) { return v.empty() ? Param(nullptr) : Param(v); }
  static Param blob_or_null(std::string_view v) { return v.empty() ? Param(nullptr) : blob(v); }

  Type type() const noexcept { return type_; }
  std::int64_t integer() const noexcept { return integer_; }
  std::string_view bytes() const noexcept { return bytes_; }

 private:
  Type type_;
  std::int64_t integer_ = 0;
  std::string_view bytes_;
};

/// The parameters of one statement, viewed: written in place as {a, b, c}, or a part of an array.
class Params {
 public:
  Params(std::initializer_list<Param> values) : values_(values.begin(), values.size()) {}  // NOLINT
  Params(std::span<const Param> values) : values_(values) {}                               // NOLINT
  std::size_t size() const noexcept { return values_.size(); }
  auto begin() const noexcept { return values_.begin(); }
  auto end() const noexcept { return values_.end(); }
  std::span<const Param> values() const noexcept { return values_; }

 private:
  std::span<const Param> values_;
};

/// The current row of a query. Views are valid until the callback returns.
class Row {
 public:
  virtual ~Row() = default;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;   ///< 0 for NULL
  virtual std::string_view text(int column) const = 0;  ///< empty for NULL; also for blobs
  Time time(int column) const { return from_unix_ms(integer(column)); }
  std::optional<std::int64_t> optional_integer(int column) const {
    return is_null(column) ? std::nullopt : std::optional(integer(column));
  }
  std::optional<Time> optional_time(int column) const {
    return is_null(column) ? std::nullopt : std::optional(time(column));
  }
  template <class IdType>
  IdType id(int column) const {
    return IdType::from_blob(text(column));
  }
};

}  // namespace flowsell::store
