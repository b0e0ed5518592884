# SPDX-License-Identifier: MIT
# Sourced by start.sh and test.sh: gets a fresh machine as far as compiled TypeScript; the rest is done there.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

node_wanted=20.19.0

check_machine() {
  [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || die "this runs on x86-64 Linux, not on $(uname -s) $(uname -m)"
  command -v apt-get >/dev/null && command -v dpkg >/dev/null ||
    die 'this runs on Debian 12 or 13: it gets QEMU and the kernel from Debian packages'
  case $(host_release) in
    bookworm | trixie) ;;
    *) say "note: made for Debian 12 (bookworm) and 13 (trixie), this is $(host_release)" ;;
  esac
  local hint="get Node.js 20.19 or newer (Debian 13: apt-get install nodejs npm; Debian 12 has only 18: see nodejs.org)"
  command -v node >/dev/null || die "node is missing: $hint"
  dpkg --compare-versions "$(node -p process.versions.node)" ge "$node_wanted" || die "node is $(node --version): $hint"
  command -v npm >/dev/null || need_packages npm
}

# `what … how` with the time it took; silent when there was nothing to do.
timed() {
  local what=$1 started=$SECONDS
  shift
  "$@"
  say "$what … $((SECONDS - started)) s"
}

npm_ci() {
  local log=$cache/npm-ci.log
  (cd "$root" && npm ci --no-audit --no-fund) >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    die "npm ci failed; the whole log is $log"
  }
}

node_packages() {
  local stamp=$root/node_modules/.pushbell-lock
  cmp -s "$root/package-lock.json" "$stamp" && return 0
  timed 'Node packages installed' npm_ci
  cp "$root/package-lock.json" "$stamp"
}

# What was compiled from files that are gone would still be run as a test.
drop_stale_output() {
  local js ts
  [ -d "$root/dist" ] || return 0
  while IFS= read -r js; do
    ts=${js#"$root/dist/"}
    [ -f "$root/${ts%.js}.ts" ] || rm -f "$js" "$js.map"
  done < <(find "$root/dist" -name '*.js' -not -path '*/node_modules/*')
}

tsc() {
  (cd "$root" && npx --no-install tsc) >&2 || die 'the TypeScript sources do not compile'
  node "$root/dist/scripts/local-bindings.js" || die 'the compiled modules cannot be given local bindings'
}

compile_sources() {
  local stamp=$root/dist/.sources now
  now=$(cd "$root" && find device test scripts tsconfig.json package-lock.json -type f \( -name '*.ts' -o -name '*.json' \) -print0 |
    sort -z | xargs -0 sha256sum)
  [ "$now" != "$(cat "$stamp" 2>/dev/null)" ] || return 0
  drop_stale_output
  timed 'TypeScript compiled' tsc
  printf '%s\n' "$now" >"$stamp"
}

bootstrap() {
  check_machine
  node_packages
  compile_sources
}
