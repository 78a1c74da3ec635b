# about: why is this disk slow, on real Xen: an unmap for every request is named, and not named where pages are kept
# limit: 400 1200
# only: long
# group: shared
# needs: xenblk
. "$BED"
step "a guest with our frontend, which reads and writes one disk after the other; dom0 may trace"
cat >cmd <<END_OF_GUEST
PATH=\$PATH:/
echo 4096 >/sys/module/xen_gntalloc/parameters/limit
for disk in xvda xvdb; do
  echo "USING \$disk"
  xenblk verify \$disk --overwrite --queues 1 --jobs 8 --seed 16 --seconds 10000 --allow-trace >/said.\$disk 2>&1 &
  until [ "\$(xenstore-read data/traced 2>/dev/null)" = \$disk ] || [ -s /said.\$disk ]; do sleep 1; done
  kill -KILL \$!
  cat /said.\$disk
done
echo ENDED
END_OF_GUEST
guest_files ours cmd /usr/local/bin/xenblk
TYPE=pv MEMORY=256 guest_config ours "NOMODS=xen-blkfront"
guest_create ours -p
truncate -s 64M mapped.raw kept.raw
serve mapped --allow-trace --queues 1 --access map --disk "path=mapped.raw,vdev=xvda,domain=$DOMAIN"
serve kept --allow-trace --queues 1 --access persistent --disk "path=kept.raw,vdev=xvdb,domain=$DOMAIN"
xl unpause "$DOMAIN"

# traced DISK: the rules whose causes are named, in RULES; the sentences go to the log.
traced() {
  guest_says ours "USING $1" 150
  until_true 60 "the guest publishes no recorder" xenstore-exists "/local/domain/$DOMAIN/data/xenblk-trace"
  nap 5
  xenblk trace --domain "$DOMAIN" --vdev "$1" -o "$1" --seconds 30 --json >"$1.json" || fail "$1 cannot be traced"
  cp "$1.json" "$OUT/"
  grep -q '"part":"whole"' "$1.json" || fail "the ends of $1 were not joined"
  step "$1: $(jq -r '.diagnosis.headline' "$1.json")"
  jq -r '.diagnosis.findings[] | "  \(.rule) \(.name): \(.sentence)"' "$1.json"
  RULES=" $(jq -r '.diagnosis.findings[].rule' "$1.json" | xargs) "
  xenstore-write "/local/domain/$DOMAIN/data/traced" "$1"
}
traced xvda
[[ $RULES == *" D1 "* ]] || fail "an unmap for each request is not named"
traced xvdb
[[ $RULES != *" D1 "* ]] || fail "unmaps are named where nothing is unmapped"
guest_says ours ENDED 60
guest_ends ours 60
