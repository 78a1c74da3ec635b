namespace XenBlock.Conformance;

/// <summary>
/// One life of a disk while its frontend is checked: what is offered, and how its requests are answered.
/// </summary>
public enum FrontendStage
{
    /// <summary>Everything is offered, and answered at once and in order.</summary>
    Plain,

    /// <summary>Everything is offered; answers come late, in any order, with events for nothing between.</summary>
    Disorder,

    /// <summary>Nothing is offered: one page, one queue, direct reads and writes.</summary>
    Bare,

    /// <summary>The disk's sectors are of 4,096 bytes.</summary>
    LargeSectors,

    /// <summary>The disk grows under the traffic.</summary>
    Resize,

    /// <summary>Some reads and writes fail; flush, barrier and discard are answered as not supported.</summary>
    Errors,

    /// <summary>The backend closes under the traffic.</summary>
    Closing,

    /// <summary>A response with an id that no request has (hostile).</summary>
    UnknownId,

    /// <summary>A request that is answered twice (hostile).</summary>
    AnsweredTwice,

    /// <summary>A response with another operation than its request (hostile).</summary>
    WrongOperation,

    /// <summary>A response producer that jumps far beyond the ring (hostile).</summary>
    IndexJump,

    /// <summary>Everything in order once more, after the hostile stages.</summary>
    After,
}
