# about: ours in dom0 on xen-blkback: persistent, several queues, rings of 16 pages, discard, flush, 1 MiB requests
# limit: 300 900
# group: shared
# needs: xenblk
. "$BED"
. "${BED%/*}/frontend.sh"
seconds=20
((LONG == 0)) || seconds=300
step "xen-blkback, on a file by a loop device"
modprobe xen-blkback max_queues=4 max_ring_page_order=4 log_stats=1
truncate -s 64M disk.raw
device=$(losetup -f --show disk.raw)
echo 16384 >/sys/module/xen_gntalloc/parameters/limit # 4 queues with rings of 16 pages, and what they grant
make_vbd vbd 0 51712 params "$device" physical-device "$(device_number "$device")" discard-enable 1
until_true 10 "xen-blkback does not offer the disk" store_is "$BACK/state" 2
xenblk info xvda --json >info.json
xenblk info xvda
for name in feature-persistent feature-flush-cache feature-discard; do
  [[ $(feature $name agreed) != no ]] || fail "$name was not agreed: $(feature $name reason)"
done
[[ $(feature feature-max-indirect-segments agreed) == 256 ]] || fail "not 256 segments"
[[ $(feature ring-page-order offered) == 4 ]] || fail "not 16 pages"
[[ $(feature multi-queue-num-queues offered) == 4 ]] || fail "not 4 queues"

step "verified at random"
xenblk verify xvda --overwrite --queues 4 --ring-order 4 --jobs 32 --seconds $seconds --seed 13 --json >verify.json &
verifying=$!
until_true 30 "blkback has not a thread a queue" eval '(($(pgrep -c "^0\.xvda-[0-3]$") == 4))'
store_is "$FRONT/ring-page-order" 4 || fail "the rings have not 16 pages"
store_is "$FRONT/multi-queue-num-queues" 4 || fail "there are not 4 queues"
# Its counters are those of the rings, and go with them.
statistics=/sys/bus/xen-backend/devices/vbd-0-51712/statistics
for name in rd_req wr_req f_req ds_req; do
  until_true 15 "$name is never used" eval "((\$(<$statistics/$name) > 0))"
  step "blkback counts $name: $(<$statistics/$name)"
done
wait "$verifying" || fail "verify failed"
cat verify.json
# More than 11 pages a request on average can only be indirect ones; reads are of 1 to 256 pages.
xenblk cp xvda copy.raw
same_bytes disk.raw copy.raw "what was read is not what the kernel has"
dmesg | grep -oE 'pg: +[0-9]+' | sort -u | tail -3
dmesg | grep -qE 'pg: +[1-9]' || fail "no page was kept mapped"
