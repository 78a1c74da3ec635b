# about: Linux's blkfront in dom0 itself, on ours: direct and indirect requests, every access, disconnect and reconnect
# limit: 240
# group: shared
# needs: xenblk
. "$BED"
MIB=8
front=/local/domain/0/device/vbd/51712 back=/local/domain/0/backend/vbd/0/51712

# session NAME ACCESS MODULE-PARAMETER...: a whole life of a disk, read and written by blkfront loaded like that.
session() {
  local name=$1 access=$2 requests bytes
  shift 2
  step "$name: --access $access, blkfront ${*:-as it comes}"
  random_file "$name.raw" $MIB
  random_file "$name.new" $MIB
  cp "$name.raw" "$name.image"
  modprobe xen-blkfront "$@"
  serve "$name" --domain 0 --access "$access" "$name.image=xvda"
  until_true 20 "/dev/xvda does not appear" test -b /dev/xvda
  [[ $(blockdev --getsize64 /dev/xvda) == $((MIB << 20)) ]] || fail "/dev/xvda has not the size of the image"
  [[ $(dd if=/dev/xvda bs=1M iflag=direct status=none | sha256sum) == "$(sum_of "$name.raw")  -" ]] ||
    fail "reading gave something else than the image"
  dd if="$name.new" of=/dev/xvda bs=1M oflag=direct conv=fsync status=none
  # Small ones over it, at odd sectors: 7 sectors a request, never a page.
  dd if="$name.raw" of=/dev/xvda bs=3584 count=256 oflag=direct conv=fsync status=none
  dd if="$name.raw" of="$name.new" bs=3584 count=256 conv=notrunc status=none
  same_bytes "$name.image" "$name.new" "the image is not what was written"
  step "$name: the backend ends, and blkfront lets go"
  serve_ends "$name"
  store_lacks "$back/state" && store_lacks "$front/state" || fail "the nodes are still there after the end"
  until_true 20 "/dev/xvda stays" test ! -e /sys/block/xvda
  [[ ${RECONNECT:-} != yes ]] || reconnect "$name"
  rmmod xen_blkfront
  requests=$(counter "$name" requests) bytes=$(($(counter "$name" bytesRead) + $(counter "$name" bytesWritten)))
  ((bytes >= 2 * MIB << 20)) || fail "the counters know of $bytes bytes only"
  # The 256 small requests beside, what is left is large ones.
  AVERAGE=$(((bytes - 256 * 3584) / (requests - 256)))
  step "$name: $requests requests, large ones of $AVERAGE bytes on average"
}

# reconnect: the same disk comes once more, to a blkfront that has had it before, and this time blkfront ends first.
reconnect() {
  step "$1: again"
  serve "$1-again" --domain 0 "$1.image=xvda"
  until_true 20 "/dev/xvda does not come back" test -b /dev/xvda
  [[ $(dd if=/dev/xvda bs=1M iflag=direct status=none | sha256sum) == "$(sum_of "$1.image")  -" ]] ||
    fail "after the reconnect the disk is another one"
  echo vbd-51712 >/sys/bus/xen/drivers/vbd/unbind
  until_true 10 "the backend does not close" store_is "$back/state" 6
  serve_ends "$1-again"
}

# Eleven segments of a page are what a direct request can hold.
RECONNECT=yes session direct map max_indirect_segments=0
((AVERAGE <= 11 * 4096)) || fail "requests were larger than direct ones can be"
session indirect persistent max_indirect_segments=32
((AVERAGE > 11 * 4096)) || fail "requests were not indirect"
session batched batch max_indirect_segments=256
session copied copy max_indirect_segments=256 max_ring_page_order=2
((AVERAGE > 11 * 4096)) || fail "requests were not indirect"
if ((LONG)); then
  MIB=64
  for access in map batch persistent copy; do
    for segments in 0 32 256; do
      for order in 0 4; do
        session "$access-$segments-$order" $access max_indirect_segments=$segments max_ring_page_order=$order
      done
    done
  done
fi
