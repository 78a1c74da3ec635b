using XenBlock.Protocol;
using XenBlock.Storage;
using XenBlock.Tests.Storage;
using Xunit;

namespace XenBlock.Tests.Backend;

/// <summary>
/// Reads, writes, flushes and barriers of a frontend, each on its own part of the disk with its own pages, a few at a
/// time; knows what each must come to.
/// </summary>
internal sealed class InFlightLoad
{
    private const int PageBytes = ProtocolConstants.PageSizeBytes;
    private const int AtATime = 9;

    private readonly PumpHarness _harness;
    private readonly int _count;
    private readonly int _pagesMax;
    private readonly int[] _answers;
    private int _put;
    private int _taken;

    public InFlightLoad(PumpHarness harness, int count, int pagesMax)
    {
        _harness = harness;
        _count = count;
        _pagesMax = pagesMax;
        _answers = new int[count];
    }

    public bool IsDone => _taken == _count;

    /// <summary>Puts as many as may be under way.</summary>
    public void Put()
    {
        bool isAny = false;
        for (; _put < _count && _put - _taken < AtATime; _put++)
        {
            int pages = PagesOf(_put);
            int poison = OperationOf(_put) == BlkifOperation.Read ? 0xEE : 0;
            for (int page = 0; page < pages; page++) Fill(_put, page, poison);
            BlockRequest request = _harness.Frontend.Direct(
                OperationOf(_put), (ulong)_put, (ulong)(_put * _pagesMax * 8), _put * _pagesMax, pages);
            _harness.Frontend.Put(in request);
            isAny = true;
        }

        if (isAny) _harness.Frontend.Publish();
    }

    /// <summary>Takes the answers that are there.</summary>
    public void Take()
    {
        while (_harness.Frontend.TryTake(out BlockResponse response))
        {
            int number = (int)response.Id;
            Assert.Equal(BlkifStatus.Okay, response.Status);
            Assert.Equal(OperationOf(number), response.Operation);
            Assert.Equal(1, ++_answers[number]);
            _taken++;
            if (response.Operation != BlkifOperation.Read) continue;
            byte[] page = new byte[PageBytes];
            for (int i = 0; i < PagesOf(number); i++)
            {
                _harness.Frontend.Data.CopyOut(((number * _pagesMax) + i) * PageBytes, page);
                Assert.DoesNotContain((byte)0xEE, page); // zeros, as the disk
            }
        }
    }

    /// <summary>Each is answered once, nothing is left mapped, and the disk is right.</summary>
    public void Check(IBlockStore disk)
    {
        Assert.All(_answers, count => Assert.Equal(1, count));
        _harness.Pump.Dispose();
        Assert.Equal(0, _harness.Mapper.PagesOutstanding);
        var page = new PinnedMemory(PageBytes);
        for (int number = 0; number < _count; number++)
        {
            if (OperationOf(number) == BlkifOperation.Read) continue;
            for (int i = 0; i < PagesOf(number); i++)
            {
                disk.Read(((number * _pagesMax) + i) * (long)PageBytes, [page.All]);
                Assert.DoesNotContain(page.Span.ToArray(), value => value != ByteOf(number, i));
            }
        }
    }

    private static byte ByteOf(int number, int page) => (byte)(1 + ((number * 7) + page) % 200);

    private static BlkifOperation OperationOf(int number) => (number % 8) switch
    {
        0 or 3 => BlkifOperation.Read,
        5 => BlkifOperation.FlushDiskCache,
        6 => BlkifOperation.WriteBarrier,
        _ => BlkifOperation.Write,
    };

    private int PagesOf(int number) =>
        OperationOf(number) == BlkifOperation.FlushDiskCache ? 0 : 1 + (number % _pagesMax);

    private void Fill(int number, int page, int poison)
    {
        byte[] bytes = new byte[PageBytes];
        Array.Fill(bytes, poison != 0 ? (byte)poison : ByteOf(number, page));
        _harness.Frontend.Data.CopyIn(((number * _pagesMax) + page) * PageBytes, bytes);
    }
}
