using System.Globalization;
using System.Text.Json;

namespace Telemetry.Domain.Alarms;

/// <summary>What callers may do to alarms: the one door for REST and GraphQL.</summary>
/// <remarks>Checks come in the order of the contract: the body, its actions, its rule, then who may, then the quota.</remarks>
public sealed class AlarmCommands(AlarmStore store, IAlarmReader alarms, AlarmQuotas quotas, AlarmSettings settings) : IDisposable
{
    // A quota holds only where its alarms are counted and added to by one at a time.
    private readonly SemaphoreSlim _counting = new(1);

    /// <summary>Creates an alarm out of a body.</summary>
    /// <exception cref="AlarmRefusedException">The body is no alarm, or the caller may not create it.</exception>
    public async Task<Alarm> CreateAsync(AlarmCaller caller, JsonElement body, CancellationToken ct = default) =>
        await CreateAsync(caller, AlarmDraft.Read(body), ct);

    /// <summary>Creates an alarm.</summary>
    /// <exception cref="AlarmRefusedException">The draft makes no sense, or the caller may not create it.</exception>
    public async Task<Alarm> CreateAsync(AlarmCaller caller, AlarmDraft draft, CancellationToken ct = default)
    {
        var (user, project) = (draft.UserId ?? caller.UserId, draft.ProjectId ?? caller.ProjectId);
        var rule = await CheckAsync(draft, caller, project, null, ct);
        if (!caller.IsAdmin && draft.UserId is { } otherUser && otherUser != caller.UserId)
            throw AlarmRefusedException.NotAuthorized("user", otherUser);
        if (!caller.IsAdmin && draft.ProjectId is { } otherProject && otherProject != caller.ProjectId)
            throw AlarmRefusedException.NotAuthorized("project", otherProject);
        var create = new AlarmCommand.Create(
            Guid.NewGuid().ToString(), draft.For(rule, user, project), draft.State, new Actor(caller.UserId, caller.ProjectId, caller.ProjectId), store.Now);

        var projectLimit = project is null ? -1 : await quotas.LimitAsync(project, ct) ?? settings.ProjectQuota;
        if (projectLimit < 0 && settings.UserQuota < 0)
            return await store.CreateAsync(create, ct);
        await _counting.WaitAsync(ct);
        try
        {
            int? reached = projectLimit >= 0 && await alarms.CountAsync(project, null, ct) >= projectLimit ? projectLimit
                : settings.UserQuota >= 0 && user is not null && await alarms.CountAsync(null, user, ct) >= settings.UserQuota ? settings.UserQuota
                : null;
            if (reached is { } limit)
            {
                throw new AlarmRefusedException(Refusal.Forbidden, $"Alarm quota exceeded for user {user ?? "None"} on project {project ?? "None"}")
                {
                    Part = AlarmPart.Quota,
                    Subject = limit.ToString(CultureInfo.InvariantCulture),
                };
            }
            return await store.CreateAsync(create, ct);
        }
        finally
        {
            _counting.Release();
        }
    }

    /// <summary>Replaces an alarm by a body; what the body leaves out goes back to its default.</summary>
    /// <exception cref="AlarmRefusedException">There is no such alarm for the caller, or the body is none.</exception>
    public async Task<Alarm> ReplaceAsync(AlarmCaller caller, string id, JsonElement body, CancellationToken ct = default)
    {
        var draft = AlarmDraft.Read(body);
        return await store.ExecuteAsync(id, alarm => ChangeAsync(caller, alarm, draft, ct), ct);
    }

    /// <summary>Replaces an alarm's definition.</summary>
    /// <param name="draft">Makes the definition out of the alarm as it is.</param>
    /// <param name="expectedVersion">Of the alarm; null where any will do.</param>
    /// <exception cref="AlarmRefusedException">There is no such alarm for the caller, or the draft makes no sense.</exception>
    /// <exception cref="AlarmVersionException">The alarm has another version.</exception>
    public async Task<Alarm> ChangeAsync(AlarmCaller caller, string id, Func<Alarm, AlarmDraft> draft, long? expectedVersion = null, CancellationToken ct = default) =>
        await store.ExecuteAsync(id, alarm => ChangeAsync(caller, alarm, draft(At(expectedVersion, Visible(caller, alarm))), ct), ct);

    /// <summary>Sets the state by hand; runs no actions.</summary>
    /// <param name="reason">Null: the contract's text.</param>
    /// <exception cref="AlarmRefusedException">There is no such alarm for the caller.</exception>
    public async Task<Alarm> SetStateAsync(AlarmCaller caller, string id, AlarmState state, string? reason = null, CancellationToken ct = default) =>
        await store.ExecuteAsync(id, alarm => new(new AlarmCommand.SetState(state, ActorOn(caller, Visible(caller, alarm)), store.Now, reason)), ct);

    /// <summary>Ends an alarm; its events remain.</summary>
    /// <param name="expectedVersion">Of the alarm; null where any will do.</param>
    /// <returns>The alarm as it ended.</returns>
    /// <exception cref="AlarmRefusedException">There is no such alarm for the caller.</exception>
    /// <exception cref="AlarmVersionException">The alarm has another version.</exception>
    public async Task<Alarm> DeleteAsync(AlarmCaller caller, string id, long? expectedVersion = null, CancellationToken ct = default) =>
        await store.ExecuteAsync(id, alarm => new(new AlarmCommand.Delete(ActorOn(caller, At(expectedVersion, Visible(caller, alarm))), store.Now)), ct);

    public void Dispose() => _counting.Dispose();

    private static Alarm Visible(AlarmCaller caller, Alarm alarm) => caller.MaySee(alarm) ? alarm : throw AlarmRefusedException.NotFound(alarm.Id);

    private static Alarm At(long? expectedVersion, Alarm alarm) =>
        expectedVersion is { } expected && expected != alarm.Version ? throw new AlarmVersionException(alarm.Id, expected, alarm.Version) : alarm;

    private static Actor ActorOn(AlarmCaller caller, Alarm alarm) => new(caller.UserId, caller.ProjectId, alarm.Definition.ProjectId);

    private async ValueTask<AlarmCommand> ChangeAsync(AlarmCaller caller, Alarm alarm, AlarmDraft draft, CancellationToken ct)
    {
        Visible(caller, alarm);
        var (user, project) = caller.IsAdmin
            ? (draft.UserId ?? alarm.Definition.UserId, draft.ProjectId ?? alarm.Definition.ProjectId)
            : (caller.UserId, caller.ProjectId);
        var rule = await CheckAsync(draft, caller, project, alarm.Id, ct);
        return new AlarmCommand.Change(draft.For(rule, user, project), draft.State, ActorOn(caller, alarm), store.Now);
    }

    private async Task<AlarmRule> CheckAsync(AlarmDraft draft, AlarmCaller caller, string? project, string? ownId, CancellationToken ct)
    {
        AlarmActions.Check("ok_actions", draft.OkActions, caller, settings);
        AlarmActions.Check("alarm_actions", draft.AlarmActions, caller, settings);
        AlarmActions.Check("insufficient_data_actions", draft.InsufficientDataActions, caller, settings);
        var scope = caller.RuleScope(project);
        var rule = AlarmRefusedException.About(AlarmPart.Rule, null, () => AlarmRuleChecks.Check(draft.Rule, scope, caller));
        if (rule is CombinationRule combination)
        {
            foreach (var id in combination.AlarmIds)
            {
                if (id == ownId)
                    throw new AlarmRefusedException(Refusal.Invalid, $"Cannot specify alarm {id} itself in combination rule") { Part = AlarmPart.Rule };
                if (await alarms.FindAsync(id, ct) is not { } part || (scope is not null && part.Definition.ProjectId != scope))
                    throw new AlarmRefusedException(Refusal.NotFound, $"Alarm {id} not found" + (scope is null ? "" : $" in project {scope}")) { Part = AlarmPart.Rule, Subject = id };
            }
        }
        draft.CheckConstraintNames();
        return rule;
    }
}
