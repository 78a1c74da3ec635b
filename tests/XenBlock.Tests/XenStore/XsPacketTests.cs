using CsCheck;
using XenBlock.Protocol;
using XenBlock.XenStore;
using Xunit;

namespace XenBlock.Tests.XenStore;

public sealed class XsPacketTests
{
    private static readonly string[] Pieces =
        ["/", "/a", "/a/b", "@releaseDomain", "T", "F", "1", "0", "n1", "b0", "x", "check", "\u00ff"];

    [Fact]
    public void A_packet_has_a_header_of_four_little_endian_words()
    {
        var packet = new XsPacket(XsOperation.Write, 0x01020304, 0x05060708, "/a\0b"u8.ToArray());
        Assert.Equal(
            [11, 0, 0, 0, 4, 3, 2, 1, 8, 7, 6, 5, 4, 0, 0, 0, (byte)'/', (byte)'a', 0, (byte)'b'], packet.ToBytes());
    }

    [Fact]
    public void Packets_are_read_however_they_are_split()
    {
        XsPacket[] packets =
        [
            new(XsOperation.Read, 1, 0, "/a\0"u8.ToArray()),
            new(XsOperation.Control, 2, 3, ReadOnlyMemory<byte>.Empty),
            new(XsOperation.Write, 4, 5, new byte[4096]),
        ];
        byte[] wire = [.. packets.SelectMany(static packet => packet.ToBytes())];
        for (int split = 0; split <= wire.Length; split++)
        {
            var reader = new XsPacketReader();
            var got = new List<XsPacket>();
            Take(reader, wire.AsSpan(0, split), got);
            Take(reader, wire.AsSpan(split), got);
            AssertSame(packets, got);
            Assert.False(reader.IsMidPacket);
        }
    }

    [Fact]
    public void Packets_are_read_byte_by_byte_and_in_random_portions() =>
        Gen.Select(
            Gen.Select(Gen.UInt[0, 30], Gen.UInt, Gen.UInt, Gen.Byte.Array[0, 60]).List[1, 10],
            Gen.Int[1, 40].List[1, 30])
        .Sample((contents, portions) =>
        {
            XsPacket[] packets =
                [.. contents.Select(static c => new XsPacket((XsOperation)c.Item1, c.Item2, c.Item3, c.Item4))];
            byte[] wire = [.. packets.SelectMany(static packet => packet.ToBytes())];
            var reader = new XsPacketReader();
            var got = new List<XsPacket>();
            for (int offset = 0, turn = 0; offset < wire.Length; turn++)
            {
                int count = Math.Min(portions[turn % portions.Count], wire.Length - offset);
                Take(reader, wire.AsSpan(offset, count), got);
                offset += count;
            }

            AssertSame(packets, got);
        });

    [Fact]
    public void A_packet_that_is_too_long_is_the_last_one()
    {
        var reader = new XsPacketReader();
        var got = new List<XsPacket>();
        byte[] tooLong = new byte[16];
        new XsHeader(XsOperation.Read, 1, 0, 4097).Write(tooLong);
        byte[] good = new XsPacket(XsOperation.Read, 2, 0, "/a\0"u8.ToArray()).ToBytes();
        Take(reader, [.. good, .. tooLong], got);
        Assert.Equal(4097u, reader.OversizeBytes);
        Take(reader, good, got);
        Assert.Single(got);
    }

    [Fact]
    public void Strings_are_split_at_zero_bytes()
    {
        Assert.Empty(XsPacket.SplitStrings([]));
        Assert.Equal(["a", "", "b"], XsPacket.SplitStrings("a\0\0b\0"u8));
        Assert.Equal(["a", "b"], XsPacket.SplitStrings("a\0b"u8));
        Assert.Equal("a\0bc\0"u8.ToArray(), XsPacket.Strings("a", "bc"));
    }

    [Fact]
    public void Garbage_is_answered_and_never_an_exception() =>
        Gen.Select(Gen.UInt[0, 40], Gen.UInt[0, 3], GenPayload(), Gen.UShort[0, 2]).List[1, 40].Sample(requests =>
        {
            var core = new StoreCore(new StoreQuota());
            StoreSession[] sessions =
                [.. Enumerable.Range(0, 3).Select(i => core.Connect(new DomainId((ushort)i), static () => { }))];
            foreach ((uint operation, uint transaction, byte[] payload, ushort who) in requests)
            {
                core.Handle(sessions[who], new XsPacket((XsOperation)operation, 7, transaction, payload));
                int answers = 0;
                while (sessions[who].TryTake(out XsPacket packet, out bool isAnswer))
                {
                    Assert.InRange(packet.Payload.Length, 0, 4096);
                    if (isAnswer) answers++;
                }

                Assert.Equal(1, answers);
            }
        });

    // Bytes that are often nearly right: pieces of paths, numbers and permissions with zero bytes between.
    private static Gen<byte[]> GenPayload() => Gen.OneOf(
        Gen.Byte.Array[0, 50],
        Gen.Int[0, Pieces.Length - 1].Select(static i => Pieces[i]).List[0, 4].Select(
            static parts => System.Text.Encoding.Latin1.GetBytes(string.Join('\0', parts) + "\0")));

    private static void Take(XsPacketReader reader, ReadOnlySpan<byte> bytes, List<XsPacket> got)
    {
        while (reader.TryRead(ref bytes, out XsPacket packet)) got.Add(packet);
    }

    private static void AssertSame(IReadOnlyList<XsPacket> expected, List<XsPacket> got)
    {
        Assert.Equal(expected.Count, got.Count);
        for (int i = 0; i < got.Count; i++) Assert.Equal(expected[i].ToBytes(), got[i].ToBytes());
    }
}
