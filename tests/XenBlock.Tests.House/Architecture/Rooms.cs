using System.Reflection;

namespace XenBlock.Tests.House.Architecture;

/// <summary>The compiled rooms.</summary>
internal static class Rooms
{
    public static IEnumerable<Assembly> All => RoomTable.Rooms.Keys.Select(Load);

    /// <summary>The tool's assembly has the tool's name.</summary>
    public static Assembly Load(string room) => Assembly.Load(room == "XenBlock.Cli" ? "xenblk" : room);
}
