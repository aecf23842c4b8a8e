using System.Text;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Definitions;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Ingest.Tests.Definitions;

/// <summary>What the shipped definitions make of notifications that are not among the recordings.</summary>
public sealed class ShippedDefinitionsTests
{
    private const string Instance = """{"instance_id": "r", "tenant_id": "p", "user_id": "u", "memory_mb": 512, "vcpus": 2, "root_gb": 10, "ephemeral_gb": 0}""";

    private static readonly NotificationConverter Converter = DefinitionFiles.Shipped.Load();

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

    private const string Capacity = """{"name_to_id": "r", "total": 5, "free": 5, "allocated": 5, "provisioned": 5, "virtual_free": 5}""";
    private const string Sized = """{"volume_id": "r", "snapshot_id": "r", "backup_id": "r", "share_id": "r", "tenant_id": "p", "project_id": "p", "user_id": "u", "size": 5, "volume_size": 5, "display_name": "d", "volume_type": "t", "glance_metadata": [{"key": "image_id", "value": "i"}], "volume_attachment": [{"server_id": "s"}], "name": "n", "host": "h", "status": "s", "availability_zone": "z", "proto": "NFS"}""";
    private const string Booted = """{"instance_id": "r", "tenant_id": "p", "user_id": "u", "memory_mb": 5, "vcpus": 5, "root_gb": 5, "ephemeral_gb": 5, "host": "h", "instance_flavor_id": "f", "instance_type": "n", "display_name": "d", "image_meta": {"base_image_ref": "i"}, "launched_at": "2026-11-20T10:00:05", "created_at": "2026-11-20T10:00:00", "deleted_at": "2026-11-20T11:00:00", "metadata": {"metering.a": "b"}}""";
    private const string InstanceKeys = "created_at deleted_at display_name flavor_id flavor_name host image_ref launched_at user_metadata";
    private const string Period = """{"id": "r", "instance_id": "r", "tenant_id": "p", "user_id": "u", "audit_period_beginning": "2026-11-20T10:00:00", "audit_period_ending": "2026-11-20T10:00:05", "status": "s", "pool_id": "o", "nova_instance_id": "n", "state": "s", "service_id": "v", "instance_type": "t", "instance_type_id": "1"}""";
    private const string Instances = "compute.instance.exists compute.instance.create.end compute.instance.delete.start compute.instance.delete.end compute.instance.resize.confirm.end compute.instance.power_off.end compute.instance.shutdown.end";
    private const string Host = """{"host": "h", "nodename": "n", "metrics": [METRICS]}""";

    /// <summary>The meters that Ceilometer makes of notifications: name, type, unit; the types that give them; volume, resource, project and user of each; the keys of the metadata.</summary>
    public static TheoryData<string, string, string, string, string> NotificationMeters => new()
    {
        { "image.size gauge B", "image.upload image.delete image.update", """{"id": "r", "owner": "p", "size": 5}""", "5 r p -", "event_type host id owner size" },
        { "image.download delta B", "image.send", """{"bytes_sent": 5, "image_id": "r", "receiver_tenant_id": "p", "receiver_user_id": "u"}""", "5 r p u", "bytes_sent event_type host image_id receiver_tenant_id receiver_user_id" },
        { "image.serve delta B", "image.send", """{"bytes_sent": 5, "image_id": "r", "owner_id": "p"}""", "5 r p -", "bytes_sent event_type host image_id owner_id" },
        { "volume.provider.capacity.total gauge GB", "capacity.backend.x", Capacity, "5 r - -", "allocated event_type free host name_to_id provisioned total virtual_free" },
        { "volume.provider.capacity.free gauge GB", "capacity.backend.x", Capacity, "5 r - -", "allocated event_type free host name_to_id provisioned total virtual_free" },
        { "volume.provider.capacity.allocated gauge GB", "capacity.backend.x", Capacity, "5 r - -", "allocated event_type free host name_to_id provisioned total virtual_free" },
        { "volume.provider.capacity.provisioned gauge GB", "capacity.backend.x", Capacity, "5 r - -", "allocated event_type free host name_to_id provisioned total virtual_free" },
        { "volume.provider.capacity.virtual_free gauge GB", "capacity.backend.x", Capacity, "5 r - -", "allocated event_type free host name_to_id provisioned total virtual_free" },
        { "volume.provider.pool.capacity.total gauge GB", "capacity.pool.x", Capacity, "5 r - -", "provider" },
        { "volume.provider.pool.capacity.free gauge GB", "capacity.pool.x", Capacity, "5 r - -", "provider" },
        { "volume.provider.pool.capacity.allocated gauge GB", "capacity.pool.x", Capacity, "5 r - -", "provider" },
        { "volume.provider.pool.capacity.provisioned gauge GB", "capacity.pool.x", Capacity, "5 r - -", "provider" },
        { "volume.provider.pool.capacity.virtual_free gauge GB", "capacity.pool.x", Capacity, "5 r - -", "provider" },
        {
            "volume.size gauge GB",
            "volume.exists volume.retype volume.create.end volume.delete.start volume.resize.end volume.attach.end volume.detach.end volume.update.start volume.manage_existing.end",
            Sized, "5 r p u", "display_name image_id instance_id volume_type"
        },
        { "snapshot.size gauge GB", "snapshot.exists snapshot.create.end snapshot.delete.start snapshot.manage_existing.end", Sized, "5 r p u", "display_name" },
        { "backup.size gauge GB", "backup.exists backup.create.end backup.delete.start backup.restore.end", Sized, "5 r p u", "display_name" },
        { "manila.share.size gauge GB", "share.create.end share.delete.start share.extend.end share.shrink.end", Sized, "5 r p u", "availability_zone host name protocol status" },
        { "$.payload.metrics.[*].name gauge %", "magnum.bay.metrics.update", """{"resource_id": "r", "project_id": "p", "user_id": "u", "metrics": [{"name": "$.payload.metrics.[*].name", "unit": "%", "value": 5}]}""", "5 r p u", "event_type host metrics project_id resource_id user_id" },
        {
            "$.payload.measurements.[*].metric.[*].name delta B", "objectstore.http.request",
            """{"target": {"id": "r"}, "initiator": {"id": "u", "project_id": "p"}, "measurements": [{"metric": {"name": "$.payload.measurements.[*].metric.[*].name", "unit": "B"}, "result": 5}]}""",
            "5 r p u", "event_type host initiator measurements target"
        },
        { "memory gauge MB", Instances, Booted, "5 r p u", InstanceKeys },
        { "vcpus gauge vcpu", Instances, Booted, "5 r p u", InstanceKeys },
        { "disk.root.size gauge GB", Instances, Booted, "5 r p u", InstanceKeys },
        { "disk.ephemeral.size gauge GB", Instances, Booted, "5 r p u", InstanceKeys },
        { "compute.instance.booting.time gauge sec", "compute.instance.create.end", Booted, "5 r p -", InstanceKeys },
        { "compute.node.cpu.frequency gauge MHz", "compute.metrics.update", Host, "0.5 h_n - -", "event_type host source" },
        { "compute.node.cpu.user.time cumulative ns", "compute.metrics.update", Host, "0.5 h_n - -", "event_type host source" },
        { "compute.node.cpu.kernel.time cumulative ns", "compute.metrics.update", Host, "0.5 h_n - -", "event_type host source" },
        { "compute.node.cpu.idle.time cumulative ns", "compute.metrics.update", Host, "0.5 h_n - -", "event_type host source" },
        { "compute.node.cpu.iowait.time cumulative ns", "compute.metrics.update", Host, "0.5 h_n - -", "event_type host source" },
        { "compute.node.cpu.kernel.percent gauge percent", "compute.metrics.update", Host, "50 h_n - -", "event_type host source" },
        { "compute.node.cpu.idle.percent gauge percent", "compute.metrics.update", Host, "50 h_n - -", "event_type host source" },
        { "compute.node.cpu.user.percent gauge percent", "compute.metrics.update", Host, "50 h_n - -", "event_type host source" },
        { "compute.node.cpu.iowait.percent gauge percent", "compute.metrics.update", Host, "50 h_n - -", "event_type host source" },
        { "compute.node.cpu.percent gauge percent", "compute.metrics.update", Host, "50 h_n - -", "event_type host source" },
        { "bandwidth delta B", "l3.meter", """{"bytes": 5, "label_id": "r", "tenant_id": "p"}""", "5 r p -", "bytes event_type host label_id tenant_id" },
        { "identity.authenticate.success delta user", "identity.authenticate", """{"outcome": "success", "initiator": {"id": "u"}}""", "1 u - u", "event_type host initiator outcome" },
        { "identity.authenticate.failure delta user", "identity.authenticate", """{"outcome": "failure", "initiator": {"id": "u"}}""", "1 u - u", "event_type host initiator outcome" },
        { "identity.authenticate.pending delta user", "identity.authenticate", """{"outcome": "pending", "initiator": {"id": "u"}}""", "1 u - u", "event_type host initiator outcome" },
        { "dns.domain.exists cumulative s", "dns.domain.exists", Period, "5 r p cu", "host pool_id status" },
        { "trove.instance.exists cumulative s", "trove.instance.exists", Period, "5 r p u", "instance_type instance_type_id nova_instance_id service_id state" },
    };

    [Theory]
    [MemberData(nameof(NotificationMeters))]
    public void Every_meter_is_made_of_all_its_notifications(string meter, string eventTypes, string payload, string sample, string metadata)
    {
        var name = meter.Split(' ')[0];
        // A host lists its metrics without the prefix; their own times and sources count.
        payload = payload.Replace("METRICS", $$"""{"name": "{{name.Replace("compute.node.", "", StringComparison.Ordinal)}}", "value": 0.5, "timestamp": "2026-11-20T09:00:00", "source": "libvirt"}""", StringComparison.Ordinal);
        Assert.All(eventTypes.Split(' '), type =>
        {
            var s = Assert.Single(ConvertAll(type, payload).Samples, s => s.Series.Meter == name);
            Assert.Equal(
                (meter, sample, metadata),
                ($"{name} {s.Series.Type.Name()} {s.Series.Unit}", $"{s.Volume} {s.Series.ResourceId} {s.Series.ProjectId ?? "-"} {s.Series.UserId ?? "-"}", string.Join(' ', s.Metadata.Root.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal))));
            Assert.Equal(payload.Contains("libvirt", StringComparison.Ordinal) ? "2026-11-20T09:00:00" : "2026-11-20T10:00:00", UnixMicroseconds.Format(s.Timestamp));
        });
    }

    [Fact]
    public void No_other_meters_are_defined()
    {
        var named = NotificationMeters.Select(row => row.Data.Item1.Split(' ')[0]).Where(n => !n.StartsWith("identity.", StringComparison.Ordinal)).Append("'identity.authenticate.' + $.payload.outcome");

        Assert.Equal(
            named.Order(StringComparer.Ordinal),
            YamlValue.Parse("meters.yaml", ShippedDefinitions.Text("meters.yaml")).Required("metric").Items().Select(m => m.Required("name").Text()).Order(StringComparer.Ordinal));
    }

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

    private static ConvertedMessage Convert(string eventType, string payload)
    {
        var converted = ConvertAll(eventType, payload);
        Assert.Empty(converted.Problems);
        return converted;
    }

    private static ConvertedMessage ConvertAll(string eventType, string payload) => Converter.Convert(Encoding.UTF8.GetBytes($$"""
            {"message_id": "m", "publisher_id": "p", "event_type": "{{eventType}}", "priority": "INFO", "payload": {{payload}}, "timestamp": "2026-11-20 10:00:00", "_context_user": "cu"}
            """));
}
