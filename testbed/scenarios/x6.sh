# about: ours in the appliance guest, on Linux's xen-blkback: it runs, reports, and switches itself off
# limit: 240
# group: shared
# needs: appliance
. "$BED"
step "two disks on xen-blkback: data, and one for the report"
modprobe xen-blkback
random_file data.raw 16
truncate -s 1M report.raw
data=$(losetup -f --show data.raw) report=$(losetup -f --show report.raw)
cp /share/in/appliance.cpio appliance.cpio
MEMORY=160 guest_config appliance \
  "appliance.sha256=$(sum_of data.raw) appliance.sizes=4K,64K,1M appliance.depths=1,8 appliance.seconds=0.3" \
  "format=raw,vdev=xvda,access=rw,backendtype=phy,target=$data" \
  "format=raw,vdev=xvdb,access=rw,backendtype=phy,target=$report"
guest_create appliance
guest_says appliance 'appliance: (done|failed)' 150
grep 'appliance:' "$(console appliance)"
if guest_said appliance 'appliance: failed'; then fail "$(grep 'appliance: failed' "$(console appliance)")"; fi
guest_ends appliance 60
step "the report on the second disk"
blockdev --flushbufs "$report"
read -r form length < <(head -c 64 report.raw | head -n 1 | tr -d '\0')
step "form $form, $length bytes"
dd if=report.raw of=report.json bs=1 skip=4096 count="$length" status=none
jq -e . report.json >"$OUT/report.json" || fail "the report is not JSON"
[[ $(sum_of data.raw) == "$(sum_of "$data")" ]]
