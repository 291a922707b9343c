#include "state/registry.h"

#include <fmt/format.h>

#include "core/time.h"
#include "ids.h"
#include "json/writer.h"
#include "letters.h"

namespace flowsell::sim {
namespace {

// Tokens and codes are secrets, no addresses; the clock is nobody's.
constexpr std::array kAddressable = {NodeKind::kPhone,  NodeKind::kAccount,  NodeKind::kTemplate,
                                     NodeKind::kMedia,  NodeKind::kBusiness, NodeKind::kApp,
                                     NodeKind::kUpload, NodeKind::kFlow};

std::optional<NodeKind> kind_of(std::string_view name) {
  for (std::size_t i = 0; i < kNodeKinds; ++i) {
    const auto kind = static_cast<NodeKind>(i);
    if (node_kind_name(kind) == name) return kind;
  }
  return std::nullopt;
}

}  // namespace

Result<> Registry::open(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  TRY(file_, NodeFile::open(folder));
  std::optional<Error> broken;
  CHECK_OK(file_->each([&](const NodeRow& row) {
    const auto kind = kind_of(row.kind);
    auto document = json::parse(row.body, {.bytes_max = 64 << 20});
    if (!kind || !document || !document->root().is_object()) {
      broken = Error{ErrorCode::kInternal, "the simulator's state holds what it does not know"};
      return;
    }
    // A copy: the document's memory goes with it.
    json::Object fields(document->root().get_object(), boost::json::storage_ptr());
    of(*kind).emplace(row.id, Node{*kind, row.id, std::move(fields)});
    version_ = std::max(version_, row.version);
    last_id_ = std::max(last_id_, parse_number<std::int64_t>(row.id).value_or(0));
  }));
  if (broken) return std::unexpected(*std::move(broken));
  return {};
}

void Registry::close() {
  if (file_) file_->close();
}

Node* Registry::find(NodeKind kind, std::string_view id) {
  auto& nodes = of(kind);
  if (const auto found = nodes.find(id); found != nodes.end()) return &found->second;
  if (!make_missing_) return nullptr;
  auto made = make_missing_(id);
  if (!made || made->kind != kind) return nullptr;
  return &nodes.emplace(std::string(id), *std::move(made)).first->second;
}

Node* Registry::find(std::string_view id) {
  for (const auto kind : kAddressable) {
    if (auto* node = find(kind, id)) return node;
  }
  return nullptr;
}

Node& Registry::add(NodeKind kind, std::string id, json::Object fields) {
  changed_.emplace(kind, id);
  auto key = id;
  auto& node = of(kind)[std::move(key)];
  node = Node{kind, std::move(id), std::move(fields)};
  return node;
}

void Registry::touch(const Node& node) { changed_.emplace(node.kind, node.id); }

void Registry::remove(NodeKind kind, std::string_view id) {
  auto& nodes = of(kind);
  const auto found = nodes.find(id);
  if (found == nodes.end()) return;
  changed_.emplace(kind, std::string(id));
  nodes.erase(found);
}

void Registry::each(NodeKind kind, const std::function<bool(Node&)>& visit) {
  for (auto& [id, node] : of(kind)) {
    if (!visit(node)) return;
  }
}

std::string Registry::new_id() {
  constexpr std::int64_t kFirst = 1'000'000'000'000'000;
  constexpr std::int64_t kStride = 100;  // two runs a moment apart must differ
  const auto now_ms = to_unix_ms(SystemClock().now());
  last_id_ = std::max(last_id_, kFirst + now_ms % 10'000'000'000'000 * kStride);
  last_id_ += 1 + static_cast<std::int64_t>(quick_random() % 97);
  return fmt::format("{}", last_id_);
}

Registry::Names Registry::changed() {
  Names names(changed_.begin(), changed_.end());
  changed_.clear();
  return names;
}

std::vector<NodeRow> Registry::rows_of(const Names& names) {
  if (!file_) return {};
  std::vector<NodeRow> rows;
  rows.reserve(names.size());
  for (const auto& [kind, id] : names) {
    const auto& nodes = of(kind);
    const auto found = nodes.find(id);
    NodeRow row{std::string(node_kind_name(kind)), id, ++version_, {}};
    if (found != nodes.end()) {
      row.body = std::move(json::Writer().value(json::Value(found->second.fields))).take();
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Task<> Registry::save(std::vector<NodeRow> rows) {
  if (!file_ || rows.empty()) co_return Result<>{};
  auto written = file_->write(std::move(rows));
  co_return co_await std::move(written);
}

}  // namespace flowsell::sim
