#include "erased_text.h"

#include <gtest/gtest.h>

namespace flowsell::privacy {
namespace {

struct Case {
  const char* name;
  const char* body;
  const char* erased;
};
constexpr Case kCases[] = {
    {"Numbers", R"("id":"msg_1","to":"+91••3210","from":"+91••3211")",
     R"("id":"msg_1","to":"","from":"")"},
    {"Masks", R"("from_masked":"+91••3210","to_masked":"+91••3211","contact_masked":"+91••3212")",
     R"("from_masked":"","to_masked":"","contact_masked":"")"},
    {"IdsThatHoldNumbers", R"("call_id":"wacid.1","provider_event_id":"wamid.2")",
     R"("call_id":null,"provider_event_id":null)"},
    {"References", R"("provider_message_id":"wamid.1","client_ref":"order of Asha")",
     R"("provider_message_id":null,"client_ref":null)"},
    {"Metadata", R"("metadata":{"name":"Asha"},"status":"sent")",
     R"("metadata":{},"status":"sent")"},
    {"Trace", R"("error":{"code":"x","provider":{"name":"whatsapp","code":1,"trace_id":"t"}})",
     R"("error":{"code":"x","provider":{"name":"whatsapp","code":1}})"},
    {"ErrorWithoutProvider", R"("error":{"code":"no_answer"})", R"("error":{"code":"no_answer"})"},
    {"OthersStay", R"("sender_id":"snd_1","type":"text","n":1,"list":[1,{"to":"x"}])",
     R"("sender_id":"snd_1","type":"text","n":1,"list":[1,{"to":"x"}])"},
    {"Nothing", "", ""},
    {"Unreadable", "\"to\":", ""},
};

class ErasedBody : public testing::TestWithParam<Case> {};

TEST_P(ErasedBody, NamesNobody) { EXPECT_EQ(erased_body(GetParam().body), GetParam().erased); }

INSTANTIATE_TEST_SUITE_P(Table, ErasedBody, testing::ValuesIn(kCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::privacy
