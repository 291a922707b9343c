#include "kind_cases.h"

// The limits of the kinds that check_test.cc does not have, on both sides of each.
namespace flowsell::whatsapp {
namespace {

TEST_P(CheckKind, HoldsAtItsPointer) { EXPECT_EQ(faults_of(GetParam().body), GetParam().faults); }

/// `count` times what `one` gives for each place, with commas.
template <class One>
std::string many(std::size_t count, One one) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += (i > 0 ? "," : "") + one(std::to_string(i));
  return out;
}

// --- files, places, contacts ---

std::string contacts(const std::string& all) { return request("contacts", "[" + all + "]"); }
const std::string kContactName = R"("name":{"formatted_name":"Ana","first_name":"Ana"})";

const KindCase kSimpleKinds[] = {
    {"VideoById", request("video", R"({"id":"1037"})"), {}},
    {"VideoByFtp",
     request("video", R"({"link":"ftp://example.com/a"})"),
     {"/video/link invalid_format"}},
    {"VideoCaptionLongest", request("video", R"({"id":"1","caption":)" + letters(1024) + "}"), {}},
    {"VideoCaptionOneTooLong",
     request("video", R"({"id":"1","caption":)" + letters(1025) + "}"),
     {"/video/caption too_long"}},
    {"AudioVoice", request("audio", R"({"id":"1","voice":true})"), {}},
    {"AudioLink", request("audio", R"({"link":"x"})"), {"/audio/link invalid_format"}},
    {"StickerLink", request("sticker", R"({"link":"x"})"), {"/sticker/link invalid_format"}},
    {"FilenameLongest", request("document", R"({"id":"1","filename":)" + letters(240) + "}"), {}},
    {"FilenameOneTooLong",
     request("document", R"({"id":"1","filename":)" + letters(241) + "}"),
     {"/document/filename too_long"}},
    {"FilenameWithNewLine",
     request("document", R"({"id":"1","filename":"a\nb.pdf"})"),
     {"/document/filename invalid_format"}},

    {"LocationAtTheEdge", request("location", R"({"latitude":-90,"longitude":180})"), {}},
    {"LocationOffTheMap",
     request("location", R"({"latitude":90.001,"longitude":-180.5})"),
     {"/location/latitude out_of_range", "/location/longitude out_of_range"}},
    {"LocationNowhere",
     request("location", R"({"latitude":1e999,"longitude":0})"),
     {"/location/latitude out_of_range"}},

    {"Contact", contacts("{" + kContactName + "}"), {}},
    {"NoContact", contacts(""), {"/contacts required"}},
    {"MostContacts", contacts(many(257, [](const auto&) { return "{" + kContactName + "}"; })), {}},
    {"OneContactTooMany",
     contacts(many(258, [](const auto&) { return "{" + kContactName + "}"; })),
     {"/contacts too_many"}},
    {"ContactOfOnePartOnly",
     contacts(R"({"name":{"formatted_name":"Ana"}})"),
     {"/contacts/0/name/first_name required"}},
    {"ContactWithSuffixOnly", contacts(R"({"name":{"formatted_name":"Dr. A","suffix":"Jr"}})"), {}},
    {"ContactWithoutFormattedName",
     contacts(R"({"name":{"first_name":"Ana"}})"),
     {"/contacts/0/name/formatted_name too_short"}},
    {"ContactPhoneWithoutNumber",
     contacts("{" + kContactName + R"(,"phones":[{"type":"HOME"}]})"),
     {"/contacts/0/phones/0/phone too_short"}},
    {"ContactBirthday", contacts("{" + kContactName + R"(,"birthday":"1990-12-31"})"), {}},
    {"ContactBirthdayInWords",
     contacts("{" + kContactName + R"(,"birthday":"31 December"})"),
     {"/contacts/0/birthday invalid_format"}},
    {"ContactBirthdayInMonth13",
     contacts("{" + kContactName + R"(,"birthday":"1990-13-01"})"),
     {"/contacts/0/birthday invalid_format"}},
};
INSTANTIATE_TEST_SUITE_P(Simple, CheckKind, testing::ValuesIn(kSimpleKinds), kKindName);

// --- interactive ---

std::string interactive(const std::string& type, const std::string& action,
                        const std::string& more = "") {
  return request("interactive", R"({"type":")" + type + R"(","body":{"text":"B"},"action":)" +
                                    action + more + "}");
}

std::string row(const std::string& i) { return R"({"id":")" + i + R"(","title":"T"})"; }

std::string list(const std::string& sections, const std::string& button = "\"Open\"") {
  return interactive("list", R"({"button":)" + button + R"(,"sections":[)" + sections + "]}");
}

std::string section_of(std::size_t rows) { return R"({"rows":[)" + many(rows, row) + "]}"; }

std::string link_button(const std::string& text, const std::string& url) {
  return R"({"name":"cta_url","parameters":{"display_text":)" + text + R"(,"url":")" + url +
         R"("}})";
}

std::string product(const std::string& i) { return R"({"product_retailer_id":"p)" + i + R"("})"; }

std::string product_list(const std::string& sections, const std::string& more) {
  return interactive("product_list", R"({"catalog_id":"1","sections":[)" + sections + "]}", more);
}
const std::string kTextHeader = R"(,"header":{"type":"text","text":"H"})";
const std::string kImageHeader = R"(,"header":{"type":"image","image":{"id":"1"}})";
const std::string kFooter = R"(,"footer":{"text":"F"})";

std::string flow(const std::string& fields) {
  return interactive("flow", R"({"name":"flow","parameters":{)" + fields + "}}");
}

std::string link_card(const std::string& i) {
  return R"({"card_index":)" + i +
         R"(,"type":"cta_url","header":{"type":"image","image":{"id":"1"}},"action":)" +
         link_button("\"Go\"", "https://example.com") + "}";
}
std::string product_card(const std::string& catalog) {
  return R"({"type":"product","action":{"catalog_id":")" + catalog +
         R"(","product_retailer_id":"p"}})";
}
std::string reply_card(const std::string& ids) {
  std::string buttons;
  for (const char id : ids)
    buttons += (buttons.empty() ? "" : ",") +
               (R"({"type":"quick_reply","quick_reply":{"id":")" + std::string(1, id) +
                R"(","title":")" + std::string(1, id) + "\"}}");
  return R"({"type":"cta_url","header":{"type":"video","video":{"id":"1"}},"action":{"buttons":[)" +
         buttons + "]}}";
}
std::string carousel(const std::string& cards, const std::string& more = "") {
  return interactive("carousel", R"({"cards":[)" + cards + "]}", more);
}
const std::string kCards = "/interactive/action/cards";

const KindCase kInteractiveKinds[] = {
    {"ButtonsWithImage",
     interactive("button", R"({"buttons":[{"type":"reply","reply":{"id":"a","title":"A"}}]})",
                 kImageHeader),
     {}},
    {"ButtonsWithBadImage",
     interactive("button", R"({"buttons":[{"type":"reply","reply":{"id":"a","title":"A"}}]})",
                 R"(,"header":{"type":"image","image":{"link":"x"}})"),
     {"/interactive/header/image/link invalid_format"}},
    {"ButtonsWithoutBody",
     request(
         "interactive",
         R"({"type":"button","action":{"buttons":[{"type":"reply","reply":{"id":"a","title":"A"}}]}})"),
     {"/interactive/body required"}},

    {"List", list(section_of(10)), {}},
    {"ListWithImage",
     interactive("list", R"({"button":"Open","sections":[)" + section_of(1) + "]}", kImageHeader),
     {"/interactive/header not_allowed"}},
    {"ListOfNoSection", list(""), {"/interactive/action/sections required"}},
    {"ListOfNoRow", list(section_of(0)), {"/interactive/action/sections/0/rows required"}},
    {"ListOfElevenRows", list(section_of(11)), {"/interactive/action/sections too_many"}},
    {"ListButtonLongest", list(section_of(1), letters(20)), {}},
    {"ListButtonOneTooLong",
     list(section_of(1), letters(21)),
     {"/interactive/action/button too_long"}},
    {"TwoSectionsWithoutTitles",
     list(R"({"rows":[)" + row("a") + R"(]},{"title":"T","rows":[)" + row("b") + "]}"),
     {"/interactive/action/sections/0/title too_short"}},
    {"SameRowInTwoSections",
     list(R"({"title":"S","rows":[)" + row("a") + R"(]},{"title":"T","rows":[)" + row("a") + "]}"),
     {"/interactive/action/sections/1/rows/0/id duplicate"}},
    {"RowAtItsLimits",
     list(R"({"rows":[{"id":)" + letters(200) + R"(,"title":)" + letters(24) +
          R"(,"description":)" + letters(72) + "}]}"),
     {}},
    {"RowBeyondItsLimits",
     list(R"({"rows":[{"id":)" + letters(201) + R"(,"title":)" + letters(25) +
          R"(,"description":)" + letters(73) + "}]}"),
     {"/interactive/action/sections/0/rows/0/id too_long",
      "/interactive/action/sections/0/rows/0/title too_long",
      "/interactive/action/sections/0/rows/0/description too_long"}},
    {"ListBodyLongest",
     request("interactive", R"({"type":"list","body":{"text":)" + letters(4096) +
                                R"(},"action":{"button":"O","sections":[)" + section_of(1) + "]}}"),
     {}},
    {"ListBodyOneTooLong",
     request("interactive", R"({"type":"list","body":{"text":)" + letters(4097) +
                                R"(},"action":{"button":"O","sections":[)" + section_of(1) + "]}}"),
     {"/interactive/body/text too_long"}},

    {"LinkButton", interactive("cta_url", link_button(letters(20), "https://example.com")), {}},
    {"LinkButtonBeyondItsLimits",
     interactive("cta_url", link_button(letters(21), "example.com")),
     {"/interactive/action/parameters/display_text too_long",
      "/interactive/action/parameters/url invalid_format"}},

    {"LocationRequest", interactive("location_request_message", R"({"name":"send_location"})"), {}},
    {"LocationRequestWithFooter",
     interactive("location_request_message", R"({"name":"send_location"})", kFooter),
     {"/interactive/footer not_allowed"}},
    {"LocationRequestWithHeader",
     interactive("location_request_message", R"({"name":"send_location"})", kTextHeader),
     {"/interactive/header not_allowed"}},

    {"Address",
     interactive("address_message", R"({"name":"address_message","parameters":{"country":"IN",
         "values":{"city":"Pune"},"saved_addresses":[{"id":"1","value":{"city":"Pune"}}],
         "validation_errors":{"in_pin_code":"We do not deliver there."}}})"),
     {}},
    {"AddressOfACountryInWords",
     interactive("address_message",
                 R"({"name":"address_message","parameters":{"country":"India"}})"),
     {"/interactive/action/parameters/country invalid_format"}},

    {"Product",
     request("interactive",
             R"({"type":"product","action":{"catalog_id":"1","product_retailer_id":"p"}})"),
     {}},
    {"ProductWithHeader",
     interactive("product", R"({"catalog_id":"1","product_retailer_id":"p"})", kTextHeader),
     {"/interactive/header not_allowed"}},
    {"ProductWithoutIds",
     interactive("product", R"({"catalog_id":"","product_retailer_id":""})"),
     {"/interactive/action/catalog_id too_short",
      "/interactive/action/product_retailer_id too_short"}},

    {"Products", product_list(R"({"product_items":[)" + many(30, product) + "]}", kTextHeader), {}},
    {"ProductsWithoutHeader",
     product_list(R"({"product_items":[)" + many(1, product) + "]}", ""),
     {"/interactive/header required"}},
    {"OneProductTooMany",
     product_list(R"({"title":"A","product_items":[)" + many(30, product) +
                      R"(]},{"title":"B","product_items":[)" + many(1, product) + "]}",
                  kTextHeader),
     {"/interactive/action/sections too_many"}},
    {"SectionOfNoProduct",
     product_list(R"({"product_items":[]})", kTextHeader),
     {"/interactive/action/sections/0/product_items required"}},

    {"Catalog", interactive("catalog_message", R"({"name":"catalog_message"})"), {}},
    {"CatalogWithThumbnail",
     interactive("catalog_message", R"({"name":"catalog_message","parameters":{
         "thumbnail_product_retailer_id":"p"}})",
                 kFooter),
     {}},

    {"Flow", flow(R"("flow_id":"1","flow_cta":)" + letters(30)), {}},
    {"FlowByName", flow(R"("flow_name":"booking","flow_cta":"Book","mode":"draft")"), {}},
    {"FlowOfNoName",
     flow(R"("flow_cta":"Book")"),
     {"/interactive/action/parameters/flow_id required"}},
    {"FlowByIdAndName",
     flow(R"("flow_id":"1","flow_name":"booking","flow_cta":"Book")"),
     {"/interactive/action/parameters/flow_id not_allowed"}},
    {"FlowCtaOneTooLong",
     flow(R"("flow_id":"1","flow_cta":)" + letters(31)),
     {"/interactive/action/parameters/flow_cta too_long"}},
    {"FlowCtaWithEmoji",
     flow(R"("flow_id":"1","flow_cta":"Book 👍")"),
     {"/interactive/action/parameters/flow_cta invalid_format"}},
    {"FlowWithEmptyData",
     flow(R"("flow_id":"1","flow_cta":"Book","flow_action_payload":{"screen":"S","data":{}})"),
     {"/interactive/action/parameters/flow_action_payload/data too_short"}},
    {"FlowDataExchangeWithPayload",
     flow(
         R"("flow_id":"1","flow_cta":"B","flow_action":"data_exchange","flow_action_payload":{"screen":"S"})"),
     {"/interactive/action/parameters/flow_action_payload not_allowed"}},

    {"Carousel", carousel(many(10, link_card)), {}},
    {"CarouselOfOne", carousel(many(1, link_card)), {kCards + " too_few"}},
    {"CarouselOfEleven",
     carousel(many(11, link_card)),
     {kCards + " too_many", kCards + "/10/card_index out_of_range"}},
    {"CarouselWithFooter",
     carousel(many(2, link_card), kFooter),
     {"/interactive/footer not_allowed"}},
    {"SameCardTwice",
     carousel(link_card("1") + "," + link_card("1")),
     {kCards + "/1/card_index duplicate"}},
    {"CarouselOfProducts", carousel(product_card("1") + "," + product_card("1")), {}},
    {"CarouselOfTwoCatalogs",
     carousel(product_card("1") + "," + product_card("2")),
     {kCards + "/1/action/catalog_id invalid_value"}},
    {"CarouselOfReplies", carousel(reply_card("ab") + "," + reply_card("cd")), {}},
    {"CarouselOfAnotherNumberOfReplies",
     carousel(reply_card("ab") + "," + reply_card("c")),
     {kCards + "/1/action/buttons invalid_value"}},
    {"CarouselOfBothHeaders",
     carousel(link_card("0") + "," + reply_card("a")),
     {kCards + "/1/action invalid_value", kCards + "/1/header/type invalid_value"}},
    {"CardWithoutHeader",
     carousel(link_card("0") + R"(,{"type":"cta_url","action":)" +
              link_button("\"Go\"", "https://example.com") + "}"),
     {kCards + "/1/header required"}},

    {"Call", interactive("voice_call", R"({"name":"voice_call"})"), {}},
    {"CallBeyondItsLimits",
     interactive("voice_call", R"({"name":"voice_call","parameters":{"display_text":)" +
                                   letters(21) + R"(,"payload":)" + letters(513) + "}}"),
     {"/interactive/action/parameters/display_text too_long",
      "/interactive/action/parameters/payload too_long"}},
    {"CallPermission",
     request("interactive", R"({"type":"call_permission_request",
         "action":{"name":"call_permission_request"}})"),
     {}},
    {"ContactRequest", interactive("contact_request", R"({"name":"request_contact_info"})"), {}},
};
INSTANTIATE_TEST_SUITE_P(Interactive, CheckKind, testing::ValuesIn(kInteractiveKinds), kKindName);

// --- payments ---

std::string amount(int value) {
  return R"({"value":)" + std::to_string(value) + R"(,"offset":100})";
}

struct OrderParts {
  std::string fields =
      R"("reference_id":"A-1","type":"digital-goods","payment_configuration":"c","currency":"INR",)";
  std::string status = "pending";
  int item = 1000;
  int subtotal = 1000;
  int total = 1050;
};

std::string details(const OrderParts& parts) {
  return interactive(
      "order_details",
      R"({"name":"review_and_pay","parameters":{)" + parts.fields + R"("total_amount":)" +
          amount(parts.total) + R"(,"order":{"status":")" + parts.status +
          R"(","items":[{"retailer_id":"r","name":"Bread","amount":)" + amount(parts.item) +
          R"(,"quantity":1}],"subtotal":)" + amount(parts.subtotal) + R"(,"tax":)" + amount(100) +
          R"(,"shipping":)" + amount(50) + R"(,"discount":)" + amount(100) + "}}}");
}

OrderParts with_fields(const std::string& fields) {
  OrderParts parts;
  parts.fields = fields;
  return parts;
}
OrderParts with_numbers(int item, int subtotal, int total) {
  OrderParts parts;
  parts.item = item;
  parts.subtotal = subtotal;
  parts.total = total;
  return parts;
}

const std::string kParameters = "/interactive/action/parameters";

const KindCase kOrders[] = {
    {"OrderDetails", details({}), {}},
    {"SubtotalIsNotTheSum",
     details(with_numbers(999, 1000, 1050)),
     {kParameters + "/order/subtotal/value invalid_value"}},
    {"TotalIsNotTheSum",
     details(with_numbers(1000, 1000, 1000)),
     {kParameters + "/total_amount/value invalid_value"}},
    {"OrderOfBadFields",
     details(with_fields(R"("reference_id":"A 1","type":"goods","currency":"USD",)")),
     {kParameters + "/reference_id invalid_format", kParameters + "/type invalid_value",
      kParameters + "/currency invalid_value", kParameters + "/payment_settings required"}},
    {"ReferenceLongest",
     details(with_fields(R"("reference_id":")" + std::string(35, 'a') +
                         R"(","type":"physical-goods","currency":"BRL","payment_settings":[{
         "type":"payment_link","payment_link":{"uri":"https://example.com"}}],)")),
     {}},
    {"ReferenceOneTooLong",
     details(
         with_fields(R"("reference_id":")" + std::string(36, 'a') +
                     R"(","type":"digital-goods","currency":"INR","payment_configuration":"c",)")),
     {kParameters + "/reference_id too_long"}},
    {"OrderStatus",
     interactive("order_status", R"({"name":"review_order","parameters":{"reference_id":"A-1",
         "order":{"status":"shipped","description":"On its way"}}})"),
     {}},
    {"OrderStatusOfNoKind",
     interactive("order_status", R"({"name":"review_order","parameters":{"reference_id":"A-1",
         "order":{"status":"lost"}}})"),
     {kParameters + "/order/status invalid_value"}},
};
INSTANTIATE_TEST_SUITE_P(Orders, CheckKind, testing::ValuesIn(kOrders), kKindName);

}  // namespace
}  // namespace flowsell::whatsapp
