-- What this installation does with reference folders: `store` is a store's public id, `device` the disk it was last on.
create table folder(
  store text primary key,
  watch integer not null default 1 check(watch in (0, 1)),
  device text,
  scanned integer
) without rowid;
