#pragma once

#include <gtest/gtest.h>

#include "audit/audit_log.h"
#include "connections/schema.h"
#include "identity/workspaces.h"
#include "messaging/schema.h"
#include "metering/metering.h"
#include "template_json.h"
#include "templates/schema.h"
#include "templates/templates.h"
#include "testkit/database.h"
#include "testkit/http_imposter.h"
#include "testkit/io.h"
#include "testkit/skipping_clock.h"

namespace flowsell::templates {

/// A workspace with senders, and a provider that answers by the test's script.
class TemplatesWorld : public testing::Test {
 protected:
  TemplatesWorld() {
    pool_.start();
    workspace_ = workspaces_.create("Acme").value();
  }
  ~TemplatesWorld() override {
    provider_.release();
    pool_.stop();
    db_->stop();
  }
  connections::SenderPtr add(identity::Mode mode, const std::string& address) {
    connections::Senders::Draft draft;
    draft.workspace = workspace_;
    draft.mode = mode;
    draft.channel = "whatsapp";
    draft.account = "9" + address;
    draft.business_name = "Acme";
    draft.token = Secret("token");
    draft.address = address;
    draft.display_number = "+1555" + address;
    return senders_.create(std::move(draft)).value();
  }
  connections::ProviderRoutes routes() const {
    connections::ProviderRoutes out;
    out.test_api_base = out.live_api_base = http::Url::parse(provider_.url("/v25.0")).value();
    return out;
  }
  testkit::TempFolder folder_;
  testkit::SkippingClock clock_;
  IdSource ids_{clock_};
  runtime::IoPool pool_{2};
  testkit::HttpImposter provider_;
  std::unique_ptr<store::Database> db_ = testkit::open_database(
      folder_, {identity::migrations(), metering::migrations(), audit::migrations(),
                messaging::migrations(), connections::migrations(), migrations()});
  crypto::KeyRing ring_ = *crypto::KeyRing::from_hex(Secret(std::string(64, 'a')));
  std::unique_ptr<crypto::RotatingKeys> fingerprint_ =
      crypto::RotatingKeys::open(
          {folder_ / "keys", "fingerprint", std::chrono::hours(24), std::chrono::hours(96)},
          clock_.now())
          .value();
  identity::Workspaces workspaces_{*db_, ring_, ids_, clock_};
  metering::Idempotency idempotency_{*fingerprint_};
  std::shared_ptr<http::EgressGuard> guard_ =
      std::make_shared<http::EgressGuard>(http::EgressOptions{.allow_loopback = true});
  http::Client client_{pool_, guard_, {}};
  connections::Senders senders_{
      *db_, workspaces_,
      [](std::string_view name) { return name == "whatsapp" ? &whatsapp_adapter() : nullptr; },
      ids_, clock_};
  connections::ProviderCalls calls_{client_, clock_, routes()};
  connections::LeasedKeys keys_{*db_, idempotency_, clock_};
  WorkspaceId workspace_;
};

}  // namespace flowsell::templates
