namespace XenBlock.Profiling;

/// <summary>What the frontend made of the application's operations: one request each, or several.</summary>
/// <param name="RequestsPerOperation">How many requests an operation became.</param>
/// <param name="LargestBytes">The largest operation.</param>
public sealed record OperationStatistics(CountDistribution RequestsPerOperation, long LargestBytes)
{
    /// <summary>
    /// Finds the operations: requests of one kind that were submitted at one instant and follow each other.
    /// </summary>
    /// <param name="requests">Complete ones, of any queues.</param>
    public static OperationStatistics Of(IEnumerable<RequestTrace> requests)
    {
        var counts = new CountDistribution();
        long largestBytes = 0;
        foreach (var instant in requests.Where(request => request.LengthBytes != 0)
            .GroupBy(request => (request.Disk, request.Queue, request.Kind, request.Stamps[0])))
        {
            int parts = 0;
            long bytes = 0;
            ulong end = ulong.MaxValue;
            foreach (RequestTrace request in instant.OrderBy(one => one.Sector))
            {
                if (request.Sector != end && parts != 0)
                {
                    counts.Add(parts);
                    parts = 0;
                    bytes = 0;
                }

                parts++;
                bytes += request.LengthBytes;
                largestBytes = Math.Max(largestBytes, bytes);
                end = request.Sector + (request.LengthBytes / 512);
            }

            counts.Add(parts);
        }

        return new OperationStatistics(counts, largestBytes);
    }
}
