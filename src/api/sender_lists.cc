// Lists that a provider keeps for a sender: people who are blocked, QR codes. Nothing of them is
// stored here.
#include <algorithm>

#include "call.h"
#include "channel/message.h"
#include "headers.h"
#include "json/writer.h"
#include "managed.h"
#include "numbers/sender_desk.h"
#include "paging.h"
#include "render.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using channel::SenderCalls;
using Blocking = SenderCalls::Blocking;

constexpr std::size_t kUsersMax = 100;
constexpr std::size_t kCursorMax = 1'000;
constexpr std::size_t kQrCodeMax = 64;
constexpr json::StringRule kMessage{1, 140};

/// The cursors are the provider's.
Result<channel::ProviderPaging> read_paging(const http::Request& request) {
  TRY(auto in, QueryReader::parse(request.query));
  channel::ProviderPaging page{static_cast<std::int64_t>(in.limit()), in.text("after").value_or(""),
                               in.text("before").value_or("")};
  if (!page.after.empty() && !page.before.empty())
    in.fault("before", "conflict", "after and before don't go together",
             "Send the one that names the page's end you know.");
  for (const std::string_view name : {"after", "before"}) {
    const auto& cursor = name == "after" ? page.after : page.before;
    if (cursor.size() > kCursorMax)
      in.fault(name, "too_long", "it is no cursor of this list", "Send next of the page before.");
  }
  CHECK_OK(in.finish());
  return page;
}

template <class Row, class Render>
http::Response page_response(const http::Request& request, const channel::ProviderPaging& asked,
                             const channel::ProviderPage<Row>& page, Render render_row) {
  std::vector<std::string> items;
  items.reserve(page.rows.size());
  for (const auto& each : page.rows) items.push_back(render_row(each));
  const bool goes_up = !asked.before.empty();
  const auto& cursor = goes_up ? page.before : page.after;
  if (cursor.empty()) return list_response(request, items);
  return list_response(request, items, NextPage{goes_up ? "before" : "after", cursor});
}

// --- people who are blocked ---

std::string render_user(const std::string& user) {
  json::Writer out;
  out.begin_object().key("object").string("blocked_user").key("user").string(user).end_object();
  return std::move(out).take();
}

std::string render(const channel::BlockResult& result, Blocking what) {
  json::Writer out;
  out.begin_object().key("asked").string(result.asked);
  write_text(out, "user", result.user);
  out.key("status").string(result.error               ? "failed"
                           : what == Blocking::kBlock ? "blocked"
                                                      : "unblocked");
  out.key("error");
  if (!result.error) {
    out.null();
  } else {
    out.begin_object().key("code").string(result.error->reason);
    out.key("fix").string(result.error->fix);
    out.key("provider_code").integer(result.error->code).end_object();
  }
  out.end_object();
  return std::move(out).take();
}

std::vector<std::string> read_users(json::ObjectReader& in) {
  std::vector<std::string> users;
  const auto* array = in.array("users", 1, kUsersMax);
  if (array == nullptr) {
    in.require("users");
    return users;
  }
  for (std::size_t i = 0; i < array->size(); ++i) {
    const auto& each = (*array)[i];
    const auto user = channel::Recipient::parse(
        each.is_string() ? std::string_view(each.get_string()) : std::string_view());
    if (user) {
      users.emplace_back(user->view());
    } else {
      in.faults().push_back(
          {in.pointer_of("users") + "/" + std::to_string(i), "invalid_format", user.error().detail,
           "Send a number with \"+\" and its country code, or a user id of WhatsApp's."});
    }
  }
  return users;
}

Task<http::Response> list_blocked(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kLook));
  CO_TRY(const auto asked, read_paging(call.request));
  CO_TRY(const auto page, co_await call.services.sender_desk.blocked(sender, asked));
  co_return page_response(call.request, asked, page, render_user);
}

Task<http::Response> change_blocked(Call& call, Blocking what) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kChange));
  CO_TRY(auto users, read_body(call.request, read_users));
  std::optional<metering::IdempotentCall> key;
  if (what == Blocking::kBlock) {
    CO_TRY(key, idempotent_call(call));
  }
  CO_TRY(const auto done,
         co_await call.services.sender_desk.block(call.by(), sender, what, std::move(users), key));
  std::vector<std::string> items;
  items.reserve(done.results.size());
  for (const auto& each : done.results) items.push_back(render(each, what));
  auto response = list_response(call.request, items);
  mark_replay(response, done.is_replay);
  co_return response;
}

Task<http::Response> block(Call& call) { return change_blocked(call, Blocking::kBlock); }
Task<http::Response> unblock(Call& call) { return change_blocked(call, Blocking::kUnblock); }

// --- QR codes ---

std::string render(const channel::QrCode& code) {
  json::Writer out;
  out.begin_object().key("object").string("qr_code").key("code").string(code.code);
  out.key("message").string(code.message).key("url").string(code.url);
  write_text(out, "image_url", code.image_url);
  out.end_object();
  return std::move(out).take();
}

/// What can't be one is none of the sender's.
Result<std::string> code_in_path(const Call& call) {
  const std::string& code = call.request.params.at(1);
  const bool may_be =
      !code.empty() && code.size() <= kQrCodeMax && std::ranges::all_of(code, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      });
  if (!may_be) return fail(ErrorCode::kNotFound, "the sender has no such QR code");
  return code;
}

struct NewCode {
  std::string message;
  channel::QrImage image = channel::QrImage::kNone;
};

NewCode read_new_code(json::ObjectReader& in) {
  NewCode code{text_in(in, "message", kMessage)};
  const auto image = in.string("image");
  if (image == "png") code.image = channel::QrImage::kPng;
  if (image == "svg") code.image = channel::QrImage::kSvg;
  if (image && *image != "png" && *image != "svg")
    in.fault("image", "invalid_value", "there is no such kind of picture", "Use png or svg.");
  return code;
}

Task<http::Response> list_codes(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kLook));
  CO_TRY(const auto asked, read_paging(call.request));
  CO_TRY(const auto page, co_await call.services.sender_desk.qr_codes(sender, asked));
  co_return page_response(call.request, asked, page,
                          [](const channel::QrCode& code) { return render(code); });
}

Task<http::Response> get_code(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kLook));
  CO_TRY(auto code, code_in_path(call));
  CO_TRY(const auto found, co_await call.services.sender_desk.qr_code(sender, std::move(code)));
  co_return answer(render(found));
}

Task<http::Response> make_code(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kChange));
  CO_TRY(auto wanted, read_body(call.request, read_new_code));
  CO_TRY(auto key, idempotent_call(call));
  CO_TRY(const auto made, co_await call.services.sender_desk.make_qr_code(
                              call.by(), sender, std::move(wanted.message), wanted.image, key));
  auto response = answer(render(made.code), made.is_replay);
  response.status = 201;
  response.headers.push_back(
      {"Location", "/v1/senders/" + sender->id.str() + "/qr_codes/" + made.code.code});
  co_return response;
}

Task<http::Response> change_code(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kChange));
  CO_TRY(auto code, code_in_path(call));
  CO_TRY(auto message, only_field(call.request, "message", kMessage));
  CO_TRY(auto key, idempotent_call(call));
  CO_TRY(const auto changed, co_await call.services.sender_desk.change_qr_code(
                                 call.by(), sender, std::move(code), std::move(message), key));
  co_return answer(render(changed.code), changed.is_replay);
}

Task<http::Response> delete_code(Call& call) {
  CO_TRY(const auto sender, co_await named_sender(call, Use::kChange));
  CO_TRY(auto code, code_in_path(call));
  CO_CHECK_OK(
      co_await call.services.sender_desk.remove_qr_code(call.by(), sender, std::move(code)));
  co_return no_content();
}

}  // namespace

void add_sender_list_routes(Routes& routes) {
  using enum identity::Scope;
  using http::Method;
  routes.add(Method::kGet, "/v1/senders/{}/blocked_users", kConnectionsRead, list_blocked);
  routes.add(Method::kPost, "/v1/senders/{}/blocked_users", kConnectionsManage, block);
  routes.add(Method::kDelete, "/v1/senders/{}/blocked_users", kConnectionsManage, unblock);
  routes.add(Method::kGet, "/v1/senders/{}/qr_codes", kConnectionsRead, list_codes);
  routes.add(Method::kPost, "/v1/senders/{}/qr_codes", kConnectionsManage, make_code);
  routes.add(Method::kGet, "/v1/senders/{}/qr_codes/{}", kConnectionsRead, get_code);
  routes.add(Method::kPatch, "/v1/senders/{}/qr_codes/{}", kConnectionsManage, change_code);
  routes.add(Method::kDelete, "/v1/senders/{}/qr_codes/{}", kConnectionsManage, delete_code);
}

}  // namespace flowsell::api
