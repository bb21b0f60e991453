

import django.db.models.deletion
import policies.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('policies', '0002_initial'),
        ('tickets', '0008_requests_of_every_kind'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PolicyDraft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=120)),
                ('source', models.TextField(blank=True)),
                ('state', models.CharField(default=policies.models.DraftState['OPEN'], max_length=10)),
                ('revision', models.PositiveIntegerField(default=1)),
                ('made_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('based_on', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='policies.policyversion')),
                ('changed_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('published', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='draft', to='policies.policyversion')),
                ('store', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='policy_drafts', to='tickets.store')),
            ],
            options={
                'ordering': ['-changed_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='PolicyTrial',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('draft_revision', models.PositiveIntegerField()),
                ('source', models.TextField()),
                ('sha256', models.CharField(max_length=64)),
                ('first', models.DateField()),
                ('last', models.DateField()),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('until_event', models.BigIntegerField()),
                ('state', models.CharField(default=policies.models.TrialState['QUEUED'], max_length=10)),
                ('asked_at', models.DateTimeField()),
                ('total', models.PositiveIntegerField(default=0)),
                ('done', models.PositiveIntegerField(default=0)),
                ('position', models.JSONField(blank=True, default=dict)),
                ('summary', models.JSONField(blank=True, default=dict)),
                ('lease', models.UUIDField(blank=True, null=True)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('heartbeat', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('problem', models.CharField(blank=True, default='', max_length=500)),
                ('asked_by', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('draft', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trials', to='policies.policydraft')),
                ('store', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='policy_trials', to='tickets.store')),
            ],
            options={
                'ordering': ['-asked_at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='PolicyTrialCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('request', models.CharField(max_length=30)),
                ('before_verdict', models.CharField(max_length=16)),
                ('before_rule', models.CharField(max_length=80)),
                ('after_verdict', models.CharField(max_length=16)),
                ('after_rule', models.CharField(max_length=80)),
                ('refund_before', models.BooleanField(default=False)),
                ('refund_after', models.BooleanField(default=False)),
                ('amount', models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True)),
                ('currency', models.CharField(blank=True, default='', max_length=3)),
                ('decided', models.CharField(blank=True, default='', max_length=40)),
                ('event', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.event')),
                ('inquiry', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='tickets.inquiry')),
                ('trial', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='policies.policytrial')),
                ('version', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='policies.policyversion')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='PolicyAlarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('mistakes', models.JSONField(default=list)),
                ('found_at', models.DateTimeField()),
                ('cleared_at', models.DateTimeField(blank=True, null=True)),
                ('told_at', models.DateTimeField(blank=True, null=True)),
                ('wake_at', models.DateTimeField()),
                ('lease', models.UUIDField(blank=True, null=True)),
                ('leased_until', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('last_error', models.CharField(blank=True, default='', max_length=300)),
                ('version', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='alarm', to='policies.policyversion')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(condition=models.Q(('told_at', None)), fields=['wake_at', 'id'], name='policy_alarm_due')],
            },
        ),
        migrations.AddIndex(
            model_name='policydraft',
            index=models.Index(fields=['store', '-changed_at', '-id'], name='policy_draft_list'),
        ),
        migrations.AddConstraint(
            model_name='policydraft',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'published', 'dropped'])), name='policy_draft_state_known'),
        ),
        migrations.AddConstraint(
            model_name='policydraft',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('published__isnull', False), ('state', 'published')), models.Q(models.Q(('state', 'published'), _negated=True), ('published__isnull', True)), _connector='OR'), name='policy_draft_published_has_version'),
        ),
        migrations.AddIndex(
            model_name='policytrial',
            index=models.Index(condition=models.Q(('state__in', ['queued', 'running'])), fields=['asked_at', 'id'], name='policy_trial_queue'),
        ),
        migrations.AddConstraint(
            model_name='policytrial',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running', 'done', 'failed', 'cancelled'])), name='policy_trial_state_known'),
        ),
        migrations.AddConstraint(
            model_name='policytrial',
            constraint=models.CheckConstraint(condition=models.Q(('starts_at__lte', models.F('ends_at'))), name='policy_trial_forwards'),
        ),
        migrations.AddConstraint(
            model_name='policytrial',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running']), ('ended_at__isnull', False), _connector='OR'), name='policy_trial_ended_has_time'),
        ),
        migrations.AddIndex(
            model_name='policytrialcase',
            index=models.Index(fields=['trial', 'id'], name='policy_trial_case_list'),
        ),
        migrations.AddConstraint(
            model_name='policytrialcase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('event__isnull', False), ('inquiry__isnull', True)), models.Q(('event__isnull', True), ('inquiry__isnull', False)), _connector='OR'), name='policy_trial_case_has_one_source'),
        ),
        migrations.AddConstraint(
            model_name='policytrialcase',
            constraint=models.UniqueConstraint(condition=models.Q(('event__isnull', False)), fields=('trial', 'event'), name='policy_trial_event_once'),
        ),
        migrations.AddConstraint(
            model_name='policytrialcase',
            constraint=models.UniqueConstraint(condition=models.Q(('inquiry__isnull', False)), fields=('trial', 'inquiry'), name='policy_trial_inquiry_once'),
        ),
    ]
