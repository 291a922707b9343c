#include <algorithm>
#include <set>
#include <string>

#include "checker.h"
#include "emoji.h"

namespace flowsell::whatsapp {
namespace {

constexpr std::size_t kHeaderMax = 60;
constexpr std::size_t kBodyMax = 1024;
constexpr std::size_t kListBodyMax = 4096;
constexpr std::size_t kFooterMax = 60;
constexpr std::size_t kButtonsMax = 3;
constexpr std::size_t kButtonIdMax = 256;
constexpr std::size_t kLabelMax = 20;
constexpr std::size_t kSectionsMax = 10;
constexpr std::size_t kRowsMax = 10;
constexpr std::size_t kRowIdMax = 200;
constexpr std::size_t kRowTitleMax = 24;
constexpr std::size_t kRowDescriptionMax = 72;
constexpr std::size_t kFlowCtaMax = 30;
constexpr std::size_t kFlowTextMax = 200;  // ours, of ids, names and screens
constexpr std::size_t kCardBodyMax = 160;
constexpr std::ptrdiff_t kCardBreaksMax = 2;

constexpr std::string_view kAction = "/interactive/action";
std::string action(std::string_view rest) { return std::string(kAction).append(rest); }

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// What may stand around an action.
struct Frame {
  enum class Header : std::uint8_t { kNone, kText, kAny, kImage, kTextRequired } header;
  std::size_t body_min;
  std::size_t body_max;
  bool footer;
};

Frame frame_of(const channel::InteractiveAction& action) {
  struct Frames {
    using H = Frame::Header;
    Frame operator()(const channel::ReplyButtons&) { return {H::kAny, 1, kBodyMax, true}; }
    Frame operator()(const channel::List&) { return {H::kText, 1, kListBodyMax, true}; }
    Frame operator()(const channel::LinkButton&) { return {H::kAny, 1, kBodyMax, true}; }
    Frame operator()(const channel::LocationRequest&) { return {H::kNone, 1, kBodyMax, false}; }
    Frame operator()(const channel::AddressRequest&) { return {H::kText, 1, kBodyMax, true}; }
    Frame operator()(const channel::Product&) { return {H::kNone, 0, kBodyMax, true}; }
    Frame operator()(const channel::ProductList&) { return {H::kTextRequired, 1, kBodyMax, true}; }
    Frame operator()(const channel::CatalogLink&) { return {H::kNone, 1, kBodyMax, true}; }
    Frame operator()(const channel::FlowButton&) { return {H::kAny, 1, kBodyMax, true}; }
    Frame operator()(const channel::Carousel&) { return {H::kNone, 1, kBodyMax, false}; }
    Frame operator()(const channel::CallButton&) { return {H::kNone, 1, kBodyMax, false}; }
    Frame operator()(const channel::CallPermissionRequest&) {
      return {H::kNone, 0, kBodyMax, false};
    }
    Frame operator()(const channel::ContactRequest&) { return {H::kNone, 1, kBodyMax, false}; }
    Frame operator()(const channel::OrderDetails&) { return {H::kImage, 1, kBodyMax, true}; }
    Frame operator()(const channel::OrderStatus&) { return {H::kNone, 1, kBodyMax, true}; }
  };
  return std::visit(Frames(), action);
}

void check_header(Checker& checker, const channel::Interactive& message, Frame::Header allowed) {
  using Header = Frame::Header;
  const std::string at = "/interactive/header";
  const auto* text = std::get_if<Content>(&message.header);
  const auto* media = std::get_if<channel::HeaderMedia>(&message.header);
  if (text == nullptr && media == nullptr) {
    if (allowed == Header::kTextRequired)
      checker.fault(at, "required", "this kind of message needs a text header",
                    "Add {\"type\": \"text\", \"text\": ...}.");
    return;
  }
  const bool wrong_kind =
      allowed == Header::kNone ||
      (media != nullptr && (allowed == Header::kText || allowed == Header::kTextRequired)) ||
      (allowed == Header::kImage &&
       (media == nullptr || media->kind != channel::MediaKind::kImage));
  if (wrong_kind) {
    checker.fault(at, "not_allowed",
                  allowed == Header::kNone    ? "this kind of message has no header"
                  : allowed == Header::kImage ? "this kind of message has an image as header only"
                                              : "this kind of message has a text as header only",
                  "Leave it out, or send another kind of message.");
  } else if (text != nullptr) {
    checker.length(at + "/text", text->reveal(), 0, kHeaderMax);
  } else {
    checker.header_media(at, *media);
  }
}

void check_frame(Checker& checker, const channel::Interactive& message) {
  const Frame frame = frame_of(message.action);
  check_header(checker, message, frame.header);
  if (message.body.empty() && frame.body_min > 0) {
    checker.fault("/interactive/body", "required", "'body' is missing", "Add the field 'body'.");
  } else {
    checker.length("/interactive/body/text", message.body.reveal(), 0, frame.body_max);
  }
  if (!message.footer.empty() && !frame.footer) {
    checker.fault("/interactive/footer", "not_allowed", "this kind of message has no footer",
                  "Leave it out.");
  }
  checker.length("/interactive/footer/text", message.footer.reveal(), 0, kFooterMax);
}

void button_id(Checker& checker, const std::string& at, std::string_view id) {
  checker.length(at, id, 1, kButtonIdMax);
  if (id.empty() || (!is_space(id.front()) && !is_space(id.back()))) return;
  checker.fault(at, "invalid_format", "must not begin or end with a space", "Trim the id.");
}

/// `key` is the name of the object in each button: "reply".
void check_buttons(Checker& checker, const std::string& at, const channel::ReplyButtons& action,
                   std::string_view key, Seen& ids) {
  const auto& all = action.buttons;
  checker.count(at, all.size(), 1, kButtonsMax, "buttons");
  Seen titles;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string reply = at + "/" + std::to_string(i) + "/" + std::string(key);
    button_id(checker, reply + "/id", all[i].id);
    checker.unique(reply + "/id", all[i].id, ids);
    checker.length(reply + "/title", all[i].title.reveal(), 1, kLabelMax);
    checker.unique(reply + "/title", all[i].title.reveal(), titles);
  }
}

void check_link_button(Checker& checker, const std::string& at, const channel::LinkButton& button) {
  checker.length(at + "/parameters/display_text", button.display_text.reveal(), 1, kLabelMax);
  checker.link(at + "/parameters/url", button.url.reveal());
}

void check_rows(Checker& checker, const std::string& at, const channel::ListSection& section,
                Seen& ids) {
  if (section.rows.empty())
    checker.fault(at, "required", "needs at least 1 row", "Send 1 to 10 rows in all.");
  for (std::size_t i = 0; i < section.rows.size(); ++i) {
    const channel::ListRow& row = section.rows[i];
    const std::string place = at + "/" + std::to_string(i);
    checker.length(place + "/id", row.id, 1, kRowIdMax);
    checker.unique(place + "/id", row.id, ids);
    checker.length(place + "/title", row.title.reveal(), 1, kRowTitleMax);
    checker.length(place + "/description", row.description.reveal(), 0, kRowDescriptionMax);
  }
}

bool is_country(std::string_view code) {
  return code.size() == 2 && std::ranges::all_of(code, [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// One operator for each action.
class ActionChecker {
 public:
  explicit ActionChecker(Checker& checker) : check_(checker) {}

  void operator()(const channel::ReplyButtons& buttons) {
    Seen ids;
    check_buttons(check_, action("/buttons"), buttons, "reply", ids);
  }
  void operator()(const channel::List& list) {
    check_.length(action("/button"), list.button.reveal(), 1, kLabelMax);
    check_.count(action("/sections"), list.sections.size(), 1, kSectionsMax, "sections");
    Seen ids;
    std::size_t rows = 0;
    for (std::size_t i = 0; i < list.sections.size(); ++i) {
      const std::string at = action("/sections/") + std::to_string(i);
      const std::size_t title_min = list.sections.size() > 1 ? 1 : 0;
      check_.length(at + "/title", list.sections[i].title.reveal(), title_min, kRowTitleMax);
      check_rows(check_, at + "/rows", list.sections[i], ids);
      rows += list.sections[i].rows.size();
    }
    if (rows > kRowsMax)
      check_.fault(action("/sections"), "too_many", "has more than 10 rows in all",
                   "Send 1 to 10 rows in all.");
  }
  void operator()(const channel::LinkButton& button) {
    check_link_button(check_, std::string(kAction), button);
  }
  void operator()(const channel::LocationRequest&) {}
  void operator()(const channel::AddressRequest& request) {
    if (is_country(request.country)) return;
    check_.fault(action("/parameters/country"), "invalid_format",
                 "must be a country's two capital letters", "Send \"IN\".");
  }
  void operator()(const channel::Product& product) {
    check_.product(std::string(kAction), product);
  }
  void operator()(const channel::ProductList& list) {
    check_.length(action("/catalog_id"), list.catalog_id, 1, kCatalogIdMax);
    check_.product_sections(action("/sections"), list.sections);
  }
  void operator()(const channel::CatalogLink& link) {
    check_.length(action("/parameters/thumbnail_product_retailer_id"),
                  link.thumbnail_product_retailer_id, 0, kCatalogIdMax);
  }
  void operator()(const channel::FlowButton& flow) {
    const std::string at = action("/parameters");
    if (flow.flow_id.empty() == flow.flow_name.empty()) {
      check_.fault(at + "/flow_id", flow.flow_id.empty() ? "required" : "not_allowed",
                   "needs one of flow_id and flow_name", "Send one of the two.");
    }
    check_.length(at + "/flow_id", flow.flow_id, 0, kFlowTextMax);
    check_.length(at + "/flow_name", flow.flow_name, 0, kFlowTextMax);
    check_.length(at + "/flow_cta", flow.cta.reveal(), 1, kFlowCtaMax);
    if (has_emoji(flow.cta.reveal()))
      check_.fault(at + "/flow_cta", "invalid_format", "must not have an emoji",
                   "Leave the emoji out.");
    flow_payload(at + "/flow_action_payload", flow);
  }
  void operator()(const channel::Carousel& carousel) {
    check_.count(action("/cards"), carousel.cards.size(), kCardsMin, kCardsMax, "cards");
    ids_.clear();
    std::set<std::int64_t> indexes;
    for (std::size_t i = 0; i < carousel.cards.size(); ++i) {
      const std::string at = action("/cards/") + std::to_string(i);
      check_.card_index(at, carousel.cards[i].card_index, i, indexes);
      card(at, carousel.cards[i], carousel.cards.front());
    }
  }
  void operator()(const channel::CallButton& button) {
    check_.length(action("/parameters/display_text"), button.display_text.reveal(), 0, kLabelMax);
    check_.length(action("/parameters/payload"), button.payload.reveal(), 0, kCallPayloadMax);
  }
  void operator()(const channel::CallPermissionRequest&) {}
  void operator()(const channel::ContactRequest&) {}
  void operator()(const channel::OrderDetails& details) {
    check_order_details(check_, action("/parameters"), details);
  }
  void operator()(const channel::OrderStatus& status) {
    check_order_status(check_, action("/parameters"), status);
  }

 private:
  void flow_payload(const std::string& at, const channel::FlowButton& flow) {
    if (!flow.has_payload) return;
    if (flow.action == "data_exchange") {
      check_.fault(at, "not_allowed", "is for the action \"navigate\" only",
                   "Leave it out: your endpoint gives the first screen.");
    }
    check_.length(at + "/screen", flow.screen, 1, kFlowTextMax);
    if (flow.data_json.reveal() == "{}")
      check_.fault(at + "/data", "too_short", "must not be an empty object", "Leave it out.");
  }

  void card(const std::string& at, const channel::CarouselCard& card,
            const channel::CarouselCard& first) {
    check_.length(at + "/body/text", card.body.reveal(), 0, kCardBodyMax);
    if (std::ranges::count(card.body.reveal(), '\n') > kCardBreaksMax)
      check_.fault(at + "/body/text", "invalid_format", "has more than 2 line breaks",
                   "Keep at most 2 line breaks.");
    if (card.action.index() != first.action.index())
      check_.fault(at + "/action", "invalid_value", "does not do what the first card does",
                   "Give all cards the same kind of action.");
    card_header(at + "/header", card, first);
    if (const auto* link = std::get_if<channel::LinkButton>(&card.action))
      check_link_button(check_, at + "/action", *link);
    if (const auto* buttons = std::get_if<channel::ReplyButtons>(&card.action)) {
      check_buttons(check_, at + "/action/buttons", *buttons, "quick_reply", ids_);
      const auto* of_first = std::get_if<channel::ReplyButtons>(&first.action);
      if (of_first != nullptr && of_first->buttons.size() != buttons->buttons.size())
        check_.fault(at + "/action/buttons", "invalid_value",
                     "has another number of buttons than the first card",
                     "Give all cards the same number of buttons.");
    }
    if (const auto* product = std::get_if<channel::Product>(&card.action)) {
      check_.product(at + "/action", *product);
      const auto* of_first = std::get_if<channel::Product>(&first.action);
      if (of_first != nullptr && of_first->catalog_id != product->catalog_id)
        check_.fault(at + "/action/catalog_id", "invalid_value",
                     "is another catalog than the first card's", "Use one catalog for all cards.");
    }
  }

  void card_header(const std::string& at, const channel::CarouselCard& card,
                   const channel::CarouselCard& first) {
    const bool of_product = std::holds_alternative<channel::Product>(card.action);
    if (!card.header) {
      if (!of_product)
        check_.fault(at, "required", "a card needs an image or a video", "Add the card's header.");
      return;
    }
    if (of_product)
      check_.fault(at, "not_allowed", "a product's card shows the product's own image",
                   "Leave it out.");
    check_.header_media(at, *card.header);
    if (first.header && first.header->kind != card.header->kind)
      check_.fault(at + "/type", "invalid_value", "is not what the first card has",
                   "Give all cards an image, or all a video.");
  }

  Checker& check_;
  Seen ids_;
};

}  // namespace

void check_interactive(Checker& checker, const channel::Interactive& message) {
  check_frame(checker, message);
  std::visit(ActionChecker(checker), message.action);
}

}  // namespace flowsell::whatsapp
