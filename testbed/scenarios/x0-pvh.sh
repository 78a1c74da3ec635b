# about: the same in a PVH guest
# limit: 240
# group: shared
. "$BED"
TYPE=pvh
. "${BED%/*}/control.sh"
