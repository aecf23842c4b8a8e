using System.Collections;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Execution;

/// <remarks>Values become parts of the answer, or errors. Source: GraphQL, September 2025, 6.4.3 and 6.4.4.</remarks>
internal sealed partial class OperationExecution
{
    private void Complete(ResultNode node, int index, GraphQLType type, object? value, Selection selection)
    {
        var isNullable = true;
        if (type is NonNullType nonNull)
        {
            isNullable = false;
            type = nonNull.OfType;
        }

        if (value is null)
        {
            if (!isNullable)
                Fail(node, index, isNullable, new NullViolationException(), selection);
            return;
        }

        try
        {
            switch (type)
            {
                case ScalarType scalar:
                    node.Values[index] = scalar.Serialize(value);
                    break;
                case EnumType @enum:
                    node.Values[index] = @enum.Serialize(value);
                    break;
                case ListType list:
                    CompleteList(node, index, isNullable, list.OfType, value, selection);
                    break;
                default:
                    CompleteObject(node, index, isNullable, (NamedType)type, value, selection);
                    break;
            }
        }
#pragma warning disable CA1031 // A list that fails while it is read, a value that is of no type: the field's error.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(node, index, isNullable, e is LeafCoercionException ? new ResultCoercionException(e.Message) : e, selection);
        }
    }

    private void CompleteObject(ResultNode node, int index, bool isNullable, NamedType type, object value, Selection selection)
    {
        if (_ct.IsCancellationRequested)
        {
            Abort();
            return;
        }

        // Before anything waits there is no timer: the clock is looked at now and then.
        if (++_objects % 64 == 0 && _timeout != Timeout.InfiniteTimeSpan && _time.GetElapsedTime(_startedAt) > _timeout)
        {
            TimeOut();
            return;
        }

        var objectType = Operation.Schema.ObjectTypeOf(type, value)
            ?? throw new InvalidOperationException($"A {value.GetType()} is no object of {type}.");
        var child = new ObjectResult(node, index, isNullable, objectType, Operation.GetSelections(selection.Children!, objectType));
        node.Values[index] = child;
        ExecuteFields(child, value);
    }

    private void CompleteList(ResultNode node, int index, bool isNullable, GraphQLType itemType, object value, Selection selection)
    {
        if (value is IAsyncEnumerable<object?> stream)
        {
            _ = AwaitListAsync(node, index, isNullable, itemType, stream, selection);
            return;
        }

        if (value is not IEnumerable items || value is string)
            throw new InvalidOperationException($"{selection.Field.Name} is a list, and its value a {value.GetType()}.");
        var counted = items as ICollection ?? items.Cast<object?>().ToList();
        var list = new ListResult(node, index, isNullable, counted.Count);
        node.Values[index] = list;
        var i = 0;
        foreach (var item in counted)
        {
            if (list.IsDropped || _isOver)
                return;
            Complete(list, i++, itemType, item, selection);
        }
    }

    private async Task AwaitListAsync(
        ResultNode node, int index, bool isNullable, GraphQLType itemType, IAsyncEnumerable<object?> stream, Selection selection)
    {
        _pending++;
        try
        {
            var items = new List<object?>();
            await foreach (var item in stream.WithCancellation(RequestAborted))
                items.Add(item);
            if (!_isOver && !node.IsOutOfTree())
                CompleteList(node, index, isNullable, itemType, items, selection);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (!_isOver)
                Fail(node, index, isNullable, e, selection);
        }

        EndWait();
    }

    /// <summary>Puts null in a value's place, or in the nearest place above that takes one. Errors below a null that stands already are dropped.</summary>
    private void Fail(ResultNode node, int index, bool isNullable, Exception exception, Selection selection)
    {
        if (exception is OperationCanceledException && _ct.IsCancellationRequested)
        {
            Abort();
            return;
        }

        if (_isOver || node.IsOutOfTree())
            return;
        _errors.Add(exception, node, index, selection);
        node.Values[index] = null;
        for (var at = node; !isNullable; at = at.Parent!)
        {
            at.IsDropped = true;
            if (at.Parent is null)
            {
                _abort?.Cancel();
                return;
            }

            at.Parent.Values[at.Index] = null;
            isNullable = at.IsNullable;
        }
    }
}

/// <summary>A field that is never null had no value.</summary>
internal sealed class NullViolationException : Exception;

/// <summary>A resolver's value does not fit its field's scalar or enum: the server's mistake, told without the value.</summary>
internal sealed class ResultCoercionException(string message) : Exception(message);
