using System.Globalization;

namespace XenBlock.Protocol;

/// <summary>
/// The names of a virtual block device's XenStore keys, below the directory of one of its ends
/// (xen/include/public/io/blkif.h; the toolstack's from tools/libs/light/libxl_disk.c).
/// </summary>
public static class VbdKeys
{
    // Both ends.

    /// <summary>An end's <see cref="XenbusState"/>, as a decimal number.</summary>
    public const string State = "state";

    /// <summary>"1" where the grants stay mapped by the backend; either end may decline.</summary>
    public const string FeaturePersistent = "feature-persistent";

    /// <summary>
    /// Our own, from the frontend: it looks at a byte in the ring's header that is 1 while the ring is mapped. A
    /// backend that has its kernel clear it at the end tells a guest of its death, which Xen does not.
    /// </summary>
    public const string FeatureLifeByte = "feature-life-byte";

    /// <summary>"disk" or "cdrom", written by the toolstack.</summary>
    public const string DeviceType = "device-type";

    // The frontend's directory, by the toolstack.

    /// <summary>The path of the backend's directory.</summary>
    public const string Backend = "backend";

    /// <summary>The backend's domain number.</summary>
    public const string BackendId = "backend-id";

    /// <summary>The <see cref="VbdNumber"/>, decimal.</summary>
    public const string VirtualDevice = "virtual-device";

    /// <summary>"0" asks the frontend to keep its own data out of shared pages (XSA-403); absent means "1".</summary>
    public const string Trusted = "trusted";

    // The frontend's directory, by the frontend.

    /// <summary>The grant reference of a ring of one page.</summary>
    public const string RingRef = "ring-ref";

    /// <summary>The log2 of the ring's pages; only written if there are several.</summary>
    public const string RingPageOrder = "ring-page-order";

    /// <summary>The number of the ring's pages: the older twin of <see cref="RingPageOrder"/>.</summary>
    public const string NumRingPages = "num-ring-pages";

    /// <summary>The frontend's event channel port.</summary>
    public const string EventChannel = "event-channel";

    /// <summary>
    /// The layout of the ring, see <see cref="BlkifAbiNames"/>; absent means a default that differs by backend.
    /// </summary>
    public const string Protocol = "protocol";

    /// <summary>The number of queues; only written if there are several.</summary>
    public const string MultiQueueNumQueues = "multi-queue-num-queues";

    /// <summary>What the name of a queue's directory begins with; see <see cref="QueueN"/>.</summary>
    public const string QueueDirectory = "queue-";

    /// <summary>Deprecated since Xen 4.19: not written by us and not believed.</summary>
    public const string FeatureLargeSectorSize = "feature-large-sector-size";

    // The backend's directory, by the toolstack.

    /// <summary>The path of the frontend's directory.</summary>
    public const string Frontend = "frontend";

    /// <summary>The frontend's domain number.</summary>
    public const string FrontendId = "frontend-id";

    /// <summary>"1" while the device should stay when the frontend closes; "0" once it is to go.</summary>
    public const string Online = "online";

    /// <summary>"r" or "w".</summary>
    public const string Mode = "mode";

    /// <summary>The name that the toolstack was given, as "xvda".</summary>
    public const string Device = "dev";

    /// <summary>What the backend should open.</summary>
    public const string Params = "params";

    /// <summary>The kind of backend, as "phy" or "qdisk".</summary>
    public const string Type = "type";

    /// <summary>"1" if the medium can be taken out.</summary>
    public const string Removable = "removable";

    /// <summary>"1" if a guest may boot from it.</summary>
    public const string Bootable = "bootable";

    /// <summary>"0" where the toolstack forbids discard.</summary>
    public const string DiscardEnable = "discard-enable";

    /// <summary>The hotplug script that libxl calls when the disk comes and when it goes.</summary>
    public const string Script = "script";

    /// <summary>libxl's word for the interface that the disk was made for: "xen" or "virtio".</summary>
    public const string Specification = "specification";

    /// <summary>Whether the hotplug script is done; see <see cref="HotplugConnected"/>.</summary>
    public const string HotplugStatus = "hotplug-status";

    /// <summary>The value of <see cref="HotplugStatus"/> once the backend has what it needs.</summary>
    public const string HotplugConnected = "connected";

    /// <summary>Ours: which toolstack made the nodes; "xenblk" if we did, so that we also remove them.</summary>
    public const string MadeBy = "made-by";

    /// <summary>Ours: how the backend shall reach the pages of a request: "map", "persistent" or "copy".</summary>
    public const string Access = "xenblk-access";

    /// <summary>
    /// How our backend reaches pages, and why, in words, written while it serves. Only our backend writes it.
    /// </summary>
    public const string AccessReasons = "xenblk-access-reasons";

    /// <summary>Why an end gave up, in words; we write it, tools print it.</summary>
    public const string Error = "error";

    // The backend's directory, by the backend, before InitWait.

    /// <summary>"1" if <see cref="BlkifOperation.WriteBarrier"/> is understood.</summary>
    public const string FeatureBarrier = "feature-barrier";

    /// <summary>"1" if <see cref="BlkifOperation.FlushDiskCache"/> is understood.</summary>
    public const string FeatureFlushCache = "feature-flush-cache";

    /// <summary>"1" if <see cref="BlkifOperation.Discard"/> is understood.</summary>
    public const string FeatureDiscard = "feature-discard";

    /// <summary>The unit of discards in bytes; absent means the sector size.</summary>
    public const string DiscardGranularity = "discard-granularity";

    /// <summary>Bytes from the start of the disk to the first unit of discards; absent means 0.</summary>
    public const string DiscardAlignment = "discard-alignment";

    /// <summary>"1" if a discard can be secure.</summary>
    public const string DiscardSecure = "discard-secure";

    /// <summary>The most segments of an indirect request; absent means that there are none.</summary>
    public const string FeatureMaxIndirectSegments = "feature-max-indirect-segments";

    /// <summary>The log2 of the most pages of a ring; absent means 0.</summary>
    public const string MaxRingPageOrder = "max-ring-page-order";

    /// <summary>The most pages of a ring: the older twin of <see cref="MaxRingPageOrder"/>.</summary>
    public const string MaxRingPages = "max-ring-pages";

    /// <summary>The most queues; absent means 1.</summary>
    public const string MultiQueueMaxQueues = "multi-queue-max-queues";

    // The backend's directory, by the backend, before Connected.

    /// <summary>The disk's size in units of 512 bytes (since Xen 4.19).</summary>
    public const string Sectors = "sectors";

    /// <summary>The disk's logical sector in bytes.</summary>
    public const string SectorSize = "sector-size";

    /// <summary>The disk's physical sector in bytes; absent means the logical one.</summary>
    public const string PhysicalSectorSize = "physical-sector-size";

    /// <summary>The bits of <see cref="VbdInfo"/>, decimal.</summary>
    public const string Info = "info";

    /// <summary>The key of one page of a ring of several pages.</summary>
    /// <param name="page">The page's index, from 0.</param>
    public static string RingRefN(int page)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(page);
        return string.Create(CultureInfo.InvariantCulture, $"{RingRef}{page}");
    }

    /// <summary>The directory of one queue's ring and event channel, where there are several queues.</summary>
    /// <param name="queue">The queue's index, from 0.</param>
    public static string QueueN(int queue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(queue);
        return string.Create(CultureInfo.InvariantCulture, $"{QueueDirectory}{queue}");
    }
}
