# Shared by ./x and ./xenblk: is the tool newer than its sources, and if not, build it once, whoever asks first.
# Sourced, not run. "Fresh" is a question of file times only: a stamp is taken before a build and put in place after
# it, so a source that changes during the build makes the next call build again.

# tool_is_fresh ROOT
tool_is_fresh() { is_fresh "$1" artifacts/xenblk.stamp artifacts/bin/XenBlock.Cli/release/xenblk.dll; }

# native_is_fresh ROOT
native_is_fresh() { is_fresh "$1" artifacts/native/xenblk.stamp artifacts/native/xenblk; }

# is_fresh ROOT STAMP RESULT: the result is there, and no source is newer than the stamp.
is_fresh() {
  local newer
  [[ -e $1/$2 && -e $1/$3 ]] || return 1
  newer=$(cd "$1" && find src Directory.Build.props Directory.Packages.props global.json -newer "$2" -print -quit)
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

# native_rid: what .NET calls this computer.
native_rid() {
  case $(uname -m) in
    x86_64) echo linux-x64 ;;
    aarch64) echo linux-arm64 ;;
    *)
      echo "A native xenblk is built on x86_64 or arm64; this computer is $(uname -m)." >&2
      return 1
      ;;
  esac
}

# build_native ROOT: artifacts/native/xenblk, one file that needs libc and libm only. The linker is the C compiler's.
build_native() {
  need_linker && with_build_lock "$1" build_native_locked "$1"
}

need_linker() {
  if command -v clang >/dev/null || command -v gcc >/dev/null; then return 0; fi
  echo "A C compiler is missing, whose linker NativeAOT calls: install gcc and libc6-dev." >&2
  return 1
}

build_native_locked() {
  local out=$1/artifacts/native
  if native_is_fresh "$1"; then return 0; fi # somebody else built it while we waited
  mkdir -p "$out"
  touch "$out/xenblk.stamp.new"
  publish_native "$1" src/XenBlock.Cli publish || return 1
  # A copy under a name of its own, then a rename: whoever runs the old one is not disturbed.
  cp "$out/publish/xenblk" "$out/xenblk.new" && mv "$out/xenblk.new" "$out/xenblk" || return 1
  mv "$out/xenblk.stamp.new" "$out/xenblk.stamp"
}

# build_appliance ROOT: artifacts/native/appliance/appliance, the whole of a guest in one file.
build_appliance() { build_program "$1" appliance samples/appliance; }

# build_enemy ROOT: artifacts/native/enemy/enemy, the hostile frontend, for a guest.
build_enemy() { build_program "$1" enemy tests/XenBlock.Enemy tests/XenBlock.TestKit; }

# build_program ROOT NAME PROJECT [FOLDER...]: artifacts/native/NAME/NAME, from its project and these folders beside.
build_program() {
  need_linker && with_build_lock "$1" build_program_locked "$@"
}

build_program_locked() {
  local root=$1 name=$2 project=$3 stamp=artifacts/native/$2.stamp
  if is_fresh "$root" "$stamp" "artifacts/native/$name/$name" &&
    [[ -z $(cd "$root" && find "${@:3}" -newer "$stamp" -print -quit) ]]; then return 0; fi
  mkdir -p "$root/artifacts/native"
  touch "$root/$stamp.new"
  publish_native "$root" "$project" "$name" && mv "$root/$stamp.new" "$root/$stamp"
}

# publish_native ROOT PROJECT FOLDER: a warning of the trimmer or of the AOT compiler is an error, as all are.
publish_native() {
  local rid
  rid=$(native_rid) || return 1
  (cd "$1" && dotnet publish "$2" -c Release -r "$rid" -p:PublishAot=true -p:RunAnalyzers=false \
    -p:TrimmerSingleWarn=false -o "artifacts/native/$3" -nologo -v quiet 9>&-) </dev/null
}
