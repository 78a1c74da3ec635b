#!/usr/bin/env bash
# build.sh MODULES [INITRAMFS]: makes the appliance's initramfs, artifacts/native/appliance.cpio by default.
#
# MODULES is the folder of the modules of the very kernel that the guest boots, as /lib/modules/$(uname -r). What is in
# the initramfs: /init, the program, published here by NativeAOT and linked statically; /modules, the drivers that the
# kernel has as modules; and the empty folders that init mounts on. Needs the .NET 10 SDK, gcc and cpio.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(readlink -f "$here/../..")
. "$root/build/stamp.sh"

# In the order in which init loads them. Not among them: blkfront, which would take our disks; gntdev, which is for
# backends; privcmd, whose hypercalls Linux keeps from a guest.
drivers=(xen-evtchn xen-gntalloc)

fail() { echo "build.sh: $*" >&2; exit 1; }

# unpack FILE TO: a module as it is, or as the distribution compressed it.
unpack() {
  case $1 in
    *.xz) xz -dc "$1" >"$2" ;;
    *.zst) zstd -qdc "$1" >"$2" ;;
    *.gz) gzip -dc "$1" >"$2" ;;
    *) cp "$1" "$2" ;;
  esac
}

[[ $# -ge 1 && -d $1 ]] || fail "name the folder of the guest kernel's modules, as /lib/modules/$(uname -r)"
modules=$(readlink -f "$1")
out=$(readlink -f "${2:-$root/artifacts/native/appliance.cpio}" || true)
[[ -n $out ]] || fail "the folder of $2 is not there"
command -v cpio >/dev/null || fail "cpio is missing: apt install cpio"
need_sdk "$root" || exit 1
build_appliance "$root" || fail "NativeAOT did not build the program; what it said is above"

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{dev,proc,sys,modules}
cp "$root/artifacts/native/appliance/appliance" "$tree/init"
number=10
for driver in "${drivers[@]}"; do
  file=$(find "$modules" -name "$driver.ko*" -print -quit)
  if [[ -n $file ]]; then
    unpack "$file" "$tree/modules/$number-$driver.ko"
  elif ! grep -q "/$driver.ko" "$modules/modules.builtin" 2>/dev/null; then
    fail "$modules has no $driver; is it the folder of a kernel with Xen's drivers? Debian's cloud kernel has none"
  fi
  ((number += 1))
done
(cd "$tree" && find . -print0 | sort -z | cpio --quiet -0 -o -H newc -R 0:0) >"$out"
echo "$out: $(($(stat -c %s "$out") / 1024)) KiB, of which init $(($(stat -c %s "$tree/init") / 1024)) KiB"
