# about: ours in a guest on ours in dom0, killed ten times under load and verified: no error reaches the application
# limit: 500 2400
# only: long
# group: shared
# needs: xenblk
. "$BED"
. "${BED%/*}/supervisor.sh"
kills=10
((LONG == 0)) || kills=60

step "a guest with our frontend, two queues on rings of 16 pages"
cat >cmd <<END_OF_GUEST
PATH=\$PATH:/
echo 16384 >/sys/module/xen_gntalloc/parameters/limit
xenblk info xvda
xenblk verify xvda --overwrite --queues 2 --ring-order 4 --jobs 24 --seed 12 --seconds 10000 --json >/said 2>&1 &
until [ "\$(xenstore-read data/go 2>/dev/null)" = 1 ] || [ -s /said ]; do sleep 1; done
kill -TERM \$! # it ends in order, and says what it has done
wait \$!
echo "VERIFY \$? \$(cat /said)"
END_OF_GUEST
guest_files ours cmd /usr/local/bin/xenblk
TYPE=pv MEMORY=256 guest_config ours "NOMODS=xen-blkfront"
guest_create ours -p
truncate -s 64M disk.raw
supervise all --queues 2 --disk "path=disk.raw,vdev=xvda,domain=$DOMAIN" &
until_true 30 "it is not ready" is_ready_again all 0
xl unpause ours
guest_says ours 'feature-flush-cache' 150
until_true 60 "the guest does not connect" store_is "/local/domain/$DOMAIN/device/vbd/51712/state" 4
is_used() {
  store_is "/local/domain/$DOMAIN/device/vbd/51712/state" 4 &&
    store_is "/local/domain/0/backend/vbd/$DOMAIN/51712/state" 4
}
for ((n = 1; n <= kills; n++)); do
  until_true 60 "the guest does not come back" is_used
  nap $((2 + n % 3))
  kill_it all
  step "killed $n times"
done
until_true 60 "the guest does not come back" is_used
nap 2
xenstore-write "/local/domain/$DOMAIN/data/go" 1
guest_says ours 'VERIFY [0-9]+' 120
said=$(grep -o 'VERIFY .*' "$(console ours)")
step "$said"
[[ $said == 'VERIFY 0 '* ]] || fail "an error reached the application, or data was wrong"
connections=$(sed -n 's/.*"connections":\([0-9]*\).*/\1/p' <<<"$said")
replayed=$(sed -n 's/.*"operationsReplayed":\([0-9]*\).*/\1/p' <<<"$said")
((connections > kills / 2 && replayed > 0)) || fail "$connections connections, $replayed operations done again: no load"
guest_ends ours 60
supervisor_ends
