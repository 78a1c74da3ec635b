# fio.sh: guests with fio, hdparm and fstrim: a disk of them beside the disks under test, and words for their cmd. With
# fio a guest needs 256 MiB, for the libraries of storage that it does not have.

# tools_of DOMAIN: the words of xenblk serve for that disk, which the guest has as xvdz, read-only.
tools_of() { echo "--disk path=/boot/tools.ext4,vdev=xvdz,domain=$1,mode=r"; }
TOOLS=tools=/dev/xvdz # for the guest's kernel

# fio_words: functions for a guest's cmd. What fio wrote is read again and compared, by fio itself, and once more by a
# second fio that knows nothing but the seed.
fio_words() {
  cat <<'END_OF_WORDS'
go() { until [ "$(xenstore-read data/go 2>/dev/null)" = $1 ]; do sleep 0.2; done; }
appear() {
  i=0
  for disk; do
    until [ -b /dev/$disk ]; do i=$((i + 1)); [ $i -lt 600 ] || { echo "FAILED: no $disk"; return; }; sleep 0.1; done
  done
}
# fio_on DISK NAME OPTIONS...: one job; what it says is in /tmp/fio.NAME.
fio_on() {
  disk=$1 name=$2
  shift 2
  fio --name=$name --filename=/dev/$disk --direct=1 --ioengine=libaio --thread --group_reporting "$@" \
    >/tmp/fio.$name 2>&1
}
# verified DISK NAME OPTIONS...: a job that writes, and reads what it wrote.
verified() {
  if fio_on "$@" --verify=crc32c --verify_fatal=1; then
    echo "VERIFIED $2"
  else
    echo "FAILED: fio $2: $(grep -m1 -iE 'verify|err' /tmp/fio.$2)"
  fi
}
END_OF_WORDS
}
