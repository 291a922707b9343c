#include "graph/management.h"

#include <fmt/format.h>

#include <array>
#include <boost/asio/post.hpp>

#include "core/encoding.h"
#include "graph/intake.h"
#include "graph/media_store.h"
#include "graph/path.h"
#include "graph/reviews.h"
#include "graph/routes.h"
#include "runtime/spawn.h"
#include "telemetry/log.h"

namespace flowsell::sim {
namespace {

constexpr std::string_view kClock = "clock";

auto all_node_routes() {
  return std::to_array<std::span<const NodeRoute>>(
      {app_routes(), business_routes(), account_routes(), phone_routes(), registration_routes(),
       profile_routes(), block_routes(), qr_routes(), template_routes(), flow_routes(),
       media_routes(), upload_routes()});
}

const RootRoute* find_root(http::Method method, std::string_view path) {
  for (const auto routes : {token_routes(), library_routes()}) {
    for (const auto& route : routes) {
      if (route.method == method && route.path == path) return &route;
    }
  }
  return nullptr;
}

bool fits(std::string_view pattern, std::string_view edge) {
  if (!pattern.ends_with("/*")) return pattern == edge;
  const auto head = pattern.substr(0, pattern.size() - 1);
  return edge.starts_with(head) && edge.size() > head.size() &&
         edge.find('/', head.size()) == edge.npos;
}

const NodeRoute* find_route(NodeKind kind, http::Method method, std::string_view edge,
                            bool& edge_exists) {
  for (const auto routes : all_node_routes()) {
    for (const auto& route : routes) {
      if (!fits(route.edge, edge)) continue;
      edge_exists = edge_exists || route.kind == kind;
      if (route.kind == kind && route.method == method) return &route;
    }
  }
  return nullptr;
}

std::unexpected<GraphError> refuse_callback(const Error& why) {
  return refuse_as_graph(
      2200, fmt::format("(#2200) Callback verification failed with the following errors: {}",
                        why.detail));
}

}  // namespace

std::string_view tail_of(const Call& call) {
  return std::string_view(call.edge).substr(call.edge.rfind('/') + 1);
}

Management::Management(World& world, WebhookSender& webhooks, runtime::IoPool& pool)
    : world_(world),
      webhooks_(webhooks),
      pool_(pool),
      graph_{world, registry_, webhooks, media_, templates_, world.options.review_after.count()},
      timer_(pool.context(0)) {}

Result<> Management::start() {
  const auto& folder = world_.options.data_folder;
  if (!folder.empty()) CHECK_OK(registry_.open(folder));
  CHECK_OK(media_.open(folder.empty() ? "" : folder + "/media"));
  seed_.emplace(world_);
  const auto lock = registry_.lock();
  registry_.on_missing([this](std::string_view id) { return seed_->make(id); });
  if (const auto* clock = registry_.find(NodeKind::kClock, kClock))
    world_.clock.advance(std::chrono::milliseconds(clock->number("ahead_ms")));
  adopt_app();
  restore_numbers();
  for (std::size_t i = 0; i < kNodeKinds; ++i) {
    registry_.each(static_cast<NodeKind>(i), [this](Node& node) {
      registry_.touch(node);
      return true;
    });
  }
  graph_.settle(registry_.changed());
  look_again_at(graph_.now());
  return {};
}

/// What this start says of its app stands, whatever was before.
void Management::adopt_app() {
  graph_.app({});  // is there from now on
  registry_.each(NodeKind::kApp, [this](Node& app) {
    const bool is_default = app.id == world_.options.app_id;
    app.fields["_is_default"] = is_default;
    if (!is_default) return true;
    app.fields["_secret"] = world_.options.app_secret.reveal();
    if (!world_.options.webhook_url.empty()) app.fields.erase("_subscription");
    return true;
  });
}

/// Numbers that were added while it ran before.
void Management::restore_numbers() {
  registry_.each(NodeKind::kPhone, [this](Node& phone) {
    if (world_.find_number(phone.id) == World::kNoNumber) {
      world_.add_number(
          {std::string(phone.text("_account")), phone.id, std::string(phone.text("_digits"))});
    }
    return true;
  });
}

void Management::stop() { registry_.close(); }

bool Management::is_download(std::string_view path) { return path.starts_with(kDownloadPath); }

http::Response Management::answer_download(const http::Request& request) {
  const auto lock = registry_.lock();
  return download(graph_, request);
}

Checked<Call> Management::read(const http::Request& request) const {
  Call call;
  call.request = &request;
  const auto path = GraphPath::of(request.path);
  call.version = path.version;
  call.object = percent_decode(path.object, false).value_or("");
  call.edge = std::string(path.edge);
  if (call.object.starts_with("upload:")) {
    call.params = Params::of_query(request.query);
  } else {
    TRY(call.params, Params::read(request));
  }
  call.token = token_of_header(request.header("authorization"));
  if (call.token.empty()) call.token = call.params.text("access_token");
  return call;
}

Awaitable<http::Response> Management::answer(const http::Request& request) {
  co_return co_await answer_read(request, read(request));
}

http::Response Management::refusal(const GraphError& error, const http::Request& request) const {
  count(world_.stats.requests);
  count(world_.stats.rejected);
  return graph_refusal(error, GraphPath::of(request.path).version, {});
}

Awaitable<http::Response> Management::answer_upload(const http::Request& request) {
  const auto token = token_of_header(request.header("authorization"));
  if (!token.empty()) {
    // What is refused by its token alone is not read.
    const auto caller = world_.tokens.find(token, world_.clock.now());
    if (!caller) co_return refusal(caller.error(), request);
  }
  auto call = read(request);
  if (!call) co_return refusal(call.error(), request);
  auto intake = co_await take_in(world_, media_, request);
  if (!intake) co_return refusal(intake.error(), request);
  call->params.add(std::move(intake->params));
  auto response = co_await answer_read(request, std::move(call));
  if (intake->is_cut) response.status = http::kCloseUnanswered;
  co_return response;
}

Awaitable<http::Response> Management::answer_read(const http::Request& request,
                                                  Checked<Call> read_call) {
  count(world_.stats.requests);
  Checked<Reply> reply;
  std::string account;  // whose usage the answer tells
  std::int64_t used = 1;
  if (!read_call) {
    reply = std::unexpected(std::move(read_call).error());
  } else {
    auto call = *std::move(read_call);
    for (;;) {
      std::vector<NodeRow> rows;
      {
        const auto lock = registry_.lock();
        reply = handle(call);
        rows = settle();
      }
      account = call.account;
      used = call.used_percent;
      auto saved = registry_.save(std::move(rows));
      if (const auto kept = co_await std::move(saved); !kept) reply = refuse(2, "");
      if (!reply || !reply->verify) break;
      auto check = webhooks_.check_challenge(reply->verify->url, reply->verify->token);
      const auto verified = co_await std::move(check);
      if (!verified) {
        reply = refuse_callback(verified.error());
        break;
      }
      call.verified = true;
    }
  }
  const auto version = GraphPath::of(request.path).version;
  if (!reply) count(world_.stats.rejected);
  std::string usage;
  if (!account.empty())
    usage = usage_of("whatsapp_business_management", account, used, used > 100 ? 60 : 0);
  if (!reply) co_return graph_refusal(reply.error(), version, std::move(usage));
  auto response = graph_response(reply->status, std::move(reply->body), version, std::move(usage));
  response.content_type = std::move(reply->content_type);
  co_return response;
}

/// With the lock held.
Checked<Reply> Management::handle(Call& call) {
  const auto path = call.edge.empty() ? call.object : call.object + "/" + call.edge;
  const auto* root = find_root(call.request->method, path);
  if (root && !root->needs_token) return root->handler(graph_, call);
  if (call.token.empty()) return refuse_no_token();
  TRY(call.caller, world_.tokens.find(call.token, world_.clock.now()));
  CHECK_OK(world_.apps.check_proof(*call.caller, call.token, call.params.text("appsecret_proof")));
  if (root) return root->handler(graph_, call);
  return dispatch(call);
}

Checked<Reply> Management::dispatch(Call& call) {
  TRY(auto* node, graph_.node(call, call.object));
  call.account = account_id_of(*node);
  CHECK_OK(count_call(call));
  bool edge_exists = false;
  const auto* route = find_route(node->kind, call.request->method, call.edge, edge_exists);
  if (route) return route->handler(graph_, call, *node);
  if (edge_exists) return refuse_object(call.method_name(), call.object);
  return refuse_as_graph(2500, fmt::format("Unknown path components: /{}", call.edge));
}

/// 200 calls about an account in an hour, 5,000 once it has a registered number. Refused only where
/// limits hold.
Checked<> Management::count_call(Call& call) {
  if (call.account.empty() || call.verified) return {};
  bool has_registered = false;
  for (std::size_t i = 0; i < world_.options.numbers.size() && !has_registered; ++i) {
    const auto& number = world_.options.numbers[i];
    has_registered = number.waba_id == call.account && !number.phone_number_id.empty() &&
                     !world_.numbers.has(i, NumberStates::kUnregistered);
  }
  const auto now = world_.clock.now();
  call.used_percent = world_.limits.count_call(call.account, has_registered ? 5'000 : 200, now);
  if (call.used_percent <= 100 || !world_.settings.limits) return {};
  return refuse(80007, "");
}

/// With the lock held.
std::vector<NodeRow> Management::settle() {
  look_again_at(run_reviews(graph_));
  const auto changed = registry_.changed();
  if (changed.empty()) return {};
  graph_.settle(changed);
  return registry_.rows_of(changed);
}

Task<> Management::change(std::function<Result<>(Graph&)> work) {
  std::vector<NodeRow> rows;
  Result<> done;
  {
    const auto lock = registry_.lock();
    done = work(graph_);
    rows = settle();
  }
  auto saved = registry_.save(std::move(rows));
  CO_CHECK_OK(co_await std::move(saved));
  co_return done;
}

void Management::set_webhook_url(const std::string& url) {
  const auto lock = registry_.lock();
  world_.options.webhook_url = url;
  if (!seed_) return;  // start() reads it
  registry_.touch(graph_.app({}));
  settle();
}

Task<> Management::advance(std::chrono::milliseconds by) {
  world_.clock.advance(by);
  const auto ahead = world_.clock.offset().count();
  auto kept = change([ahead](Graph& graph) -> Result<> {
    graph.registry.add(NodeKind::kClock, std::string(kClock), {{"ahead_ms", ahead}});
    return {};
  });
  CO_CHECK_OK(co_await std::move(kept));
  webhooks_.clock_moved();
  co_return Result<>{};
}

/// With the lock held.
void Management::look_again_at(std::optional<Time> at) {
  next_look_ms_ = at ? to_unix_ms(*at) : 0;
  boost::asio::post(pool_.context(0), [this] { arm(); });
}

/// On the first context.
void Management::arm() {
  std::int64_t at_ms = 0;
  {
    const auto lock = registry_.lock();
    at_ms = next_look_ms_;
  }
  if (at_ms == 0) {
    timer_.cancel();
    return;
  }
  const auto left = std::chrono::milliseconds(at_ms - to_unix_ms(world_.clock.now()));
  timer_.expires_after(std::max(left, std::chrono::milliseconds(0)) + std::chrono::milliseconds(1));
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error) runtime::spawn_logged(pool_.context(0).get_executor(), look_again(), "sim reviews");
  });
}

Awaitable<void> Management::look_again() {
  auto looked = change([](Graph&) -> Result<> { return {}; });  // what is due comes with it
  const auto kept = co_await std::move(looked);
  if (!kept) log::error("the simulator's state can't be kept", {{"why", kept.error().detail}});
}

}  // namespace flowsell::sim
