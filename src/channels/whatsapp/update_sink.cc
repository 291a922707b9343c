#include "update_sink.h"

#include "crypto/hash.h"
#include "field_copy.h"

namespace flowsell::whatsapp {
namespace {

crypto::Digest digest_of(const json::Value& what) {
  return crypto::sha256(json::Writer().value(what).text());
}

void fill(channel::Notice& notice, json::Writer fields, json::Writer content) {
  notice.fields_json = inside_of(std::move(fields));
  notice.content_json = Content(inside_of(std::move(content)));
}

}  // namespace

void UpdateSink::add(channel::Update update) {
  channel::source_of(update) = std::exchange(source_, {});
  updates_.push_back(std::move(update));
}

void UpdateSink::unknown(const json::Value& what, std::string_view address, std::string_view field,
                         std::string_view provider_id, std::optional<Time> at) {
  add(channel::UnknownUpdate{std::string(address), std::string(field), std::string(provider_id),
                             at.value_or(Time{}), digest_of(what)});
}

void UpdateSink::notice(channel::Notice notice, json::Writer fields, json::Writer content,
                        const json::Value& what) {
  fill(notice, std::move(fields), std::move(content));
  notice.digest = digest_of(what);
  add(std::move(notice));
}

void UpdateSink::notice(channel::Notice notice, json::Writer fields, json::Writer content) {
  fill(notice, std::move(fields), std::move(content));
  notice.digest =
      crypto::sha256(notice.fields_json + '\n' + std::string(notice.content_json.reveal()));
  add(std::move(notice));
}

channel::Notice notice_of(const ChangeContext& change, channel::NoticeKind kind) {
  channel::Notice notice;
  notice.kind = kind;
  notice.address = change.address;
  if (change.address.empty()) notice.account = change.account;
  notice.at = change.at.value_or(Time{});
  return notice;
}

}  // namespace flowsell::whatsapp
