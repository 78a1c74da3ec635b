namespace XenBlock.Tests.Oracle;

/// <summary>
/// Both ends of one ring on one run of pages: what a script drives. Takes give 0 empty, 1 taken, 2 violation.
/// </summary>
internal unsafe interface IRing
{
    uint FreeSlots { get; }

    uint Unanswered { get; }

    void PutRequest(byte* slot);

    bool PushRequests();

    uint TakeRequest(byte* slot);

    bool FinalCheckForRequests();

    void PutResponse(byte* response);

    bool PushResponses();

    uint TakeResponse(byte* response);

    bool FinalCheckForResponses();
}
