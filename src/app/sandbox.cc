#include "sandbox.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "core/descriptor.h"
#include "identity/api_key.h"
#include "json/json.h"
#include "json/writer.h"
#include "sim/whatsapp_simulator.h"

namespace flowsell::app {
namespace {

std::string_view string_in(const json::Value& value, std::string_view name) {
  if (!value.is_object()) return {};
  const auto* found = value.get_object().if_contains(name);
  return found != nullptr && found->is_string() ? std::string_view(found->get_string())
                                                : std::string_view();
}

Result<connections::SenderPtr> make_sender(connections::Senders& senders,
                                           const WorkspaceId& workspace,
                                           const sim::SimNumber& simulated) {
  connections::Senders::Draft draft;
  draft.workspace = workspace;
  draft.mode = identity::Mode::kTest;
  draft.channel = "whatsapp";
  draft.account = simulated.waba_id;
  draft.business_name = "Sandbox";
  draft.token =
      Secret("sandbox-token");  // the simulator takes any; a real one never comes from the code
  draft.address = simulated.phone_number_id;
  draft.display_number = "+" + simulated.display_phone_number;
  return senders.create(std::move(draft));
}

Result<SandboxWorkspace> open_workspace(const EarlierKeys& earlier, const SandboxRooms& rooms,
                                        const WorkspaceId& workspace,
                                        const sim::SimNumber& simulated) {
  SandboxWorkspace sandbox;
  sandbox.workspace = workspace;
  const auto existing = rooms.senders.list(workspace, identity::Mode::kTest);
  if (!existing.empty()) {
    sandbox.sender = existing.front();
  } else {
    TRY(sandbox.sender, make_sender(rooms.senders, workspace, simulated));
  }
  sandbox.api_key = earlier.of(workspace);
  if (sandbox.api_key.empty()) {
    TRY(auto created, rooms.api_keys.create(workspace, identity::Mode::kTest, "sandbox",
                                            identity::Scopes::of_keys()));
    sandbox.api_key = std::move(created.key);
  }
  return sandbox;
}

/// Somebody who can sign in; nullopt: an earlier start has made him. His address says which
/// workspace it is, since replicas on one database have a sandbox each.
Result<std::optional<accounts::User>> put_person(const EarlierKeys& earlier,
                                                 accounts::Accounts& accounts,
                                                 const WorkspaceId& workspace,
                                                 std::string_view part, const std::string& name,
                                                 SandboxWorkspace::SignIn& as) {
  const std::string id = workspace.str();
  as.email = std::string(part) + "." + id.substr(id.size() - 8) + "@sandbox.invalid";
  as.password = earlier.password_of(as.email);
  if (!as.password.empty()) return std::nullopt;
  as.password = Secret(crypto::random_base62(24));
  return accounts.put_user(as.email, name, as.password);
}

Result<> put_owner(const EarlierKeys& earlier, const SandboxRooms& rooms,
                   SandboxWorkspace& sandbox) {
  TRY(const auto fresh, put_person(earlier, rooms.accounts, sandbox.workspace, "owner",
                                   "Sandbox Owner", sandbox.owner));
  if (!fresh) return {};
  const accounts::User& owner = *fresh;
  CHECK_OK(rooms.accounts.list_workspace_now(
      owner.id, {sandbox.workspace, "Sandbox", static_cast<int>(identity::Role::kOwner)}));
  return rooms.members.put_owner(sandbox.workspace, owner.id);
}

void write_person(json::Writer& out, std::string_view name, const SandboxWorkspace::SignIn& as) {
  out.key(name).begin_object().key("email").string(as.email);
  out.key("password").string(as.password.reveal()).end_object();
}

void write_workspace(json::Writer& out, const SandboxWorkspace& sandbox) {
  out.key("api_key").string(sandbox.api_key.reveal());
  out.key("workspace_id").string(sandbox.workspace.str());
  out.key("connection_id").string(sandbox.sender->connection.str());
  out.key("sender_id").string(sandbox.sender->id.str());
  out.key("phone_number").string(sandbox.sender->display_number);
  out.key("phone_number_id").string(sandbox.sender->address);
}

}  // namespace

EarlierKeys::EarlierKeys(const std::filesystem::path& file) {
  std::ifstream in(file);
  const Secret text(std::string(std::istreambuf_iterator<char>(in), {}));
  const auto document = json::parse(text.reveal());
  if (!document || !document->root().is_object()) return;
  const auto* workspaces = document->root().get_object().if_contains("workspaces");
  if (workspaces == nullptr || !workspaces->is_array()) return;
  for (const auto& each : workspaces->get_array()) {
    const auto key = string_in(each, "api_key");
    if (identity::ApiKeyText::parse(key))
      keys_.emplace(string_in(each, "workspace_id"), std::string(key));
  }
  for (const std::string_view person : {"owner", "operator"}) {
    const auto* found = document->root().get_object().if_contains(person);
    if (found == nullptr) continue;
    passwords_.emplace(string_in(*found, "email"),
                       Secret(std::string(string_in(*found, "password"))));
  }
}

Secret EarlierKeys::password_of(std::string_view email) const {
  const auto found = passwords_.find(email);
  return found == passwords_.end() ? Secret() : found->second;
}

Secret EarlierKeys::of(const WorkspaceId& workspace) const {
  const auto found = keys_.find(workspace.str());
  return found == keys_.end() ? Secret() : found->second;
}

Result<std::vector<SandboxWorkspace>> open_sandbox(const EarlierKeys& earlier,
                                                   const SandboxRooms& rooms,
                                                   const std::vector<std::size_t>& numbers,
                                                   bool has_the_first) {
  TRY(auto workspaces, rooms.workspaces.list());
  const auto simulated =
      sim::consecutive_numbers({}, numbers.empty() ? 0 : std::ranges::max(numbers) + 1);
  std::vector<SandboxWorkspace> all;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i == workspaces.size()) {
      TRY(const auto made, rooms.workspaces.create("Sandbox"));
      workspaces.push_back(made);
    }
    TRY(auto opened, open_workspace(earlier, rooms, workspaces[i], simulated[numbers[i]]));
    if (i == 0 && has_the_first) CHECK_OK(put_owner(earlier, rooms, opened));
    all.push_back(std::move(opened));
  }
  return all;
}

Result<> put_operator(const EarlierKeys& earlier, accounts::Accounts& accounts,
                      operators::Operators& operators, std::vector<SandboxWorkspace>& sandbox) {
  if (sandbox.empty()) return {};
  SandboxWorkspace& first = sandbox.front();
  TRY(const auto fresh, put_person(earlier, accounts, first.workspace, "operator",
                                   "Sandbox Operator", first.operator_user));
  return fresh ? operators.put_superadmin(fresh->id) : Result<>{};
}

Result<> write_sandbox_file(const std::filesystem::path& file,
                            const std::vector<SandboxWorkspace>& sandbox,
                            const std::string& base_url, const std::string& simulator_url) {
  json::Writer out;
  out.begin_object().key("base_url").string(base_url);
  out.key("simulator_url").string(simulator_url);
  if (!sandbox.empty()) {
    write_workspace(out, sandbox.front());
    write_person(out, "owner", sandbox.front().owner);
    write_person(out, "operator", sandbox.front().operator_user);
  }
  out.key("workspaces").begin_array();
  for (const SandboxWorkspace& each : sandbox) {
    out.begin_object();
    write_workspace(out, each);
    out.end_object();
  }
  out.end_array().end_object();
  const Secret text(std::move(out).take() + "\n");

  const std::filesystem::path fresh = file.string() + ".new";
  bool is_stored = false;
  {
    const Descriptor fd(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    is_stored = fd.is_open() && write_all(fd.get(), text.reveal()) && ::fsync(fd.get()) == 0;
  }
  std::error_code error;
  if (is_stored) std::filesystem::rename(fresh, file, error);
  if (!is_stored || error)
    return fail(ErrorCode::kInternal, "sandbox.json can't be written to the data folder");
  return {};
}

}  // namespace flowsell::app
