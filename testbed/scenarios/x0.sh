# about: the bed itself: Linux's blkfront in a PV guest on Linux's xen-blkback, and a planted fault
# limit: 240
# group: shared
. "$BED"
TYPE=pv
. "${BED%/*}/control.sh"
