namespace Telemetry.Projections.Tests.Samples;

public sealed class MeteringReaderTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Every_answer_equals_brute_force_over_the_samples(int seed)
    {
        // A cache too small for anything lets most blocks come from the file.
        using var model = new ReadModel(cacheBytes: seed % 3 == 0 ? 2_000 : 192 << 20);
        var samples = new RandomSamples(seed);
        for (var round = 0; round < 8; round++)
        {
            for (var batches = samples.Next(6); batches >= 0; batches--)
                await model.AppendAsync(samples.Batch(1 + samples.Next(600)));
            switch (samples.Next(4))
            {
                case 0:
                    model.Projection.Flush();
                    break;
                case 1:
                    model.Projection.Flush();
                    await model.ReopenAsync();
                    break;
                case 2:
                    await model.ReopenAsync();
                    break;
            }
            await Answers.CompareAsync(model, samples, 12);
        }
    }
}
