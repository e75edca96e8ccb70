create table upload(
  id text primary key,
  batch text not null,
  principal text not null,
  key text not null,
  name text not null,
  size integer not null,
  received integer not null,
  state text not null check(state in ('receiving', 'taking', 'done')),
  members integer,
  job integer,
  touched integer not null
) without rowid;
create index upload_batch on upload(batch);
create table upload_file(
  upload text not null references upload(id) on delete cascade,
  n integer not null,
  name text not null,
  status text not null,
  picture integer,
  reason text,
  primary key(upload, n)
) without rowid;
