using Telemetry.Domain.Queries;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>A filter taken apart: what chooses series, what bounds time, and what has to be asked of every sample.</summary>
internal sealed class QueryPlan
{
    private readonly List<Predicate> _onSeries = [];
    private readonly List<Predicate> _rest = [];
    private readonly bool _restKnowsSeries;
    private Predicate? _byMeter, _byResource, _byProject;

    public QueryPlan(Predicate filter, TimeRange range)
    {
        Range = range;
        Add(filter);
        Rest = _rest switch
        {
            [] => Predicate.True,
            [var only] => only,
            _ => new Predicate.All(_rest),
        };
        _restKnowsSeries = Rest.Leaves().Any(leaf => KeyRow.Has(Predicate.FieldOf(leaf)));
    }

    /// <summary>Where the timestamps of selected samples lie; the rest does not repeat it.</summary>
    public TimeRange Range { get; private set; }

    /// <summary>What is left to ask of samples.</summary>
    public Predicate Rest { get; }

    /// <summary>The id that every selected sample has, where the filter names one.</summary>
    public string? MessageId { get; private set; }

    /// <summary>What is left to ask of the samples of one series.</summary>
    public Predicate RestFor(Series series) => _restKnowsSeries ? Rest.Reduce(field => KeyRow.Of(series.Key, field)) : Rest;

    public bool Chooses(Series series)
    {
        var row = new KeyRow(series.Key);
        foreach (var condition in _onSeries)
        {
            if (!condition.Selects(row))
                return false;
        }
        return true;
    }

    /// <summary>The fewest series that an index gives: every chosen one is among them.</summary>
    public List<GrowingList<Series>> Candidates(SeriesIndex index)
    {
        List<GrowingList<Series>> best = [index.All];
        Better(_byResource, index.OfResource);
        Better(_byProject, index.OfProject);
        Better(_byMeter, index.OfMeter);
        return best;

        void Better(Predicate? condition, Func<string, GrowingList<Series>> find)
        {
            var found = condition switch
            {
                Predicate.Compare c => [find(c.Value.Text!)],
                Predicate.OneOf o => o.Values.Where(v => v.Kind == ValueKind.Text).Select(v => v.Text!).Distinct().Select(find).ToList(),
                _ => (List<GrowingList<Series>>?)null,
            };
            if (found is not null && found.Sum(l => (long)l.Count) < best.Sum(l => (long)l.Count))
                best = found;
        }
    }

    private void Add(Predicate condition)
    {
        switch (condition)
        {
            case Predicate.Constant { Value: true }:
                return;
            case Predicate.All all:
                foreach (var operand in all.Operands)
                    Add(operand);
                return;
            case Predicate.Compare { Value.Kind: ValueKind.Instant, Operator: not Comparison.NotEqual } c when c.Field == Field.Timestamp:
                Range = Range.Intersect(c.Bounds(Field.Timestamp));
                return;
        }
        if (condition.Leaves().All(leaf => KeyRow.Has(Predicate.FieldOf(leaf))))
            _onSeries.Add(condition); // constants too
        else
            _rest.Add(condition);
        if (condition is Predicate.Compare { Operator: Comparison.Equal, Value.Kind: ValueKind.Text } or Predicate.OneOf)
        {
            var field = Predicate.FieldOf(condition);
            if (field == Field.Meter)
                _byMeter = condition;
            else if (field == Field.ResourceId)
                _byResource = condition;
            else if (field == Field.ProjectId)
                _byProject = condition;
            else if (field == Field.MessageId && condition is Predicate.Compare { Value.Text: var id })
                MessageId = id;
        }
    }
}
