"""The engine of Heat (Debian's python3-heat) lets a stack of alarms live its life on a Telemetry server.

Arguments: the server's URL, and the beginning of the URL that the alarms are to call. Prints a line for every step that went right.
Keystone is not needed: the client's session carries an identity that the server takes as given.
"""
import sys
from aodhclient import noauth
from aodhclient.v2 import client
from heat.common import context, messaging, template_format
from heat.db.sqlalchemy import api as db, models
from heat.engine import environment, resources, stack, template
from keystoneauth1 import session
from oslo_config import cfg
from oslo_db import options

cfg.CONF([], project='heat', default_config_files=[])
cfg.CONF.set_override('deferred_auth_method', 'password')
cfg.CONF.set_override('observe_on_update', True)
messaging.setup('fake://', optional=True)
options.set_defaults(cfg.CONF, connection='sqlite://')
models.BASE.metadata.create_all(db.get_engine())
resources.initialise()
auth = noauth.AodhNoAuthPlugin('u1', 'p1', 'member', sys.argv[1])
aodh = client.Client(session=session.Session(auth=auth))

def template_of(threshold, kinds):
    actions = 'alarm_actions: [{list_join: ["", ["%s/", {get_attr: [token, value]}]]}], description: above %d, severity: critical' % (sys.argv[2], threshold)
    gnocchi = 'aggregation_method: mean, granularity: 60, evaluation_periods: 1, comparison_operator: gt, threshold: %d' % threshold
    all_of = {
        'threshold': '{type: "OS::Aodh::Alarm", properties: {meter_name: cpu_util, threshold: %d, statistic: avg, comparison_operator: gt, period: 60, evaluation_periods: 2, matching_metadata: {server_group: web}, '
                     'query: [{field: resource_id, op: eq, value: r}], time_constraints: [{name: office, start: "0 8 * * *", duration: 3600, timezone: Europe/Vienna}], %s}}' % (threshold, actions),
        'event': '{type: "OS::Aodh::EventAlarm", properties: {event_type: "compute.*", query: [{field: traits.state, op: eq, value: error%d}], repeat_actions: false, %s}}' % (threshold, actions),
        'resources': '{type: "OS::Aodh::GnocchiResourcesAlarm", properties: {metric: cpu, resource_id: r, resource_type: instance, %s, %s}}' % (gnocchi, actions),
        'metrics': '{type: "OS::Aodh::GnocchiAggregationByMetricsAlarm", properties: {metrics: [cpu, memory], %s, %s}}' % (gnocchi, actions),
        'search': '{type: "OS::Aodh::GnocchiAggregationByResourcesAlarm", properties: {metric: cpu, resource_type: instance, query: \'{"=": {"server_group": "web"}}\', %s, %s}}' % (gnocchi, actions),
        'composite': '{type: "OS::Aodh::CompositeAlarm", properties: {composite_rule: {operator: or, rules: [{type: gnocchi_resources_threshold, metric: cpu, resource_id: r, resource_type: instance, %s}, '
                     '{and: [{type: gnocchi_aggregation_by_metrics_threshold, metrics: [cpu], %s}, {type: gnocchi_aggregation_by_metrics_threshold, metrics: [memory], %s}]}]}, %s}}' % (gnocchi, gnocchi, gnocchi, actions),
    }
    text = 'heat_template_version: 2018-08-31\nresources:\n  token: {type: "OS::Heat::RandomString", properties: {length: 12}}\n'
    return template.Template(template_format.parse(text + ''.join('  %s: %s\n' % (k, all_of[k]) for k in kinds)), env=environment.Environment({}))

def ctx():
    return context.RequestContext(username='u1', user_id='u1', project_id='p1', project_name='p1', password='x', roles=['member'], is_admin=False, auth_plugin=auth)

def loaded():
    return stack.Stack.load(ctx(), stack_id=sid)

def done(s, action):
    assert s.state == (action, s.COMPLETE), (s.state, s.status_reason)
    s.persist_state_and_release_lock('engine')  # as the engine's service does after each action

def alarms():
    return {a['name'].split('-')[1]: a for a in aodh.alarm.list()}

def rule(a):
    return a[a['type'] + '_rule']

kinds = ['threshold', 'event', 'resources', 'metrics', 'search', 'composite']
s = stack.Stack(ctx(), 'scale', template_of(50, kinds))
s.validate()
s.store()
sid = s.id
s.create()
done(s, 'CREATE')
first = alarms()
assert sorted(first) == sorted(kinds), first
print('created', *sorted(a['type'] for a in first.values()))
token = s['token'].FnGetAtt('value')
for name, a in first.items():
    assert a['alarm_actions'] == ['%s/%s' % (sys.argv[2], token)] and a['severity'] == 'critical' and a['description'] == 'above 50', a
    assert a['alarm_id'] == s[name].resource_id and a['repeat_actions'] == (name != 'event') and a['enabled'], a

s = loaded()
s.check()
done(s, 'CHECK')
print('checked')

s = loaded()
s.update(stack.Stack(ctx(), 'scale', template_of(60, kinds)))
done(s, 'UPDATE')
second = alarms()
for name, a in second.items():
    assert a['alarm_id'] == first[name]['alarm_id'] and a['description'] == 'above 60' and rule(a) != rule(first[name]), (first[name], a)
print('updated')

s = loaded()
s.suspend()
done(s, 'SUSPEND')
assert not any(a['enabled'] for a in alarms().values())
s = loaded()
s.resume()
done(s, 'RESUME')
resumed = alarms()
assert all(a['enabled'] and rule(a) == rule(second[n]) for n, a in resumed.items())
print('resumed')

s = loaded()
s.update(stack.Stack(ctx(), 'scale', template_of(60, kinds[:-1])))
done(s, 'UPDATE')
assert sorted(alarms()) == sorted(kinds[:-1])
print('removed')

aodh.alarm.delete(second['event']['alarm_id'])
s = loaded()
s.check()
assert s.state == ('CHECK', 'FAILED') and 'Alarm %s not found (HTTP 404)' % second['event']['alarm_id'] in s.status_reason, (s.state, s.status_reason)
s.persist_state_and_release_lock('engine')
s = loaded()
s.update(stack.Stack(ctx(), 'scale', template_of(70, kinds[:-1])))
done(s, 'UPDATE')
assert alarms()['event']['alarm_id'] != second['event']['alarm_id']
print('made again')

s = loaded()
s.delete()
assert s.state == ('DELETE', 'COMPLETE'), (s.state, s.status_reason)
assert alarms() == {}
print('deleted')
