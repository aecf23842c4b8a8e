"""How long aodh's own evaluator (Debian: python3-aodh) takes for a cycle: its real loop, rules, state machine and SQL storage (a SQLite
file), over a Gnocchi client that answers at once. Neither Gnocchi nor HTTP nor Keystone is in the time, nor a database server.

    /usr/bin/python3 peer_aodh.py [ALARMS]
"""
import datetime
import os
import sys
import tempfile
import threading
import time
import uuid
from unittest import mock

from aodh import evaluator, service, storage
from aodh.storage import models
from gnocchiclient import client as gnocchi
from oslo_utils import timeutils

count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
folder = tempfile.mkdtemp()
values = {'now': 10.0}


class Metrics:
    def get_measures(self, metric, granularity, start, stop, resource_id, aggregation):
        return [(start, granularity, values['now']), (stop, granularity, values['now'])]


gnocchi.Client = lambda *args, **more: mock.Mock(metric=Metrics())
with open(os.path.join(folder, 'aodh.conf'), 'w') as conf_file:
    conf_file.write('[database]\nconnection = sqlite:///%s/aodh.db\n' % folder)
with mock.patch('aodh.keystone_client.get_session'), mock.patch('futurist.periodics.PeriodicWorker.start', lambda self: None):
    conf = service.prepare_service(argv=[], config_files=[os.path.join(folder, 'aodh.conf')])
    connection = storage.get_connection_from_config(conf)
    connection.upgrade()
    then = timeutils.utcnow() - datetime.timedelta(hours=1)
    for i in range(count):
        connection.create_alarm(models.Alarm(
            alarm_id=str(uuid.uuid4()), type='gnocchi_resources_threshold', enabled=True, name='a%d' % i, description='', timestamp=then, user_id='u', project_id='p',
            state='insufficient data', state_timestamp=then, state_reason='', ok_actions=[], alarm_actions=[], insufficient_data_actions=[], repeat_actions=False,
            time_constraints=[], severity='low', evaluate_timestamp=then,
            rule={'metric': 'cpu', 'resource_id': 'r%d' % i, 'resource_type': 'instance', 'aggregation_method': 'mean', 'granularity': 600, 'evaluation_periods': 1,
                  'threshold': 50, 'comparison_operator': 'gt'}))
    worker = evaluator.AlarmEvaluationService(0, conf)
    for what in ('every alarm changes', 'nothing changes', 'nothing changes'):
        begin, cpu = time.perf_counter(), time.process_time()
        with mock.patch('oslo_utils.timeutils.utcnow', lambda *a, real=datetime.datetime.utcnow, **k: real() + datetime.timedelta(hours=values.get('hours', 0))):
            worker._evaluate_assigned_alarms()
        values['hours'] = values.get('hours', 0) + 1
        took, used = time.perf_counter() - begin, time.process_time() - cpu
        states = {a.state for a in connection.get_alarms()}
        print('%d alarms, %s: %.2f s, %.2f CPU-s, %.0f alarms/s (now %s)' % (count, what, took, used, count / took, ', '.join(sorted(states))), flush=True)
os._exit(0)
