namespace XenBlock.Tests.Interleaving;

/// <summary>
/// Runs a scenario under every schedule of its steps that differs to somebody: depth first, by sleep sets (Godefroid),
/// so that of schedules that differ only in the order of independent steps one is run.
/// </summary>
/// <remarks>
/// A step is an access to a word of shared memory, a notification, a wait, a call of the hypervisor that others can
/// notice, a death. With store buffers it is total store order, x86's: a store is seen by others some time later, in
/// order, and at a full barrier at the latest. Weaker orders are for the litmus test.
/// </remarks>
internal sealed class Explorer
{
    private readonly List<Node> _path = [];
    private int _depth;

    /// <summary>Stores wait in buffers; else each is seen at once.</summary>
    public bool HasStoreBuffers { get; init; }

    /// <summary>False for a control: the full barrier does nothing.</summary>
    public bool BarriersWork { get; init; } = true;

    /// <summary>More than so many runs are a scenario that is too large: the test says so and fails.</summary>
    public int RunsMax { get; init; } = 200_000;

    /// <summary>Runs that came to an end.</summary>
    public int Runs { get; private set; }

    /// <summary>Runs that were left when they became the same as another.</summary>
    public int Cut { get; private set; }

    /// <summary>Steps of the longest run.</summary>
    public int StepsMax { get; private set; }

    public bool WasRedundant { get; private set; }

    /// <summary>Runs all; the first thing that is wrong, with its schedule, or null.</summary>
    /// <param name="scenario">Makes the actors of one run, and what is checked after it.</param>
    public string? Explore(Func<Execution, Scenario> scenario)
    {
        do
        {
            _depth = 0;
            WasRedundant = false;
            using var execution = new Execution(this);
            using Scenario played = scenario(execution);
            execution.Run();
            StepsMax = Math.Max(StepsMax, _depth);
            if (execution.IsRedundant)
            {
                Cut++;
                continue;
            }

            Runs++;
            string? wrong = execution.Failure?.ToString();
            if (execution.IsDeadlocked) wrong ??= "nobody can go on: a wake-up was lost";
            wrong ??= played.Check();
            if (wrong is not null) return $"{wrong}\n{Schedule(execution)}";
            if (Runs + Cut > RunsMax) return $"not all was explored after {RunsMax} runs: make the scenario smaller";
        }
        while (Advance());
        return null;
    }

    public override string ToString() => $"{Runs} schedules, {Cut} cut short, at most {StepsMax} steps";

    /// <summary>Who goes on; null if nobody can, or nothing new can come of it.</summary>
    public Transition? Choose(Execution execution, Actor? running)
    {
        if (_depth < _path.Count) return _path[_depth++].Chosen;
        List<Transition> enabled = Enabled(execution);
        if (enabled.Count == 0) return null;
        Node? parent = _depth == 0 ? null : _path[_depth - 1];
        List<Transition> asleep = parent is null
            ? []
            : [.. parent.Asleep.Concat(parent.Done).Where(each => !each.DependsOn(parent.Chosen))];
        List<Transition> awake = [.. enabled.Where(each => !asleep.Exists(each.IsSame))];
        if (awake.Count == 0)
        {
            WasRedundant = true;
            return null;
        }

        // Whoever runs goes on if that is new: changing threads costs the most.
        int first = awake.FindIndex(each => each.Actor == running?.Index && !each.IsDrain);
        var node = new Node(asleep, awake, awake[Math.Max(first, 0)]);
        _path.Add(node);
        _depth++;
        return node.Chosen;
    }

    private static List<Transition> Enabled(Execution execution)
    {
        var enabled = new List<Transition>();
        foreach (Actor actor in execution.Actors)
        {
            if (actor.Drainable is { } word) enabled.Add(new Transition(actor.Index, IsDrain: true, word));
            if (!actor.IsOver && actor.MayGoOn?.Invoke() != false)
                enabled.Add(new Transition(actor.Index, IsDrain: false, actor.Next));
        }

        return enabled;
    }

    private bool Advance()
    {
        while (_path.Count > 0)
        {
            Node last = _path[^1];
            last.Done.Add(last.Chosen);
            int next = last.Awake.FindIndex(each => !last.Done.Exists(each.IsSame));
            if (next >= 0)
            {
                last.Chosen = last.Awake[next];
                return true;
            }

            _path.RemoveAt(_path.Count - 1);
        }

        return false;
    }

    private string Schedule(Execution execution) => string.Join('\n', _path.Take(_depth).Select(node =>
        $"  {execution.Actors[node.Chosen.Actor].Name}: "
        + (node.Chosen.IsDrain ? "its store is seen at " : $"{node.Chosen.Step.Kind} ") + node.Chosen.Step.Place));

    private sealed class Node(List<Transition> asleep, List<Transition> awake, Transition chosen)
    {
        public List<Transition> Asleep { get; } = asleep;

        public List<Transition> Awake { get; } = awake;

        public List<Transition> Done { get; } = [];

        public Transition Chosen { get; set; } = chosen;
    }
}
