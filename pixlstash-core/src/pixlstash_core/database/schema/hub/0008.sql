-- Folders whose files are copied into the library. `options` is JSON; `device` is the disk it was last on.
create table import_folder(
  id integer primary key autoincrement,
  name text not null,
  path text not null unique,
  watch integer not null default 1 check(watch in (0, 1)),
  remove integer not null default 0 check(remove in (0, 1)),
  options text not null default '{}',
  device text,
  scanned integer,
  imported integer not null default 0
);
-- Files in them that were read, so that they are not read again while size and time stay the same. `state`: imported;
-- refused; remove: imported, and to be deleted. `aside`: the name under which it is right before that.
create table import_file(
  folder integer not null references import_folder(id) on delete cascade,
  key text not null,
  size integer,
  mtime integer,
  state text not null check(state in ('imported', 'refused', 'remove')),
  reason text not null default '',
  picture integer,
  aside text,
  primary key(folder, key)
) without rowid;
create index import_file_problem on import_file(folder, state) where reason != '';
-- What text files beside pictures in a reference folder are, as JSON.
alter table folder add column captions text not null default '[]';
