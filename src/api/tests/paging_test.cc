#include "paging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flowsell::api {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

QueryReader reader(std::string_view query) { return *QueryReader::parse(query); }

std::vector<FieldError> faults(QueryReader& in) {
  const auto finished = in.finish();
  return finished ? std::vector<FieldError>() : finished.error().fields;
}

TEST(QueryReader, EmptyQueryHasNoFault) {
  auto in = reader("");
  EXPECT_TRUE(in.finish());
}

TEST(QueryReader, ValueIsDecoded) { EXPECT_EQ(reader("a=x%20y+z%2B").text("a"), "x y z+"); }

TEST(QueryReader, NameIsDecoded) {
  EXPECT_EQ(reader("created%5Bgte%5D=2026-01-31T12:00:00Z").time("created[gte]"),
            parse_time("2026-01-31T12:00:00Z"));
}

TEST(QueryReader, ParameterWithoutAValueIsEmpty) { EXPECT_EQ(reader("a").text("a"), ""); }

TEST(QueryReader, AbsentParameterIsNone) { EXPECT_EQ(reader("a=1").text("b"), std::nullopt); }

TEST(QueryReader, EmptyPartsAreSkipped) {
  auto in = reader("&&a=1&");
  in.text("a");
  EXPECT_TRUE(in.finish());
}

struct BrokenCase {
  const char* name;
  const char* query;
  const char* code;
};
class BrokenQuery : public testing::TestWithParam<BrokenCase> {};

TEST_P(BrokenQuery, IsRefused) {
  const auto parsed = QueryReader::parse(GetParam().query);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(parsed.error().fields.at(0).code, GetParam().code);
}

constexpr BrokenCase kBrokenCases[] = {
    {"HalfAnEscape", "a=%4", "invalid_format"}, {"NoHexadecimal", "a=%zz", "invalid_format"},
    {"NotUtf8", "a=%ff", "invalid_format"},     {"Nul", "a=%00", "invalid_format"},
    {"BrokenName", "%=1", "invalid_format"},    {"Twice", "a=1&a=2", "duplicate"},
};
INSTANTIATE_TEST_SUITE_P(Table, BrokenQuery, testing::ValuesIn(kBrokenCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(QueryReader, UnknownParameterIsAFaultAtItsName) {
  auto in = reader("colour=red");
  const auto found = faults(in);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].pointer, "?colour");
  EXPECT_EQ(found[0].code, "unknown_parameter");
}

TEST(QueryReader, AllFaultsAreToldAtOnce) {
  auto in = reader("limit=0&after=x&from=yesterday&colour=red");
  in.limit();
  in.id<MessageId>("after");
  in.time("from");
  EXPECT_THAT(faults(in), SizeIs(4));
}

TEST(QueryReader, FaultNamesItsParameter) {
  auto in = reader("after=evt_1");
  EXPECT_EQ(in.id<MessageId>("after"), std::nullopt);
  const auto found = faults(in);
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].pointer, "?after");
  EXPECT_EQ(found[0].code, "invalid_id");
}

TEST(QueryReader, IdIsRead) {
  IdBytes bytes{};
  bytes[15] = 7;
  const MessageId id(bytes);
  EXPECT_EQ(reader("after=" + id.str()).id<MessageId>("after"), id);
}

struct LimitCase {
  const char* name;
  const char* query;
  std::size_t limit;
  std::size_t faults;
};
class PageLimit : public testing::TestWithParam<LimitCase> {};

TEST_P(PageLimit, IsReadAsTheTableSays) {
  auto in = reader(GetParam().query);
  EXPECT_EQ(in.limit(), GetParam().limit);
  EXPECT_THAT(faults(in), SizeIs(GetParam().faults));
}

constexpr LimitCase kLimitCases[] = {
    {"None", "", 20, 0},
    {"Least", "limit=1", 1, 0},
    {"Most", "limit=100", 100, 0},
    {"OneTooFew", "limit=0", 20, 1},
    {"OneTooMany", "limit=101", 20, 1},
    {"Negative", "limit=-1", 20, 1},
    {"NoNumber", "limit=ten", 20, 1},
    {"Rest", "limit=10x", 20, 1},
    {"Empty", "limit=", 20, 1},
};
INSTANTIATE_TEST_SUITE_P(Table, PageLimit, testing::ValuesIn(kLimitCases),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

http::Request request(std::string_view query) {
  http::Request out;
  out.path = "/v1/messages";
  out.query = query;
  return out;
}

TEST(ListResponse, LastPageHasNoNext) {
  const auto response = list_response(request(""), {R"({"id":1})", R"({"id":2})"});
  EXPECT_EQ(response.body,
            R"({"object":"list","data":[{"id":1},{"id":2}],"has_more":false,"next":null})");
  EXPECT_TRUE(response.headers.empty());
}

TEST(ListResponse, EmptyPageIsAList) {
  EXPECT_EQ(list_response(request(""), {}).body,
            R"({"object":"list","data":[],"has_more":false,"next":null})");
}

TEST(ListResponse, PageWithMoreSaysWhere) {
  const auto response = list_response(request(""), {"{}"}, NextPage{"after", "msg_2"});
  EXPECT_EQ(response.body, R"({"object":"list","data":[{}],"has_more":true,"next":"msg_2"})");
  EXPECT_EQ(response.headers.at(0).value, "</v1/messages?after=msg_2>; rel=\"next\"");
}

TEST(ListResponse, NextPageKeepsTheFiltersAndReplacesTheCursor) {
  const auto response = list_response(request("limit=2&after=msg_1&before=msg_9&status=sent"),
                                      {"{}"}, NextPage{"after", "msg_2"});
  EXPECT_EQ(response.headers.at(0).value,
            "</v1/messages?limit=2&status=sent&after=msg_2>; rel=\"next\"");
}

struct Thing {
  MessageId id;
};
using Things = std::vector<const Thing*>;

/// Five things, in no order, and pages of them.
class ListInMemory : public testing::Test {
 protected:
  static MessageId id(std::uint8_t n) {
    IdBytes bytes{};
    bytes[15] = n;
    return MessageId(bytes);
  }
  static std::vector<int> numbers(const Page<const Thing*, MessageId>& page) {
    std::vector<int> out;
    for (const auto* thing : page.rows) out.push_back(thing->id.bytes()[15]);
    return out;
  }
  auto page(const ListRequest<MessageId>& asked) { return page_of(all_, asked); }
  static std::string rendered(const Thing* thing) { return std::to_string(thing->id.bytes()[15]); }

  std::vector<Thing> things_ = {{id(3)}, {id(1)}, {id(5)}, {id(2)}, {id(4)}};
  Things all_ = {&things_[0], &things_[1], &things_[2], &things_[3], &things_[4]};
};

TEST_F(ListInMemory, IsNewestFirst) {
  EXPECT_THAT(numbers(page({.limit = 10})), ElementsAre(5, 4, 3, 2, 1));
}

TEST_F(ListInMemory, GoesOnDownwards) {
  const auto first = page({.limit = 2});
  EXPECT_THAT(numbers(first), ElementsAre(5, 4));
  EXPECT_TRUE(first.has_more);
  const auto last = page({.limit = 3, .after = first.next});
  EXPECT_THAT(numbers(last), ElementsAre(3, 2, 1));
  EXPECT_FALSE(last.has_more);
}

TEST_F(ListInMemory, GoesOnUpwards) {
  const auto first = page({.limit = 2, .before = id(1)});
  EXPECT_THAT(numbers(first), ElementsAre(3, 2));
  EXPECT_TRUE(first.has_more);
  const auto last = page({.limit = 2, .before = first.next});
  EXPECT_THAT(numbers(last), ElementsAre(5, 4));
  EXPECT_FALSE(last.has_more);
}

TEST_F(ListInMemory, LinkOfAPageGoesOnInItsDirection) {
  const auto down = list_response(request("after=x"), page({.limit = 2}), rendered);
  EXPECT_EQ(down.headers.at(0).value, "</v1/messages?after=" + id(4).str() + ">; rel=\"next\"");
  const auto up = list_response(request("before=x"), page({.limit = 2, .before = id(1)}), rendered);
  EXPECT_EQ(up.headers.at(0).value, "</v1/messages?before=" + id(3).str() + ">; rel=\"next\"");
  EXPECT_EQ(up.body,
            R"({"object":"list","data":[3,2],"has_more":true,"next":")" + id(3).str() + "\"}");
}

TEST(ListQuery, HoldsTheCallerAndThePage) {
  struct Query {
    WorkspaceId workspace;
    identity::Mode mode = identity::Mode::kTest;
    std::optional<MessageId> after, before;
    std::size_t limit = 0;
  };
  IdBytes bytes{};
  bytes[15] = 7;
  identity::Caller caller;
  caller.workspace = WorkspaceId(bytes);
  caller.mode = identity::Mode::kLive;
  auto in = reader("limit=3&before=" + MessageId(bytes).str());
  const auto query = list_query<Query>(in, caller);
  EXPECT_EQ(query.workspace, caller.workspace);
  EXPECT_EQ(query.mode, caller.mode);
  EXPECT_EQ(query.limit, 3U);
  EXPECT_EQ(query.after, std::nullopt);
  EXPECT_EQ(query.before, MessageId(bytes));
  EXPECT_TRUE(in.finish());
}

TEST(ListRequest, BothEndsOfAPageAreAFault) {
  const std::string id = MessageId().str();
  const auto parsed = ListRequest<MessageId>::parse("after=" + id + "&before=" + id);
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().fields.at(0).pointer, "?before");
}

}  // namespace
}  // namespace flowsell::api
