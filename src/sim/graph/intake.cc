#include "graph/intake.h"

#include <fmt/format.h>

#include "graph/media_kinds.h"
#include "http/multipart.h"

namespace flowsell::sim {
namespace {

using Step = http::MultipartReader::Step;

constexpr std::size_t kFieldBytesMax = 4096;
constexpr std::size_t kWholeBytesMax = 64 * 1024;

/// The file as it comes, with what is to go wrong.
class Coming {
 public:
  Coming(World& world, MediaFiles& files) : world_(world), files_(files) {}

  Checked<> begin(std::string name, std::string type) {
    auto spool = files_.begin();
    if (!spool) return std::unexpected(GraphError{131000, ""});
    file_ = FilePart{std::move(name), std::move(type), *std::move(spool)};
    fault_ = world_.upload_fault.take();
    return {};
  }
  Checked<> add(std::string_view bytes) {
    if (!file_->spool->write(bytes)) return std::unexpected(GraphError{131000, ""});
    const auto size = file_->spool->size();
    if (size > kMediaBytesMax)
      return refuse(131053, fmt::format("File size exceeds the limit of {} bytes", kMediaBytesMax));
    if (!fault_ || size < fault_->after_bytes) return {};
    if (fault_->is_refusal) return refuse(131000, "Something went wrong");
    is_cut_ = true;
    return {};
  }
  Checked<> end() {
    if (!file_->spool->finish()) return std::unexpected(GraphError{131000, ""});
    return {};
  }
  bool is_cut() const noexcept { return is_cut_; }
  std::optional<FilePart>& file() noexcept { return file_; }

 private:
  World& world_;
  MediaFiles& files_;
  std::optional<FilePart> file_;
  std::optional<UploadFault> fault_;
  bool is_cut_ = false;
};

/// Reads on. False at the body's end; `is_cut` where it broke off.
Awaitable<bool> read_on(http::BodySource& body, std::string_view& piece, bool& is_cut) {
  const auto next = co_await body.next();
  is_cut = !next;
  piece = next ? *next : std::string_view();
  co_return !piece.empty();
}

Awaitable<Checked<Intake>> take_raw(Coming coming, const http::Request& request) {
  Intake intake;
  CO_CHECK_OK(coming.begin({}, std::string(request.header("content-type"))));
  std::string_view piece;
  while (!coming.is_cut() && co_await read_on(*request.stream, piece, intake.is_cut))
    CO_CHECK_OK(coming.add(piece));
  CO_CHECK_OK(coming.end());
  intake.is_cut = intake.is_cut || coming.is_cut();
  intake.params.set_file(*std::move(coming.file()));
  co_return intake;
}

/// One that brings no file after all.
Awaitable<Checked<Intake>> take_whole(const http::Request& request) {
  const auto text = co_await http::read_all(*request.stream, kWholeBytesMax);
  if (!text) co_return refuse_parameter("The request body could not be read");
  http::Request whole = request;
  whole.body = *text;
  Intake intake;
  CO_TRY(intake.params, Params::read(whole));
  co_return intake;
}

Awaitable<Checked<Intake>> take_form(Coming coming, const http::Request& request,
                                     std::string boundary) {
  Intake intake;
  http::MultipartReader reader(boundary);
  bool in_file = false;
  std::string value;
  while (!coming.is_cut() && !intake.is_cut) {
    const auto step = reader.next();
    if (step == Step::kEnd) break;
    switch (step) {
      case Step::kNeedMore: {
        std::string_view piece;
        if (!co_await read_on(*request.stream, piece, intake.is_cut) && !intake.is_cut)
          co_return refuse_parameter("The request body could not be read");
        reader.put(piece);
        break;
      }
      case Step::kPart:
        in_file = reader.part().filename.has_value() || reader.part().name == "file";
        value.clear();
        if (in_file)
          CO_CHECK_OK(
              coming.begin(reader.part().filename.value_or(""), reader.part().content_type));
        break;
      case Step::kData:
        if (in_file) {
          CO_CHECK_OK(coming.add(reader.data()));
        } else {
          value.append(reader.data());
          if (value.size() > kFieldBytesMax)
            co_return refuse_parameter("The request body could not be read");
        }
        break;
      case Step::kPartEnd:
        if (in_file) {
          CO_CHECK_OK(coming.end());
        } else {
          intake.params.set(reader.part().name, value);
        }
        break;
      default:
        co_return refuse_parameter("The request body could not be read");
    }
  }
  intake.is_cut = intake.is_cut || coming.is_cut();
  if (!intake.is_cut && coming.file()) intake.params.set_file(*std::move(coming.file()));
  co_return intake;
}

}  // namespace

bool has_file(http::Method method, std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  return method == http::Method::kPost && !path.starts_with("/_sim/") &&
         (path.ends_with("/media") || path.contains("/upload:"));
}

Awaitable<Checked<Intake>> take_in(World& world, MediaFiles& files, const http::Request& request) {
  const auto boundary = http::multipart_boundary(request.header("content-type"));
  if (request.path.contains("/upload:")) co_return co_await take_raw(Coming(world, files), request);
  if (!boundary) co_return co_await take_whole(request);
  co_return co_await take_form(Coming(world, files), request, *boundary);
}

}  // namespace flowsell::sim
