using System.Security.Cryptography;
using Xunit;

namespace XenBlock.Tests.Samples;

/// <summary>The appliance's own SHA-256 against .NET's, which the appliance has no library for.</summary>
public sealed class Sha256Tests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(55)]
    [InlineData(56)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(119)]
    [InlineData(120)]
    [InlineData(100_003)]
    public void A_digest_is_the_one_of_dotnet_however_the_bytes_come(int length)
    {
        byte[] data = new byte[length];
        new Random(length).NextBytes(data);
        string expected = Convert.ToHexStringLower(SHA256.HashData(data));
        Random random = new(7);

        Appliance.Sha256 whole = new();
        whole.Append(data);
        Appliance.Sha256 parts = new();
        for (int at = 0; at < length;)
        {
            int step = Math.Min(random.Next(0, 200), length - at);
            parts.Append(data.AsSpan(at, step));
            at += step;
        }

        Assert.Equal(expected, whole.Finish());
        Assert.Equal(expected, parts.Finish());
    }
}
