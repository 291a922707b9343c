#pragma once

#include <string>

#include "api/services.h"
#include "http/message.h"
#include "json/reader.h"
#include "onboarding/sessions.h"

namespace flowsell::api {

/// Way, life, return_url, coexistence and label of a request; workspace and mode are the caller's.
onboarding::Sessions::Draft read_onboarding_draft(json::ObjectReader& in, bool takes_loopback);

std::string render(const onboarding::Session& session, Time now);

/// 201 with the link, or what the first call made without it.
http::Response created_response(const Services& services,
                                const onboarding::Sessions::Created& created);

}  // namespace flowsell::api
