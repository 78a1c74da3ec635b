namespace XenBlock.Cli.Output;

/// <summary>A disk that was attached or detached, for scripts.</summary>
/// <param name="Schema">Names this document.</param>
/// <param name="Domain">The domain that uses it.</param>
/// <param name="Vdev">Its name there.</param>
/// <param name="State">Where the frontend is: Connected, or Initialising while the guest has not come yet; Unknown once
/// it is gone.</param>
internal sealed record AttachedDocument(string Schema, int Domain, string Vdev, string State)
{
    /// <summary>The schema's name and version, of a disk that was attached.</summary>
    public const string AttachSchemaName = "xenblk.attach/1";

    /// <summary>The same, of one that was detached.</summary>
    public const string DetachSchemaName = "xenblk.detach/1";
}
