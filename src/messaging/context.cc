#include "context.h"

#include <cstring>
#include <utility>

#include "core/encoding.h"
#include "crypto/hash.h"

namespace flowsell::messaging {
namespace {

bool is_ours(std::string_view reference) {
  return reference.starts_with(id_prefix(IdKind::kMessage));
}

Task<std::string> resolve(const MessageReader& messages, MessageOwner owner, std::string reference,
                          std::string pointer) {
  if (!is_ours(reference)) co_return reference;
  const auto id = MessageId::parse(reference);
  if (!id)
    co_return fail_field(pointer, "invalid_id", id.error().detail,
                         "Use the message's id as the API returned it.");
  CO_TRY(const auto row, co_await messages.find(owner.workspace, *id));
  if (!row || row->mode != owner.mode)
    co_return fail_field(pointer, "not_found", "there is no such message",
                         "Use an id of this workspace and mode.");
  if (row->provider_message_id.empty()) {
    co_return fail_field(pointer, "not_sent_yet", "the provider has not taken that message yet",
                         "Wait for its message.sent event.");
  }
  co_return row->provider_message_id;
}

std::string reaction_target(const channel::OutboundMessage& message) {
  const auto* reaction = std::get_if<channel::Reaction>(&message.body);
  return reaction == nullptr ? std::string() : reaction->message;
}

/// A use that is noted keeps the file at the provider (media/library.h): once a day says enough.
constexpr std::chrono::hours kNoteUse{24};

Result<> check_media(const media::Media& file, const MessageOwner& owner,
                     const std::string& pointer) {
  const auto status = file.status(owner.now);
  if (status != media::Status::kAvailable) {
    return fail_field(pointer, std::string(media::status_name(status)),
                      "the provider does not have that file any more",
                      "Upload it again with POST /v1/media.");
  }
  if (file.purpose != channel::MediaPurpose::kMessage) {
    return fail_field(pointer, "wrong_purpose", "that file was not uploaded for messages",
                      "Upload it again with the purpose message.");
  }
  if (file.sender == owner.sender) return {};
  return fail_field(
      pointer, "wrong_sender", "that file was uploaded for another sender",
      "Send {\"media_id\", \"from\"} to POST /v1/media: it makes one for this sender.");
}

/// The provider's id of a file of the workspace's.
Task<std::string> resolve_file(const MessageReader& messages, MessageOwner owner,
                               channel::MediaReference reference) {
  const auto id = MediaId::parse(reference.id);
  if (!id)
    co_return fail_field(reference.pointer, "invalid_id", id.error().detail,
                         "Use the file's id as the API returned it.");
  CO_TRY(const auto file, co_await messages.find_media(owner.workspace, *id));
  if (!file || file->mode != owner.mode)
    co_return fail_field(reference.pointer, "not_found", "there is no such file",
                         "Upload it with POST /v1/media, or send its link.");
  if (const auto sound = check_media(*file, owner, reference.pointer); !sound)
    co_return std::unexpected(sound.error());
  if (!file->used_at || owner.now - *file->used_at > kNoteUse)
    co_await messages.note_use(*file, owner.now);
  co_return file->provider_id;
}

using ProviderIds = std::vector<std::pair<std::string, std::string>>;

/// The provider's id of each file.
Task<ProviderIds> resolve_media(const MessageReader& messages, MessageOwner owner,
                                std::vector<channel::MediaReference> media) {
  ProviderIds found;
  for (const channel::MediaReference& reference : media) {
    CO_TRY(auto provider_id, co_await resolve_file(messages, owner, reference));
    found.emplace_back(reference.id, std::move(provider_id));
  }
  co_return found;
}

}  // namespace

std::string fields_of(json::Writer object) {
  const std::string text = std::move(object).take();
  return text.substr(1, text.size() - 2);
}

void add_fields(std::string& fields, std::string_view more) {
  if (more.empty()) return;
  if (!fields.empty()) fields += ',';
  fields += more;
}

References references_of(const channel::OutboundMessage& message) {
  return {message.context, reaction_target(message), message.media};
}

std::optional<channel::CompileContext> context_without_lookup(
    const MessageId& id, const channel::OutboundMessage& message) {
  std::string target = reaction_target(message);
  if (is_ours(message.context) || is_ours(target) || !message.media.empty()) return std::nullopt;
  return channel::CompileContext{id, message.context, std::move(target)};
}

Task<channel::CompileContext> resolve_context(const MessageReader& messages, MessageOwner owner,
                                              MessageId id, References references) {
  channel::CompileContext out;
  out.id = id;
  CO_TRY(out.media, co_await resolve_media(messages, owner, std::move(references.media)));
  CO_TRY(out.context_provider_id,
         co_await resolve(messages, owner, std::move(references.context), "/context/message_id"));
  CO_TRY(out.target_provider_id,
         co_await resolve(messages, owner, std::move(references.reaction_target),
                          "/reaction/message_id"));
  co_return out;
}

ContactHash contact_hash(const crypto::Key& key, const WorkspaceId& workspace,
                         std::string_view contact) {
  const auto digest = crypto::keyed_hash(key.bytes(), {workspace.blob(), contact});
  return crypto::head_of<std::tuple_size_v<ContactHash>>(digest);
}

outbox::Lane lane_of(const SenderId& sender, const ContactHash& contact) {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  std::memcpy(&a, contact.data(), sizeof a);
  std::memcpy(&b, sender.bytes().data() + 8, sizeof b);
  return a ^ (b * 0x9E3779B97F4A7C15ULL);
}

outbox::Job job_of(const MessageRow& row) {
  outbox::Job job;
  job.id = row.id.bytes();
  job.kind = outbox::JobKind::kSend;
  job.workspace = row.workspace;
  job.group = row.sender.bytes();
  job.lane = lane_of(row.sender, row.contact_hash);
  return job;
}

std::string callback_data_of(const MessageRow& row) {
  if (row.metadata_json.find(channel::kCallbackDataKey) == std::string::npos) return {};
  const auto metadata = json::parse(row.metadata_json);
  const json::Object* fields = metadata ? metadata->root().if_object() : nullptr;
  return fields == nullptr ? std::string()
                           : std::string(json::text_in(*fields, channel::kCallbackDataKey));
}

}  // namespace flowsell::messaging
