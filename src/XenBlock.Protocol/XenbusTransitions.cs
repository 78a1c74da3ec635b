using System.Globalization;

namespace XenBlock.Protocol;

/// <summary>
/// How the two ends of a block device move through <see cref="XenbusState"/>, and the text of the state key.
/// </summary>
/// <remarks>
/// Sources: the start-up and shut-down notes of xen/include/public/io/blkif.h; Linux xen-blkfront.c and
/// xen-blkback/xenbus.c;
/// short cuts of mirage-block-xen and mini-os, whose frontends go to Connected at once.
/// </remarks>
public static class XenbusTransitions
{
    /// <summary>
    /// Reads a state key; anything that is not a state, or no key at all, is <see cref="XenbusState.Unknown"/>.
    /// </summary>
    public static XenbusState Parse(string? value)
    {
        ReadOnlySpan<char> digits = PeerText.Trim(value);
        bool isState = digits.Length == 1 && digits[0] is >= '1' and <= '8';
        return isState ? (XenbusState)(digits[0] - '0') : XenbusState.Unknown;
    }

    /// <summary>The state key's value.</summary>
    public static string Format(XenbusState state) => ((int)state).ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// True if the frontend has published its ring: some frontends skip Initialised, so both count (S8).
    /// </summary>
    public static bool FrontendIsReady(XenbusState frontend) =>
        frontend is XenbusState.Initialised or XenbusState.Connected;

    /// <summary>True if this end is going, or gone: the other has to let go too.</summary>
    public static bool IsLeaving(XenbusState state) =>
        state is XenbusState.Closing or XenbusState.Closed or XenbusState.Unknown;

    /// <summary>
    /// True if an end that obeys the protocol may go from one state to the next. A peer that does not is no reason to
    /// fail: what counts is the state that it is in now. Our own ends are held to it by a test.
    /// </summary>
    public static bool IsLegal(XenbusEnd end, XenbusState from, XenbusState to)
    {
        // Writing the same state again is how a backend says "look again", as after a resize; a directory may be
        // made, or removed by the toolstack, at any time; and either end may give up at any time.
        if (from == to || from == XenbusState.Unknown || to == XenbusState.Unknown) return true;
        if (to == XenbusState.Closed) return true;
        if (to == XenbusState.Closing) return from != XenbusState.Closed;
        return end == XenbusEnd.Frontend ? IsLegalFrontend(from, to) : IsLegalBackend(from, to);
    }

    private static bool IsLegalFrontend(XenbusState from, XenbusState to) => (from, to) switch
    {
        (XenbusState.Initialising, XenbusState.InitWait) => true, // some wait so for the backend's features
        (XenbusState.Initialising or XenbusState.InitWait, XenbusState.Initialised) => true,
        (XenbusState.Initialising or XenbusState.InitWait, XenbusState.Connected) => true, // mirage, mini-os
        (XenbusState.Initialised, XenbusState.Connected) => true,
        (XenbusState.Closing or XenbusState.Closed, XenbusState.Initialising) => true, // begins again
        (XenbusState.Connected, XenbusState.Initialised) => true, // resumes on another machine
        _ => false,
    };

    private static bool IsLegalBackend(XenbusState from, XenbusState to) => (from, to) switch
    {
        (XenbusState.Initialising, XenbusState.InitWait) => true,
        (XenbusState.Initialising or XenbusState.InitWait, XenbusState.Initialised) => true,
        (XenbusState.Initialising or XenbusState.InitWait, XenbusState.Connected) => true,
        (XenbusState.Initialised, XenbusState.Connected) => true,
        (XenbusState.Closing or XenbusState.Closed, XenbusState.Initialising or XenbusState.InitWait) => true,
        (XenbusState.Connected, XenbusState.InitWait) => true, // the frontend began again without closing
        _ => false,
    };
}
