using System.Diagnostics;
using System.Globalization;
using System.Text;
using Xunit;

namespace XenBlock.Tests.Oracle;

/// <summary>The C compiler and Xen's public headers: what our layouts and numbers are held against.</summary>
internal static class CCompiler
{
    private const string XenHeader = "/usr/include/xen/io/blkif.h";

    private const string Prologue = """
        #define __XEN_TOOLS__
        #include <stddef.h>
        #include <stdint.h>
        #include <xen/xen.h>
        #include <xen/grant_table.h>
        #include <xen/event_channel.h>
        #include <xen/io/blkif.h>
        #include <xen/io/protocols.h>
        #include <xen/io/xenbus.h>
        #include <xen/io/xs_wire.h>

        """;

    /// <summary>Skips the test, with the package to install, where there is no compiler or are no headers.</summary>
    public static void RequireOrSkip(string compiler = "gcc", string package = "gcc")
    {
        string? missing = Missing(compiler, package);
        Assert.SkipWhen(missing is not null, missing ?? string.Empty);
    }

    /// <summary>What has to be installed, in a sentence; null if all is there.</summary>
    public static string? Missing(string compiler = "gcc", string package = "gcc")
    {
        if (!File.Exists(XenHeader)) return "Xen's public headers are missing: apt-get install libxen-dev";
        return Find(compiler) is null ? $"{compiler} is missing: apt-get install {package}" : null;
    }

    /// <summary>
    /// Compiles one assertion a fact, without linking and without libc's headers, so that it works for any target.
    /// </summary>
    /// <returns>The assertions that do not hold, as the compiler names them; empty if all hold.</returns>
    public static string Check(string compiler, string target, IEnumerable<CFact> facts) =>
        Check(compiler, target, Prologue, facts);

    /// <summary>The same with headers of the caller's choice.</summary>
    public static string Check(string compiler, string target, string prologue, IEnumerable<CFact> facts)
    {
        var source = new StringBuilder(prologue);
        foreach (CFact fact in facts)
        {
            string message = fact.Expression.Replace('"', '\'');
            source.Append(CultureInfo.InvariantCulture, $"_Static_assert((long long)({fact.Expression}) == ")
                .Append(CultureInfo.InvariantCulture, $"{fact.Value}LL, \"{message} is not {fact.Value}\");\n");
        }

        string[] arguments = target.Length == 0 ? [] : [target];
        string[] options = [.. arguments, "-std=gnu11", "-ffreestanding", "-fsyntax-only", "-x", "c", "-"];
        (int code, string output) = Run(compiler, options, source.ToString());
        if (code == 0) return string.Empty;
        return string.Join('\n', output.Split('\n').Where(line => line.Contains("error", StringComparison.Ordinal)));
    }

    /// <summary>Compiles a shared library and returns its path.</summary>
    public static string BuildLibrary(string source)
    {
        string path = Path.Combine(Path.GetTempPath(), $"xenblock-oracle-{Guid.NewGuid():N}.so");
        (int code, string output) = Run(
            "gcc", ["-std=gnu11", "-O2", "-Wall", "-shared", "-fPIC", "-o", path, "-x", "c", "-"], source);
        Assert.True(code == 0, output);
        return path;
    }

    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? string.Empty)
            .Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    private static (int Code, string Output) Run(string program, string[] arguments, string input)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        Task<string> output = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return (process.ExitCode, output.GetAwaiter().GetResult());
    }
}
