-- Column names are close to Marten's (seq_id, id, type, timestamp, data), so that a query written for one reads the other.

-- version: as of the event that indexed.seq_id names; later ones are in events.streams alone
create table streams (id bigint primary key, name text collate "C" not null unique, version bigint not null) with (fillfactor = 80);

-- One row an append's event, however many streams it is in. Positions are dense: seq_id is 1, 2, 3 ... without holes (docs/decisions).
-- streams: varints; how many events of the same append follow this one, then for each of its streams id and version
create table events (
    seq_id bigint primary key, id uuid not null unique, timestamp timestamptz not null, type text not null,
    content_type text not null, metadata bytea, streams bytea not null, data bytea not null);
alter table events alter column data set storage external; -- is packed already

-- Which events a stream has, many a row. version: of the row's first event; events: varints, for each event how far its position is
-- from the one before (the first: its position), and which of the event's streams this is
create table stream_events (stream_id bigint not null, version bigint not null, events bytea not null, primary key (stream_id, version));

-- one row: the position up to which stream_events is complete
create table indexed (seq_id bigint not null);
insert into indexed values (0);

-- the catalogue that the log form of a batch refers to
create table texts (id int primary key, text text not null);
create table series (
    id int primary key, meter int not null, type smallint not null, unit int, resource int not null,
    project int, "user" int, source int not null);
create table metadata (id int primary key, hash bigint not null, json bytea not null);
create index metadata_hash on metadata (hash);
