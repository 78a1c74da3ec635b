using CsCheck;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

/// <summary>
/// The store against a model that is a dictionary of paths: random requests on a few paths, alone and in two
/// transactions that overlap.
/// </summary>
public sealed class StoreModelTests
{
    private static readonly string[] Paths =
        [.. from a in "abc" from rest in new[] { "", "/x", "/y", "/x/z" } select $"/{a}{rest}"];

    private static readonly Gen<(int Who, int What, int Path, int Value)> GenStep =
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 7], Gen.Int[0, Paths.Length - 1], Gen.Int[0, 9]);

    [Fact]
    public void The_store_does_what_a_dictionary_does() => GenStep.List[1, 60].Sample(
        steps =>
        {
            var run = new Run();
            foreach ((int who, int what, int path, int value) in steps)
            {
                if (what < 6)
                    run.Step(who, what, Paths[path], $"{value}");
                else if (who > 0)
                    run.EndOrStart(who, isCommit: what == 6);
            }

            run.CheckAll();
        },
        iter: 3000);

    [Fact]
    public void The_model_notices_a_write_that_was_lost()
    {
        var run = new Run();
        run.Step(0, 1, "/a", "1");
        run.Table.Run("0 RM /a| = OK|");
        Assert.ThrowsAny<Xunit.Sdk.XunitException>(run.CheckAll);
    }

    /// <summary>A store, the model of it, and for each open transaction its steps and their answers.</summary>
    private sealed class Run
    {
        private readonly uint[] _ids = new uint[3];
        private readonly List<(int What, string Path, string Value, string Answer)>[] _steps = [[], [], []];
        private readonly SortedDictionary<string, string>[] _snapshots = [new(), new(), new()];
        private readonly SortedDictionary<string, string> _live = new(StringComparer.Ordinal) { ["/"] = "" };
        private readonly bool[] _isLiveChanged = new bool[3];

        public StoreTable Table { get; } = new();

        public void Step(int who, int what, string path, string value)
        {
            bool isOpen = _ids[who] != 0;
            string expected = Apply(isOpen ? _snapshots[who] : _live, what, path, value);
            if (!isOpen && what is 1 or 2 or 3) Array.Fill(_isLiveChanged, true);
            Assert.Equal(expected, Ask(who, what, path, value));
            if (isOpen) _steps[who].Add((what, path, value, expected));
        }

        public void EndOrStart(int who, bool isCommit)
        {
            if (_ids[who] == 0)
            {
                _ids[who] = uint.Parse(Text(Table.Ask("0", XsOperation.TransactionStart, "|")).TrimEnd('|'));
                _snapshots[who] = new(_live, StringComparer.Ordinal);
                _steps[who].Clear();
                _isLiveChanged[who] = false;
                return;
            }

            string answer = Text(
                Table.Ask("0", XsOperation.TransactionEnd, isCommit ? "T|" : "F|", _ids[who]));
            _ids[who] = 0;
            if (!isCommit)
            {
                Assert.Equal("OK|", answer);
                return;
            }

            // A commit that went well has the effect of running the transaction now, at once: every answer it got
            // is the answer it would get now. One that conflicted needs a cause, and leaves nothing.
            if (answer is "OK|")
            {
                foreach ((int what, string path, string value, string told) in _steps[who])
                    Assert.Equal(told, Apply(_live, what, path, value));
                Array.Fill(_isLiveChanged, true);
            }
            else
            {
                Assert.Equal("EAGAIN|", answer);
                Assert.True(_isLiveChanged[who], "a conflict without a change");
            }

            CheckAll();
        }

        public void CheckAll()
        {
            foreach (string path in Paths.Append("/"))
            {
                Assert.Equal(Apply(_live, 0, path, ""), Ask(0, 0, path, "", isInTransaction: false));
                Assert.Equal(Apply(_live, 4, path, ""), Ask(0, 4, path, "", isInTransaction: false));
            }
        }

        private string Ask(int who, int what, string path, string value, bool isInTransaction = true)
        {
            (XsOperation operation, string payload) = what switch
            {
                0 or 5 => (XsOperation.Read, $"{path}|"),
                1 => (XsOperation.Write, $"{path}|{value}"),
                2 => (XsOperation.MakeDirectory, $"{path}|"),
                3 => (XsOperation.Remove, $"{path}|"),
                _ => (XsOperation.Directory, $"{path}|"),
            };
            return Text(Table.Ask("0", operation, payload, isInTransaction ? _ids[who] : 0));
        }

        private static string Apply(SortedDictionary<string, string> nodes, int what, string path, string value)
        {
            string parent = path[..Math.Max(path.LastIndexOf('/'), 1)];
            switch (what)
            {
                case 0 or 5:
                    return nodes.GetValueOrDefault(path, "ENOENT|");
                case 1 or 2:
                    for (int slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
                        nodes.TryAdd(path[..slash], "");
                    if (what == 1)
                        nodes[path] = value;
                    else
                        nodes.TryAdd(path, "");
                    return "OK|";
                case 3:
                    if (!nodes.ContainsKey(path)) return nodes.ContainsKey(parent) ? "OK|" : "ENOENT|";
                    foreach (string gone in nodes.Keys.Where(
                        key => (key + "/").StartsWith(path + "/", StringComparison.Ordinal)).ToList())
                        nodes.Remove(gone);
                    return "OK|";
                default:
                    if (!nodes.ContainsKey(path)) return "ENOENT|";
                    string prefix = path is "/" ? "/" : path + "/";
                    return string.Concat(nodes.Keys
                        .Where(key => key.Length > prefix.Length
                            && key.StartsWith(prefix, StringComparison.Ordinal)
                            && key.IndexOf('/', prefix.Length) < 0)
                        .Select(key => key[prefix.Length..] + "|"));
            }
        }

        private static string Text(XsPacket packet) =>
            System.Text.Encoding.Latin1.GetString(packet.Payload.Span).Replace('\0', '|');
    }
}
