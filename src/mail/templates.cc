#include "mail/templates.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <system_error>
#include <utility>
#include <vector>

#include "built_in_templates.h"
#include "core/encoding.h"
#include "mail/address.h"
#include "template_text.h"

namespace flowsell::mail {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileBytesMax = 64 * 1024;
constexpr std::string_view kSubject = "Subject: ";
constexpr std::string_view kLayout = "layout";

std::unexpected<Error> fail_file(const std::string& file, std::string_view what) {
  return fail(ErrorCode::kInvalidRequest, fmt::format("mail template {}: {}", file, what));
}

/// Names the file in the error of what was parsed of it.
template <class T>
Result<T> of_file(const std::string& file, Result<T> parsed) {
  if (!parsed) return fail_file(file, parsed.error().detail);
  return parsed;
}

std::string without_carriage_returns(std::string text) {
  std::erase(text, '\r');
  return text;
}

Result<std::string> read_file(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::string text(kFileBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  const std::string name = path.filename().string();
  if (stream.bad() || (text.empty() && !stream.eof())) return fail_file(name, "can't be read");
  if (text.size() > kFileBytesMax) return fail_file(name, "is longer than 64 KiB");
  if (!is_valid_utf8(text)) return fail_file(name, "is no UTF-8");
  return without_carriage_returns(std::move(text));
}

/// Texts of the files by their names: the built-in ones, and those that stand for them.
using Files = std::map<std::string, std::string, std::less<>>;

Result<> read_folder(const fs::path& folder, Files& files) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const fs::path& path = entry->path();
    if (path.extension() != ".txt" && path.extension() != ".html") continue;
    const auto found = files.find(path.filename().string());
    if (found == files.end())
      return fail_file(path.filename().string(), "no mail has a template of this name");
    TRY(found->second, read_file(path));
  }
  if (error) return fail(ErrorCode::kInvalidRequest, "mail templates: the folder can't be read");
  return {};
}

bool has_parameter(MailKind kind, std::string_view name) {
  return std::ranges::find(parameters_of(kind), name, &Parameter::name) !=
         parameters_of(kind).end();
}

}  // namespace

struct Templates::All {
  struct OfKind {
    TemplateText subject, text, html;
  };
  std::string product;
  TemplateText text_layout, html_layout;
  std::vector<OfKind> kinds;  ///< in the order of MailKind
};

namespace {

Result<TemplateText> parse_layout(const Files& files, const std::string& file) {
  const auto is_known = [](std::string_view name) {
    return name == "body" || name == "subject" || name == "product";
  };
  TRY(TemplateText layout, of_file(file, TemplateText::parse(files.at(file), is_known)));
  if (!layout.uses("body")) return fail_file(file, "has no place for the body");
  return layout;
}

Result<> need_links(const std::string& file, MailKind kind, const TemplateText& text) {
  for (const Parameter& each : parameters_of(kind)) {
    if (each.is_link && !text.uses(each.name))
      return fail_file(file, fmt::format("does not show '{}'", each.name));
  }
  return {};
}

Result<TemplateText> parse_body(const std::string& file, MailKind kind, std::string_view body,
                                std::size_t first_line) {
  const auto is_known = [kind](std::string_view name) {
    return name == "product" || has_parameter(kind, name);
  };
  TRY(TemplateText text, of_file(file, TemplateText::parse(body, is_known, first_line)));
  CHECK_OK(need_links(file, kind, text));
  return text;
}

Result<TemplateText> parse_subject(const std::string& file, MailKind kind, std::string_view line) {
  const auto is_known = [kind](std::string_view name) {
    const auto params = parameters_of(kind);
    const auto found = std::ranges::find(params, name, &Parameter::name);
    return name == "product" || (found != params.end() && !found->is_link);
  };
  if (line.empty() || !is_one_line(line)) return fail_file(file, "line 1: no fit subject");
  return of_file(file, TemplateText::parse(line, is_known));
}

}  // namespace

Templates::Templates(std::unique_ptr<const All> all) : all_(std::move(all)) {}
Templates::Templates(Templates&&) noexcept = default;
Templates& Templates::operator=(Templates&&) noexcept = default;
Templates::~Templates() = default;

Result<Templates> Templates::load(const TemplateOptions& options) {
  if (!is_one_line(options.product) || options.product.empty())
    return fail(ErrorCode::kInvalidRequest, "mail templates: the product's name is no line");
  Files files;
  for (const BuiltInTemplate& each : built_in_templates()) files.emplace(each.file, each.text);
  if (!options.folder.empty()) CHECK_OK(read_folder(options.folder, files));

  auto all = std::make_unique<All>();
  all->product = options.product;
  TRY(all->text_layout, parse_layout(files, std::string(kLayout) + ".txt"));
  TRY(all->html_layout, parse_layout(files, std::string(kLayout) + ".html"));
  for (std::size_t i = 0; i < kMailKinds; ++i) {
    const auto kind = static_cast<MailKind>(i);
    const std::string name(mail_kind_name(kind));
    std::string_view text = files.at(name + ".txt");
    const auto end = text.find("\n\n");
    if (!text.starts_with(kSubject) || end == std::string_view::npos || text.find('\n') != end)
      return fail_file(name + ".txt", "line 1 is not 'Subject: ...', or no empty line follows it");
    All::OfKind of_kind;
    const auto subject = text.substr(kSubject.size(), end - kSubject.size());
    TRY(of_kind.subject, parse_subject(name + ".txt", kind, subject));
    TRY(of_kind.text, parse_body(name + ".txt", kind, text.substr(end + 2), 3));
    TRY(of_kind.html, parse_body(name + ".html", kind, files.at(name + ".html"), 1));
    all->kinds.push_back(std::move(of_kind));
  }
  return Templates(std::move(all));
}

Result<Templates::Rendered> Templates::render(MailKind kind, const MailParams& params) const {
  CHECK_OK(check_params(kind, params));
  const auto value = [&](std::string_view name) -> std::string {
    if (name == "product") return all_->product;
    return std::string(params.find(name)->second.reveal());
  };
  const auto escaped = [&](std::string_view name) { return escape_html(value(name)); };
  const All::OfKind& of_kind = all_->kinds[static_cast<std::size_t>(kind)];

  Rendered out;
  out.subject = of_kind.subject.fill(value);
  out.text = Content(all_->text_layout.fill([&](std::string_view name) {
    if (name == "body") return of_kind.text.fill(value);
    return name == "subject" ? out.subject : value(name);
  }));
  out.html = Content(all_->html_layout.fill([&](std::string_view name) {
    if (name == "body") return of_kind.html.fill(escaped);
    return name == "subject" ? escape_html(out.subject) : escaped(name);
  }));
  return out;
}

}  // namespace flowsell::mail
