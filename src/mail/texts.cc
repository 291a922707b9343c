#include "mail/texts.h"

#include <string>
#include <utility>

namespace flowsell::mail {

Content token_link(std::string_view public_url, std::string_view page, const Secret& token) {
  std::string link(public_url);
  link.append(page).append("#token=").append(token.reveal());
  return Content(std::move(link));
}

Content minute_text(Time at) {
  std::string text = format_time(at).substr(0, 16);
  text[10] = ' ';
  return Content(text + " UTC");
}

}  // namespace flowsell::mail
