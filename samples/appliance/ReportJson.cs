using System.Text.Json.Serialization;

namespace XenBlock.Appliance;

/// <summary>How reports become text.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(ApplianceReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
