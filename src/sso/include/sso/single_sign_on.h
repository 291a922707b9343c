#pragma once

#include <memory>
#include <string>

#include "sso/domain_watch.h"
#include "sso/domains.h"
#include "sso/providers.h"
#include "sso/sign_ins.h"
#include "sso/txt_lookup.h"

namespace flowsell::sso {

/// The room's parts, in the order in which they are made.
class SingleSignOn {
 public:
  struct Rooms {
    store::Database& db;
    accounts::Accounts& accounts;
    runtime::IoPool& pool;
    std::shared_ptr<http::EgressGuard> guard;
    const crypto::KeyRing& ring;
    IdSource& ids;
    const Clock& clock;
  };
  SingleSignOn(Rooms rooms, std::unique_ptr<TxtLookup> dns, GlobalOptions globals,
               std::string public_url)
      : sealer_(rooms.ring),
        dns_(std::move(dns)),
        client_(rooms.pool, rooms.guard, rooms.clock),
        guard_(rooms.guard),
        providers_(rooms.db, sealer_, *guard_, rooms.ids, rooms.clock),
        domains_(rooms.db, *dns_, rooms.ids, rooms.clock),
        domain_watch_({rooms.db, rooms.accounts, *dns_, rooms.ids, rooms.clock}),
        sign_ins_({rooms.db, rooms.accounts, providers_, domains_, client_, sealer_, rooms.ids,
                   rooms.clock},
                  std::move(globals), std::move(public_url)) {}
  ~SingleSignOn() { dns_->stop(); }
  SingleSignOn(const SingleSignOn&) = delete;
  SingleSignOn& operator=(const SingleSignOn&) = delete;

  Providers& providers() noexcept { return providers_; }
  Domains& domains() noexcept { return domains_; }
  DomainWatch& domain_watch() noexcept { return domain_watch_; }
  SignIns& sign_ins() noexcept { return sign_ins_; }

 private:
  Sealer sealer_;
  std::unique_ptr<TxtLookup> dns_;
  oidc::Client client_;
  std::shared_ptr<http::EgressGuard> guard_;
  Providers providers_;
  Domains domains_;
  DomainWatch domain_watch_;
  SignIns sign_ins_;
};

}  // namespace flowsell::sso
