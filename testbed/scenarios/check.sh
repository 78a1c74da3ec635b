# about: xenblk check on Linux's xen-blkback, on QEMU's disk backend and on Linux's blkfront; leaves docs/conformance
# limit: 900 1800
# group: shared
# needs: xenblk
. "$BED"
kernel=$(uname -r)
surprises=""

# check NAME KNOWN ARGUMENT...: one run, its report as NAME.md and NAME.json; which rules it breaks is KNOWN, with ?
# those that it breaks only if it looks in the wrong moment.
check() {
  local name=$1 expected=$2 code=0 broken rule
  shift 2
  xenblk check "$@" --json -o "$OUT/$name.md" >"$OUT/$name.json" || code=$?
  ((code <= 1)) && [[ -s $OUT/$name.md ]] || fail "xenblk check $* ended with $code: $(head -c 500 "$OUT/$name.json")"
  jq -r '.reports[] | "\(.end) of \(.peer) \(.peerVersion): \(.passed) kept, \(.failed) broken"' "$OUT/$name.json"
  broken=$(jq -r '.reports[].rules[] | select(.verdict == "fail") | .id' "$OUT/$name.json" | sort | xargs)
  jq -r '.reports[].rules[] | select(.verdict == "fail") | "  \(.id): \(.finding)"' "$OUT/$name.json"
  for rule in $expected; do
    [[ $rule != *'?' ]] || [[ " $broken " == *" ${rule%?} "* ]] ||
      expected=$(xargs -n 1 <<<"$expected" | grep -vxF "$rule" | xargs)
  done
  expected=${expected//'?'/}
  [[ $broken == "$expected" ]] || surprises+="$name breaks \"$broken\", and is known to break \"$expected\"; "
}

take_away() {
  xenstore-rm "$FRONT"
  xenstore-rm "$BACK"
}

echo 16384 >/sys/module/xen_gntalloc/parameters/limit
every=(--overwrite --hostile --patience 20)

random_file disk.raw 16
cp disk.raw before.raw
cp disk.raw qemu.raw

step "QEMU's disk backend"
qemu=/usr/libexec/xen-qemu-system-i386
"$qemu" -xen-domid 0 -xen-attach -name dom0 -nographic -M xenpv -daemonize -monitor /dev/null -serial /dev/null \
  -parallel /dev/null -nodefaults -no-user-config -pidfile "$WORK/qemu.pid" >qemu.out 2>&1 || fail "QEMU does not start"
make_vbd qdisk 0 51712 params "aio:$WORK/qemu.raw" type qdisk direct-io-safe 0 discard-enable 1
until_true 10 "QEMU does not offer the disk" store_is "$BACK/state" 2
version=$("$qemu" --version | grep -oE '[0-9]+\.[0-9]+\.[0-9]+ \([^)]*\)|[0-9]+\.[0-9]+\.[0-9]+' | head -1)
check qemu "hostile-index-back? hostile-index-jump refuse-overflow" \
  backend xvda "${every[@]}" --peer-name QEMU --peer-version "$version"
take_away
kill "$(<qemu.pid)" 2>/dev/null || step "QEMU has ended by itself"

step "Linux's blkfront, in dom0"
cat >traffic.sh <<'END'
# What is written is read, by direct and by buffered I/O of several sizes; flushes and discards between.
set -e
for try in $(seq 300); do
  [ -b /dev/xvda ] && [ "$(blockdev --getsize64 /dev/xvda)" -gt 0 ] && break
  sleep 0.1
done
size=$(($(blockdev --getsize64 /dev/xvda) >> 20))
head -c 4194304 /dev/urandom >piece
pass() { # pass OFFSET-IN-MIB
  dd if=piece of=/dev/xvda bs=1M seek="$1" oflag=direct conv=fsync,notrunc status=none
  dd if=/dev/xvda of=again bs=64k skip="$(($1 * 16))" count=64 iflag=direct status=none
  cmp piece again
  dd if=piece of=/dev/xvda bs=4k seek="$(($1 * 256))" count=128 oflag=direct conv=notrunc status=none
}
if [ "$XENBLK_STAGE" = Errors ]; then
  for i in 1 2 3 4 5 6 7 8; do
    dd if=/dev/xvda of=/dev/null bs=4k skip=$((i * 64)) count=40 iflag=direct status=none || true
    dd if=piece of=/dev/xvda bs=4k seek=$((i * 64)) count=40 oflag=direct conv=fsync,notrunc status=none || true
    blkdiscard -o $((i << 20)) -l 65536 /dev/xvda || true
  done
  exit 1
fi
pass 0
pass $((size / 2 - 4))
if [ "$XENBLK_STAGE" = Resize ]; then
  for try in $(seq 100); do
    now=$(($(blockdev --getsize64 /dev/xvda) >> 20))
    [ "$now" -gt "$size" ] && break
    sleep 0.1
  done
  [ "$now" -gt "$size" ]
  pass $((now - 4))
fi
[ "$XENBLK_STAGE" = Bare ] || blkdiscard -o $((size / 2 << 20)) -l 1048576 /dev/xvda
pass $((size / 2))
echo "read what it wrote on $size MiB"
END
modprobe xen-blkfront max_indirect_segments=32 max_ring_page_order=2 max_queues=2
check blkfront "" frontend xvda --domain 0 --traffic "cd $WORK && bash traffic.sh" --patience 20 \
  --seconds 90 --peer-name "Linux blkfront" --peer-version "$kernel"
rmmod xen_blkfront

step "Linux's xen-blkback"
modprobe xen-blkback max_queues=4 max_ring_page_order=4
device=$(losetup -f --show disk.raw)
make_vbd vbd 0 51712 params "$device" physical-device "$(device_number "$device")" discard-enable 1
until_true 10 "xen-blkback does not offer the disk" store_is "$BACK/state" 2
check xen-blkback "" backend xvda "${every[@]}" --peer-name "Linux xen-blkback" --peer-version "$kernel"
sync
same_bytes disk.raw before.raw "the check did not put back what was there"
take_away

step "Linux's xen-blkback, a read-only disk"
make_vbd vbd 0 51712 params "$device" physical-device "$(device_number "$device")" mode r
until_true 10 "xen-blkback does not offer the disk" store_is "$BACK/state" 2
check xen-blkback-read-only "" backend xvda "${every[@]}" --peer-name "Linux xen-blkback" --peer-version "$kernel"
take_away

step "ours, on the real hypervisor"
serve own --domain 0 before.raw=xvda
check own-on-xen "" backend xvda "${every[@]}" --peer-name xenblk --peer-version "$(xenblk --version)"
kill "$SERVER"
wait "$SERVER" || fail "xenblk serve ended with $?" # its counters tell what the check broke on purpose

[[ -z $surprises ]] || fail "$surprises"
