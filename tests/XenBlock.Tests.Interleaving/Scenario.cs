namespace XenBlock.Tests.Interleaving;

/// <summary>What one run is played on.</summary>
internal abstract class Scenario : IDisposable
{
    /// <summary>After all have come to their end: what is wrong, or null.</summary>
    public abstract string? Check();

    public abstract void Dispose();
}
