#include <algorithm>
#include <charconv>

#include "api/file_answer.h"
#include "call.h"
#include "core/encoding.h"
#include "headers.h"
#include "json/writer.h"
#include "media/library.h"
#include "paging.h"
#include "render.h"
#include "request_body.h"
#include "upload_form.h"

namespace flowsell::api {
namespace {

using http::Method;
using identity::Scope;
using media::Draft;
using media::Media;

constexpr std::size_t kUrlMax = 2048;
constexpr std::size_t kNameMax = 128;

std::string render(const Call& call, const Media& media) {
  json::Writer out;
  out.begin_object().key("id").string(media.id.str()).key("object").string("media");
  out.key("mode").string(identity::mode_name(media.mode));
  if (const auto sender = call.services.senders.find(media.sender))
    out.key("connection_id").string(sender->connection.str());
  out.key("sender_id").string(media.sender.str());
  out.key("direction").string(media::direction_name(media.direction));
  out.key("purpose").string(media::purpose_name(media.purpose));
  out.key("status").string(media::status_name(media.status(call.services.clock.now())));
  out.optional_string("filename", media.filename);
  out.key("mime_type").string(media.mime_type);
  out.optional_string("detected_mime_type", media.sniffed_type);
  if (media.size) out.key("size").integer(static_cast<std::int64_t>(*media.size));
  if (media.sha256) out.key("sha256").string(hex_encode(*media.sha256));
  out.optional_string("source_url", media.source_url);
  out.optional_string("provider_media_id", media.provider_id);
  out.optional_string("header_handle", media.handle);
  out.key("created_at").string(format_time(media.id.time()));
  write_time(out, "expires_at", media.expires_at);
  write_time(out, "deleted_at", media.deleted_at);
  out.end_object();
  return std::move(out).take();
}

http::Response shown(const Call& call, const Media& media) {
  http::Response response;
  response.body = render(call, media);
  return response;
}

http::Response created(const Call& call, const media::Library::Made& made) {
  http::Response response = shown(call, made.media);
  response.status = 201;
  response.headers.push_back({"Location", "/v1/media/" + made.media.id.str()});
  mark_replay(response, made.is_replay);
  return response;
}

// --- what is asked for ---

/// Fields of a form or of a JSON object, which have the same names.
class DraftReader {
 public:
  void set(std::string_view name, std::string_view value) {
    if (name == "connection_id") {
      draft_.connection = value;
    } else if (name == "from") {
      draft_.from = value;
    } else if (name == "type") {
      draft_.mime_type = value;
      if (!media::is_mime_type(value))
        fault(name, "invalid_format", "no media type", "Send, for example, image/png.");
    } else if (name == "filename") {
      set_filename(name, value);
    } else if (name == "purpose") {
      const auto purpose = media::parse_purpose(value);
      draft_.purpose = purpose.value_or(channel::MediaPurpose::kMessage);
      if (!purpose)
        fault(name, "invalid_value", "no such purpose",
              "Send message, template_header or profile_picture.");
    } else if (name == "sha256") {
      set_digest(name, value);
    } else if (name == "size") {
      std::uint64_t size = 0;
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), size);
      draft_.size = size;
      if (error != std::errc{} || end != value.data() + value.size() || size == 0)
        fault(name, "invalid_format", "no size", "Send the file's size in bytes.");
    } else {
      fault(name, "unknown_field", "there is no such field", "Leave it out.");
    }
  }
  void set_filename(std::string_view name, std::string_view value) {
    draft_.filename = value;
    if (!media::is_filename(value))
      fault(name, "invalid_format", "no name for a file",
            "Send up to 240 bytes of UTF-8, without control characters.");
  }
  void set_from_part(const http::MultipartPart& part) {
    if (draft_.filename.empty() && part.filename) set_filename("file", *part.filename);
    if (draft_.mime_type.empty() && media::is_mime_type(part.content_type))
      draft_.mime_type = part.content_type;
  }
  Draft& draft() noexcept { return draft_; }
  Result<Draft> take() {
    CHECK_OK(json::as_result(std::move(faults_)));
    return std::move(draft_);
  }

 private:
  void set_digest(std::string_view name, std::string_view value) {
    crypto::Digest digest{};
    const auto bytes = hex_decode(value);
    if (!bytes || bytes->size() != digest.size())
      return fault(name, "invalid_format", "no SHA-256", "Send its 64 hexadecimal digits.");
    std::ranges::copy(as_bytes(*bytes), digest.begin());
    draft_.sha256 = digest;
  }
  void fault(std::string_view name, std::string code, std::string detail, std::string fix) {
    faults_.push_back(
        {"/" + std::string(name), std::move(code), std::move(detail), std::move(fix)});
  }

  Draft draft_;
  std::vector<FieldError> faults_;
};

/// What a key stands for where a body is a stream: all that is said of the file before it.
std::string told_of(const Draft& draft) {
  std::string text;
  const auto add = [&text](std::string_view part) { text.append(part).append("\n"); };
  add(draft.connection);
  add(draft.from);
  add(draft.mime_type);
  add(draft.filename);
  add(media::purpose_name(draft.purpose));
  add(draft.sha256 ? hex_encode(*draft.sha256) : std::string());
  add(draft.size ? std::to_string(*draft.size) : std::string());
  return text;
}

Task<http::Response> upload_form(Call& call, std::string boundary) {
  UploadForm form(call.request, boundary);
  CO_CHECK_OK(co_await form.read_fields());
  DraftReader in;
  for (const auto& [name, value] : form.fields()) in.set(name, value);
  in.set_from_part(form.file());
  CO_TRY(Draft draft, in.take());
  if (!draft.size && draft.purpose != channel::MediaPurpose::kMessage)
    draft.size = form.likely_size();
  CO_TRY(const auto once, idempotent_call(call, told_of(draft)));
  CO_TRY(const auto made,
         co_await call.services.media.upload(call.by(), std::move(draft), form, once));
  co_return created(call, made);
}

/// A file by its address, or another sender's.
struct ByReference {
  Draft draft;
  std::string url, media_id;
};

ByReference read_reference(json::ObjectReader& in) {
  ByReference out;
  out.url = in.string("url", {1, kUrlMax}).value_or("");
  out.media_id = in.string("media_id", {1, kNameMax}).value_or("");
  if (out.url.empty() == out.media_id.empty()) {
    in.fault("url", "required", "one of url and media_id says which file",
             "Send one of them, or the file itself as multipart/form-data.");
  }
  DraftReader draft;
  for (const std::string_view name :
       {"connection_id", "from", "type", "filename", "purpose", "sha256"}) {
    if (const auto value = in.string(name)) draft.set(name, *value);
  }
  if (const auto size = in.integer("size", 1, INT64_MAX))
    draft.draft().size = static_cast<std::uint64_t>(*size);
  if (auto taken = draft.take()) {
    out.draft = *std::move(taken);
  } else {
    for (FieldError& fault : taken.error().fields) in.faults().push_back(std::move(fault));
  }
  return out;
}

Task<http::Response> upload_by_reference(Call& call) {
  std::string text;
  if (call.request.stream != nullptr) {
    CO_TRY(text, co_await http::read_all(*call.request.stream, call.services.body_bytes_max));
  }
  http::Request whole = call.request;
  whole.body = text;
  CO_TRY(auto asked, read_body(whole, read_reference));
  CO_TRY(const auto once, idempotent_call(call, text));
  auto& library = call.services.media;
  if (!asked.media_id.empty()) {
    CO_TRY(const auto made, co_await library.copy(call.by(), std::move(asked.draft),
                                                  std::move(asked.media_id), once));
    co_return created(call, made);
  }
  auto url = http::Url::parse(asked.url);
  if (!url)
    co_return fail_field("/url", "invalid_format", url.error().detail,
                         "Use an https URL on a public host, port 443.");
  CO_TRY(const auto made,
         co_await library.fetch(call.by(), std::move(asked.draft), *std::move(url), once));
  co_return created(call, made);
}

Task<http::Response> create_media(Call& call) {
  const auto boundary = http::multipart_boundary(call.request.header("Content-Type"));
  if (boundary && call.request.stream != nullptr) co_return co_await upload_form(call, *boundary);
  co_return co_await upload_by_reference(call);
}

// --- what there is ---

Task<http::Response> get_media(Call& call) {
  CO_TRY(const auto media,
         co_await call.services.media.find(call.caller, call.request.params.at(0)));
  co_return shown(call, media);
}

Task<http::Response> delete_media(Call& call) {
  CO_TRY(const auto media,
         co_await call.services.media.remove(call.by(), call.request.params.at(0)));
  co_return shown(call, media);
}

Task<http::Response> list_media(Call& call) {
  CO_TRY(auto in, QueryReader::parse(call.request.query));
  media::Query query;
  query.workspace = call.caller.workspace;
  query.mode = call.caller.mode;
  read_page(in, query);
  query.sender = in.id<SenderId>("sender_id");
  if (const auto direction = in.text("direction")) {
    query.direction =
        *direction == "received" ? media::Direction::kReceived : media::Direction::kUploaded;
    if (*direction != "received" && *direction != "uploaded")
      in.fault("direction", "invalid_value", "no such direction", "Use uploaded or received.");
  }
  CO_CHECK_OK(in.finish());
  CO_TRY(const auto page, co_await call.services.media.list(query));
  co_return list_response(call.request, page,
                          [&call](const Media& media) { return render(call, media); });
}

/// RFC 6266 and 8187: a name for old readers, and the same in full. Always to be saved: it comes
/// from anybody, and a browser must not run it here.
std::string disposition_of(const Media& media) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const std::string_view name =
      media.filename.empty() ? std::string_view("file") : std::string_view(media.filename);
  std::string plain;
  std::string full;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                          (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
    plain += is_plain || c == ' ' ? c : '_';
    if (is_plain) {
      full += c;
    } else {
      full.append("%").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 15U]);
    }
  }
  return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + full;
}

/// As it was declared, or as the provider says of what somebody sent.
std::string content_type_of(const media::Contents& contents) {
  const std::string& declared = contents.media.mime_type;
  if (!declared.empty() && media::is_printable(declared)) return declared;
  if (!contents.content_type.empty()) return contents.content_type;
  return "application/octet-stream";
}

Task<http::Response> download_media(Call& call) {
  CO_TRY(const Media media,
         co_await call.services.media.find(call.caller, call.request.params.at(0)));
  auto range = range_of(call.request, media);
  CO_TRY(auto contents,
         co_await call.services.media.open(call.caller, media.id.str(), std::move(range)));
  std::string type = content_type_of(contents);
  std::string disposition = disposition_of(contents.media);
  co_return file_answer(std::move(contents), std::move(type), std::move(disposition));
}

}  // namespace

void add_media_routes(Routes& routes) {
  routes.add_streamed(Method::kPost, "/v1/media", Scope::kMessagesSend, create_media);
  routes.add(Method::kGet, "/v1/media", Scope::kMessagesRead, list_media);
  routes.add(Method::kGet, "/v1/media/{}", Scope::kMessagesRead, get_media);
  routes.add(Method::kDelete, "/v1/media/{}", Scope::kMessagesSend, delete_media);
  routes.add_streamed(Method::kGet, "/v1/media/{}/content", Scope::kMessagesRead, download_media);
}

}  // namespace flowsell::api
