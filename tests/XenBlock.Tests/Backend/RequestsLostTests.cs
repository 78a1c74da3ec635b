using XenBlock.Backend;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Backend;

/// <summary>A ring that a killed process has left with requests under way, and no journal that says which.</summary>
public sealed class RequestsLostTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Requests_under_way_that_nothing_tells_of_are_answered_with_errors_until_the_frontend_closes(
        int queues)
    {
        await using var harness = new DiskHarness();
        string folder = Directory.CreateTempSubdirectory("xenblk-test-").FullName;
        try
        {
            ServedDiskOptions options = new() { InFlightPath = Path.Combine(folder, "xvda"), QueuesMax = 2 };
            await using ServedDisk disk = await harness.ServeAsync(options: options);
            using ScriptedFrontend front =
                harness.NewFrontend(new ScriptedFrontendOptions { QueueCount = queues, RingStart = 40 });
            front.Data.CopyIn(0, 0x5AUL);
            foreach (ScriptedQueue queue in front.Queues)
            {
                queue.Put(front.Direct(BlkifOperation.Write, 7, 0, 0, 1));
                queue.Put(front.Direct(BlkifOperation.Read, 8, 8, 1, 1));
                queue.Publish();
            }

            await harness.Vbd.PublishAsync(XenbusState.Initialising);
            await harness.Vbd.WaitForBackendAsync(XenbusState.InitWait);
            await harness.Vbd.PublishAsync(XenbusState.Initialised, front.Keys());
            await harness.Vbd.WaitForBackendAsync(XenbusState.Closing);
            foreach (ScriptedQueue queue in front.Queues)
            {
                Assert.Equal((7UL, BlkifStatus.Error), Of(queue.Take()));
                Assert.Equal((8UL, BlkifStatus.Error), Of(queue.Take()));
                BlockResponse late = queue.Ask(front.Direct(BlkifOperation.Write, 9, 0, 0, 1));
                Assert.Equal((9UL, BlkifStatus.Error), Of(late));
            }

            Assert.Contains("are under way on the ring", disk.LastError, StringComparison.Ordinal);
            Assert.Contains("detach the disk and attach it again", disk.LastError, StringComparison.Ordinal);
            await harness.Vbd.PublishAsync(XenbusState.Closed);
            await harness.Vbd.WaitForBackendAsync(XenbusState.Closed);
            Assert.Equal(0, front.RevokeAll());
            byte[] first = new byte[4096];
            harness.Store.CopyOut(0, first);
            Assert.All(first, each => Assert.Equal(0, each)); // nothing of it was done

            // And the next one has a disk as ever.
            using ScriptedFrontend next = harness.NewFrontend(new ScriptedFrontendOptions { QueueCount = queues });
            await harness.Vbd.ConnectAsync(next);
            Assert.Equal(BlkifStatus.Okay, next.Ask(next.Direct(BlkifOperation.Read, 1, 0, 0, 1)).Status);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static (ulong Id, BlkifStatus Status) Of(BlockResponse response) => (response.Id, response.Status);
}
