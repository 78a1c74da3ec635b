namespace XenBlock.Soak;

/// <summary>The disk, or what is left behind, is not what it has to be.</summary>
/// <param name="message">What is wrong.</param>
internal sealed class SoakException(string message) : Exception(message);
