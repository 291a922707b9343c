#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channel/adapter.h"
#include "channel/template_schema.h"
#include "core/error.h"
#include "http/client.h"

namespace flowsell::channel {

/// A template as the provider describes it, in words of ours.
struct ProviderTemplate {
  std::string provider_id;
  std::string name;
  std::string language;
  std::string category;         ///< "utility", ...
  std::string status;           ///< "approved", "pending", "rejected", "paused", "disabled", ...
  std::string rejected_reason;  ///< "invalid_format"; empty: none
  std::string quality;          ///< "green"; empty: none
  bool is_named = false;
  std::string components_json;  ///< the provider's own list of components
  std::optional<std::int64_t> ttl_seconds = std::nullopt;
};

/// A page of an account's templates.
struct ProviderTemplates {
  std::vector<ProviderTemplate> templates;
  std::string next;      ///< where the next page begins; empty: this is the last
  bool is_whole = true;  ///< false: some could not be read
  std::optional<std::int64_t> of_account = std::nullopt;  ///< how many it has in all, where asked
};

/// Which of an account's templates.
struct TemplateSearch {
  std::string name;   ///< a part of it; empty: all
  std::string after;  ///< ProviderTemplates::next of the page before
  std::size_t limit = 100;
  bool counts_all = false;  ///< tell `of_account`
};

/// A template to make.
struct TemplateDraft {
  std::string name;
  std::string language;
  std::string category;
  bool is_named = false;
  std::string components_json;       ///< empty where it comes from the library
  std::string library_name;          ///< of a ready-made one; empty: none
  std::string library_body_json;     ///< an object: how its body is made; empty: as it is
  std::string library_buttons_json;  ///< a list: where its buttons lead
  std::optional<std::int64_t> ttl_seconds = std::nullopt;
};

/// What of a template is to be changed: what is empty stays.
struct TemplateEdit {
  std::string category;
  std::string components_json;
  std::optional<std::int64_t> ttl_seconds = std::nullopt;
};

/// What a provider says of a template that it has just made.
struct MadeTemplate {
  std::string provider_id;
  std::string status;
  std::string category;
};

/// What the provider offers ready-made.
struct TemplateLibrary {
  std::vector<std::string> items;  ///< each a JSON object, as we show it
  std::string next;
};
struct LibrarySearch {
  std::string text;
  std::string topic;
  std::string language;
  std::string after;
  std::size_t limit = 20;
};

/// A channel that has templates: how they are made and described there. Translation only, as
/// Adapter. What reads an answer gets one that was a success, and fails with kProviderUnreachable
/// where it can't be read.
class TemplateCalls {
 public:
  virtual ~TemplateCalls() = default;

  /// Puts a draft into the provider's form, and gives what it would be refused for: each fault with
  /// the pointer of its field in POST /v1/templates.
  virtual std::vector<FieldError> check_draft(TemplateDraft& draft) const = 0;
  /// The same of a change to `of`.
  virtual std::vector<FieldError> check_edit(TemplateEdit& edit,
                                             const ProviderTemplate& of) const = 0;
  /// The components of a template as they are given to make another: without what the provider
  /// put in. `header_handle` stands for the sample of its header; false: one is needed.
  virtual bool draft_components(TemplateDraft& draft, const ProviderTemplate& of,
                                std::string_view header_handle) const = 0;

  virtual Result<http::OutRequest> create(const TemplateDraft& draft, std::string_view account,
                                          const SenderRoute& route) const = 0;
  virtual Result<MadeTemplate> read_created(const http::Exchange& answer) const = 0;
  virtual Result<http::OutRequest> edit(std::string_view provider_id, const TemplateEdit& edit,
                                        const SenderRoute& route) const = 0;
  virtual Result<http::OutRequest> find(std::string_view provider_id,
                                        const SenderRoute& route) const = 0;
  virtual Result<ProviderTemplate> read_found(const http::Exchange& answer) const = 0;
  virtual Result<http::OutRequest> list(const TemplateSearch& search, std::string_view account,
                                        const SenderRoute& route) const = 0;
  virtual Result<ProviderTemplates> read_list(const http::Exchange& answer) const = 0;
  /// All languages of the name where `provider_id` is empty.
  virtual Result<http::OutRequest> remove(std::string_view name, std::string_view provider_id,
                                          std::string_view account,
                                          const SenderRoute& route) const = 0;
  virtual Result<http::OutRequest> archive(std::string_view provider_id, bool archives,
                                           std::string_view account,
                                           const SenderRoute& route) const = 0;
  virtual Result<http::OutRequest> unpause(std::string_view provider_id,
                                           const SenderRoute& route) const = 0;
  /// Of archive() and unpause(): whether it was done. A success may say that it was not.
  virtual Result<bool> read_acted(const http::Exchange& answer) const = 0;
  virtual Result<http::OutRequest> search_library(const LibrarySearch& search,
                                                  const SenderRoute& route) const = 0;
  virtual Result<TemplateLibrary> read_library(const http::Exchange& answer) const = 0;

  /// The flow of that id, and its status, as FlowNews has it.
  virtual Result<http::OutRequest> find_flow(std::string_view provider_id,
                                             const SenderRoute& route) const = 0;
  virtual Result<std::string> read_flow(const http::Exchange& answer) const = 0;

  /// What it needs of a message. nullopt: its components can't be read.
  virtual std::optional<TemplateSchema> schema(const ProviderTemplate& of) const = 0;
};

}  // namespace flowsell::channel
