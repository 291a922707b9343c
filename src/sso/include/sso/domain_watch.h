#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "accounts/accounts.h"
#include "sso/domains.h"

namespace flowsell::sso {

/// Looks proven domains up again: one may change hands. Where its record was missing at several
/// looks, a day apart, the domain is not proven any more and leads nowhere; the claim stays, so
/// that its workspace may prove it again. Nobody answering is no missing record. Thread-safe.
class DomainWatch {
 public:
  static constexpr std::chrono::hours kLookEvery{24};
  static constexpr std::chrono::hours kAgainWhereNobodyAnswered{1};
  static constexpr int kMissesMax = 3;
  static constexpr std::size_t kPage = 100;

  /// All outlive it.
  struct Rooms {
    store::Database& db;
    accounts::Accounts& accounts;
    TxtLookup& dns;
    IdSource& ids;
    const Clock& clock;
  };
  explicit DomainWatch(Rooms rooms) : rooms_(rooms) {}

  /// A domain that is to be looked up, as it stood when it was read.
  struct Due {
    Domain domain;
    Time looked_at{};
    int misses = 0;  ///< looks in a row that found no record
  };
  /// By name, those behind `after`: kPage at most.
  Task<std::vector<Due>> due(std::string after) const;

  /// Looks up one of them. True: it is to lapse. False also where another process looks, or it was
  /// removed meanwhile.
  Task<bool> look(Due due);
  /// What look() said so of is not proven any more, which the owners hear by mail. On the system's
  /// record; on the workspace's, which is in its cell, the caller puts it before. False: somebody
  /// else has done it.
  Task<bool> lapse(Domain domain, std::vector<UserId> owners);

 private:
  Rooms rooms_;
};

/// What records call it.
inline constexpr std::string_view kDomainLapsed = "sso_domain.lapsed";
/// What a record says was before.
std::string json_of_lapse(const Domain& domain);

}  // namespace flowsell::sso
