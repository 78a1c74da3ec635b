#!/usr/bin/env bash
# fuzz.sh: coverage-guided fuzzing with AFL++ and SharpFuzz; ./x fuzz is the door to it.
#
#   fuzz.sh [TARGET...] [--minutes N] [--planted] [--minimise] [--list]
#
# Each target first finds its planted fault (at most two minutes), then is fuzzed for N minutes (1 if nothing is said),
# from the corpus in corpora/TARGET and from seeds that our own code makes. --planted stops after the planted faults.
# --minimise fuzzes nothing: it reduces what the last runs found to a small corpus, with afl-cmin, in corpora/TARGET.
# What is instrumented is a copy in artifacts/fuzz (XENBLOCK_FUZZ for a second run beside it), never what tests run.
# A finding is a file under
# artifacts/fuzz/out/TARGET/default/crashes; `dotnet XenBlock.Fuzz.dll replay TARGET FILE` says what it is about.
# The exit code is 1 if a planted fault was not found, or anything else was.
set -uo pipefail

root=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../..
cd "$root" || exit 1
work=${XENBLOCK_FUZZ:-artifacts/fuzz}
built=artifacts/bin/XenBlock.Fuzz/release
corpora=tests/XenBlock.Fuzz/corpora
planted_seconds_max=120
instrumented=(Backend Protocol SharedMemory XenStore)

export AFL_SKIP_BIN_CHECK=1 AFL_NO_UI=1 AFL_NO_AFFINITY=1 AFL_SKIP_CPUFREQ=1
export AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 DOTNET_TieredPGO=0 DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

# instrument: a copy of the build with a counter at every branch.
instrument() {
  local room
  rm -rf "$work/build"
  mkdir -p "$work/out"
  cp -r "$built" "$work/build" || return 1
  dotnet tool restore </dev/null >"$work/tool.log" 2>&1 || { cat "$work/tool.log"; return 1; }
  for room in "${instrumented[@]}"; do
    dotnet sharpfuzz "$work/build/XenBlock.$room.dll" </dev/null || return 1
  done
}

# seeds TARGET: what our own code writes, for the planted fault; and that with the corpus, which may show it already.
seeds() {
  rm -rf "$work/seeds/$1-planted" "$work/seeds/$1-run"
  mkdir -p "$work/seeds/$1-planted"
  dotnet "$built/XenBlock.Fuzz.dll" seeds "$1" "$work/seeds/$1-planted" || return 1
  cp -r "$work/seeds/$1-planted" "$work/seeds/$1-run"
  cp "$corpora/$1"/*.bin "$work/seeds/$1-run" 2>/dev/null
  return 0
}

# afl WAY TARGET SECONDS [SETTING=VALUE...]: one run; what it found stays in artifacts/fuzz/out.
afl() {
  local way=$1 target=$2 seconds=$3 out=$work/out/$2
  [[ $way == planted ]] && out=$work/out/$2-planted
  rm -rf "$out"
  env "${@:4}" timeout -k 10 $((seconds + 120)) afl-fuzz -V "$seconds" -t 10000 -m none -i "$work/seeds/$target-$way" \
    -o "$out" -- dotnet "$work/build/XenBlock.Fuzz.dll" "$way" "$target" </dev/null >"$out.log" 2>&1
}

stat_of() { sed -n "s/^$2 *: //p" "$work/out/$1/default/fuzzer_stats"; }

find_planted() {
  local started=$SECONDS
  afl planted "$1" "$planted_seconds_max" AFL_BENCH_UNTIL_CRASH=1
  if [[ -n $(find "$work/out/$1-planted" -path '*/crashes/id*' 2>/dev/null) ]]; then
    echo "$1: the planted fault was found after $((SECONDS - started)) s," \
      "$(stat_of "$1-planted" execs_done) executions"
    return 0
  fi
  echo "$1: THE PLANTED FAULT WAS NOT FOUND in $planted_seconds_max s: what this target says means nothing"
  tail -5 "$work/out/$1-planted.log"
  return 1
}

fuzz() {
  local crashes
  afl run "$1" "$2"
  if [[ ! -e $work/out/$1/default/fuzzer_stats ]]; then
    tail -20 "$work/out/$1.log"
    return 1
  fi
  crashes=$(stat_of "$1" saved_crashes)
  echo "$1: $(stat_of "$1" execs_done) executions in $(stat_of "$1" run_time) s," \
    "$(stat_of "$1" corpus_count) paths, $(stat_of "$1" edges_found) edges, stability $(stat_of "$1" stability)," \
    "findings: $crashes, hangs: $(stat_of "$1" saved_hangs)"
  ((crashes == 0))
}

# minimise TARGET: as few and as short inputs as have the same edges.
minimise() {
  local from=$work/minimise/$1 file
  rm -rf "$from"
  mkdir -p "$from/in" "$corpora/$1"
  cp "$work/out/$1/default/queue"/id* "$from/in"
  cp "$corpora/$1"/*.bin "$from/in" 2>/dev/null
  afl-cmin -m none -t 10000 -i "$from/in" -o "$from/out" -- \
    "$(command -v dotnet)" "$work/build/XenBlock.Fuzz.dll" run "$1" >"$from/log" 2>&1 \
    || { tail -20 "$from/log"; return 1; }
  rm -f "$corpora/$1"/*.bin
  for file in "$from/out"/*; do cp "$file" "$corpora/$1/$(sha256sum <"$file" | cut -c1-16).bin"; done
  echo "$1: $(find "$from/in" -type f | wc -l) inputs, reduced to $(find "$corpora/$1" -type f | wc -l)"
}

minutes=1 only_planted='' minimising='' targets=() failed=0
while (($#)); do
  case $1 in
    --minutes) minutes=${2:?--minutes needs a number} && shift ;;
    --planted) only_planted=yes ;;
    --minimise) minimising=yes ;;
    --list) exec dotnet "$built/XenBlock.Fuzz.dll" names ;;
    -*)
      echo "fuzz: no such option: $1" >&2
      exit 2
      ;;
    *) targets+=("$1") ;;
  esac
  shift
done
command -v afl-fuzz >/dev/null || { echo "There is no afl-fuzz here: the package is afl++."; exit 1; }
((${#targets[@]})) || mapfile -t targets < <(dotnet "$built/XenBlock.Fuzz.dll" names)
if [[ -n $minimising ]]; then
  for target in "${targets[@]}"; do minimise "$target" || failed=1; done
  exit $failed
fi
instrument || exit 1
for target in "${targets[@]}"; do
  seeds "$target" && find_planted "$target" || failed=1
  [[ -n $only_planted ]] && continue
  fuzz "$target" $((minutes * 60)) || failed=1
done
exit $failed
