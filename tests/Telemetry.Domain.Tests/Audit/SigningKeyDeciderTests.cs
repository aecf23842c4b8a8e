using Telemetry.Domain.Audit;

namespace Telemetry.Domain.Tests.Audit;

public sealed class SigningKeyDeciderTests
{
    private static readonly DateTimeOffset Now = new(2026, 10, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly byte[] Public = NewKey();
    private static readonly SigningKeyCommand.Register Register = new("agent-1", "p1", Public, "rack 1", Now);
    private static readonly SigningKeyEvent Registered = new SigningKeyEvent.KeyRegistered("agent-1", "p1", Public, "rack 1", Now);

    [Fact]
    public void A_key_is_registered() => Assert.Equal([Registered], SigningKeyDecider.Decide(Register, new SigningKey.Unknown()));

    [Fact]
    public void The_same_key_registered_again_changes_nothing() =>
        Assert.Empty(SigningKeyDecider.Decide(Register with { PublicKey = Public.ToArray() }, After(Registered)));

    [Fact]
    public void Another_key_or_project_by_the_same_id_is_refused()
    {
        Assert.Throws<KeyRefusedException>(() => SigningKeyDecider.Decide(Register with { PublicKey = NewKey() }, After(Registered)));
        Assert.Throws<KeyRefusedException>(() => SigningKeyDecider.Decide(Register with { ProjectId = null }, After(Registered)));
    }

    [Fact]
    public void A_key_is_revoked_once()
    {
        var revoke = new SigningKeyCommand.Revoke("stolen", Now);
        var revoked = Assert.Single(SigningKeyDecider.Decide(revoke, After(Registered)));

        Assert.Equal(new SigningKeyEvent.KeyRevoked("agent-1", "stolen", Now), revoked);
        Assert.Empty(SigningKeyDecider.Decide(revoke, After(Registered, revoked)));
    }

    [Fact]
    public void A_revoked_key_does_not_come_back() => Assert.Throws<KeyRefusedException>(() =>
        SigningKeyDecider.Decide(Register, After(Registered, new SigningKeyEvent.KeyRevoked("agent-1", null, Now))));

    [Fact]
    public void A_key_that_is_unknown_cannot_be_revoked() =>
        Assert.Throws<KeyRefusedException>(() => SigningKeyDecider.Decide(new SigningKeyCommand.Revoke(null, Now), new SigningKey.Unknown()));

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("ä")]
    public void An_id_of_other_characters_is_refused(string id) =>
        Assert.Throws<KeyRefusedException>(() => SigningKeyDecider.Decide(Register with { Id = id }, new SigningKey.Unknown()));

    [Fact]
    public void A_key_that_is_not_on_the_curve_is_refused() =>
        Assert.Throws<KeyRefusedException>(() => SigningKeyDecider.Decide(Register with { PublicKey = new byte[91] }, new SigningKey.Unknown()));

    [Fact]
    public void A_key_signs_for_its_project_until_it_is_revoked()
    {
        Assert.True(After(Registered).MaySignFor("p1"));
        Assert.False(After(Registered).MaySignFor("p2"));
        Assert.False(After(Registered).MaySignFor(null));
        Assert.False(After(Registered, new SigningKeyEvent.KeyRevoked("agent-1", null, Now)).MaySignFor("p1"));
        Assert.False(new SigningKey.Unknown().MaySignFor("p1"));
    }

    [Fact]
    public void An_operators_key_signs_for_every_project() =>
        Assert.True(After(new SigningKeyEvent.KeyRegistered("k", null, Public, null, Now)).MaySignFor(null));

    private static SigningKey After(params IEnumerable<SigningKeyEvent> events) => events.Aggregate((SigningKey)new SigningKey.Unknown(), SigningKeyDecider.Evolve);

    private static byte[] NewKey()
    {
        using var key = P256.Create();
        return key.ExportSubjectPublicKeyInfo();
    }
}
