namespace XenBlock.Backend;

/// <summary>How a backend reaches the pages of a request.</summary>
public enum PayloadAccess
{
    /// <summary>Map the request's pages in one call, and unmap them in one call before the response.</summary>
    Map,

    /// <summary>
    /// Map each request's pages in one call, and unmap those of many finished requests in one call, before the first of
    /// their responses: one flush of address translations for all of them. A batch is ended when it is full, and when
    /// there is nothing more to take or to wait for.
    /// </summary>
    Batch,

    /// <summary>
    /// Map each page once and keep it, if the frontend agrees to feature-persistent; else as <see cref="Batch"/>.
    /// </summary>
    Persistent,

    /// <summary>Copy to and from our own memory by grant copy; nothing is ever mapped but the ring.</summary>
    Copy,

    /// <summary>
    /// Keep pages mapped where the frontend agrees and there is room for them; else map, with unmaps batched, or copy
    /// each request, whichever was cheaper so far for requests of its size.
    /// </summary>
    Auto,
}
