# bed.sh: what a scenario starts with: . "$BED". It runs in dom0, and is given SCENARIO, OUT (what is kept on the host),
# WORK (its own folder, on a disk), LONG (1 for the long form), PATIENCE (a factor for every deadline). It has passed if
# it ends with exit code 0.
set -Eeuo pipefail
trap 'echo "FAILED: line $LINENO of ${BASH_SOURCE[0]##*/}: $BASH_COMMAND" >&2' ERR
trap at_end EXIT
cd "$WORK"

uptime_seconds() { cut -d' ' -f1 /proc/uptime; }
step() { echo "[$(uptime_seconds)] $*"; }
fail() { echo "FAILED: $*" >&2; trap - ERR; exit 1; }
skip() { echo "SKIPPED: $*" >&2; trap - ERR; exit 77; }

# at_end: the logs of our own processes are part of the scenario's.
at_end() {
  local code=$?
  trap - ERR
  for log in "$WORK"/*.out "$WORK"/*.err; do
    [[ ! -s $log ]] || { echo "--- ${log##*/}"; tail -30 "$log"; cp "$log" "$OUT/"; }
  done
  return $code
}

# nap SECONDS: as sleep, but without a process: one is dear on the emulated processor, which guests share.
exec {never}<> <(:)
nap() { read -rt "$1" -u "$never" || true; }

# until_true SECONDS WORDS COMMAND...: waits for a condition, with a deadline, never for a time.
until_true() {
  local limit=$1 words=$2 deadline
  shift 2
  deadline=$((SECONDS + limit * PATIENCE))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "$words (waited $((limit * PATIENCE)) s)"
    nap 0.2
  done
}

# ends_with CODE COMMAND...: the command ends with just this exit code.
ends_with() {
  local wanted=$1 code=0
  shift
  "$@" || code=$?
  ((code == wanted)) || fail "$* ended with $code, not $wanted"
}

same_bytes() { cmp "$1" "$2" || fail "${3:-$1 and $2 differ}"; }
sum_of() { sha256sum <"$1" | cut -d' ' -f1; }
random_file() { head -c $(($2 << 20)) /dev/urandom >"$1"; }

# store_is PATH VALUE
store_is() { [[ $(xenstore-read "$1" 2>/dev/null) == "$2" ]]; }
store_has() { xenstore-exists "$1"; }
store_lacks() { ! xenstore-exists "$1"; }

# --- guests ---

# guest_files NAME FILE...: the guest's initramfs, with these files in its /; the one named cmd is run.
guest_files() {
  local name=$1
  shift
  rm -rf "$WORK/$name.tree"
  mkdir "$WORK/$name.tree"
  (($# == 0)) || cp -a "$@" "$WORK/$name.tree/"
  (cd "$WORK/$name.tree" && find . | busybox cpio -o -H newc 2>/dev/null) | cat /boot/guest.cpio - >"$WORK/$name.cpio"
}

# guest_config NAME [KERNEL WORDS [DISK...]]: NAME.cfg for xl; TYPE (pv or pvh), MEMORY (MiB) and VCPUS may be set
# before. With tools=/dev/xvdz among the words it has fio, hdparm and fstrim, if xvdz is /boot/tools.ext4.
guest_config() {
  local name=$1 words=${2:-} disks="" disk
  shift $(($# < 2 ? $# : 2))
  for disk; do disks+="'$disk', "; done
  cat >"$WORK/$name.cfg" <<END
name = "$name"
type = "${TYPE:-pv}"
kernel = "/boot/vmlinux"
ramdisk = "$WORK/$name.cpio"
memory = ${MEMORY:-128}
vcpus = ${VCPUS:-1}
extra = "console=hvc0 mitigations=off quiet panic=1 $words"
on_poweroff = "destroy"
on_crash = "destroy"
on_reboot = "destroy"
disk = [ $disks ]
END
}

# guest_create NAME [XL OPTIONS]: sets DOMAIN.
guest_create() {
  xl create "${@:2}" "$WORK/$1.cfg" || fail "xl does not create $1"
  DOMAIN=$(xl domid "$1")
}

console() { echo "/var/log/xen/console/guest-$1.log"; }
guest_said() { grep -qE -- "$2" "$(console "$1")"; }

# guest_says NAME PATTERN SECONDS: waits for words on its console; a failure that it reports is ours at once. The
# pattern is one of bash, within a line.
guest_says() {
  local deadline=$((SECONDS + $3 * PATIENCE)) log="/var/log/xen/console/guest-$1.log" text=""
  while true; do
    read -rd '' text 2>/dev/null <"$log" || true
    if [[ $text =~ $2 ]]; then return; fi
    if [[ $text =~ FAILED|Kernel\ panic ]]; then guest_failed "$1"; fi
    ((SECONDS < deadline)) || guest_failed "$1" "did not say \"$2\" within $3 s"
    nap 0.1
  done
}

guest_failed() {
  tail -20 "$(console "$1")" || true
  fail "guest $1 ${2:-said: $(grep -m1 -E 'FAILED|Kernel panic' "$(console "$1")" | tr -d '\r')}"
}

guest_gone() { ! xl domid "$1" >/dev/null 2>&1; }

# guest_ends NAME SECONDS: waits until it has powered off.
guest_ends() {
  until_true "$2" "guest $1 does not end" guest_gone "$1"
  if guest_said "$1" 'FAILED|Kernel panic'; then guest_failed "$1"; fi
}

# --- our backend ---

# serve NAME ARGUMENT...: starts xenblk serve, waits for its "ready"; output in NAME.out, process number in SERVER.
serve() {
  local name=$1
  shift
  xenblk serve --json --machine xen "$@" >"$WORK/$name.out" 2>"$WORK/$name.err" &
  SERVER=$!
  until_true 20 "xenblk serve $* is not ready: $(tail -1 "$WORK/$name.err")" is_ready_or_over "$name"
  kill -0 "$SERVER" 2>/dev/null || fail "xenblk serve ended: $(tail -1 "$WORK/$name.err")"
}

is_ready_or_over() { grep -q '"xenblk.ready/' "$WORK/$1.out" || ! kill -0 "$SERVER"; }

# serve_ends NAME: asks it to end, and expects exit code 0 and no error of the image or breach of the ring.
serve_ends() {
  kill -TERM "$SERVER" 2>/dev/null || true
  local code=0
  wait "$SERVER" || code=$?
  ((code == 0)) || fail "xenblk serve ended with $code: $(tail -1 "$WORK/$1.err")"
  [[ $(counter "$1" storeErrors) == 0 && $(counter "$1" ringViolations) == 0 ]] || fail "xenblk serve counted errors"
}

# no_backend: no process of ours is left.
no_backend() { ! pgrep -x xenblk; }

# counter NAME KEY [VDEV [DOMAIN]]: a number of the last line of a disk; the sum where there are several.
counter() {
  jq -s "[.[] | select(.schema | startswith(\"xenblk.served/\")) |
    select((\"${3:-}\" == \"\" or .vdev == \"${3:-}\") and (\"${4:-}\" == \"\" or .domain == ${4:-0})) | .$2] |
    if length == 0 then \"none\" else add end" "$WORK/$1.out"
}

# --- nodes by hand, for backends that are not ours ---

# make_vbd KIND DOMAIN NUMBER [KEY VALUE]...: a disk with its backend in dom0; sets FRONT and BACK. KIND is vbd for the
# kernel's xen-blkback, which wants physical-device as MAJOR:MINOR in hexadecimal; qdisk for QEMU.
make_vbd() {
  local kind=$1 domain=$2 number=$3 more=()
  shift 3
  FRONT=/local/domain/$domain/device/vbd/$number BACK=/local/domain/0/backend/$kind/$domain/$number
  while (($# > 1)); do
    more+=("$BACK/$1" "$2")
    shift 2
  done
  # The children take these permissions over.
  xenstore-write "$BACK" "" "$FRONT" ""
  xenstore-chmod "$BACK" n0 "r$domain"
  xenstore-chmod "$FRONT" "n$domain" r0
  # One call, which is one transaction: a bus refuses a device whose other end is not there yet. Without "dev"
  # xen-blkback connects, and never starts its thread.
  xenstore-write "$BACK/frontend" "$FRONT" "$BACK/frontend-id" "$domain" "$BACK/online" 1 "$BACK/mode" w \
    "$BACK/dev" xvda "$BACK/device-type" disk "$BACK/bootable" 0 "$BACK/removable" 0 \
    ${more[@]+"${more[@]}"} "$BACK/state" 1 \
    "$FRONT/backend" "$BACK" "$FRONT/backend-id" 0 "$FRONT/virtual-device" "$number" "$FRONT/device-type" disk \
    "$FRONT/state" 1
}

# device_number DEVICE: MAJOR:MINOR in hexadecimal.
device_number() { stat -L -c '%t:%T' "$1"; }
