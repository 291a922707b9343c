#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "channel/body.h"
#include "core/error.h"
#include "core/id.h"
#include "core/phone_number.h"
#include "core/sensitive.h"
#include "core/time.h"
#include "json/json.h"

namespace flowsell::channel {

/// A user as the provider knows them where no telephone number is known. WhatsApp: BSUID
/// ("US.1349...", "US.ENT....").
struct ProviderUserId {
  std::string value;
  friend bool operator==(const ProviderUserId&, const ProviderUserId&) = default;
};

/// Several people at once, by the provider's id of their group.
struct GroupId {
  std::string value;
  friend bool operator==(const GroupId&, const GroupId&) = default;
};

/// Where, in a message's metadata, stands what a client of the provider's own API wants to have
/// back with every status: our id has that place at the provider.
inline constexpr std::string_view kCallbackDataKey = "biz_opaque_callback_data";

/// Whom a message goes to.
class Recipient {
 public:
  /// E.164 ('+' first) or a provider's user id (two capital letters, '.', letters and digits; at
  /// most 140 characters).
  static Result<Recipient> parse(std::string_view text);
  /// A provider's id of a group: 1 to 150 letters, digits and characters of base64.
  static Result<Recipient> parse_group(std::string_view text);
  std::string_view view() const noexcept;
  const PhoneNumber* phone() const noexcept { return std::get_if<PhoneNumber>(&value_); }
  const ProviderUserId* user() const noexcept { return std::get_if<ProviderUserId>(&value_); }
  const GroupId* group() const noexcept { return std::get_if<GroupId>(&value_); }
  /// "+91••••••3210", "US.••••1918" or "group ••••jAZD": what may be stored and shown.
  std::string masked() const;

 private:
  using Value = std::variant<PhoneNumber, ProviderUserId, GroupId>;
  explicit Recipient(Value value) : value_(std::move(value)) {}
  Value value_;
};

/// What a message is for, as its sender says.
enum class Purpose : std::uint8_t { kUnstated, kMarketing, kUtility, kAuthentication };

/// By which of the provider's ways a marketing template goes: an optimised one, and whether it
/// falls back to the usual one where that can't be used.
enum class ProductPolicy : std::uint8_t { kUnstated, kFallback, kStrict };

/// A message that an application asked for, whole and well-formed. What depends on a channel (how
/// long a text may be) is its adapter's business: Adapter::check().
struct OutboundMessage {
  std::string from;  ///< sender id or its display number, as asked; empty: the only sender
  Recipient to;
  Body body;
  std::string context;  ///< message replied to: our "msg_..." id or the provider's; empty: none
  std::string metadata_json;  ///< the caller's object, re-written; empty: none
  std::string client_ref;
  std::optional<std::chrono::seconds> ttl;
  Purpose purpose = Purpose::kUnstated;
  /// Where one of the two is given, a marketing template takes the provider's optimised way.
  ProductPolicy product_policy = ProductPolicy::kUnstated;
  std::optional<bool> message_activity_sharing;
  std::string recipient_identity_key_hash;  ///< deliver only while it is still this one; empty: any
  std::vector<MediaReference> media;        ///< our media ids in the body, each once a place
};

/// Reads the body of POST /v1/messages. Fails with kInvalidRequest, every fault with its pointer:
/// missing and unknown fields, wrong types, `to`, metadata (50 keys of 40 characters, values of
/// 512), client_ref (100), ttl_seconds (1 to 86,400), purpose. Pure. The same bytes are what a job
/// seals: an upgraded server reads them again. A message with `product_policy` or
/// `message_activity_sharing` is marketing, also where it does not say so.
Result<OutboundMessage> parse_message(const json::Value& body);

}  // namespace flowsell::channel
