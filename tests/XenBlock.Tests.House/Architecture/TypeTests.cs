using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.House.Architecture;

public sealed class TypeTests
{
    [Fact]
    public void Pumps_are_synchronous_and_own_no_thread_clock_or_chance() =>
        Assert.Empty(Rooms.All.SelectMany(room => room.GetTypes()).SelectMany(TypeRules.Pump));

    [Fact]
    public void Both_sides_have_a_pump()
    {
        Assert.Contains(Rooms.Load("XenBlock.Frontend").GetTypes(), type => type.Name == "FrontendPump");
        Assert.Contains(Rooms.Load("XenBlock.Backend").GetTypes(), type => type.Name == "BackendPump");
    }

    [Fact]
    public void Safe_handles_are_sealed() =>
        Assert.Empty(Rooms.All.SelectMany(room => room.GetTypes()).SelectMany(TypeRules.Handle));

    [Fact]
    public void Wire_structs_say_their_size_and_lay_out_every_field()
    {
        Type[] types = Rooms.Load("XenBlock.Protocol").GetTypes();
        Assert.Empty(types.SelectMany(TypeRules.WireStruct));
        Assert.Contains(types, type => type == typeof(BlkifSegment) && type.IsExplicitLayout);
    }

    [Fact]
    public void Protocol_keeps_nothing_between_calls() =>
        Assert.Empty(Rooms.Load("XenBlock.Protocol").GetTypes().SelectMany(TypeRules.MutableStatic));

    [Fact]
    public void A_planted_pump_with_a_thread_and_a_task_is_found() =>
        Assert.Equal(3, TypeRules.Pump(typeof(PlantedPump)).Count());

    [Fact]
    public void A_planted_open_handle_is_found() => Assert.Single(TypeRules.Handle(typeof(PlantedHandle)));

    [Fact]
    public void Planted_wire_structs_are_found()
    {
        Assert.Single(TypeRules.WireStruct(typeof(PlantedSizeless)));
        Assert.NotEmpty(TypeRules.WireStruct(typeof(PlantedSequential)));
        Assert.Contains("overlaps", TypeRules.WireStruct(typeof(PlantedOverlap)).First(), StringComparison.Ordinal);
        Assert.Empty(TypeRules.WireStruct(typeof(DomainId)));
    }

    [Fact]
    public void A_planted_mutable_static_is_found() =>
        Assert.Equal(2, TypeRules.MutableStatic(typeof(PlantedStatics)).Count());

#pragma warning disable CS0169, CS0414, CS0649, CA1823, CA1805, IDE0044, IDE0051, MA0069, CA2211, RCS1213, RCS1169
    // Planted: never used, and wrong on purpose.
    private sealed class PlantedPump
    {
        private Thread? _thread;
        private Task? _task;

        private static async Task RunAsync() => await Task.Yield();
    }

    private class PlantedHandle() : SafeHandleZeroOrMinusOneIsInvalid(true)
    {
        protected override bool ReleaseHandle() => true;
    }

    [StructLayout(LayoutKind.Explicit, Size = 8)]
    private struct PlantedSizeless
    {
        [FieldOffset(0)] public uint A;
    }

    private struct PlantedSequential
    {
        public const int SizeBytes = 4;
        public uint A;
    }

    [StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
    private struct PlantedOverlap
    {
        public const int SizeBytes = 8;
        [FieldOffset(0)] public uint A;
        [FieldOffset(2)] public uint B;
    }

    private static class PlantedStatics
    {
        public const int Constant = 1;
        public static int Counter;
        internal static readonly int[] Table = [1];
        private static readonly string Name = "";
    }
#pragma warning restore CS0169, CS0414, CS0649, CA1823, CA1805, IDE0044, IDE0051, MA0069, CA2211, RCS1213, RCS1169
}
