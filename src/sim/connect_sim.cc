// connect-sim: the WhatsApp simulator as a program of its own.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>

#include "sim/whatsapp_simulator.h"

namespace {

using flowsell::sim::SimNumber;
using flowsell::sim::SimulatorOptions;
using std::chrono::milliseconds;

struct Arguments {
  std::string listen = "127.0.0.1:0";
  std::string webhook_url;
  std::string app_secret;
  std::string access_token;
  SimNumber number;
  std::size_t numbers = 1;
  bool no_statuses = false;
  bool no_batching = false;
  long long sent_after_ms = 100;
  long long delivered_after_ms = 300;
  long long read_after_ms = 800;
  long long retry_after_ms = 1000;
  std::size_t threads = 1;
  std::size_t messages_kept_max = 2'000'000;
  std::string data_folder;
  std::string app_id = SimulatorOptions().app_id;
  std::string business_id = SimulatorOptions().business_id;
  long long review_after_ms = 2'000;
};

void declare(CLI::App& app, Arguments& arguments) {
  app.add_option("--listen", arguments.listen, "HOST:PORT; port 0: a free one")
      ->capture_default_str();
  app.add_option("--webhook-url", arguments.webhook_url, "where webhooks go; none: nowhere");
  app.add_option("--app-secret", arguments.app_secret, "signs webhooks")->envname("SIM_APP_SECRET");
  app.add_option("--access-token", arguments.access_token, "what Bearer must be; none: any")
      ->envname("SIM_ACCESS_TOKEN");
  app.add_option("--phone-number-id", arguments.number.phone_number_id)->capture_default_str();
  app.add_option("--display-phone-number", arguments.number.display_phone_number, "digits")
      ->capture_default_str();
  app.add_option("--waba-id", arguments.number.waba_id)->capture_default_str();
  app.add_option("--numbers", arguments.numbers,
                 "so many, each in an account of its own: the first one's digits and what follows")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  app.add_flag("--no-statuses", arguments.no_statuses,
               "messages are taken and nothing more happens");
  app.add_flag("--no-batching", arguments.no_batching, "one update in each webhook");
  app.add_option("--sent-after-ms", arguments.sent_after_ms, "-1: never")->capture_default_str();
  app.add_option("--delivered-after-ms", arguments.delivered_after_ms, "-1: never")
      ->capture_default_str();
  app.add_option("--read-after-ms", arguments.read_after_ms, "-1: never")->capture_default_str();
  app.add_option("--retry-after-ms", arguments.retry_after_ms,
                 "of a webhook that was not taken; doubles")
      ->check(CLI::Range(0, 86'400'000))
      ->capture_default_str();
  app.add_option("--threads", arguments.threads)->check(CLI::Range(1, 256))->capture_default_str();
  app.add_option("--data", arguments.data_folder,
                 "folder where apps, tokens, accounts, templates and media outlive the process; "
                 "none: in memory");
  app.add_option("--app-id", arguments.app_id)->capture_default_str();
  app.add_option("--business-id", arguments.business_id)->capture_default_str();
  app.add_option("--review-after-ms", arguments.review_after_ms,
                 "until a template or display name is decided; 0: at once")
      ->check(CLI::Range(0, 604'800'000))
      ->capture_default_str();
  app.add_option("--messages-kept-max", arguments.messages_kept_max)->capture_default_str();
}

/// "127.0.0.1:8099", "[::1]:0".
bool read_listen(const std::string& text, SimulatorOptions& options) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  options.address = text.substr(0, colon);
  if (options.address.starts_with('[') && options.address.ends_with(']')) {
    options.address = options.address.substr(1, options.address.size() - 2);
  }
  const std::string port = text.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos)
    return false;
  const int number = std::stoi(port);
  options.port = static_cast<std::uint16_t>(number);
  return number <= 65'535;
}

SimulatorOptions options_of(const Arguments& arguments) {
  SimulatorOptions options;
  options.threads = arguments.threads;
  options.numbers = flowsell::sim::consecutive_numbers(arguments.number, arguments.numbers);
  options.access_token = flowsell::Secret(arguments.access_token);
  options.app_secret = flowsell::Secret(arguments.app_secret);
  options.webhook_url = arguments.webhook_url;
  options.send_statuses = !arguments.no_statuses;
  options.batch_webhooks = !arguments.no_batching;
  options.sent_after = milliseconds(arguments.sent_after_ms);
  options.delivered_after = milliseconds(arguments.delivered_after_ms);
  options.read_after = milliseconds(arguments.read_after_ms);
  options.webhook_retry_after = milliseconds(arguments.retry_after_ms);
  options.messages_kept_max = arguments.messages_kept_max;
  options.data_folder = arguments.data_folder;
  options.app_id = arguments.app_id;
  options.business_id = arguments.business_id;
  options.review_after = milliseconds(arguments.review_after_ms);
  return options;
}

/// The host as it stands in a URL; the any-address is shown as loopback.
std::string url_host(const std::string& address) {
  if (address == "0.0.0.0") return "127.0.0.1";
  if (address == "::") return "[::1]";
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

int serve(SimulatorOptions options) {
  // Blocked before any thread starts, so that every thread inherits it and sigwait() alone sees
  // them.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  const std::string host = url_host(options.address);
  flowsell::sim::WhatsAppSimulator simulator(std::move(options));
  if (const auto started = simulator.start(); !started) {
    std::fprintf(stderr, "connect-sim: %s\n", started.error().detail.c_str());
    return 1;
  }
  std::printf("connect-sim listening on http://%s:%u\n", host.c_str(), unsigned{simulator.port()});
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  simulator.stop();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A faithful WhatsApp Cloud API on a local port, for tests and demonstrations.",
               "connect-sim");
  Arguments arguments;
  declare(app, arguments);
  CLI11_PARSE(app, argc, argv);
  auto options = options_of(arguments);
  if (!read_listen(arguments.listen, options)) {
    std::fprintf(stderr, "connect-sim: --listen needs HOST:PORT\n");
    return 2;
  }
  return serve(std::move(options));
}
