#include "check.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "core/encoding.h"
#include "emoji.h"
#include "http/url.h"
#include "json/reader.h"

namespace flowsell::whatsapp {
namespace {

constexpr std::size_t kTextMax = 4096;
constexpr std::size_t kCaptionMax = 1024;
constexpr std::size_t kInteractiveHeaderMax = 60;
constexpr std::size_t kInteractiveBodyMax = 1024;
constexpr std::size_t kInteractiveFooterMax = 60;
constexpr std::size_t kButtonsMax = 3;
constexpr std::size_t kButtonIdMax = 256;
constexpr std::size_t kButtonTitleMax = 20;
constexpr std::size_t kTemplateNameMax = 512;
constexpr std::size_t kHeaderParameterMax = 60;
constexpr std::size_t kBodyParameterMax = 1024;
constexpr std::size_t kSpacesInRowMax = 4;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_name_character(char c) { return is_lower(c) || is_digit(c) || c == '_'; }

class Checker {
 public:
  void operator()(const channel::Text& text) {
    length("/text/body", text.body.reveal(), 1, kTextMax);
  }

  void operator()(const channel::Image& image) {
    link("/image/link", image.link.reveal());
    length("/image/caption", image.caption.reveal(), 0, kCaptionMax);
  }

  void operator()(const channel::Document& document) {
    link("/document/link", document.link.reveal());
    length("/document/caption", document.caption.reveal(), 0, kCaptionMax);
  }

  void operator()(const channel::Reaction& reaction) {
    if (reaction.message.empty()) {
      fault("/reaction/message_id", "required", "names no message",
            "Name the message to react to.");
    }
    if (!reaction.emoji.empty() && !is_one_emoji(reaction.emoji.reveal())) {
      fault("/reaction/emoji", "invalid_format",
            "must be one emoji, or empty to remove the reaction",
            "Send a single emoji such as U+1F44D.");
    }
  }

  void operator()(const channel::InteractiveButtons& interactive) {
    length("/interactive/header/text", interactive.header.reveal(), 0, kInteractiveHeaderMax);
    length("/interactive/body/text", interactive.body.reveal(), 1, kInteractiveBodyMax);
    length("/interactive/footer/text", interactive.footer.reveal(), 0, kInteractiveFooterMax);
    buttons(interactive.buttons);
  }

  void operator()(const channel::Template& message) {
    template_name(message.name);
    language(message.language);
    const std::string components = "/template/components/";
    const std::string header = components + std::to_string(message.header_index) + "/parameters";
    const std::string body = components + std::to_string(message.body_index) + "/parameters";
    if (message.header.size() > 1) {
      fault(header, "too_many", "a header has at most 1 parameter", "Send one parameter.");
    }
    parameters(header, message.header, kHeaderParameterMax);
    parameters(body, message.body, kBodyParameterMax);
    naming(header, message.header, body, message.body);
  }

  void context(const channel::OutboundMessage& message) {
    if (message.context.empty() || !std::holds_alternative<channel::Reaction>(message.body)) return;
    fault("/context", "not_allowed", "a reaction can't be a reply", "Leave context out.");
  }

  std::vector<FieldError> take() { return std::move(faults_); }

 private:
  void fault(std::string pointer, std::string code, std::string detail, std::string fix) {
    faults_.push_back({std::move(pointer), std::move(code), std::move(detail), std::move(fix)});
  }

  void length(std::string pointer, std::string_view text, std::size_t min, std::size_t max) {
    const std::size_t points = count_code_points(text);
    if (points > max) {
      const std::string limit = std::to_string(max) + " characters";
      fault(std::move(pointer), "too_long", "is longer than " + limit,
            "Shorten it to at most " + limit + ".");
    } else if (points < min) {
      fault(std::move(pointer), "too_short",
            "must have at least " + std::to_string(min) + " character",
            "Send a text that is not empty.");
    }
  }

  void link(std::string pointer, std::string_view text) {
    if (http::Url::parse(text)) return;
    fault(std::move(pointer), "invalid_format",
          "must be an absolute http or https URL of at most 2048 bytes, without user name, "
          "password and fragment",
          "Send a public URL that WhatsApp can fetch the file from.");
  }

  void buttons(const std::vector<channel::Button>& all) {
    if (all.empty()) {
      fault("/interactive/action/buttons", "required", "needs at least 1 button",
            "Send 1 to 3 buttons.");
    }
    if (all.size() > kButtonsMax) {
      fault("/interactive/action/buttons", "too_many", "has more than 3 buttons",
            "Send 1 to 3 buttons.");
    }
    std::set<std::string_view> ids;
    std::set<std::string_view> titles;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string reply = "/interactive/action/buttons/" + std::to_string(i) + "/reply";
      button_id(reply + "/id", all[i].id);
      unique(reply + "/id", all[i].id, ids);
      length(reply + "/title", all[i].title.reveal(), 1, kButtonTitleMax);
      unique(reply + "/title", all[i].title.reveal(), titles);
    }
  }

  void button_id(const std::string& pointer, std::string_view id) {
    length(pointer, id, 1, kButtonIdMax);
    if (id.empty() || (!is_space(id.front()) && !is_space(id.back()))) return;
    fault(pointer, "invalid_format", "must not begin or end with a space", "Trim the id.");
  }

  void unique(const std::string& pointer, std::string_view text, std::set<std::string_view>& seen) {
    if (text.empty() || seen.insert(text).second) return;
    fault(pointer, "duplicate", "is the same as that of another one before it",
          "Make it unique in this message.");
  }

  void template_name(std::string_view name) {
    length("/template/name", name, 1, kTemplateNameMax);
    if (std::ranges::all_of(name, is_name_character)) return;
    fault("/template/name", "invalid_format", "may have the characters a to z, 0 to 9 and _ only",
          "Use the template's name exactly as it was created.");
  }

  /// "de", "fil", "pt_BR": two or three small letters, then perhaps '_' and two or three capitals.
  void language(std::string_view code) {
    const std::size_t head =
        static_cast<std::size_t>(std::ranges::find_if_not(code, is_lower) - code.begin());
    const std::string_view tail = code.substr(head);
    const bool head_fits = head == 2 || head == 3;
    const bool tail_fits =
        tail.empty() || ((tail.size() == 3 || tail.size() == 4) && tail[0] == '_' &&
                         std::ranges::all_of(tail.substr(1), is_upper));
    if (head_fits && tail_fits) return;
    fault("/template/language/code", "invalid_format", "must look like \"en\" or \"en_US\"",
          "Use the language code that the template was created with.");
  }

  void parameters(const std::string& pointer, const std::vector<channel::TemplateParameter>& all,
                  std::size_t length_max) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const std::string parameter = pointer + "/" + std::to_string(i);
      length(parameter + "/text", all[i].text.reveal(), 1, length_max);
      parameter_text(parameter + "/text", all[i].text.reveal());
      parameter_name(parameter + "/parameter_name", all[i].name);
      unique(parameter + "/parameter_name", all[i].name, names);
    }
  }

  void parameter_text(std::string pointer, std::string_view text) {
    const std::string too_many_spaces(kSpacesInRowMax + 1, ' ');
    if (text.find_first_of("\n\r\t") == text.npos && text.find(too_many_spaces) == text.npos)
      return;
    fault(std::move(pointer), "invalid_format",
          "must not have new lines, tabs or more than 4 spaces in a row",
          "Put line breaks into the template itself.");
  }

  void parameter_name(std::string pointer, std::string_view name) {
    if (std::ranges::all_of(name, is_name_character)) return;
    fault(std::move(pointer), "invalid_format", "may have the characters a to z, 0 to 9 and _ only",
          "Use the name of the variable in the template.");
  }

  /// A template's variables are all named or all positional, over its header and body together.
  void naming(const std::string& header, const std::vector<channel::TemplateParameter>& in_header,
              const std::string& body, const std::vector<channel::TemplateParameter>& in_body) {
    const auto is_named = [](const channel::TemplateParameter& parameter) {
      return !parameter.name.empty();
    };
    if (std::ranges::none_of(in_header, is_named) && std::ranges::none_of(in_body, is_named))
      return;
    require_names(header, in_header);
    require_names(body, in_body);
  }

  void require_names(const std::string& pointer,
                     const std::vector<channel::TemplateParameter>& all) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!all[i].name.empty()) continue;
      fault(pointer + "/" + std::to_string(i) + "/parameter_name", "required",
            "is missing while other parameters of this message are named",
            "Name all parameters of a template or none.");
    }
  }

  std::vector<FieldError> faults_;
};

}  // namespace

Result<> check_message(const channel::OutboundMessage& message) {
  Checker checker;
  std::visit(checker, message.body);
  checker.context(message);
  return json::as_result(checker.take());
}

}  // namespace flowsell::whatsapp
