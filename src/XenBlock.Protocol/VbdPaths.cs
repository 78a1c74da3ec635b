using System.Globalization;

namespace XenBlock.Protocol;

/// <summary>Where the two ends of a vbd have their directories in XenStore (docs/misc/xenstore-paths.pandoc).</summary>
public static class VbdPaths
{
    /// <summary>The frontend's directory.</summary>
    public static string Frontend(DomainId frontend, VbdNumber vbd) =>
        string.Create(CultureInfo.InvariantCulture, $"{Frontends(frontend)}/{vbd.Value}");

    /// <summary>The backend's directory.</summary>
    public static string Backend(DomainId backend, DomainId frontend, VbdNumber vbd) =>
        string.Create(CultureInfo.InvariantCulture, $"{Backends(backend, frontend)}/{vbd.Value}");

    /// <summary>The parent of all vbds that a domain uses.</summary>
    public static string Frontends(DomainId frontend) => $"{Domain(frontend)}/device/vbd";

    /// <summary>The parent of all vbds that a domain serves, to whomever.</summary>
    public static string Backends(DomainId backend) => $"{Domain(backend)}/backend/vbd";

    /// <summary>The parent of all vbds that a domain serves to another.</summary>
    public static string Backends(DomainId backend, DomainId frontend) =>
        string.Create(CultureInfo.InvariantCulture, $"{Backends(backend)}/{frontend.Value}");

    /// <summary>Where libxl remembers a vbd, so that xl can list it and take it away.</summary>
    public static string Toolstack(DomainId frontend, VbdNumber vbd) =>
        string.Create(CultureInfo.InvariantCulture, $"{ToolstackDomain(frontend)}/device/vbd/{vbd.Value}");

    /// <summary>Where libxl remembers a domain.</summary>
    public static string ToolstackDomain(DomainId domain) =>
        string.Create(CultureInfo.InvariantCulture, $"/libxl/{domain.Value}");

    /// <summary>A domain's own directory.</summary>
    public static string Domain(DomainId domain) =>
        string.Create(CultureInfo.InvariantCulture, $"/local/domain/{domain.Value}");
}
