# about: the same in a PVH guest
# limit: 400 1500
# group: shared
# needs: xenblk
. "$BED"
TYPE=pvh
. "${BED%/*}/root-disk.sh"
