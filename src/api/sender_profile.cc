// What people see of a sender, and what its conversations offer.
#include "call.h"
#include "headers.h"
#include "json/writer.h"
#include "managed.h"
#include "numbers/sender_desk.h"
#include "render.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using channel::SenderAutomation;
using channel::SenderProfile;

/// Far above what a provider takes: its own limits say what is wrong in its words.
constexpr std::size_t kListMax = 1'000;

std::optional<std::string> text_of(json::ObjectReader& in, std::string_view name) {
  const auto text = in.string(name);
  return text ? std::optional<std::string>(*text) : std::nullopt;
}

std::optional<std::vector<std::string>> texts_of(json::ObjectReader& in, std::string_view name) {
  const auto* array = in.array(name, 0, kListMax);
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const auto& each : *array) {
    if (!each.is_string()) {
      in.fault(name, "wrong_type", "every element is a text", "Send a list of texts.");
      return std::nullopt;
    }
    texts.emplace_back(std::string_view(each.get_string()));
  }
  return texts;
}

// --- profile ---

std::string render(const SenderProfile& profile) {
  json::Writer out;
  out.begin_object().key("object").string("sender_profile");
  write_text(out, "about", profile.about.value_or(""));
  write_text(out, "address", profile.address.value_or(""));
  write_text(out, "description", profile.description.value_or(""));
  write_text(out, "email", profile.email.value_or(""));
  write_text(out, "vertical", profile.vertical.value_or(""));
  write_text(out, "picture_url", profile.picture_url);
  out.key("websites").begin_array();
  for (const auto& each : profile.websites.value_or(std::vector<std::string>{})) out.string(each);
  out.end_array().end_object();
  return std::move(out).take();
}

SenderProfile read_profile(json::ObjectReader& in) {
  SenderProfile change;
  change.about = text_of(in, "about");
  change.address = text_of(in, "address");
  change.description = text_of(in, "description");
  change.email = text_of(in, "email");
  change.vertical = text_of(in, "vertical");
  change.websites = texts_of(in, "websites");
  change.picture_handle = text_of(in, "picture_handle");
  return change;
}

Task<http::Response> get_profile(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kLook));
  CO_TRY(const auto profile, co_await call.services.sender_desk.profile(sender));
  co_return answer(render(profile));
}

Task<http::Response> change_profile(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kChange));
  CO_TRY(auto change, read_body(call.request, read_profile));
  CO_TRY(auto key, idempotent_call(call));
  CO_TRY(const auto done, co_await call.services.sender_desk.change_profile(
                              call.by(), sender, std::move(change), key));
  CO_TRY(const auto profile, co_await call.services.sender_desk.profile(sender));
  co_return answer(render(profile), done.is_replay);
}

// --- automation ---

std::string render(const SenderAutomation& automation) {
  json::Writer out;
  out.begin_object().key("object").string("sender_automation");
  out.key("welcome_message").boolean(automation.welcome.value_or(false));
  out.key("commands").begin_array();
  for (const auto& each : automation.commands.value_or(std::vector<channel::SenderCommand>{})) {
    out.begin_object().key("name").string(each.name);
    out.key("description").string(each.description).end_object();
  }
  out.end_array().key("prompts").begin_array();
  for (const auto& each : automation.prompts.value_or(std::vector<std::string>{})) out.string(each);
  out.end_array().end_object();
  return std::move(out).take();
}

std::vector<channel::SenderCommand> commands_of(json::ObjectReader& in) {
  std::vector<channel::SenderCommand> commands;
  const auto* array = in.array("commands", 0, kListMax);
  if (array == nullptr) return commands;
  for (std::size_t i = 0; i < array->size(); ++i) {
    json::ObjectReader element((*array)[i], in.pointer_of("commands") + "/" + std::to_string(i),
                               in.faults());
    commands.push_back({text_in(element, "name", {}), text_in(element, "description", {})});
    element.finish();
  }
  return commands;
}

/// What is left out is none.
SenderAutomation read_automation(json::ObjectReader& in) {
  SenderAutomation automation;
  automation.welcome = in.boolean("welcome_message").value_or(false);
  automation.commands = commands_of(in);
  automation.prompts = texts_of(in, "prompts").value_or(std::vector<std::string>{});
  return automation;
}

Task<http::Response> get_automation(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kLook));
  CO_TRY(const auto automation, co_await call.services.sender_desk.automation(sender));
  co_return answer(render(automation));
}

Task<http::Response> set_automation(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kChange));
  CO_TRY(const auto wanted, read_body(call.request, read_automation));
  CO_CHECK_OK(co_await call.services.sender_desk.change_automation(call.by(), sender, wanted));
  co_return answer(render(wanted));
}

}  // namespace

void add_sender_profile_routes(Routes& routes) {
  using enum identity::Scope;
  using http::Method;
  routes.add(Method::kGet, "/v1/senders/{}/profile", kConnectionsRead, get_profile);
  routes.add(Method::kPatch, "/v1/senders/{}/profile", kConnectionsManage, change_profile);
  routes.add(Method::kGet, "/v1/senders/{}/automation", kConnectionsRead, get_automation);
  routes.add(Method::kPut, "/v1/senders/{}/automation", kConnectionsManage, set_automation);
}

}  // namespace flowsell::api
