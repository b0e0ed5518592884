# SPDX-License-Identifier: MIT
# Sourced by the scripts beside it: places, messages, packages of the host.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${PUSHBELL_CACHE:-$root/.cache}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

say() { printf '%s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 3
}

host_release() { (. /etc/os-release && printf '%s' "${VERSION_CODENAME:-unknown}"); }

# Installs the named Debian packages that are missing, after saying which ones and how much that is.
need_packages() {
  local missing=() name
  for name in "$@"; do
    dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q ' installed$' || missing+=("$name")
  done
  ((${#missing[@]})) || return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "these packages are missing and there is no sudo to install them: ${missing[*]}"
    as_root=(sudo)
  fi
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}")
  local plan
  if ! plan=$("${as_root[@]}" "${install[@]}" --print-uris 2>/dev/null); then
    say "  reading the package lists"
    "${as_root[@]}" apt-get -q update >/dev/null || die "apt-get update failed: is there a network, and a Debian mirror in /etc/apt?"
    plan=$("${as_root[@]}" "${install[@]}" --print-uris) || die "apt-get cannot install ${missing[*]}"
  fi
  say "  installing ${missing[*]} ($(sed -n 's/^Need to get \(.*\) of archives.*/\1/p' <<<"$plan" | head -1) to download)"
  local log=$cache/apt-install.log
  # The lists may name packages that the mirror has replaced since.
  "${as_root[@]}" "${install[@]}" >"$log" 2>&1 || {
    "${as_root[@]}" apt-get -q update >>"$log" 2>&1 && "${as_root[@]}" "${install[@]}" >>"$log" 2>&1
  } || {
    tail -n 20 "$log" >&2
    die "apt-get could not install ${missing[*]}; the whole log is $log"
  }
}

# The hash of the given files' names and contents, and of the words in standard input.
hash_files() { { cat; for f in "$@"; do printf '\n%s ' "${f##*/}"; sha256sum <"$f"; done; } | sha256sum | cut -c1-16; }
