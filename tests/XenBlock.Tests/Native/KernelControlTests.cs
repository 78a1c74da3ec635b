using Microsoft.Win32.SafeHandles;
using XenBlock.Native;
using Xunit;

namespace XenBlock.Tests.Native;

/// <summary>What can be asked of a kernel that others need: questions, and requests that it must refuse.</summary>
public sealed class KernelControlTests
{
    [Fact]
    public void The_time_since_boot_goes_forward()
    {
        long first = KernelControl.TimeSinceBootNs;

        Assert.True(first > 0);
        Assert.InRange(KernelControl.TimeSinceBootNs, first, first + 60_000_000_000);
    }

    [Fact]
    public void A_file_system_that_the_kernel_does_not_know_is_not_mounted() =>
        Assert.Contains(KernelControl.Mount("no-such-file-system", "/"), new[] { Errno.ENODEV, Errno.EPERM });

    [Fact]
    public void A_file_that_is_no_module_is_not_loaded()
    {
        Assert.Equal(Errno.ENOENT, KernelControl.LoadModule("/no/such/module.ko", ""));
        Assert.NotEqual(0, KernelControl.LoadModule(typeof(KernelControl).Assembly.Location, "limit=1"));
    }

    [Fact]
    public void The_log_has_text_or_is_not_for_us()
    {
        int errno = KernelControl.ReadLog(out string text);

        Assert.True(errno == 0 || text.Length == 0, Errno.Describe(errno));
    }

    [Fact]
    public void A_file_has_nothing_to_drain()
    {
        using SafeFileHandle file = File.OpenHandle(typeof(KernelControl).Assembly.Location);

        Assert.Equal(0, KernelControl.Drain(file));
    }
}
