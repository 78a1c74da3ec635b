using XenBlock.Native;
using Xunit;

namespace XenBlock.Tests.Native;

public sealed class ProcessorTests
{
    [Fact]
    public void A_thread_knows_its_processor_and_its_time()
    {
        long before = Processor.ThreadTimeNs;
        long sum = 0;
        for (int i = 0; i < 5_000_000; i++)
            sum += i % 7;

        Assert.True(sum > 0);
        Assert.InRange(Processor.Current, 0, Environment.ProcessorCount * 64);
        Assert.True(Processor.ThreadTimeNs > before);
        Assert.True(Processor.ProcessTimeNs >= Processor.ThreadTimeNs - before);
    }

    [Fact]
    public void A_thread_can_be_kept_on_a_processor()
    {
        int seen = -1;
        Thread thread = new(() =>
        {
            int wanted = Processor.Current;
            seen = Processor.PinThread(wanted) == 0 && Processor.Current == wanted ? 1 : 0;
        });
        thread.Start();
        thread.Join();

        Assert.Equal(1, seen);
        Assert.Equal(Errno.EINVAL, Processor.PinThread(1023));
    }

    [Fact]
    public void Timer_slack_can_be_set() => Assert.Equal(0, Processor.SetTimerSlack(50_000));
}
