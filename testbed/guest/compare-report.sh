# compare-report.sh: medians and ratios of raw.tsv, as JSON, as Markdown and as text; what was aimed at is said, and
# gates nothing: they are ratios of time.

jq -Rn '
  def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
  def places(n): . * pow(10; n) | round / pow(10; n);
  [inputs | split("\t") | {job: .[1], backend: .[2], mib: (.[3] | tonumber), seconds: (.[4] | tonumber),
    cpu: (.[5] | tonumber)}] as $all
  | ($all | map(select(.job == "nothing") | .cpu) | median) as $overhead
  | ($all | map(select(.job != "nothing"))) as $runs
  | {schema: "xenblock.compare/1", overheadSeconds: $overhead,
      jobs: [$runs | map(.job) | reduce .[] as $j ([]; if index([$j]) then . else . + [$j] end) | .[] as $job
        | {job: $job, backends: [$runs | map(select(.job == $job)) | group_by(.backend)[]
          | {backend: .[0].backend,
             mibPerSecond: (map(.mib / .seconds) | median | places(1)),
             lowest: (map(.mib / .seconds) | min | places(1)),
             highest: (map(.mib / .seconds) | max | places(1)),
             dom0MsPerMib: (([(map(.cpu - $overhead) | add), 0] | max) * 1000 / (map(.mib) | add) | places(2))}]}]}
' raw.tsv >"$OUT/report.json"

names_json=$(printf '%s\n' "${names[@]}" | jq -R . | jq -sc .)
# table VALUE: a row a job, a column a backend, in their order.
table() {
  jq -r --argjson names "$names_json" "
    def row: \"| \" + join(\" | \") + \" |\";
    ([\"job\"] + \$names | row), ([\"---\"] + (\$names | map(\"---:\")) | row),
    (.jobs[] | . as \$job | (.backends | map({key: .backend, value: .}) | from_entries) as \$of
      | [\$job.job] + [\$names[] as \$n | \$of[\$n] as \$it | $1 | tostring] | row)" "$OUT/report.json"
}
{
  echo "MiB/s as the guest sees them, the median of $round rounds:"
  echo
  table '$it.mibPerSecond'
  echo
  echo "The same, with blkback as 100:"
  echo
  table '($it.mibPerSecond * 100 / $of.blkback.mibPerSecond | round)'
  echo
  echo "dom0's processor time, in ms per MiB:"
  echo
  table '$it.dom0MsPerMib'
} >"$OUT/report.md"

# The best of ours, against the others.
jq -r '
  .jobs[] | . as $job | (.backends | map({key: .backend, value: .mibPerSecond}) | from_entries) as $of
  | ($of | to_entries | map(select(.key != "blkback" and .key != "qemu")) | max_by(.value)) as $best
  | "\($job.job): best of ours is \($best.key): \($best.value * 100 / $of.qemu | round) % of QEMU, "
    + "\($best.value * 100 / $of.blkback | round) % of blkback"
    + (if $best.value <= $of.qemu then "; AIM MISSED: QEMU is faster" else "" end)
    + (if $job.job == "dd 1048576" and $best.value * 100 < $of.blkback * 85
       then "; AIM MISSED: below 85 % of blkback" else "" end)' "$OUT/report.json" >"$OUT/aims.txt"
cat "$OUT/report.md" <(echo) "$OUT/aims.txt" >"$OUT/report.txt"
