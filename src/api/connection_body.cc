#include "connection_body.h"

#include <algorithm>

#include "api/replay.h"
#include "request_body.h"

namespace flowsell::api {
namespace {

using connections::ConnectionDesk;

constexpr json::StringRule kNotes{0, 4000};
constexpr json::StringRule kNote{0, 1000};
constexpr std::size_t kStepsMax = 10;

void read_step(const json::Value& value, std::size_t index, json::ObjectReader& in,
               ConnectionDesk::Edit& edit) {
  json::ObjectReader step(value, in.pointer_of("steps") + "/" + std::to_string(index), in.faults());
  ConnectionDesk::AssistedStep read;
  if (const auto name = step.required_string("name")) {
    read.name = *name;
    if (!connections::is_assisted_step(*name))
      step.fault("name", "invalid_value", "people do no such step",
                 "Use one that docs/whatsapp/onboarding.md lists.");
  }
  const auto state = step.required_string("state");
  const auto known = connections::step_state_named(state.value_or(""));
  if (state && !known)
    step.fault("state", "invalid_value", "there is no such state",
               "Use pending, done, failed or skipped.");
  read.state = known.value_or(connections::StepState::kPending);
  if (const auto note = step.string("note", kNote)) read.note = std::string(*note);
  step.finish();
  edit.steps.push_back(std::move(read));
}

void read_funding(json::ObjectReader& in, ConnectionDesk::Edit& edit) {
  if (const auto mode = in.string("funding_mode")) {
    edit.funding = connections::funding_mode_named(*mode);
    if (!edit.funding)
      in.fault("funding_mode", "invalid_value", "there is no such mode",
               "Use customer_direct, credit_line or wallet.");
  }
  const auto from = in.string("funding_effective_from");
  if (!from) return;
  edit.funding_from = parse_time(*from);
  if (!edit.funding_from)
    in.fault("funding_effective_from", "invalid_format", "it is no time",
             "Send a time like 2026-12-01T00:00:00Z.");
  if (!edit.funding)
    in.fault("funding_effective_from", "not_allowed", "no funding_mode goes with it",
             "Send funding_mode too.");
}

}  // namespace

Secret pin_in(json::ObjectReader& in) {
  const auto pin = in.string("pin");
  if (!pin) return {};
  const bool is_pin =
      pin->size() == 6 && std::ranges::all_of(*pin, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_pin)
    in.fault("pin", "invalid_format", "a PIN is six digits", "Send six digits, as a string.");
  return Secret(std::string(*pin));
}

Result<Secret> read_pin(const http::Request& request) {
  if (request.body.empty()) return Secret();
  return read_body(request, pin_in);
}

ConnectionDesk::Edit read_operators_edit(json::ObjectReader& in) {
  ConnectionDesk::Edit edit;
  if (const auto notes = in.string("admin_notes", kNotes)) edit.admin_notes = std::string(*notes);
  if (const auto payment = in.string("payment_setup_status")) {
    edit.payment = connections::payment_status_named(*payment);
    if (!edit.payment)
      in.fault("payment_setup_status", "invalid_value", "there is no such status",
               "Use unknown, missing, pending or ready.");
  }
  read_funding(in, edit);
  if (const json::Array* steps = in.array("steps", 1, kStepsMax)) {
    for (std::size_t i = 0; i < steps->size(); ++i) read_step((*steps)[i], i, in, edit);
  }
  return edit;
}

http::Response connection_response(const connections::ConnectionRecord& record, Time now,
                                   connections::ConnectionView view, bool is_replay) {
  http::Response response;
  response.body = connections::render(record, now, view);
  mark_replay(response, is_replay);
  return response;
}

}  // namespace flowsell::api
