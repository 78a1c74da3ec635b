using XenBlock.Cli.CommandLine;
using XenBlock.Cli.Verify;
using XenBlock.Conformance;
using XenBlock.Frontend;
using XenBlock.Hypervisor;

namespace XenBlock.Cli.Check;

/// <summary>Our own frontend and a user of it: reads, writes, flushes and discards at random, and compares.</summary>
internal static class OwnTraffic
{
    private const int Jobs = 8;
    private const int BlockBytes = 4096;
    private const int BlocksPerJob = 512; // 2 MiB
    private static readonly TimeSpan s_time = TimeSpan.FromSeconds(0.7);

    private static readonly BlockDeviceOptions s_options = new()
    {
        RingPageOrder = 2,
        QueuesMax = 2,
        ConnectTimeout = TimeSpan.FromSeconds(5),
    };

    /// <summary>A whole life of a disk of ours.</summary>
    public static async Task<TrafficOutcome> RunAsync(
        IHypervisor domain, string vdev, FrontendStage stage, CancellationToken token)
    {
        try
        {
            await using BlockDevice device = await BlockDevice.ConnectAsync(domain, vdev, s_options, token);
            VerifyTally tally = new();
            using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(token);
            stop.CancelAfter(s_time);
            if (stage == FrontendStage.Errors)
                return await InsistAsync(device, stop.Token);
            await Task.WhenAll(Enumerable.Range(0, Jobs).Select(job => Task.Run(
                () => Job(device, tally, stage, job).RunAsync(stop.Token), CancellationToken.None)));
            await ReadEndAsync(device, token);
            return new TrafficOutcome(true, $"{tally.Reads} reads compared, {tally.Writes} writes");
        }
        catch (Exception exception) when (exception is XenBlockException or WorkFailedException)
        {
            return new TrafficOutcome(false, exception.Message);
        }
    }

    // The jobs share the disk evenly, so that one that has grown is used to its new end.
    private static VerifyJob Job(BlockDevice device, VerifyTally tally, FrontendStage stage, int job)
    {
        long blocks = device.SizeBytes / BlockBytes;
        long first = job * (blocks / Jobs);
        return new VerifyJob(device, tally, ((int)stage * Jobs) + job, BlockBytes, first, BlocksPerJob);
    }

    // The disk as large as it is now.
    private static async Task ReadEndAsync(BlockDevice device, CancellationToken token)
    {
        byte[] block = new byte[BlockBytes];
        await device.ReadAsync(device.SizeBytes - BlockBytes, block, token);
    }

    // Goes on whatever fails.
    private static async Task<TrafficOutcome> InsistAsync(BlockDevice device, CancellationToken stop)
    {
        byte[] block = new byte[BlockBytes];
        int failures = 0;
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            try
            {
                long offset = i % 1024 * (long)BlockBytes;
                switch (i % 8)
                {
                    case 0:
                        await device.FlushAsync(stop);
                        break;
                    case 1 when device.Features.Discard:
                        await device.DiscardAsync(offset, BlockBytes, cancellationToken: stop);
                        break;
                    case < 5:
                        await device.WriteAsync(offset, block, stop);
                        break;
                    default:
                        await device.ReadAsync(offset, block, stop);
                        break;
                }
            }
            catch (XenBlockException)
            {
                failures++;
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        return new TrafficOutcome(failures == 0, $"{failures} operations failed, as they should here");
    }
}
