#pragma once

#include <array>
#include <atomic>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/time.h"

namespace flowsell {

enum class IdKind : std::uint8_t {
  kWorkspace,
  kApiKey,
  kConnection,
  kSender,
  kMessage,
  kEvent,
  kEndpoint,
  kDelivery,
  kRequest,
  kUser,
  kSession,
  kInvitation,
  kAuditEvent,
  kDataRequest,
  kIdentityProvider,
  kIdentity,
  kSupportSession,
  kConsent,
  kAcceptance,
  kPasskey,
  kTemplate,
  kMedia,
  kOnboardingSession,
};

/// "ws_", "msg_", ... The prefix that ids of this kind are shown with.
std::string_view id_prefix(IdKind kind) noexcept;

using IdBytes = std::array<std::uint8_t, 16>;

/// An identifier of one kind: a UUIDv7 (RFC 9562), shown as its prefix and 26 lower-case Crockford
/// base32 characters. Order by id is order by creation. Stored as its 16 bytes.
template <IdKind K>
class Id {
 public:
  Id() = default;  ///< all zero: "none"
  explicit Id(const IdBytes& bytes) : bytes_(bytes) {}

  /// Fails with kInvalidId; the detail names the expected prefix.
  static Result<Id> parse(std::string_view text);
  /// Reads a stored id; anything but 16 bytes gives "none".
  static Id from_blob(std::string_view blob) {
    Id id;
    if (blob.size() == id.bytes_.size()) std::memcpy(id.bytes_.data(), blob.data(), blob.size());
    return id;
  }

  std::string str() const;
  const IdBytes& bytes() const noexcept { return bytes_; }
  std::string_view blob() const noexcept {
    return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()};
  }
  /// The time in the id's head, to the millisecond.
  Time time() const noexcept;
  bool is_none() const noexcept { return *this == Id{}; }

  friend auto operator<=>(const Id&, const Id&) = default;
  friend bool operator==(const Id&, const Id&) = default;

 private:
  IdBytes bytes_{};
};

using WorkspaceId = Id<IdKind::kWorkspace>;
using ApiKeyId = Id<IdKind::kApiKey>;
using ConnectionId = Id<IdKind::kConnection>;
using SenderId = Id<IdKind::kSender>;
using MessageId = Id<IdKind::kMessage>;
using EventId = Id<IdKind::kEvent>;
using EndpointId = Id<IdKind::kEndpoint>;
using DeliveryId = Id<IdKind::kDelivery>;
using RequestId = Id<IdKind::kRequest>;
using UserId = Id<IdKind::kUser>;
using SessionId = Id<IdKind::kSession>;
using InvitationId = Id<IdKind::kInvitation>;
using AuditEventId = Id<IdKind::kAuditEvent>;
using DataRequestId = Id<IdKind::kDataRequest>;
using IdentityProviderId = Id<IdKind::kIdentityProvider>;
using IdentityId = Id<IdKind::kIdentity>;
using SupportSessionId = Id<IdKind::kSupportSession>;
using ConsentId = Id<IdKind::kConsent>;
using AcceptanceId = Id<IdKind::kAcceptance>;
using PasskeyId = Id<IdKind::kPasskey>;
using TemplateId = Id<IdKind::kTemplate>;
using MediaId = Id<IdKind::kMedia>;
using OnboardingSessionId = Id<IdKind::kOnboardingSession>;

/// Makes ids. Every id of one source is greater than the one before it, whichever thread asked.
/// Thread-safe.
class IdSource {
 public:
  explicit IdSource(const Clock& clock) : clock_(&clock) {}
  template <IdKind K>
  Id<K> next() {
    return Id<K>(next_bytes());
  }
  IdBytes next_bytes();

 private:
  const Clock* clock_;
  std::atomic<std::uint64_t> last_{0};  ///< unix ms << 12 | counter
};

/// The lowest id of a time: a range of times is a range of ids.
IdBytes lowest_id_bytes(Time time);

/// An id that a fact determines: the same time and the same 8 bytes of hash give the same id, so
/// that inserting the fact twice is seen by its primary key alone.
IdBytes derived_id_bytes(Time time, std::span<const std::uint8_t, 10> digest);

extern template class Id<IdKind::kWorkspace>;
extern template class Id<IdKind::kApiKey>;
extern template class Id<IdKind::kConnection>;
extern template class Id<IdKind::kSender>;
extern template class Id<IdKind::kMessage>;
extern template class Id<IdKind::kEvent>;
extern template class Id<IdKind::kEndpoint>;
extern template class Id<IdKind::kDelivery>;
extern template class Id<IdKind::kRequest>;
extern template class Id<IdKind::kUser>;
extern template class Id<IdKind::kSession>;
extern template class Id<IdKind::kInvitation>;
extern template class Id<IdKind::kAuditEvent>;
extern template class Id<IdKind::kDataRequest>;
extern template class Id<IdKind::kIdentityProvider>;
extern template class Id<IdKind::kIdentity>;
extern template class Id<IdKind::kSupportSession>;
extern template class Id<IdKind::kConsent>;
extern template class Id<IdKind::kAcceptance>;
extern template class Id<IdKind::kPasskey>;

}  // namespace flowsell

template <flowsell::IdKind K>
struct std::hash<flowsell::Id<K>> {
  std::size_t operator()(const flowsell::Id<K>& id) const noexcept {
    std::uint64_t tail = 0;  // the random part
    std::memcpy(&tail, id.bytes().data() + 8, sizeof tail);
    std::uint64_t head = 0;
    std::memcpy(&head, id.bytes().data(), sizeof head);
    return static_cast<std::size_t>(tail ^ (head * 0x9E3779B97F4A7C15ULL));
  }
};
