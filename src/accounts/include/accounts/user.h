#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/id.h"
#include "core/time.h"

namespace flowsell::accounts {

/// Somebody with an account.
struct User {
  UserId id;
  std::string email;  ///< as normal_email() has it
  std::string name;
  std::optional<Time> email_verified_at;
  Time created_at{};
};

/// An identity provider that said who somebody is.
struct Voucher {
  std::string provider;      ///< its name
  WorkspaceId workspace;     ///< whose it is; none: everybody's
  IdentityId identity = {};  ///< who it said that he is
};

/// A way to sign in beside the password: an identity provider that is linked.
struct WayIn {
  std::string provider;  ///< what its sessions name it by
  std::string name;      ///< what people call it
};

/// One browser, or program, that has signed in.
struct Session {
  SessionId id;
  User user;
  Time created_at{};
  Time seen_at{};  ///< to the minute
  Time expires_at{};
  std::string address;
  std::string seen_address = {};  ///< where it was last seen, as `seen_at`
  std::string user_agent = {};
  /// It was confirmed by a second factor, and the user has not disabled that since.
  bool has_second_factor = false;
  std::optional<Voucher> voucher = std::nullopt;  ///< nullopt: nobody else's word
  PasskeyId passkey = {};  ///< what it was made by; none: a password or a voucher
};

/// A workspace that a user is a member of, as his list shows it. What he may do there the workspace
/// itself knows.
struct UserWorkspace {
  WorkspaceId id;
  std::string name;
  int role = 0;  ///< identity::Role
};

/// A workspace as the lists of those who are in it have it.
struct ListedWorkspace {
  WorkspaceId id;
  std::string name;
  std::int64_t members = 0;
};

/// Terms that a user has accepted.
struct TermsAcceptance {
  AcceptanceId id;
  std::string version;
  Time accepted_at{};
};

/// The address as we store and compare it: lower case, without space around it. nullopt: not one
/// that we send to.
std::optional<std::string> normal_email(std::string_view text);

}  // namespace flowsell::accounts
