namespace XenBlock.Hypervisor;

/// <summary>
/// The verdict on one element of a grant operation (<c>GNTST_*</c>, xen/include/public/grant_table.h).
/// </summary>
public enum GrantStatus : short
{
    /// <summary><c>GNTST_okay</c>.</summary>
    Okay = 0,

    /// <summary>
    /// <c>GNTST_general_error</c>: among others, an entry of the table that is not granted, or not to us
    /// (<c>_set_status_v1</c> in xen/common/grant_table.c).
    /// </summary>
    GeneralError = -1,

    /// <summary><c>GNTST_bad_domain</c>: no such domain.</summary>
    BadDomain = -2,

    /// <summary><c>GNTST_bad_gntref</c>: beyond the granter's table.</summary>
    BadReference = -3,

    /// <summary><c>GNTST_bad_handle</c>: no such mapping.</summary>
    BadHandle = -4,

    /// <summary><c>GNTST_bad_virt_addr</c>.</summary>
    BadAddress = -5,

    /// <summary><c>GNTST_bad_dev_addr</c>.</summary>
    BadDeviceAddress = -6,

    /// <summary><c>GNTST_no_device_space</c>: the mapping domain's maptrack is full.</summary>
    NoDeviceSpace = -7,

    /// <summary>
    /// <c>GNTST_permission_denied</c>: writable access to a read-only grant, where the machine tells it from
    /// <see cref="GeneralError"/>.
    /// </summary>
    PermissionDenied = -8,

    /// <summary><c>GNTST_bad_page</c>: the frame is not the granter's.</summary>
    BadPage = -9,

    /// <summary><c>GNTST_bad_copy_arg</c>: a copy would leave its page.</summary>
    BadCopyArgument = -10,

    /// <summary><c>GNTST_address_too_big</c>.</summary>
    AddressTooBig = -11,

    /// <summary><c>GNTST_eagain</c>: the page is away for a moment; try again.</summary>
    TryAgain = -12,

    /// <summary><c>GNTST_no_space</c>: out of grant references.</summary>
    NoSpace = -13,
}
