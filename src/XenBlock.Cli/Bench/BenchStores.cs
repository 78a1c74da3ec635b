using XenBlock.Storage;

namespace XenBlock.Cli.Bench;

/// <summary>Makes what is behind the disks.</summary>
internal static class BenchStores
{
    /// <summary>Opens the store.</summary>
    /// <param name="choice">Which.</param>
    /// <param name="imagePath">The image, for those that have one.</param>
    /// <param name="sizeBytes">The size of those that have none.</param>
    /// <param name="isReadOnly">True to refuse writes.</param>
    public static IBlockStore Open(StoreChoice choice, string imagePath, long sizeBytes, bool isReadOnly) =>
        choice switch
        {
            StoreChoice.Memory => new MemoryBlockStore(sizeBytes, isReadOnly: isReadOnly),
            StoreChoice.Null => new NullBlockStore(sizeBytes, isReadOnly),
            StoreChoice.Sd2014 => new SlowBlockStore(OpenFile(imagePath, isReadOnly), SlowModel.Sd2014),
            _ => OpenFile(imagePath, isReadOnly),
        };

    private static FileBlockStore OpenFile(string path, bool isReadOnly) =>
        FileBlockStore.Open(path, new FileBlockStoreOptions { ReadOnly = isReadOnly });
}
