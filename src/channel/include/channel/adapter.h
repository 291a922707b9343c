#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "channel/message.h"
#include "channel/outcome.h"
#include "channel/sender_calls.h"
#include "channel/updates.h"
#include "core/error.h"
#include "core/sensitive.h"
#include "http/client.h"

namespace flowsell::channel {

class MediaCalls;

/// The address a message leaves from, and where its provider's API is.
struct SenderRoute {
  std::string address;  ///< WhatsApp: phone-number id
  http::Url api_base;   ///< "https://graph.facebook.com/v25.0": its target is the head of every
                        ///< path, no '/' at its end
  http::Version version = http::Version::kHttp1;  ///< that it is asked by

  http::Url at(std::string_view path) const {
    http::Url url = api_base;
    url.target.append(path);
    return url;
  }
};

/// What the adapter needs to know beside the message itself.
struct CompileContext {
  MessageId id;                     ///< goes with the message and comes back with every status
  std::string context_provider_id;  ///< the provider's id of the message replied to; empty: none
  std::string target_provider_id;   ///< of the message reacted to; empty unless a reaction
  /// The provider's ids of our own media in the message, each beside ours.
  std::vector<std::pair<std::string, std::string>> media = {};

  /// `media_id` itself where it is the provider's; empty where it is ours and not known.
  std::string_view provider_media_id(std::string_view media_id) const;
};

class AccountCalls;
class SignupCalls;

class TemplateCalls;

/// One channel: translation only, values in and values out. No I/O, no clock, no state, so every
/// thread may call it and a test needs no mock. Every adapter passes the suite of channel/testing.
class Adapter {
 public:
  virtual ~Adapter() = default;
  virtual std::string_view name() const noexcept = 0;  ///< "whatsapp"

  /// The channel's limits. Fails with kInvalidRequest, each fault with its pointer into the API's
  /// request and a fix.
  virtual Result<> check(const OutboundMessage& message) const = 0;
  /// The provider's request for a message that passed check(), without its credential.
  virtual Result<http::OutRequest> compile(const OutboundMessage& message,
                                           const CompileContext& context,
                                           const SenderRoute& route) const = 0;
  /// The request that marks an inbound message as read, and shows typing where asked.
  virtual Result<http::OutRequest> compile_read(std::string_view provider_message_id, bool typing,
                                                const SenderRoute& route) const = 0;
  /// Adds the sender's credential to a compiled request of the provider's API. Once a request.
  virtual void authorize(http::OutRequest& request, const Secret& token) const = 0;
  /// The same for the bytes of an upload session.
  virtual void authorize_upload(http::OutRequest& request, const Secret& token) const {
    authorize(request, token);
  }
  /// The same for a file at an address that the provider gave: taken as it is.
  virtual void authorize_download(http::OutRequest& request, const Secret& token) const {
    authorize(request, token);
  }
  /// What the provider's answer says. Reads status, headers and body; never guesses.
  virtual Interpretation interpret(const http::Exchange& answered) const = 0;

  /// What to do about an error of the provider, by its numbers: one sentence, never empty.
  virtual std::string_view fix_of(std::int64_t code, std::int64_t subcode) const noexcept = 0;

  /// How files go to the provider and back; nullptr: they don't.
  virtual const MediaCalls* media_calls() const noexcept { return nullptr; }

  /// True when `signature` (the header's value) is the provider's over exactly these bytes.
  /// Constant time.
  virtual bool verify(std::string_view raw_body, std::string_view signature,
                      const Secret& app_secret) const = 0;
  /// The updates in a verified webhook body, in its order. Fails with kInvalidJson only: what is
  /// not understood becomes an UnknownUpdate. `now` stands in where the provider gives no time.
  virtual Result<std::vector<Update>> parse(std::string_view raw_body, Time now) const = 0;

  /// How its accounts are connected (account_calls.h); nullptr: they can't be.
  virtual const AccountCalls* account_calls() const noexcept { return nullptr; }

  /// How its senders are managed; nullptr: they can't be.
  virtual const SenderCalls* sender_calls() const noexcept { return nullptr; }
  /// How its customers let us in (signup.h); nullptr: not by a page of ours.
  virtual const SignupCalls* signup_calls() const noexcept { return nullptr; }

  /// How its templates are managed; nullptr: it has none.
  virtual const TemplateCalls* template_calls() const noexcept { return nullptr; }

  /// A webhook of the provider's that says nothing but what one update came from, which has a
  /// source: for who reads the provider's own words. `callback_data` stands where our id of a
  /// message stood; empty: nothing does. Empty: the channel has no such form.
  virtual Content original(const Source& /*source*/, std::string_view /*callback_data*/) const {
    return {};
  }
  /// The same of a failure that the provider does not tell of.
  virtual Content original(const OwnFailure& /*failure*/) const { return {}; }
};

}  // namespace flowsell::channel
