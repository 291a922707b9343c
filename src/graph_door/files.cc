#include "files.h"

#include <algorithm>
#include <utility>

#include "api/file_answer.h"
#include "graph_form.h"
#include "json/json.h"
#include "json/writer.h"
#include "media/library.h"
#include "passing.h"

namespace flowsell::graph_door {
namespace {

using http::Method;
using identity::Scope;

constexpr std::string_view kContent = "content";

/// What the form says of the file: where it says nothing of use, its first bytes do.
std::string type_of(const GraphForm& form) {
  for (const std::string_view type :
       {form.field("type"), std::string_view(form.file().content_type)}) {
    if (media::is_mime_type(type) && type != "application/octet-stream") return std::string(type);
  }
  return {};
}

std::string filename_of(const GraphForm& form) {
  const std::string name = form.file().filename.value_or("");
  return media::is_filename(name) ? name : std::string();
}

http::Response success() {
  http::Response response;
  response.body = R"({"success":true})";
  return response;
}

/// What the provider says of the file, with our address of its bytes, under the id that it was
/// asked for by: it may have been uploaded anew since.
Task<http::Response> show_file(const GraphCall& call, media::Media file) {
  const auto sender = call.services.senders.find(file.sender);
  auto connection = sender ? call.services.senders.connections().find(sender->connection) : nullptr;
  if (!connection) co_return fail(ErrorCode::kNotFound, "its number was removed");
  auto& calls = call.services.provider_calls;
  http::OutRequest request;
  request.method = Method::kGet;
  request.url = calls.route(*connection).at("/" + file.provider_id);
  CO_TRY(auto exchange, co_await calls.exchange(connection, std::move(request)));
  const auto shown = json::parse(exchange.body);
  const json::Object* fields = shown ? shown->root().if_object() : nullptr;
  if (exchange.status != 200 || fields == nullptr)
    co_return passed_back(call, std::move(exchange), connection->token, Again::kHarmless);
  json::Writer out;
  out.begin_object();
  for (const auto& [name, value] : *fields) {
    if (std::string_view(name) != "url" && std::string_view(name) != "id")
      out.any_key(name).value(value);
  }
  out.key("id").string(call.path.node);
  const std::string version =
      call.path.version.empty() ? std::string() : "/" + std::string(call.path.version);
  out.key("url").string(call.base + version + "/" + std::string(call.path.node) + "/" +
                        std::string(kContent));
  out.end_object();
  http::Response response;
  response.body = std::move(out).take();
  co_return response;
}

Task<http::Response> download(const GraphCall& call, media::Media file) {
  auto range = api::range_of(call.request, file);
  CO_TRY(auto contents,
         co_await call.services.media.open(call.caller, file.id.str(), std::move(range)));
  const bool has_type =
      !contents.content_type.empty() && media::is_printable(contents.content_type);
  std::string type = has_type ? contents.content_type : "application/octet-stream";
  co_return api::file_answer(std::move(contents), std::move(type), "attachment");
}

}  // namespace

bool may_be_file(const GraphCall& call) noexcept {
  const Method method = call.request.method;
  const bool is_its_own =
      call.path.edge.empty() && (method == Method::kGet || method == Method::kDelete);
  const bool is_its_bytes = call.path.edge == kContent && method == Method::kGet;
  return (is_its_own || is_its_bytes) && call.path.rest.empty() && is_id(call.path.node);
}

Task<http::Response> upload_file(const GraphCall& call, connections::SenderPtr sender) {
  CO_CHECK_OK(require(call, Scope::kMessagesSend));
  const auto boundary = http::multipart_boundary(call.request.header("Content-Type"));
  if (!boundary || call.request.stream == nullptr)
    co_return fail(ErrorCode::kUnsupportedMediaType, "the body must be multipart/form-data");
  GraphForm form(*call.request.stream, *boundary);
  CO_CHECK_OK(co_await form.read_fields());
  media::Draft draft;
  draft.from = sender->id.str();
  draft.mime_type = type_of(form);
  draft.filename = filename_of(form);
  // A client counts the provider's 30 days from now on, and deletes what is its own.
  draft.is_alone = true;
  auto by = by_of(call);
  CO_TRY(const auto made,
         co_await call.services.media.upload(std::move(by), std::move(draft), form, std::nullopt));
  json::Writer out;
  out.begin_object().key("id").string(made.media.provider_id).end_object();
  http::Response response;
  response.body = std::move(out).take();
  co_return response;
}

Task<http::Response> answer_file(const GraphCall& call, media::Media file) {
  if (call.request.method == Method::kDelete) {
    CO_CHECK_OK(require(call, Scope::kMessagesSend));
    auto by = by_of(call);
    auto id = file.id.str();
    CO_CHECK_OK(co_await call.services.media.remove(std::move(by), std::move(id)));
    co_return success();
  }
  CO_CHECK_OK(require(call, Scope::kMessagesRead));
  if (call.path.edge == kContent) co_return co_await download(call, std::move(file));
  co_return co_await show_file(call, std::move(file));
}

}  // namespace flowsell::graph_door
