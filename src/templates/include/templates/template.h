#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "channel/template_calls.h"
#include "core/id.h"
#include "core/page.h"
#include "core/time.h"
#include "identity/caller.h"

namespace flowsell::templates {

/// How much of a template is known. Numbers are stored.
enum class Known : std::uint8_t {
  kWhole = 0,
  kOutdated = 1,  ///< the provider has more to say of it
  kDrafted = 2,   ///< its components are those that we gave, or none: not yet the provider's
};

/// A template of a connection, as the provider described it last.
struct Template {
  TemplateId id;
  WorkspaceId workspace;
  ConnectionId connection;
  identity::Mode mode = identity::Mode::kTest;
  channel::ProviderTemplate provider;  ///< no components: they are not known yet
  std::int64_t version = 1;            ///< of its design
  Known known = Known::kWhole;
  Time told_at;     ///< what the provider said up to then is in it
  Time created_at;  ///< here
  Time updated_at;
  std::optional<Time> deleted_at = std::nullopt;

  bool is_stale() const noexcept { return known != Known::kWhole; }
};

/// What a template was: a new one with each change of its design.
struct Version {
  std::int64_t number = 0;
  std::string category;
  std::string status;  ///< the last one that it had
  std::string rejected_reason;
  bool is_named = false;
  std::string components_json;
  std::optional<std::int64_t> ttl_seconds = std::nullopt;
  std::string made_by;  ///< id of the user or key; empty: at the provider
  Time created_at;
};

/// A page of a workspace's templates, newest first.
struct Query {
  WorkspaceId workspace;
  identity::Mode mode = identity::Mode::kTest;
  std::optional<ConnectionId> connection;
  std::optional<std::string> name;
  std::optional<std::string> language;
  std::optional<std::string> status;
  std::optional<std::string> category;
  std::optional<TemplateId> after;   ///< older than it
  std::optional<TemplateId> before;  ///< newer than it
  std::size_t limit = 20;
};
using TemplatePage = Page<Template, TemplateId>;

/// What reading all of an account's templates found.
struct SyncReport {
  std::int64_t templates = 0;
  std::int64_t added = 0;
  std::int64_t changed = 0;
  std::int64_t deleted = 0;
  Time synced_at;
};

}  // namespace flowsell::templates
