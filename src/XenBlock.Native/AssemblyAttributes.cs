using System.Runtime.CompilerServices;

// What crosses to libc is blittable, always: the generator then has nothing to convert and nothing to get wrong.
[assembly: DisableRuntimeMarshalling]
