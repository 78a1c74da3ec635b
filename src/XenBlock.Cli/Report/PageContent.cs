namespace XenBlock.Cli.Report;

/// <summary>What is put into the page. Texts are plain, and escaped there; what is named Html is markup.</summary>
internal sealed record PageContent
{
    /// <summary>A word for the style sheet: bench, or followed for a disk that somebody else uses.</summary>
    public required string Kind { get; init; }

    /// <summary>What it is about.</summary>
    public required string Title { get; init; }

    /// <summary>What matters most, in a sentence or two.</summary>
    public required string Headline { get; init; }

    /// <summary>The machine.</summary>
    public required string Machine { get; init; }

    /// <summary>True if there was no hypervisor: every graph whose figures that changes says so.</summary>
    public required bool IsEmulated { get; init; }

    /// <summary>More sentences, at the end.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>Whether the data were right.</summary>
    public required string Verification { get; init; }

    /// <summary>How it was made.</summary>
    public required IReadOnlyList<(string Name, string Value)> Facts { get; init; }

    /// <summary>The phases as bars that need no script.</summary>
    public required string PhasesHtml { get; init; }

    /// <summary>The tables of all numbers.</summary>
    public required string TablesHtml { get; init; }

    /// <summary>What the words and units mean.</summary>
    public required string Note { get; init; }

    /// <summary>The requests that it carries.</summary>
    public required IReadOnlyList<TracedRequests> Requests { get; init; }

    /// <summary>The document that its script draws from.</summary>
    public required string Json { get; init; }
}
