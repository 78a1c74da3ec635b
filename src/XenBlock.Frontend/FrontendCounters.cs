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

    /// <summary>What several queues have done together.</summary>
    public static FrontendCounters Sum(IEnumerable<FrontendCounters> queues)
    {
        var sum = new FrontendCounters();
        foreach (FrontendCounters one in queues)
        {
            sum.Requests += one.Requests;
            sum.IndirectRequests += one.IndirectRequests;
            sum.Responses += one.Responses;
            sum.ErrorResponses += one.ErrorResponses;
            sum.Segments += one.Segments;
            sum.BytesRead += one.BytesRead;
            sum.BytesWritten += one.BytesWritten;
            sum.BytesCopied += one.BytesCopied;
            sum.Publishes += one.Publishes;
            sum.NotificationsWanted += one.NotificationsWanted;
            sum.WakeUps += one.WakeUps;
            sum.WakeUpsForNothing += one.WakeUpsForNothing;
            sum.GrantsOffered += one.GrantsOffered;
            sum.GrantsRevoked += one.GrantsRevoked;
            sum.GrantsQuarantined += one.GrantsQuarantined;
            sum.WaitsForGrants += one.WaitsForGrants;
            sum.OperationsReplayed += one.OperationsReplayed;
        }

        return sum;
    }
}
