// People who are blocked, and QR codes.
#include <algorithm>

#include "core/encoding.h"
#include "fields.h"
#include "number_calls.h"
#include "person.h"
#include "provider_error.h"

namespace flowsell::whatsapp {
namespace {

using channel::BlockResult;
using channel::ProviderPage;
using channel::ProviderPaging;
using channel::QrCode;

std::string query_of(const ProviderPaging& page) {
  std::string query = "limit=" + std::to_string(page.limit);
  if (!page.after.empty()) query += "&after=" + percent_encode(page.after);
  if (!page.before.empty()) query += "&before=" + percent_encode(page.before);
  return query;
}

template <class Row>
void read_cursors(const json::Object& root, ProviderPage<Row>& page) {
  page.after = cursor_in(root, "after");
  page.before = cursor_in(root, "before");
}

/// Whoever an element is of, as our API writes it.
std::string user_in(const json::Object& element) {
  auto number = as_phone(scalar_in(element, "wa_id"));
  return number.empty() ? as_user_id(text_in(element, "user_id")) : number;
}

void add_results(const json::Object& users, std::string_view list,
                 std::vector<BlockResult>& results) {
  const auto* array = array_in(users, list);
  if (array == nullptr) return;
  for (const auto& each : *array) {
    const auto* element = each.if_object();
    if (element == nullptr) continue;
    BlockResult result{scalar_in(*element, "input"), user_in(*element), std::nullopt};
    if (const auto* error = first_object_in(*element, "errors"))
      result.error = read_webhook_error(*error);
    if (list == "failed_users" && !result.error) result.error = read_webhook_error(json::Object());
    results.push_back(std::move(result));
  }
}

QrCode code_of(const json::Object& shown) {
  return {scalar_in(shown, "code"), std::string(text_in(shown, "prefilled_message")),
          std::string(text_in(shown, "deep_link_url")),
          std::string(text_in(shown, "qr_image_url"))};
}

}  // namespace

// --- blocked ---

NumberCalls::Request NumberCalls::list_blocked(const ProviderPaging& page,
                                               const Route& sender) const {
  return graph_get("/block_users?" + query_of(page), sender);
}

Result<ProviderPage<std::string>> NumberCalls::read_blocked(const Answer& answered) const {
  TRY(const auto document, read_object(answered));
  const auto& root = document.root().get_object();
  const auto* data = array_in(root, "data");
  if (data == nullptr) return unreadable();
  ProviderPage<std::string> page;
  for (const auto& each : *data) {
    if (const auto* element = each.if_object()) {
      auto user = user_in(*element);
      if (!user.empty()) page.rows.push_back(std::move(user));
    }
  }
  read_cursors(root, page);
  return page;
}

NumberCalls::Request NumberCalls::block(Blocking what, std::span<const std::string> people,
                                        const Route& sender) const {
  auto body = whatsapp_object();
  body.key("block_users").begin_array();
  for (const auto& each : people) body.begin_object().key("user").string(each).end_object();
  body.end_array();
  TRY(auto request, graph_post("/block_users", std::move(body), sender));
  if (what == Blocking::kUnblock) request.method = http::Method::kDelete;
  return request;
}

Result<std::vector<BlockResult>> NumberCalls::read_blocking(const Answer& answered) const {
  TRY(const auto document, read_object(answered));
  const auto* users = object_in(document.root().get_object(), "block_users");
  if (users == nullptr) return unreadable();
  std::vector<BlockResult> results;
  for (const std::string_view list : {"added_users", "removed_users", "failed_users"})
    add_results(*users, list, results);
  return results;
}

// --- QR codes ---

NumberCalls::Request NumberCalls::list_qr_codes(const ProviderPaging& page,
                                                const Route& sender) const {
  constexpr std::int64_t kLimitMax = 25;  // Meta's OpenAPI
  auto shorter = page;
  shorter.limit = std::min(page.limit, kLimitMax);
  return graph_get("/message_qrdls?" + query_of(shorter), sender);
}

Result<ProviderPage<QrCode>> NumberCalls::read_qr_codes(const Answer& answered) const {
  TRY(const auto document, read_object(answered));
  const auto& root = document.root().get_object();
  const auto* data = array_in(root, "data");
  if (data == nullptr) return unreadable();
  ProviderPage<QrCode> page;
  for (const auto& each : *data) {
    const auto* shown = each.if_object();
    if (shown == nullptr) return unreadable();
    page.rows.push_back(code_of(*shown));
  }
  read_cursors(root, page);
  return page;
}

NumberCalls::Request NumberCalls::get_qr_code(std::string_view code, const Route& sender) const {
  return graph_get("/message_qrdls/" + percent_encode(code), sender);
}

NumberCalls::Request NumberCalls::put_qr_code(std::string_view code, std::string_view message,
                                              channel::QrImage image, const Route& sender) const {
  auto body = json::Writer();
  body.begin_object();
  body.key("prefilled_message").string(message);
  body.optional_string("code", code);
  if (image != channel::QrImage::kNone) {
    body.key("generate_qr_image").string(image == channel::QrImage::kPng ? "PNG" : "SVG");
  }
  return graph_post("/message_qrdls", std::move(body), sender);
}

Result<QrCode> NumberCalls::read_qr_code(const Answer& answered) const {
  TRY(const auto document, read_object(answered));
  const auto& root = document.root().get_object();
  const auto* one = first_object_in(root, "data");  // a look gives a list of one
  auto code = code_of(one == nullptr ? root : *one);
  if (code.code.empty()) return unreadable();
  return code;
}

NumberCalls::Request NumberCalls::delete_qr_code(std::string_view code, const Route& sender) const {
  return graph_delete("/message_qrdls/" + percent_encode(code), sender);
}

}  // namespace flowsell::whatsapp
