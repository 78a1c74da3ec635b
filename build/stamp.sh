# Shared by ./x and ./xenblk: is the tool newer than its sources, and if not, build it once, whoever asks first.
# Sourced, not run. "Fresh" is a question of file times only: a stamp is taken before a build and put in place after
# it, so a source that changes during the build makes the next call build again.

# tool_is_fresh ROOT
tool_is_fresh() {
  local root=$1 stamp=$1/artifacts/xenblk.stamp newer
  [[ -e $stamp && -e $root/artifacts/bin/XenBlock.Cli/release/xenblk.dll ]] || return 1
  newer=$(cd "$root" &&
    find src Directory.Build.props Directory.Packages.props global.json -newer "$stamp" -print -quit)
  [[ -z $newer ]]
}

# need_sdk ROOT: says what to install when the SDK is not there.
need_sdk() {
  if command -v dotnet >/dev/null && (cd "$1" && dotnet --version) >/dev/null 2>&1; then return 0; fi
  echo "The .NET 10 SDK is missing: install dotnet-sdk-10.0, or see https://dotnet.microsoft.com/download" >&2
  return 1
}

# with_build_lock ROOT COMMAND...: one build at a time in this clone.
with_build_lock() {
  local root=$1
  shift
  mkdir -p "$root/artifacts"
  if command -v flock >/dev/null; then
    (flock 9 && "$@") 9>"$root/artifacts/build.lock"
  else
    "$@"
  fi
}

# build_tool ROOT: quiet; the log is shown only if it fails. Analyzers are left to ./x build.
build_tool() { with_build_lock "$1" build_tool_locked "$1"; }

build_tool_locked() {
  local root=$1 log=$1/artifacts/xenblk-build.log
  if tool_is_fresh "$root"; then return 0; fi # somebody else built it while we waited
  echo "xenblk: building (first use, or the sources changed) ..." >&2
  touch "$root/artifacts/xenblk.stamp.new"
  if ! (cd "$root" && dotnet build src/XenBlock.Cli -c Release -p:RunAnalyzers=false -nologo -v quiet 9>&-) \
      >"$log" 2>&1 </dev/null; then
    grep -E 'error' "$log" | sort -u | head -20 >&2 || tail -20 "$log" >&2
    echo "xenblk: the build failed; the whole log is in $log" >&2
    return 1
  fi
  mv "$root/artifacts/xenblk.stamp.new" "$root/artifacts/xenblk.stamp"
}
