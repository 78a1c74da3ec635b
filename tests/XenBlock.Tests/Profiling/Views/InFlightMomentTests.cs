using XenBlock.Profiling.Views;
using Xunit;

namespace XenBlock.Tests.Profiling.Views;

public sealed class InFlightMomentTests
{
    [Fact]
    public void Each_change_of_what_is_under_way_is_a_moment()
    {
        // Published at 10, asked at 20, answered by the store at 50, answered at 60, finished at 70; and 15 later.
        long[] phases = [4, 6, 0, 0, 5, 5, 0, 30, 5, 5, 5, 5];

        InFlightMoment[] moments =
            [.. InFlightMoment.Of([Requests.Make(0, phases), Requests.Make(15, phases)])];

        Assert.Equal(new InFlightMoment(0, 1, 0, 0), moments[0]);
        Assert.Contains(new InFlightMoment(20, 2, 1, 1), moments);
        Assert.Contains(new InFlightMoment(35, 2, 2, 2), moments);
        Assert.Contains(new InFlightMoment(70, 1, 1, 0), moments);
        Assert.Equal(new InFlightMoment(85, 0, 0, 0), moments[^1]);
        Assert.All(moments, moment => Assert.True(
            moment.InStore <= moment.OnRing && moment.OnRing <= moment.Submitted && moment.InStore >= 0));
    }
}
