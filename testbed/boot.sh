#!/usr/bin/env bash
# boot.sh SHARE: starts the machine of the test bed with the folder SHARE as dom0's /share, and becomes QEMU. The serial
# console is standard output. The machine ends by itself when dom0 does.
#
# QEMU emulates the processor in software, so that nothing is asked of the computer it runs on. The processor's flags,
# each for a fault of QEMU 7.2's emulation:
#   -smap    iret from a PV kernel's ring 3 reads the stack as supervisor: dom0 dies of a page fault in sync_core
#   -xsave   with Xen's lazy saving of the FPU, AVX registers leak between virtual processors: programs crash at
#            random. eager-fpu, on Xen's command line, is a cure too; both, to be sure
#   -rdtscp  its SVM intercept gives no instruction length: a PVH guest gets a #GP
# One virtual processor, unless a scenario wants two: on a computer of two, QEMU's own threads, the host's I/O and the
# other machine need the other one. With two, dom0 stays on the first.
# snapshot=on: what a run writes on the root disk is thrown away.
# On Xen's command line: xpti and spec-ctrl, mitigations on Linux's, cost much and guard nothing here. smt=0 and the
# rest name what would otherwise be warned about. conring_size: what a debug key prints has to fit in it.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$here/host.sh"
share=$1
bed=$cache/bed
xen="console=com1 com1=115200,8n1 dom0_mem=${BED_DOM0_MEMORY:-896M},max:${BED_DOM0_MEMORY:-896M} dom0_max_vcpus=1"
xen+=" smt=0 spec-ctrl=no,eager-fpu xpti=no loglvl=${BED_XEN_LOG:-error} guest_loglvl=error conring_size=512k"
processors=${BED_PROCESSORS:-1}
((processors == 1)) || xen+=" dom0_vcpus_pin"
linux="console=hvc0 mitigations=off ${BED_LINUX_LOG:-quiet} panic=1"
exec qemu-system-x86_64 -M q35 -accel tcg,thread=multi -cpu max,-smap,-xsave,-rdtscp -smp "$processors" \
  -m "${BED_MEMORY_MIB:-2304}" -nodefaults -no-user-config -display none -no-reboot -serial stdio \
  -kernel "$bed/xen" -append "$xen" -initrd "$bed/vmlinux $linux,$bed/dom0.cpio" \
  -drive "if=none,id=root,file=$bed/root.ext4,format=raw,snapshot=on" -device virtio-blk-pci,drive=root \
  -virtfs "local,path=$share,mount_tag=share,security_model=none,multidevs=remap" </dev/null
