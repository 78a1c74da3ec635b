using XenBlock.Frontend;

namespace XenBlock.Tests.Interleaving;

/// <summary>Who uses the frontend's pump: submits writes, each to a place of its own, and counts.</summary>
internal sealed class User
{
    private readonly FrontendOperation[] _operations;
    private readonly int[] _completed;
    private readonly StepDisk _disk;
    private int _submitted;

    public User(FrontendPump pump, StepDisk disk, int operationCount)
    {
        Pump = pump;
        _disk = disk;
        _operations = new FrontendOperation[operationCount];
        _completed = new int[operationCount];
        for (int i = 0; i < operationCount; i++)
        {
            _operations[i] = new FrontendOperation { Token = (ulong)i };
            _operations[i].Prepare(BlockOperation.Write, OffsetOf(i), DataOf(i));
        }
    }

    public FrontendPump Pump { get; }

    public bool IsDone => _completed.Sum() >= _operations.Length;

    public bool HasMore => _submitted < _operations.Length;

    public void Submit() => Pump.Submit(_operations[_submitted++]);

    /// <summary>Submits all that is left, each published by itself.</summary>
    public void SubmitOneByOne(Wire wire)
    {
        while (HasMore)
        {
            Submit();
            if (Pump.Publish()) wire.ToBack.Notify();
        }
    }

    /// <summary>A control: does again what is done.</summary>
    public void SubmitAgain(int number)
    {
        var again = new FrontendOperation { Token = (ulong)number };
        again.Prepare(BlockOperation.Write, OffsetOf(number), DataOf(number));
        Pump.Submit(again);
    }

    /// <summary>Takes what is done.</summary>
    public void Take()
    {
        while (Pump.TakeCompleted() is { } operation)
        {
            int number = (int)operation.Token;
            _completed[number]++;
            if (operation.Status == BlockOperationStatus.Okay) _disk.NoteAnswered(OffsetOf(number));
        }
    }

    /// <summary>Whether a write was completed.</summary>
    public bool IsCompleted(int number) => _completed[number] > 0;

    /// <summary>What is wrong, or null.</summary>
    /// <param name="mustSucceed">True where every write has to be on the disk; else it may have failed.</param>
    public string? Check(bool mustSucceed)
    {
        for (int i = 0; i < _operations.Length; i++)
        {
            if (_completed[i] != 1) return $"write {i} was completed {_completed[i]} times";
            bool isOkay = _operations[i].Status == BlockOperationStatus.Okay;
            if (mustSucceed && !isOkay) return $"write {i} failed: {_operations[i].Status}";
            if (isOkay && _disk[OffsetOf(i)] != i + 1) return $"write {i} is not on the disk";
        }

        return _disk.Wrong;
    }

    private static byte[] DataOf(int number)
    {
        var data = new byte[StepDisk.SectorBytes];
        Array.Fill(data, (byte)(number + 1));
        return data;
    }

    private static long OffsetOf(int number) => number * 4096L;
}
