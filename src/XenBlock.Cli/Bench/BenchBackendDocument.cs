namespace XenBlock.Cli.Bench;

/// <summary>What a backend process of a run is told, on its standard input.</summary>
/// <param name="Socket">The machine to join.</param>
/// <param name="Frontend">The domain to serve.</param>
/// <param name="Store">What is behind the disks.</param>
/// <param name="ImagePath">The image.</param>
/// <param name="SizeBytes">Its size, for stores without one.</param>
/// <param name="IsReadOnly">True to refuse writes.</param>
/// <param name="Grants">How to map.</param>
/// <param name="Disks">The ways in.</param>
internal sealed record BenchBackendDocument(
    string Socket,
    int Frontend,
    StoreChoice Store,
    string ImagePath,
    long SizeBytes,
    bool IsReadOnly,
    GrantsChoice Grants,
    IReadOnlyList<BenchDisk> Disks);
