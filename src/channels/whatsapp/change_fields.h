#pragma once

#include <string_view>

#include "update_sink.h"

namespace flowsell::whatsapp {

/// One change of a webhook: its value, and the change as a whole.
struct Change {
  const json::Object& value;
  const json::Value& whole;
  ChangeContext context;
};

/// Reads a change of any field but "messages". False, and nothing was added, when the field is not
/// known or its value is not what the field promises.
bool read_change(const Change& change, UpdateSink& sink);

/// Adds the notice that a change is as a whole, of nobody's words. True.
bool tell(const Change& change, channel::NoticeKind kind, json::Writer fields, UpdateSink& sink);
/// Reads an element of "errors" that stands for itself.
void read_error(const json::Value& element, const ChangeContext& change, channel::NoticeKind kind,
                UpdateSink& sink);

// One function a field or a family of fields, each the same as read_change().
bool read_template_status(const Change& change, UpdateSink& sink);
bool read_template_quality(const Change& change, UpdateSink& sink);
bool read_template_components(const Change& change, UpdateSink& sink);
bool read_template_category(const Change& change, UpdateSink& sink);
bool read_sender_quality(const Change& change, UpdateSink& sink);
bool read_sender_name(const Change& change, UpdateSink& sink);
bool read_sender_security(const Change& change, UpdateSink& sink);
bool read_account_update(const Change& change, UpdateSink& sink);
bool read_account_alert(const Change& change, UpdateSink& sink);
bool read_account_review(const Change& change, UpdateSink& sink);
bool read_account_capability(const Change& change, UpdateSink& sink);
bool read_payment_configuration(const Change& change, UpdateSink& sink);
bool read_partner_solution(const Change& change, UpdateSink& sink);
bool read_flow(const Change& change, UpdateSink& sink);
bool read_conversions(const Change& change, UpdateSink& sink);
bool read_preferences(const Change& change, UpdateSink& sink);
bool read_contacts_sync(const Change& change, UpdateSink& sink);
bool read_echoes(const Change& change, UpdateSink& sink);
bool read_history(const Change& change, UpdateSink& sink);
bool read_calls(const Change& change, UpdateSink& sink);
bool read_groups(const Change& change, UpdateSink& sink);

}  // namespace flowsell::whatsapp
