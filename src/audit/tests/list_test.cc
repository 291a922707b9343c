#include "audit_fixture.h"
#include "json/json.h"

namespace flowsell::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testkit::code_of;

std::vector<std::int64_t> places(const EventPage& page) {
  std::vector<std::int64_t> out;
  for (const Event& event : page.rows) out.push_back(event.seq);
  return out;
}

class ListOfEvents : public AuditFixture {
 protected:
  AuditEventId id_at(std::int64_t seq) {
    const auto events = list({.limit = 1000}).rows;
    return events.at(events.size() - static_cast<std::size_t>(seq)).id;
  }
  AuditEventId oldest_id() {
    static const store::Sql kOldest("SELECT id FROM audit_events WHERE seq = 1");
    return AuditEventId::from_blob(testkit::texts(*db_, kOldest).front());
  }
};

TEST_F(ListOfEvents, IsEmptyAtFirst) {
  const auto page = list({});
  EXPECT_THAT(page.rows, IsEmpty());
  EXPECT_FALSE(page.has_more);
}

TEST_F(ListOfEvents, PagesFollowOneAnother) {
  append_many(7);
  Query query{.limit = 3};
  auto page = list(query);
  EXPECT_THAT(places(page), ElementsAre(7, 6, 5));
  EXPECT_TRUE(page.has_more);
  query.after = page.next;
  page = list(query);
  EXPECT_THAT(places(page), ElementsAre(4, 3, 2));
  EXPECT_TRUE(page.has_more);
  query.after = page.next;
  page = list(query);
  EXPECT_THAT(places(page), ElementsAre(1));
  EXPECT_FALSE(page.has_more);
}

TEST_F(ListOfEvents, PageOfExactlyTheRestSaysThatThereIsNoMore) {
  append_many(3);
  EXPECT_FALSE(list({.limit = 3}).has_more);
}

TEST_F(ListOfEvents, UpwardsThePageIsTheNextOne) {
  append_many(7);
  const auto page = list({.before = id_at(2), .limit = 3});
  EXPECT_THAT(places(page), ElementsAre(5, 4, 3));
  EXPECT_TRUE(page.has_more);
  EXPECT_EQ(page.next, id_at(5));
}

TEST_F(ListOfEvents, BothEndsBoundIt) {
  append_many(7);
  EXPECT_THAT(places(list({.after = id_at(6), .before = id_at(3)})), ElementsAre(5, 4));
}

TEST_F(ListOfEvents, EventsThatComeMeanwhileDoNotMoveThePages) {
  append_many(4);
  const auto first = list({.limit = 2});
  append_many(3);
  EXPECT_THAT(places(list({.after = first.next, .limit = 2})), ElementsAre(2, 1));
}

TEST_F(ListOfEvents, UnknownPlaceIsAnError) {
  const auto unknown = ids_.next<IdKind::kAuditEvent>();
  const auto read = testkit::in_snapshot(
      *db_, [&](store::Connection& db) -> Result<std::vector<std::optional<ErrorCode>>> {
        return std::vector{code_of(audit::list(db, {.scope = scope_, .after = unknown})),
                           code_of(audit::list(db, {.scope = scope_, .before = unknown}))};
      });
  EXPECT_THAT(read, ElementsAre(ErrorCode::kInvalidId, ErrorCode::kInvalidId));
}

TEST_F(ListOfEvents, OtherScopesAreNotInIt) {
  append_many(2);
  scope_ = a_scope();
  append_many(1);
  EXPECT_THAT(places(list({})), ElementsAre(1));
}

struct FilterCase {
  const char* name;
  Query query;
  std::vector<std::int64_t> found;
};
class Filters : public AuditFixture, public testing::WithParamInterface<FilterCase> {};
TEST_P(Filters, GiveWhatMatches) {
  // A minute between them.
  const std::vector<std::array<std::string, 3>> acts = {{"api_key.created", "usr_ada", "key_1"},
                                                        {"api_key.revoked", "usr_ada", "key_1"},
                                                        {"api_keys.listed", "usr_eve", ""},
                                                        {"member.invited", "usr_eve", "usr_ada"},
                                                        {"api_key.created", "usr_eve", "key_2"}};
  for (const auto& [name, actor, target] : acts) {
    Act act = an_act(name);
    act.actor.id = actor;
    act.target = target;
    ASSERT_TRUE(append({act}));
    clock_.advance(std::chrono::minutes(1));
  }
  EXPECT_EQ(places(list(GetParam().query)), GetParam().found);
}
constexpr Time minute(int n) { return from_unix_ms(1'795'000'000'000) + std::chrono::minutes(n); }
INSTANTIATE_TEST_SUITE_P(
    Table, Filters,
    testing::Values(FilterCase{"None", {}, {5, 4, 3, 2, 1}},
                    FilterCase{"Act", {.act = "api_key.created"}, {5, 1}},
                    FilterCase{"ActsThatBeginSo", {.act = "api_key.*"}, {5, 2, 1}},
                    FilterCase{"BeginningAlone", {.act = "api_key"}, {}},
                    FilterCase{"PercentIsNoWildcard", {.act = "api%"}, {}},
                    FilterCase{"Actor", {.actor_id = "usr_eve"}, {5, 4, 3}},
                    FilterCase{"Target", {.target = "key_1"}, {2, 1}},
                    FilterCase{"Both", {.actor_id = "usr_eve", .act = "api_key.*"}, {5}},
                    FilterCase{"From", {.from = minute(3)}, {5, 4}},
                    FilterCase{"To", {.to = minute(3)}, {3, 2, 1}},
                    FilterCase{"FromTo", {.from = minute(1), .to = minute(2)}, {2}},
                    FilterCase{"Quote", {.target = "' OR 1=1 --"}, {}}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST_F(ListOfEvents, LongSearchStopsAndGoesOn) {
  const auto add = [this](int count, const std::string& target) {
    std::vector<Act> acts;
    for (int i = 0; i < count; ++i) {
      acts.push_back({.scope = scope_,
                      .id = ids_.next<IdKind::kAuditEvent>(),
                      .at = clock_.now(),
                      .name = "act",
                      .target = target});
    }
    ASSERT_TRUE(append(acts));
  };
  add(1, "wanted");
  add(static_cast<int>(kPageScanMax), "other");
  Query query{.target = "wanted"};
  auto page = list(query);
  EXPECT_THAT(page.rows, IsEmpty());
  ASSERT_TRUE(page.has_more);
  query.after = page.next;
  page = list(query);
  EXPECT_THAT(places(page), ElementsAre(1));
  EXPECT_FALSE(page.has_more);

  add(1, "wanted");
  query = {.target = "wanted", .before = oldest_id()};
  page = list(query);
  EXPECT_THAT(page.rows, IsEmpty());
  ASSERT_TRUE(page.has_more);
  query.before = page.next;
  EXPECT_THAT(places(list(query)), ElementsAre(kPageScanMax + 2));
}

TEST_F(ListOfEvents, OneEventIsFoundByItsId) {
  append_many(3);
  const auto find_in = [this](const std::string& scope, const AuditEventId& id) {
    return testkit::in_snapshot(*db_,
                                [&](store::Connection& db) { return audit::find(db, scope, id); });
  };
  const auto found = find_in(scope_, id_at(2));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->seq, 2);
  EXPECT_EQ(found->origin.address, "192.0.2.7");
  EXPECT_FALSE(find_in(a_scope(), id_at(2)));
  EXPECT_FALSE(find_in(scope_, ids_.next<IdKind::kAuditEvent>()));
}

TEST_F(ListOfEvents, IsRenderedAsOneLineOfJson) {
  Act act = an_act();
  act.before = "{\n \"name\":\"o\\nld\"\n}";
  ASSERT_TRUE(append({act}));
  const std::string text = render(list({}).rows.front());
  EXPECT_THAT(text, Not(HasSubstr("\n")));
  const auto document = json::parse(text);
  ASSERT_TRUE(document);
  const auto& object = document->root().as_object();
  EXPECT_EQ(object.at("id").as_string(), act.id.str());
  EXPECT_EQ(object.at("sequence").as_int64(), 1);
  EXPECT_EQ(object.at("created_at").as_string(), format_time(act.at));
  EXPECT_EQ(object.at("actor").as_object().at("type").as_string(), "user");
  EXPECT_EQ(object.at("before").as_object().at("name").as_string(), "o\nld");
  EXPECT_EQ(object.at("personal").as_object().at("email").as_string(), "ada@example.org");
  EXPECT_EQ(object.at("address").as_string(), "192.0.2.7");
  EXPECT_EQ(object.at("erased").as_bool(), false);
  EXPECT_EQ(object.at("hash").as_string().size(), 64U);
}

TEST_F(ListOfEvents, WhatIsEmptyIsRenderedAsNull) {
  const std::string text = render({.name = "act"});
  for (const char* name : {"target", "before", "after", "personal", "address", "request_id"})
    EXPECT_THAT(text, HasSubstr("\"" + std::string(name) + "\":null")) << name;
  EXPECT_THAT(text, HasSubstr(R"("actor":{"type":"system","id":null})"));
}

TEST_F(ListOfEvents, SpoiledRowIsRenderedAsJsonAllTheSame) {
  append_many(1);
  tamper(
      {"UPDATE audit_events SET before_state = '{no', after_state = '[1]', actor_kind = 258, "
       "at = 9223372036854775807, id = substr(id, 1, 3), hash = substr(id, 1, 2) "
       "WHERE scope = ?1",
       "UPDATE audit_personal SET data = '\"' WHERE scope = ?1"});
  const auto page = list({});
  ASSERT_EQ(page.rows.size(), 1U);
  EXPECT_EQ(page.rows.front().origin.address, "");
  const std::string text = render(page.rows.front());
  EXPECT_TRUE(json::parse(text)) << text;
  EXPECT_THAT(text, HasSubstr(R"("before":"{no")"));
  EXPECT_THAT(text, HasSubstr(R"("type":"unknown")"));
}

TEST(ScopeName, TellsWhatItIs) {
  EXPECT_EQ(scope_name(system_scope()), "system");
  EXPECT_EQ(scope_name(operators_scope()), "operators");
  EXPECT_EQ(scope_name(std::string(15, '\0') + "\x02"), "00000000000000000000000002");
  EXPECT_EQ(scope_name("a"), "x61");
}

}  // namespace
}  // namespace flowsell::audit
