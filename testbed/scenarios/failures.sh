# about: what docs/xen.md says of failures: each brought about, its sentence and exit code, and nothing left behind
# limit: 500
# group: failures
# needs: xenblk
. "$BED"
guide=/share/in/xen.md

# says CODE WORDS COMMAND...: the command ends with this exit code, and says these words, which docs/xen.md has too.
says() {
  local wanted=$1 words=$2 code=0 said
  shift 2
  step "# $*"
  grep -qF -- "$words" "$guide" || fail "docs/xen.md does not say: $words"
  "$@" >said.txt 2>&1 || code=$?
  said=$(tail -1 said.txt)
  echo "    $code: $said"
  grep -qF -- "$words" said.txt || fail "it says something else than \"$words\": $(tail -3 said.txt)"
  ((code == wanted)) || fail "its exit code is $code, not $wanted"
  if grep -qE '^ +at |Unhandled|Exception' said.txt; then fail "a stack trace"; fi
}

nodes() { xenstore-ls -f | grep -E '/(backend|device)/vbd/' | sort || true; }

step "no drivers, no rights, no domain"
random_file disk.raw 4
random_file other.raw 4
mv /dev/xen/gntdev /dev/xen/away
says 2 '/dev/xen/gntdev is not there: its driver is not loaded; load it with: modprobe xen-gntdev' \
  xenblk attach 0 disk.raw
mv /dev/xen/away /dev/xen/gntdev
chmod 755 "$WORK" && chmod 666 ./*.raw
says 2 'may not be opened by this user; become root, ' \
  setpriv --reuid 65534 --regid 65534 --clear-groups xenblk serve --machine xen --domain 0 disk.raw=xvda
says 2 'There is no domain ' xenblk attach nobody disk.raw
[[ -z $(nodes) ]] || fail "nodes are left: $(nodes)"

step "a guest that is paused, and its disk"
cat >cmd <<'END_OF_GUEST'
go() { until [ "$(xenstore-read data/go 2>/dev/null)" = $1 ]; do sleep 0.2; done; }
END_OF_GUEST
cat >>cmd <<'END_OF_GUEST'
PATH=$PATH:/
echo "IDLE"
go 1
xenblk info xvdb >/said 2>&1 && echo "INFO $(tail -1 /said)"
xenblk cp xvdb /copy >/said 2>&1 || echo "TAKEN $? $(tail -1 /said)"
for number in 51728 51744; do echo vbd-$number >/sys/bus/xen/drivers/vbd/unbind; done
# As many nodes as it may own, many in a call as long as that goes, in folders that are not too large for one.
n=0
fill() { xenstore-write $(for i in $(seq $1); do echo "data/filler/$((n / 100))/$((n + i)) x"; done) 2>/dev/null; }
for many in 40 5 1; do
  while [ $n -lt 3000 ] && fill $many; do n=$((n + many)); done
done
xenblk cp xvdc /copy >/said 2>&1 || echo "FULL $? of $n: $(tail -1 /said)"
xenstore-rm data/filler
echo 16 >/sys/module/xen_gntalloc/parameters/limit
xenblk cp xvdc /copy >/said 2>&1 || echo "GRANTS $? $(tail -1 /said)"
echo 1024 >/sys/module/xen_gntalloc/parameters/limit
xenblk cp xvdc - 2>/said | sha256sum | cut -d' ' -f1 >/sum
echo "COPIED $(cat /sum)"
go 2
END_OF_GUEST
guest_files weak cmd /usr/local/bin/xenblk
TYPE=pv MEMORY=192 guest_config weak
guest_create weak -p
says 0 ', ready; the guest has not connected yet (' xenblk attach weak disk.raw --vdev xvdb
says 2 ' is taken; remove it first, or take another name.' xenblk attach weak other.raw --vdev xvdb
says 2 ' is in use by another process; ' xenblk attach weak disk.raw --vdev xvdd
says 2 'Another xenblk serves ' xenblk serve --vbd "$DOMAIN/xvdb"
[[ -z $(nodes | grep 51760) ]] || fail "the disk that failed has left nodes: $(nodes)"
xl unpause weak
guest_says weak IDLE 150
until_true 60 "the guest does not connect" store_is "/local/domain/$DOMAIN/device/vbd/51728/state" 4

step "a guest that does not answer"
xl pause weak
says 1 ' is in use (' xenblk detach weak xvdb --timeout 2
xl unpause weak
until_true 60 "the guest answers again, and the disk does not go" no_backend
[[ -z $(nodes) ]] || fail "nodes are left: $(nodes)"

step "a backend that died, with nobody to restart it"
xenblk attach weak disk.raw --vdev xvdb
until_true 60 "the guest does not connect" store_is "/local/domain/$DOMAIN/device/vbd/51728/state" 4
pkill -9 -x xenblk
until_true 10 "it does not die" no_backend
says 1 'Nobody serves ' xenblk detach weak xvdb --timeout 2
serve again --vbd "$DOMAIN/xvdb" # and so it goes in order
until_true 60 "the disk does not go" no_backend
[[ -z $(nodes) ]] || fail "nodes are left: $(nodes)"

step "in the guest: a disk that Linux has; XenStore full; grants exhausted"
serve raw --domain "$DOMAIN" disk.raw=xvdb other.raw=xvdc
for number in 51728 51744; do
  until_true 60 "the guest does not connect" store_is "/local/domain/$DOMAIN/device/vbd/$number/state" 4
done
xenstore-write "/local/domain/$DOMAIN/data/go" 1
guest_says weak 'COPIED [0-9a-f]{64}' 200
grep -E 'INFO|TAKEN|FULL|GRANTS' "$(console weak)"
guest_said weak 'INFO ' || fail "a disk in use is not even looked at"
guest_said weak "TAKEN 2 .*xvdb belongs to the kernel's blkfront; let it go first" || fail "a disk in use"
guest_said weak 'FULL [12] of [0-9]+: .*ENOSPC, a quota of this domain is reached' || fail "XenStore full"
guest_said weak 'GRANTS [12] .*gntalloc has no room for ' || fail "grants exhausted"
guest_said weak "COPIED $(sum_of other.raw)" || fail "after the failures the disk does not read right"

step "the guest is destroyed"
xl destroy weak
until_true 20 "a backend stays" no_backend
[[ -z $(nodes) ]] || fail "nodes are left: $(nodes)"

step "the kernel's backend has the disk, and the guest uses it"
modprobe xen-blkback
device=$(losetup -f --show disk.raw)
echo 'echo "IDLE"; until [ "$(xenstore-read data/go 2>/dev/null)" = 1 ]; do sleep 0.2; done' >cmd
guest_files kernel cmd
TYPE=pv guest_config kernel "" "format=raw,vdev=xvda,access=rw,backendtype=phy,target=$device"
guest_create kernel
guest_says kernel IDLE 150
until_true 60 "the guest does not connect" store_is "/local/domain/0/backend/vbd/$DOMAIN/51712/state" 4
says 2 "The kernel's xen-blkback serves " xenblk serve --vbd "$DOMAIN/xvda"
xl destroy kernel

step "XenStore is gone"
rmmod xen_blkback
modprobe xen-blkfront
serve last --domain 0 other.raw=xvda
until_true 20 "/dev/xvda does not appear" test -b /dev/xvda
dd if=disk.raw of=/dev/xvda bs=64k count=16 oflag=direct conv=fsync status=none
kill -9 "$(</run/xen/xenstored.pid)"
code=0
wait "$SERVER" || code=$?
cat last.err
((code == 1)) || fail "the exit code is $code"
grep -q 'XenStore is gone (' last.err || fail "it says something else"
cmp -n 1048576 other.raw disk.raw || fail "what was flushed is not in the image"
