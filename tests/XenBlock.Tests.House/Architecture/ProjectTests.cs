using Xunit;

namespace XenBlock.Tests.House.Architecture;

public sealed class ProjectTests
{
    /// <summary>
    /// Rooms that may be unsafe outside src: the oracle calls Xen's own macros in a C library, and the explorer of
    /// interleavings compiles the unsafe rooms once more.
    /// </summary>
    private static readonly string[] UnsafeTests = ["XenBlock.Tests.Oracle", "XenBlock.Tests.Interleaving"];

    /// <summary>Rooms that carry packages to whoever uses them: only the tool, which nobody refers to.</summary>
    private static readonly string[] MayHavePackages = ["XenBlock.Cli"];

    public static TheoryData<string> Projects => [.. ProjectFile.InSource.Select(project => project.Name)];

    [Fact]
    public void The_table_of_rooms_lists_every_project_in_src() => Assert.Equal(
        ProjectFile.InSource.Select(project => project.Name).Order(StringComparer.Ordinal),
        RoomTable.Rooms.Keys.Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_room_refers_only_to_rooms_it_may_see(string name) =>
        Assert.Empty(RoomTable.Forbidden(RoomTable.Rooms[name], Find(name).ProjectReferences));

    // What a project file leaves open, since references are passed on, the compiled room shows.
    [Theory]
    [MemberData(nameof(Projects))]
    public void A_compiled_room_uses_only_rooms_it_may_see(string name)
    {
        IEnumerable<string> used = Rooms.Load(name).GetReferencedAssemblies().Select(assembly => assembly.Name!);
        Assert.Empty(RoomTable.Forbidden(RoomTable.Rooms[name], used));
    }

    [Fact]
    public void A_reference_that_the_table_does_not_have_is_found()
    {
        Room frontend = RoomTable.Rooms["XenBlock.Frontend"];
        string[] seen = ["XenBlock.Protocol", "XenBlock.Backend", "System.Runtime"];
        Assert.Equal(["XenBlock.Backend"], RoomTable.Forbidden(frontend, seen));
        Assert.Single(RoomTable.Forbidden(RoomTable.Rooms["XenBlock.Backend"], ["XenBlock.Emulator"]));
    }

    [Fact]
    public void Frontend_and_backend_see_neither_each_other_nor_a_machine()
    {
        string[] machines = ["XenBlock.Emulator", "XenBlock.Native", "XenBlock.XenStore"];
        Assert.Empty(RoomTable.Rooms["XenBlock.Frontend"].MaySee.Intersect([.. machines, "XenBlock.Backend"]));
        Assert.Empty(RoomTable.Rooms["XenBlock.Backend"].MaySee.Intersect([.. machines, "XenBlock.Frontend"]));
    }

    [Fact]
    public void Unsafe_code_is_allowed_in_shared_memory_and_native_only()
    {
        Assert.Equal(
            ["XenBlock.Native", "XenBlock.SharedMemory"],
            ProjectFile.InSource.Where(project => project.AllowsUnsafe).Select(project => project.Name));
        Assert.All(
            ProjectFile.InSource,
            project => Assert.Equal(RoomTable.Rooms[project.Name].MayBeUnsafe, project.AllowsUnsafe));
        Assert.DoesNotContain(
            ProjectFile.InTests, project => project.AllowsUnsafe && !UnsafeTests.Contains(project.Name));
    }

    [Fact]
    public void Libraries_bring_no_packages_and_no_project_names_a_version()
    {
        Assert.All(
            ProjectFile.InSource.Where(project => !MayHavePackages.Contains(project.Name)),
            project => Assert.Empty(project.PackageReferences));
        Assert.DoesNotContain(ProjectFile.InSource.Concat(ProjectFile.InTests), project => project.HasVersions);
    }

    [Fact]
    public void Nothing_switches_off_a_rule_of_the_build()
    {
        string[] rules =
        [
            "CheckForOverflowUnderflow", "IsAotCompatible", "NoWarn", "Nullable", "RunAnalyzers",
            "TreatWarningsAsErrors",
        ];
        Assert.All(ProjectFile.InSource, project => Assert.All(rules, rule => Assert.Null(project.Property(rule))));
        Assert.All(
            ProjectFile.InSamples,
            project => Assert.All(
                rules.Append("AllowUnsafeBlocks").Except(["IsAotCompatible"]),
                rule => Assert.Null(project.Property(rule))));
    }

    [Fact]
    public void The_solution_lists_every_project()
    {
        string solution = Repository.File("XenBlock.slnx").Text;
        Assert.All(
            ProjectFile.InSource.Concat(ProjectFile.InTests).Concat(ProjectFile.InSamples),
            project => Assert.Contains($"\"{project.Path}\"", solution, StringComparison.Ordinal));
    }

    [Fact]
    public void A_planted_project_is_read_as_it_is()
    {
        var planted = new ProjectFile(new SourceFile("src/Planted/Planted.csproj", """
            <Project><PropertyGroup><AllowUnsafeBlocks>true</AllowUnsafeBlocks><NoWarn>CS1591</NoWarn></PropertyGroup>
            <ItemGroup><PackageReference Include="P" Version="1" /></ItemGroup>
            <ItemGroup><ProjectReference Include="../A/B.csproj" /></ItemGroup></Project>
            """));
        Assert.True(planted.AllowsUnsafe && planted.HasVersions);
        Assert.Equal("CS1591", planted.Property("NoWarn"));
        Assert.Equal(["P"], planted.PackageReferences);
        Assert.Equal(["B"], planted.ProjectReferences);
    }

    private static ProjectFile Find(string name) => ProjectFile.InSource.Single(project => project.Name == name);
}
