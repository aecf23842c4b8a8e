using Telemetry.Conformance;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Definitions;

namespace Telemetry.Ingest.Tests.Definitions;

/// <summary>What is wrong with the files of a polling agent is told before the agent leaves it out.</summary>
public sealed class PollingFileTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("{sources: [{name: all, interval: 300, meters: ['*']}]}", 1)]
    [InlineData("sources:\n- {name: a, interval: 60, meters: [cpu, 'disk.*'], resources: ['snmp://10.0.0.1'], discovery: ['endpoint:compute', local_node]}\n"
        + "- {name: b, interval: 60, meters: ['!cpu', '!disk.*'], resources: null, group_id_coordination_expression: \"sample['id']\"}", 2)]
    public void A_polling_yaml_is_read(string text, int sources) => Assert.EndsWith($": {sources} sources of polling.", Check(text), StringComparison.Ordinal);

    [Theory]
    [InlineData("{interval: 300, meters: [cpu]}", "'name' is missing.")]
    [InlineData("{name: a, meters: [cpu]}", "'interval' is missing.")]
    [InlineData("{name: a, interval: 0, meters: [cpu]}", "'0' seconds are not more than 0.")]
    [InlineData("{name: a, interval: often, meters: [cpu]}", "'often' is no integer.")]
    [InlineData("{name: a, interval: 300}", "'meters' is missing.")]
    [InlineData("{name: a, interval: 300, meters: []}", "The list of patterns is empty.")]
    [InlineData("{name: a, interval: 300, meters: [cpu, '!disk.*']}", "Names to include and names to exclude stand together: cpu, !disk.*.")]
    [InlineData("{name: a, interval: 300, meters: ['*', cpu]}", "'*' stands together with other names: *, cpu.")]
    [InlineData("{name: a, interval: 300, meters: [cpu], resources: 'snmp://10.0.0.1'}", "A list is expected here.")]
    [InlineData("{name: a, interval: 300, meters: [cpu], discovery: local_node}", "A list is expected here.")]
    [InlineData("{name: a, interval: 300, meters: [cpu], discovery: [{}]}", "A text is expected here.")]
    [InlineData("{name: a, interval: 300, meters: [cpu], group_id_coordination_expression: []}", "A text is expected here.")]
    [InlineData("{name: a, intervall: 300, meters: [cpu]}", "'intervall' is not known here")]
    public void A_wrong_source_is_named_by_its_line(string source, string reason) =>
        Assert.Contains($".yaml:3: {reason}", Refused($"sources:\n- {{name: right, interval: 300, meters: [cpu]}}\n- {source}"), StringComparison.Ordinal);

    [Fact]
    public void Every_key_of_a_dynamic_pollster_is_known() => Assert.EndsWith(": 5 dynamic pollsters.", Check("""
        - name: dynamic.network.services.vpn.connection
          sample_type: gauge
          unit: ipsec_site_connection
          value_attribute: "status | value.upper() | str(value)"
          endpoint_type: network
          url_path: v2.0/vpn/ipsec-site-connections
          namespaces: [central]
          metadata_fields: [name, "vpn.id", "peers | len(value)"]
          metadata_mapping: {name: display_name}
          preserve_mapped_metadata: false
          skip_sample_values: [DOWN, 3]
          value_mapping: {ACTIVE: 1}
          default_value: 0
          response_entries_key: ipsec_site_connections
          next_sample_url_attribute: "links | filter(lambda v: v.get('rel') == 'next', value) | list(value)[0]['href']"
          user_id_attribute: ""
          project_id_attribute: tenant_id
          resource_id_attribute: id
          headers: {Openstack-API-Version: compute 2.65}
          timeout: 10
          response_handlers: [json, xml, text]
          extra_metadata_fields_cache_seconds: 1800
          extra_metadata_fields_skip: [{status: DOWN}]
          extra_metadata_fields:
            - {name: project_name, url_path: "'/v3/projects/' + str(sample['project_id'])", endpoint_type: identity, value: name, metadata_fields: [id]}
            - {name: system, host_command: "'system-of ' + str(sample['id'])"}
        - {name: "dynamic.{class}", sample_type: cumulative, unit: op, value_attribute: "[classes].stats.ops", endpoint_type: object-store, url_path: usage}
        - {name: one, sample_type: delta, unit: x, value_attribute: ., endpoint_type: volume, url_path: x, extra_metadata_fields: {name: more, url_path: y}}
        - {name: other, sample_type: gauge, unit: x, value_attribute: v, module: site.auth, authentication_object: Auth, authentication_parameters: "a,b", barbican_secret_id: s, url_path: "https://example.org/"}
        - {name: host, sample_type: gauge, unit: x, value_attribute: out, host_command: uptime, response_handlers: [text], namespaces: compute}
        """), StringComparison.Ordinal);

    [Theory]
    [InlineData("name: p", "", "'name' is missing.")]
    [InlineData("name: p", "name: 'a..b'", "'a..b' is no name of a pollster")]
    [InlineData("name: p", "name: '{a}.b'", "'{a}.b' is no name of a pollster")]
    [InlineData("name: p", "name: 'a.{b}'", "'v' is not of the form '[LIST].ATTRIBUTE', which 'a.{b}' takes its values from.")]
    [InlineData("name: p", "name: right", "There are two pollsters named 'right'.")]
    [InlineData("sample_type: gauge", "", "'sample_type' is missing.")]
    [InlineData("sample_type: gauge", "sample_type: gouge", "'gouge' is no type; a type is gauge, delta or cumulative.")]
    [InlineData("unit: B", "", "'unit' is missing.")]
    [InlineData("value_attribute: v", "", "'value_attribute' is missing.")]
    [InlineData("value_attribute: v", "value_attribute: 'v | 1 + 1'", "'1 + 1' does not use 'value', which it is to change.")]
    [InlineData("endpoint_type: compute", "", "'endpoint_type' is missing.")]
    [InlineData("url_path: x", "", "'url_path' is missing.")]
    [InlineData("endpoint_type: compute", "module: m", "'authentication_object' is missing.")]
    [InlineData("", "metadata_fields: id", "A list is expected here.")]
    [InlineData("", "metadata_fields: ['id | 1']", "'1' does not use 'value', which it is to change.")]
    [InlineData("", "metadata_mapping: [a]", "A map is expected here.")]
    [InlineData("", "preserve_mapped_metadata: 7", "'7' is neither true nor false.")]
    [InlineData("", "skip_sample_values: DOWN", "A list is expected here.")]
    [InlineData("", "value_mapping: 1", "A map is expected here.")]
    [InlineData("", "response_entries_key: []", "A text is expected here.")]
    [InlineData("", "next_sample_url_attribute: 'next | 1'", "'1' does not use 'value', which it is to change.")]
    [InlineData("", "resource_id_attribute: []", "A text is expected here.")]
    [InlineData("", "headers: [a]", "A map is expected here.")]
    [InlineData("", "namespaces: [{}]", "A text is expected here.")]
    [InlineData("", "default_value: []", "A text is expected here.")]
    [InlineData("", "authentication_parameters: [a]", "A text is expected here.")]
    [InlineData("", "timeout: 0", "'0' seconds are not more than 0.")]
    [InlineData("", "response_handlers: json", "A list is expected here.")]
    [InlineData("", "response_handlers: [yaml]", "'yaml' reads no answer; there are json, xml, text.")]
    [InlineData("", "extra_metadata_fields_cache_seconds: long", "'long' is no integer.")]
    [InlineData("", "extra_metadata_fields_skip: [a]", "A map is expected here.")]
    [InlineData("", "extra_metadata_fields: {url_path: x}", "'name' is missing.")]
    [InlineData("", "extra_metadata_fields: [{name: a}]", "'url_path' is missing.")]
    [InlineData("", "sample_typ: gauge", "'sample_typ' is not known here")]
    [InlineData("", "value: v", "'value' is not known here")]
    public void A_wrong_pollster_is_named_by_its_line(string right, string wrong, string reason)
    {
        const string pollster = "name: p, sample_type: gauge, unit: B, value_attribute: v, endpoint_type: compute, url_path: x, ";
        var changed = right.Length > 0 ? pollster.Replace($"{right}, ", wrong.Length > 0 ? $"{wrong}, " : "", StringComparison.Ordinal) : pollster + wrong;

        Assert.Contains($".yaml:2: {reason}", Refused($"- {{{pollster.Replace("name: p", "name: right", StringComparison.Ordinal)}}}\n- {{{changed}}}"), StringComparison.Ordinal);
    }

    private string Refused(string text) => Assert.Throws<ConfigurationFileException>(() => Check(text)).Message;

    private string Check(string text)
    {
        File.WriteAllText(_directory.File("file.yaml"), text);
        return DefinitionFiles.Check(_directory.File("file.yaml"));
    }
}
