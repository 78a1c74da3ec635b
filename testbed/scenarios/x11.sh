# about: Linux's blkfront on ours, which is killed ten times under load: pauses, no I/O error, nothing lost or doubled
# limit: 900 2400
# only: long
# group: shared
# needs: xenblk
. "$BED"
. "${BED%/*}/supervisor.sh"
. "${BED%/*}/fio.sh"
kills=10
((LONG == 0)) || kills=40

step "two guests: one writes and verifies two disks of two queues, one has its root on the third"
{
  fio_words
  cat <<'END_OF_GUEST'
appear xvda xvdb
# Blocks that carry their round and place, several writers at once on parts of their own, each verified by reading.
block() { yes "$1 $2 $3" | head -c 65536; }
work() {
  round=0
  while [ ! -e /stop ]; do
    round=$((round + 1))
    for place in 0 1 2 3; do
      block $1 $place $round | dd of=/dev/$1 bs=64k seek=$((place + $2)) oflag=direct iflag=fullblock 2>/tmp/$1.$2 ||
        echo "FAILED: $1 does not write: $(tail -1 /tmp/$1.$2)"
    done
    for place in 0 1 2 3; do
      dd if=/dev/$1 bs=64k skip=$((place + $2)) count=1 iflag=direct 2>/dev/null >/tmp/$1.$2
      block $1 $place $round | cmp - /tmp/$1.$2 || echo "FAILED: $1 is not what round $round wrote"
    done
    echo $round >/tmp/$1.$2.rounds
  done
}
for first in 0 4; do work xvdb $first & done
( round=0
  while [ ! -e /stop ]; do
    round=$((round + 1))
    fio_on xvda load --rw=randrw --bssplit=4k/50:64k/30:256k/20 --iodepth=8 --size=4m --fsync=32 \
      --randseed=$round --verify=crc32c --verify_fatal=1 ||
      echo "FAILED: fio: $(grep -m1 -iE 'verify|err' /tmp/fio.load)"
    echo $round >/tmp/fio.rounds
  done ) &
echo "WORKING"
go 1
touch /stop
wait
echo "ROUNDS $(cat /tmp/*.rounds | tr '\n' ' ')"
if dmesg | grep -i 'i/o error'; then echo "FAILED: the kernel says so"; fi
echo "DONE"
END_OF_GUEST
} >cmd
guest_files load cmd
TYPE=pv VCPUS=2 MEMORY=256 guest_config load "$TOOLS xen_blkfront.max_queues=2"
guest_create load -p
load=$DOMAIN
guest_files root
MEMORY=160 guest_config root "root=/dev/xvda rounds=3"
guest_create root -p
truncate -s 16M a.raw
truncate -s 1M b.raw
cp --sparse=always /boot/guest-root.ext4 root.raw
supervise all --queues 2 --disk "path=a.raw,vdev=xvda,domain=$load" --disk "path=b.raw,vdev=xvdb,domain=$load" \
  $(tools_of "$load") &
supervise root --disk "path=root.raw,vdev=xvda,domain=$DOMAIN" &
until_true 30 "it is not ready" is_ready_again all 0
until_true 30 "it is not ready" is_ready_again root 0
xl unpause load
guest_says load WORKING 150
front=/local/domain/$load/device/vbd/51712
store_is "$front/multi-queue-num-queues" 2 || fail "there are not 2 queues"
store_is "$front/feature-persistent" 1 || fail "it does not keep its grants"
xl unpause root
guest_says root 'root is /dev/xvda' 150
for ((n = 1; n <= kills; n++)); do
  kill_it all
  step "killed $n times"
  nap $((n % 4))
done
guest_says root 'load done' 240
guest_ends root 60
xenstore-write "/local/domain/$load/data/go" 1
guest_says load DONE 120
grep 'ROUNDS' "$(console load)"
[[ -z $(grep -il 'i/o error' /var/log/xen/console/guest-*.log) ]] || fail "a guest saw an I/O error"
e2fsck -fn root.raw || fail "the file system is not clean"
guest_ends load 60
supervisor_ends
