#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "core/sensitive.h"

namespace flowsell::channel {

/// One text of an object of T: its name in the API, and where it is kept. Empty: not given.
template <class T>
struct TextField {
  std::string_view name;
  Content T::* text;
};

struct ContactName {
  Content formatted_name, first_name, last_name, middle_name, prefix, suffix;
  static constexpr auto fields() {
    return std::array<TextField<ContactName>, 6>{{{"formatted_name", &ContactName::formatted_name},
                                                  {"first_name", &ContactName::first_name},
                                                  {"last_name", &ContactName::last_name},
                                                  {"middle_name", &ContactName::middle_name},
                                                  {"prefix", &ContactName::prefix},
                                                  {"suffix", &ContactName::suffix}}};
  }
};
struct ContactPhone {
  Content phone, type, wa_id;
  static constexpr auto fields() {
    return std::array<TextField<ContactPhone>, 3>{{{"phone", &ContactPhone::phone},
                                                   {"type", &ContactPhone::type},
                                                   {"wa_id", &ContactPhone::wa_id}}};
  }
};
struct ContactEmail {
  Content email, type;
  static constexpr auto fields() {
    return std::array<TextField<ContactEmail>, 2>{
        {{"email", &ContactEmail::email}, {"type", &ContactEmail::type}}};
  }
};
struct ContactUrl {
  Content url, type;
  static constexpr auto fields() {
    return std::array<TextField<ContactUrl>, 2>{
        {{"url", &ContactUrl::url}, {"type", &ContactUrl::type}}};
  }
};
struct ContactAddress {
  Content street, city, state, zip, country, country_code, type;
  static constexpr auto fields() {
    return std::array<TextField<ContactAddress>, 7>{
        {{"street", &ContactAddress::street},
         {"city", &ContactAddress::city},
         {"state", &ContactAddress::state},
         {"zip", &ContactAddress::zip},
         {"country", &ContactAddress::country},
         {"country_code", &ContactAddress::country_code},
         {"type", &ContactAddress::type}}};
  }
};
struct ContactOrganization {
  Content company, department, title;
  static constexpr auto fields() {
    return std::array<TextField<ContactOrganization>, 3>{
        {{"company", &ContactOrganization::company},
         {"department", &ContactOrganization::department},
         {"title", &ContactOrganization::title}}};
  }
};
struct Contact {
  ContactName name;
  std::vector<ContactPhone> phones;
  std::vector<ContactEmail> emails;
  std::vector<ContactUrl> urls;
  std::vector<ContactAddress> addresses;
  ContactOrganization org;
  Content birthday;  ///< "YYYY-MM-DD"
};
struct Contacts {
  std::vector<Contact> contacts;
};

}  // namespace flowsell::channel
