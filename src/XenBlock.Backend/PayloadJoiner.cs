using XenBlock.SharedMemory;

namespace XenBlock.Backend;

/// <summary>
/// Makes a list of payload out of segments, joining those whose addresses follow one another, as contiguous grants
/// do: a store then gets one long run where it would get 256 short ones.
/// </summary>
internal ref struct PayloadJoiner(Span<PayloadSegment> payload)
{
    private readonly Span<PayloadSegment> _payload = payload;
    private int _count;
    private nint _start;
    private nint _lengthBytes;

    public void Add(nint address, int lengthBytes)
    {
        if (_lengthBytes != 0)
        {
            if (_start + _lengthBytes == address)
            {
                _lengthBytes += lengthBytes;
                return;
            }

            _payload[_count++] = new PayloadSegment(_start, _lengthBytes);
        }

        _start = address;
        _lengthBytes = lengthBytes;
    }

    /// <summary>Closes the list and tells its length.</summary>
    public int Finish()
    {
        if (_lengthBytes != 0) _payload[_count++] = new PayloadSegment(_start, _lengthBytes);
        _lengthBytes = 0;
        return _count;
    }
}
