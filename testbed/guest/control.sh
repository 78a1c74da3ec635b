# control.sh: the bed itself, with none of our code: Linux's blkfront in a guest of type TYPE, on Linux's xen-blkback.
# A control has to be able to fail: with one sector changed behind the guest's back, its checksum must not be right.
cat >cmd <<'END'
for i in $(seq 300); do [ -b /dev/xvda ] && break; sleep 0.1; done
sum() { dd if=/dev/xvda bs=64k iflag=direct 2>/dev/null | md5sum | cut -d' ' -f1; }
echo "SUM $(sum)"
until [ "$(xenstore-read data/go 2>/dev/null)" = 1 ]; do sleep 0.1; done
echo "SECOND $(sum)"
END
step "a random disk of 4 MiB on xen-blkback, read by a $TYPE guest"
modprobe xen-blkback
random_file disk.raw 4
sum=$(md5sum <disk.raw | cut -d' ' -f1)
device=$(losetup -f --show disk.raw)
guest_files control cmd
guest_config control "" "format=raw,vdev=xvda,access=r,backendtype=phy,target=$device"
guest_create control
guest_says control 'SUM [0-9a-f]{32}' 120
guest_said control "SUM $sum" || fail "the guest read something else than is on the disk"

step "one sector changed: now the checksum must not be right"
head -c 512 /dev/zero | dd of="$device" bs=512 seek=5000 conv=notrunc,fsync status=none
xenstore-write "/local/domain/$DOMAIN/data/go" 1
guest_says control 'SECOND [0-9a-f]{32}' 60
if guest_said control "SECOND $sum"; then fail "the planted fault was not noticed"; fi
now=$(md5sum <"$device" | cut -d' ' -f1)
guest_said control "SECOND $now" || fail "the guest read neither the old disk nor the new one"
guest_ends control 60
