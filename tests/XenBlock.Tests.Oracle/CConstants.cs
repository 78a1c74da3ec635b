using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.SharedMemory;
using XenBlock.XenStore;

namespace XenBlock.Tests.Oracle;

/// <summary>Every number of the protocol that we repeat, and the C expression that it is.</summary>
internal static class CConstants
{
    /// <summary>The enums that must be covered value by value, with the C name of each.</summary>
    public static IReadOnlyDictionary<Enum, string> Names { get; } = new Dictionary<Enum, string>
    {
        [BlkifOperation.Read] = "BLKIF_OP_READ",
        [BlkifOperation.Write] = "BLKIF_OP_WRITE",
        [BlkifOperation.WriteBarrier] = "BLKIF_OP_WRITE_BARRIER",
        [BlkifOperation.FlushDiskCache] = "BLKIF_OP_FLUSH_DISKCACHE",
        [BlkifOperation.Reserved1] = "BLKIF_OP_RESERVED_1",
        [BlkifOperation.Discard] = "BLKIF_OP_DISCARD",
        [BlkifOperation.Indirect] = "BLKIF_OP_INDIRECT",
        [BlkifStatus.Okay] = "BLKIF_RSP_OKAY",
        [BlkifStatus.Error] = "BLKIF_RSP_ERROR",
        [BlkifStatus.NotSupported] = "BLKIF_RSP_EOPNOTSUPP",
        [VbdInfo.CdRom] = "VDISK_CDROM",
        [VbdInfo.Removable] = "VDISK_REMOVABLE",
        [VbdInfo.ReadOnly] = "VDISK_READONLY",
        [XenbusState.Unknown] = "XenbusStateUnknown",
        [XenbusState.Initialising] = "XenbusStateInitialising",
        [XenbusState.InitWait] = "XenbusStateInitWait",
        [XenbusState.Initialised] = "XenbusStateInitialised",
        [XenbusState.Connected] = "XenbusStateConnected",
        [XenbusState.Closing] = "XenbusStateClosing",
        [XenbusState.Closed] = "XenbusStateClosed",
        [XenbusState.Reconfiguring] = "XenbusStateReconfiguring",
        [XenbusState.Reconfigured] = "XenbusStateReconfigured",
        [GrantEntryFlags.Invalid] = "GTF_invalid",
        [GrantEntryFlags.PermitAccess] = "GTF_permit_access",
        [GrantEntryFlags.AcceptTransfer] = "GTF_accept_transfer",
        [GrantEntryFlags.Transitive] = "GTF_transitive",
        [GrantEntryFlags.ReadOnly] = "GTF_readonly",
        [GrantEntryFlags.Reading] = "GTF_reading",
        [GrantEntryFlags.Writing] = "GTF_writing",
        [GrantEntryFlags.SubPage] = "GTF_sub_page",
        [GrantMapFlags.DeviceMap] = "GNTMAP_device_map",
        [GrantMapFlags.HostMap] = "GNTMAP_host_map",
        [GrantMapFlags.ReadOnly] = "GNTMAP_readonly",
        [GrantMapFlags.ApplicationMap] = "GNTMAP_application_map",
        [GrantMapFlags.ContainsPte] = "GNTMAP_contains_pte",
        [GrantCopyFlags.SourceIsGrant] = "GNTCOPY_source_gref",
        [GrantCopyFlags.DestinationIsGrant] = "GNTCOPY_dest_gref",
        [GrantOperation.Map] = "GNTTABOP_map_grant_ref",
        [GrantOperation.Unmap] = "GNTTABOP_unmap_grant_ref",
        [GrantOperation.SetupTable] = "GNTTABOP_setup_table",
        [GrantOperation.Copy] = "GNTTABOP_copy",
        [GrantOperation.QuerySize] = "GNTTABOP_query_size",
        [GrantOperation.SetVersion] = "GNTTABOP_set_version",
        [GrantOperation.GetVersion] = "GNTTABOP_get_version",
        [GrantStatus.Okay] = "GNTST_okay",
        [GrantStatus.GeneralError] = "GNTST_general_error",
        [GrantStatus.BadDomain] = "GNTST_bad_domain",
        [GrantStatus.BadReference] = "GNTST_bad_gntref",
        [GrantStatus.BadHandle] = "GNTST_bad_handle",
        [GrantStatus.BadAddress] = "GNTST_bad_virt_addr",
        [GrantStatus.BadDeviceAddress] = "GNTST_bad_dev_addr",
        [GrantStatus.NoDeviceSpace] = "GNTST_no_device_space",
        [GrantStatus.PermissionDenied] = "GNTST_permission_denied",
        [GrantStatus.BadPage] = "GNTST_bad_page",
        [GrantStatus.BadCopyArgument] = "GNTST_bad_copy_arg",
        [GrantStatus.AddressTooBig] = "GNTST_address_too_big",
        [GrantStatus.TryAgain] = "GNTST_eagain",
        [GrantStatus.NoSpace] = "GNTST_no_space",
        [EventChannelOperation.BindInterdomain] = "EVTCHNOP_bind_interdomain",
        [EventChannelOperation.Close] = "EVTCHNOP_close",
        [EventChannelOperation.Send] = "EVTCHNOP_send",
        [EventChannelOperation.Status] = "EVTCHNOP_status",
        [EventChannelOperation.AllocateUnbound] = "EVTCHNOP_alloc_unbound",
        [EventChannelOperation.Unmask] = "EVTCHNOP_unmask",
        [EventChannelStatus.Closed] = "EVTCHNSTAT_closed",
        [EventChannelStatus.Unbound] = "EVTCHNSTAT_unbound",
        [EventChannelStatus.Interdomain] = "EVTCHNSTAT_interdomain",
        [XsOperation.Control] = "XS_CONTROL",
        [XsOperation.Directory] = "XS_DIRECTORY",
        [XsOperation.Read] = "XS_READ",
        [XsOperation.GetPermissions] = "XS_GET_PERMS",
        [XsOperation.Watch] = "XS_WATCH",
        [XsOperation.Unwatch] = "XS_UNWATCH",
        [XsOperation.TransactionStart] = "XS_TRANSACTION_START",
        [XsOperation.TransactionEnd] = "XS_TRANSACTION_END",
        [XsOperation.Introduce] = "XS_INTRODUCE",
        [XsOperation.Release] = "XS_RELEASE",
        [XsOperation.GetDomainPath] = "XS_GET_DOMAIN_PATH",
        [XsOperation.Write] = "XS_WRITE",
        [XsOperation.MakeDirectory] = "XS_MKDIR",
        [XsOperation.Remove] = "XS_RM",
        [XsOperation.SetPermissions] = "XS_SET_PERMS",
        [XsOperation.WatchEvent] = "XS_WATCH_EVENT",
        [XsOperation.Error] = "XS_ERROR",
        [XsOperation.IsDomainIntroduced] = "XS_IS_DOMAIN_INTRODUCED",
        [XsOperation.Resume] = "XS_RESUME",
        [XsOperation.SetTarget] = "XS_SET_TARGET",
        [XsOperation.ResetWatches] = "XS_RESET_WATCHES",
        [XsOperation.DirectoryPart] = "XS_DIRECTORY_PART",
    };

    /// <summary>Values that no header of Debian 12 has, with the reason why each stays unchecked.</summary>
    public static IReadOnlyDictionary<Enum, string> Unchecked { get; } = new Dictionary<Enum, string>
    {
        [VbdInfo.None] = "zero",
        [GrantMapFlags.None] = "zero",
        [GrantCopyFlags.None] = "zero",
        [XsOperation.GetFeature] = "newer than Xen 4.17",
        [XsOperation.SetFeature] = "newer than Xen 4.17",
        [XsOperation.GetQuota] = "newer than Xen 4.17",
        [XsOperation.SetQuota] = "newer than Xen 4.17",
    };

    /// <summary>Numbers that are no enum.</summary>
    public static IEnumerable<CFact> Numbers()
    {
        yield return new("BLKIF_MAX_SEGMENTS_PER_REQUEST", ProtocolConstants.DirectSegmentsMax);
        yield return new("BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST", ProtocolConstants.IndirectPagesMax);
        yield return new("BLKIF_DISCARD_SECURE", ProtocolConstants.DiscardSecure);
        yield return new(
            "4096 / sizeof(struct blkif_request_segment)", ProtocolConstants.SegmentsPerIndirectPage);
        yield return new("DOMID_SELF", DomainId.FirstReserved);
        yield return new("DOMID_FIRST_RESERVED", DomainId.FirstReserved);
        yield return new("GTF_type_mask", (long)GrantEntry.TypeMask);
        yield return new("GNTTAB_NR_RESERVED_ENTRIES", GrantReference.FirstUsable);
        yield return new("XENSTORE_PAYLOAD_MAX", XsHeader.PayloadMaxBytes);
        yield return new("sizeof(struct xsd_sockmsg)", XsHeader.SizeBytes);
        yield return new("XENSTORE_ABS_PATH_MAX", StorePath.AbsoluteMaxBytes);
        yield return new("XENSTORE_REL_PATH_MAX", StorePath.RelativeMaxBytes);
        yield return new("sizeof(domid_t)", sizeof(ushort));
        yield return new("sizeof(grant_ref_t)", sizeof(uint));
        yield return new("sizeof(evtchn_port_t)", sizeof(uint));
        foreach ((string name, string value) in new[]
        {
            ("XEN_IO_PROTO_ABI_X86_64", BlkifAbiNames.X86_64),
            ("XEN_IO_PROTO_ABI_X86_32", BlkifAbiNames.X86_32),
            ("XEN_IO_PROTO_ABI_ARM", BlkifAbiNames.Arm),
        })
            yield return new($"__builtin_strcmp({name}, \"{value}\")", 0);
    }

    /// <summary>The ring: its header, its slots, and how many of them each number of pages has.</summary>
    public static IEnumerable<CFact> Ring(int slotSizeBytes)
    {
        yield return new("offsetof(blkif_sring_t, req_prod)", RingLayout.RequestProducer);
        yield return new("offsetof(blkif_sring_t, req_event)", RingLayout.RequestEvent);
        yield return new("offsetof(blkif_sring_t, rsp_prod)", RingLayout.ResponseProducer);
        yield return new("offsetof(blkif_sring_t, rsp_event)", RingLayout.ResponseEvent);
        yield return new("offsetof(blkif_sring_t, ring)", RingLayout.FirstSlot);
        yield return new("sizeof(union blkif_sring_entry)", slotSizeBytes);
        for (int order = 0; order <= 5; order++)
        {
            var layout = RingLayout.For(slotSizeBytes, 1 << order);
            yield return new($"__CONST_RING_SIZE(blkif, {4096 << order})", layout.SlotCount);
        }
    }
}
