-- Truth: recorded in changesets, in snapshots, undone and restored.
create table store(
  id integer primary key autoincrement not null,
  public_id text not null unique,
  scheme text not null,
  name text not null,
  params text not null
);
create table picture(
  id integer primary key autoincrement not null,
  public_id text not null unique,
  sha256 blob not null unique,
  name text not null,
  kind text not null,
  format text not null,
  mime text not null,
  width integer not null,
  height integer not null,
  size integer not null,
  created integer not null,
  imported integer not null,
  aspect integer not null,
  colour integer not null,
  phash integer not null,
  moving integer not null,
  seconds real,
  why text,
  predecessor_id integer
);
create table location(
  id integer primary key autoincrement not null,
  picture_id integer not null references picture(id) on delete cascade,
  store_id integer not null references store(id),
  key text not null,
  size integer,
  mtime integer,
  state text not null default 'present',
  unique(store_id, key)
);
create index location_picture on location(picture_id);
create table fact(
  picture_id integer not null references picture(id) on delete cascade,
  name text not null,
  value text not null,
  number real,
  grouping text not null,
  label text not null,
  primary key(picture_id, name, value)
) without rowid;
create index fact_value on fact(name, value, picture_id);
create index fact_number on fact(name, number, picture_id) where number is not null;
create table words(
  picture_id integer primary key not null references picture(id) on delete cascade,
  prompt text,
  negative text
);
create table payload(
  picture_id integer not null references picture(id) on delete cascade,
  name text not null,
  body blob not null, -- zstd of the verbatim text
  primary key(picture_id, name)
) without rowid;

-- What people said.
create table score(
  picture_id integer primary key not null references picture(id) on delete cascade,
  score integer not null check(score between 1 and 5)
);
create table scrapheap(
  picture_id integer primary key not null references picture(id) on delete cascade,
  at integer not null
);

-- Derived: kept by rules from the changeset's ids, never recorded. Prefixed so that a test can tell.
create table derived_grid(
  id integer primary key not null,
  live integer not null,
  created integer not null,
  imported integer not null,
  score integer not null,
  size integer not null,
  aspect integer not null,
  colour integer not null,
  flags integer not null,
  name text not null
);
create index derived_grid_created on derived_grid(live, created, id, aspect);
create index derived_grid_imported on derived_grid(live, imported, id, aspect);
create index derived_grid_score on derived_grid(live, score, created, id, aspect);
create virtual table derived_words using fts5(name, prompt, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2");

-- The log of committed changes on its way to hub.db: written in the change's own transaction, so both or neither exist.
create table derived_outbox(
  revision integer primary key not null,
  at integer not null,
  principal text not null,
  sentence text not null,
  undoable integer not null,
  undoes integer,
  changeset blob,      -- zstd; null when it is not a person's
  digest blob,         -- SHA-256 of the compressed changeset
  schema integer not null,
  events blob not null -- JSON
);
create table derived_revision(noun text primary key not null, revision integer not null) without rowid;
create table setting(name text primary key not null, value text not null) without rowid;
insert into setting values
  ('public_id', lower(hex(randomblob(16)))),
  ('epoch', lower(hex(randomblob(8))));
