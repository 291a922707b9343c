#include "sandbox.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "identity/api_key.h"
#include "json/json.h"
#include "json/writer.h"
#include "sim/whatsapp_simulator.h"

namespace flowsell::app {
namespace {

/// The key in an earlier sandbox.json; empty when there is none.
Secret earlier_key(const std::filesystem::path& file, const WorkspaceId& workspace) {
  std::ifstream in(file);
  const Secret text(std::string(std::istreambuf_iterator<char>(in), {}));
  const auto document = json::parse(text.reveal());
  if (!document || !document->root().is_object()) return {};
  const auto& object = document->root().get_object();
  const auto* key = object.if_contains("api_key");
  const auto* owner = object.if_contains("workspace_id");
  if (key == nullptr || owner == nullptr || !key->is_string() || !owner->is_string()) return {};
  if (std::string_view(owner->get_string()) != workspace.str()) return {};
  const std::string_view value = key->get_string();
  return identity::ApiKeyText::parse(value) ? Secret(std::string(value)) : Secret();
}

Result<messaging::SenderPtr> make_sender(messaging::Senders& senders,
                                         const WorkspaceId& workspace) {
  const sim::SimNumber number;
  messaging::Senders::Draft draft;
  draft.workspace = workspace;
  draft.mode = identity::Mode::kTest;
  draft.channel = "whatsapp";
  draft.account = number.waba_id;
  draft.business_name = "Sandbox";
  draft.token =
      Secret("sandbox-token");  // the simulator takes any; a real one never comes from the code
  draft.address = number.phone_number_id;
  draft.display_number = "+" + number.display_phone_number;
  return senders.create(std::move(draft));
}

}  // namespace

Result<Sandbox> open_sandbox(const std::filesystem::path& file, identity::Workspaces& workspaces,
                             identity::ApiKeys& api_keys, messaging::Senders& senders) {
  Sandbox sandbox;
  auto workspace = workspaces.first();
  if (!workspace && workspace.error().code == ErrorCode::kNotFound)
    workspace = workspaces.create("Sandbox");
  if (!workspace) return std::unexpected(std::move(workspace).error());
  sandbox.workspace = *workspace;

  const auto existing = senders.list(sandbox.workspace, identity::Mode::kTest);
  if (!existing.empty()) {
    sandbox.sender = existing.front();
  } else {
    TRY(sandbox.sender, make_sender(senders, sandbox.workspace));
  }
  sandbox.api_key = earlier_key(file, sandbox.workspace);
  if (sandbox.api_key.empty()) {
    TRY(auto created, api_keys.create(sandbox.workspace, identity::Mode::kTest, "sandbox",
                                      identity::Scopes::all()));
    sandbox.api_key = std::move(created.key);
  }
  return sandbox;
}

Result<> write_sandbox_file(const std::filesystem::path& file, const Sandbox& sandbox,
                            const std::string& base_url, const std::string& simulator_url) {
  json::Writer out;
  out.begin_object()
      .key("base_url")
      .string(base_url)
      .key("api_key")
      .string(sandbox.api_key.reveal());
  out.key("workspace_id")
      .string(sandbox.workspace.str())
      .key("sender_id")
      .string(sandbox.sender->id.str());
  out.key("phone_number").string(sandbox.sender->display_number);
  out.key("phone_number_id").string(sandbox.sender->address);
  out.key("simulator_url").string(simulator_url).end_object();
  const Secret text(std::move(out).take() + "\n");

  const std::filesystem::path fresh = file.string() + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = fd >= 0 && ::write(fd, text.reveal().data(), text.size()) ==
                                      static_cast<ssize_t>(text.size());
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  std::error_code error;
  if (written && synced) std::filesystem::rename(fresh, file, error);
  if (!written || !synced || error)
    return fail(ErrorCode::kInternal, "sandbox.json can't be written to the data folder");
  return {};
}

}  // namespace flowsell::app
