using System.Net;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using XenBlock.Backend;
using XenBlock.Cli.CommandLine;
using XenBlock.Frontend;

namespace XenBlock.Cli.Metrics;

/// <summary>
/// Offers the meters of both ends, and the runtime's own, while it lives: to Prometheus on the loopback address, and to
/// a collector that takes OTLP.
/// </summary>
internal sealed class MetricsExport : IDisposable
{
    private readonly MeterProvider _provider;

    private MetricsExport(MeterProvider provider) => _provider = provider;

    /// <summary>Begins.</summary>
    /// <exception cref="UsageException">The port is taken, or not ours to take.</exception>
    public static MetricsExport Start(MetricsSettings settings)
    {
        MeterProviderBuilder builder = Sdk.CreateMeterProviderBuilder()
            .AddMeter(BackendMetrics.MeterName, FrontendMetrics.MeterName, "System.Runtime");
        if (settings.PrometheusPort is { } port)
        {
            builder.AddPrometheusHttpListener(options =>
            {
                options.Host = "127.0.0.1";
                options.Port = port;
            });
        }

        if (settings.OtlpEndpoint is { } endpoint)
        {
            builder.AddOtlpExporter((options, reader) =>
            {
                options.Endpoint = endpoint;
                options.Protocol = OtlpExportProtocol.HttpProtobuf;
                reader.PeriodicExportingMetricReaderOptions.ExportIntervalMilliseconds = 10_000;
            });
        }

        try
        {
            return new MetricsExport(builder.Build());
        }
        catch (Exception exception) when (exception.GetBaseException() is HttpListenerException cause)
        {
            throw new UsageException(
                $"Port {settings.PrometheusPort} of 127.0.0.1 cannot be had: {cause.Message}. Name another one: "
                    + "--metrics PORT.");
        }
    }

    /// <summary>Sends what there is, while the disks can still be asked; waits for a collector three seconds.</summary>
    public void Flush() => _provider.ForceFlush(timeoutMilliseconds: 3_000);

    /// <inheritdoc/>
    public void Dispose() => _provider.Dispose();
}
