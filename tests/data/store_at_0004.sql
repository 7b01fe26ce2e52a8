BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0004');
CREATE TABLE cards (
	id INTEGER NOT NULL, 
	change INTEGER NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	channel TEXT NOT NULL, 
	ts TEXT DEFAULT '' NOT NULL, 
	version INTEGER NOT NULL, 
	drawn_version INTEGER DEFAULT '-1' NOT NULL, 
	drawn TEXT DEFAULT '' NOT NULL, 
	last_told INTEGER DEFAULT '0' NOT NULL, 
	told_seq INTEGER DEFAULT '0' NOT NULL, 
	trouble TEXT DEFAULT '' NOT NULL, 
	retry_at BIGINT DEFAULT '0' NOT NULL, 
	lease_owner TEXT DEFAULT '' NOT NULL, 
	lease_until BIGINT DEFAULT '0' NOT NULL, person TEXT DEFAULT '' NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(change) REFERENCES changes (number)
);
INSERT INTO "cards" VALUES(1,1,'card','C0OPS','1.2',0,0,'',1,0,'',1795485600000000,'',0,'');
INSERT INTO "cards" VALUES(2,1,'notice','C0NEWS','',0,-1,'',1,0,'',0,'',0,'');
INSERT INTO "cards" VALUES(3,1,'direct','U0BOB','',0,-1,'',1,0,'',0,'',0,'U0BOB');
INSERT INTO "cards" VALUES(4,2,'card','C0OPS','',0,-1,'',2,0,'',0,'',0,'');
INSERT INTO "cards" VALUES(5,2,'notice','C0NEWS','',0,-1,'',2,0,'',0,'',0,'');
INSERT INTO "cards" VALUES(6,2,'direct','U0BOB','',0,-1,'',2,0,'',0,'',0,'U0BOB');
CREATE TABLE chain (
	id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "chain" VALUES(1,2,'492c2096676f82a6fe265eb3aabf2bd5481b9039e2d2b75acd4b7286be901912');
CREATE TABLE changes (
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	version INTEGER NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	environment TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	requester TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	created_at BIGINT NOT NULL, 
	due_at BIGINT, 
	document TEXT NOT NULL, 
	lease_owner TEXT DEFAULT '' NOT NULL, 
	lease_until BIGINT DEFAULT '0' NOT NULL, 
	UNIQUE ("key")
);
INSERT INTO "changes" VALUES(1,0,'Scheduled','prod','C0OPS','U0ANN','one',1795485600000000,1795503600000000,'{"state":"Scheduled","environment":"prod","channel":"C0OPS","requester":"U0ANN","key":"one","options":{"timing":"at","run_at":"2026-11-24T07:00:00Z","reason":"CVE","wave_sizes":[1],"soak":"PT30M","override":"","overridden":[]},"warnings":[{"template":"End of service, upgrade soon: {names}.","plural":"","args":{"names":"orders-1"}}],"batches":[],"approvals":[{"user":"U0BOB","at":"2026-11-24T02:00:00Z","seal":"a35353f65d43be3b32968b6334a923c3c465a516f217d03a72e5d2503b3c0f32","stale_since":null}],"approvals_needed":1,"halt_after":1,"notify":["C0NEWS"],"remind_at":null,"reminders":0,"is_overdue":false,"duties":[{"source":"pagerduty:schedule:P0DBA","user":"U0BOB","until":"2026-11-24T10:00:00Z","level":1}],"asked":["U0BOB"],"approvers":["U0BOB","S0ONCALL"],"self_approval":false,"created_at":"2026-11-24T02:00:00Z","expires_at":"2026-11-25T02:00:00Z","due_at":"2026-11-24T07:00:00Z","started_at":null,"ended_at":null,"resumed_at":null,"parent":null,"difference":[],"halt_reason":null,"waiting":[],"waiting_since":null}','',0);
INSERT INTO "changes" VALUES(2,0,'Halted','prod','C0OPS','U0ANN','two',1795485600000000,1795485600000000,'{"state":"Halted","environment":"prod","channel":"C0OPS","requester":"U0ANN","key":"two","options":{"timing":"now","run_at":null,"reason":"CVE","wave_sizes":[],"soak":null,"override":"","overridden":[]},"warnings":[{"template":"End of service, upgrade soon: {names}.","plural":"","args":{"names":"orders-1"}}],"batches":[{"number":1,"instance_ids":["00000000000000000000000000000003in07"],"attempted_at":"2026-11-24T02:00:00Z","answered_at":"2026-11-24T02:00:00Z","resp":"success","error_code":"","error_msg":"","status":200,"request_id":"r-1","unclear":false}],"approvals":[],"approvals_needed":1,"halt_after":1,"notify":["C0NEWS"],"remind_at":null,"reminders":0,"is_overdue":false,"duties":[{"source":"pagerduty:schedule:P0DBA","user":"U0BOB","until":"2026-11-24T10:00:00Z","level":1}],"asked":["U0BOB"],"approvers":["U0BOB","S0ONCALL"],"self_approval":false,"created_at":"2026-11-24T02:00:00Z","expires_at":"2026-11-25T02:00:00Z","due_at":"2026-11-24T02:00:00Z","started_at":"2026-11-24T02:00:00Z","ended_at":null,"resumed_at":null,"parent":null,"difference":[],"halt_reason":{"template":"Halted: {n} instance did not go as planned ({names}), so nothing more starts.","plural":"","args":{"n":1,"names":"orders-3"}},"waiting":[],"waiting_since":null}','',0);
CREATE TABLE deliveries (
	"key" TEXT NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	payload TEXT NOT NULL, 
	received_at BIGINT NOT NULL, 
	done_at BIGINT, 
	lease_owner TEXT DEFAULT '' NOT NULL, 
	lease_until BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "deliveries" VALUES('click-1','click','{"key":"click-1","kind":"click","payload":{"key":"click-1","user":"U0BOB","channel":"C0OPS","action_id":"change.reject","value":"CHG-1","received_at":"2026-11-24T02:00:00Z","message_ts":"1.2","response_url":"https://hooks.slack.example/1","view":"","form":null},"received_at":"2026-11-24T02:00:00Z"}',1795485600000000,NULL,'',0);
CREATE TABLE freezes (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"key" TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	start BIGINT NOT NULL, 
	"end" BIGINT NOT NULL, 
	reason TEXT NOT NULL, 
	author TEXT NOT NULL, 
	lifted_at BIGINT, 
	UNIQUE ("key")
);
CREATE TABLE heartbeat (
	id INTEGER NOT NULL, 
	beats INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "heartbeat" VALUES(1,0);
CREATE TABLE records (
	seq INTEGER NOT NULL, 
	change INTEGER, 
	at BIGINT NOT NULL, 
	actor TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	told BOOLEAN NOT NULL, 
	document TEXT NOT NULL, 
	prev_hash VARCHAR(64) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "records" VALUES(1,1,1795485600000000,'U0ANN','request',1,'{"at":"2026-11-24T02:00:00Z","actor":"U0ANN","kind":"request","sentence":{"template":"{who} asked to upgrade it.","plural":"","args":{"who":{"user":"U0ANN"}}},"told":true,"verbatim":"","data":{"seal":"a35353f65d43be3b32968b6334a923c3c465a516f217d03a72e5d2503b3c0f32"}}','0000000000000000000000000000000000000000000000000000000000000000','6595ca0b933abd8739bdd909b28405ef83b00a6dd7dc9a8acdcc67817639c081');
INSERT INTO "records" VALUES(2,2,1795485600000000,'U0ANN','outcome',1,'{"at":"2026-11-24T02:00:00Z","actor":"U0ANN","kind":"outcome","sentence":{"template":"{name}: {state}, kernel {kernel}.","plural":"","args":{"name":"orders-3","state":"failed","kernel":"2.0.63.250300"}},"told":true,"verbatim":"","data":{"job":"job-3"}}','6595ca0b933abd8739bdd909b28405ef83b00a6dd7dc9a8acdcc67817639c081','492c2096676f82a6fe265eb3aabf2bd5481b9039e2d2b75acd4b7286be901912');
CREATE TABLE targets (
	change INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	instance_id TEXT NOT NULL, 
	state VARCHAR(32) NOT NULL, 
	is_open BOOLEAN NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (change, position), 
	FOREIGN KEY(change) REFERENCES changes (number)
);
INSERT INTO "targets" VALUES(1,0,'00000000000000000000000000000001in07','planned',1,'{"instance_id":"00000000000000000000000000000001in07","name":"orders-1","kernel":"2.0.63.250300","newest":"2.0.72.251200","path":"direct","zones":2,"nodes":3,"window":"18:00-22:00","region":"cn-north-4","wave":1,"state":"planned","batch":null,"job_id":"","progress":"","submitted_at":null,"traces_before":[],"starts_at":null,"refusal":null,"began_at":null,"ended_at":null,"found":null,"note":null}');
INSERT INTO "targets" VALUES(1,1,'00000000000000000000000000000002in07','planned',1,'{"instance_id":"00000000000000000000000000000002in07","name":"orders-2","kernel":"2.0.63.250300","newest":"2.0.72.251200","path":"direct","zones":2,"nodes":3,"window":"18:00-22:00","region":"cn-north-4","wave":2,"state":"planned","batch":null,"job_id":"","progress":"","submitted_at":null,"traces_before":[],"starts_at":null,"refusal":null,"began_at":null,"ended_at":null,"found":null,"note":null}');
INSERT INTO "targets" VALUES(2,0,'00000000000000000000000000000003in07','failed',1,'{"instance_id":"00000000000000000000000000000003in07","name":"orders-3","kernel":"2.0.63.250300","newest":"2.0.72.251200","path":"direct","zones":2,"nodes":3,"window":"18:00-22:00","region":"cn-north-4","wave":3,"state":"failed","batch":1,"job_id":"job-3","progress":"","submitted_at":"2026-11-24T02:00:00Z","traces_before":[],"starts_at":null,"refusal":null,"began_at":"2026-11-24T02:00:00Z","ended_at":"2026-11-24T03:00:00Z","found":null,"note":{"template":"The cloud says: {why}","plural":"","args":{"why":"disk"}}}');
INSERT INTO "targets" VALUES(2,1,'00000000000000000000000000000004in07','planned',1,'{"instance_id":"00000000000000000000000000000004in07","name":"orders-4","kernel":"2.0.63.250300","newest":"2.0.72.251200","path":"direct","zones":2,"nodes":3,"window":"18:00-22:00","region":"cn-north-4","wave":4,"state":"planned","batch":null,"job_id":"","progress":"","submitted_at":null,"traces_before":[],"starts_at":null,"refusal":null,"began_at":null,"ended_at":null,"found":null,"note":null}');
CREATE INDEX changes_due ON changes (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX changes_state ON changes (state, number);
CREATE INDEX changes_requester ON changes (requester, number);
CREATE UNIQUE INDEX targets_open ON targets (instance_id) WHERE is_open = 1;
CREATE INDEX records_change ON records (change, seq);
CREATE INDEX records_at ON records (at);
CREATE INDEX deliveries_waiting ON deliveries (received_at) WHERE done_at IS NULL;
CREATE INDEX cards_message ON cards (channel, ts);
CREATE UNIQUE INDEX cards_place ON cards (change, role, channel);
CREATE INDEX cards_stale ON cards (retry_at) WHERE version > drawn_version OR last_told > told_seq;
CREATE INDEX freezes_end ON freezes ("end");
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('changes',2);
COMMIT;
