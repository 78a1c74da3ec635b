#!/usr/bin/env bash
# bench/peers.sh: one point, measured in turn on the same computer, in one run:
#   - xenblk: frontend and backend processes over the embedded machine (./xenblk bench --processes 2), and
#   - Debian's qemu-storage-daemon, serving the same raw file by NBD on a unix socket, driven by fio's nbd engine.
# The point: random reads of 4 KiB, 32 under way, from a file in the page cache. Each round measures both, so that the
# computer's moods meet them alike; the answer is the median of the rounds' ratios. CPU is of both sides of each.
#
#   ./x bench --peers [--rounds N] [--seconds S] [--size SIZE] [--json FILE]
#
# Needs: fio, qemu-system-common (qemu-storage-daemon), python3. Where one is missing it says so and ends with 0.
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
rounds=3 seconds=3 size=1G json=""
while (($# > 0)); do
  case $1 in
    --rounds) rounds=$2; shift 2 ;;
    --seconds) seconds=$2; shift 2 ;;
    --size) size=$2; shift 2 ;;
    --json) json=$2; shift 2 ;;
    *)
      echo "peers: no such option: $1; see the head of bench/peers.sh" >&2
      exit 2
      ;;
  esac
done

skip() {
  echo "Peers skipped: $*"
  exit 0
}

command -v fio >/dev/null || skip "fio is not installed (apt install fio)."
command -v qemu-storage-daemon >/dev/null \
  || skip "qemu-storage-daemon is not installed (apt install qemu-system-common)."
command -v python3 >/dev/null || skip "python3 is not installed (apt install python3)."
fio --enghelp=nbd >/dev/null 2>&1 || skip "this fio has no nbd engine (apt install fio)."

work=$(mktemp -d "${TMPDIR:-/var/tmp}/xenblk-peers-XXXXXX")
daemon=""
finish() {
  if [[ -n $daemon ]]; then kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

# Data, not a hole: a hole would be served without touching the page cache.
image=$work/disk.raw
bytes=$(numfmt --from=iec "$size")
head -c "$bytes" /dev/urandom >"$image"
cat "$image" >/dev/null

qemu-storage-daemon \
  --blockdev driver=file,node-name=disk,filename="$image",read-only=on,cache.direct=off \
  --nbd-server addr.type=unix,addr.path="$work/nbd.sock" \
  --export type=nbd,id=export,node-name=disk,name=disk,writable=off &
daemon=$!
for _ in $(seq 100); do
  [[ -S $work/nbd.sock ]] && break
  sleep 0.05
done
[[ -S $work/nbd.sock ]] || skip "qemu-storage-daemon did not start."

# cpu_ticks PID: user and system time so far, in clock ticks (man 5 proc: fields 14 and 15 of stat).
cpu_ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }

measure_peer() { # ROUND
  local before after
  before=$(cpu_ticks "$daemon")
  fio --name=peer --ioengine=nbd --uri="nbd+unix:///disk?socket=$work/nbd.sock" --rw=randread --bs=4k --iodepth=32 \
    --size="$bytes" --time_based --runtime="$seconds" --ramp_time=0 --norandommap --output-format=json \
    --output="$work/peer.$1.json" >/dev/null
  after=$(cpu_ticks "$daemon")
  echo "$((after - before)) $(getconf CLK_TCK)" >"$work/peer.$1.cpu"
}

measure_ours() { # ROUND ACCESS
  "$root/xenblk" bench --json --image "$image" --size "$size" --processes 2 --access "$2" --sizes 4K --depths 32 \
    --modes direct --pattern random --only read --seconds "$seconds" --repeats 1 --no-baselines --no-verify \
    >"$work/ours.$2.$1.json"
}

"$root/xenblk" --version >/dev/null # builds it first, if it must be built
for round in $(seq "$rounds"); do
  measure_peer "$round"
  measure_ours "$round" persistent
  measure_ours "$round" map
done

python3 - "$work" "$rounds" "$json" <<'PYTHON'
import json, statistics, sys

work, rounds, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
peers, ours = [], {"persistent": [], "map": []}
for n in range(1, rounds + 1):
    job = json.load(open(f"{work}/peer.{n}.json"))["jobs"][0]
    ticks, hz = map(int, open(f"{work}/peer.{n}.cpu").read().split())
    requests = job["read"]["total_ios"]
    client = (job["usr_cpu"] + job["sys_cpu"]) / 100 * job["job_runtime"] / 1000
    peers.append({
        "iops": job["read"]["iops"],
        "p50us": job["read"]["clat_ns"]["percentile"]["50.000000"] / 1000,
        "cpuUs": (client + ticks / hz) * 1e6 / requests,
    })
    for access, list_ in ours.items():
        point = json.load(open(f"{work}/ours.{access}.{n}.json"))["points"][0]
        list_.append({
            "iops": point["operationsPerSecond"],
            "p50us": point["p50Microseconds"],
            "cpuUs": point["cpuMicrosecondsPerOperation"],
        })

def median(list_, key):
    return statistics.median(entry[key] for entry in list_)

print("4 KiB random reads, 32 under way, cached file, two processes on both sides; medians of "
      f"{rounds} interleaved rounds")
print()
print(f"{'':44}{'IOPS':>12}{'p50 us':>10}{'CPU us':>10}{'IOPS ratio':>12}{'CPU ratio':>11}")
print(f"{'qemu-storage-daemon, NBD; fio':44}{median(peers, 'iops'):>12,.0f}{median(peers, 'p50us'):>10.1f}"
      f"{median(peers, 'cpuUs'):>10.2f}{'1':>12}{'1':>11}")
report = {"schema": "xenblk.peers/1", "rounds": rounds, "peer": peers}
for access, list_ in ours.items():
    iops = statistics.median(a["iops"] / b["iops"] for a, b in zip(list_, peers))
    cpu = statistics.median(a["cpuUs"] / b["cpuUs"] for a, b in zip(list_, peers))
    name = "xenblk, grants " + ("kept mapped" if access == "persistent" else "mapped for each request")
    print(f"{name:44}{median(list_, 'iops'):>12,.0f}{median(list_, 'p50us'):>10.1f}{median(list_, 'cpuUs'):>10.2f}"
          f"{iops:>12.2f}{cpu:>11.2f}")
    report[access] = {"rounds": list_, "iopsRatio": iops, "cpuRatio": cpu}
best = report["persistent"]
met = best["iopsRatio"] >= 3 and best["cpuRatio"] < 1 / 3
print()
print(f"At least 3 times the IOPS at less than a third of the CPU per request: {'met' if met else 'not met'} "
      f"({best['iopsRatio']:.1f} times, {best['cpuRatio'] * 100:.0f} %).")
report["isMet"] = met
if out:
    json.dump(report, open(out, "w"), indent=2)
PYTHON
