#include "write_body.h"

#include <algorithm>

namespace flowsell::whatsapp {
namespace {

using json::Writer;

template <class T>
bool has_text(const T& object) {
  return std::ranges::any_of(T::fields(), [&](const channel::TextField<T>& field) {
    return !(object.*field.text).empty();
  });
}

template <class T>
void write_texts(Writer& out, const T& object) {
  out.begin_object();
  for (const channel::TextField<T>& field : T::fields())
    out.optional_string(field.name, (object.*field.text).reveal());
  out.end_object();
}

template <class T>
void write_list(Writer& out, std::string_view key, const std::vector<T>& all) {
  if (all.empty()) return;
  out.key(key).begin_array();
  for (const T& each : all) write_texts(out, each);
  out.end_array();
}

void write_contact(Writer& out, const channel::Contact& contact) {
  out.begin_object().key("name");
  write_texts(out, contact.name);
  write_list(out, "phones", contact.phones);
  write_list(out, "emails", contact.emails);
  write_list(out, "urls", contact.urls);
  write_list(out, "addresses", contact.addresses);
  if (has_text(contact.org)) {
    out.key("org");
    write_texts(out, contact.org);
  }
  out.optional_string("birthday", contact.birthday.reveal());
  out.end_object();
}

}  // namespace

void BodyWriter::text_object(std::string_view key, const Content& text) {
  if (text.empty()) return;
  out_.key(key).begin_object().key("text").string(text.reveal()).end_object();
}

void BodyWriter::text(std::string_view key, const Content& text) {
  out_.optional_string(key, text.reveal());
}

void BodyWriter::raw(std::string_view key, const Content& json) {
  if (!json.empty()) out_.key(key).raw(json.reveal());
}

void BodyWriter::media_fields(const channel::Media& file) {
  if (file.id.empty()) {
    out_.key("link").string(file.link.reveal());
  } else {
    out_.key("id").string(context_.provider_media_id(file.id));
  }
}

void BodyWriter::header_media_fields(const channel::HeaderMedia& header) {
  const std::string_view kind = channel::media_kind_name(header.kind);
  out_.key("type").string(kind).key(kind).begin_object();
  media_fields(header.file);
  text("filename", header.filename);
  out_.end_object();
}

void BodyWriter::location_fields(const channel::Location& location) {
  out_.key("latitude").value(json::Value(location.latitude));
  out_.key("longitude").value(json::Value(location.longitude));
  text("name", location.name);
  text("address", location.address);
}

void BodyWriter::product_fields(const channel::Product& product) {
  out_.key("catalog_id").string(product.catalog_id);
  out_.key("product_retailer_id").string(product.product_retailer_id);
}

void BodyWriter::product_sections(const std::vector<channel::ProductSection>& all) {
  out_.key("sections").begin_array();
  for (const channel::ProductSection& section : all) {
    out_.begin_object();
    text("title", section.title);
    out_.key("product_items").begin_array();
    for (const std::string& id : section.product_retailer_ids)
      out_.begin_object().key("product_retailer_id").string(id).end_object();
    out_.end_array().end_object();
  }
  out_.end_array();
}

void BodyWriter::operator()(const channel::Text& text) {
  out_.begin_object().key("body").string(text.body.reveal());
  if (text.preview_url) out_.key("preview_url").boolean(true);
  out_.end_object();
}

void BodyWriter::operator()(const channel::Image& image) {
  out_.begin_object();
  media_fields(image.file);
  text("caption", image.caption);
  out_.end_object();
}

void BodyWriter::operator()(const channel::Video& video) {
  out_.begin_object();
  media_fields(video.file);
  text("caption", video.caption);
  out_.end_object();
}

void BodyWriter::operator()(const channel::Audio& audio) {
  out_.begin_object();
  media_fields(audio.file);
  if (audio.voice) out_.key("voice").boolean(true);
  out_.end_object();
}

void BodyWriter::operator()(const channel::Document& document) {
  out_.begin_object();
  media_fields(document.file);
  text("caption", document.caption);
  text("filename", document.filename);
  out_.end_object();
}

void BodyWriter::operator()(const channel::Sticker& sticker) {
  out_.begin_object();
  media_fields(sticker.file);
  out_.end_object();
}

void BodyWriter::operator()(const channel::Location& location) {
  out_.begin_object();
  location_fields(location);
  out_.end_object();
}

void BodyWriter::operator()(const channel::Contacts& contacts) {
  out_.begin_array();
  for (const channel::Contact& contact : contacts.contacts) write_contact(out_, contact);
  out_.end_array();
}

void BodyWriter::operator()(const channel::Reaction& reaction) {
  // The empty string is written: it removes the reaction.
  out_.begin_object().key("message_id").string(context_.target_provider_id);
  out_.key("emoji").string(reaction.emoji.reveal()).end_object();
}

}  // namespace flowsell::whatsapp
