using System.Reflection;
using System.Runtime.InteropServices;
using XenBlock.Xen.Interface;
using Xunit;

namespace XenBlock.Tests.Oracle;

/// <summary>
/// The ioctls of /dev/xen, against the kernel's own headers as Debian installs them (linux-libc-dev).
/// </summary>
public sealed class LinuxInterfaceTests
{
    // privcmd.h of the kernel includes one of its inner headers; libxen-dev has the same interface in a form that can
    // be used.
    private const string Prologue = """
        #include <stddef.h>
        #include <stdint.h>
        #include <linux/ioctl.h>
        #include <xen/xen.h>
        #include <xen/grant_table.h>
        #include <xen/gntdev.h>
        #include <xen/gntalloc.h>
        #include <xen/evtchn.h>

        """;

    private static readonly Dictionary<Type, (string CName, Dictionary<string, string> Members)> s_structs = new()
    {
        [typeof(ForeignGrant)] = (
            "struct ioctl_gntdev_grant_ref", new() { ["Domain"] = "domid", ["Reference"] = "ref" }),
        [typeof(UnmapGrantsArgument)] = (
            "struct ioctl_gntdev_unmap_grant_ref", new() { ["Index"] = "index", ["Count"] = "count" }),
        [typeof(UnmapNotifyArgument)] = ("struct ioctl_gntdev_unmap_notify", new()
        {
            ["Index"] = "index",
            ["Action"] = "action",
            ["EventChannelPort"] = "event_channel_port",
        }),
        [typeof(CopyGrantsArgument)] = (
            "struct ioctl_gntdev_grant_copy", new() { ["Count"] = "count", ["Segments"] = "segments" }),
        [typeof(CopySegment)] = ("struct gntdev_grant_copy_segment", new()
        {
            ["SourceAddress"] = "source.virt",
            ["SourceGrant"] = "source.foreign",
            ["DestinationAddress"] = "dest.virt",
            ["DestinationGrant"] = "dest.foreign",
            ["LengthBytes"] = "len",
            ["Flags"] = "flags",
            ["Status"] = "status",
        }),
        [typeof(DeallocateGrantsArgument)] = (
            "struct ioctl_gntalloc_dealloc_gref", new() { ["Index"] = "index", ["Count"] = "count" }),
        [typeof(BindInterdomainArgument)] = ("struct ioctl_evtchn_bind_interdomain", new()
        {
            ["RemoteDomain"] = "remote_domain",
            ["RemotePort"] = "remote_port",
        }),

        // Heads of structs that end in a list: the list begins where the head ends.
        [typeof(MapGrantsArgument)] = (
            "struct ioctl_gntdev_map_grant_ref", new() { ["Count"] = "count", ["Index"] = "index" }),
        [typeof(AllocateGrantsArgument)] = ("struct ioctl_gntalloc_alloc_gref", new()
        {
            ["Domain"] = "domid",
            ["Flags"] = "flags",
            ["Count"] = "count",
            ["Index"] = "index",
        }),
    };

    [Fact]
    public void The_compiler_agrees_with_every_ioctl_and_its_argument()
    {
        RequireHeaders();
        Assert.Empty(CCompiler.Check("gcc", "-m64", Prologue, [.. Layouts(), .. Numbers()]));
    }

    [Fact]
    public void The_compiler_agrees_with_the_hypercall_of_privcmd()
    {
        RequireHeaders();
        const string Privcmd = """
            #define __XEN_TOOLS__
            #include <stddef.h>
            #include <stdint.h>
            #include <linux/ioctl.h>
            #include <xen/xen.h>
            #include <xen/sys/privcmd.h>

            """;
        Assert.Empty(CCompiler.Check("gcc", "-m64", Privcmd, [
            new("sizeof(privcmd_hypercall_t)", HypercallArgument.SizeBytes),
            new("offsetof(privcmd_hypercall_t, op)", 0),
            new("offsetof(privcmd_hypercall_t, arg)", 8),
            new("IOCTL_PRIVCMD_HYPERCALL", XenIoctl.Hypercall),
            new("__HYPERVISOR_event_channel_op", (long)XenIoctl.EventChannelHypercall),
        ]));
    }

    [Fact]
    public void The_compiler_finds_a_wrong_number()
    {
        RequireHeaders();
        foreach (CFact fact in Numbers().Concat(Layouts().Take(4)))
            Assert.NotEmpty(CCompiler.Check("gcc", "-m64", Prologue, [fact with { Value = fact.Value + 1 }]));
    }

    [Fact]
    public void Every_argument_has_its_twin()
    {
        // The parts of others, and the one that another header has.
        Type[] elsewhere = [typeof(CopyGrant), typeof(HypercallArgument)];
        Type[] ours = [.. typeof(XenIoctl).Assembly.GetTypes().Where(type => type.IsExplicitLayout).Except(elsewhere)];
        Assert.Equal(ours.Select(type => type.Name).Order(), s_structs.Keys.Select(type => type.Name).Order());
        Assert.All(s_structs, pair => Assert.Equal(
            CStructs.Fields(pair.Key).Select(field => field.Name).Order(), pair.Value.Members.Keys.Order()));
    }

    private static IEnumerable<CFact> Layouts()
    {
        foreach ((Type type, (string name, Dictionary<string, string> members)) in s_structs)
        {
            foreach (FieldInfo field in CStructs.Fields(type))
            {
                yield return new CFact(
                    $"offsetof({name}, {members[field.Name]})",
                    field.GetCustomAttribute<FieldOffsetAttribute>()!.Value);
            }

            string list = type == typeof(MapGrantsArgument) ? "refs" : "gref_ids";
            bool isHead = type == typeof(MapGrantsArgument) || type == typeof(AllocateGrantsArgument);
            int sizeBytes = type.StructLayoutAttribute!.Size;
            yield return isHead
                ? new CFact($"offsetof({name}, {list})", sizeBytes)
                : new CFact($"sizeof({name})", sizeBytes);
        }

        const string Foreign = "((struct gntdev_grant_copy_segment *)0)->source.foreign";
        yield return new CFact($"sizeof({Foreign})", CopyGrant.SizeBytes);
        yield return new CFact("offsetof(struct gntdev_grant_copy_segment, source.foreign.ref)", 0);
        yield return new CFact("offsetof(struct gntdev_grant_copy_segment, source.foreign.offset)", 4);
        yield return new CFact("offsetof(struct gntdev_grant_copy_segment, source.foreign.domid)", 6);
        yield return new CFact("sizeof(struct ioctl_gntdev_grant_ref)", ForeignGrant.SizeBytes);
    }

    private static IEnumerable<CFact> Numbers() =>
    [
        new("IOCTL_GNTDEV_MAP_GRANT_REF", XenIoctl.MapGrantReferences),
        new("IOCTL_GNTDEV_UNMAP_GRANT_REF", XenIoctl.UnmapGrantReferences),
        new("IOCTL_GNTDEV_SET_UNMAP_NOTIFY", XenIoctl.SetUnmapNotify),
        new("IOCTL_GNTALLOC_SET_UNMAP_NOTIFY", XenIoctl.SetUnmapNotify),
        new("IOCTL_GNTDEV_GRANT_COPY", XenIoctl.CopyGrants),
        new("IOCTL_GNTALLOC_ALLOC_GREF", XenIoctl.AllocateGrants),
        new("IOCTL_GNTALLOC_DEALLOC_GREF", XenIoctl.DeallocateGrants),
        new("IOCTL_EVTCHN_BIND_INTERDOMAIN", XenIoctl.BindInterdomain),
        new("IOCTL_EVTCHN_BIND_UNBOUND_PORT", XenIoctl.BindUnboundPort),
        new("IOCTL_EVTCHN_UNBIND", XenIoctl.Unbind),
        new("IOCTL_EVTCHN_NOTIFY", XenIoctl.Notify),
        new("IOCTL_EVTCHN_RESET", XenIoctl.ResetEvents),
        new("sizeof(struct ioctl_evtchn_bind_unbound_port)", sizeof(uint)),
        new("sizeof(struct ioctl_evtchn_unbind)", sizeof(uint)),
        new("sizeof(struct ioctl_evtchn_notify)", sizeof(uint)),
        new("UNMAP_NOTIFY_CLEAR_BYTE", XenIoctl.UnmapNotifyClearByte),
        new("UNMAP_NOTIFY_SEND_EVENT", XenIoctl.UnmapNotifySendEvent),
        new("GNTALLOC_FLAG_WRITABLE", XenIoctl.AllocateWritable),
    ];

    private static void RequireHeaders()
    {
        CCompiler.RequireOrSkip();
        Assert.SkipUnless(
            File.Exists("/usr/include/xen/gntdev.h"),
            "The kernel's headers are missing: apt-get install linux-libc-dev");
        Assert.SkipWhen(
            RuntimeInformation.ProcessArchitecture != Architecture.X64, "gcc here is not for x86_64");
    }
}
