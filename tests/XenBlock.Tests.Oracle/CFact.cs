namespace XenBlock.Tests.Oracle;

/// <summary>A C expression and the number that we hold it to be.</summary>
internal readonly record struct CFact(string Expression, long Value);
