using System.Text.Json;
using System.Text.Json.Serialization;

namespace XenBlock.Cli.Report;

/// <summary>How reports become text and come back.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(BenchReport))]
[JsonSerializable(typeof(TracedDiskReport))]
internal sealed partial class ReportJson : JsonSerializerContext
{
    /// <summary>The same without white space, for where no person reads it.</summary>
    public static ReportJson Compact =>
        field ??= new ReportJson(new JsonSerializerOptions(Default.Options) { WriteIndented = false });
}
