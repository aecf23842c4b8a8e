-- Everything here but the leases can be built from the log again. The tables of a projection's generation are made when it begins, and their
-- names end in its number.

create table projection (name text primary key, version int not null, generation int not null, position bigint not null);
create sequence generation as int;
create sequence segment_id; -- of all generations: the order in which rows were stored

-- generations that another one took the place of: dropped when no process can be reading them any more
create table replaced (projection text not null, generation int not null, at timestamptz not null default clock_timestamp(), primary key (projection, generation));

-- Who does what (docs/decisions/0006). Time is the database's alone.
create table member (id uuid primary key, name text not null, kinds text[] not null, expires_at timestamptz not null);
create table lease (share text primary key, epoch bigint not null, holder uuid, expires_at timestamptz not null);
