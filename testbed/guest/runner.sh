# runner.sh: runs in dom0 each scenario that /share/in/scenarios names ("NAME SECONDS ." a line, "end" the last), and
# tells the host of it in /share/out/progress: a line for each beginning and end. Both files grow meanwhile; a line ends
# with a full stop, so that one that is not complete is not taken for one that is.
bed=/share/in/testbed
out=/share/out
set -a # what a scenario is told
. /share/in/settings
set +a
tell() { echo "$* ." >>"$out/progress"; }

mkdir -p /usr/local/bin

# tidy_up: takes away what a scenario left, so that the next finds dom0 as after boot; false if that is not possible.
tidy_up() {
  local name try
  pgrep -x xenstored >/dev/null || return 1 # a scenario that ended it: nothing here would be answered
  systemctl stop 'xenblk@*' # where there is one
  pkill -x xenblk
  pkill -f 'qemu-system.*-xen-domid' # the scenarios' own: this machine runs nothing else
  for name in $(timeout 20 xl list | awk 'NR > 1 && $1 != "Domain-0" { print $2 }'); do
    timeout 20 xl destroy "$name"
  done
  for name in $(awk '$2 ~ "^/mnt" { print $2 }' /proc/mounts); do umount -l "$name"; done
  pkill -9 -x xenblk
  # One by one: Linux's bus lets a device go when its own node goes, and does not hear of one above it.
  for name in $(xenstore-list /local/domain/0/device/vbd 2>/dev/null); do
    echo "vbd-$name" >/sys/bus/xen/drivers/vbd/unbind
    xenstore-rm "/local/domain/0/device/vbd/$name"
  done 2>/dev/null
  for path in /local/domain/0/device/vbd /local/domain/0/backend/vbd /local/domain/0/backend/qdisk; do
    xenstore-rm "$path" 2>/dev/null
  done
  for try in 1 2 3 4 5; do
    losetup -D
    timeout 10 rmmod xen_blkfront 2>/dev/null
    timeout 10 rmmod xen_blkback 2>/dev/null
    if ! lsmod | grep -qE 'xen_blk(front|back)' && ! compgen -G '/sys/bus/xen/devices/vbd-*' >/dev/null &&
      [[ $(timeout 20 xl list | wc -l) == 2 ]]; then return 0; fi
    sleep 1
  done
  return 1
}

# keep_consoles NAME: copies the guests' consoles now and then, for a machine that dies.
keep_consoles() {
  while sleep 5; do cp /var/log/xen/console/*.log "$out/$1/"; done 2>/dev/null
}

# picture: what the machine looks like when a scenario failed.
picture() {
  {
    echo "== xl list" && xl list
    echo "== processes" && ps -eo pid,ppid,stat,wchan:24,time,args | grep -v '\]$'
    echo "== modules" && lsmod
    echo "== mounts" && cat /proc/mounts
    echo "== XenStore" && xenstore-ls -fp
  } >"$out/$1/machine.txt" 2>&1
  dmesg >"$out/$1/dmesg.txt"
  xl dmesg >"$out/$1/xen.txt" 2>&1
}

# next NUMBER: waits until the host has handed out this line; sets name and seconds.
next() {
  local line
  until line=$(sed -n "$1p" /share/in/scenarios) && [[ $line == *" ." ]]; do sleep 0.5; done
  read -r name seconds _ <<<"$line"
}

number=0
while next $((number += 1)); [[ $name != end ]]; do
  mkdir -p "$out/$name" "/var/bed/$name"
  rm -f /var/log/xen/console/* /var/log/xen/*.log
  dmesg -C
  [[ ! -e /share/in/xenblk ]] || install -m 755 /share/in/xenblk /usr/local/bin/xenblk
  tell begin "$name"
  started=$SECONDS
  keep_consoles "$name" &
  keeper=$!
  # A session of its own, so that what it left running is found.
  BED=$bed/guest/bed.sh SCENARIO=$name OUT=$out/$name WORK=/var/bed/$name \
    setsid timeout -k 10 "$seconds" bash "$bed/scenarios/$name.sh" </dev/null >"$out/$name/log.txt" 2>&1
  code=$?
  kill "$keeper"
  ((code == 0 || code == 77)) || picture "$name"
  cp /var/log/xen/console/*.log /var/log/xenblk/* "$out/$name/" 2>/dev/null
  rm -rf "/var/bed/$name"
  state=clean
  tidy_up >"$out/$name/tidy.txt" 2>&1 || state=untidy
  tell end "$name" "$code" "$((SECONDS - started))" $state
  if [[ $state == untidy ]]; then
    echo "BED: dom0 is not clean after $name; the rest gets a new machine"
    break
  fi
done
