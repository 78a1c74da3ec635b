# about: Linux's blkfront with all it has, on ours: 2 queues of 16 pages, persistent, discard, resize; fio verifies
# limit: 420 1500
# group: shared
# needs: xenblk
. "$BED"
. "${BED%/*}/fio.sh"
size=8 runs=1
((LONG == 0)) || { size=48 runs=6; }

step "a guest of two processors"
{
  fio_words
  echo "size=${size}m runs=$runs"
  cat <<'END_OF_GUEST'
PATH=$PATH:/
appear xvda
mount -t debugfs none /sys/kernel/debug
echo none >/sys/block/xvda/queue/scheduler
echo "QUEUES $(ls -d /sys/block/xvda/mq/* | wc -l)"
xenblk info xvda
# busy: says how many requests are on a ring as soon as they are more than a ring of one page holds. The backend is
# held meanwhile: how far it falls behind by itself is a matter of the computer.
busy() {
  while true; do
    for queue in /sys/kernel/debug/block/xvda/hctx*; do
      while read -r word; do
        case $word in busy=*) [ ${word#busy=} -le 32 ] || { echo "BUSY ${word#busy=}"; return; } ;; esac
      done <$queue/tags
    done
    sleep 0.1
  done
}
busy &
echo "READY"
go 1
# The first 64 MiB are a file system's.
on() { name=$1 first=$2; shift 2; verified xvda $name --offset=$((first + 64))m "$@"; }
run=0
while [ $run -lt $runs ]; do
  run=$((run + 1))
  on small$run 0 --rw=randwrite --bs=4k --iodepth=256 --iodepth_batch_submit=128 --size=$size --randseed=$run
  on odd$run 0 --rw=randwrite --bsrange=512-11k --blockalign=512 --iodepth=8 --size=2m
  on large$run 48 --rw=write --bs=1m --iodepth=4 --size=$size
  on mixed$run 0 --rw=randrw --bssplit=4k/40:44k/30:64k/20:128k/10 --iodepth=16 --size=4m --numjobs=2 \
    --offset_increment=4m --fsync=16 --randseed=$run
done
wait

# A control: one sector is changed behind fio's back, and it must say so.
fio_on xvda planted --rw=write --bs=64k --size=2m --offset=64m --verify=crc32c --do_verify=0 ||
  echo "FAILED: fio planted"
echo "PLANT"
go 2
if fio_on xvda planted --rw=write --bs=64k --size=2m --offset=64m --verify=crc32c --verify_only --verify_fatal=1; then
  echo "FAILED: the planted fault was not noticed"
fi
echo "NOTICED $(grep -m1 -iE 'verify failed|bad' /tmp/fio.planted)"

mount -t ext4 /dev/xvda /mnt || echo "FAILED to mount"
dd if=/dev/urandom of=/mnt/filler bs=64k count=320 2>/dev/null
sync
echo "FILLED"
go 3
rm /mnt/filler
sync
/tools/bin/fstrim -v /mnt || echo "FAILED to trim"
umount /mnt
echo "TRIMMED"
go 4
echo "SIZE $(blockdev --getsize64 /dev/xvda)"
before=$(blockdev --getsize64 /dev/xvda)
echo "GROW"
i=0
until [ $(blockdev --getsize64 /dev/xvda) -gt $before ]; do
  i=$((i + 1)); [ $i -lt 300 ] || { echo "FAILED: it does not grow"; break; }; sleep 0.2
done
echo "GROWN $(blockdev --getsize64 /dev/xvda)"
verified xvda behind --rw=write --bs=64k --iodepth=4 --size=8m --offset=$((before + 1048576))
dmesg | grep -E 'xvda: (detected capacity|.*new size)|xvda.*capacity change'
echo "DONE"
END_OF_GUEST
} >cmd
guest_files full cmd /usr/local/bin/xenblk
# blkfront keeps a page for each segment of each slot: 66 MiB a queue.
parameters="xen_blkfront.max_queues=2 xen_blkfront.max_ring_page_order=4"
TYPE=pv VCPUS=2 MEMORY=448 guest_config full "$TOOLS $parameters"
guest_create full -p
mke2fs -q -t ext4 -E lazy_itable_init=1 disk.raw 64M
truncate -s 192M disk.raw
serve tools --queues 1 $(tools_of "$DOMAIN")
tools=$SERVER
serve full --queues 2 --domain "$DOMAIN" disk.raw=xvda
xl unpause "$DOMAIN"
guest_says full 'feature-flush-cache' 150
front=/local/domain/$DOMAIN/device/vbd/51712
store_is "$front/ring-page-order" 4 || fail "the rings have not 16 pages"
store_is "$front/multi-queue-num-queues" 2 || fail "there are not 2 queues"
store_is "$front/feature-persistent" 1 || fail "it does not keep its grants"
guest_said full 'QUEUES 2' || fail "Linux has not 2 queues"
step "the backend is held until a ring has more requests than one page"
guest_says full READY 60
kill -STOP "$SERVER"
xenstore-write "/local/domain/$DOMAIN/data/go" 1
guest_says full BUSY 60
kill -CONT "$SERVER"
guest_says full PLANT 300
guest_said full "VERIFIED mixed$runs" || fail "not everything was verified"
step "fio wrote and verified; now a sector is changed behind its back"
head -c 512 /dev/urandom | dd of=disk.raw bs=512 seek=$(((64 << 11) + 2000)) conv=notrunc status=none
xenstore-write "/local/domain/$DOMAIN/data/go" 2
guest_says full NOTICED 60
grep NOTICED "$(console full)"
guest_said full 'NOTICED .*(verify failed|bad)' || fail "fio failed for another reason"

step "discard"
guest_says full FILLED 60
sync disk.raw
full=$(du -k disk.raw | cut -f1)
xenstore-write "/local/domain/$DOMAIN/data/go" 3
guest_says full TRIMMED 60
trimmed=$(du -k disk.raw | cut -f1)
step "the image takes $full KiB before fstrim, $trimmed after"
((full - trimmed > 15 << 10)) || fail "fstrim in the guest gives nothing back"

step "resize"
xenstore-write "/local/domain/$DOMAIN/data/go" 4
guest_says full GROW 60
guest_said full "SIZE $((192 << 20))" || fail "it has not the size of the image"
truncate -s 224M disk.raw
guest_says full GROWN 60
guest_said full "GROWN $((224 << 20))" || fail "it has not the new size"
guest_says full DONE 60
guest_said full 'VERIFIED behind' || fail "what lies behind the old end is not written"
grep -E 'BUSY|GROWN|capacity' "$(console full)"
guest_ends full 60
serve_ends full
until_true 20 "the tools' backend stays" eval "! kill -0 $tools"
step "what was really used"
for name in requests indirectRequests persistentHits flushes discards; do
  step "$name: $(counter full $name)"
  (($(counter full $name) > 0)) || fail "$name: none"
done
for queue in 0 1; do
  (($(counter full "requestsPerQueue[$queue]") > 10)) || fail "queue $queue is not used"
done
