using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using XenBlock.Protocol;

namespace XenBlock.Tests.Oracle;

/// <summary>Which C structure each of our wire structs is, field by field.</summary>
internal static class CStructs
{
    private static readonly Dictionary<string, string> _request = new()
    {
        ["Operation"] = "operation",
        ["SegmentCount"] = "nr_segments",
        ["Handle"] = "handle",
        ["Id"] = "id",
        ["SectorFirst"] = "sector_number",
        ["Segments"] = "seg",
    };

    private static readonly Dictionary<string, string> _discard = new()
    {
        ["Operation"] = "operation",
        ["Flags"] = "flag",
        ["Handle"] = "handle",
        ["Id"] = "id",
        ["SectorFirst"] = "sector_number",
        ["SectorCount"] = "nr_sectors",
    };

    private static readonly Dictionary<string, string> _indirect = new()
    {
        ["Operation"] = "operation",
        ["IndirectOperation"] = "indirect_op",
        ["SegmentCount"] = "nr_segments",
        ["Id"] = "id",
        ["SectorFirst"] = "sector_number",
        ["Handle"] = "handle",
        ["Grants"] = "indirect_grefs",
    };

    private static readonly Dictionary<string, string> _response = new()
    {
        ["Id"] = "id",
        ["Operation"] = "operation",
        ["Status"] = "status",
    };

    /// <summary>Every wire struct; 64 or 32 where it is one ABI's, 0 where it is the same in all.</summary>
    public static IReadOnlyList<CStruct> All { get; } =
    [
        new(typeof(BlkifRequest64), "struct blkif_request", 64, _request),
        new(typeof(BlkifRequest32), "struct blkif_request", 32, _request),
        new(typeof(BlkifDiscardRequest64), "struct blkif_request_discard", 64, _discard),
        new(typeof(BlkifDiscardRequest32), "struct blkif_request_discard", 32, _discard),
        new(typeof(BlkifIndirectRequest64), "struct blkif_request_indirect", 64, _indirect),
        new(typeof(BlkifIndirectRequest32), "struct blkif_request_indirect", 32, _indirect),
        new(typeof(BlkifResponse64), "struct blkif_response", 64, _response),
        new(typeof(BlkifResponse32), "struct blkif_response", 32, _response),
        new(typeof(BlkifSegment), "struct blkif_request_segment", 0, new()
        {
            ["Grant"] = "gref",
            ["FirstSector"] = "first_sect",
            ["LastSector"] = "last_sect",
        }),
        new(typeof(GrantEntry), "struct grant_entry_v1", 0, new()
        {
            ["Flags"] = "flags",
            ["Domain"] = "domid",
            ["Frame"] = "frame",
        }),
        new(typeof(GrantMapArgument), "struct gnttab_map_grant_ref", 0, new()
        {
            ["HostAddress"] = "host_addr",
            ["Flags"] = "flags",
            ["Reference"] = "ref",
            ["Domain"] = "dom",
            ["Status"] = "status",
            ["Handle"] = "handle",
            ["DeviceBusAddress"] = "dev_bus_addr",
        }),
        new(typeof(GrantUnmapArgument), "struct gnttab_unmap_grant_ref", 0, new()
        {
            ["HostAddress"] = "host_addr",
            ["DeviceBusAddress"] = "dev_bus_addr",
            ["Handle"] = "handle",
            ["Status"] = "status",
        }),
        new(typeof(GrantCopyArgument), "struct gnttab_copy", 64, new()
        {
            ["SourceReferenceOrFrame"] = "source.u",
            ["SourceDomain"] = "source.domid",
            ["SourceOffset"] = "source.offset",
            ["DestinationReferenceOrFrame"] = "dest.u",
            ["DestinationDomain"] = "dest.domid",
            ["DestinationOffset"] = "dest.offset",
            ["LengthBytes"] = "len",
            ["Flags"] = "flags",
            ["Status"] = "status",
        }),
        new(typeof(EventChannelBindArgument), "struct evtchn_bind_interdomain", 0, new()
        {
            ["RemoteDomain"] = "remote_dom",
            ["RemotePort"] = "remote_port",
            ["LocalPort"] = "local_port",
        }),
        new(typeof(EventChannelStatusArgument), "struct evtchn_status", 0, new()
        {
            ["Domain"] = "dom",
            ["Port"] = "port",
            ["Status"] = "status",
            ["VirtualProcessor"] = "vcpu",
        }),
        new(typeof(EventChannelAllocateArgument), "struct evtchn_alloc_unbound", 0, new()
        {
            ["Domain"] = "dom",
            ["RemoteDomain"] = "remote_dom",
            ["Port"] = "port",
        }),
    ];

    /// <summary>The size of each struct, and the offset and size of each field, for one width of processor.</summary>
    public static IEnumerable<CFact> Facts(int bits)
    {
        foreach (CStruct wire in All.Where(wire => wire.Bits == 0 || wire.Bits == bits))
        {
            yield return new CFact($"sizeof({wire.CName})", SizeOf(wire.Type));
            foreach (FieldInfo field in Fields(wire.Type))
            {
                string member = wire.Members[field.Name];
                yield return new CFact(
                    $"offsetof({wire.CName}, {member})", field.GetCustomAttribute<FieldOffsetAttribute>()!.Value);
                yield return new CFact($"sizeof((({wire.CName} *)0)->{member})", SizeOf(field.FieldType));
            }
        }
    }

    public static IEnumerable<FieldInfo> Fields(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;
}
