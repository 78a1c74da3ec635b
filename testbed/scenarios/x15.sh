# about: a tracer in dom0 follows ours in a guest and ours in dom0: their clocks brought together, the sums exact
# limit: 400 1200
# only: long
# group: shared
# needs: xenblk
. "$BED"
step "a guest with our frontend under load, which dom0 may trace; ours in dom0 may be traced too"
cat >cmd <<END_OF_GUEST
PATH=\$PATH:/
echo 4096 >/sys/module/xen_gntalloc/parameters/limit
xenblk verify xvda --overwrite --queues 1 --jobs 4 --seed 15 --seconds 10000 --allow-trace --json >/said 2>&1 &
until [ "\$(xenstore-read data/go 2>/dev/null)" = 1 ] || [ -s /said ]; do sleep 1; done
kill -KILL \$!
echo ENDED
END_OF_GUEST
guest_files ours cmd /usr/local/bin/xenblk
TYPE=pv MEMORY=256 guest_config ours "NOMODS=xen-blkfront"
guest_create ours -p
truncate -s 64M disk.raw
serve ours --allow-trace --queues 1 --disk "path=disk.raw,vdev=xvda,domain=$DOMAIN"
xl unpause "$DOMAIN"
until_true 150 "the guest does not connect" store_is "/local/domain/$DOMAIN/device/vbd/51712/state" 4
until_true 30 "the guest publishes no recorder" xenstore-exists "/local/domain/$DOMAIN/data/xenblk-trace"
nap 2
step "two seconds from both ends"
xenblk trace --domain "$DOMAIN" --vdev xvda -o both --seconds 2 --json >both.json || fail "it cannot be traced"
grep -o '"clock":"[^"]*"' both.json
grep -q '"ends":"frontend (dom[0-9]*), backend (dom0)"' both.json || fail "not both ends were followed"
grep -q '"part":"whole"' both.json || fail "the ends were not joined"
step "the backend is killed while it is traced: what it had recorded is there"
xenblk trace --domain "$DOMAIN" --vdev xvda -o killed --seconds 6 --json >killed.json &
tracer=$!
attached() { xenstore-ls /local/domain/0/data/xenblk-trace | grep -q 'level = "phases'; }
until_true 20 "the tracer does not attach" attached
nap 2
kill -9 "$SERVER"
wait $tracer || fail "the tracer ended with its backend"
grep -q '"requests":[1-9]' killed.json || fail "nothing is left of what was recorded: $(cat killed.json)"
xenstore-write "/local/domain/$DOMAIN/data/go" 1
guest_says ours ENDED 60
guest_ends ours 60
