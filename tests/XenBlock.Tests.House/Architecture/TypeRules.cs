using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace XenBlock.Tests.House.Architecture;

/// <summary>Rules about types. Each gives the breaches as sentences; none is an empty list.</summary>
internal static class TypeRules
{
    private const BindingFlags Own = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.Public | BindingFlags.NonPublic;

    private static readonly Type[] NotInPumps =
    [
        typeof(Thread), typeof(Task), typeof(ValueTask), typeof(Timer), typeof(TimeProvider), typeof(CancellationToken),
        typeof(CancellationTokenSource), typeof(System.Diagnostics.Stopwatch), typeof(Random), typeof(Lock),
        typeof(SemaphoreSlim), typeof(ManualResetEventSlim),
    ];

    /// <summary>A type that ends in Pump has no thread, task, clock or chance, and no asynchronous method.</summary>
    public static IEnumerable<string> Pump(Type type)
    {
        if (!type.Name.EndsWith("Pump", StringComparison.Ordinal)) yield break;
        foreach (FieldInfo field in type.GetFields(Own))
        {
            if (NotInPumps.Any(banned => banned.IsAssignableFrom(field.FieldType)))
                yield return $"{type.FullName}.{field.Name} is a {field.FieldType.Name}";
        }

        foreach (MethodInfo method in type.GetMethods(Own))
        {
            bool isAsync = method.IsDefined(typeof(AsyncStateMachineAttribute))
                || typeof(Task).IsAssignableFrom(method.ReturnType)
                || method.ReturnType.Name.StartsWith(nameof(ValueTask), StringComparison.Ordinal);
            if (isAsync) yield return $"{type.FullName}.{method.Name} is asynchronous";
        }
    }

    /// <summary>A handle that others could derive from could release the wrong thing.</summary>
    public static IEnumerable<string> Handle(Type type)
    {
        if (typeof(SafeHandle).IsAssignableFrom(type) && !type.IsSealed && !type.IsAbstract)
            yield return $"{type.FullName} is a SafeHandle and not sealed";
    }

    /// <summary>
    /// A struct of the wire says its size, lays out every field, and no two overlap. What has <c>SizeBytes</c> or an
    /// explicit layout counts as one.
    /// </summary>
    public static IEnumerable<string> WireStruct(Type type)
    {
        FieldInfo? size = type.GetField("SizeBytes", BindingFlags.Static | BindingFlags.Public);
        if (!type.IsValueType || type.IsEnum || (size is null && !type.IsExplicitLayout)) yield break;
        if (size is null || !size.IsLiteral)
        {
            yield return $"{type.FullName} has no const SizeBytes";
            yield break;
        }

        int sizeBytes = (int)size.GetRawConstantValue()!;
        if (!type.IsExplicitLayout) yield return $"{type.FullName} has no explicit layout";
        if (type.StructLayoutAttribute?.Size != sizeBytes) yield return $"{type.FullName}'s layout is not of SizeBytes";
        int end = 0;
        IEnumerable<(FieldInfo Field, int Offset)> fields = type.GetFields(Own & ~BindingFlags.Static)
            .Select(field => (field, field.GetCustomAttribute<FieldOffsetAttribute>()?.Value ?? -1));
        foreach ((FieldInfo field, int offset) in fields.OrderBy(pair => pair.Offset))
        {
            if (offset < end) yield return $"{type.FullName}.{field.Name} at {offset} overlaps what is before it";
            end = offset + SizeOf(field.FieldType);
        }

        if (end > sizeBytes) yield return $"{type.FullName} has {end} bytes of fields in {sizeBytes}";
    }

    /// <summary>Pure logic keeps nothing between calls.</summary>
    public static IEnumerable<string> MutableStatic(Type type)
    {
        if (type.IsDefined(typeof(CompilerGeneratedAttribute)) || type.Name.StartsWith('<')) yield break;
        foreach (FieldInfo field in type.GetFields(Own & ~BindingFlags.Instance))
        {
            if (field.IsLiteral || field.Name.StartsWith('<')) continue;
            if (!field.IsInitOnly) yield return $"{type.FullName}.{field.Name} is static and can be written";
            else if (field.FieldType.IsArray && !field.IsPrivate)
                yield return $"{type.FullName}.{field.Name} is an array for all to write";
        }
    }

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;
}
