namespace XenBlock.Backend;

/// <summary>What reaching the pages of requests of a size has cost, each way, and which way is taken for it.</summary>
/// <param name="PagesMin">The fewest pages of such a request.</param>
/// <param name="PagesMax">The most.</param>
/// <param name="MapNsPerPage">
/// Nanoseconds a page to map and unmap, with the request's part of a call for many; 0 if it was never tried.
/// </param>
/// <param name="CopyNsPerPage">Nanoseconds a page to copy; 0 if it was never tried.</param>
/// <param name="Mapped">Requests that were mapped and measured.</param>
/// <param name="Copied">Requests that were copied and measured.</param>
/// <param name="Chosen">The way that is cheaper so far.</param>
public sealed record AccessCost(
    int PagesMin,
    int PagesMax,
    double MapNsPerPage,
    double CopyNsPerPage,
    long Mapped,
    long Copied,
    AccessWay Chosen);
