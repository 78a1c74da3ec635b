# about: the conformance suite of the hypervisor contract, on the real hypervisor, in dom0
# limit: 400
# group: shared
# needs: conformance
. "$BED"
export DOTNET_ROOT=/share/in/dotnet DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_TieredPGO=0 HOME=$WORK
# From the disk: the share is slow, and a run reads everything.
cp -a /share/in/conformance suite
code=0
/share/in/dotnet/dotnet suite/XenBlock.Tests.Conformance.dll -class '*XenMachine*' -noColor || code=$?
((code == 0)) || fail "the suite ended with $code"
