#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

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

/// Whom a message goes to.
class Recipient {
 public:
  /// E.164 ('+' first) or a provider's user id (two capital letters, '.', letters and digits; at
  /// most 140 characters).
  static Result<Recipient> parse(std::string_view text);
  std::string_view view() const noexcept;
  const PhoneNumber* phone() const noexcept { return std::get_if<PhoneNumber>(&value_); }
  const ProviderUserId* user() const noexcept { return std::get_if<ProviderUserId>(&value_); }
  /// "+91••••••3210", or "US.••••1918": what may be stored and shown.
  std::string masked() const;

 private:
  explicit Recipient(std::variant<PhoneNumber, ProviderUserId> value) : value_(std::move(value)) {}
  std::variant<PhoneNumber, ProviderUserId> value_;
};

// The kinds of message. To add one: its struct here and in Body, its name in kinds() of message.cc,
// its parse_ function in parse_body.cc, its writer in each channel's compile.cc. Nothing else knows
// kinds.

struct Text {
  Content body;
  bool preview_url = false;
};
/// Image or document, fetched by the provider from `link`.
struct Image {
  Content link;
  Content caption;  ///< empty: none
};
struct Document {
  Content link;
  Content caption;
  Content filename;
};
struct Reaction {
  std::string message;  ///< our "msg_..." id or the provider's own id of the message reacted to
  Content emoji;        ///< empty removes the reaction
};
struct Button {
  std::string id;
  Content title;
};
/// "interactive" with type "button": up to three reply buttons.
struct InteractiveButtons {
  Content header;  ///< text only; empty: none
  Content body;
  Content footer;
  std::vector<Button> buttons;
};
struct TemplateParameter {
  std::string name;  ///< empty in a positional template
  Content text;
};
struct Template {
  std::string name;
  std::string language;
  std::vector<TemplateParameter> header;
  std::vector<TemplateParameter> body;
  std::size_t header_index =
      0;  ///< the places of both in the request's components: faults point there
  std::size_t body_index = 0;
};
using Body = std::variant<Text, Image, Document, Reaction, InteractiveButtons, Template>;

/// "text", "image", "document", "reaction", "interactive", "template": the value of "type" and the
/// key of the object.
std::string_view kind_name(const Body& body) noexcept;

/// What a message is for, as its sender says.
enum class Purpose : std::uint8_t { kUnstated, kMarketing, kUtility, kAuthentication };

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
};

/// Reads the body of POST /v1/messages. Fails with kInvalidRequest, every fault with its pointer:
/// missing and unknown fields, wrong types, `to`, metadata (50 keys of 40 characters, values of
/// 500), client_ref (100), ttl_seconds (1 to 86,400), purpose. Pure. The same bytes are what a job
/// seals: an upgraded server reads them again.
Result<OutboundMessage> parse_message(const json::Value& body);

}  // namespace flowsell::channel
