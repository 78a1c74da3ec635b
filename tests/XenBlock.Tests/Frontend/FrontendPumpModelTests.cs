using CsCheck;
using XenBlock.Frontend;
using XenBlock.Protocol;
using Xunit;

namespace XenBlock.Tests.Frontend;

/// <summary>Random operations against a model disk, answered in random order and with random statuses.</summary>
public sealed class FrontendPumpModelTests
{
    private const int DiskBytes = 8 << 20;
    private static readonly int[] _indirect = [0, 12, 32, 256, 600];

    private const int Sector = ProtocolConstants.SectorSizeBytes;

    [Fact]
    public void Every_operation_completes_exactly_once_with_the_right_data()
    {
        Gen<Script> gen = Gen.Select(
            Gen.Int,
            Gen.Bool,
            Gen.Int[0, _indirect.Length - 1].Select(i => _indirect[i]),
            Gen.Int[0, 2],
            Gen.Int[0, 2].Select(i => (BlkifAbi)i),
            Gen.Bool,
            (seed, stay, indirect, order, abi, tight) => new Script(seed, stay, indirect, order, abi, tight));
        gen.Sample(script => RunAsync(script).GetAwaiter().GetResult(), iter: 40, threads: 1);
    }

    [Fact]
    public async Task A_backend_that_moves_the_wrong_bytes_is_noticed()
    {
        var script = new Script(Seed: 1, IsPersistent: true, 256, RingPageOrder: 0, BlkifAbi.X86_64, IsTight: false);
        await Assert.ThrowsAnyAsync<Xunit.Sdk.XunitException>(() => RunAsync(script, breaksOneByte: true));
    }

    private static async Task RunAsync(Script script, bool breaksOneByte = false)
    {
        await using var rig = new PumpRig(
            new BackendOffer
            {
                IndirectSegmentsMax = script.IndirectSegmentsMax,
                Persistent = script.IsPersistent,
                Flush = true,
                RingPageOrderMax = 4,
            },
            new BlockDeviceOptions
            {
                IndirectSegmentsMax = 4096,
                RingPageOrder = script.RingPageOrder,
                Abi = script.Abi,
                PoolPagesMax = script.IsTight ? 40 : 4096,
            });
        var random = new Random(script.Seed);
        var world = new World(rig, random) { BreaksOneByte = breaksOneByte };
        for (int step = 0; step < 200; step++)
        {
            switch (random.Next(5))
            {
                case 0 or 1:
                    world.SubmitOne();
                    break;
                case 2:
                    world.AnswerSome();
                    break;
                case 3 when random.Next(10) == 0:
                    world.CancelOne();
                    break;
                default:
                    world.TakeResponses();
                    break;
            }
        }

        world.Finish();
    }

    private sealed record Script(
        int Seed, bool IsPersistent, int IndirectSegmentsMax, int RingPageOrder, BlkifAbi Abi, bool IsTight);

    /// <summary>An operation that was submitted, and what the caller expects of it.</summary>
    private sealed record Pending(
        FrontendOperation Operation, byte[]? Memory, GrantedBuffer? Buffer, int At, int LengthBytes);

    private sealed class World(PumpRig rig, Random random)
    {
        // Reads and writes go to different halves, so that the answer to a read does not depend on the order.
        private readonly byte[] _disk = Bytes(random, DiskBytes);
        private readonly List<ScriptedRequest> _taken = [];
        private readonly Dictionary<FrontendOperation, Pending> _pending = [];
        private readonly List<(long Offset, int Length)> _writesInFlight = [];

        /// <summary>Plants a fault: one byte of the disk changes while a read is under way.</summary>
        public bool BreaksOneByte { get; init; }

        public void SubmitOne()
        {
            int lengthBytes = random.Next(4) == 0 ? Sector * random.Next(1, 4096) : Sector * random.Next(1, 64);
            bool isRead = random.Next(2) == 0;
            long half = DiskBytes / 2;
            long offset = (random.NextInt64(half - lengthBytes) / Sector * Sector) + (isRead ? 0 : half);
            if (random.Next(12) == 0)
            {
                FrontendOperation flush = rig.Submit(BlockOperation.Flush);
                _pending.Add(flush, new Pending(flush, null, null, 0, 0));
                return;
            }

            if (!isRead && _writesInFlight.Any(w => w.Offset < offset + lengthBytes && offset < w.Offset + w.Length))
                return; // two writes to one place have no right answer
            BlockOperation kind = isRead ? BlockOperation.Read : BlockOperation.Write;
            if (!isRead) _writesInFlight.Add((offset, lengthBytes));
            if (random.Next(2) == 0)
            {
                byte[] memory = isRead ? new byte[lengthBytes] : Bytes(random, lengthBytes);
                FrontendOperation operation = rig.Submit(kind, offset, memory);
                _pending.Add(operation, new Pending(operation, memory, null, 0, lengthBytes));
                return;
            }

            int at = Sector * random.Next(16);
            GrantedBuffer buffer = rig.Buffers.Rent(at + lengthBytes);
            if (!isRead) random.NextBytes(buffer.Span);
            FrontendOperation granted = rig.Submit(kind, offset, buffer, at, lengthBytes);
            _pending.Add(granted, new Pending(granted, null, buffer, at, lengthBytes));
        }

        public void AnswerSome(bool all = false)
        {
            rig.Pump.Publish();
            _taken.AddRange(rig.Backend.TakeAll());
            int count = all ? _taken.Count : random.Next(_taken.Count + 1);
            for (int i = 0; i < count; i++)
            {
                int which = random.Next(_taken.Count);
                ScriptedRequest request = _taken[which];
                _taken.RemoveAt(which);
                bool fails = random.Next(50) == 0;
                if (!fails && request.Segments.Count > 0) rig.Backend.Transfer(request, _disk);
                if (BreaksOneByte) _disk[(int)request.Request.SectorFirst * Sector] ^= 1;
                rig.Backend.Respond(request, fails ? BlkifStatus.Error : BlkifStatus.Okay);
            }
        }

        public void CancelOne()
        {
            if (_pending.Count > 0) rig.Pump.Cancel(_pending.Keys.ElementAt(random.Next(_pending.Count)));
            Check();
        }

        public void TakeResponses()
        {
            rig.Pump.TakeResponses();
            Check();
        }

        public void Finish()
        {
            for (int i = 0; i < 100_000 && _pending.Count > 0; i++)
            {
                AnswerSome(all: true);
                TakeResponses();
            }

            Assert.Null(rig.Pump.FaultReason);
            Assert.Empty(_pending);
            Assert.Equal(0, rig.Pump.InFlight);
            Assert.Equal(rig.Pump.Counters.Requests, rig.Pump.Counters.Responses);
            Assert.Equal(rig.Pump.Counters.GrantsOffered, rig.Pump.Counters.GrantsRevoked);
            Assert.Equal(0, rig.Detach(BlockOperationStatus.PeerGone));
        }

        private static byte[] Bytes(Random random, int length)
        {
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            return bytes;
        }

        private void Check()
        {
            foreach (FrontendOperation operation in rig.TakeCompleted())
            {
                Assert.True(_pending.Remove(operation, out Pending? pending), "completed twice");
                if (operation.Kind == BlockOperation.Write)
                    _writesInFlight.Remove((operation.OffsetBytes, pending.LengthBytes));
                if (operation.Status == BlockOperationStatus.Okay && operation.Kind != BlockOperation.Flush)
                {
                    ReadOnlySpan<byte> theirs = _disk.AsSpan((int)operation.OffsetBytes, pending.LengthBytes);
                    ReadOnlySpan<byte> ours = pending.Buffer is { } buffer
                        ? buffer.Span.Slice(pending.At, pending.LengthBytes)
                        : pending.Memory;
                    Assert.True(theirs.SequenceEqual(ours), $"{operation.Kind} at {operation.OffsetBytes}");
                }

                pending.Buffer?.Dispose();
            }
        }
    }
}
