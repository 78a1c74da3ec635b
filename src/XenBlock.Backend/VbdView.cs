using XenBlock.Protocol;

namespace XenBlock.Backend;

/// <summary>Both ends of a vbd, as XenStore has them at one moment.</summary>
/// <param name="Exists">Our own directory is there.</param>
/// <param name="IsOnline">The toolstack wants the device to stay.</param>
/// <param name="BackendState">Our own state key, which a toolstack may have written.</param>
/// <param name="FrontendState">The frontend's state.</param>
internal readonly record struct VbdView(
    bool Exists, bool IsOnline, XenbusState BackendState, XenbusState FrontendState);
