using Microsoft.Win32.SafeHandles;

namespace XenBlock.Native;

/// <summary>Waiting until a device or an event has something to read (ppoll).</summary>
public static unsafe class DevicePoll
{
    /// <summary>Waits until one of two has something to read.</summary>
    /// <param name="device">The device; null to wait for the event only.</param>
    /// <param name="wake">The event.</param>
    /// <param name="timeout">The longest to wait; negative for ever.</param>
    /// <param name="isDeviceReady">True if the device can be read, or is in error.</param>
    /// <param name="isWakeReady">True if the event was set off.</param>
    /// <returns>0, or an errno; a signal ends the wait with 0 and nothing ready.</returns>
    public static int Wait(
        SafeFileHandle? device, WakeEvent wake, TimeSpan timeout, out bool isDeviceReady, out bool isWakeReady)
    {
        isDeviceReady = false;
        isWakeReady = false;
        bool holdsDevice = false;
        bool holdsWake = false;
        PollDescriptor* list = stackalloc PollDescriptor[2];
        try
        {
            wake.Handle.DangerousAddRef(ref holdsWake);
            device?.DangerousAddRef(ref holdsDevice);
            list[0] = new() { Descriptor = (int)wake.Handle.DangerousGetHandle(), Events = LibcEvents.POLLIN };

            // A negative number is passed over by the kernel.
            list[1] = new()
            {
                Descriptor = device is null ? -1 : (int)device.DangerousGetHandle(),
                Events = LibcEvents.POLLIN,
            };
            TimeSpec time;
            TimeSpec* limit = null;
            if (timeout >= TimeSpan.Zero)
            {
                time = TimeSpec.Of(timeout);
                limit = &time;
            }

            int errno = Errno.Of(LibcEvents.ppoll(list, 2, limit, 0));
            if (errno != 0)
                return errno == Errno.EINTR ? 0 : errno;
            isWakeReady = list[0].Returned != 0;
            isDeviceReady = list[1].Returned != 0;
            return 0;
        }
        finally
        {
            if (holdsDevice)
                device!.DangerousRelease();
            if (holdsWake)
                wake.Handle.DangerousRelease();
        }
    }
}
