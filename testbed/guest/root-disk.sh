# root-disk.sh: a guest of type TYPE boots its root file system from our disk, works on it as when packages are
# installed, and ends in order; then the file system is clean, and has in it what it should.
rounds=2
((LONG == 0)) || rounds=12
step "a $TYPE guest, paused, and its root disk"
cp --sparse=always /boot/guest-root.ext4 root.raw
guest_files root
MEMORY=160 guest_config root "root=/dev/xvda rounds=$rounds"
guest_create root -p
serve root --domain "$DOMAIN" root.raw=xvda
xl block-list "$DOMAIN" | grep -q "$((202 * 256))" || fail "xl block-list does not show the disk"
xl unpause "$DOMAIN"
guest_says root 'root is /dev/xvda' 150
step "the guest runs from our disk"
guest_says root 'load done' $((rounds * 60))
guest_ends root 60
step "the guest is off"
serve_ends root
step "served: $(counter root requests) requests, $(counter root bytesWritten) bytes written"
(($(counter root bytesWritten) > rounds * 4 << 20)) || fail "hardly anything was written"

step "fsck, and every file"
e2fsck -fn root.raw || fail "the file system is not clean"
mkdir -p /mnt/image
mount -o loop,ro root.raw /mnt/image
(cd /mnt/image/opt/current && md5sum --quiet -c /boot/package.md5) || fail "a file is not what was unpacked"
[[ -d /mnt/image/opt/old && -s /mnt/image/opt/log.$rounds ]] || fail "what the last round left is not there"
umount /mnt/image
