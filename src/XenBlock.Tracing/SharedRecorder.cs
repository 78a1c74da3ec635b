using XenBlock.Hypervisor;
using XenBlock.Profiling;
using XenBlock.Protocol;

namespace XenBlock.Tracing;

/// <summary>A recorder's pages and the references by which the tracer's domain may map them.</summary>
internal sealed record SharedRecorder(RecordedTrace Stream, GrantablePages Pages, GrantReference[] References)
{
    /// <summary>
    /// Takes and offers pages: as many as wished, or half of that, and so on, as the machine has them. Null where it
    /// has not even a few.
    /// </summary>
    public static SharedRecorder? Take(IGrantTable grants, DomainId tracer, RecordedTrace stream, int packets)
    {
        for (; packets + 1 >= TraceKeys.PagesMin; packets /= 2)
        {
            GrantablePages pages;
            try
            {
                pages = grants.AllocatePages(tracer, packets + 1, GrantAccess.ReadOnly);
            }
            catch (XenBlockException)
            {
                continue; // fewer may do
            }

            var references = new GrantReference[packets + 1];
            if (grants.Offer(pages, 0, GrantAccess.ReadOnly, references) == GrantStatus.Okay)
                return new SharedRecorder(stream, pages, references);
            pages.Dispose();
        }

        return null;
    }

    /// <summary>Takes the pages back; those that a tracer has mapped are set aside until it lets go.</summary>
    public void Release(IGrantTable grants)
    {
        grants.Revoke(References, new bool[References.Length]);
        Pages.Dispose();
    }
}
