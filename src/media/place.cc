#include "place.h"

#include <utility>

namespace flowsell::media {
namespace {

class Held final : public http::BodySource {
 public:
  Held(std::unique_ptr<http::BodySource> body, std::shared_ptr<void> what)
      : body_(std::move(body)), what_(std::move(what)) {}
  Task<std::string_view> next() override { return body_->next(); }

 private:
  std::unique_ptr<http::BodySource> body_;
  std::shared_ptr<void> what_;
};

}  // namespace

std::shared_ptr<http::BodySource> held(std::unique_ptr<http::BodySource> body,
                                       std::shared_ptr<void> what) {
  return std::make_shared<Held>(std::move(body), std::move(what));
}

Result<> check_fetched(const http::Exchange& head) {
  using End = http::ExchangeEnd;
  if (head.end == End::kAnswered) return {};
  if (head.end == End::kRefused) {
    return fail_field("/url", "not_allowed", "it leads to an address that is not fetched from",
                      "Use an https URL on a public host, port 443.");
  }
  return fail_field("/url", "unreachable",
                    "its server gave no answer: " + std::string(http::exchange_end_name(head.end)),
                    "Open the address without signing in: it must give the file.");
}

}  // namespace flowsell::media
