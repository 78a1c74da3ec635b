using XenBlock.Profiling;
using Xunit;

namespace XenBlock.Tests.Profiling;

public sealed class KnobWordsTests
{
    [Theory]
    [InlineData("map", true, false)]
    [InlineData("persistent", false, true)]
    public void What_a_backend_publishes_of_its_disk_is_what_a_tracer_reads(string access, bool merges, bool pipelined)
    {
        var knobs = new DiskKnobs
        {
            Access = access,
            QueueCount = 2,
            SlotCount = 128,
            SegmentsMax = 256,
            MergesRequests = merges,
            StoreIsPipelined = pipelined,
        };
        Assert.Equal(knobs, KnobWords.Parse(KnobWords.Format(knobs)));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("map")]
    [InlineData("map 1 32 11 1")]
    [InlineData("map 1 32 11 1 0 0")]
    [InlineData("mop 1 32 11 1 0")]
    [InlineData("map 0 32 11 1 0")]
    [InlineData("map 1 0 11 1 0")]
    [InlineData("map 1 99999 11 1 0")]
    [InlineData("map 1 32 99999 1 0")]
    [InlineData("map 1 32 11 2 0")]
    [InlineData("map 1 32 11 1 -1")]
    [InlineData("map 1 99999999999 11 1 0")]
    public void Words_that_make_no_sense_are_taken_for_none(string? text) => Assert.Null(KnobWords.Parse(text));

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("-1", null)]
    [InlineData("10001", null)]
    [InlineData("0", 0)]
    [InlineData("50", 50)]
    public void How_long_an_end_looks_is_read_if_it_can_be(string? text, int? spinUs) =>
        Assert.Equal(spinUs, KnobWords.ParseSpin(text));

    [Fact]
    public void A_text_without_end_is_taken_for_none() => Assert.Null(KnobWords.Parse(new string('1', 100_000)));
}
