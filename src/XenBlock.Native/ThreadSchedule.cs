using System.Globalization;

namespace XenBlock.Native;

/// <summary>How a thread of this process has got on with the scheduler since it began.</summary>
/// <param name="Id">The kernel's number of the thread.</param>
/// <param name="Name">Its name, 15 characters at most.</param>
/// <param name="RunNs">Nanoseconds on a processor.</param>
/// <param name="WaitNs">Nanoseconds ready to run, while the processors were busy with others.</param>
public sealed record ThreadSchedule(int Id, string Name, long RunNs, long WaitNs)
{
    private const string Folder = "/proc/self/task";

    /// <summary>
    /// All threads of this process (/proc/self/task/*/schedstat, Documentation/scheduler/sched-stats.rst); none where
    /// the kernel does not count. A thread that ends meanwhile is left out.
    /// </summary>
    public static IReadOnlyList<ThreadSchedule> OfProcess()
    {
        var threads = new List<ThreadSchedule>();
        if (!Directory.Exists(Folder)) return threads;
        foreach (string task in Directory.GetDirectories(Folder))
        {
            try
            {
                string[] numbers = File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ');
                threads.Add(new ThreadSchedule(
                    int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture),
                    File.ReadAllText(Path.Combine(task, "comm")).TrimEnd('\n'),
                    long.Parse(numbers[0], CultureInfo.InvariantCulture),
                    long.Parse(numbers[1], CultureInfo.InvariantCulture)));
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException or FormatException)
            {
                // It has ended, or its numbers are not for us: one thread less to know of.
            }
        }

        return threads;
    }

    /// <summary>The calling thread; null where the kernel does not count.</summary>
    public static ThreadSchedule? Current
    {
        get
        {
            // The link names us: "PID/task/TID".
            string? link = File.ResolveLinkTarget("/proc/thread-self", returnFinalTarget: false)?.Name;
            return link is null
                ? null
                : OfProcess().FirstOrDefault(thread => thread.Id.ToString(CultureInfo.InvariantCulture) == link);
        }
    }
}
