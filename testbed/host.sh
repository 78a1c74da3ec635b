# host.sh: what the scripts of the test bed know of the computer that it runs on. Sourced, not run.

here=${here:?}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/xenblock-bed

# recipe: changes when anything does that the machine is made from.
recipe() { (cd "$here" && cat build.sh guest/{dom0-stage1,dom0-init,guest-init,guest-root-init}) | sha256sum; }

bed_is_current() { [[ -e $cache/bed/stamp && $(<"$cache/bed/stamp") == "$(recipe)" ]]; }

# missing_packages: what has to be installed to build the machine, or only to run it.
missing_packages() {
  local pair pairs=(qemu-system-x86_64:qemu-system-x86)
  bed_is_current || pairs+=(mmdebstrap:mmdebstrap cpio:cpio mke2fs:e2fsprogs xz:xz-utils)
  for pair in "${pairs[@]}"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null || echo "${pair#*:}"
  done
}

# obstacle: prints why there can be no test bed here, in a sentence; nothing if there can.
obstacle() {
  local missing
  if [[ $(uname -m) != x86_64 ]]; then
    echo "the test bed is a machine of x86_64, and this computer is $(uname -m)"
    return
  fi
  missing=$(missing_packages | xargs)
  if [[ -n $missing ]] && { ((EUID != 0)) || ! command -v apt-get >/dev/null; }; then
    echo "not installed: $missing (as root on Debian, this installs them itself)"
  elif ! bed_is_current && ((EUID != 0)); then
    echo "its machine is not built yet, and only root can build it: run ./x testbed as root once"
  elif ! bed_is_current && [[ ! -e /etc/debian_version ]]; then
    echo "its machine is made from Debian packages, and this is no Debian"
  fi
}

# prepare LOG: installs and builds what is missing; false, with a sentence, where that failed.
prepare() {
  local log=$1 missing try
  missing=$(missing_packages | xargs)
  if [[ -n $missing ]] || ! bed_is_current; then
    echo "test bed: apt-get update${missing:+, installing $missing}" >&2
    for try in 1 2 3; do
      if install_packages "$missing" >"$log" 2>&1 </dev/null; then break; fi
      ((try < 3)) || { tail -3 "$log" >&2; echo "apt-get failed: the whole log is in $log"; return 1; }
      sleep $((try * 5))
    done
  fi
  bed_is_current && return 0
  echo "test bed: building its machine, once (about a minute) ..." >&2
  "$here/build.sh" >"$log" 2>&1 </dev/null && return 0
  tail -5 "$log" >&2
  echo "the machine could not be built: the whole log is in $log"
  return 1
}

install_packages() {
  local -x DEBIAN_FRONTEND=noninteractive
  apt-get update -qq -o DPkg::Lock::Timeout=300 || return 1
  [[ -z $1 ]] || apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 $1
}
