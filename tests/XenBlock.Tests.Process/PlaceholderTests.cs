namespace XenBlock.Tests.Process;

public sealed class PlaceholderTests
{
    [Xunit.Fact]
    public void The_project_runs() => Xunit.Assert.True(typeof(PlaceholderTests).IsSealed);
}
