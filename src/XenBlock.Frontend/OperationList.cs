namespace XenBlock.Frontend;

/// <summary>Operations in order of arrival, linked through themselves, so that no list ever grows.</summary>
internal struct OperationList
{
    private FrontendOperation? _last;

    /// <summary>The first, or null.</summary>
    public FrontendOperation? First { get; private set; }

    /// <summary>Puts one at the end.</summary>
    public void Add(FrontendOperation operation)
    {
        operation.Next = null;
        if (_last is null) First = operation;
        else _last.Next = operation;
        _last = operation;
    }

    /// <summary>Takes the first; null if there is none.</summary>
    public FrontendOperation? Take()
    {
        FrontendOperation? operation = First;
        if (operation is null) return null;
        First = operation.Next;
        if (First is null) _last = null;
        operation.Next = null;
        return operation;
    }

    /// <summary>Takes all of them: the first, linked to the others.</summary>
    public FrontendOperation? TakeAll()
    {
        FrontendOperation? first = First;
        First = _last = null;
        return first;
    }

    /// <summary>Takes one out, wherever it stands.</summary>
    public void Remove(FrontendOperation operation)
    {
        FrontendOperation? previous = null;
        for (FrontendOperation? o = First; o != operation; o = o.Next)
            previous = o ?? throw new InvalidOperationException("the operation is not in the list");
        if (previous is null) First = operation.Next;
        else previous.Next = operation.Next;
        if (_last == operation) _last = previous;
        operation.Next = null;
    }
}
