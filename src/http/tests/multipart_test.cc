#include "http/multipart.h"

#include <gtest/gtest.h>

#include <vector>

namespace flowsell::http {
namespace {

using Step = MultipartReader::Step;

struct Read {
  std::string parts;  ///< "name[/filename][ (type)]=data;" of each
  bool is_whole = false;
  std::string failure;
};

/// `step` bytes at a time.
Read read(std::string_view body, std::size_t step) {
  MultipartReader reader("XX");
  Read out;
  while (true) {
    switch (reader.next()) {
      case Step::kNeedMore:
        if (body.empty()) return out;
        reader.put(body.substr(0, step));
        body.remove_prefix(std::min(step, body.size()));
        break;
      case Step::kPart:
        out.parts += reader.part().name;
        if (reader.part().filename) out.parts += "/" + *reader.part().filename;
        if (!reader.part().content_type.empty())
          out.parts += " (" + reader.part().content_type + ")";
        out.parts += "=";
        break;
      case Step::kData:
        out.parts += reader.data();
        break;
      case Step::kPartEnd:
        out.parts += ";";
        break;
      case Step::kEnd:
        out.is_whole = true;
        return out;
      case Step::kFailed:
        out.failure = reader.error().detail;
        return out;
    }
  }
}

constexpr std::string_view kForm =
    "--XX\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage/png\r\n"
    "--XX\r\ncontent-type: image/png\r\nContent-Disposition: form-data; name=\"file\"; "
    "filename=\"a \\\"b\\\".png\"\r\n\r\nab\r\n-\r\n--X\r\n--XXa\r\r\n--XX--\r\n";

TEST(Multipart, CutsPartsHoweverTheBytesCome) {
  // The last lines would be a delimiter but for one sign.
  const std::string_view form = kForm.substr(0, kForm.find("\r\n--XXa"));
  const std::string body = std::string(form) + "\r\n--XX--\r\n";
  for (std::size_t step = 1; step <= body.size(); ++step) {
    const Read all = read(body, step);
    EXPECT_TRUE(all.is_whole) << step << all.failure;
    EXPECT_EQ(all.parts, "type=image/png;file/a \"b\".png (image/png)=ab\r\n-\r\n--X;") << step;
  }
}

TEST(Multipart, ALineThatBeginsAsADelimiterIsRefused) { EXPECT_NE(read(kForm, 7).failure, ""); }

TEST(Multipart, APartMayBeEmpty) {
  EXPECT_EQ(read("--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n--XX--", 3).parts,
            "a=;");
}

TEST(Multipart, WithoutItsLastBoundaryItIsNotWhole) {
  EXPECT_FALSE(
      read("--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nabc\r\n--XX", 5).is_whole);
}

TEST(Multipart, RefusesWhatIsNoForm) {
  const std::vector<std::string> bodies = {
      "hello, this is no form",
      "--XX\r\nContent-Type: text/plain\r\n\r\na\r\n--XX--",
      "--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\na\r\n--XX--",
      "--XX\r\nno field\r\n\r\na\r\n--XX--",
      "--XX\r\nX: " + std::string(9000, 'x') + "\r\n\r\n",
      "--XX\r\nX: " + std::string(20'000, 'x'),
      "--XXxx",
  };
  for (const std::string& body : bodies) EXPECT_NE(read(body, 1000).failure, "") << body;
}

TEST(Multipart, HasNoEndOfParts) {
  std::string body;
  for (int i = 0; i < 40; ++i)
    body += "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n";
  EXPECT_NE(read(body + "--XX--", 100).failure, "");
}

TEST(Multipart, FindsTheBoundary) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc"), "abc");
  EXPECT_EQ(multipart_boundary("Multipart/Form-Data;charset=utf-8; Boundary=\"a b\""), "a b");
  EXPECT_FALSE(multipart_boundary("application/json"));
  EXPECT_FALSE(multipart_boundary("multipart/form-data"));
  EXPECT_FALSE(multipart_boundary("multipart/form-data; boundary="));
  EXPECT_FALSE(multipart_boundary("multipart/form-data; boundary=a\"b"));
  EXPECT_FALSE(multipart_boundary("multipart/form-data; boundary=" + std::string(71, 'a')));
}

TEST(Multipart, QuotesAndReadsNames) {
  const std::string name = "a\"b\r\nc.pdf";
  const std::string quoted = multipart_quoted(name);
  EXPECT_EQ(quoted, "a%22b%0D%0Ac.pdf");
  EXPECT_EQ(read("--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"" + quoted +
                     "\"\r\n\r\n1\r\n--XX--",
                 11)
                .parts,
            "f/" + name + "=1;");
}

}  // namespace
}  // namespace flowsell::http
