#include "passkeys/relying_party.h"

#include <gtest/gtest.h>

namespace flowsell::passkeys {
namespace {

struct Address {
  const char* name;
  const char* url;
  const char* id;
  const char* expected_id;  ///< empty: there are no passkeys for it
  const char* origin;
};

class RelyingPartyTable : public testing::TestWithParam<Address> {};
TEST_P(RelyingPartyTable, FollowsFromTheAddress) {
  const auto party = RelyingParty::of(GetParam().url, GetParam().id);
  EXPECT_EQ(party ? party->id : "", GetParam().expected_id);
  EXPECT_EQ(party ? party->origin : "", GetParam().origin);
}
INSTANTIATE_TEST_SUITE_P(
    Table, RelyingPartyTable,
    testing::Values(
        Address{"Name", "https://connect.example", "", "connect.example",
                "https://connect.example"},
        Address{"PathAndPort", "https://connect.example:8443/here", "", "connect.example",
                "https://connect.example:8443"},
        Address{"OwnPort", "https://connect.example:443", "", "connect.example",
                "https://connect.example"},
        Address{"Capitals", "HTTPS://Connect.Example", "", "connect.example",
                "https://connect.example"},
        Address{"DomainAbove", "https://connect.shop.example", "shop.example", "shop.example",
                "https://connect.shop.example"},
        Address{"Localhost", "http://localhost:8080", "", "localhost", "http://localhost:8080"},
        Address{"Loopback", "http://127.0.0.1:8080", "", "localhost", "http://localhost:8080"},
        Address{"LoopbackOfSix", "http://[::1]:8080", "", "localhost", "http://localhost:8080"},
        Address{"NotSecure", "http://connect.example", "", "", ""},
        Address{"AddressOfFour", "https://203.0.113.9", "", "", ""},
        Address{"AddressOfSix", "https://[2001:db8::9]:8443", "", "", ""},
        Address{"PortThatIsNotKnownYet", "http://127.0.0.1:0", "", "", ""},
        Address{"NoUrl", "", "", "", ""}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace flowsell::passkeys
