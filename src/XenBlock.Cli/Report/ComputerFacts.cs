namespace XenBlock.Cli.Report;

/// <summary>The computer that a run ran on.</summary>
/// <param name="Processor">Its name, as the kernel tells it.</param>
/// <param name="ProcessorCount">Processors that this process may use.</param>
/// <param name="Kernel">The operating system.</param>
/// <param name="Architecture">Of this process.</param>
/// <param name="Runtime">The .NET runtime.</param>
internal sealed record ComputerFacts(
    string Processor, int ProcessorCount, string Kernel, string Architecture, string Runtime);
