# about: the same guest, the same load, the same tmpfs: Linux's blkback, QEMU's backend, and ours with every access
# limit: 2400 7200
# only: long
# group: compare
# memory: 2560 1152
# processors: 2
# needs: xenblk
. "$BED"
rounds=3 image_mib=32 fio_seconds=2
((LONG == 0)) || { rounds=9 fio_seconds=5; }
modes=(map batch copy persistent)
if xenblk serve --help | grep -qw auto; then modes+=(auto); fi

step "a guest with a disk of each backend, all images in memory"
mkdir /mnt/memory
mount -t tmpfs -o size=600m none /mnt/memory
modprobe xen-blkback
cat >cmd <<'END_OF_GUEST'
# Asleep until it is written: the first event of a watch only says that it is set. The limit is for a write between.
watched() {
  until [ "$(xenstore-read data/$1 2>/dev/null)" = $2 ]; do timeout 2 xenstore-watch -n 2 data/$1 >/dev/null; done
}
# By their paths, or the shell takes what is called so in busybox. Each says how many MiB it moved, and in how many
# seconds, by the program's own clock.
dd_run() { # disk, bytes of a block, blocks, times
  i=0
  while [ $i -lt $4 ]; do
    i=$((i + 1))
    /bin/dd if=/dev/$1 of=/dev/null bs=$2 count=$3 iflag=direct 2>&1
  done | awk -v each=$(($2 * $3)) '/copied/ { for (f = 2; f <= NF; f++) if ($f ~ /^s,?$/) sum += $(f - 1); n++ }
    END { printf "%.3f %.4f\n", n * each / 1048576, sum }'
}
hdparm_run() { # disk, options
  disk=$1
  shift
  /tools/bin/hdparm "$@" /dev/$disk 2>/dev/null | sed -n 's/.*: *\([0-9.]*\) MB in *\([0-9.]*\) seconds.*/\1 \2/p'
}
fio_run() { # disk, pattern, bytes of a block, depth
  fio --name=run --filename=/dev/$1 --rw=$2 --bs=$3 --iodepth=$4 --direct=1 --ioengine=libaio --thread --time_based \
    --runtime=$seconds --size=32m --randseed=7 --minimal |
    awk -F';' '{ kib = $6 + $47; ms = $9 > $50 ? $9 : $50; printf "%.3f %.4f\n", kib / 1024, ms / 1000 }'
}
for disk in $disks; do
  i=0
  until [ -b /dev/$disk ] || [ $i -gt 600 ]; do i=$((i + 1)); sleep 0.1; done
  echo "SUM $disk $(dd if=/dev/$disk bs=1M count=4 iflag=direct 2>/dev/null | md5sum | cut -d' ' -f1)"
done
echo "READY"
n=0
while true; do
  n=$((n + 1))
  watched number $n
  set -- $(xenstore-read data/job)
  case $1 in
    end) break ;;
    nothing) said="0 0" ;;
    *) said=$("$@") ;;
  esac
  xenstore-write data/said "$n $said"
done
END_OF_GUEST
names=(blkback qemu "${modes[@]}") letters=(a b c d e f g h)
sed -i "1i disks=\"$(for i in "${!names[@]}"; do printf 'xvd%s ' "${letters[i]}"; done)\" seconds=$fio_seconds" cmd
for name in "${names[@]}"; do random_file "/mnt/memory/$name.raw" $image_mib; done
kernel=$(losetup -f --show /mnt/memory/blkback.raw)
tools=$(losetup -rf --show /boot/tools.ext4)
guest_files guest cmd
TYPE=pv MEMORY=320 guest_config guest tools=/dev/xvdz \
  "format=raw,vdev=xvda,access=rw,backendtype=phy,target=$kernel" \
  "format=raw,vdev=xvdb,access=rw,backendtype=qdisk,target=/mnt/memory/qemu.raw" \
  "format=raw,vdev=xvdz,access=r,backendtype=phy,target=$tools"
# dom0 has the first processor: what is measured is a disk, not how Xen shares one processor between its two ends.
echo 'cpus = "1"' >>guest.cfg
guest_create guest -p
for i in "${!modes[@]}"; do
  serve "${modes[i]}" --domain "$DOMAIN" --access "${modes[i]}" "/mnt/memory/${modes[i]}.raw=xvd${letters[i + 2]}"
done
xl unpause guest
guest_says guest READY 300
for i in "${!names[@]}"; do
  sum=$(head -c 4M "/mnt/memory/${names[i]}.raw" | md5sum | cut -d' ' -f1)
  guest_said guest "SUM xvd${letters[i]} $sum" || fail "xvd${letters[i]} is not the image of ${names[i]}"
  # What persistent grants are used by whom: nobody measures something else than its name says.
  front=/local/domain/$DOMAIN/device/vbd/$((51712 + 16 * i))
  step "${names[i]}: feature-persistent $(xenstore-read "$(xenstore-read "$front/backend")/feature-persistent" || true)"
done

# job WORD...: one job of the guest; sets MIB, SPENT (its seconds) and CPU (those of dom0's processor since the job
# before, as Xen counts them, to a tenth).
number=0
home=/local/domain/$DOMAIN/data
dom0_seconds() { xl list 0 | awk 'NR == 2 { print $6 }'; }
said() { [[ $(xenstore-read "$home/said" 2>/dev/null) == "$number "* ]]; }
job() {
  local limit now
  number=$((number + 1))
  xenstore-write "$home/job" "$*"
  xenstore-write "$home/number" $number
  # Asleep meanwhile: whoever looks takes the processor from what is measured.
  limit=$((SECONDS + 60 * PATIENCE))
  until said; do
    ((SECONDS < limit)) || fail "no end of: $*"
    timeout 2 xenstore-watch -n 2 "$home/said" >/dev/null || true
  done
  now=$(dom0_seconds)
  CPU=$(awk -v a="$processor_seconds" -v b="$now" 'BEGIN { print b - a }')
  processor_seconds=$now
  read -r _ MIB SPENT < <(xenstore-read "$home/said")
  [[ $MIB =~ ^[0-9.]+$ && $SPENT =~ ^[0-9.]+$ ]] || fail "the guest does not say what it did: $*"
}
processor_seconds=$(dom0_seconds)
xenstore-write "$home/said" 0 "$home/number" 0
xenstore-chmod "$home/said" "n$DOMAIN"

jobs=("dd 4096" "dd 45056" "dd 65536" "dd 131072" "dd 1048576" "hdparm -t" "hdparm --direct -t" "fio read 1m 4"
  "fio randread 4k 32" "fio randwrite 4k 32")
# run JOB DISK
run() {
  local disk=$2
  set -- $1
  case "$1 $2" in
    "dd 4096") job dd_run "$disk" 4096 1024 1 ;; # 4 MiB
    "dd 1048576") job dd_run "$disk" 1048576 $image_mib 6 ;;
    "dd "*) job dd_run "$disk" "$2" $(((image_mib << 20) / $2)) 2 ;;
    "hdparm --direct") job hdparm_run "$disk" --direct -t ;;
    "hdparm -t") job hdparm_run "$disk" -t ;;
    "fio "*) job fio_run "$disk" "$2" "$3" "$4" ;;
  esac
}
step "$rounds rounds of ${#jobs[@]} jobs on ${#names[@]} backends"
for ((round = 1; round <= rounds; round++)); do
  job nothing # not counted: before it dom0 wrote a report
  job nothing
  printf '%s\t%s\t%s\t%s\t%s\t%s\n' $round nothing - 0 0 "$CPU" | tee -a raw.tsv
  for what in "${jobs[@]}"; do
    # Each begins once: whoever comes first in a round finds the caches as others do not.
    for ((k = 0; k < ${#names[@]}; k++)); do
      i=$(((k + round) % ${#names[@]}))
      run "$what" "xvd${letters[i]}"
      printf '%s\t%s\t%s\t%s\t%s\t%s\n' $round "$what" "${names[i]}" "$MIB" "$SPENT" "$CPU" | tee -a raw.tsv
    done
  done
  cp raw.tsv "$OUT/"
  . "${BED%/*}/compare-report.sh" # after each round, for who stops it
done
number=$((number + 1))
xenstore-write "$home/job" end "$home/number" $number
guest_ends guest 60
