# about: ours serves from a driver domain: a disk that xl attaches to another guest, used, verified, detached
# limit: 400
# group: shared
# needs: xenblk
. "$BED"
step "a driver domain, with the image and our tool"
random_file image.raw 4
cat >cmd <<'END_OF_GUEST'
PATH=$PATH:/
echo "DRIVER"
until [ -n "$number" ]; do number=$(xenstore-read data/serve 2>/dev/null); sleep 0.2; done
xenblk serve --wait --vbd $number/xvdb 2>&1
echo "SERVED $? $(sha256sum </image.raw | cut -d' ' -f1)"
END_OF_GUEST
guest_files driver cmd image.raw /usr/local/bin/xenblk
TYPE=pv MEMORY=192 guest_config driver "NOMODS=xen-blkfront"
echo 'driver_domain = 1' >>driver.cfg
guest_create driver
driver=$DOMAIN
cat >cmd <<'END_OF_GUEST'
echo "IDLE"
until [ -b /dev/xvdb ]; do sleep 0.2; done
sum() { dd if=/dev/xvdb bs=64k iflag=direct 2>/dev/null | sha256sum | cut -d' ' -f1; }
echo "READ $(sum)"
dd if=/dev/urandom of=/dev/xvdb bs=64k count=16 oflag=direct conv=fsync 2>/dev/null
echo "WROTE $(sum)"
until [ ! -e /sys/block/xvdb ]; do sleep 0.2; done
echo "GONE"
END_OF_GUEST
guest_files user cmd
TYPE=pv guest_config user
guest_create user
guest_says driver DRIVER 150
guest_says user IDLE 150

step "xl attaches a disk of that domain"
xenstore-write "/local/domain/$driver/data/serve" "$DOMAIN"
xl block-attach user "backend=driver,format=raw,vdev=xvdb,access=rw,backendtype=phy,target=/image.raw" ||
  fail "xl block-attach: see the log"
guest_says user 'READ [0-9a-f]{64}' 120
guest_said user "READ $(sum_of image.raw)" || fail "the guest read something else than the image"
guest_says user 'WROTE [0-9a-f]{64}' 60
wrote=$(sed -n 's/.*WROTE \([0-9a-f]\{64\}\).*/\1/p' "$(console user)")

step "and detaches it"
xl block-detach user xvdb
guest_says user GONE 60
guest_says driver 'SERVED 0 [0-9a-f]{64}' 60
guest_said driver "SERVED 0 $wrote" || fail "the image is not what the guest wrote"
guest_ends user 60
guest_ends driver 60
