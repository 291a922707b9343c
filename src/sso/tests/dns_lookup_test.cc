#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <thread>

#include "sso/txt_lookup.h"
#include "testkit/database.h"
#include "testkit/io.h"

namespace flowsell::sso {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A server of the domain name system on a free port of 127.0.0.1: each question gets the same
/// answer, whose bytes behind the question a test chooses.
class FakeServer {
 public:
  /// `rcode`: 0, 3 (there is no such name), ...; `records`: as they stand in a message.
  FakeServer(int rcode, int count, std::string records)
      : rcode_(rcode), count_(count), records_(std::move(records)) {
    fd_ = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof place;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&place), size) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&place), &size) != 0)
      throw std::runtime_error("no socket");
    port_ = ntohs(place.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;
  DnsServer place() const { return {"127.0.0.1", port_}; }

 private:
  void serve() {
    std::array<char, 512> bytes{};
    while (true) {
      sockaddr_in from{};
      socklen_t size = sizeof from;
      const auto got =
          ::recvfrom(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 12) return;
      std::string answer(bytes.data(), static_cast<std::size_t>(got));
      answer[2] = static_cast<char>(0x81);  // an answer; recursion was asked for
      answer[3] = static_cast<char>(0x80 | rcode_);
      answer[7] = static_cast<char>(count_);
      answer += records_;
      ::sendto(fd_, answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
  }

  const int rcode_, count_;
  const std::string records_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// One record of the name that was asked for. `data`: strings with their lengths before them.
std::string record(int type, const std::string& data) {
  using namespace std::string_literals;
  return "\xc0\x0c"s + '\0' + static_cast<char>(type) + "\0\1\0\0\0\x3c"s + '\0' +
         static_cast<char>(data.size()) + data;
}

class DnsLookupTest : public testing::Test {
 protected:
  DnsLookupTest() { pool_.start(); }
  ~DnsLookupTest() override { pool_.stop(); }
  Result<std::vector<std::string>> ask(const DnsServer& server) {
    const auto lookup = dns_lookup(server);
    auto found = testkit::run(pool_, lookup->find("_connect-challenge.acme.example"));
    lookup->stop();
    return found;
  }
  runtime::IoPool pool_{1};
};

TEST_F(DnsLookupTest, TextsOfTheNameAreFoundAndOtherRecordsPassedOver) {
  const FakeServer server(0, 3,
                          record(16, "\5first") + record(1, "\1\2\3\4") + record(16, "\3sec\3ond"));
  const auto found = ask(server.place());
  ASSERT_TRUE(found) << found.error().detail;
  EXPECT_THAT(*found, ElementsAre("first", "second"));
}

TEST_F(DnsLookupTest, NameThatIsNotThereHasNoTexts) {
  const FakeServer server(3, 0, "");
  const auto found = ask(server.place());
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, IsEmpty());
}

TEST_F(DnsLookupTest, NameWithoutTextsHasNone) {
  const FakeServer server(0, 0, "");
  const auto found = ask(server.place());
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, IsEmpty());
}

TEST_F(DnsLookupTest, ServerThatFailsIsNoAnswer) {
  const FakeServer server(2, 0, "");
  EXPECT_EQ(testkit::code_of(ask(server.place())), ErrorCode::kProviderUnreachable);
}

TEST_F(DnsLookupTest, BrokenRecordIsNoAnswer) {
  const FakeServer server(0, 1, std::string("\xc0\x0c\0\x10\0\1", 6));
  EXPECT_EQ(testkit::code_of(ask(server.place())), ErrorCode::kProviderUnreachable);
}

TEST_F(DnsLookupTest, StringThatIsLongerThanItsRecordEndsWithIt) {
  const FakeServer server(0, 1,
                          record(16,
                                 "\x09"
                                 "cut"));
  const auto found = ask(server.place());
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, ElementsAre("cut"));
}

}  // namespace
}  // namespace flowsell::sso
