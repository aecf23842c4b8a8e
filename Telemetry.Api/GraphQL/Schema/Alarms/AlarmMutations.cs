using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Alarms;

namespace Telemetry.Api.GraphQL.Schema.Alarms;

/// <summary>The same commands as over REST.</summary>
[MutationType]
internal static class AlarmMutations
{
    /// <summary>Creates an alarm.</summary>
    /// <param name="input">The alarm.</param>
    [Error<InvalidRuleError>]
    [Error<InvalidActionError>]
    [Error<InvalidTimeConstraintError>]
    [Error<AlarmNotFoundError>]
    [Error<QuotaExceededError>]
    public static async Task<AlarmNode> CreateAlarmAsync(CreateAlarmInput input, [GlobalState] Caller caller, AlarmCommands commands, CancellationToken ct) =>
        new(await commands.CreateAsync(caller.AsAlarmCaller(), AlarmBodies.Of(input), ct));

    /// <summary>Changes an alarm: what is absent stays.</summary>
    /// <param name="input">What is to be different.</param>
    [Error<AlarmNotFoundError>]
    [Error<InvalidRuleError>]
    [Error<InvalidActionError>]
    [Error<InvalidTimeConstraintError>]
    [Error<VersionConflictError>]
    public static async Task<AlarmNode> UpdateAlarmAsync(UpdateAlarmInput input, [GlobalState] Caller caller, AlarmCommands commands, CancellationToken ct) =>
        new(await commands.ChangeAsync(
            caller.AsAlarmCaller(), GlobalIds.KeyOf(input.Id, "Alarm"), alarm => AlarmDraft.Read(AlarmBodies.Of(input, alarm)), input.ExpectedVersion, ct));

    /// <summary>Sets the state by hand, until the next evaluation. Runs no actions.</summary>
    /// <param name="input">The alarm and the state.</param>
    [Error<AlarmNotFoundError>]
    public static async Task<AlarmNode> SetAlarmStateAsync(SetAlarmStateInput input, [GlobalState] Caller caller, AlarmCommands commands, CancellationToken ct) =>
        new(await commands.SetStateAsync(caller.AsAlarmCaller(), GlobalIds.KeyOf(input.Id, "Alarm"), input.State, input.Reason, ct));

    /// <summary>Deletes an alarm; its events remain.</summary>
    /// <param name="input">The alarm.</param>
    [Error<AlarmNotFoundError>]
    [Error<VersionConflictError>]
    public static async Task<AlarmNode> DeleteAlarmAsync(DeleteAlarmInput input, [GlobalState] Caller caller, AlarmCommands commands, CancellationToken ct) =>
        new(await commands.DeleteAsync(caller.AsAlarmCaller(), GlobalIds.KeyOf(input.Id, "Alarm"), input.ExpectedVersion, ct));
}
