namespace XenBlock.Cli.Bench;

/// <summary>What is behind the disk.</summary>
internal enum StoreChoice
{
    /// <summary>An image file, through the page cache.</summary>
    File,

    /// <summary>Memory of the backend.</summary>
    Memory,

    /// <summary>Nothing: requests are answered without touching their data.</summary>
    Null,

    /// <summary>The SD card of the 2014 thread, in real time, over the image file.</summary>
    Sd2014,
}
