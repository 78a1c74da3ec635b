namespace XenBlock.XenStore;

/// <summary>What a transaction looked at or changed, and so relies on: weaker first.</summary>
internal enum StoreTouch
{
    /// <summary>That it is there, or not.</summary>
    Presence,

    /// <summary>The node itself: that it is there or not, its value, its permissions.</summary>
    Node,

    /// <summary>The names of its children as well.</summary>
    Children,

    /// <summary>All below it: a removal.</summary>
    Subtree,
}
