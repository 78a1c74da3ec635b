using System.Globalization;
using XenBlock.Protocol;

namespace XenBlock.Enemy;

/// <summary>What the hostile frontend was told on its command line.</summary>
internal sealed record EnemyArguments
{
    public const string Usage =
        """
        usage: enemy [--machine SOCKET|xen] [--domain N] [--vdev NAME] [--seed N] [--life N] [--seconds S] [--bound S]

        A hostile guest on the disk NAME (xvda): lives one life after another against its backend, each from the seed,
        and ends with what the backend did that it must not. On the embedded machine at SOCKET it is domain N (1); on
        Xen it is the domain that it runs in, whose Linux must not have the disk.
          --seed N     what it does follows from this; by chance if it is not given, and it is printed
          --life N     begin with this life, as a failure names it
          --seconds S  how long (10); the life that has begun is lived to its end
          --bound S    how long an answer may take, in seconds (10)
        Exit code: 0 nothing found, 1 something found, 2 it could not begin.
        """;

    /// <summary>The embedded machine's socket; null for real Xen.</summary>
    public string? Socket { get; private init; }

    public DomainId Domain { get; private init; } = new(1);

    public VbdNumber Vbd { get; private init; } = ParseVdev("xvda");

    public int Seed { get; private init; } = Environment.TickCount & int.MaxValue;

    public int FirstLife { get; private init; }

    public TimeSpan Duration { get; private init; } = TimeSpan.FromSeconds(10);

    public TimeSpan Bound { get; private init; } = TimeSpan.FromSeconds(10);

    /// <summary>Reads them.</summary>
    /// <exception cref="FormatException">They make no sense; the sentence says which.</exception>
    public static EnemyArguments Parse(string[] words)
    {
        var arguments = new EnemyArguments();
        for (int i = 0; i < words.Length; i += 2)
        {
            if (words[i] is "--help" or "-h")
                throw new FormatException("what it understands:");
            string value = i + 1 < words.Length
                ? words[i + 1]
                : throw new FormatException($"{words[i]} needs a value, or is not known");
            arguments = words[i] switch
            {
                "--machine" => arguments with { Socket = value == "xen" ? null : value },
                "--domain" => arguments with { Domain = new DomainId((ushort)Number(words[i], value, 32_751)) },
                "--vdev" => arguments with { Vbd = ParseVdev(value) },
                "--seed" => arguments with { Seed = Number(words[i], value, int.MaxValue) },
                "--life" => arguments with { FirstLife = Number(words[i], value, int.MaxValue) },
                "--seconds" => arguments with { Duration = TimeSpan.FromSeconds(Number(words[i], value, 86_400)) },
                "--bound" => arguments with { Bound = TimeSpan.FromSeconds(Number(words[i], value, 3_600)) },
                _ => throw new FormatException($"{words[i]} is not known"),
            };
        }

        return arguments;
    }

    private static int Number(string name, string text, int max) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= max
            ? number
            : throw new FormatException($"{name} is a whole number up to {max}, and not \"{text}\"");

    private static VbdNumber ParseVdev(string text) => VbdName.TryParse(text, out VbdNumber number, out string? problem)
        ? number
        : throw new FormatException(problem);
}
