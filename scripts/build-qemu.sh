#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds QEMU with the device in qemu/ and prints the directory that holds qemu-system-x86_64 and firmware/.
#
#   scripts/build-qemu.sh [--release bookworm|trixie] [--shim-only] [--plain] [--check-cache]
#
#   --release      the Debian release whose QEMU is taken (12, bookworm: 7.2; 13, trixie: 10.0); this machine's by default
#   --shim-only    compile only our own files, with -Werror: proves that they fit that version
#   --plain        leave our device out: a QEMU to compare with
#   --check-cache  build nothing: print the directory if it is there, else end with status 1
#   QEMU_SRC=DIR   take this source tree instead (it is copied, not changed)
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

release=$(host_release)
shim_only=
plain=
check_cache=
while (($#)); do
  case $1 in
    --release) release=${2:?--release needs a name}; shift 2 ;;
    --shim-only) shim_only=1; shift ;;
    --plain) plain=1; shift ;;
    --check-cache) check_cache=1; shift ;;
    *) say "unknown option $1"; exit 2 ;;
  esac
done

# Only what the test machine is made of: q35, PCI Express ports, an IOMMU, serial ports, and edu to compare with.
device_config='CONFIG_Q35=y
CONFIG_VTD=y
CONFIG_EDU=y
CONFIG_ISA_DEBUG=y
CONFIG_PCIE_PORT=y
CONFIG_SERIAL_ISA=y
CONFIG_HPET=y'
configure_flags=(
  --without-default-features --without-default-devices --target-list=x86_64-softmmu
  --with-devices-x86_64=pushbell --enable-kvm --enable-tcg --enable-trace-backends=log
  --disable-install-blobs --disable-docs --disable-werror
)
firmware=(bios-256k.bin kvmvapic.bin linuxboot_dma.bin pvh.bin)

# apt_tool RELEASE ACTION …
apt_tool() {
  [ -f "$root/dist/device/vm/apt-tool.js" ] || (cd "$root" && npx tsc >&2) || die 'the TypeScript sources do not compile'
  node "$root/dist/device/vm/apt-tool.js" --release "$@"
}

# The version is asked for once and then kept, so that a later start needs no mirror; `pushbell clean` forgets it.
source_version() {
  local file=$cache/qemu-build/$release.version
  if [ ! -s "$file" ]; then
    mkdir -p "$cache/qemu-build"
    apt_tool "$release" version qemu >"$file.new" && mv "$file.new" "$file" || return 1
  fi
  cat "$file"
}

our_files() {
  [ -z "$plain" ] || return 0
  find "$root/qemu" -maxdepth 1 -type f \( -name '*.[ch]' -o -name meson.build -o -name Kconfig -o -name trace-events \) | sort
}

get_source() {
  if [ -n "${QEMU_SRC:-}" ]; then
    mkdir -p "$work/tree"
    # Newer files only: the objects of an earlier build stay valid.
    cp -au "$QEMU_SRC/." "$work/tree/"
  elif [ ! -d "$work/tree" ]; then
    need_packages dpkg-dev
    rm -rf "$work/fetch" # left by an interrupted start
    apt_tool "$release" source qemu "$work/fetch" >/dev/null
    mv "$work/fetch/tree" "$work/tree"
    rmdir "$work/fetch"
  fi
}

# Copies a file only if it differs, so that ninja sees what has changed and nothing else.
put() { cmp -s "$1" "$2" || cp "$1" "$2"; }

add_line() { grep -qxF -- "$2" "$1" || printf '%s\n' "$2" >>"$1"; }
drop_line() { sed -i "\\|^ *$2\$|d" "$1"; }

# One line each in two lists of QEMU's, one in a third, and our files in a directory of their own.
integrate() {
  local tree=$work/tree config=$device_config file edit=add_line ours
  ours=$tree/hw/misc/pushbell
  mkdir -p "$ours" "$tree/configs/devices/x86_64-softmmu"
  while read -r file; do put "$file" "$ours/${file##*/}"; done < <(our_files)
  for file in "$ours"/*; do [ -f "$root/qemu/${file##*/}" ] || rm -f "$file"; done
  [ -n "$plain" ] && edit=drop_line || config+=$'\nCONFIG_PUSHBELL=y'
  $edit "$tree/hw/misc/Kconfig" 'source pushbell/Kconfig'
  $edit "$tree/hw/misc/meson.build" "subdir('pushbell')"
  if [ -n "$plain" ]; then
    drop_line "$tree/meson.build" "'hw/misc/pushbell',"
  elif ! grep -q "'hw/misc/pushbell'" "$tree/meson.build"; then
    sed -i "s|^\( *\)'hw/misc',|&\n\1'hw/misc/pushbell',|" "$tree/meson.build"
    grep -q "'hw/misc/pushbell'" "$tree/meson.build" || die "no list of trace-event directories in $tree/meson.build"
  fi
  printf '%s\n' "$config" >"$work/pushbell.mak"
  put "$work/pushbell.mak" "$tree/configs/devices/x86_64-softmmu/pushbell.mak"
}

# A newer QEMU may want a newer meson than this machine has: it is pure Python and works from the cache.
use_meson() {
  local wanted dir=$cache/meson-trixie
  wanted=$(sed -n 's/^meson = .*accepted = ">=\([0-9.]*\)".*/\1/p' "$work/tree/pythondeps.toml" 2>/dev/null || true)
  need_packages meson
  if [ -n "$wanted" ] && dpkg --compare-versions "$(meson --version)" lt "$wanted"; then
    [ -d "$dir/usr" ] || apt_tool trixie unpack "$dir" meson
    export PYTHONPATH=$dir/usr/lib/python3/dist-packages
  fi
}

configure() {
  [ ! -f "$work/build/build.ninja" ] || return 0
  say "  configuring QEMU ${version}"
  mkdir -p "$work/build"
  (cd "$work/build" && "$work/tree/configure" "${configure_flags[@]}") >"$log" 2>&1 || {
    tail -n 25 "$log" >&2
    rm -f "$work/build/build.ninja"
    die "QEMU's configure failed; the whole log is $log"
  }
}

# Runs ninja with its output in the log and a line now and then on how far it is.
compile() {
  local now next=$((SECONDS + 20))
  : >"$log"
  (cd "$work/build" && exec ninja "$@") >>"$log" 2>&1 &
  local pid=$!
  trap 'kill $pid 2>/dev/null; exit 130' INT TERM
  while kill -0 $pid 2>/dev/null; do
    sleep 0.5
    now=$(tail -n 1 "$log" | sed -n 's/^\[\([0-9]*\)\/\([0-9]*\)\].*/\1 of \2 files/p')
    if [ -n "$now" ] && ((SECONDS >= next)); then
      say "  compiling QEMU: $now"
      next=$((SECONDS + 20))
    fi
  done
  trap - INT TERM
  wait $pid || {
    grep -A 25 -m 1 '^FAILED' "$log" >&2 || tail -n 25 "$log" >&2
    die "QEMU does not compile; the whole log is $log"
  }
}

# Warnings are errors in our files, whatever the compiler thinks of QEMU's own.
check_our_warnings() {
  [ -z "$plain" ] || return 0
  python3 - "$work/build" <<'PY' || die 'warnings in qemu/'
import concurrent.futures, json, shlex, subprocess, sys
build = sys.argv[1]
entries = [e for e in json.load(open(build + '/compile_commands.json')) if '/hw/misc/pushbell/' in e['file']]
def strict(entry):
    args = shlex.split(entry['command'])
    args[args.index('-o') + 1] = '/dev/null'
    return subprocess.run([a for a in args if a not in ('-MD',)] + ['-Werror', '-MF', '/dev/null', '-MD'], cwd=entry['directory']).returncode
if not entries:
    sys.exit('none of our files is part of the build')
with concurrent.futures.ThreadPoolExecutor() as pool:
    sys.exit(1 if any(list(pool.map(strict, entries))) else 0)
PY
}

install_result() {
  local out aside name
  out=$1
  aside=$out.tmp-$$
  rm -rf "$aside"
  mkdir -p "$aside/firmware"
  strip -o "$aside/qemu-system-x86_64" "$work/build/qemu-system-x86_64"
  for name in "${firmware[@]}"; do
    if [ -f "$work/tree/pc-bios/$name" ]; then
      cp "$work/tree/pc-bios/$name" "$aside/firmware/"
      continue
    fi
    # Debian's source has no prebuilt firmware: it has packages of its own.
    [ -d "$cache/firmware-$release/usr" ] || apt_tool "$release" unpack "$cache/firmware-$release" seabios qemu-system-data
    cp "$(find "$cache/firmware-$release/usr" -name "$name" -not -type l | head -1)" "$aside/firmware/"
  done
  rm -rf "$out"
  mv "$aside" "$out"
}

if [ -n "${QEMU_SRC:-}" ]; then
  [ -x "$QEMU_SRC/configure" ] || die "QEMU_SRC=$QEMU_SRC is no QEMU source tree: it has no configure"
  QEMU_SRC=$(cd "$QEMU_SRC" && pwd)
  version="from $QEMU_SRC"
else
  version=$(source_version) || die "could not find out $release's QEMU version"
fi
mapfile -t files < <(our_files)
base=$(printf '%s\n' "$version" "$device_config" "${configure_flags[@]}" | hash_files)
work=$cache/qemu-build/$base
result=$cache/qemu/$(printf '%s\n' "$base" "${firmware[@]}" | hash_files "${files[@]}")
log=$work/build.log

# An own tree can change under us, so its build is always looked at again.
if [ -z "${QEMU_SRC:-}" ] && [ -z "$shim_only" ] && [ -x "$result/qemu-system-x86_64" ]; then
  printf '%s\n' "$result"
  exit 0
fi
[ -z "$check_cache" ] || exit 1

need_packages build-essential ninja-build python3 python3-venv python3-distlib pkg-config libglib2.0-dev zlib1g-dev \
  libpixman-1-dev libfdt-dev
mkdir -p "$work" "$cache/qemu"
exec 9>"$work/lock"
flock -n 9 || { say '  waiting for another build of the same QEMU'; flock 9; }
get_source
integrate
use_meson
configure
if [ -n "$shim_only" ]; then
  compile build.ninja # configures again if our list of files has changed
  mapfile -t objects < <(ninja -C "$work/build" -t targets all | sed -n 's/^\([^ ]*hw_misc_pushbell[^ ]*\.o\):.*/\1/p')
  ((${#objects[@]})) || die 'none of our files is part of the build'
  compile "${objects[@]}"
  check_our_warnings
  say "  ${#objects[@]} objects of ours compile against QEMU $version"
  exit 0
fi
compile qemu-system-x86_64
check_our_warnings
install_result "$result"
printf '%s\n' "$result"
