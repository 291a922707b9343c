#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "channel/contacts.h"
#include "channel/interactive.h"
#include "channel/media.h"
#include "channel/template.h"
#include "core/sensitive.h"

namespace flowsell::channel {

// The kinds of message. To add one: its struct and its place in Body, its name in kinds() of
// message.cc, its parse_ function in parse_body.h, its checks and its writer in each channel
// (whatsapp: check.cc, compile.cc). Nothing else knows kinds.

struct Text {
  Content body;
  bool preview_url = false;
};
struct Image {
  Media file;
  Content caption;  ///< empty: none
};
struct Video {
  Media file;
  Content caption;
};
struct Audio {
  Media file;
  bool voice = false;  ///< shown as a recorded voice message
};
struct Document {
  Media file;
  Content caption;
  Content filename;
};
struct Sticker {
  Media file;
};
struct Reaction {
  std::string message;  ///< our "msg_..." id or the provider's own id of the message reacted to
  Content emoji;        ///< empty removes the reaction
};

using Body = std::variant<Text, Image, Video, Audio, Document, Sticker, Location, Contacts,
                          Reaction, Interactive, Template>;

/// "text", "image", ...: the value of "type" and the key of the object.
std::string_view kind_name(const Body& body) noexcept;

}  // namespace flowsell::channel
