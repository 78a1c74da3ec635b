using System.Globalization;
using XenBlock.Cli.CommandLine;

namespace XenBlock.Cli.Metrics;

/// <summary>Where metrics go.</summary>
/// <param name="PrometheusPort">The port of the loopback address at which they can be fetched; null for none.</param>
/// <param name="OtlpEndpoint">Where they are sent, by OTLP over HTTP; null for nowhere.</param>
internal sealed record MetricsSettings(int? PrometheusPort, Uri? OtlpEndpoint)
{
    /// <summary>The port that OpenTelemetry's exporters for Prometheus take.</summary>
    public const int UsualPort = 9464;

    /// <summary>Reads what was typed after --metrics, each a port or a URL.</summary>
    /// <exception cref="UsageException">It is neither.</exception>
    public static MetricsSettings? Parse(IReadOnlyList<string>? words)
    {
        if (words is null) return null;
        int? port = null;
        Uri? endpoint = null;
        foreach (string word in words.Count == 0 ? [UsualPort.ToString(CultureInfo.InvariantCulture)] : words)
        {
            if (int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                port = number is > 0 and <= ushort.MaxValue
                    ? number
                    : throw new UsageException($"--metrics {word}: a port is 1 to 65535.");
            }
            else if (Uri.TryCreate(word, UriKind.Absolute, out Uri? uri) && uri.Scheme is "http" or "https")
            {
                endpoint = uri;
            }
            else
            {
                throw new UsageException(
                    $"--metrics {word}: a port of 127.0.0.1 for Prometheus, as {UsualPort}, or the URL of a collector "
                        + "that takes OTLP, as http://127.0.0.1:4318/v1/metrics.");
            }
        }

        return new MetricsSettings(port, endpoint);
    }
}
