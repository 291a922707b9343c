#include "crypto/rotating_keys.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include "core/encoding.h"
#include "private_file.h"

namespace flowsell::crypto {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".chain";
/// Names the form of the file: then come the period, four bytes with the lowest first, and the
/// state.
constexpr std::string_view kForm = "FSC1";
constexpr std::size_t kStateBytes = 32;
constexpr std::size_t kFileBytes = kForm.size() + sizeof(std::uint32_t) + kStateBytes;
/// No process takes longer to write a file.
constexpr std::chrono::minutes kWritingMax{1};
/// How far ahead of this clock another replica's may be.
constexpr std::uint32_t kPeriodsAhead = 1;

/// What `state` gives for one purpose; nobody gets back from it to the state, nor to what it gives
/// for another.
Key derived(const Key& state, std::string_view purpose) {
  std::array<std::uint8_t, kStateBytes> out{};
  const auto message = as_bytes(purpose);
  crypto_generichash(out.data(), out.size(), message.data(), message.size(), state.bytes().data(),
                     state.bytes().size());
  const Key key(out);
  sodium_memzero(out.data(), out.size());
  return key;
}

Key next_state(const Key& state) { return derived(state, "flowsell key chain: next state"); }
Key key_of(const Key& state) { return derived(state, "flowsell key chain: key"); }

/// The number in "<name>-<number>.key"; nullopt when the file is not one of those.
std::optional<std::uint32_t> id_of_earlier_version(std::string_view file_name,
                                                   std::string_view name) {
  constexpr std::string_view kEarlierSuffix = ".key";
  if (!file_name.starts_with(std::string(name) + "-") || !file_name.ends_with(kEarlierSuffix))
    return std::nullopt;
  file_name.remove_prefix(name.size() + 1);
  file_name.remove_suffix(kEarlierSuffix.size());
  std::uint32_t id = 0;
  const char* const last = file_name.data() + file_name.size();
  const auto [end, error] = std::from_chars(file_name.data(), last, id);
  if (error != std::errc{} || end != last) return std::nullopt;
  return id;
}

/// What the file holds.
struct Chain {
  std::uint32_t oldest = 0;  ///< the first period that is still needed
  Key state;                 ///< of it
};

std::string packed(const Chain& chain) {
  std::string bytes(kForm);
  for (int shift = 0; shift < 32; shift += 8)
    bytes.push_back(static_cast<char>(chain.oldest >> shift & 0xff));
  return bytes.append(as_text(chain.state.bytes()));
}

Result<Chain> unpacked(std::string_view bytes, const fs::path& file) {
  if (bytes.size() != kFileBytes || !bytes.starts_with(kForm)) {
    return fail(ErrorCode::kInternal,
                "'" + file.filename().string() + "' is no key chain, or cut short");
  }
  bytes.remove_prefix(kForm.size());
  Chain chain;
  for (std::size_t i = 0; i < sizeof chain.oldest; ++i)
    chain.oldest |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  std::array<std::uint8_t, kStateBytes> state{};
  std::ranges::copy(as_bytes(bytes.substr(sizeof chain.oldest)), state.begin());
  chain.state = Key(state);
  sodium_memzero(state.data(), state.size());
  return chain;
}

void wipe(std::string& bytes) { sodium_memzero(bytes.data(), bytes.size()); }

Result<Chain> read_chain(const fs::path& file) {
  TRY(std::string bytes, read_private_file(file, kFileBytes));
  auto chain = unpacked(bytes, file);
  wipe(bytes);
  return chain;
}

}  // namespace

Result<std::unique_ptr<RotatingKeys>> RotatingKeys::open(RotatingKeysOptions options, Time now) {
  if (options.period.count() < 1 || options.life < options.period) {
    return fail(ErrorCode::kInternal,
                "keys '" + options.name + "': the life must not be shorter than the period");
  }
  std::unique_ptr<RotatingKeys> keys(new RotatingKeys(std::move(options)));
  CHECK_OK(keys->load(now));
  return keys;
}

Result<> RotatingKeys::load(Time now) {
  CHECK_OK(create_private_folder(options_.folder));
  CHECK_OK(destroy_leftovers(now));
  CHECK_OK(read_or_begin(now));
  note_time(now);
  advance(now);
  return {};
}

bool RotatingKeys::is_over(std::uint32_t id, Time now) const {
  return Time(options_.period * std::int64_t{id}) + options_.life <= now;
}

/// A file that a crash left half written, or a key of a version that had a file for each.
bool RotatingKeys::is_leftover(const fs::path& path, Time now) const {
  const std::string file_name = path.filename().string();
  if (const auto id = id_of_earlier_version(file_name, options_.name)) return is_over(*id, now);
  if (!file_name.starts_with("." + options_.name + std::string(kSuffix) + ".")) return false;
  std::error_code gone;
  const auto age = fs::file_time_type::clock::now() - fs::last_write_time(path, gone);
  // A young one may be what another process is writing.
  return !gone && age > kWritingMax;
}

Result<> RotatingKeys::destroy_leftovers(Time now) {
  std::vector<fs::path> leftovers;
  std::error_code ec;
  for (fs::directory_iterator it(options_.folder, ec), end; !ec && it != end; it.increment(ec)) {
    if (is_leftover(it->path(), now)) leftovers.push_back(it->path());
  }
  if (ec) {
    return fail(ErrorCode::kInternal,
                "can't read the key folder " + options_.folder.string() + ": " + ec.message());
  }
  for (const fs::path& leftover : leftovers) CHECK_OK(destroy_leftover_file(leftover));
  return {};
}

Result<> RotatingKeys::read_or_begin(Time now) {
  std::error_code ec;
  if (!fs::exists(file(), ec)) {
    std::string bytes = packed({period_of(now), Key::random()});
    const auto created = create_private_file(file(), bytes);
    wipe(bytes);
    // Another process may have been quicker: then its chain is this one's too.
    if (!created && !fs::exists(file(), ec)) return created;
  }
  TRY(const Chain chain, read_chain(file()));
  // Whoever gave the file its name may have died before this.
  CHECK_OK(sync_folder(options_.folder));
  oldest_ = chain.oldest;
  links_.assign(1, Link{chain.state, key_of(chain.state)});
  return {};
}

void RotatingKeys::note_time(Time now) { newest_ = std::max({newest_, oldest_, period_of(now)}); }

const RotatingKeys::Link* RotatingKeys::link_of(std::uint32_t id) const {
  if (id < oldest_ || id - oldest_ >= links_.size()) return nullptr;
  return &links_[id - oldest_];
}

void RotatingKeys::extend(std::uint32_t id) const {
  while (link_of(id) == nullptr) {
    const Key state = next_state(links_.back().state);
    links_.push_back(Link{state, key_of(state)});
  }
}

RotatingKeys::Named RotatingKeys::current(Time now) {
  const std::uint32_t wanted = period_of(now);
  {
    const std::shared_lock lock(mutex_);
    const std::uint32_t id = std::max(wanted, oldest_);
    if (const Link* link = link_of(id); link != nullptr && id <= newest_) return {id, link->key};
  }
  const std::unique_lock lock(mutex_);
  note_time(now);
  const std::uint32_t id = std::max(wanted, oldest_);
  extend(id);
  return {id, link_of(id)->key};
}

std::optional<Key> RotatingKeys::find(std::uint32_t id) const {
  {
    const std::shared_lock lock(mutex_);
    if (id < oldest_ || id > newest_ + kPeriodsAhead) return std::nullopt;
    if (const Link* link = link_of(id)) return link->key;
  }
  const std::unique_lock lock(mutex_);
  if (id < oldest_) return std::nullopt;
  extend(id);
  return link_of(id)->key;
}

std::optional<std::array<std::uint8_t, 16>> RotatingKeys::check_value(std::uint32_t id) const {
  if (!find(id)) return std::nullopt;
  const std::shared_lock lock(mutex_);
  const Link* const link = link_of(id);
  if (link == nullptr) return std::nullopt;
  const Key value = derived(link->state, "flowsell key chain: check");
  std::array<std::uint8_t, 16> out{};
  std::copy_n(value.bytes().begin(), out.size(), out.begin());
  return out;
}

std::size_t RotatingKeys::destroy_expired(Time now) {
  (void)destroy_leftovers(now);  // what can't be destroyed now is tried again
  return advance(now);
}

std::size_t RotatingKeys::advance(Time now) {
  const std::lock_guard one_writer(file_mutex_);
  Chain chain;
  std::size_t gone = 0;
  {
    const std::unique_lock lock(mutex_);
    note_time(now);
    while (is_over(oldest_ + static_cast<std::uint32_t>(gone), now)) ++gone;
    if (gone == 0) return 0;
    chain.oldest = oldest_ + static_cast<std::uint32_t>(gone);
    // Not extend(): after years of rest that would be many links.
    chain.state = links_.back().state;
    for (auto at = oldest_ + static_cast<std::uint32_t>(links_.size()) - 1; at < chain.oldest; ++at)
      chain.state = next_state(chain.state);
    if (const Link* known = link_of(chain.oldest)) chain.state = known->state;
  }
  // Without the lock: those who only use keys need not wait for the disk.
  if (!store(chain.oldest, chain.state)) return 0;
  const std::unique_lock lock(mutex_);
  if (link_of(chain.oldest) != nullptr) {
    links_.erase(links_.begin(), links_.begin() + static_cast<std::ptrdiff_t>(gone));
  } else {
    links_.assign(1, Link{chain.state, key_of(chain.state)});
  }
  oldest_ = chain.oldest;
  return gone;
}

/// Another process in the same folder may be ahead: what it has forgotten is not brought back.
bool RotatingKeys::store(std::uint32_t oldest, const Key& state) const {
  const auto stored = read_chain(file());
  if (!stored) return false;
  if (stored->oldest >= oldest) return true;
  std::string bytes = packed({oldest, state});
  const bool replaced = replace_private_file(file(), bytes).has_value();
  wipe(bytes);
  return replaced;
}

std::uint32_t RotatingKeys::period_of(Time t) const {
  const std::int64_t periods = to_unix_ms(t) / std::chrono::milliseconds(options_.period).count();
  return static_cast<std::uint32_t>(std::max<std::int64_t>(periods, 0));
}

fs::path RotatingKeys::file() const {
  return options_.folder / (options_.name + std::string(kSuffix));
}

}  // namespace flowsell::crypto
