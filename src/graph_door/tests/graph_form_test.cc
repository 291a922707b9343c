#include "graph_form.h"

#include <gtest/gtest.h>

#include "runtime/io_pool.h"
#include "testkit/io.h"

namespace flowsell::graph_door {
namespace {

/// A body that comes in pieces of some size.
class Pieces final : public http::BodySource {
 public:
  Pieces(std::string text, std::size_t size) : text_(std::move(text)), size_(size) {}
  Task<std::string_view> next() override {
    const auto piece = std::string_view(text_).substr(at_, size_);
    at_ += piece.size();
    co_return piece;
  }

 private:
  const std::string text_;
  const std::size_t size_;
  std::size_t at_ = 0;
};

std::string part(const std::string& head, const std::string& body) {
  return "--cut\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + body + "\r\n";
}
const std::string kType = part("name=\"type\"", "image/png");
const std::string kFile =
    part("name=\"file\"; filename=\"a.png\"\r\nContent-Type: image/png", "the\r\nbytes");
const std::string kEnd = "--cut--\r\n";

struct Read {
  std::string type, content_type, bytes;
  std::optional<Error> error;
};

class GraphFormTest : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override { pool_.start(); }
  void TearDown() override { pool_.stop(); }

  Read read(const std::string& body) {
    Pieces pieces(body, GetParam());
    GraphForm form(pieces, "cut");
    Read out;
    const auto fields = testkit::run(pool_, form.read_fields());
    if (!fields) {
      out.error = fields.error();
      return out;
    }
    out.type = form.field("type");
    out.content_type = form.file().content_type;
    while (true) {
      const auto piece = testkit::run(pool_, form.next());
      if (!piece) out.error = piece.error();
      if (!piece || piece->empty()) return out;
      out.bytes += *piece;
    }
  }

  runtime::IoPool pool_{1};
};

TEST_P(GraphFormTest, HasItsFieldsBeforeTheFile) {
  const Read form = read(kType + kFile + kEnd);
  EXPECT_FALSE(form.error);
  EXPECT_EQ(form.type, "image/png");
  EXPECT_EQ(form.content_type, "image/png");
  EXPECT_EQ(form.bytes, "the\r\nbytes");
}

TEST_P(GraphFormTest, MayHaveThemBehindIt) {
  const Read form = read(kFile + kType + kEnd);
  EXPECT_FALSE(form.error);
  EXPECT_EQ(form.bytes, "the\r\nbytes");
}

TEST_P(GraphFormTest, WithoutAFileIsNone) {
  const Read form = read(kType + kEnd);
  ASSERT_TRUE(form.error);
  EXPECT_EQ(form.error->fields.at(0).pointer, "/file");
}

TEST_P(GraphFormTest, WithTwoFilesIsNone) { ASSERT_TRUE(read(kFile + kFile + kEnd).error); }

TEST_P(GraphFormTest, ThatIsCutOffHasNoWholeFile) {
  ASSERT_TRUE(read(kFile).error);
  ASSERT_TRUE(read(kFile + "--cut").error);
  ASSERT_TRUE(read(kType).error);
}

TEST_P(GraphFormTest, TakesNoLargeFieldOnEitherSide) {
  const std::string large = part("name=\"type\"", std::string(20'000, 'x'));
  EXPECT_TRUE(read(large + kFile + kEnd).error);
  EXPECT_TRUE(read(kFile + large + kEnd).error);
}

INSTANTIATE_TEST_SUITE_P(Pieces, GraphFormTest, testing::Values(1U, 7U, 64U, 65'536U));

}  // namespace
}  // namespace flowsell::graph_door
