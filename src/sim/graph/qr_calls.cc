// /{phone}/message_qrdls (reference/whatsapp.md, 7.3).
#include <fmt/format.h>

#include <array>

#include "core/encoding.h"
#include "graph/fields.h"
#include "graph/routes.h"
#include "ids.h"

namespace flowsell::sim {
namespace {

constexpr std::size_t kCodesMax = 2'000;
constexpr std::size_t kMessageMax = 140;

std::string new_code() {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string code;
  auto bits = quick_random();
  for (int i = 0; i < 12; ++i, bits >>= 5) code += kAlphabet[bits & 31];
  return code + "H1";
}

json::Object shown(const Call& call, std::string_view code, const json::Object& kept) {
  json::Object row = {{"code", code},
                      {"prefilled_message", text_in(kept, "message")},
                      {"deep_link_url", fmt::format("https://wa.me/message/{}", code)}};
  const auto format = text_in(kept, "image");
  if (!format.empty())
    row["qr_image_url"] = fmt::format("{}/_sim/qr/{}.{}", call.origin(), code, format);
  const auto fields = call.params.text("fields");
  if (fields.find("creation_time") != std::string::npos)
    row["creation_time"] = number_in(kept, "made_at");
  return row;
}

std::unexpected<GraphError> no_code() {
  GraphError error{.code = 803, .details = {}, .http_status = 404, .is_graphs_own = true};
  error.message = "QR code not found";
  error.user_title = "QR Code Not Found";
  error.user_msg = "The QR code you're trying to access doesn't exist or has been deleted";
  return std::unexpected(std::move(error));
}

Checked<Reply> put_code(Graph& graph, const Call& call, Node& phone) {
  TRY(const auto message, call.params.required("prefilled_message"));
  if (count_code_points(message) > kMessageMax)
    return refuse_parameter("Invalid prefilled_message length. Maximum 140 characters allowed");
  auto codes = phone.object("_qr_codes");
  auto code = call.params.text("code");
  json::Object kept;
  if (code.empty()) {
    if (codes.size() >= kCodesMax) return refuse_parameter("The number has 2000 QR codes already");
    code = new_code();
    kept["made_at"] = graph.now_seconds();
    const auto format = call.params.text("generate_qr_image");
    if (!format.empty() && format != "PNG" && format != "SVG")
      return refuse_parameter("Param generate_qr_image must be one of {PNG, SVG}");
    if (!format.empty()) kept["image"] = format == "PNG" ? "png" : "svg";
  } else {
    if (!codes.contains(code)) return no_code();
    kept = codes[code].get_object();
  }
  kept["message"] = message;
  codes[code] = kept;
  phone.fields["_qr_codes"] = std::move(codes);
  graph.registry.touch(phone);
  return reply_with(shown(call, code, kept));
}

Checked<Reply> list_codes(Graph&, const Call& call, Node& phone) {
  std::vector<Row> rows;
  const auto only = call.params.text("code");
  for (const auto& [code, kept] : phone.object("_qr_codes")) {
    if (only.empty() || view_of(code) == only)
      rows.push_back({std::string(view_of(code)), shown(call, view_of(code), kept.get_object())});
  }
  return reply_with(page_of(call, std::move(rows)));
}

Checked<Reply> get_code(Graph&, const Call& call, Node& phone) {
  const auto& codes = phone.object("_qr_codes");
  const auto* kept = codes.if_contains(tail_of(call));
  if (!kept) return no_code();
  return reply_with_data(list_of(shown(call, tail_of(call), kept->get_object())));
}

Checked<Reply> delete_code(Graph& graph, const Call& call, Node& phone) {
  auto codes = phone.object("_qr_codes");
  if (codes.erase(tail_of(call)) == 0) return no_code();
  phone.fields["_qr_codes"] = std::move(codes);
  graph.registry.touch(phone);
  return success();
}

constexpr auto kRoutes = std::to_array<NodeRoute>({
    {NodeKind::kPhone, http::Method::kGet, "message_qrdls", list_codes},
    {NodeKind::kPhone, http::Method::kPost, "message_qrdls", put_code},
    {NodeKind::kPhone, http::Method::kGet, "message_qrdls/*", get_code},
    {NodeKind::kPhone, http::Method::kDelete, "message_qrdls/*", delete_code},
});

}  // namespace

std::span<const NodeRoute> qr_routes() { return kRoutes; }

}  // namespace flowsell::sim
