# about: four guests of two disks each on one process of ours: no cross-talk, all verified, fair
# limit: 600 1800
# group: shared
# needs: xenblk
. "$BED"
guests=4 window=15
((LONG == 0)) || window=60

# Each writes over its own disks what nobody else has, all at once for a while, and counts by the kernel's statistics;
# then all is read back. A sector of the pattern names its guest, its disk and its place.
cat >cmd <<'END'
window=$(sed -n 's/.*window=\([^ ]*\).*/\1/p' /proc/cmdline)
for i in $(seq 300); do [ -b /dev/xvda ] && [ -b /dev/xvdb ] && break; sleep 0.2; done
for disk in xvda xvdb; do
  echo "BEFORE $disk $(dd if=/dev/$disk bs=64k iflag=direct 2>/dev/null | md5sum | cut -d' ' -f1)"
done
echo "READY"
# Asleep until the key is written: those that wait leave the one processor to those that boot. The first event of a
# watch only says that it is set.
until [ "$(xenstore-read data/go 2>/dev/null)" = 1 ]; do timeout 20 xenstore-watch -n 2 data/go >/dev/null; done
load() { while [ ! -e /stop ]; do dd if=/$1.pattern of=/dev/$1 bs=64k oflag=direct; done 2>/dev/null; }
moved() { awk '{ print ($3 + $7) * 512 }' /sys/block/$1/stat; }
load xvda &
load xvdb &
sleep 5 # until the others have begun too
a=$(moved xvda) b=$(moved xvdb)
sleep $window
echo "MOVED xvda $(($(moved xvda) - a))"
echo "MOVED xvdb $(($(moved xvdb) - b))"
sleep 5 # until the others have measured
touch /stop
wait
for disk in xvda xvdb; do
  dd if=/dev/$disk bs=64k iflag=direct 2>/dev/null | head -c 1048576 | cmp - /$disk.pattern || echo "FAILED: $disk"
done
echo "VERIFIED"
END
disks=()
for ((g = 1; g <= guests; g++)); do
  for vdev in xvda xvdb; do
    awk -v who="g$g-$vdev" 'BEGIN { for (i = 0; i < 2048; i++) printf "%-511s\n", who "-sector-" i }' >$vdev.pattern
  done
  guest_files "g$g" cmd xvda.pattern xvdb.pattern
  TYPE=pv MEMORY=112 guest_config "g$g" "window=$window"
  guest_create "g$g" -p
  domains[g]=$DOMAIN
  for vdev in xvda xvdb; do
    random_file "g$g-$vdev.raw" 2
    cp "g$g-$vdev.raw" "g$g-$vdev.was"
    disks+=(--disk "path=g$g-$vdev.raw,vdev=$vdev,domain=$DOMAIN,mode=w")
  done
done
step "one process serves $((guests * 2)) disks"
serve all "${disks[@]}"
# One after the other: five domains that boot on one processor at once take far longer than five times as long.
for ((g = 1; g <= guests; g++)); do
  xl unpause "${domains[g]}"
  guest_says "g$g" READY 150
  for vdev in xvda xvdb; do
    guest_said "g$g" "BEFORE $vdev $(md5sum <"g$g-$vdev.was" | cut -d' ' -f1)" || fail "g$g read another $vdev"
  done
done
step "all of them at once"
for ((g = 1; g <= guests; g++)); do xenstore-write "/local/domain/${domains[g]}/data/go" 1; done
for ((g = 1; g <= guests; g++)); do guest_says "g$g" VERIFIED $((window * 4 + 90)); done
for ((g = 1; g <= guests; g++)); do guest_ends "g$g" 60; done
serve_ends all
step "no cross-talk: every sector of an image is its own guest's, or untouched"
for ((g = 1; g <= guests; g++)); do
  for vdev in xvda xvdb; do
    own=$(head -c 1048576 "g$g-$vdev.raw" | grep -c "^g$g-$vdev-sector-")
    [[ $own == 2048 ]] || fail "g$g-$vdev has other sectors"
    cmp <(tail -c 1048576 "g$g-$vdev.raw") <(tail -c 1048576 "g$g-$vdev.was") ||
      fail "g$g-$vdev has changed past the pattern"
    moved=$(sed -n "s/.*MOVED $vdev \([0-9]*\).*/\1/p" "$(console "g$g")")
    step "g$g $vdev: $moved bytes in the window, $(counter all requests "$vdev" "${domains[g]}") requests in all"
    echo "$moved" >>moved.txt
  done
done
step "fair: each within a factor of 2 of the mean"
awk '{ sum += $1; n++; v[n] = $1 } END {
  for (i in v) if (v[i] * n < sum / 2 || v[i] * n > sum * 2) exit 1
}' moved.txt || fail "it is not fair: $(xargs <moved.txt)"
