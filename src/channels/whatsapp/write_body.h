#pragma once

#include <string_view>
#include <vector>

#include "channel/adapter.h"
#include "channel/body.h"
#include "json/writer.h"

namespace flowsell::whatsapp {

/// Writes what goes under the key of a message's kind, in Meta's shape.
class BodyWriter {
 public:
  BodyWriter(json::Writer& out, const channel::CompileContext& context)
      : out_(out), context_(context) {}

  void operator()(const channel::Text& text);
  void operator()(const channel::Image& image);
  void operator()(const channel::Video& video);
  void operator()(const channel::Audio& audio);
  void operator()(const channel::Document& document);
  void operator()(const channel::Sticker& sticker);
  void operator()(const channel::Location& location);
  void operator()(const channel::Contacts& contacts);
  void operator()(const channel::Reaction& reaction);
  void operator()(const channel::Interactive& interactive);
  void operator()(const channel::Template& message);

  // Parts that interactive messages and templates have in common. Those that end in _fields write
  // into an object that is open.
  void text_object(std::string_view key, const Content& text);
  void text(std::string_view key, const Content& text);
  /// Nothing where `json` is empty.
  void raw(std::string_view key, const Content& json);
  void media_fields(const channel::Media& file);
  /// "type" and the object under its name.
  void header_media_fields(const channel::HeaderMedia& header);
  void location_fields(const channel::Location& location);
  void product_fields(const channel::Product& product);
  void product_sections(const std::vector<channel::ProductSection>& all);
  void order_details(std::string_view key, const channel::OrderDetails& details);
  void order_status(std::string_view key, const channel::OrderStatus& status);
  void components(const std::vector<channel::TemplateComponent>& all);

  json::Writer& out() { return out_; }

 private:
  json::Writer& out_;
  const channel::CompileContext& context_;
};

}  // namespace flowsell::whatsapp
