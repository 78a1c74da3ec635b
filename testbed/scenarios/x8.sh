# about: hot plug and hot unplug under Linux: the disk appears, is used, goes; unplug while busy is refused or orderly
# limit: 300
# group: shared
# needs: xenblk
. "$BED"
step "a running guest without disks"
cat >cmd <<'END'
for_a_minute() {
  i=0
  until "$@"; do i=$((i + 1)); [ $i -lt 600 ] || { echo "FAILED: not $*"; return; }; sleep 0.1; done
}
appears() { for_a_minute test -b /dev/$1; }
goes() { for_a_minute test ! -e /sys/block/$1; }
go() { until [ "$(xenstore-read data/go 2>/dev/null)" = $1 ]; do sleep 0.1; done; }
echo "IDLE"
appears xvdb
echo "APPEARED $(dd if=/dev/xvdb bs=64k iflag=direct 2>/dev/null | sha256sum | cut -d' ' -f1)"
dd if=/dev/urandom of=/dev/xvdb bs=64k oflag=direct 2>/dev/null
dd if=/dev/zero of=/dev/xvdb bs=1 count=0 conv=fsync 2>/dev/null
echo "WROTE $(dd if=/dev/xvdb bs=64k iflag=direct 2>/dev/null | sha256sum | cut -d' ' -f1)"
goes xvdb
echo "WENT"
go 2
appears xvdc
mount -t ext4 /dev/xvdc /mnt && echo kept >/mnt/kept && sync
(i=0; while echo $i >>/mnt/log; do i=$((i + 1)); sync; done) 2>/dev/null &
echo "BUSY"
go 3
if [ -e /sys/block/xvdc ] && echo late >/mnt/late && sync; then echo "STILL THERE"; else echo "GONE IN ORDER"; fi
kill %1
umount /mnt
sync
go 4
END
guest_files plug cmd
TYPE=pv guest_config plug
guest_create plug
guest_says plug IDLE 150

step "attach"
random_file one.raw 8
before=$(sum_of one.raw) # the guest writes as soon as it has read
xenblk attach plug one.raw --vdev xvdb
xl block-list plug | tee blocks.txt
grep -q 51728 blocks.txt || fail "xl block-list does not show the disk"
xenblk list --json >list.json
[[ $(jq -r '.disks[] | select(.vdev == "xvdb") | .backend' list.json) == xenblk ]] || fail "list does not say xenblk"
ends_with 2 xenblk attach plug one.raw --vdev xvdb
guest_says plug 'APPEARED [0-9a-f]{64}' 60
guest_said plug "APPEARED $before" || fail "the guest read something else"
guest_says plug 'WROTE [0-9a-f]{64}' 60
guest_said plug "WROTE $(sum_of one.raw)" || fail "the image is not what the guest wrote"

step "detach"
xenblk detach plug xvdb
guest_says plug WENT 30
store_lacks "/local/domain/0/backend/vbd/$DOMAIN/51728" || fail "the backend's nodes are still there"
store_lacks "/local/domain/$DOMAIN/device/vbd/51728" || fail "the frontend's nodes are still there"
ends_with 2 xenblk detach plug xvdb

step "detach a disk that is mounted and written"
truncate -s 32M two.raw
mke2fs -q -t ext4 two.raw
xenblk attach plug two.raw --vdev xvdc
xenstore-write "/local/domain/$DOMAIN/data/go" 2
guest_says plug BUSY 60
code=0
xenblk detach plug xvdc --timeout 5 || code=$?
((code == 0 || code == 1)) || fail "detach ended with $code"
xenstore-write "/local/domain/$DOMAIN/data/go" 3
guest_says plug 'STILL THERE|GONE IN ORDER' 60
((code != 0)) || guest_said plug 'GONE IN ORDER' || fail "detach said it is gone, and it is not"
step "detach ended with $code; the guest: $(grep -oE 'STILL THERE|GONE IN ORDER' "$(console plug)")"
xenstore-write "/local/domain/$DOMAIN/data/go" 4
guest_ends plug 60
until_true 20 "a backend process stays" no_backend
e2fsck -fy two.raw >fsck.out || (($? == 1)) || fail "the file system is beyond repair"
mkdir -p /mnt/two
mount -o loop,ro two.raw /mnt/two
[[ $(</mnt/two/kept) == kept ]] || fail "what was synced before is lost"
umount /mnt/two
