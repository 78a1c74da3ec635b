namespace XenBlock.Tests.Interleaving;

/// <summary>
/// One run of a scenario under a schedule. Exactly one actor runs at a time; at each of its steps it asks the explorer
/// who goes on.
/// </summary>
/// <param name="explorer">Decides.</param>
internal sealed class Execution(Explorer explorer) : IDisposable
{
    private readonly List<Actor> _actors = [];
    private readonly List<(nint Start, int LengthBytes, long FirstPlace)> _explored = [];
    private readonly CountdownEvent _running = new(1);
    private bool _isEnded;

    public bool HasStoreBuffers => explorer.HasStoreBuffers;

    public bool BarriersWork => explorer.BarriersWork;

    public IReadOnlyList<Actor> Actors => _actors;

    /// <summary>What an actor threw, if one did.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>True if nobody could go on, and not all had come to their end.</summary>
    public bool IsDeadlocked { get; private set; }

    /// <summary>True if the schedule is one that another has the same effect as.</summary>
    public bool IsRedundant { get; private set; }

    public Actor Add(string name, Action body)
    {
        var actor = new Actor(this, _actors.Count, name, body) { Next = new Step(StepKind.Own, -1 - _actors.Count) };
        _actors.Add(actor);
        return actor;
    }

    /// <summary>Every word of this memory is a place; two views of one page have the same places.</summary>
    public void Explore(nint start, int lengthBytes, long firstPlace) =>
        _explored.Add((start, lengthBytes, firstPlace));

    public bool IsExplored(nint address) => PlaceOf(address) >= 0;

    public long PlaceOf(nint address)
    {
        foreach ((nint start, int lengthBytes, long firstPlace) in _explored)
        {
            if (address >= start && address < start + lengthBytes) return firstPlace + (address - start);
        }

        return -1;
    }

    /// <summary>Ends an actor where it stands, as SIGKILL does; what it has stored is seen.</summary>
    public void Kill(Actor victim)
    {
        victim.DrainAll();
        victim.IsKilled = true;
        victim.IsOver = true;
        victim.Turn.Release();
    }

    public void Run()
    {
        foreach (Actor actor in _actors)
        {
            _running.AddCount();
            ThreadPool.UnsafeQueueUserWorkItem(_ => Play(actor), null);
        }

        PassOn(from: null);
        _running.Signal();
        _running.Wait();
    }

    /// <summary>The actor's next step is known: whoever is chosen goes on.</summary>
    public void Yield(Actor actor)
    {
        if (!PassOn(actor)) actor.Turn.Wait();
        if (_isEnded || actor.IsKilled) throw new OperationCanceledException();
    }

    public void Dispose() => _running.Dispose();

    private void Play(Actor actor)
    {
        actor.Turn.Wait();
        Actor.Current = actor;
        try
        {
            if (!_isEnded && !actor.IsKilled) actor.Body();
        }
        catch (OperationCanceledException) when (_isEnded || actor.IsKilled)
        {
            // Ended from outside.
        }
        catch (Exception exception)
        {
            Failure = exception;
            End();
        }
        finally
        {
            Actor.Current = null;
            bool goesOn = !actor.IsKilled;
            actor.IsOver = true;
            if (goesOn && !_isEnded) PassOn(actor);
            _running.Signal();
        }
    }

    // True if the same actor goes on.
    private bool PassOn(Actor? from)
    {
        while (!_isEnded)
        {
            Transition? next = explorer.Choose(this, from);
            if (next is not { } chosen)
            {
                IsRedundant = explorer.WasRedundant;
                IsDeadlocked = !IsRedundant && _actors.Exists(actor => !actor.IsOver);
                End();
                return false;
            }

            Actor actor = _actors[chosen.Actor];
            if (chosen.IsDrain)
            {
                actor.Drain();
                continue;
            }

            if (ReferenceEquals(actor, from)) return true;
            actor.Turn.Release();
            return false;
        }

        return false;
    }

    private void End()
    {
        _isEnded = true;
        foreach (Actor actor in _actors) actor.Turn.Release();
    }
}
