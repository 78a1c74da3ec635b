using CsCheck;
using XenBlock.Protocol;
using Xunit;
using State = XenBlock.Protocol.XenbusState;

namespace XenBlock.Tests.Protocol;

public sealed class XenbusTransitionsTests
{
    [Theory]
    [InlineData("1", State.Initialising)]
    [InlineData("4", State.Connected)]
    [InlineData(" 6\n", State.Closed)]
    [InlineData("8\0", State.Reconfigured)]
    [InlineData("0", State.Unknown)]
    [InlineData("9", State.Unknown)]
    [InlineData("44", State.Unknown)]
    [InlineData("-1", State.Unknown)]
    [InlineData("four", State.Unknown)]
    [InlineData("", State.Unknown)]
    [InlineData(null, State.Unknown)]
    public void A_state_key_is_read_whatever_is_in_it(string? text, State expected) =>
        Assert.Equal(expected, XenbusTransitions.Parse(text));

    [Fact]
    public void Every_state_is_written_so_that_it_is_read_back()
    {
        foreach (State state in Enum.GetValues<State>())
            Assert.Equal(state, XenbusTransitions.Parse(XenbusTransitions.Format(state)));
    }

    [Fact]
    public void Any_text_at_all_is_some_state() =>
        Gen.String.Sample(text => Assert.True(Enum.IsDefined(XenbusTransitions.Parse(text))), iter: 5_000);

    [Theory]
    [InlineData(XenbusEnd.Backend, "1 2 4 5 6")] // start and end
    [InlineData(XenbusEnd.Backend, "1 2 4 4 4 5 6 2 4")] // resized, then reconnected
    [InlineData(XenbusEnd.Backend, "1 4 6")] // skips waiting
    [InlineData(XenbusEnd.Backend, "1 2 3 4 2 4 0 1")] // the frontend began again; then removed, and made anew
    [InlineData(XenbusEnd.Backend, "6 1 2")]
    [InlineData(XenbusEnd.Frontend, "1 3 4 5 6 1 3 4")]
    [InlineData(XenbusEnd.Frontend, "1 4 5 6")] // mirage and mini-os
    [InlineData(XenbusEnd.Frontend, "1 2 3 4 3 4")] // resumes elsewhere
    [InlineData(XenbusEnd.Frontend, "0 1 5 1 6")]
    [InlineData(XenbusEnd.Frontend, "2 4")]
    public void A_life_that_peers_lead_is_legal(XenbusEnd end, string states)
    {
        State[] steps = [.. states.Split(' ').Select(XenbusTransitions.Parse)];
        for (int i = 1; i < steps.Length; i++)
            Assert.True(XenbusTransitions.IsLegal(end, steps[i - 1], steps[i]), $"{steps[i - 1]} to {steps[i]}");
    }

    [Theory]
    [InlineData(XenbusEnd.Backend, State.Closed, State.Connected)]
    [InlineData(XenbusEnd.Backend, State.Closing, State.Connected)]
    [InlineData(XenbusEnd.Backend, State.Connected, State.Initialising)]
    [InlineData(XenbusEnd.Backend, State.Initialised, State.InitWait)]
    [InlineData(XenbusEnd.Backend, State.Closed, State.Closing)]
    [InlineData(XenbusEnd.Backend, State.Connected, State.Reconfigured)]
    [InlineData(XenbusEnd.Frontend, State.Closed, State.Connected)]
    [InlineData(XenbusEnd.Frontend, State.Connected, State.InitWait)]
    [InlineData(XenbusEnd.Frontend, State.Connected, State.Initialising)]
    [InlineData(XenbusEnd.Frontend, State.Initialised, State.Initialising)]
    public void A_step_that_no_end_takes_is_illegal(XenbusEnd end, State from, State to) =>
        Assert.False(XenbusTransitions.IsLegal(end, from, to));

    [Fact]
    public void A_frontend_that_skips_Initialised_is_as_ready_as_one_that_does_not()
    {
        State[] ready = [.. Enum.GetValues<State>().Where(XenbusTransitions.FrontendIsReady)];
        Assert.Equal([State.Initialised, State.Connected], ready);
    }

    [Fact]
    public void An_end_that_closes_or_whose_directory_is_gone_is_leaving()
    {
        State[] leaving = [.. Enum.GetValues<State>().Where(XenbusTransitions.IsLeaving)];
        Assert.Equal([State.Unknown, State.Closing, State.Closed], leaving);
    }
}
