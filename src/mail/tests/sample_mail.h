#pragma once

#include <string>
#include <vector>

#include "mail/letter.h"
#include "mail/mail.h"

namespace flowsell::mail {

inline constexpr Time kSampleTime = from_unix_ms(1'795'741'551'000);  // 2026-11-27 01:05:51
/// Stands in every parameter of a sample, so that it can be looked for where it must not be.
inline constexpr std::string_view kMarker = "marker-7f3a";

inline std::vector<MailKind> all_mail_kinds() {
  std::vector<MailKind> kinds;
  for (std::size_t i = 0; i < kMailKinds; ++i) kinds.push_back(static_cast<MailKind>(i));
  return kinds;
}

inline MailParams sample_params(MailKind kind) {
  MailParams params;
  for (const Parameter& each : parameters_of(kind)) {
    const std::string head = each.is_link ? "https://app.example.com/" : "the ";
    params.emplace(each.name, Content(head + std::string(each.name) + "-" + std::string(kMarker)));
  }
  return params;
}

inline Mail sample_mail(MailKind kind, MailId id = {}) {
  return {.id = id,
          .kind = kind,
          .to = Content("ann-" + std::string(kMarker) + "@example.com"),
          .params = sample_params(kind),
          .now = kSampleTime};
}

inline Composer sample_composer() {
  return *Composer::make(*Templates::load({}), {"noreply@connect.example", "FlowSell Connect"});
}

}  // namespace flowsell::mail
