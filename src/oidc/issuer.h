#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "http/egress_guard.h"
#include "http/url.h"
#include "oidc/provider.h"

namespace flowsell::oidc {

/// An https URL; an http one where its host is a loopback address and the guard lets it pass. The
/// second condition alone would not do: a guard may allow http to other hosts for other rooms.
std::optional<http::Url> parse_secure_url(std::string_view text, const http::EgressGuard& guard);

/// True of Microsoft's issuer for any tenant (Provider::issuer).
bool has_tenant_template(std::string_view issuer) noexcept;
/// `text` with `tenant` for each {tenantid}.
std::string with_tenant(std::string_view text, std::string_view tenant);
/// 8-4-4-4-12 hexadecimal digits: what a tenant's id looks like. So it can't change the shape of
/// the URL that it is put into.
bool is_guid(std::string_view text) noexcept;
/// True when `issuer`, as Provider has it, can be `actual`: the same text, or {tenantid} stands for
/// some GUID.
bool could_be_issuer(std::string_view issuer, std::string_view actual);

/// Where the provider's discovery document lies (Discovery 1.0, section 4.1). Fails with
/// kProviderMisconfigured.
Result<http::Url> discovery_url(const Provider& provider, const http::EgressGuard& guard);

}  // namespace flowsell::oidc
