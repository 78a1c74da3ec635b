# about: docs/xen.md to the letter, under systemd: from nothing to a guest with our disk, killed backends, and back
# limit: 600
# group: systemd
# needs: xenblk
. "$BED"
guide=/share/in/xen.md

# doc COMMAND [AS]: a command that stands in docs/xen.md, run as it stands there, or with this guest's number in it.
doc() {
  grep -qF -- "$1" "$guide" || fail "docs/xen.md does not say: $1"
  step "# ${2:-$1}" >&2
  eval "${2:-$1}"
}
doc_says() { grep -qF -- "$1" "$guide" || fail "docs/xen.md does not say: $1"; }

# unit_is STATE VDEV
unit_is() { [[ $(systemctl is-active "xenblk@$DOMAIN-$2") == "$1" ]]; }
restarts() { systemctl show -p NRestarts --value "xenblk@$DOMAIN-$1"; }
nothing_left() {
  store_lacks "/local/domain/0/backend/vbd/$DOMAIN/51728" && store_lacks "/local/domain/$DOMAIN/device/vbd/51728" &&
    unit_is inactive xvdb && no_backend
}

step "what the host needs"
mkdir -p checkout/artifacts/native /var/lib/xen/images
mv /usr/local/bin/xenblk checkout/artifacts/native/xenblk # ./x native made it
cp -a /share/in/packaging checkout/
cd checkout
doc 'modprobe -a xen-evtchn xen-privcmd xen-gntdev'
doc "printf '%s\\n' xen-evtchn xen-privcmd xen-gntdev > /etc/modules-load.d/xenblk.conf"
for name in evtchn gntdev privcmd; do doc 'ls /dev/xen' | grep -qx $name || fail "there is no /dev/xen/$name"; done
doc 'install -m 755 artifacts/native/xenblk /usr/bin/xenblk'
doc 'install -m 644 packaging/systemd/xenblk@.service /etc/systemd/system/'
doc 'install -m 755 packaging/hotplug/block-xenblk /etc/xen/scripts/'
doc 'systemctl daemon-reload'
doc 'xenblk list' | tee list.txt
doc_says "$(<list.txt)"

step "a guest that runs, and a disk for it"
cat >cmd <<'END_OF_GUEST'
go() { until [ "$(xenstore-read data/go 2>/dev/null)" = $1 ]; do sleep 0.2; done; }
echo "IDLE"
until [ -b /dev/xvdb ]; do sleep 0.2; done
mount -t ext4 /dev/xvdb /mnt || echo "FAILED to mount"
echo kept >/mnt/kept && sync && echo "MOUNTED"
( i=0
  while [ ! -e /stop ]; do i=$((i + 1)); echo $i >>/mnt/log || echo "FAILED to write"; sync; echo $i >/count; done ) &
for number in 1 2 3; do
  go $number
  before=$(cat /count)
  i=0
  until [ $(cat /count) -gt $((before + 2)) ] || [ $i -gt 300 ]; do i=$((i + 1)); sleep 0.2; done
  [ $(cat /count) -gt $((before + 2)) ] && echo "GOES ON $number" || echo "FAILED: nothing is written any more"
done
touch /stop
wait
umount /dev/xvdb && echo "UNMOUNTED $(cat /count)"
for number in 4 5; do
  go $number
  i=0
  until [ -b /dev/xvdb ] || [ $i -gt 300 ]; do i=$((i + 1)); sleep 0.2; done
  [ $i -le 300 ] && dd if=/dev/xvdb bs=64k count=1 iflag=direct of=/dev/null 2>/dev/null && echo "AGAIN $number"
done
go 6
END_OF_GUEST
guest_files guest "$PWD/cmd"
TYPE=pvh guest_config guest
guest_create guest
doc 'truncate -s 1G /var/lib/xen/images/data.raw && mkfs.ext4 -q /var/lib/xen/images/data.raw'
guest_says guest IDLE 150
doc 'xenblk attach guest /var/lib/xen/images/data.raw --vdev xvdb' | tee attach.txt
grep -qE 'connected$' attach.txt || fail "attach does not say that the guest has connected"
doc 'xl block-list guest' | grep -q 51728 || fail "xl block-list does not show the disk"
doc 'xenblk list'
unit_is active xvdb || fail "the unit does not run"
doc 'journalctl -u xenblk@5-xvdb' "journalctl -u xenblk@$DOMAIN-xvdb" | grep -q data.raw || fail "the journal is empty"
guest_says guest MOUNTED 60

step "a backend that dies is restarted, and the guest waits"
for number in 1 2 3; do
  doc 'systemctl kill -s KILL xenblk@5-xvdb' "systemctl kill -s KILL xenblk@$DOMAIN-xvdb"
  until_true 10 "the unit is not restarted" eval "((\$(restarts xvdb) >= $number))"
  xenstore-write "/local/domain/$DOMAIN/data/go" "$number"
  guest_says guest "GOES ON $number" 90
done
guest_says guest UNMOUNTED 60

step "and back, in three ways"
doc 'xenblk detach guest xvdb'
until_true 20 "something is left" nothing_left
e2fsck -fn /var/lib/xen/images/data.raw || fail "the file system is not clean"
mkdir -p /mnt/data
mount -o loop,ro /var/lib/xen/images/data.raw /mnt/data
written=$(sed -n 's/.*UNMOUNTED \([0-9]*\).*/\1/p' "$(console guest)")
[[ $(</mnt/data/kept) == kept ]] || fail "what was written is lost"
cmp <(seq "$written") /mnt/data/log || fail "the log is not what the guest wrote"
umount /mnt/data
for way in 'xl block-detach guest xvdb' 'systemctl stop xenblk@5-xvdb'; do
  doc 'xenblk attach guest /var/lib/xen/images/data.raw --vdev xvdb'
  number=$((number + 1))
  xenstore-write "/local/domain/$DOMAIN/data/go" "$number"
  guest_says guest "AGAIN $number" 60
  doc "$way" "${way/5-/$DOMAIN-}"
  until_true 20 "something is left" nothing_left
done
xenstore-write "/local/domain/$DOMAIN/data/go" 6
guest_ends guest 60

step "a guest that boots from its disk"
cp --sparse=always /boot/guest-root.ext4 root.raw
guest_files guest
TYPE=pvh guest_config guest "root=/dev/xvda rounds=50"
cp "$WORK/guest.cfg" .
rm "$(console guest)"
doc 'xl create -p guest.cfg && xenblk attach guest root.raw --vdev xvda && xl unpause guest'
guest_says guest 'root is /dev/xvda' 150
xl destroy guest
until_true 20 "a backend stays" no_backend

step "a disk in an xl configuration"
doc 'modprobe xen-blkback'
line=$(grep '^disk = ' packaging/examples/guest.cfg)
doc_says "$line"
cp root.raw /var/lib/xen/images/guest.raw
{ grep -v '^disk = ' "$WORK/guest.cfg"; echo "$line"; } >guest.cfg
rm "$(console guest)"
xl create guest.cfg
DOMAIN=$(xl domid guest)
unit_is active xvda || fail "the unit of the disk does not run"
[[ $(xenblk list --json | jq -r '.disks[] | select(.vdev == "xvda") | .backend') == xenblk ]] || fail "not ours"
guest_says guest 'root is /dev/xvda' 150
xl destroy guest
until_true 20 "a backend stays" no_backend
store_lacks "/local/domain/0/backend/vbd/$DOMAIN" || fail "nodes are left"

step "off the host"
doc 'rm -f /usr/bin/xenblk /etc/systemd/system/xenblk@.service /etc/xen/scripts/block-xenblk'
doc 'rm -rf /etc/modules-load.d/xenblk.conf /etc/modprobe.d/xenblk.conf /run/xenblk /var/log/xenblk'
for path in $(find /usr /etc /run -name '*xenblk*' -not -path '/run/systemd/*'); do fail "$path is left"; done
