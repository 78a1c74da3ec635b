using System.Text.Json.Serialization;
using XenBlock.Cli.Bench;
using XenBlock.Cli.Check;
using XenBlock.Cli.Compare;
using XenBlock.Cli.Top;
using XenBlock.Cli.Trace;

namespace XenBlock.Cli.Output;

/// <summary>Documents that fit on a line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ErrorDocument))]
[JsonSerializable(typeof(CompletionDocument))]
[JsonSerializable(typeof(BenchBackendDocument))]
[JsonSerializable(typeof(BenchCounters))]
[JsonSerializable(typeof(ServedDocument))]
[JsonSerializable(typeof(InfoDocument))]
[JsonSerializable(typeof(CopyDocument))]
[JsonSerializable(typeof(ReadyDocument))]
[JsonSerializable(typeof(StoreNodeDocument))]
[JsonSerializable(typeof(ListDocument))]
[JsonSerializable(typeof(AttachedDocument))]
[JsonSerializable(typeof(VerifyDocument))]
[JsonSerializable(typeof(CheckDocument))]
[JsonSerializable(typeof(TraceDocument))]
[JsonSerializable(typeof(TopDocument))]
[JsonSerializable(typeof(MirageDocument))]
[JsonSerializable(typeof(CompareDocument))]
internal sealed partial class JsonLines : JsonSerializerContext;
