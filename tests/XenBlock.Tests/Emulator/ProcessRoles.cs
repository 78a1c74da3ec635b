using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using XenBlock.TestKit.Processes;

namespace XenBlock.Tests.Emulator;

/// <summary>This program may have been started again by a test of its own, in a role.</summary>
internal static class ProcessRoles
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "must come before the test runner looks at its arguments")]
    internal static void PlayIfAsked() => MachineRoles.PlayIfAsked();
}
