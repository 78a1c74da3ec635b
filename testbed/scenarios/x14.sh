# about: a hostile frontend in a guest against ours: another guest's disk, the process and dom0 stay as they were
# limit: 420 1500
# group: shared
# needs: xenblk enemy
. "$BED"
. "${BED%/*}/fio.sh"
seconds=60 window=15
((LONG == 0)) || { seconds=600 window=60; }
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}

step "an enemy and a victim, on one process of ours; seed $seed (BED_SEED=$seed does it again)"
cat >cmd <<END_OF_GUEST
PATH=\$PATH:/
echo 4096 >/sys/module/xen_gntalloc/parameters/limit
# First it is only as busy as it will be: what it takes of the processor is no fault of the backend.
( while [ ! -e /stop ]; do :; done ) &
echo "BUSY"
until [ "\$(xenstore-read data/go 2>/dev/null)" = 1 ]; do sleep 0.5; done
touch /stop
wait
enemy --seed $seed --seconds $seconds --bound $((60 * PATIENCE))
echo "RAGED \$?"
until [ "\$(xenstore-read data/go 2>/dev/null)" = 2 ]; do sleep 0.2; done
# A control: with a backend that stands still it has to find that.
enemy --seed $seed --seconds 1 --bound 3
echo "CONTROL \$?"
until [ "\$(xenstore-read data/go 2>/dev/null)" = 3 ]; do sleep 0.5; done
END_OF_GUEST
guest_files enemy cmd /share/in/enemy
TYPE=pv MEMORY=160 guest_config enemy "NOMODS=xen-blkfront"
guest_create enemy -p
enemy=$DOMAIN
{
  fio_words
  echo "window=$window"
  cat <<'END_OF_GUEST'
appear xvda
round=0
work() {
  while [ ! -e /stop ]; do
    round=$((round + 1))
    verified xvda work --rw=randrw --bs=16k --iodepth=8 --size=8m --randseed=$round >/tmp/said
    ! grep FAILED /tmp/said || break
  done
  echo "ROUNDS $round"
}
moved() { read -r a b r c d e w rest </sys/block/xvda/stat; echo $(((r + w) * 512)); }
measure() {
  before=$(moved)
  sleep $window
  echo "$1 $(($(moved) - before))"
}
work &
echo "WORKING"
go 1
measure BEFORE
go 2
measure BESIDE
go 3
touch /stop
wait
echo "DONE"
END_OF_GUEST
} >cmd
guest_files victim cmd
TYPE=pv MEMORY=256 guest_config victim "$TOOLS"
guest_create victim -p
victim=$DOMAIN
truncate -s 1M enemy.raw
truncate -s 32M victim.raw
serve all --disk "path=enemy.raw,vdev=xvda,domain=$enemy" --disk "path=victim.raw,vdev=xvda,domain=$victim" \
  $(tools_of "$victim")

# resident: what the process has of memory, in KiB.
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$SERVER/status"; }
# grants_in_use DOMAIN: how many grants of a domain somebody has mapped, as Xen itself counts them. The first eight are
# its console and its XenStore.
grants_in_use() {
  xl dmesg -c >/dev/null
  xl debug-keys g
  xl dmesg | tee "$OUT/grants.txt" |
    awk -v domain="d$1" '/grant-table for remote/ { ours = $0 ~ "remote " domain " " }
      ours && match($0, /\[0x[0-9a-f]+\]/) && substr($0, RSTART + 3, RLENGTH - 4) !~ /^0*[0-7]$/ { n++ }
      END { print n + 0 }'
}

xl unpause victim
guest_says victim WORKING 150
xl unpause enemy
guest_says enemy BUSY 150
xenstore-write "/local/domain/$victim/data/go" 1
guest_says victim 'BEFORE [0-9]+' $((window * 3 + 60))
before=$(resident)
xenstore-write "/local/domain/$enemy/data/go" 1
guest_says enemy 'enemy: seed' 60
step "it rages"
xenstore-write "/local/domain/$victim/data/go" 2
raging() { ! guest_said enemy RAGED; }
# look_while_connected: waits a moment for a connection, and holds the backend meanwhile: its lives are short, and Xen
# needs a while to print.
look_while_connected() {
  local backend=/local/domain/0/backend/vbd/$enemy/51712 try
  for ((try = 0; try < 20; try++)); do
    if [[ $(xenstore-read "$backend/state" 2>/dev/null) == 4 ]]; then
      kill -STOP "$SERVER"
      seen=$(grants_in_use "$enemy")
      kill -CONT "$SERVER"
      return
    fi
    nap 0.05
  done
}
most=0 seen=0
while raging; do
  kill -0 "$SERVER" || fail "the backend has ended"
  ((seen > 0)) || look_while_connected
  now=$(resident)
  ((now <= most)) || most=$now
  ((SECONDS < (seconds + 240) * PATIENCE)) || fail "it does not end"
  ((seen == 0)) || nap 2
done
grep 'enemy:' "$(console enemy)"
guest_said enemy 'RAGED 0' || fail "$(grep -m1 'enemy: .* lives' "$(console enemy)")"
guest_says victim 'BESIDE [0-9]+' $((window * 3 + 60))
step "memory of the process: $before KiB before, $most KiB at most; grants of the enemy in use: $seen"
((seen > 0)) || fail "no grant of the enemy was ever seen in use: the detector sees nothing"
((most - before < 64 << 10)) || fail "its memory grew by $((most - before)) KiB"

step "a control: the backend stands still, and the enemy must find that"
kill -STOP "$SERVER"
xenstore-write "/local/domain/$enemy/data/go" 2
guest_says enemy 'CONTROL [0-9]' 60
kill -CONT "$SERVER"
guest_said enemy 'CONTROL 1' || fail "it found nothing: $(grep 'CONTROL' "$(console enemy)")"

step "the enemy's disk is taken away"
xenblk detach "$enemy" xvda --timeout 10 || xenblk detach "$enemy" xvda --force
none_in_use() { [[ $(grants_in_use "$enemy") == 0 ]]; }
until_true 20 "grants of the enemy are still in use" none_in_use
xenstore-write "/local/domain/$enemy/data/go" 3
guest_ends enemy 60
xenstore-write "/local/domain/$victim/data/go" 3
guest_says victim 'DONE' 120
grep -E 'ROUNDS|BEFORE|BESIDE' "$(console victim)"
guest_ends victim 60
alone=$(sed -n 's/.*BEFORE \([0-9]*\).*/\1/p' "$(console victim)")
beside=$(sed -n 's/.*BESIDE \([0-9]*\).*/\1/p' "$(console victim)")
step "the victim keeps $((beside * 100 / alone)) % of what it moves beside a guest that is as busy and harms nobody"
((beside > 0)) || fail "the victim stands still"
code=0
wait "$SERVER" || code=$? # both disks are gone, one taken away, one with its guest
((code == 0)) || fail "xenblk serve ended with $code: $(tail -1 all.err)"
for name in storeErrors ringViolations; do
  [[ $(counter all $name xvda "$victim") == 0 ]] || fail "the victim's disk has counted $name"
done
for name in requests ringViolations; do step "of the enemy's disk: $name $(counter all $name xvda "$enemy")"; done
