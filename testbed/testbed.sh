#!/usr/bin/env bash
# testbed.sh [--long] [--list] [SCENARIO...]: boots Xen and a Debian dom0 under QEMU, and runs scenarios there.
#
# Prints a line for each: passed, failed or skipped, its name and its seconds. Logs of all of them are under
# artifacts/testbed/NAME/; of a failure also what the machine looked like. The last line is "N passed, N failed,
# N skipped"; the exit code is 0 only if nothing failed. Where the bed cannot run, it says what is missing, and every
# scenario counts as skipped. testbed/README.md says how to add one.
#
# Environment: XENBLOCK_NATIVE, the native tool to test (artifacts/native/xenblk); BED_PATIENCE, a factor for every
# deadline, for a computer that is busy with other work (1); BED_RETRY, not empty to run what failed once more;
# BED_LANES, machines at a time (one for each processor, two at most); what boot.sh names.
set -uo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(dirname "$here")
. "$here/host.sh"
artifacts=$root/artifacts/testbed
tool=${XENBLOCK_NATIVE:-$root/artifacts/native/xenblk}
appliance=$root/artifacts/testbed/appliance.cpio
enemy=$root/artifacts/native/enemy/enemy
patience=${BED_PATIENCE:-1}
boot_limit=$((180 * patience)) # seconds for Xen, dom0 and its toolstack
lanes=${BED_LANES:-$(nproc)}
((lanes <= 2)) || lanes=2 # machines at a time; each keeps a processor busy
long=
work=$(mktemp -d) # queue: what is still to be run; results: "WORD NAME" of what has been
trap 'rm -rf "$work"' EXIT

usage() { echo "usage: ./x testbed [--long] [--list] [SCENARIO...]; the scenarios: $(all_scenarios | xargs)" >&2; }

all_scenarios() { (cd "$here/scenarios" && ls -- *.sh) | sed 's/\.sh$//' | sort -V; }

# usual_scenarios: those that run when none is named: in the short form without those that say "only: long".
usual_scenarios() {
  local name
  for name in $(all_scenarios); do [[ -z $long && $(field "$name" only) == long ]] || echo "$name"; done
}

# field SCENARIO NAME: the words after "# NAME:" at the head of a scenario.
field() { sed -n "1,/^[^#]/s/^# $2: *//p" "$here/scenarios/$1.sh" | head -1; }

# limit SCENARIO: its time in seconds, in the form that runs.
limit() {
  local short longer
  read -r short longer < <(field "$1" limit)
  if [[ -n $long ]]; then short=${longer:-$((short * 5))}; fi
  echo $((short * patience))
}

# verdict SCENARIO WORD SECONDS [REASON]
verdict() {
  local name=$1 word=$2 seconds=$3 reason=${4:-}
  echo "$word $name" >>"$work/results"
  printf '%-8s %-12s %4s s  %s\n' "$word" "$name" "$seconds" "${reason:-$(field "$name" about)}"
}

# lacks SCENARIO: what it needs and is not there, or nothing.
lacks() {
  local need
  for need in $(field "$1" needs); do
    case $need in
      xenblk) [[ -x $tool ]] || echo "needs the native tool: ./x native" ;;
      appliance) [[ -e $appliance ]] || echo "needs the appliance: samples/appliance/build.sh" ;;
      enemy) [[ -x $enemy ]] || echo "needs the hostile frontend, which could not be built" ;;
      conformance)
        [[ -e $(conformance_suite)/XenBlock.Tests.Conformance.dll ]] || echo "needs the suite: ./x build"
        [[ -n $(dotnet_root) ]] || echo "needs .NET"
        ;;
    esac
  done | head -1
}

conformance_suite() { echo "$root/artifacts/bin/XenBlock.Tests.Conformance/release"; }

dotnet_root() {
  local program
  program=$(command -v dotnet) && dirname "$(readlink -f "$program")"
}

# is_needed WORD: some chosen scenario needs it.
is_needed() {
  local name
  for name in "${chosen[@]}"; do [[ " $(field "$name" needs) " != *" $1 "* ]] || return 0; done
  return 1
}

# build_programs: those for guests that somebody needs and that are older than their sources; the appliance for the
# kernel of this bed.
build_programs() {
  if is_needed enemy; then
    echo "test bed: building the hostile frontend, unless it is fresh (a minute or two) ..." >&2
    (. "$root/build/stamp.sh" && build_enemy "$root") >"$artifacts/enemy.log" 2>&1 </dev/null ||
      { rm -f "$enemy"; tail -3 "$artifacts/enemy.log" >&2; }
  fi
  if is_needed appliance; then
    [[ -e $appliance && -z $(find "$root"/{src,samples} -newer "$appliance" -print -quit) ]] && return
    echo "test bed: building the appliance (a minute or two) ..." >&2
    "$root/samples/appliance/build.sh" "$cache/bed/modules" "$appliance" >"$artifacts/appliance.log" 2>&1 </dev/null ||
      { rm -f "$appliance"; tail -3 "$artifacts/appliance.log" >&2; }
  fi
}

# --- the queue, from which the lanes take ---

# take GROUP: the first scenario of this group, or of any if it is empty, off the queue; nothing if there is none.
take() {
  local name
  (
    flock 8
    while read -r name; do
      [[ -z $1 || $(field "$name" group) == "$1" ]] || continue
      sed -i "/^$name\$/d" "$work/queue"
      echo "$name"
      break
    done <"$work/queue"
  ) 8>"$work/lock"
}

put_back() { (flock 8 && sed -i "1i $1" "$work/queue") 8>"$work/lock"; }

# --- one machine ---

# fill_share SHARE GROUP: what dom0 sees as /share/in.
fill_share() {
  local share=$1
  mkdir -p "$share"/{in,out}
  cp -a "$here" "$share/in/testbed"
  cp -a "$root/packaging" "$root/docs/xen.md" "$share/in/"
  [[ ! -x $tool ]] || cp -L "$tool" "$share/in/xenblk"
  [[ ! -e $appliance ]] || cp "$appliance" "$share/in/appliance.cpio"
  [[ ! -x $enemy ]] || cp "$enemy" "$share/in/"
  printf 'LONG=%s\nPATIENCE=%s\nGROUP=%s\nSEED=%s\n' "${long:-0}" "$patience" "$2" "${BED_SEED:-}" >"$share/in/settings"
  : >"$share/in/scenarios"
}

# hand SHARE SCENARIO: gives dom0 its next scenario, and what it needs.
hand() {
  local share=$1 name=$2 runtime
  if [[ " $(field "$name" needs) " == *" conformance "* ]]; then
    cp -a "$(conformance_suite)" "$share/in/conformance"
    # dom0 copies the rest, slowly: without symbols, documents and the recorders of coverage.
    rm -rf "$share"/in/conformance/{runtimes,*.pdb,*.xml}
    runtime=$(dotnet_root)
    mkdir -p "$share/in/dotnet/shared"
    cp -a "$runtime"/{dotnet,host} "$share/in/dotnet/"
    cp -a "$runtime/shared/Microsoft.NETCore.App" "$share/in/dotnet/shared/"
  fi
  echo "$name $(limit "$name") ." >>"$share/in/scenarios"
}

# follow SHARE QEMU GROUP FIRST: hands out scenarios and reports each as dom0 does; false if the machine did not come
# to the first.
follow() {
  local share=$1 qemu=$2 group=$3 handed=$4 seen=0 word name code seconds state current="" line
  local deadline=$((SECONDS + boot_limit))
  while true; do
    while line=$(sed -n "$((seen + 1))p" "$share/out/progress" 2>/dev/null) && [[ $line == *. ]]; do
      read -r word name code seconds state _ <<<"$line"
      ((seen += 1))
      case $word in
        begin) current=$name handed="" deadline=$((SECONDS + $(limit "$name") + 60)) ;;
        end)
          current="" deadline=$((SECONDS + 120))
          collect "$share" "$name"
          judge "$name" "$code" "$seconds"
          [[ $state == clean ]] && handed=$(take "$group")
          if [[ -n $handed ]]; then hand "$share" "$handed"; else echo "end 0 ." >>"$share/in/scenarios"; fi
          ;;
      esac
    done
    kill -0 "$qemu" 2>/dev/null || break
    if ((SECONDS > deadline)); then
      kill -9 "$qemu"
      [[ -n $current ]] && { collect "$share" "$current"; verdict "$current" failed "$(limit "$current")" "it hung"; }
      current=""
      break
    fi
    sleep 0.3
  done
  wait "$qemu" 2>/dev/null
  [[ -n $current ]] && { collect "$share" "$current"; verdict "$current" failed 0 "the machine stopped in it"; }
  [[ -n $handed ]] && put_back "$handed"
  ((seen > 0))
}

judge() {
  local name=$1 code=$2 seconds=$3 log=$artifacts/$1/log.txt
  case $code in
    0) verdict "$name" passed "$seconds" ;;
    77) verdict "$name" skipped "$seconds" "$(sed -n 's/.*SKIPPED: //p' "$log" | tail -1)" ;;
    124 | 137) verdict "$name" failed "$seconds" "it took longer than $(limit "$name") s" ;;
    *) verdict "$name" failed "$seconds" "$(sed -n 's/.*FAILED: //p' "$log" | head -1)" ;;
  esac
  [[ ! -s ${log%/*}/report.txt ]] || cat "${log%/*}/report.txt"
  [[ $code == 0 || $code == 77 ]] || { tail -25 "$log" | sed 's/^/    | /'; echo "    logs: ${log%/*}"; }
}

# collect SHARE SCENARIO: its logs, and the console so far, which tells more when a kernel died.
collect() {
  rm -rf "${artifacts:?}/$2"
  mkdir -p "$artifacts/$2"
  cp -a "$1/out/$2/." "$artifacts/$2/" 2>/dev/null
  cp "$1/console.txt" "$artifacts/$2/console.txt"
}

# run_boot SCENARIO: a boot of the machine for this one, and for as many others of its group as it lasts for; false if
# it did not come to any.
run_boot() {
  local share qemu group machine dom0 code=0
  group=$(field "$1" group)
  share=$(mktemp -d "$work/share.XXXX")
  fill_share "$share" "$group"
  hand "$share" "$1"
  read -r machine dom0 < <(field "$1" memory)
  local -x BED_PROCESSORS=${BED_PROCESSORS:-$(field "$1" processors)}
  local -x BED_MEMORY_MIB=${BED_MEMORY_MIB:-${machine:-2304}} BED_DOM0_MEMORY=${BED_DOM0_MEMORY:-${dom0:-896}M}
  "$here/boot.sh" "$share" >"$share/console.txt" 2>&1 9>&- &
  qemu=$!
  trap 'kill -9 "$qemu" 2>/dev/null; exit 130' INT TERM
  follow "$share" "$qemu" "$group" "$1" || code=1
  trap - INT TERM
  if ((code)); then
    cp "$share/console.txt" "$artifacts/console.txt"
    echo "The machine did not come up; its console is in artifacts/testbed/console.txt, the end of it:"
    tail -15 "$share/console.txt"
  fi
  rm -rf "$share"
  return $code
}

# lane: boots until the queue is empty. A boot that brings none forward is its last.
lane() {
  local name
  while name=$(take "") && [[ -n $name ]] && run_boot "$name"; do :; done
}

# run_queue SCENARIO...: runs them, in lanes beside each other, those that take longest first.
run_queue() {
  local name number
  for name; do echo "$(limit "$name") $name"; done | sort -snr | cut -d' ' -f2 >"$work/queue"
  trap 'kill $(jobs -p) 2>/dev/null; wait; exit 130' INT TERM
  for ((number = 0; number < lanes; number++)); do lane & done
  wait
  trap - INT TERM
  while read -r name; do verdict "$name" failed 0 "the machine did not come to it"; done <"$work/queue"
}

run() {
  local name reason ready=()
  for name; do
    reason=${cannot:-$(lacks "$name")}
    if [[ -n $reason ]]; then verdict "$name" skipped 0 "$reason"; else ready+=("$name"); fi
  done
  ((${#ready[@]} == 0)) || run_queue "${ready[@]}"
  [[ -z ${BED_RETRY:-} ]] || again
}

# again: those that failed, once more, each in a boot of its own: QEMU's emulation of a processor fails a program now
# and then for no fault of the program's. What the first try left is kept beside.
again() {
  local name lanes=1
  for name in $(sed -n 's/^failed //p' "$work/results"); do
    echo "again    $name, in a boot of its own; the logs of the first try: artifacts/testbed/$name.first"
    rm -rf "${artifacts:?}/$name.first"
    mv "$artifacts/$name" "$artifacts/$name.first" 2>/dev/null
    sed -i "/^failed $name\$/d" "$work/results"
    run_queue "$name"
  done
}

count() { grep -c "^$1 " "$work/results"; }

list() {
  local name
  for name in $(all_scenarios); do printf '%-12s %s\n' "$name" "$(field "$name" about)"; done
}

# main: a function, so that the shell has read all of this file before it starts, and an edit cannot disturb a run.
main() {
  local word started=$SECONDS
  for word; do
    case $word in
      --long) long=1 ;;
      --list) list && return ;;
      *)
        [[ -e $here/scenarios/$word.sh ]] || { echo "testbed: no such scenario: $word" >&2; usage; return 2; }
        chosen+=("$word")
        ;;
    esac
  done
  ((${#chosen[@]})) || mapfile -t chosen < <(usual_scenarios)
  mkdir -p "$artifacts"
  cannot=$(obstacle)
  [[ -n $cannot ]] || cannot=$(prepare "$artifacts/build.log")
  [[ -z $cannot ]] || echo "The test bed cannot run here: $cannot."
  [[ -n $cannot ]] || build_programs
  : >"$work/results"
  run "${chosen[@]}"
  echo "the test bed took $((SECONDS - started)) s"
  echo "$(count passed) passed, $(count failed) failed, $(count skipped) skipped"
  (($(count failed) == 0))
}

chosen=()
main "$@"
exit
