namespace Telemetry.Domain.Alarms.Evaluation;

/// <summary>Nested rules: lazily, each leaf at most once, and only where it is needed.</summary>
/// <remarks>Source: aodh/evaluator/composite.py. A mixed leaf takes its trend while the alarm knows nothing, later the alarm's own state:
/// by itself it moves nothing.</remarks>
public sealed class CompositeEvaluation
{
    private readonly Alarm _alarm;
    private readonly Func<LeafRule, LeafVerdict> _judge;
    private readonly List<LeafState> _leaves = [];
    private readonly Node _root;

    private CompositeEvaluation(Alarm alarm, CompositeRule rule, Func<LeafRule, LeafVerdict> judge)
    {
        _alarm = alarm;
        _judge = judge;
        _root = Build(rule.Root);
    }

    /// <summary>What an alarm does about its leaves; null where it does nothing.</summary>
    /// <param name="judge">Judges a leaf; called when it is needed, once a leaf.</param>
    public static Refresh? Evaluate(Alarm alarm, CompositeRule rule, Func<LeafRule, LeafVerdict> judge) => new CompositeEvaluation(alarm, rule, judge).Evaluate();

    private Refresh? Evaluate()
    {
        if (Decide() is { } state)
            return Because(state);
        foreach (var leaf in _leaves)
        {
            Judge(leaf);
            leaf.State ??= _alarm.State == AlarmState.InsufficientData ? leaf.Trend : _alarm.State;
        }
        if (Decide() is { } second)
            return Because(second);
        return _alarm.State == AlarmState.InsufficientData ? null : Because(AlarmState.InsufficientData);
    }

    private AlarmState? Decide() => IsIn(AlarmState.Alarm, _root) ? AlarmState.Alarm : IsIn(AlarmState.Ok, _root) ? AlarmState.Ok : null;

    /// <summary>Alarm as the rule is written; ok by its dual, where <c>and</c> asks for any leaf and <c>or</c> for all.</summary>
    private bool IsIn(AlarmState state, Node node) => node switch
    {
        { Leaf: { } leaf } => Judge(leaf).State == state,
        _ when (node.Operator == LogicalOperator.And) == (state == AlarmState.Alarm) => node.Parts.All(p => IsIn(state, p)),
        _ => node.Parts.Any(p => IsIn(state, p)),
    };

    private LeafState Judge(LeafState leaf)
    {
        if (!leaf.IsJudged)
        {
            var verdict = _judge(leaf.Rule);
            (leaf.IsJudged, leaf.State, leaf.Trend) = (true, verdict.State, verdict.Trend);
        }
        return leaf;
    }

    private Refresh? Because(AlarmState state)
    {
        if (state == _alarm.State && !_alarm.Definition.Repeats)
            return null;
        var due = _leaves.Where(l => l.IsJudged && l.State == state).OrderBy(l => l.Name, StringComparer.Ordinal).ToList();
        var change = state == _alarm.State ? "remaining as" : "transition to";
        var tail = state switch
        {
            AlarmState.Alarm => "outside their threshold.",
            AlarmState.Ok => "inside their threshold.",
            _ => "state evaluated to unknown.",
        };
        var form = Form(_root);
        var reason = $"Composite rule alarm with composition form: {form} {change} {state.Name()}, due to rules: {string.Join(", ", due.Select(l => l.Name))} {tail}";
        return new(state, reason, AlarmJson.Text(w =>
        {
            w.WriteStartObject();
            w.WriteString("type", CompositeRule.Name);
            w.WriteString("composition_form", form);
            w.WriteStartObject("causative_rules");
            foreach (var leaf in due)
            {
                w.WritePropertyName(leaf.Name);
                AlarmJson.WriteRule(w, new CompositeRule(new CompositeNode.Leaf(leaf.Rule)));
            }
            w.WriteEndObject();
            w.WriteEndObject();
        }));
    }

    private static string Form(Node node) =>
        node.Leaf?.Name ?? $"({string.Join(node.Operator == LogicalOperator.And ? " and " : " or ", node.Parts.Select(Form))})";

    private Node Build(CompositeNode node)
    {
        if (node is CompositeNode.Leaf leaf)
        {
            _leaves.Add(new LeafState($"rule{_leaves.Count + 1}", leaf.Rule));
            return new Node(_leaves[^1], default, []);
        }
        var group = (CompositeNode.Group)node;
        return new Node(null, group.Operator, group.Parts.Select(Build).ToList());
    }

    private sealed record Node(LeafState? Leaf, LogicalOperator Operator, IReadOnlyList<Node> Parts);

    private sealed class LeafState(string name, LeafRule rule)
    {
        public string Name => name;
        public LeafRule Rule => rule;
        public bool IsJudged;
        public AlarmState? State;
        public AlarmState Trend;
    }
}
