#include "template_calls.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "answers.h"
#include "core/encoding.h"
#include "field_copy.h"
#include "fields.h"
#include "json/writer.h"
#include "template_rules.h"
#include "template_schema.h"

namespace flowsell::whatsapp {
namespace {

using channel::MadeTemplate;
using channel::ProviderTemplate;
using channel::ProviderTemplates;
using channel::SenderRoute;
using channel::TemplateDraft;
using json::Object;
using json::Writer;

constexpr std::string_view kFields =
    "id,name,language,category,status,parameter_format,components,rejected_reason,quality_score,"
    "message_send_ttl_seconds";
constexpr std::string_view kGraphHost = "graph.facebook.com";
constexpr std::string_view kArchiveHost = "api.facebook.com";

/// "name=value" pairs, encoded.
class Query {
 public:
  Query& add(std::string_view name, std::string_view value) {
    text_.append(text_.empty() ? "?" : "&").append(name).append("=");
    text_ += percent_encode(value);
    return *this;
  }
  Query& add_if(std::string_view name, std::string_view value) {
    return value.empty() ? *this : add(name, value);
  }
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

Result<http::OutRequest> request_to(http::Method method, std::string_view node,
                                    std::string_view rest, const SenderRoute& route,
                                    std::string body = {}) {
  // A node with '/' or '?' would reach another part of Meta's API with the account's token.
  if (node.empty() || !std::ranges::all_of(node, [](char c) { return c >= '0' && c <= '9'; }))
    return fail(ErrorCode::kInternal, "the provider's id has a character that can't be in one");
  http::OutRequest request;
  request.method = method;
  request.url = route.at(std::string("/").append(node).append(rest));
  request.version = route.version;
  if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  request.body = std::move(body);
  return request;
}

/// What an answer's object is read into; nullopt: it is none.
template <class F>
auto read_as(const http::Exchange& answer, F read)
    -> Result<typename std::invoke_result_t<F&, const Object&>::value_type> {
  TRY(const auto document, read_object(answer));
  auto value = read(document.root().get_object());
  if (!value) return unreadable();
  return *std::move(value);
}

std::optional<ProviderTemplate> template_of(const Object& in) {
  ProviderTemplate out;
  out.provider_id = scalar_in(in, "id");
  out.name = text_in(in, "name");
  out.language = text_in(in, "language");
  out.category = stated_in(in, "category");
  out.status = stated_in(in, "status");
  out.rejected_reason = stated_in(in, "rejected_reason");
  if (const Object* quality = object_in(in, "quality_score"))
    out.quality = stated_in(*quality, "score");
  out.is_named = stated_in(in, "parameter_format") == "named";
  if (const json::Array* components = array_in(in, "components"))
    out.components_json = Writer().value(*components).text();
  out.ttl_seconds = number_in(in, "message_send_ttl_seconds");
  if (out.provider_id.empty() || out.name.empty() || out.language.empty() || out.status.empty())
    return std::nullopt;
  return out;
}

/// Where an error stands, or an id among those that failed, it was not done.
std::optional<bool> acted_of(const Object& in) {
  if (const Object* failed = object_in(in, "failed_templates")) return failed->empty();
  return flag_in(in, "success").value_or(false);
}

constexpr std::array kLibraryFields = {
    Copied{"name", "name", As::kText},         Copied{"language", "language", As::kText},
    Copied{"category", "category", As::kName}, Copied{"topic", "topic", As::kName},
    Copied{"usecase", "use_case", As::kName},  Copied{"header", "header", As::kText},
    Copied{"body", "body", As::kText}};

std::string library_item(const Object& in) {
  Writer out = object_writer();
  copy_fields(out, in, kLibraryFields);
  for (const std::string_view name : {"industry", "body_params", "body_param_types", "buttons"}) {
    if (const json::Array* list = array_in(in, name)) out.key(name).value(*list);
  }
  return std::move(out.end_object()).take();
}

class WhatsAppTemplates final : public channel::TemplateCalls {
 public:
  std::vector<FieldError> check_draft(TemplateDraft& draft) const override {
    return check_template_draft(draft);
  }
  std::vector<FieldError> check_edit(channel::TemplateEdit& edit,
                                     const ProviderTemplate& of) const override {
    return check_template_edit(edit, of);
  }
  bool draft_components(TemplateDraft& draft, const ProviderTemplate& of,
                        std::string_view header_handle) const override {
    return draft_components_of(draft, of, header_handle);
  }

  Result<http::OutRequest> create(const TemplateDraft& draft, std::string_view account,
                                  const SenderRoute& route) const override {
    Writer out;
    out.begin_object().key("name").string(draft.name).key("language").string(draft.language);
    out.key("category").string(in_capitals(draft.category));
    if (draft.library_name.empty()) {
      out.key("parameter_format").string(draft.is_named ? "NAMED" : "POSITIONAL");
      out.key("components").raw(draft.components_json);
    } else {
      out.key("library_template_name").string(draft.library_name);
      if (!draft.library_body_json.empty())
        out.key("library_template_body_inputs").raw(draft.library_body_json);
      if (!draft.library_buttons_json.empty())
        out.key("library_template_button_inputs").raw(draft.library_buttons_json);
    }
    if (draft.ttl_seconds) out.key("message_send_ttl_seconds").integer(*draft.ttl_seconds);
    out.end_object();
    return request_to(http::Method::kPost, account, "/message_templates", route,
                      std::move(out).take());
  }

  Result<MadeTemplate> read_created(const http::Exchange& answer) const override {
    return read_as(answer, [](const Object& in) -> std::optional<MadeTemplate> {
      MadeTemplate made{scalar_in(in, "id"), stated_in(in, "status"), stated_in(in, "category")};
      if (made.provider_id.empty()) return std::nullopt;
      if (made.status.empty()) made.status = "pending";
      return made;
    });
  }

  Result<http::OutRequest> edit(std::string_view provider_id, const channel::TemplateEdit& edit,
                                const SenderRoute& route) const override {
    Writer out;
    out.begin_object();
    if (!edit.category.empty()) out.key("category").string(in_capitals(edit.category));
    if (!edit.components_json.empty()) out.key("components").raw(edit.components_json);
    if (edit.ttl_seconds) out.key("message_send_ttl_seconds").integer(*edit.ttl_seconds);
    out.end_object();
    return request_to(http::Method::kPost, provider_id, "", route, std::move(out).take());
  }

  Result<http::OutRequest> find(std::string_view provider_id,
                                const SenderRoute& route) const override {
    return request_to(http::Method::kGet, provider_id,
                      std::move(Query().add("fields", kFields)).take(), route);
  }

  Result<ProviderTemplate> read_found(const http::Exchange& answer) const override {
    return read_as(answer, template_of);
  }

  Result<http::OutRequest> list(const channel::TemplateSearch& search, std::string_view account,
                                const SenderRoute& route) const override {
    Query query;
    query.add("fields", kFields).add("limit", std::to_string(search.limit));
    query.add_if("name", search.name).add_if("after", search.after);
    if (search.counts_all) query.add("summary", "message_template_count");
    return request_to(http::Method::kGet, account,
                      std::string("/message_templates").append(std::move(query).take()), route);
  }

  Result<ProviderTemplates> read_list(const http::Exchange& answer) const override {
    return read_as(answer, [](const Object& in) -> std::optional<ProviderTemplates> {
      const json::Array* data = array_in(in, "data");
      if (data == nullptr) return std::nullopt;
      ProviderTemplates out;
      for (const json::Value& each : *data) {
        // One that can't be read must not hide the others.
        auto read = each.is_object() ? template_of(each.get_object()) : std::nullopt;
        out.is_whole &= read.has_value();
        if (read) out.templates.push_back(*std::move(read));
      }
      out.next = cursor_in(in, "after");
      if (const Object* summary = object_in(in, "summary"))
        out.of_account = number_in(*summary, "message_template_count");
      return out;
    });
  }

  Result<http::OutRequest> remove(std::string_view name, std::string_view provider_id,
                                  std::string_view account,
                                  const SenderRoute& route) const override {
    Query query;
    query.add_if("hsm_id", provider_id).add("name", name);
    return request_to(http::Method::kDelete, account,
                      std::string("/message_templates").append(std::move(query).take()), route);
  }

  Result<http::OutRequest> archive(std::string_view provider_id, bool archives,
                                   std::string_view account,
                                   const SenderRoute& route) const override {
    Writer out;
    out.begin_object().key("hsm_ids").string(provider_id).end_object();
    const std::string edge =
        std::string("/message_templates/").append(archives ? "archive" : "unarchive");
    TRY(auto request, request_to(http::Method::kPost, account, edge, route, std::move(out).take()));
    if (request.url.host == kGraphHost) {
      // Meta's other host, which has no versions.
      request.url.host = kArchiveHost;
      request.url.target = std::string("/").append(account).append(edge);
    }
    return request;
  }

  Result<http::OutRequest> unpause(std::string_view provider_id,
                                   const SenderRoute& route) const override {
    return request_to(http::Method::kPost, provider_id, "/unpause", route, "{}");
  }

  Result<bool> read_acted(const http::Exchange& answer) const override {
    return read_as(answer, acted_of);
  }

  Result<http::OutRequest> search_library(const channel::LibrarySearch& search,
                                          const SenderRoute& route) const override {
    Query query;
    query.add_if("search", search.text).add_if("topic", in_capitals(search.topic));
    query.add_if("language", search.language).add_if("after", search.after);
    query.add("limit", std::to_string(search.limit));
    http::OutRequest request;
    request.method = http::Method::kGet;
    request.url =
        route.at(std::string("/message_template_library").append(std::move(query).take()));
    request.version = route.version;
    return request;
  }

  Result<channel::TemplateLibrary> read_library(const http::Exchange& answer) const override {
    return read_as(answer, [](const Object& in) -> std::optional<channel::TemplateLibrary> {
      const json::Array* data = array_in(in, "data");
      if (data == nullptr) return std::nullopt;
      channel::TemplateLibrary out;
      for (const json::Value& each : *data)
        if (each.is_object()) out.items.push_back(library_item(each.get_object()));
      out.next = cursor_in(in, "after");
      return out;
    });
  }

  Result<http::OutRequest> find_flow(std::string_view provider_id,
                                     const SenderRoute& route) const override {
    return request_to(http::Method::kGet, provider_id,
                      std::move(Query().add("fields", "id,status")).take(), route);
  }

  Result<std::string> read_flow(const http::Exchange& answer) const override {
    return read_as(answer, [](const Object& in) -> std::optional<std::string> {
      auto status = stated_in(in, "status");
      if (status.empty()) return std::nullopt;
      return status;
    });
  }

  std::optional<channel::TemplateSchema> schema(const ProviderTemplate& of) const override {
    return template_schema(of);
  }
};

}  // namespace

const channel::TemplateCalls& template_calls() noexcept {
  static const WhatsAppTemplates kCalls;
  return kCalls;
}

}  // namespace flowsell::whatsapp
