namespace XenBlock.Frontend;

/// <summary>What a pump counts. Plain fields: one thread writes, a reader may see them a moment apart.</summary>
internal sealed class FrontendCounters
{
    public long Requests;
    public long IndirectRequests;
    public long Responses;
    public long ErrorResponses;
    public long Segments;
    public long BytesRead;
    public long BytesWritten;
    public long BytesCopied;
    public long Publishes;
    public long NotificationsWanted;
    public long WakeUps;
    public long WakeUpsForNothing;
    public long GrantsOffered;
    public long GrantsRevoked;
    public long GrantsQuarantined;
    public long WaitsForGrants;
    public long OperationsReplayed;
}
