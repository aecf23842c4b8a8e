-- A projection is stored in ranges of a hash, each by the process that holds its lease (docs/decisions/0006), and each complete up to a position of its own.

create table projection_range (projection text, range int, position bigint not null, primary key (projection, range));
insert into projection_range select name, n, position from projection, generate_series(0, case name when 'samples' then 15 else 0 end) n;
alter table projection drop column position;
delete from lease where share = 'samples';
