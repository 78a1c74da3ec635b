using System.Text.Json.Serialization;

namespace XenBlock.Cli.Output;

/// <summary>Documents that fit on a line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ErrorDocument))]
[JsonSerializable(typeof(CompletionDocument))]
[JsonSerializable(typeof(ServedDocument))]
[JsonSerializable(typeof(InfoDocument))]
[JsonSerializable(typeof(CopyDocument))]
[JsonSerializable(typeof(ReadyDocument))]
[JsonSerializable(typeof(StoreNodeDocument))]
internal sealed partial class JsonLines : JsonSerializerContext;
