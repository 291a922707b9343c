#include "audit/export.h"

#include <algorithm>
#include <fstream>
#include <functional>

#include "audit_fixture.h"
#include "json/json.h"

namespace flowsell::audit {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

using Lines = std::vector<std::string>;

Lines lines_of(const std::string& text) {
  Lines lines;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = text.find('\n', from);
    lines.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

/// Puts `with` where the only `what` of a line stands.
void replace_in(std::string& line, const std::string& what, const std::string& with) {
  const auto at = line.find(what);
  ASSERT_NE(at, std::string::npos) << line;
  line.replace(at, what.size(), with);
}

class Export : public AuditFixture {
 protected:
  ExportPart part(std::int64_t behind = 0, ExportLimits limits = {}) {
    return testkit::in_snapshot(
        *db_, [&](store::Connection& db) { return export_part(db, scope_, behind, limits); });
  }
  Lines whole() { return lines_of(part().lines); }
  Report report_of(const Lines& lines) {
    const auto file = folder_.path() / "export.jsonl";
    std::ofstream out(file, std::ios::binary);
    for (const std::string& line : lines) out << line << '\n';
    out.close();
    auto report = verify_export(file, keys_);
    if (!report) ADD_FAILURE() << report.error().detail;
    return report.value_or(Report{});
  }
  std::string signed_head() {
    auto file = HeadFile::open(folder_.path() / "heads.jsonl", key_);
    EXPECT_TRUE((*file)->write(std::vector{head()}, clock_.now()));
    std::string line = (*file)->newest_line(scope_, head().seq);
    EXPECT_EQ((*file)->newest_line(a_scope(), head().seq), "");
    EXPECT_EQ((*file)->newest_line(scope_, head().seq - 1), "");
    line.pop_back();
    return line;
  }

  HeadKey key_{crypto::Key::random()};
  std::vector<PublicKey> keys_{key_.public_key()};
};

TEST_F(Export, HoldsEveryEventFromTheFirstOn) {
  append_many(3);
  const Lines lines = whole();
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[0], AllOf(HasSubstr(R"("sequence":1,)"), HasSubstr(R"("object":"audit_event")"),
                              HasSubstr(R"("email":"ada@example.org")")));
  for (const std::string& line : lines) EXPECT_TRUE(json::parse(line)) << line;
  const Report report = report_of(lines);
  EXPECT_TRUE(report.is_whole) << report.text;
  EXPECT_THAT(report.text, HasSubstr("3 events, not signed"));
}

TEST_F(Export, PartsMakeOneExport) {
  append_many(7);
  std::string all;
  ExportPart last{.more = true};
  int parts = 0;
  for (; last.more; ++parts) {
    last = part(last.last, {.events = 3});
    all += last.lines;
  }
  EXPECT_EQ(parts, 3);
  EXPECT_EQ(last.last, 7);
  EXPECT_EQ(all, part().lines);
}

TEST_F(Export, PartOfExactlyTheRestSaysThatThereIsNoMore) {
  append_many(3);
  EXPECT_FALSE(part(0, {.events = 3}).more);
  const ExportPart none = part(3);
  EXPECT_EQ(none.last, 3);
  EXPECT_THAT(none.lines, IsEmpty());
}

TEST_F(Export, IsBoundedByItsBytesToo) {
  append_many(150);
  const ExportPart first = part(0, {.bytes = 10'000});
  EXPECT_TRUE(first.more);
  EXPECT_LE(first.lines.size(), 10'000U);
  EXPECT_GT(first.last, 1);
  EXPECT_EQ(part(0, {.bytes = 1}).last, 1);
}

TEST_F(Export, ErasedDataLeavesItProven) {
  append_many(2);
  erase("usr_ada");
  const Lines lines = whole();
  EXPECT_THAT(lines[0], Not(HasSubstr("ada@example.org")));
  const Report report = report_of(lines);
  EXPECT_TRUE(report.is_whole) << report.text;
  EXPECT_THAT(report.text, HasSubstr("2 with erased data"));
}

TEST_F(Export, SignedHeadProvesItsEnd) {
  append_many(3);
  Lines lines = whole();
  lines.push_back(signed_head());
  EXPECT_THAT(report_of(lines).text, HasSubstr("signed up to 3"));
  lines.erase(lines.begin() + 2);
  const Report cut = report_of(lines);
  EXPECT_FALSE(cut.is_whole);
  EXPECT_THAT(cut.text, HasSubstr("at event 3, line 2: it is missing; a signed head knows of it"));
}

TEST_F(Export, HeadOfAnUnknownKeyCountsForNothing) {
  append_many(3);
  Lines lines = whole();
  lines.push_back(signed_head());
  keys_.clear();
  const Report report = report_of(lines);
  EXPECT_TRUE(report.is_whole);
  EXPECT_THAT(report.text, AllOf(HasSubstr("not signed"), HasSubstr("1 heads are signed by keys")));
}

TEST_F(Export, ChainWrittenAnewContradictsTheSignedHead) {
  append_many(3);
  const std::string head_line = signed_head();
  tamper({"DELETE FROM audit_personal WHERE scope = ?1",
          "DELETE FROM audit_events WHERE scope = ?1", "DELETE FROM audit_heads WHERE scope = ?1"});
  append_many(3);
  Lines lines = whole();
  lines.push_back(head_line);
  EXPECT_THAT(report_of(lines).text, HasSubstr("was written anew"));
}

TEST_F(Export, SpoiledRowIsExportedAndFound) {
  append_many(2);
  tamper(
      {"UPDATE audit_events SET before_state = '{no', actor_kind = 258 WHERE scope = ?1 AND seq = "
       "2"});
  const Lines lines = whole();
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_TRUE(json::parse(lines[1])) << lines[1];
  EXPECT_THAT(report_of(lines).text, HasSubstr("at event 2"));
}

TEST_F(Export, FileThatIsNotThereIsAnError) {
  EXPECT_EQ(testkit::code_of(verify_export(folder_.path() / "none", keys_)), ErrorCode::kNotFound);
}

TEST_F(Export, FileWithoutEventsProvesNothing) {
  EXPECT_FALSE(report_of({}).is_whole);
  EXPECT_FALSE(report_of({"{}"}).is_whole);
}

struct Forgery {
  const char* name;
  std::function<void(Lines&)> change;
  const char* said;
};

class ForgedExport : public Export, public testing::WithParamInterface<Forgery> {};

TEST_P(ForgedExport, IsFound) {
  append_many(4);
  Lines lines = whole();
  ASSERT_TRUE(report_of(lines).is_whole);
  GetParam().change(lines);
  const Report report = report_of(lines);
  EXPECT_FALSE(report.is_whole);
  EXPECT_THAT(report.text, StartsWith("BROKEN"));
  EXPECT_THAT(report.text, HasSubstr(GetParam().said)) << report.text;
}

INSTANTIATE_TEST_SUITE_P(
    All, ForgedExport,
    testing::Values(
        Forgery{"first_deleted", [](Lines& l) { l.erase(l.begin()); },
                "event 1, line 1: it is mis"},
        Forgery{"middle_deleted", [](Lines& l) { l.erase(l.begin() + 1); },
                "event 2, line 2: it is missing"},
        Forgery{"reordered", [](Lines& l) { std::swap(l[1], l[2]); }, "event 2, line 2: it is mis"},
        Forgery{"put_in_twice", [](Lines& l) { l.insert(l.begin() + 2, l[1]); },
                "event 2, line 3: it does not stand in its place"},
        Forgery{"act_changed",
                [](Lines& l) { replace_in(l[1], "api_key.created", "api_key.revoked"); },
                "event 2, line 2: its hash"},
        Forgery{"actor_changed", [](Lines& l) { replace_in(l[1], "usr_ada", "usr_bob"); },
                "event 2, line 2: its hash"},
        Forgery{
            "shown_change_is_not_the_proven",
            [](Lines& l) { replace_in(l[1], R"("after":{"name":"new"})", R"("after":{"a":1})"); },
            "event 2, line 2: it shows something else"},
        Forgery{
            "shown_address_is_not_the_proven",
            [](Lines& l) { replace_in(l[1], R"("address":"192.0.2.7",)", R"("address":"::1",)"); },
            "event 2, line 2: it shows something else"},
        Forgery{"personal_changed",
                [](Lines& l) { replace_in(l[1], R"({\"email\":\"ada@)", R"({\"email\":\"bob@)"); },
                "event 2, line 2: its personal data"},
        Forgery{"field_put_in", [](Lines& l) { replace_in(l[1], R"({"id")", R"({"x":1,"id")"); },
                "event 2, line 2: it shows something else"},
        Forgery{"no_line", [](Lines& l) { l[1] = "{}"; }, "line 2: it is no line of an export"},
        Forgery{"forged_head", [](Lines& l) { l.emplace_back(R"({"scope":"00","seq":1})"); },
                "line 5: it is not a signed head"}),
    [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace flowsell::audit
