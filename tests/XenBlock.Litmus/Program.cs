using System.Globalization;
using XenBlock.Litmus;

// Memory order on this computer's processors, within 20 seconds. Exit code: 0 passed, 1 failed, 2 inconclusive: a
// control,
// which must fail, did not, so nothing was shown.
const int Passed = 0;
const int Failed = 1;
const int Inconclusive = 2;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
if (Environment.ProcessorCount < 2)
{
    Console.WriteLine("inconclusive: one processor sees its own stores in order; this needs two");
    return Inconclusive;
}

LitmusCount control = default;
for (int attempt = 1; attempt <= 3 && control.Violations == 0; attempt++)
{
    control = new StoreBufferTest(withBarrier: false).Run(TimeSpan.FromSeconds(2), 2_000_000, violationsEnough: 1_000);
    Console.WriteLine($"store buffer, control without the barrier: {control}");
}

LitmusCount barrier = new StoreBufferTest(withBarrier: true).Run(TimeSpan.FromSeconds(3), 3_000_000, 1);
Console.WriteLine($"store buffer, with StoreLoadBarrier:         {barrier}");

var forgetful = new RingWakeTest(forgetsToLookAgain: true);
LitmusCount ringControl = forgetful.Run(TimeSpan.FromSeconds(4), lostEnough: 3);
Console.WriteLine($"ring, control that does not look again:      {ringControl}, {forgetful.Sleeps:N0} sleeps");
var ring = new RingWakeTest(forgetsToLookAgain: false);
LitmusCount ringCount = ring.Run(TimeSpan.FromSeconds(4), lostEnough: 1);
Console.WriteLine($"ring, with FinalCheck:                       {ringCount}, {ring.Sleeps:N0} sleeps");

if (barrier.Violations > 0 || ringCount.Violations > 0 || ring.Problem is not null || forgetful.Problem is not null)
{
    Console.WriteLine($"FAILED {ring.Problem ?? forgetful.Problem}".TrimEnd());
    return Failed;
}

if (control.Violations == 0 || ringControl.Violations == 0 || barrier.Rounds == 0 || ring.Sleeps == 0)
{
    Console.WriteLine("inconclusive: a control found nothing; run it again on a quieter computer");
    return Inconclusive;
}

Console.WriteLine("passed: each control was caught, and nothing else");
return Passed;
