-- What was signed of the log. It does not follow from the log: back it up with it.

create table checkpoint (size bigint primary key, position bigint not null, note text not null);
-- one row: the key that all processes sign with, unless they are given a file
create table key (one bool primary key default true check (one), pem text not null);
