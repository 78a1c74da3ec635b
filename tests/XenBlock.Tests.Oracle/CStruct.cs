namespace XenBlock.Tests.Oracle;

/// <summary>One wire struct and its C twin.</summary>
internal sealed record CStruct(Type Type, string CName, int Bits, Dictionary<string, string> Members);
