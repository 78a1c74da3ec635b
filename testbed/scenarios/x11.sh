# about: Linux's blkfront on ours, which is killed ten times under load: pauses, no I/O error, nothing lost or doubled
# limit: 600 1800
# only: long
# group: shared
# needs: xenblk
. "$BED"
. "${BED%/*}/supervisor.sh"
kills=10
((LONG == 0)) || kills=40

step "two guests: one writes and verifies two disks, one has its root on the third"
cat >cmd <<'END_OF_GUEST'
for i in $(seq 300); do [ -b /dev/xvda ] && [ -b /dev/xvdb ] && break; sleep 0.2; done
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
for first in 0 4 8; do
  work xvda $first &
  work xvdb $first &
done
echo "WORKING"
until [ "$(xenstore-read data/go 2>/dev/null)" = 1 ]; do timeout 5 xenstore-watch -n 2 data/go >/dev/null; done
touch /stop
wait
echo "ROUNDS $(cat /tmp/*.rounds | tr '\n' ' ')"
if dmesg | grep -i 'i/o error'; then echo "FAILED: the kernel says so"; fi
echo "DONE"
END_OF_GUEST
guest_files load cmd
TYPE=pv guest_config load
guest_create load -p
load=$DOMAIN
guest_files root
MEMORY=160 guest_config root "root=/dev/xvda rounds=4"
guest_create root -p
truncate -s 1M a.raw b.raw
cp --sparse=always /boot/guest-root.ext4 root.raw
supervise all --disk "path=a.raw,vdev=xvda,domain=$load" --disk "path=b.raw,vdev=xvdb,domain=$load" &
supervise root --disk "path=root.raw,vdev=xvda,domain=$DOMAIN" &
until_true 30 "it is not ready" is_ready_again all 0
until_true 30 "it is not ready" is_ready_again root 0
xl unpause load
guest_says load WORKING 150
xl unpause root
guest_says root 'root is /dev/xvda' 150
for ((n = 1; n <= kills; n++)); do
  kill_it all
  step "killed $n times"
  nap $((n % 4))
done
guest_says root 'load done' 240
touch stop.root # its disk goes with it
guest_ends root 60
xenstore-write "/local/domain/$load/data/go" 1
guest_says load DONE 120
guest_said load 'ROUNDS ' && grep 'ROUNDS' "$(console load)"
guest_ends load 60
supervisor_ends
[[ -z $(grep -il 'i/o error' /var/log/xen/console/guest-*.log) ]] || fail "a guest saw an I/O error"
step "recovered requests: $(counter all recovered)"
e2fsck -fn root.raw || fail "the file system is not clean"
