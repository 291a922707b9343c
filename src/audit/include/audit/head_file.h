#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "audit/verify.h"
#include "core/descriptor.h"
#include "core/error.h"
#include "core/time.h"
#include "crypto/key_ring.h"
#include "crypto/seal.h"

namespace flowsell::audit {

using PublicKey = std::array<std::uint8_t, 32>;
constexpr std::size_t kSignatureBytes = 64;

/// Signs heads: Ed25519 (RFC 8032), so that who has the public key alone can check them.
class HeadKey {
 public:
  /// The key that the master key determines.
  static HeadKey of(const crypto::KeyRing& ring) { return HeadKey(ring.derive("audit-heads")); }
  explicit HeadKey(const crypto::Key& seed);

  const PublicKey& public_key() const noexcept { return public_key_; }
  /// kSignatureBytes.
  std::string sign(std::string_view text) const;

 private:
  crypto::Key seed_;
  PublicKey public_key_{};
};

/// What HeadKey::sign() makes.
bool is_signed_by(const PublicKey& key, std::string_view text, std::string_view signature);

struct SignedHead {
  Head head;
  Time at;  ///< when it was signed
};

/// A line of the file that is not a head signed by a known key.
struct BadLine {
  enum class Why : std::uint8_t {
    kUnreadable,
    kUnknownKey,      ///< made under another master key, or by a stranger
    kWrongSignature,  ///< it was changed
    kContradiction,   ///< signed, and so is an earlier line that says otherwise
  };
  std::size_t line = 0;  ///< from 1
  Why why = Why::kUnreadable;
  std::string text = {};  ///< as it stands there; of a very long one the beginning
};
std::string_view describe(BadLine::Why why) noexcept;

/// What a file of heads says.
struct HeadsRead {
  std::vector<SignedHead> newest;  ///< of each scope, in their order
  std::vector<BadLine> bad;
  std::size_t lines = 0;
  bool is_torn = false;  ///< its end was cut short, as by a power cut: passed over
};
/// Reads the file beside a server that may write to it. Fails with kNotFound where there is none,
/// and with kInternal where it can't be read or is something else.
Result<HeadsRead> read_heads(const std::filesystem::path& file, std::span<const PublicKey> keys);

/// The heads of all chains, signed, in a file outside of the database: a line each, appended and
/// synced. Who changes the database can neither cut a chain's tail off nor write it anew without a
/// line here that says so. It holds a few lines for each scope: when they have become many, the
/// file is replaced by one with the newest only.
///
/// Thread-safe. One process at a time may have a file open.
class HeadFile {
 public:
  /// Opens the file, or makes it (0600). `former`: public keys whose lines are valid too; they are
  /// signed anew when the file is next replaced. Fails with kInternal: unreadable, open to other
  /// users, not such a file. Lines that are bad don't make it fail, and stay in it: see read().
  static Result<std::unique_ptr<HeadFile>> open(std::filesystem::path file, const HeadKey& key,
                                                std::vector<PublicKey> former = {});
  HeadFile(const HeadFile&) = delete;
  HeadFile& operator=(const HeadFile&) = delete;

  /// Appends those that are newer than what the file has of their scope; on disk when it returns.
  /// Returns how many. They should be those that changed_heads() has proven. Fails with kInternal;
  /// then none of them counts, and it is to be called again.
  Result<std::size_t> write(std::span<const Head> heads, Time now);
  /// The newest of a scope.
  std::optional<Head> newest(std::string_view scope) const;
  /// The same as a line, with its line end: for who takes a chain out. Empty: there is none, or it
  /// is about more events than `events`.
  std::string newest_line(std::string_view scope, std::int64_t events) const;
  /// What is on disk now. See read_heads().
  Result<HeadsRead> read() const;

  /// After a restored backup, when chains have gone back behind what was signed: gives the file
  /// another name, with the time in it, and begins an empty one. Returns the old one's path.
  Result<std::filesystem::path> begin_anew(Time now);

 private:
  HeadFile(std::filesystem::path file, const HeadKey& key, std::vector<PublicKey> former);
  Result<> open_now();
  Result<> append(std::string_view text);
  bool has_too_many_lines() const;
  Result<> replace();

  const std::filesystem::path file_;
  const HeadKey key_;
  std::vector<PublicKey> keys_;  ///< all whose lines are valid, our own first
  mutable std::mutex mutex_;
  Descriptor descriptor_;
  std::size_t lines_ = 0;
  bool must_be_replaced_ = false;  ///< what stands at its end is not known
  std::unordered_map<std::string, SignedHead> newest_;
  std::vector<BadLine> bad_;
};

/// The chains that have grown.
struct ChangedHeads {
  std::vector<Head> sound;      ///< to be signed
  std::vector<Verdict> broken;  ///< to be told to the operator; they are not signed any further
  bool more = false;            ///< it was enough for one snapshot: write, and call again
};
/// For a job that signs heads from time to time: the chains whose last event is of `since` or later
/// and is not in the file. Each is proven from the file's head to its end, so that nothing is ever
/// signed that does not continue what was signed before. `since` must reach back behind the last
/// call by more than a transaction may take and clocks may differ; Time() looks at every chain, and
/// is due once at the start and now and then. One call at a time for a file.
Result<ChangedHeads> changed_heads(store::Connection& db, const HeadFile& file, Time since);

}  // namespace flowsell::audit
