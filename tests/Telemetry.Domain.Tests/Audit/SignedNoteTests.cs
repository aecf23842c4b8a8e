using Telemetry.Domain.Audit;

namespace Telemetry.Domain.Tests.Audit;

/// <summary>Notes that others published, each named with its source.</summary>
public sealed class SignedNoteTests
{
    // c2sp.org/signed-note, test vectors.
    private const string ExampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    private const string ExampleNote = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    // golang.org/x/mod/sumdb/note, note_test.go.
    private const string PeterKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    private const string PeterNote = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    // transparency-dev/formats, note/note_verifier_test.go: the logs of Sigstore and of Pixel, which sign with ECDSA.
    private const string RekorKey = "rekor.sigstore.dev+c0d23d6a+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc=";
    private const string RekorNote = "Rekor\n798034\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n\n— rekor.sigstore.dev wNI9ajBEAiARInWIWyCdyG27CO6LPnPekyw20qO0YJfoaPaowGp/XgIgc+qEHS3+GKVClgqq20uDLet7MCoTURUCRdxwWBHHufk=\n";
    private const string PixelKey = "pixel6_transparency_log+91c16e30+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABN+4x0Jk1yTwvLFI9A4NDdGZcX0aiWVdWM5XJVy0M4VWD3AvyW5Q6Hs9A0mcDkpUoYgn+KKPNzFC0H3nN3q6JQ8=";
    private const string PixelNote = "DEFAULT\n10\nbsWRucJU5xJPHb5eBdOm6+DM+VelCZBuvtI3sHERJ9Y=\n\n— pixel6_transparency_log kcFuMDBFAiEAhqMAP8P6qf6QxtUJhzMhbN+MbZ9dwfUHzGQJmffJHtoCIGD0cNe47dHWBoPwYdgBCepB06/+g5O1FmYjXl06owL4\n";

    // A public log's checkpoint with the cosignatures of witnesses.
    private const string ArcheKey = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";
    private const string RemoraKey = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";
    private const string ArcheNote = """
        arche2025h1.staging.ct.transparency.dev
        1432088532
        U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

        — arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
        — arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
        — witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
        — remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==

        """;

    [Theory]
    [InlineData(ExampleKey, ExampleNote)]
    [InlineData(PeterKey, PeterNote)]
    [InlineData(RekorKey, RekorNote)]
    [InlineData(PixelKey, PixelNote)]
    [InlineData(ArcheKey, ArcheNote)]
    [InlineData(RemoraKey, ArcheNote)]
    public void A_published_note_is_signed_by_its_key(string key, string note)
    {
        var read = SignedNote.Parse(note);

        Assert.Equal(NoteVerifier.Parse(key).KeyName, Assert.Single(read.Verify(NoteVerifier.Parse(key))).KeyName);
        Assert.Equal(note, read.ToString());
        Assert.Equal(key, NoteVerifier.Parse(key).ToString());
    }

    [Theory]
    [InlineData(ExampleKey, ExampleNote)]
    [InlineData(RekorKey, RekorNote)]
    [InlineData(RemoraKey, ArcheNote)]
    public void A_changed_text_or_signature_is_refused(string key, string note)
    {
        var verifier = NoteVerifier.Parse(key);
        var read = SignedNote.Parse(note);

        Assert.Throws<NoteException>(() => new SignedNote("x" + read.Text, read.Signatures).Verify(verifier));
        var signature = read.Signatures.Single(s => s.KeyId == verifier.KeyId);
        for (var i = 0; i < signature.Bytes.Length; i += 7)
        {
            var bytes = signature.Bytes.ToArray();
            bytes[i] ^= 1;
            Assert.Throws<NoteException>(() => new SignedNote(read.Text, [signature with { Bytes = bytes }]).Verify(verifier));
        }
    }

    [Fact]
    public void A_note_by_unknown_keys_alone_is_refused() =>
        Assert.Throws<NoteException>(() => SignedNote.Parse(PeterNote).Verify(NoteVerifier.Parse(ExampleKey)));

    [Fact]
    public void A_witness_says_when_it_saw_the_checkpoint()
    {
        var witness = NoteVerifier.Parse(RemoraKey);
        var signature = Assert.Single(SignedNote.Parse(ArcheNote).Verify(witness));

        Assert.Equal(new DateTimeOffset(2026, 5, 23, 21, 50, 24, TimeSpan.Zero), witness.SignedAt(signature));
    }

    [Theory]
    [InlineData("text\n")]
    [InlineData("text\n\n")]
    [InlineData("text\n\n— a AAAAAAA=")]
    [InlineData("text\n\n- a AAAAAAA=\n")]
    [InlineData("text\n\n— a+b AAAAAAA=\n")]
    [InlineData("text\n\n— a AAAA\n")]
    [InlineData("text\n\n— a !\n")]
    [InlineData("te\txt\n\n— a AAAAAAA=\n")]
    public void What_is_no_note_is_refused(string text) => Assert.Throws<FormatException>(() => SignedNote.Parse(text));

    [Theory]
    [InlineData("rekor.sigstore.dev+12344556")]
    [InlineData("rekor.sigstore.dev+12345678+THIS_IS_NOT_BASE64!")]
    [InlineData("rekor.sigstore.dev+12345678+AwEB")]
    [InlineData("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==")]
    [InlineData("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    public void What_is_no_verifier_key_is_refused(string text) => Assert.Throws<FormatException>(() => NoteVerifier.Parse(text));

    [Fact]
    public void What_is_signed_by_a_published_key_is_the_published_note()
    {
        // The private key to it, of the same documentation: kind and seed in base 64.
        var seed = Convert.FromBase64String("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1..];
        using var signer = new NoteSigner("PeterNeumann", new Ed25519Key(seed));

        Assert.Equal(PeterKey, signer.Verifier.ToString());
        Assert.Equal(PeterNote, signer.Sign(SignedNote.Parse(PeterNote).Text).ToString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_the_server_signs_is_verified_by_its_public_key_and_carries_cosignatures_too(bool ecdsa)
    {
        using var signer = ecdsa ? new NoteSigner("telemetry.example/log", P256.Create()) : new("telemetry.example/log", Ed25519Key.Create());
        var note = signer.Sign(new Checkpoint("telemetry.example/log", 7, MerkleTree.EmptyRoot).ToString());
        var cosigned = SignedNote.Parse(note.With(SignedNote.Parse(PeterNote).Signatures[0]).ToString());

        Assert.Single(cosigned.Verify(NoteVerifier.Parse(signer.Verifier.ToString())));
        Assert.Equal(2, cosigned.Signatures.Count);
    }
}
