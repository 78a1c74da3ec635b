# about: ours in a guest, on ours in dom0: data verified, an orderly close, and a killed backend noticed within a second
# limit: 240
# group: shared
# needs: xenblk
. "$BED"
step "a guest without blkfront, with our tool in it"
random_file disk.raw 8
random_file new.raw 8
truncate -s 8G endless.raw
cat >cmd <<END
PATH=\$PATH:/
xenblk info xvda
echo "READ \$(xenblk cp xvda - | sha256sum | cut -d' ' -f1)"
xenblk cp new.raw xvda && echo "WRITTEN"
echo "AGAIN \$(xenblk cp xvda - | sha256sum | cut -d' ' -f1)"
until [ "\$(xenstore-read data/go 2>/dev/null)" = 1 ]; do sleep 0.1; done
xenblk cp xvdb - >/dev/null 2>/said &
sleep 2
echo "UNDER WAY"
wait \$!
echo "BROKEN \$?"
cat /said
END
guest_files ours cmd /usr/local/bin/xenblk new.raw
TYPE=pv MEMORY=192 guest_config ours "NOMODS=xen-blkfront"
guest_create ours -p
serve ours --disk "path=disk.raw,vdev=xvda,domain=$DOMAIN" --disk "path=endless.raw,vdev=xvdb,domain=$DOMAIN"
sum=$(sum_of disk.raw)
xl unpause "$DOMAIN"
guest_says ours 'READ [0-9a-f]{64}' 150
guest_said ours "READ $sum" || fail "the guest read something else than the image"
guest_says ours WRITTEN 60
same_bytes disk.raw new.raw "the image is not what the guest wrote"
guest_says ours "AGAIN $(sum_of new.raw)" 60
step "data verified; each of them closed in order and the next one connected"
until_true 20 "the disk is not closed" store_is "/local/domain/0/backend/vbd/$DOMAIN/51712/state" 6

step "a long copy, and the backend is killed"
xenstore-write "/local/domain/$DOMAIN/data/go" 1
guest_says ours 'UNDER WAY' 60
if guest_said ours BROKEN; then guest_failed ours "broke off before anything happened"; fi
began=${EPOCHREALTIME/./}
kill -9 "$SERVER"
guest_says ours 'BROKEN' 60
took=$(((${EPOCHREALTIME/./} - began) / 1000))
step "the frontend gave up after $took ms"
guest_ends ours 60
tail -8 "$(console ours)"
guest_said ours 'BROKEN 1' || fail "the exit code is not 1"
((took <= 1000 * PATIENCE)) || fail "it took $took ms, and not at most a second"
