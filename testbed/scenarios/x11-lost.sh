# about: ours, killed under Linux's blkfront, and its notes of requests lost: errors, and back by detach and attach
# limit: 240 600
# group: shared
# needs: xenblk
. "$BED"
. "${BED%/*}/fio.sh"

step "a guest that writes a disk of two queues"
{
  fio_words
  cat <<'END_OF_GUEST'
echo "UP"
# A disk whose backend loses its notes with requests under way; and what it is after that.
appear xvdc
( while dd if=/dev/zero of=/dev/xvdc bs=64k count=16 oflag=direct 2>/tmp/lost; do :; done
  echo "LOST: $(grep -m1 dd: /tmp/lost)" ) &
echo "WRITING"
wait
go 2
echo "BACK $(dd if=/dev/xvdc bs=64k iflag=direct 2>/dev/null | md5sum | cut -d' ' -f1)"
go 3
END_OF_GUEST
} >cmd
guest_files load cmd
TYPE=pv VCPUS=2 MEMORY=192 guest_config load "xen_blkfront.max_queues=2"
guest_create load
load=$DOMAIN
guest_says load UP 150
random_file c.raw 2
vbd=/local/domain/0/backend/vbd/$load/51744
step "killed, and its notes lost too: the control, which must not go unnoticed"
xenblk attach load c.raw --vdev xvdc
guest_says load WRITING 60
server=$(pgrep -f -- "--vbd $load-xvdc")
until_true 30 "nothing is written" cmp -s -n 65536 c.raw /dev/zero
kill -9 "$server"
until_true 10 "it does not die" eval "! kill -0 $server"
rm /run/xenblk/"$load"-51744.in-flight.*
xenblk serve --machine xen --vbd "$load/xvdc" >again.out 2>again.err & # for people: it says what happens
SERVER=$!
guest_says load 'LOST: ' 120
grep 'LOST: ' "$(console load)"
error=$(xenstore-read "$vbd/error")
step "it says: $error"
[[ $error == *"are under way on the ring"*"is lost"*"detach the disk and attach it again"* ]] || fail "no such sentence"
grep -q 'detach the disk and attach it again' again.err || fail "serve does not say it"
store_is "$vbd/state" 6 || store_is "$vbd/state" 5 || fail "the disk does not close"

step "and back, by detach and attach, in the same guest"
xenblk detach load xvdc --timeout 10 || xenblk detach load xvdc --force
until_true 30 "its backend does not end" eval "! kill -0 $SERVER"
random_file c.raw 2
xenblk attach load c.raw --vdev xvdc
until_true 60 "the guest does not connect" store_is "/local/domain/$load/device/vbd/51744/state" 4
xenstore-write "/local/domain/$load/data/go" 2
guest_says load 'BACK [0-9a-f]{32}' 60
guest_said load "BACK $(md5sum <c.raw | cut -d' ' -f1)" || fail "the guest reads something else"
xenstore-write "/local/domain/$load/data/go" 3
guest_ends load 60
