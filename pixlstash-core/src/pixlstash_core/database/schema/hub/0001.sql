create table owner(id integer primary key check(id = 1), password text, claimed integer);
insert into owner values (1, null, null);
create table token(
  id integer primary key autoincrement,
  public_id text not null unique,
  digest blob not null unique,
  kind text not null check(kind in ('claim', 'token', 'session')),
  rights text not null,
  label text not null default '',
  created integer not null,
  expires integer,
  idle integer,
  last_used integer,
  parent_id integer references token(id) on delete cascade
);
create table setting(name text primary key, value text not null) without rowid;
create table mark(name text primary key, value integer not null) without rowid;
create table intent(id integer primary key autoincrement, kind text not null, body text not null, at integer not null);
create table purged(sha256 blob primary key, at integer not null) without rowid;
create table refusal(store text not null, key text not null, size integer, mtime integer, reason text not null, at integer not null, primary key(store, key)) without rowid;
create table history(
  revision integer primary key,
  at integer not null,
  principal text not null,
  sentence text not null,
  state text not null default 'done',
  undoable integer not null,
  undoes integer,
  changeset blob,
  digest blob,
  schema integer not null
);
create table job(
  id integer primary key autoincrement,
  kind text not null,
  label text not null,
  lane text not null,
  priority integer not null,
  payload text not null,
  state text not null,
  done integer not null default 0,
  total integer,
  error text,
  report text,
  every real,
  due integer not null,
  heartbeat integer,
  started integer,
  finished integer,
  request text
);
create index job_next on job(lane, state, priority desc, due, id);
create table listener(plugin text primary key, position integer not null) without rowid;
create table event(revision integer primary key, body blob not null);
