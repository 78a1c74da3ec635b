namespace XenBlock.Fuzz.Planted;

/// <summary>Forgets to unmap what was mapped for five pages: no seed has a request of so many.</summary>
public sealed class PlantedRingFault() : RingTarget(pageCountForgotten: 5);
