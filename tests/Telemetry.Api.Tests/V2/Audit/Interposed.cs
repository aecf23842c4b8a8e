using System.Reflection;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.Tests.V2.Audit;

/// <summary>A log that does something else first, once, when it is asked to do a thing.</summary>
public class Interposed : DispatchProxy
{
    private IEventStore _log = null!;
    private string _method = "";
    private Hook _hook = null!;

    /// <summary>What is done; gone once it was.</summary>
    internal sealed class Hook
    {
        public Func<Task>? Action { get; set; }
    }

    internal static IEventStore Before(IEventStore log, string method, out Hook hook)
    {
        var made = Create<IEventStore, Interposed>();
        var self = (Interposed)(object)made;
        (self._log, self._method, self._hook) = (log, method, hook = new());
        return made;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == _method && _hook.Action is { } action)
        {
            _hook.Action = null;
            action().GetAwaiter().GetResult();
        }
        return targetMethod.Invoke(_log, args);
    }
}
