#!/usr/bin/env bash
# testbed.sh [--long] [--list] [SCENARIO...]: boots Xen and a Debian dom0 under QEMU, and runs scenarios there.
#
# Prints a line for each: passed, failed or skipped, its name and its seconds. Logs of all of them are under
# artifacts/testbed/NAME/; of a failure also what the machine looked like. The last line is "N passed, N failed,
# N skipped"; the exit code is 0 only if nothing failed. Where the bed cannot run, it says what is missing, and every
# scenario counts as skipped. testbed/README.md says how to add one.
#
# Environment: XENBLOCK_NATIVE, the native tool to test (artifacts/native/xenblk); BED_PATIENCE, a factor for every
# deadline, for a computer that is busy with other work (1); BED_RETRY, not empty to run what failed once more; what
# boot.sh names.
set -uo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$(dirname "$here")
. "$here/host.sh"
artifacts=$root/artifacts/testbed
tool=${XENBLOCK_NATIVE:-$root/artifacts/native/xenblk}
appliance=$root/artifacts/testbed/appliance.cpio
patience=${BED_PATIENCE:-1}
boot_limit=$((180 * patience)) # seconds for Xen, dom0 and its toolstack
passed=0 failed=0 skipped=0 long=
declare -A done_with=()

usage() { echo "usage: ./x testbed [--long] [--list] [SCENARIO...]; the scenarios: $(all_scenarios | xargs)" >&2; }

all_scenarios() { (cd "$here/scenarios" && ls -- *.sh) | sed 's/\.sh$//' | sort -V; }

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
  done_with[$name]=$word
  (($word += 1))
  printf '%-8s %-12s %4s s  %s\n' "$word" "$name" "$seconds" "${reason:-$(field "$name" about)}"
}

# lacks SCENARIO: what it needs and is not there, or nothing.
lacks() {
  local need
  for need in $(field "$1" needs); do
    case $need in
      xenblk) [[ -x $tool ]] || echo "needs the native tool: ./x native" ;;
      appliance) [[ -e $appliance ]] || echo "needs the appliance: samples/appliance/build.sh" ;;
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

# build_appliance: for the kernel of this bed, where somebody needs it and it is not newer than its sources.
build_appliance() {
  local name
  for name in "${chosen[@]}"; do
    [[ " $(field "$name" needs) " == *" appliance "* ]] || continue
    [[ -e $appliance && -z $(find "$root"/{src,samples} -newer "$appliance" -print -quit) ]] && return
    echo "test bed: building the appliance (a minute or two) ..." >&2
    "$root/samples/appliance/build.sh" "$cache/bed/modules" "$appliance" >"$artifacts/appliance.log" 2>&1 </dev/null ||
      { rm -f "$appliance"; tail -3 "$artifacts/appliance.log" >&2; }
    return
  done
}

# fill_share SHARE SCENARIO...: what dom0 sees as /share/in.
fill_share() {
  local share=$1 name runtime
  shift
  mkdir -p "$share"/{in,out}
  cp -a "$here" "$share/in/testbed"
  [[ ! -x $tool ]] || cp -L "$tool" "$share/in/xenblk"
  [[ ! -e $appliance ]] || cp "$appliance" "$share/in/appliance.cpio"
  for name; do
    [[ " $(field "$name" needs) " == *" conformance "* ]] || continue
    cp -a "$(conformance_suite)" "$share/in/conformance"
    # dom0 copies the rest, slowly: without symbols, documents and the recorders of coverage.
    rm -rf "$share"/in/conformance/{runtimes,*.pdb,*.xml}
    runtime=$(dotnet_root)
    mkdir -p "$share/in/dotnet/shared"
    cp -a "$runtime"/{dotnet,host} "$share/in/dotnet/"
    cp -a "$runtime/shared/Microsoft.NETCore.App" "$share/in/dotnet/shared/"
  done
  printf 'LONG=%s\nPATIENCE=%s\n' "${long:-0}" "$patience" >"$share/in/settings"
  for name; do echo "$name $(limit "$name")"; done >"$share/in/scenarios"
}

# follow SHARE QEMU: reports each scenario as dom0 does; false if one had to be cut off or the machine died in it.
follow() {
  local share=$1 qemu=$2 seen=0 word name code seconds current="" deadline=$((SECONDS + boot_limit)) line
  while true; do
    while line=$(sed -n "$((seen + 1))p" "$share/out/progress" 2>/dev/null) && [[ $line == *. ]]; do
      read -r word name code seconds _ <<<"$line"
      ((seen += 1))
      case $word in
        begin) current=$name deadline=$((SECONDS + $(limit "$name") + 60)) ;;
        end)
          current="" deadline=$((SECONDS + 120))
          collect "$share" "$name"
          judge "$name" "$code" "$seconds"
          ;;
      esac
    done
    kill -0 "$qemu" 2>/dev/null || break
    if ((SECONDS > deadline)); then
      kill -9 "$qemu"
      wait "$qemu" 2>/dev/null
      [[ -n $current ]] && { collect "$share" "$current"; verdict "$current" failed "$(limit "$current")" "it hung"; }
      return 1
    fi
    sleep 0.3
  done
  wait "$qemu" 2>/dev/null
  [[ -z $current ]] && return 0
  collect "$share" "$current"
  verdict "$current" failed 0 "the machine stopped in it"
  return 1
}

judge() {
  local name=$1 code=$2 seconds=$3 log=$artifacts/$1/log.txt
  case $code in
    0) verdict "$name" passed "$seconds" ;;
    77) verdict "$name" skipped "$seconds" "$(sed -n 's/.*SKIPPED: //p' "$log" | tail -1)" ;;
    124 | 137) verdict "$name" failed "$seconds" "it took longer than $(limit "$name") s" ;;
    *) verdict "$name" failed "$seconds" "$(sed -n 's/.*FAILED: //p' "$log" | head -1)" ;;
  esac
  [[ $code == 0 || $code == 77 ]] || { tail -25 "$log" | sed 's/^/    | /'; echo "    logs: ${log%/*}"; }
}

# collect SHARE SCENARIO: its logs, and the console so far, which tells more when a kernel died.
collect() {
  rm -rf "${artifacts:?}/$2"
  mkdir -p "$artifacts/$2"
  cp -a "$1/out/$2/." "$artifacts/$2/" 2>/dev/null
  cp "$1/console.txt" "$artifacts/$2/console.txt"
}

# run_boot SCENARIO...: one boot of the machine with these scenarios, or as many of them as it lasts for.
run_boot() {
  local share qemu
  share=$(mktemp -d)
  fill_share "$share" "$@"
  "$here/boot.sh" "$share" >"$share/console.txt" 2>&1 9>&- &
  qemu=$!
  trap 'kill -9 "$qemu" 2>/dev/null; rm -rf "$share"; exit 130' INT TERM
  follow "$share" "$qemu"
  trap - INT TERM
  if [[ ! -s $share/out/progress ]]; then
    mkdir -p "$artifacts"
    cp "$share/console.txt" "$artifacts/console.txt"
    echo "The machine did not come up; its console is in artifacts/testbed/console.txt, the end of it:"
    tail -15 "$share/console.txt"
  fi
  rm -rf "$share"
}

# run_group SCENARIO...: boots until each has been run. A boot that brings none forward is the last.
run_group() {
  local name before left=("$@")
  while ((${#left[@]})); do
    before=${#left[@]}
    run_boot "${left[@]}"
    left=()
    for name; do [[ -n ${done_with[$name]:-} ]] || left+=("$name"); done
    ((${#left[@]} < before)) && continue
    for name in "${left[@]}"; do verdict "$name" failed 0 "the machine did not come to it"; done
    return
  done
}

run() {
  local name reason scenarios=("$@") group groups
  local ready=()
  for name in "${scenarios[@]}"; do
    reason=${cannot:-$(lacks "$name")}
    if [[ -n $reason ]]; then verdict "$name" skipped 0 "$reason"; else ready+=("$name"); fi
  done
  groups=$(for name in ${ready[@]+"${ready[@]}"}; do field "$name" group; done | sort -u)
  for group in $groups; do
    run_group $(for name in "${ready[@]}"; do [[ $(field "$name" group) != "$group" ]] || echo "$name"; done)
  done
  [[ -z ${BED_RETRY:-} ]] || again ${ready[@]+"${ready[@]}"}
}

# again SCENARIO...: those that failed, once more, each in a boot of its own: QEMU's emulation of a processor fails a
# program now and then for no fault of the program's. What the first try left is kept beside.
again() {
  local name
  for name; do
    [[ ${done_with[$name]} == failed ]] || continue
    echo "again    $name, in a boot of its own; the logs of the first try: artifacts/testbed/$name.first"
    rm -rf "${artifacts:?}/$name.first"
    mv "$artifacts/$name" "$artifacts/$name.first" 2>/dev/null
    ((failed -= 1))
    unset "done_with[$name]"
    run_group "$name"
  done
}

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
  ((${#chosen[@]})) || mapfile -t chosen < <(all_scenarios)
  mkdir -p "$artifacts"
  cannot=$(obstacle)
  [[ -n $cannot ]] || cannot=$(prepare "$artifacts/build.log")
  [[ -z $cannot ]] || echo "The test bed cannot run here: $cannot."
  [[ -n $cannot ]] || build_appliance
  run "${chosen[@]}"
  echo "the test bed took $((SECONDS - started)) s"
  echo "$passed passed, $failed failed, $skipped skipped"
  ((failed == 0))
}

chosen=()
main "$@"
exit
