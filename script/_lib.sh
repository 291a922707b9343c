# Shared by the scripts of this folder: source it, don't run it. Needs nothing but bash, coreutils and dpkg.
# shellcheck shell=bash

set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readonly repo

# Packages of Debian 12. Boost 1.81 and clang-19 by their full names: the plain names are older (docs/decisions).
readonly run_packages=(
  clang-19 lld-19 mold ccache cmake ninja-build pkg-config
  libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev
  libssl-dev libnghttp2-dev libmagic-dev libsodium-dev libsqlite3-dev libpq-dev zlib1g-dev libmimalloc-dev libcurl4-openssl-dev libzxcvbn-dev
  libfmt-dev libspdlog-dev libcli11-dev libtomlplusplus-dev
  tzdata # names of time zones
  libgtest-dev libgmock-dev # CMake describes the tests in every configuration
  python3
)
readonly test_packages=(
  "${run_packages[@]}"
  llvm-19 libclang-rt-19-dev # sanitizers, readable stacks, libFuzzer
  python3-venv sqlite3 curl ca-certificates
  postgresql-15 haproxy # the tests start servers of their own
  chromium chromium-driver # and a browser, with an authenticator of software
)
readonly lint_packages=("${test_packages[@]}" clang-tidy-19 clang-format-19)

# The system's own python: another one may stand first in PATH and lack venv.
readonly system_python=/usr/bin/python3

say() { printf '== %s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || printf '%s\n' "$package"
  done
}

# Installs what is missing, and asks nothing of the network when nothing is.
ensure_packages() {
  command -v dpkg-query >/dev/null || die "these scripts install packages of Debian 12; install by hand: $*"
  # All at once first: one process instead of one for each package in the usual, warm case.
  local states missing
  if states=$(dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null) && ! grep -qvx installed <<<"$states"; then
    return
  fi
  mapfile -t missing < <(missing_packages "$@")
  say "installing: ${missing[*]}"
  as_root apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -qq update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
    -qq -y --no-install-recommends install "${missing[@]}" >&2
}

as_root() {
  if [[ $(id -u) -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "need root (or sudo) to run: $*"
  fi
}

# One compiler for each core, but no more than memory carries: the largest source takes about 1.5 GB.
build_jobs() {
  local cores memory_kb by_memory
  cores=$(nproc)
  memory_kb=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  by_memory=$((memory_kb / 1500000))
  ((by_memory < 1)) && by_memory=1
  echo $((cores < by_memory ? cores : by_memory))
}

# build PRESET [TARGET...]: configures when needed, builds all (or the targets). Quiet unless it fails.
build() {
  local preset=$1 folder=$repo/build/$1 log
  shift
  # A build folder that was copied or moved with its tree names another place: it can't be used again.
  if [[ -f $folder/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$repo" "$folder/CMakeCache.txt"; then
    rm -rf "$folder"
  fi
  mkdir -p "$folder"
  log=$folder/build.log
  # Also when a preset has changed: CMake alone keeps what it was told first.
  if [[ ! -f $folder/build.ninja || $repo/CMakePresets.json -nt $folder/build.ninja ]]; then
    say "configuring $preset"
    (cd "$repo" && cmake --preset "$preset") >"$log" 2>&1 || { fail_build "$log"; return 1; }
  fi
  say "building $preset"
  ninja -C "$folder" -j "$(build_jobs)" "$@" >"$log" 2>&1 || { fail_build "$log"; return 1; }
}

fail_build() {
  tail -n 80 "$1" >&2
  say "the build failed; all of it is in ${1#"$repo"/}"
}

# The Python tests' own environment, made anew when requirements.txt has changed.
ensure_venv() {
  local venv=$repo/.venv requirements=$repo/tests/requirements.txt stamp
  stamp=$(sha256sum <"$requirements")
  if [[ -f $venv/requirements.sha256 && $(<"$venv/requirements.sha256") == "$stamp" ]] &&
    "$venv/bin/python" -c '' 2>/dev/null; then
    return
  fi
  say "making .venv"
  rm -rf "$venv"
  "$system_python" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --retries 5 -r "$requirements" >&2
  echo "$stamp" >"$venv/requirements.sha256"
}

# What the tests' identity provider and the public clients need, installed anew when a lockfile has changed. Node may come
# from elsewhere than Debian, whose two packages then can't be installed beside it.
ensure_node_modules() {
  local folder stamp
  { command -v node && command -v npm; } >/dev/null || ensure_packages nodejs npm
  for folder in "$repo"/tests/oidc "$repo"/tests/graph_clients; do
    stamp=$(sha256sum <"$folder/package-lock.json")
    [[ -f $folder/node_modules/lock.sha256 && $(<"$folder/node_modules/lock.sha256") == "$stamp" ]] && continue
    say "installing ${folder#"$repo"/}"
    (cd "$folder" && npm ci --no-audit --no-fund --loglevel=error) >&2
    echo "$stamp" >"$folder/node_modules/lock.sha256"
  done
}
