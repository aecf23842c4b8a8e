using System.Text;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Definitions;

namespace Telemetry.Ingest.Tests.Definitions;

/// <summary>What the shipped definitions make of notifications that are not among the recordings.</summary>
public sealed class ShippedDefinitionsTests
{
    private const string Instance = """{"instance_id": "r", "tenant_id": "p", "user_id": "u", "memory_mb": 512, "vcpus": 2, "root_gb": 10, "ephemeral_gb": 0}""";

    [Theory]
    [InlineData("capacity.backend.ceph", """{"name_to_id": "h@b", "total": 9, "free": 8, "allocated": 7, "provisioned": 6, "virtual_free": 5}""",
        "volume.provider.capacity.allocated gauge 7 GB h@b, volume.provider.capacity.free gauge 8 GB h@b, volume.provider.capacity.provisioned gauge 6 GB h@b, volume.provider.capacity.total gauge 9 GB h@b, volume.provider.capacity.virtual_free gauge 5 GB h@b")]
    [InlineData("image.send", """{"bytes_sent": 5, "image_id": "i", "owner_id": "o", "receiver_tenant_id": "t", "receiver_user_id": "v"}""",
        "image.download delta 5 B i t v, image.serve delta 5 B i o")]
    [InlineData("volume.retype", """{"size": 3, "volume_id": "r", "tenant_id": "p", "user_id": "u"}""", "volume.size gauge 3 GB r p u")]
    [InlineData("volume.manage_existing.end", """{"size": 3, "volume_id": "r", "tenant_id": "p", "user_id": "u"}""", "volume.size gauge 3 GB r p u")]
    [InlineData("snapshot.manage_existing.end", """{"volume_size": 3, "snapshot_id": "r", "tenant_id": "p", "user_id": "u"}""", "snapshot.size gauge 3 GB r p u")]
    [InlineData("backup.restore.end", """{"size": 3, "backup_id": "r", "tenant_id": "p", "user_id": "u"}""", "backup.size gauge 3 GB r p u")]
    [InlineData("magnum.bay.metrics.update", """{"resource_id": "r", "project_id": "p", "user_id": "u", "metrics": [{"name": "a", "unit": "%", "value": 1}, {"name": "b", "unit": "x", "value": 2.5}]}""",
        "a gauge 1 % r p u, b gauge 2.5 x r p u")]
    [InlineData("l3.meter", """{"bytes": 7, "label_id": "r", "tenant_id": "p"}""", "bandwidth delta 7 B r p")]
    [InlineData("identity.authenticate", """{"outcome": "pending", "initiator": {"id": "u"}}""", "identity.authenticate.pending delta 1 user u u")]
    [InlineData("dns.domain.exists", """{"id": "r", "tenant_id": "p", "audit_period_beginning": "2026-11-20T10:00:00", "audit_period_ending": "2026-11-20T11:00:00"}""", "dns.domain.exists cumulative 3600 s r p cu")]
    [InlineData("share.shrink.end", """{"size": 3, "share_id": "r", "project_id": "p", "user_id": "u"}""", "manila.share.size gauge 3 GB r p u")]
    [InlineData("compute.instance.create.start", Instance, "")]
    [InlineData("compute.instance.update", Instance, "")]
    [InlineData("compute.instance.rebuild.end", Instance, "disk.ephemeral.size gauge 0 GB r p u, disk.root.size gauge 10 GB r p u, memory gauge 512 MB r p u, vcpus gauge 2 vcpu r p u")]
    public void Meters(string eventType, string payload, string samples) => Assert.Equal(samples, string.Join(", ", Convert(eventType, payload).Samples
        .Select(s => string.Join(' ', ((string?[])[s.Series.Meter, s.Series.Type.Name(), $"{s.Volume}", s.Series.Unit, s.Series.ResourceId, s.Series.ProjectId, s.Series.UserId]).OfType<string>()))
        .Order(StringComparer.Ordinal)));

    [Fact]
    public void The_provider_of_a_pool_is_the_first_part_of_its_name()
    {
        var samples = Convert("capacity.pool.x", """{"name_to_id": "h@b#p", "total": 9, "free": 8, "allocated": 7, "provisioned": 6, "virtual_free": 5}""").Samples;

        Assert.Equal(5, samples.Count);
        Assert.All(samples, s => Assert.Equal(("h@b#p", """{"provider":"h@b"}"""), (s.Series.ResourceId, s.Metadata.ToString())));
    }

    [Theory]
    [InlineData("image.send", """{"bytes_sent": 5, "destination_ip": "10.0.0.1", "owner_id": "o", "image_id": "i"}""", "user_id=o image_id=i destination_ip=10.0.0.1 bytes_sent=5")]
    [InlineData("volume.transfer.accept.end", """{"volume_id": "v", "size": 1, "status": "available"}""", "status=available resource_id=v size=1")]
    [InlineData("snapshot.transfer.accept.end", """{"snapshot_id": "s", "user_id": "u"}""", "user_id=u resource_id=s")]
    [InlineData("image_volume_cache.hit", """{"image_id": "i", "host": "h"}""", "image_id=i host=h")]
    [InlineData("sahara.cluster.health", """{"cluster_id": "c", "verification_id": 5}""", "resource_id=c verification_id=5")]
    [InlineData("identity.role_assignment.created", """{"role": "r", "user": "u", "project": "p"}""", "role=r user=u project=p")]
    [InlineData("firewall_rule.update.end", """{"firewall_rule": {"id": "f", "name": "n"}}""", "name=n resource_id=f")]
    [InlineData("ipsec_site_connection.delete.end", """{"id": "i"}""", "resource_id=i")]
    [InlineData("audit.http.response", """{"reason": {"reasonCode": "200"}, "requestPath": "/v2"}""", "requestPath=/v2 reason_code=200")]
    [InlineData("dns.domain.exists", """{"id": "d", "audit_period_beginning": "2026-11-20 10:00:00", "audit_period_ending": "2026-11-20 11:00:00"}""", "resource_id=d audit_period_beginning=2026-11-20T10:00:00 audit_period_ending=2026-11-20T11:00:00")]
    [InlineData("trove.instance.modify_volume", """{"old_volume_size": 1, "volume_size": "2"}""", "volume_size=2 old_volume_size=1")]
    [InlineData("trove.instance.modify_flavor", """{"old_instance_size": 1, "modify_at": ""}""", "old_instance_size=1")]
    [InlineData("profiler.x", """{"base_id": "b", "info": {"db": {"statement": "select 1"}, "request": {"method": "GET"}}}""", "base_id=b method=GET db.statement=select 1")]
    [InlineData("alarm.creation", """{"alarm_id": "a", "type": "creation", "detail": {"state": "ok"}}""", "id=a detail={'state': 'ok'} type=creation")]
    [InlineData("magnum.cluster.update", """{"id": "m", "outcome": "success"}""", "id=m outcome=success")]
    public void Traits(string eventType, string payload, string traits) => Assert.Equal(traits, string.Join(' ',
        Assert.Single(Convert(eventType, payload).Events).Traits.Where(t => t.Name != "service" && t.Text != "cu").Select(t => $"{t.Name}={t.Text}")));

    private static Telemetry.Ingest.Notifications.ConvertedMessage Convert(string eventType, string payload)
    {
        var converted = DefinitionFiles.Shipped.Load().Convert(Encoding.UTF8.GetBytes($$"""
            {"message_id": "m", "publisher_id": "p", "event_type": "{{eventType}}", "priority": "INFO", "payload": {{payload}}, "timestamp": "2026-11-20 10:00:00", "_context_user": "cu"}
            """));
        Assert.Empty(converted.Problems);
        return converted;
    }
}
