namespace XenBlock.Conformance;

/// <summary>What holds of every response, whatever it answers; judged over all that came before.</summary>
internal static class ResponseRules
{
    private const string Response = "xen/include/public/io/blkif.h, struct blkif_response";

    public static IEnumerable<BackendRule> All =>
    [
        On("response-once", "Each request is answered exactly once, with its own id", Response,
            ResponseFault.UnknownId),
        On("response-operation", "A response names its request's operation; of an indirect one the inner",
            $"{Response}; Linux drivers/block/xen-blkfront.c, blkif_interrupt", ResponseFault.WrongOperation),
        On("response-status", "A status is one of 0, -1 and -2", $"{Response}, BLKIF_RSP_*",
            ResponseFault.UnknownStatus),
        On("response-padding", "The padding of a response holds nothing of the backend's", "XSA-216; S3",
            ResponseFault.Padding),
        On("response-slot", "What lies behind a response in its slot stays as it is", "XSA-216; S3",
            ResponseFault.RestOfSlot),
    ];

    private static BackendRule On(string id, string title, string source, ResponseFault fault) =>
        new(id, title, source, RuleRisk.None, async probe =>
        {
            BackendSession session = await probe.SessionAsync();
            return session.Alive() is { } dead ? Finding.Failed(dead) : probe.Ledger.Judge(fault);
        });
}
