using System.Text;
using System.Text.Json;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.Posts;

/// <summary>A POST that one process has been sent and another one answers.</summary>
public sealed record Post(PostHead Head, ReadOnlyMemory<byte> Body)
{
    /// <summary>The id of what it stores, where the client has given it none: delivered twice, it is stored once.</summary>
    public EventId EventId => EventId.FromName(Encoding.UTF8.GetBytes($"post\n{Head.Id}"));
}

/// <summary>What a POST says beside its body.</summary>
/// <param name="Id">No other POST has it.</param>
/// <param name="Path">As the server decodes it, without the path base.</param>
/// <param name="Query">With its question mark; empty for none.</param>
/// <param name="RawTarget">As the client sent it.</param>
/// <param name="Headers">Each with its values.</param>
public sealed record PostHead(Guid Id, string Path, string Query, string RawTarget, IReadOnlyDictionary<string, string?[]> Headers);

/// <summary>What a POST is answered.</summary>
public sealed record PostAnswer(PostAnswerHead Head, ReadOnlyMemory<byte> Body);

/// <summary>What the answer to a POST says beside its body.</summary>
/// <param name="Id">The POST's.</param>
/// <param name="Status">The HTTP status.</param>
public sealed record PostAnswerHead(Guid Id, int Status, IReadOnlyDictionary<string, string?[]> Headers);

/// <summary>Answers the POSTs of other processes as if they had been sent to this one.</summary>
public interface IPostHandler
{
    /// <param name="ct">The program ends; then it throws, and another process answers.</param>
    Task<PostAnswer> AnswerAsync(Post post, CancellationToken ct);
}

/// <summary>How POSTs and answers go over the bus: the head is a header, the body the body.</summary>
internal static class PostMessages
{
    /// <summary>The quorum queue of POSTs, and the exchange before it.</summary>
    public const string Queue = "telemetry.intake";

    /// <summary>The exchange that leads answers to the process that waits for them, by the name of its queue.</summary>
    public const string Answers = "telemetry.intake.answers";

    /// <summary>What a body may have at most, of a POST and of an answer: RabbitMQ 4 takes no larger message unless it is told to.</summary>
    public const int MaxBodyBytes = 16 << 20;

    public const string HeadHeader = "Telemetry-Head";
    public const string AnswerToHeader = "Telemetry-Answer-To";

    public static string Write<T>(T head) => JsonSerializer.Serialize(head);

    /// <exception cref="FormatException">It is no head.</exception>
    public static T Read<T>(string? head)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(head ?? "") ?? throw new FormatException($"The message has no '{HeadHeader}'.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"'{HeadHeader}' of the message cannot be read: {e.Message}", e);
        }
    }
}
