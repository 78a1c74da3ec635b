# about: a PV guest boots its root file system from ours, works on it, ends: fsck clean, contents right
# limit: 400 1500
# group: shared
# needs: xenblk
. "$BED"
TYPE=pv
. "${BED%/*}/root-disk.sh"
