# about: ours in dom0 as the frontend of QEMU's disk backend
# limit: 240 600
# group: shared
# needs: xenblk
. "$BED"
. "${BED%/*}/frontend.sh"
step "QEMU as dom0's disk backend, as libxl starts it"
random_file disk.raw 16
qemu=/usr/libexec/xen-qemu-system-i386
"$qemu" -xen-domid 0 -xen-attach -name dom0 -nographic -M xenpv -daemonize -monitor /dev/null -serial /dev/null \
  -parallel /dev/null -nodefaults -no-user-config -pidfile "$WORK/qemu.pid" >qemu.out 2>&1 || fail "QEMU does not start"
make_vbd qdisk 0 51712 params "aio:$WORK/disk.raw" type qdisk direct-io-safe 0 discard-enable 1
until_true 10 "QEMU does not offer the disk" store_is "$BACK/state" 2
IMAGE=disk.raw
exercise
[[ $(feature feature-max-indirect-segments agreed) == 0 ]] || step "QEMU offers indirect requests now"
kill "$(<qemu.pid)"
