// What people see of a number: its profile, and what a conversation offers by itself.
#include <algorithm>
#include <array>

#include "core/encoding.h"
#include "field_copy.h"
#include "fields.h"
#include "json/reader.h"
#include "number_calls.h"

namespace flowsell::whatsapp {
namespace {

using channel::SenderAutomation;
using channel::SenderProfile;

// Limits: reference/whatsapp.md section 7.3, and Meta's pages on profiles and on conversational
// components (late 2025).
constexpr std::size_t kAboutMax = 139;
constexpr std::size_t kAddressMax = 256;
constexpr std::size_t kDescriptionMax = 512;
constexpr std::size_t kEmailMax = 128;
constexpr std::size_t kWebsitesMax = 2;
constexpr std::size_t kWebsiteMax = 256;
constexpr std::size_t kCommandsMax = 30;
constexpr std::size_t kCommandNameMax = 30;
constexpr std::size_t kCommandTextMax = 256;
constexpr std::size_t kPromptsMax = 4;
constexpr std::size_t kPromptMax = 80;

constexpr auto kVerticals = std::to_array<std::string_view>({"alcohol",
                                                             "apparel",
                                                             "auto",
                                                             "beauty",
                                                             "edu",
                                                             "entertain",
                                                             "event_plan",
                                                             "finance",
                                                             "govt",
                                                             "grocery",
                                                             "health",
                                                             "hotel",
                                                             "matrimony_service",
                                                             "nonprofit",
                                                             "not_a_biz",
                                                             "online_gambling",
                                                             "otc_drugs",
                                                             "other",
                                                             "physical_gambling",
                                                             "prof_services",
                                                             "restaurant",
                                                             "retail",
                                                             "travel",
                                                             "undefined"});

using Faults = std::vector<FieldError>;

void check_length(Faults& faults, std::string pointer, std::string_view text, std::size_t min,
                  std::size_t max) {
  const auto size = count_code_points(text);
  if (size < min) {
    faults.push_back({std::move(pointer), "too_short",
                      "at least " + std::to_string(min) + " characters",
                      "Send a text, or leave the field out."});
  } else if (size > max) {
    faults.push_back({std::move(pointer), "too_long",
                      "WhatsApp takes at most " + std::to_string(max) + " characters",
                      "Shorten it to " + std::to_string(max) + " characters."});
  }
}

void check_count(Faults& faults, std::string pointer, std::size_t count, std::size_t max) {
  if (count <= max) return;
  faults.push_back({std::move(pointer), "too_many", "WhatsApp takes at most " + std::to_string(max),
                    "Leave some out: " + std::to_string(max) + " at most."});
}

void check_optional(Faults& faults, std::string pointer, const std::optional<std::string>& text,
                    std::size_t min, std::size_t max) {
  if (text) check_length(faults, std::move(pointer), *text, min, max);
}

void check_website(Faults& faults, std::string pointer, std::string_view website) {
  if (!website.starts_with("http://") && !website.starts_with("https://")) {
    faults.push_back({pointer, "invalid_format", "a website begins with http:// or https://",
                      "Send the whole address, for example https://example.com."});
  }
  check_length(faults, std::move(pointer), website, 1, kWebsiteMax);
}

void check_command(Faults& faults, const std::string& pointer,
                   const channel::SenderCommand& command) {
  check_length(faults, pointer + "/name", command.name, 1, kCommandNameMax);
  const bool is_plain = std::ranges::all_of(command.name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
  if (!is_plain)
    faults.push_back({pointer + "/name", "invalid_format", "a command is letters, digits and _",
                      "Leave the slash and spaces out: order, not /order."});
  check_length(faults, pointer + "/description", command.description, 1, kCommandTextMax);
}

Result<> all_of(Faults faults) { return json::as_result(std::move(faults)); }

void write_optional(json::Writer& out, std::string_view name,
                    const std::optional<std::string>& text) {
  if (text) out.key(name).string(*text);
}

std::optional<std::string> optional_in(const json::Object& object, std::string_view name) {
  const auto text = text_in(object, name);
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

std::vector<std::string> texts_in(const json::Object& object, std::string_view name) {
  std::vector<std::string> texts;
  const auto* array = array_in(object, name);
  if (array == nullptr) return texts;
  for (const auto& each : *array)
    if (each.is_string()) texts.emplace_back(std::string_view(each.get_string()));
  return texts;
}

}  // namespace

NumberCalls::Request NumberCalls::get_profile(const Route& sender) const {
  return graph_get(
      "/whatsapp_business_profile?fields=about,address,description,email,profile_picture_url,"
      "websites,vertical",
      sender);
}

Result<SenderProfile> NumberCalls::read_profile(const Answer& answered) const {
  TRY(const auto document, read_object(answered));
  const auto* shown = first_object_in(document.root().get_object(), "data");
  if (shown == nullptr) return unreadable();
  SenderProfile profile;
  profile.about = optional_in(*shown, "about");
  profile.address = optional_in(*shown, "address");
  profile.description = optional_in(*shown, "description");
  profile.email = optional_in(*shown, "email");
  profile.picture_url = text_in(*shown, "profile_picture_url");
  profile.websites = texts_in(*shown, "websites");
  if (auto vertical = word_in(*shown, "vertical"); !vertical.empty())
    profile.vertical = std::move(vertical);
  return profile;
}

Result<> NumberCalls::check_profile(const SenderProfile& change) const {
  Faults faults;
  check_optional(faults, "/about", change.about, 1, kAboutMax);
  check_optional(faults, "/address", change.address, 0, kAddressMax);
  check_optional(faults, "/description", change.description, 0, kDescriptionMax);
  check_optional(faults, "/email", change.email, 0, kEmailMax);
  if (change.email && !change.email->empty() && change.email->find('@') == std::string::npos) {
    faults.push_back({"/email", "invalid_format", "it is no e-mail address",
                      "Send an address with an @, or an empty text to remove it."});
  }
  if (change.vertical && std::ranges::find(kVerticals, *change.vertical) == kVerticals.end()) {
    std::string all;
    for (const auto each : kVerticals) all.append(all.empty() ? "" : ", ").append(each);
    faults.push_back(
        {"/vertical", "invalid_value", "no such kind of business", "Use one of: " + all + "."});
  }
  if (change.websites) {
    check_count(faults, "/websites", change.websites->size(), kWebsitesMax);
    for (std::size_t i = 0; i < change.websites->size(); ++i)
      check_website(faults, "/websites/" + std::to_string(i), (*change.websites)[i]);
  }
  if (change.picture_handle && change.picture_handle->find(':') == std::string::npos) {
    faults.push_back({"/picture_handle", "invalid_format", "it is no handle of an upload",
                      "Send the handle that WhatsApp gave for a resumable upload; it begins with "
                      "a digit and \"::\"."});
  }
  return all_of(std::move(faults));
}

NumberCalls::Request NumberCalls::set_profile(const SenderProfile& change,
                                              const Route& sender) const {
  auto body = whatsapp_object();
  write_optional(body, "about", change.about);
  write_optional(body, "address", change.address);
  write_optional(body, "description", change.description);
  write_optional(body, "email", change.email);
  if (change.vertical) body.key("vertical").string(in_capitals(*change.vertical));
  if (change.websites) {
    body.key("websites").begin_array();
    for (const auto& each : *change.websites) body.string(each);
    body.end_array();
  }
  write_optional(body, "profile_picture_handle", change.picture_handle);
  return graph_post("/whatsapp_business_profile", std::move(body), sender);
}

NumberCalls::Request NumberCalls::get_automation(const Route& sender) const {
  return graph_get("?fields=conversational_automation", sender);
}

Result<SenderAutomation> NumberCalls::read_automation(const Answer& answered) const {
  TRY(const auto document, read_object(answered));
  SenderAutomation automation;
  automation.welcome = false;
  automation.commands.emplace();
  automation.prompts.emplace();
  const auto* shown = object_in(document.root().get_object(), "conversational_automation");
  if (shown == nullptr) return automation;  // as Meta answers where nothing was ever set
  automation.welcome = flag_in(*shown, "enable_welcome_message").value_or(false);
  automation.prompts = texts_in(*shown, "prompts");
  const auto* commands = array_in(*shown, "commands");
  if (commands == nullptr) return automation;
  for (const auto& each : *commands) {
    const auto* command = each.if_object();
    if (command == nullptr) return unreadable();
    automation.commands->push_back({std::string(text_in(*command, "command_name")),
                                    std::string(text_in(*command, "command_description"))});
  }
  return automation;
}

Result<> NumberCalls::check_automation(const SenderAutomation& change) const {
  Faults faults;
  if (change.commands) {
    check_count(faults, "/commands", change.commands->size(), kCommandsMax);
    for (std::size_t i = 0; i < change.commands->size(); ++i)
      check_command(faults, "/commands/" + std::to_string(i), (*change.commands)[i]);
  }
  if (change.prompts) {
    check_count(faults, "/prompts", change.prompts->size(), kPromptsMax);
    for (std::size_t i = 0; i < change.prompts->size(); ++i) {
      check_length(faults, "/prompts/" + std::to_string(i), (*change.prompts)[i], 1, kPromptMax);
    }
  }
  return all_of(std::move(faults));
}

NumberCalls::Request NumberCalls::set_automation(const SenderAutomation& change,
                                                 const Route& sender) const {
  auto body = object_writer();
  if (change.welcome) body.key("enable_welcome_message").boolean(*change.welcome);
  if (change.commands) {
    body.key("commands").begin_array();
    for (const auto& each : *change.commands) {
      body.begin_object().key("command_name").string(each.name);
      body.key("command_description").string(each.description).end_object();
    }
    body.end_array();
  }
  if (change.prompts) {
    body.key("prompts").begin_array();
    for (const auto& each : *change.prompts) body.string(each);
    body.end_array();
  }
  return graph_post("/conversational_automation", std::move(body), sender);
}

}  // namespace flowsell::whatsapp
