#include "problem.h"

#include "json/writer.h"

namespace flowsell::api {
namespace {

void write_fields(json::Writer& out, const std::vector<FieldError>& fields) {
  out.key("errors").begin_array();
  for (const FieldError& field : fields) {
    out.begin_object().key("pointer").string(field.pointer).key("code").string(field.code);
    out.key("detail").string(field.detail).key("fix").string(field.fix).end_object();
  }
  out.end_array();
}

void write_provider(json::Writer& out, const ProviderError& provider) {
  out.key("provider").begin_object().key("name").string(provider.provider);
  out.key("code").integer(provider.code);
  if (provider.subcode != 0) out.key("subcode").integer(provider.subcode);
  out.optional_string("reason", provider.reason);
  out.optional_string("detail", provider.text);
  out.optional_string("trace_id", provider.trace_id).end_object();
}

}  // namespace

http::Response problem(const Error& error, std::string_view instance) {
  const ErrorInfo& info = error_info(error.code);
  json::Writer out;
  out.begin_object().key("type").string("/errors/" + std::string(info.code));
  out.key("title").string(info.title).key("status").integer(info.http_status);
  out.key("detail").string(error.detail.empty() ? info.title : std::string_view(error.detail));
  out.key("instance").string(instance).key("code").string(info.code);
  out.key("retryable").boolean(info.retryable);
  const bool provider_fix = error.provider && !error.provider->fix.empty();
  out.key("fix").string(provider_fix ? std::string_view(error.provider->fix) : info.fix);
  if (!error.fields.empty()) write_fields(out, error.fields);
  if (error.provider) write_provider(out, *error.provider);
  out.end_object();

  http::Response response;
  response.status = info.http_status;
  response.content_type = "application/problem+json";
  response.body = std::move(out).take();
  if (error.retry_after)
    response.headers.push_back({"Retry-After", std::to_string(error.retry_after->count())});
  if (info.http_status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer"});
  if (info.http_status == 503 && !error.retry_after)
    response.headers.push_back({"Retry-After", "1"});
  return response;
}

}  // namespace flowsell::api
