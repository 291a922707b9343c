#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channel/updates.h"
#include "store/database.h"
#include "templates/template.h"

// The room's SQL. All run in the caller's transaction or snapshot.
namespace flowsell::templates {

/// Of which account something is told.
struct Account {
  WorkspaceId workspace;
  ConnectionId connection;
  identity::Mode mode = identity::Mode::kTest;
};

/// What the provider has just said of a template, as a whole.
struct Seen {
  const channel::ProviderTemplate& provider;
  Time at;               ///< when it was asked, to the second: as precise as webhooks are
  std::string_view by;   ///< who made or changed it; empty: not here
  bool is_whole = true;  ///< false: the components are those that we gave
};

Result<std::optional<Template>> find_template(store::Connection& db, const WorkspaceId& workspace,
                                              const TemplateId& id);
/// One that is not deleted.
Result<std::optional<Template>> find_by_name(store::Connection& db, const Account& account,
                                             std::string_view name, std::string_view language);
Result<TemplatePage> list_templates(store::Connection& db, const Query& query);
Result<std::vector<Version>> list_versions(store::Connection& db, const WorkspaceId& workspace,
                                           const TemplateId& id);

enum class Change : std::uint8_t { kNone, kAdded, kChanged };
/// A row that was known, and what it has become.
struct SeenChange {
  TemplateId id;
  channel::ProviderTemplate was;
  channel::ProviderTemplate is;
  bool is_new_design = false;  ///< one that was not made here
};
struct Stored {
  TemplateId id;
  Change change = Change::kNone;
  std::optional<SeenChange> seen = std::nullopt;  ///< with kChanged
};
/// Makes the row what the provider says; `fresh` is its id where there is none yet. Another
/// template with its name and language is one that was deleted. Of a row that was told something
/// since `seen.at` the status stays; in doubt the row is outdated.
Result<Stored> store_seen(store::Connection& db, const Account& account, const Seen& seen,
                          const TemplateId& fresh, Time now);

/// What a webhook tells, at the second `at`. A template that is not known gets a row without
/// components; one that is deleted stays so, and only its provider's own description brings it
/// back.
Result<> store_news(store::Connection& db, const Account& account,
                    const channel::TemplateNews& news, Time at, const TemplateId& fresh, Time now);

/// A webhook came again that says something else than what is known: of two that are alike in one
/// second the later one looks so. The row is outdated.
Result<> doubt_news(store::Connection& db, const Account& account,
                    const channel::TemplateNews& news);

Result<> mark_deleted(store::Connection& db, const WorkspaceId& workspace, const TemplateId& id,
                      Time now);
/// All languages of a name; how many.
Result<std::int64_t> mark_name_deleted(store::Connection& db, const Account& account,
                                       std::string_view name, Time now);
/// Those that no page of a whole reading since `began` had.
Result<std::vector<SeenChange>> mark_vanished(store::Connection& db, const Account& account,
                                              Time began, Time now);
/// What became of it by an act of ours; without a `status` the provider is to be asked.
Result<> set_status(store::Connection& db, const WorkspaceId& workspace, const TemplateId& id,
                    std::string_view status, Time now);

Result<> store_sync(store::Connection& db, const Account& account, std::int64_t templates, Time at);
/// When the last one ended, and how many templates it found; nullopt: there was none.
Result<std::optional<SyncReport>> find_sync(store::Connection& db, const Account& account);

}  // namespace flowsell::templates
