#!/usr/bin/env bash
# build.sh: makes the machine of the test bed from Debian packages, once, in the cache folder.
#
# What is there afterwards: xen and vmlinux (what QEMU starts), dom0.cpio (dom0's first stage), root.ext4 (dom0's root
# disk, with the toolstack, with what its guests start from, and with a disk of tools for them) and modules/ (Xen's
# drivers, for the appliance). Takes a minute, needs root for mmdebstrap. The packages are only unpacked: neither Xen
# nor a kernel is installed here.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$here/host.sh"

hypervisor_package() {
  apt-cache search --names-only '^xen-hypervisor-[0-9.]+-amd64$' | cut -d' ' -f1 | sort -V | tail -1
}

kernel_package() { apt-cache depends linux-image-amd64 | awk '/Depends: linux-image/{print $2; exit}'; }

# The apt sources of this computer, so that its mirror is used.
sources() {
  local file
  for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
    [[ -s $file ]] && echo "$file" && return
  done
  echo "build.sh: neither debian.sources nor sources.list says where packages come from" >&2
  return 1
}

# fetch: the hypervisor and the kernel, unpacked into packages/. Three tries: mirrors have bad moments.
fetch() {
  local try
  mkdir debs packages
  chmod 777 debs
  for try in 1 2 3; do
    (cd debs && apt-get download -qq "$xen" "$kernel") && break
    ((try < 3)) || return 1
    sleep $((try * 5))
  done
  for deb in debs/*.deb; do dpkg -x "$deb" packages; done
  zcat packages/boot/xen-*-amd64.gz >xen
  bare_kernel "packages/boot/vmlinuz-$release" | xz -dc >vmlinux
}

# bare_kernel BZIMAGE: its compressed payload. Xen and xl take the bare ELF file too, and xz on the emulated processor
# would cost many seconds a boot. Where the payload lies: Documentation/arch/x86/boot.rst of Linux; its last four bytes
# are the unpacked size.
bare_kernel() {
  local image=$1 setup offset size
  setup=$(od -An -tu1 -j $((0x1f1)) -N 1 "$image")
  read -r offset size < <(od -An -tu4 -j $((0x248)) -N 8 "$image")
  tail -c +$(((setup + 1) * 512 + offset + 1)) "$image" | head -c $((size - 4)) || true
}

# dom0_root: the packages of dom0, unpacked, with only the modules that a Xen host may want.
dom0_root() {
  local version=${xen#xen-hypervisor-} modules=lib/modules/$release list applet
  list=base-files,bash,coreutils,diffutils,findutils,sed,grep,gzip,mawk,tar,util-linux,mount,procps,iproute2
  list+=,busybox-static,kmod,e2fsprogs,jq,libstdc++6,zlib1g,systemd
  list+=,"xen-utils-${version%-amd64}",xen-utils-common,xenstore-utils,qemu-system-xen,qemu-utils,fio,hdparm
  mmdebstrap --quiet --variant=extract --mode=root --components=main --include="$list" \
    "$suite" root "$(sources)"
  rm -rf root/usr/share/{doc,man,locale,info,perl,perl5,iso-codes}
  mkdir -p "root/boot" "root/$modules"/kernel/{net,drivers}
  cp -a "packages/$modules"/modules.{order,builtin*} "root/$modules/"
  cp -a "packages/$modules"/kernel/{arch,crypto,lib,fs} "root/$modules/kernel/"
  cp -a "packages/$modules/kernel/net/9p" "root/$modules/kernel/net/"
  cp -a "packages/$modules"/kernel/drivers/{virtio,block,xen} "root/$modules/kernel/drivers/"
  chroot root /sbin/depmod "$release"

  # Of systemd's own services only the journal: the rest is for computers that boot, and every program costs here.
  find root/lib/systemd/system/*.target.wants -type l ! -name 'systemd-journald*' -delete

  # The hotplug scripts call small programs whose packages are not there, or whose links maintainer scripts make.
  for applet in $(root/bin/busybox --list); do
    for folder in bin sbin usr/bin usr/sbin; do [[ -e root/$folder/$applet ]] && continue 2; done
    ln -s /bin/busybox "root/usr/bin/$applet"
  done
  mkdir -p modules/kernel/drivers
  cp "packages/$modules/modules.builtin" modules/
  cp -a "packages/$modules/kernel/drivers/xen" modules/kernel/drivers/
}

# tree FOLDER INIT: the start of an initramfs, busybox and nothing else.
tree() {
  mkdir -p "$1"/{bin,sbin,dev,proc,sys,run,tmp,mnt,newroot,modules,tools}
  cp root/bin/busybox "$1/bin/"
  ln -s busybox "$1/bin/sh"
  install -m 755 "$here/guest/$2" "$1/init"
}

# with_modules FOLDER MODULE...: copies them, and what they need, numbered in the order of loading.
with_modules() {
  local folder=$1 number=10 file
  shift
  for file in $(chroot root /sbin/modprobe -S "$release" --show-depends -a "$@" |
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }'); do
    cp "root$file" "$folder/modules/$((number++))-${file##*/}"
  done
}

# libraries PROGRAM: those of dom0 that it needs.
libraries() { chroot root /lib64/ld-linux-x86-64.so.2 --list "$1" | grep -o '/[^ ]*\.so[^ ]*'; }

# with_programs FOLDER PROGRAM...: copies programs of dom0 and the libraries that they need.
with_programs() {
  local folder=$1 program library
  shift
  for program; do
    cp -L "root$program" "$folder/bin/"
    for library in $(libraries "$program"); do
      mkdir -p "$folder$(dirname "$library")"
      cp -L "root$library" "$folder$library"
    done
  done
}

# tools_disk PROGRAM...: a disk of programs for guests, all libraries in one folder. Those of fio alone are 80 MiB, for
# storage that no guest has here: too much for an initramfs, and of a disk only what is used is ever read.
tools_disk() {
  local program
  mkdir -p tools/{bin,lib}
  for program; do
    cp -L "root$program" tools/bin/
    for library in $(libraries "$program"); do cp -Lu "root$library" tools/lib/; done
  done
  truncate -s 128M root/boot/tools.ext4
  mke2fs -q -t ext4 -O '^has_journal' -E lazy_itable_init=1 -d tools root/boot/tools.ext4
}

pack() { (cd "$1" && find . | cpio --quiet -o -H newc -R 0:0) >"$2"; }

# initial_file_systems: dom0's first stage, and the guest's, which is not compressed, so that more can be appended.
initial_file_systems() {
  tree stage dom0-stage1
  with_modules stage virtio_pci virtio_blk ext4 9p 9pnet_virtio loop xenfs xen-privcmd xen-evtchn xen-gntdev \
    xen-gntalloc
  pack stage dom0.cpio
  tree guest guest-init
  with_modules guest ext4 xenfs xen-privcmd xen-evtchn xen-gntdev xen-gntalloc xen-blkfront
  # busybox's dd has no O_DIRECT; the native tool needs libm beside what these need.
  with_programs guest /bin/dd /usr/bin/xenstore
  cp -L root/lib/x86_64-linux-gnu/libm.so.6 guest/lib/x86_64-linux-gnu/
  for applet in read write rm list exists watch; do ln -s xenstore "guest/bin/xenstore-$applet"; done
  pack guest guest.cpio
}

# guest_disk: a root file system, and the "package" that the guest unpacks on it, with the checksums of its files.
guest_disk() {
  local modules=root/lib/modules/$release/kernel
  tree guest-root guest-root-init
  mv guest-root/init guest-root/sbin/init
  mkdir -p guest-root/package guest-root/opt
  # Many files of all sizes, which nobody needs to unpack here: modules.
  tar -C "$modules" -cf guest-root/package/package.tar lib crypto fs/{ext4,xfs,fuse,nls}
  (cd "$modules" && find lib crypto fs/{ext4,xfs,fuse,nls} -type f -exec md5sum {} +) >guest-root/package/package.md5
  cp guest-root/package/package.md5 root/boot/
  truncate -s 192M root/boot/guest-root.ext4
  mke2fs -q -t ext4 -E lazy_itable_init=1 -d guest-root root/boot/guest-root.ext4
}

dom0_disk() {
  cp vmlinux guest.cpio root/boot/
  rm -rf root/var/run root/var/lock
  ln -s /run root/var/run
  ln -s /run/lock root/var/lock
  install -m 755 "$here/guest/dom0-init" root/
  mkdir -p root/{share,proc,sys,dev,run,tmp,mnt,root}
  truncate -s 3G root.ext4
  mke2fs -q -t ext4 -O '^has_journal,^metadata_csum' -E lazy_itable_init=1 -d root root.ext4
}

build() {
  local xen kernel release suite
  suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
  xen=$(hypervisor_package) kernel=$(kernel_package)
  [[ -n $xen && -n $kernel ]] || { echo "build.sh: apt knows no xen-hypervisor or no linux-image-amd64" >&2; exit 1; }
  release=${kernel#linux-image-}
  echo "test bed: $xen and $kernel of Debian $suite, into $cache"
  rm -rf "$cache/new"
  mkdir -p "$cache/new"
  cd "$cache/new"
  fetch
  dom0_root
  initial_file_systems
  guest_disk
  tools_disk /usr/bin/fio /sbin/hdparm /sbin/fstrim /sbin/blockdev
  dom0_disk
  rm -rf packages debs root stage guest guest-root tools guest.cpio
  recipe >stamp
  cd "$cache"
  rm -rf bed
  mv new bed
}

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if bed_is_current; then exit 0; fi # somebody else built it while we waited
build
