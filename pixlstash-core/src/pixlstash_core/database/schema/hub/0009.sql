-- What sidecars of a reference folder are read and written, as JSON.
alter table folder add column sidecars text not null default '{}';
-- Sidecars as they were last read or written. `base`: their values then, as JSON, from which changes are told; `next_sha256`
-- and `next_base`: what is being written, so that it is recognized if the process is killed; `problem`: why it is left alone.
create table sidecar(
  store text not null,
  place text not null check(place in ('beside', 'mirror')),
  file text not null,
  size integer,
  mtime integer,
  sha256 blob,
  base text not null default '{}',
  next_sha256 blob,
  next_base text,
  problem text not null default '',
  primary key(store, place, file)
) without rowid;
create index sidecar_problem on sidecar(store) where problem != '';
