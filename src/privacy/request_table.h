#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "crypto/hash.h"
#include "privacy/legal_hold.h"
#include "privacy/request.h"
#include "store/database.h"

namespace flowsell::privacy {

/// An id, or nothing where it is none.
template <class IdType>
store::Param id_or_empty(const IdType& id) {
  return store::Param::blob(id.is_none() ? std::string_view("") : id.blob());
}

/// About whom a request or a hold is, as parameters: views of it.
template <class Of>
std::array<store::Param, 4> subject_of(const Of& of) {
  return {static_cast<int>(of.subject), id_or_empty(of.user), id_or_empty(of.workspace),
          store::Param::blob(of.contact_hash)};
}

/// What a mail's link holds, and where the mail goes: hashes (stop_link.h). Empty: there is none.
struct LinkMarks {
  std::string token, address;
};
/// False: a deletion of the same is open, which another process began in this moment.
Result<bool> insert_request(store::Connection& db, const DataRequest& request,
                            const LinkMarks& link);
Result<std::optional<DataRequest>> find_request(store::Connection& db, const DataRequestId& id);
/// The same, where its token is that one.
Result<std::optional<DataRequest>> find_request_by_token(store::Connection& db,
                                                         const DataRequestId& id,
                                                         const crypto::Digest& token);
/// Where that link was sent; empty: not known, or of no interest any more.
Result<std::string> link_address(store::Connection& db, const DataRequestId& id);
/// A link in place of one that went to `before`. False: there is one already, or the deletion runs.
Result<bool> replace_link(store::Connection& db, const DataRequestId& id, const LinkMarks& link,
                          std::string_view before);
/// The account's row goes: the link is good from now on wherever it was sent, if that is `address`,
/// and else void.
Result<> settle_link(store::Connection& db, const DataRequestId& id, std::string_view address);
/// A deletion that waits, and has a link.
struct LinkedRequest {
  DataRequest request;
  std::string sent_to;  ///< a mark
  std::string email;    ///< what the account's address is now
};
Result<std::vector<LinkedRequest>> linked_requests(store::Connection& db);

/// A deletion of the same that has not ended.
Result<std::optional<DataRequestId>> find_open_deletion(store::Connection& db,
                                                        const DataRequest& like);

/// Whether one of the same was refused, as long as it is known.
Result<bool> was_refused(store::Connection& db, const DataRequest& like);
/// Those that have not ended, of what is held.
Result<std::vector<DataRequest>> open_deletions_under(store::Connection& db, const LegalHold& hold);

/// What somebody has asked for: what has not ended, and what came after `since`.
struct AskerCounts {
  std::int64_t open = 0, recent = 0;
};
Result<AskerCounts> count_of_asker(store::Connection& db, const std::string& asker, Time since);

Result<RequestPage> list_requests(store::Connection& db, const RequestQuery& query, Time now);

/// Deletions that run, or may begin to: received ones where `unreviewed`.
Result<std::vector<DataRequest>> due_deletions(store::Connection& db, Time now, bool unreviewed);
struct Counts {
  std::int64_t open = 0, overdue = 0;
};
Result<Counts> count_open(store::Connection& db, Time now);

/// A bit for each state's number.
constexpr std::int64_t bit(State state) { return std::int64_t{1} << static_cast<int>(state); }
/// The request is in `to` from now on, where it was in one of `from`. False: it was not.
struct Move {
  std::int64_t from = 0;
  State to = State::kReceived;
  Step step = Step::kNone;
  std::string_view reason = {};
  std::optional<Time> finished_at = std::nullopt;
};
Result<bool> move_request(store::Connection& db, const DataRequestId& id, const Move& move);
/// The step behind `step` is to be done now. False: somebody else has said so.
Result<bool> pass_step(store::Connection& db, const DataRequest& request, Step next);
/// What names a number goes from this request and all others about it.
Result<> forget_contact(store::Connection& db, const DataRequest& request);
/// The same of exports that can't be downloaded any more, and of deletions that were refused or
/// cancelled, when their time is over: how many there are, and all of them.
Result<std::int64_t> count_stale_contacts(store::Connection& db, Time now);
Result<> forget_stale_contacts(store::Connection& db, Time now);
/// The end of a deletion. False: it had ended.
Result<bool> finish_request(store::Connection& db, const DataRequestId& id, Time now,
                            std::string_view certificate);

Result<> put_part(store::Connection& db, const DataRequest& request, std::int64_t cell, Time now);
/// It begins anew: no step is done anywhere.
Result<> drop_parts(store::Connection& db, const DataRequestId& id);
/// Cells in which the request's step is done.
Result<std::vector<std::int64_t>> list_parts(store::Connection& db, const DataRequest& request);

}  // namespace flowsell::privacy
