#include <csignal>
#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "application.h"
#include "audit_report.h"
#include "backup.h"
#include "config/settings.h"
#include "core/failpoint.h"
#include "hardening.h"
#include "identity/permissions.h"
#include "init.h"
#include "migrate_store.h"
#include "operators/permissions.h"
#include "read_password.h"
#include "rotate_master_key.h"
#include "telemetry/log.h"

namespace {

using namespace flowsell;

int print(const std::string& text) {
  std::cout << text << std::flush;
  return 0;
}

log::Level level_of(config::LogLevel level) { return static_cast<log::Level>(level); }
log::Format format_of(config::LogFormat format) { return static_cast<log::Format>(format); }

/// What every command needs that touches data. False: it was said why not.
bool prepare(const config::Settings& settings) {
  app::forbid_core_dumps();
  log::configure(level_of(settings.log.level), format_of(settings.log.format));
  if (!settings.debug.failpoint.empty() && !arm_failpoint(settings.debug.failpoint)) {
    std::cerr << "connectd: debug.failpoint: use NAME or NAME:COUNT\n";
    return false;
  }
  return true;
}

/// A command that ends by itself.
template <class Work>
int run(const config::LoadedSettings& loaded, Work work) {
  if (!prepare(loaded.settings)) return 2;
  const Result<std::string> said = work(loaded.settings, SystemClock().now());
  if (said) return print(*said);
  std::cerr << "connectd: " << said.error().detail << "\n";
  return 1;
}

int verify_audit(const config::LoadedSettings& loaded) {
  if (!prepare(loaded.settings)) return 2;
  const auto report = loaded.file.empty() ? app::verify_audit(loaded.settings)
                                          : app::verify_export(loaded.file, loaded.public_key);
  if (report) {
    print(report->text);
    return report->is_whole ? 0 : 1;
  }
  std::cerr << "connectd: " << report.error().detail << "\n";
  return 2;
}

int serve(const config::Settings& settings) {
  if (!prepare(settings)) return 2;
  // Blocked before any thread starts, so that only this one sees them, in sigwait().
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  app::Application application(settings);
  if (const auto started = application.start(); !started) {
    std::cerr << "connectd: " << started.error().detail << "\n";
    return 1;
  }
  int signal_number = 0;
  sigwait(&signals, &signal_number);
  application.stop();
  return application.must_restart() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> args(argv + 1, argv + argc);
  const auto loaded = config::load(args, config::process_environment());
  if (!loaded) {
    std::cerr << "connectd: " << loaded.error().detail << "\n";
    return 2;
  }
  switch (loaded->command) {
    case config::Command::kShowHelp:
      return print(config::help_text(*loaded));
    case config::Command::kShowVersion:
      return print("connectd " CONNECTD_VERSION "\n");
    case config::Command::kShowPermissions:
      return print(identity::permissions_markdown() + operators::permissions_markdown());
    case config::Command::kShowConfig:
      return print(config::show(*loaded));
    case config::Command::kShowConfigMarkdown:
      return print(config::markdown());
    case config::Command::kInit:
      return run(*loaded, [&](const config::Settings& settings, Time now) {
        return app::init(settings, loaded->email, app::read_password, now);
      });
    case config::Command::kBackup:
      return run(*loaded, [&](const config::Settings& settings, Time now) {
        return app::back_up(settings, std::string(loaded->to.reveal()), now);
      });
    case config::Command::kRestore:
      return run(*loaded, [&](const config::Settings& settings, Time now) {
        return app::restore(settings, loaded->from, now);
      });
    case config::Command::kMigrateStore:
      return run(*loaded, [&](const config::Settings& settings, Time now) {
        return app::migrate_store(settings, loaded->from, loaded->to, now);
      });
    case config::Command::kRotateMasterKey:
      return run(*loaded, [](const config::Settings& settings, Time /*now*/) {
        return app::rotate_master_key(settings);
      });
    case config::Command::kVerifyAudit:
      return verify_audit(*loaded);
    case config::Command::kVerifyCertificate:
      return run(*loaded, [&](const config::Settings& /*settings*/, Time /*now*/) {
        return app::verify_certificate(loaded->from, loaded->public_key);
      });
    case config::Command::kServe:
      return serve(loaded->settings);
  }
  return 2;
}
