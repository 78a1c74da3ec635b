# about: Linux's blkfront in dom0 itself, on ours: direct and indirect requests, every access, disconnect and reconnect
# limit: 240
# group: shared
# needs: xenblk
. "$BED"
MIB=16
front=/local/domain/0/device/vbd/51712 back=/local/domain/0/backend/vbd/0/51712

# Who closed the device just now may still hold the module for a moment.
unload_blkfront() { until_true 20 "blkfront cannot be unloaded" rmmod xen_blkfront; }

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
  [[ ${RECONNECT:-} != yes ]] || reconnect "$name"
  unload_blkfront
  serve_ends "$name"
  store_lacks "$back/state" || fail "the nodes are still there after the end"
  requests=$(counter "$name" requests) bytes=$(($(counter "$name" bytesRead) + $(counter "$name" bytesWritten)))
  ((bytes >= 2 * MIB << 20)) || fail "the counters know of $bytes bytes only"
  # The 256 small requests beside, what is left is large ones.
  AVERAGE=$(((bytes - 256 * 3584) / (requests - 256)))
  step "$name: $requests requests, large ones of $AVERAGE bytes on average"
}

# reconnect: blkfront goes and comes back, as when a guest's driver is loaded again; the toolstack resets the state.
reconnect() {
  step "disconnect and reconnect"
  unload_blkfront
  until_true 10 "the backend does not close" store_is "$back/state" 6
  xenstore-write "$front/state" 1
  until_true 10 "the backend does not offer the disk again" store_is "$back/state" 2
  modprobe xen-blkfront
  until_true 20 "/dev/xvda does not come back" test -b /dev/xvda
  [[ $(dd if=/dev/xvda bs=1M iflag=direct status=none | sha256sum) == "$(sum_of "$1.image")  -" ]] ||
    fail "after the reconnect the disk is another one"
}

# Eleven segments of a page are what a direct request can hold.
RECONNECT=yes session direct map max_indirect_segments=0
((AVERAGE <= 11 * 4096)) || fail "requests were larger than direct ones can be"
session indirect persistent max_indirect_segments=32
((AVERAGE > 11 * 4096)) || fail "requests were not indirect"
session copied copy max_indirect_segments=256 max_ring_page_order=2
((AVERAGE > 11 * 4096)) || fail "requests were not indirect"
if ((LONG)); then
  MIB=64
  for access in map persistent copy; do
    for segments in 0 32 256; do
      for order in 0 4; do
        session "$access-$segments-$order" $access max_indirect_segments=$segments max_ring_page_order=$order
      done
    done
  done
fi
