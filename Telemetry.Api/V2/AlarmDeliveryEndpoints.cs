using Microsoft.Extensions.Options;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.V2;

/// <summary><c>GET /v2/alarms/{id}/deliveries</c>, ours: which actions were called, when, and what came back.</summary>
internal static class AlarmDeliveryEndpoints
{
    public static void MapAlarmDeliveries(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v2/alarms/{id}/deliveries", ListAsync)
            .Takes(Argument.Limit).Answers("AlarmDelivery", list: true)
            .WithTags("Alarms").WithName("alarm_deliveries").WithSummary("Which actions of an alarm were called and what came back, newest first.");

    private static async Task ListAsync(HttpContext context, IAlarmReader alarms, IEventStore store, IOptions<ApiOptions> options, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var limit = Limits.Of(arguments.Integer(Argument.Limit), options.Value);
        var alarm = await AlarmEndpoints.FindAsync(context, alarms, ct, fromEnd: 1);
        var deliveries = new List<AlarmDelivery>();
        await foreach (var stored in store.ReadStreamAsync(AlarmDelivery.StreamOf(alarm.Id), long.MaxValue, ReadDirection.Backwards, ct))
        {
            deliveries.Add(AlarmDelivery.Read(stored.Event));
            if (deliveries.Count >= limit)
                break;
        }
        await JsonAnswer.WriteListAsync(context, deliveries, static (json, delivery) =>
        {
            json.WriteStartObject();
            delivery.Write(json);
            json.WriteEndObject();
        });
    }
}
