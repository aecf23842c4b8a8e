using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Samples;

/// <summary>What a body of samples is held to: who sends it, and by which contract.</summary>
public sealed record SampleRules
{
    /// <summary>The source of samples that name none (ceilometer's option sample_source).</summary>
    public const string DefaultSource = "openstack";

    private SampleRules() { } // made by the methods below

    /// <summary>The only meter that samples may be of; set for Ceilometer's own POST, whose further rules it brings along.</summary>
    public string? Meter { get; private init; }

    /// <summary>The project of samples that name none; null leaves them without.</summary>
    public string? DefaultProjectId { get; private init; }

    /// <summary>The user of samples that name none; null leaves them without.</summary>
    public string? DefaultUserId { get; private init; }

    /// <summary>Whether an explicit null (or empty text) as project or user means nobody, instead of the default.</summary>
    public bool NullMeansNobody { get; private init; }

    /// <summary>Whether samples must have a time, and a signature where there are secrets.</summary>
    public bool AreFinished { get; private init; }

    /// <summary>The only project that samples may belong to; null for any.</summary>
    public string? LimitedToProject { get; private init; }

    /// <summary>
    /// <c>POST /v2/meters/{name}</c>: one meter, no message ids or signatures, metadata flat and of strings, whose keys are split at dots
    /// for storage, and the source stored as <c>PROJECT:SOURCE</c> (ceilometer/api/controllers/v2/meters.py).
    /// </summary>
    public static SampleRules ForMeter(string meter, string? projectId, string? userId, string? limitedToProject) =>
        new() { Meter = meter, DefaultProjectId = Text(projectId), DefaultUserId = Text(userId), LimitedToProject = limitedToProject };

    /// <summary>Samples in the form that agents publish: of any meters, the source kept, ids and signatures kept, metadata nested and typed.</summary>
    /// <remarks>An agent's sample may belong to nobody and says so by null; a limited caller's sample always belongs to its project.</remarks>
    public static SampleRules ForMessages(string? projectId = null, string? userId = null, string? limitedToProject = null) => new()
    {
        DefaultProjectId = Text(projectId),
        DefaultUserId = Text(userId),
        NullMeansNobody = limitedToProject is null,
        LimitedToProject = limitedToProject,
    };

    /// <summary>Finished samples that agents send each other: each has its time, and where there are secrets its signature.</summary>
    public static readonly SampleRules Finished = new() { NullMeansNobody = true, AreFinished = true };

    /// <summary>The source as it is stored.</summary>
    public string StoredSource(string? source, string? projectId) => (Meter, Text(source) ?? DefaultSource) switch
    {
        (null, var plain) => plain,
        (_, var plain) => $"{projectId ?? "None"}:{plain}",
    };

    /// <summary>Whether a sample of a project may be posted; the rule of every way in.</summary>
    public bool Allows(SeriesKey series) => LimitedToProject is null || series.ProjectId == LimitedToProject;

    private static string? Text(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
