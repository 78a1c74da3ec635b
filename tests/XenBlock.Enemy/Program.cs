using XenBlock.Emulator;
using XenBlock.Enemy;
using XenBlock.Hypervisor;
using XenBlock.Protocol;
using XenBlock.TestKit.Enemy;
using XenBlock.Xen;

// The hostile frontend of the test kit as a program: a guest of its own, in a process or a domain of its own.
const int NothingFound = 0;
const int SomethingFound = 1;
const int CouldNotBegin = 2;

try
{
    EnemyArguments arguments = EnemyArguments.Parse(args);
    await using IHypervisor domain = arguments.Socket is { } socket
        ? await EmulatedMachine.JoinAsync(socket, arguments.Domain)
        : await XenDomain.OpenAsync();
    return await RageAsync(arguments, domain);
}
catch (Exception exception) when (exception is FormatException or XenBlockException)
{
    Console.Error.WriteLine($"enemy: {exception.Message}");
    if (exception is FormatException)
        Console.Error.WriteLine(EnemyArguments.Usage);
    return CouldNotBegin;
}

static async Task<int> RageAsync(EnemyArguments arguments, IHypervisor domain)
{
    Console.WriteLine($"enemy: seed {arguments.Seed}, {arguments.Vbd} of domain {domain.DomainId.Value}");
    var enemy = new HostileFrontend(domain, DomainId.Zero, arguments.Vbd, arguments.Seed) { Bound = arguments.Bound };
    long start = domain.Time.GetTimestamp();
    string? problem = null;
    for (int life = arguments.FirstLife; problem is null; life++)
    {
        problem = await enemy.LiveAsync(life);
        if (domain.Time.GetElapsedTime(start) >= arguments.Duration)
            break;
    }

    Console.WriteLine(
        $"enemy: {enemy.Lives} lives, {enemy.Requests} requests, {enemy.Responses} responses: "
            + (problem ?? "nothing found"));
    return problem is null ? NothingFound : SomethingFound;
}
