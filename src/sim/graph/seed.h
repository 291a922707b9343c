#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "state/node.h"
#include "world.h"

namespace flowsell::sim {

/// Makes the nodes of what the simulator was started with, each when it is asked for: the app, the
/// portfolio, the accounts and their numbers. nullopt for any other id.
class Seed {
 public:
  explicit Seed(const World& world);
  std::optional<Node> make(std::string_view id) const;

 private:
  Node make_app() const;
  Node make_business() const;
  Node make_account(std::size_t number) const;
  Node make_phone(std::size_t number) const;

  const World& world_;
  std::map<std::string, std::size_t, std::less<>> accounts_;  ///< the first number of each
  std::map<std::string, std::size_t, std::less<>> phones_;
};

/// An account as it is when it is made: nobody is subscribed.
json::Object account_fields(std::string_view id, std::string_view name,
                            std::string_view business_id);
/// A number as it is when it is added: not verified, not registered.
json::Object phone_fields(const SimNumber& number, std::string_view verified_name);
/// "ba30dd89_2ebd_41e4_b805_f2c05ae04cc9", of an account.
std::string namespace_of(std::string_view account_id);

}  // namespace flowsell::sim
