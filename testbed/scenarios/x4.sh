# about: ours in dom0 as the frontend of Linux's xen-blkback: all sizes, indirect, flush
# limit: 240 600
# group: shared
# needs: xenblk
. "$BED"
. "${BED%/*}/frontend.sh"
step "xen-blkback, on a file by a loop device"
modprobe xen-blkback
random_file disk.raw 16
device=$(losetup -f --show disk.raw)
make_vbd vbd 0 51712 params "$device" physical-device "$(device_number "$device")"
until_true 10 "xen-blkback does not offer the disk" store_is "$BACK/state" 2
IMAGE=disk.raw
exercise
[[ $(feature feature-max-indirect-segments agreed) == 256 ]] || fail "indirect requests of 256 segments were not agreed"
[[ $(feature feature-flush-cache agreed) != no ]] || fail "flush was not agreed"
