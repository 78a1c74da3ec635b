using System.Globalization;
using System.Text;

namespace XenBlock.Profiling;

/// <summary>
/// Writes a trace as a folder of CTF 1.8, which babeltrace2 and Trace Compass read: a text that describes the records,
/// and a file of packets for each recorder.
/// </summary>
public static class CtfFolder
{
    // The names of a record's three fields, by its kind: what a reader of the trace sees.
    private static readonly (TraceEventKind Kind, string Name, string Amount, string Request, string Detail)[] _events =
    [
        (TraceEventKind.ReadGranted, "read_granted", "bytes", "id", "submitted_ns"),
        (TraceEventKind.WriteGranted, "write_granted", "bytes", "id", "submitted_ns"),
        (TraceEventKind.FlushGranted, "flush_granted", "bytes", "id", "submitted_ns"),
        (TraceEventKind.DiscardGranted, "discard_granted", "bytes", "id", "submitted_ns"),
        (TraceEventKind.RequestsPublished, "requests_published", "count", "unused", "unused2"),
        (TraceEventKind.BackendNotified, "backend_notified", "count", "unused", "unused2"),
        (TraceEventKind.ResponseTaken, "response_taken", "status", "id", "unused"),
        (TraceEventKind.ResponsesFinished, "responses_finished", "count", "unused", "unused2"),
        (TraceEventKind.PagesGranted, "pages_granted", "pages", "id", "unused"),
        (TraceEventKind.PagesRevoked, "pages_revoked", "pages", "id", "after_ns"),
        (TraceEventKind.FrontendSlept, "frontend_slept", "unused", "unused2", "unused3"),
        (TraceEventKind.FrontendWoke, "frontend_woke", "unused", "unused2", "unused3"),
        (TraceEventKind.TurnBegan, "turn_began", "unused", "unused2", "unused3"),
        (TraceEventKind.RequestTaken, "request_taken", "operation", "id", "sector"),
        (TraceEventKind.PagesReached, "pages_reached", "segments", "id", "bytes"),
        (TraceEventKind.StoreAsked, "store_asked", "unused", "id", "unused2"),
        (TraceEventKind.StoreAnswered, "store_answered", "status", "id", "unused"),
        (TraceEventKind.PagesLetGo, "pages_let_go", "count", "id", "unused"),
        (TraceEventKind.ResponsesPublished, "responses_published", "count", "unused", "unused2"),
        (TraceEventKind.FrontendNotified, "frontend_notified", "count", "unused", "unused2"),
        (TraceEventKind.PagesMapped, "pages_mapped", "pages", "unused", "unused2"),
        (TraceEventKind.PagesUnmapped, "pages_unmapped", "pages", "unused", "unused2"),
        (TraceEventKind.PagesCopiedIn, "pages_copied_in", "pieces", "unused", "unused2"),
        (TraceEventKind.PagesCopiedOut, "pages_copied_out", "pieces", "unused", "unused2"),
        (TraceEventKind.RequestsMerged, "requests_merged", "count", "unused", "bytes"),
        (TraceEventKind.BackendSlept, "backend_slept", "unused", "unused2", "unused3"),
        (TraceEventKind.BackendWoke, "backend_woke", "unused", "unused2", "unused3"),
        (TraceEventKind.PagesEvicted, "pages_evicted", "pages", "unused", "missed"),
        (TraceEventKind.ThreadScheduled, "thread_scheduled", "thread", "run_ns", "wait_ns"),
        (TraceEventKind.RuntimePaused, "runtime_paused", "unused", "length_ns", "ago_ns"),
    ];

    /// <summary>Writes a folder; files of an earlier trace in it are replaced.</summary>
    /// <param name="directory">The folder; made if it is not there.</param>
    /// <param name="uuid">The trace's, 16 bytes.</param>
    /// <param name="streams">What was collected; those without a record are left out.</param>
    /// <param name="spans">Its parts, where it has several; kept with it.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(
        string directory,
        byte[] uuid,
        IReadOnlyList<RecordedTrace> streams,
        IReadOnlyList<TracedSpan>? spans = null)
    {
        Directory.CreateDirectory(directory);
        foreach (string old in Directory.GetFiles(directory, "stream-*")) File.Delete(old);
        RecordedTrace[] written = [.. streams.Where(stream => stream.Packets.Count != 0)];
        File.WriteAllText(Path.Combine(directory, "metadata"), Metadata(uuid, written, spans ?? []));
        foreach (RecordedTrace stream in written)
        {
            using FileStream file = File.Create(Path.Combine(directory, FileOf(stream.Number)));
            foreach ((byte[] page, _) in stream.Packets) file.Write(page);
        }
    }

    /// <summary>The file of a recorder's packets.</summary>
    internal static string FileOf(int recorder) => $"stream-{recorder.ToString("D3", CultureInfo.InvariantCulture)}";

    /// <summary>The description of the records, in CTF's own language (TSDL).</summary>
    private static string Metadata(
        byte[] uuid, IReadOnlyList<RecordedTrace> streams, IReadOnlyList<TracedSpan> spans)
    {
        var text = new StringBuilder();
        string name = new Guid(uuid, bigEndian: true).ToString("D");
        text.Append(CultureInfo.InvariantCulture, $$"""
            /* CTF 1.8 */
            typealias integer { size = 8; align = 8; signed = false; } := uint8_t;
            typealias integer { size = 16; align = 8; signed = false; } := uint16_t;
            typealias integer { size = 32; align = 8; signed = false; } := uint32_t;
            typealias integer { size = 64; align = 8; signed = false; } := uint64_t;

            trace {
              major = 1;
              minor = 8;
              uuid = "{{name}}";
              byte_order = le;
              packet.header := struct { uint32_t magic; uint8_t uuid[16]; uint32_t stream_id; };
            };

            env {
              tracer_name = "xenblock";

            """);
        AppendFacts(text, streams, spans);
        text.Append("""
            };

            clock { name = monotonic; freq = 1000000000; };
            typealias integer {
              size = 64; align = 8; signed = false; map = clock.monotonic.value;
            } := monotonic_t;

            stream {
              id = 0;
              packet.context := struct {
                monotonic_t timestamp_begin; monotonic_t timestamp_end;
                uint64_t content_size; uint64_t packet_size; uint64_t packet_seq_num; uint64_t events_discarded;
                uint64_t recorder; uint64_t reserved1; uint64_t reserved2;
              };
              event.header := struct { monotonic_t timestamp; uint16_t id; };
              event.context := struct { uint16_t queue; };
            };

            """);
        foreach ((TraceEventKind kind, string title, string amount, string request, string detail) in _events)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""

                event {
                  name = "{{title}}"; id = {{(int)kind}}; stream_id = 0;
                  fields := struct { uint32_t {{amount}}; uint64_t {{request}}; uint64_t {{detail}}; };
                };

                """);
        }

        return text.ToString();
    }

    // What the records do not say themselves: whose they are, how the disk was set up, and what was done when.
    private static void AppendFacts(
        StringBuilder text, IReadOnlyList<RecordedTrace> streams, IReadOnlyList<TracedSpan> spans)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        foreach (RecordedTrace stream in streams)
        {
            text.Append(plain, $"  recorder_{stream.Number} = \"{stream.Name}\";\n");
            if (stream.Knobs is { } knobs)
                text.Append(plain, $"  knobs_{stream.Number} = \"{KnobWords.Format(knobs)}\";\n");
            if (stream.SpinUs is { } spinUs) text.Append(plain, $"  spin_us_{stream.Number} = {spinUs};\n");
        }

        foreach ((int index, TracedSpan span) in spans.Index())
            text.Append(plain, $"  span_{index} = \"{span.FromNs} {span.ToNs} {span.Name}\";\n");
    }
}
