-- What pictures are gathered in. Truth: recorded in changesets, in snapshots, undone and restored.
-- `folded` is the name as it is compared: two names that differ in case only are the same.
create table character(
  id integer primary key autoincrement not null,
  public_id text not null unique,
  name text not null,
  folded text not null unique,
  colour text,
  icon text,
  cover_id integer, -- a picture; ids are never used twice, so that it may lead nowhere
  note text not null default '',
  created integer not null
);
create table said_who( -- what people said; box null: the whole picture
  id integer primary key autoincrement not null,
  picture_id integer not null references picture(id) on delete cascade,
  character_id integer not null references character(id) on delete cascade,
  yes integer not null check(yes in (0, 1)),
  box text,
  time real
);
create unique index said_who_whole on said_who(picture_id, character_id) where box is null;
create index said_who_picture on said_who(picture_id);
create index said_who_character on said_who(character_id, yes, picture_id);
create table picture_set(
  id integer primary key autoincrement not null,
  public_id text not null unique,
  name text not null,
  folded text not null unique,
  colour text,
  icon text,
  cover_id integer, -- a picture; ids are never used twice, so that it may lead nowhere
  note text not null default '',
  created integer not null,
  locked integer not null default 0 check(locked in (0, 1))
);
create table set_member(
  set_id integer not null references picture_set(id) on delete cascade,
  picture_id integer not null references picture(id) on delete cascade,
  position integer not null,
  added integer not null,
  primary key(set_id, picture_id)
) without rowid;
create index set_member_picture on set_member(picture_id);
create index set_member_position on set_member(set_id, position);
create table project(
  id integer primary key autoincrement not null,
  public_id text not null unique,
  name text not null,
  folded text not null unique,
  colour text,
  icon text,
  cover_id integer, -- a picture; ids are never used twice, so that it may lead nowhere
  note text not null default '',
  created integer not null
);
create table project_picture(
  project_id integer not null references project(id) on delete cascade,
  picture_id integer not null references picture(id) on delete cascade,
  added integer not null,
  primary key(project_id, picture_id)
) without rowid;
create index project_picture_picture on project_picture(picture_id);
create table project_set(
  project_id integer not null references project(id) on delete cascade,
  set_id integer not null references picture_set(id) on delete cascade,
  primary key(project_id, set_id)
) without rowid;
create index project_set_set on project_set(set_id);
create table project_character(
  project_id integer not null references project(id) on delete cascade,
  character_id integer not null references character(id) on delete cascade,
  primary key(project_id, character_id)
) without rowid;
create index project_character_character on project_character(character_id);
create table project_link(
  id integer primary key autoincrement not null,
  project_id integer not null references project(id) on delete cascade,
  label text not null,
  url text not null
);
create index project_link_project on project_link(project_id);
create table stack(
  id integer primary key autoincrement not null,
  public_id text not null unique,
  rule text not null,
  created integer not null
);
create table stack_member( -- the leader has the lowest position
  picture_id integer primary key not null references picture(id) on delete cascade,
  stack_id integer not null references stack(id) on delete cascade,
  position integer not null
);
create index stack_member_stack on stack_member(stack_id, position);
create table saved_query(
  id integer primary key autoincrement not null,
  public_id text not null unique,
  name text not null,
  folded text not null unique,
  text text not null,
  position integer not null
);
create table not_duplicate(
  low_id integer not null, -- pictures; a pair of which one is gone for good says nothing any more
  high_id integer not null,
  primary key(low_id, high_id),
  check(low_id < high_id)
) without rowid;
create index not_duplicate_high on not_duplicate(high_id);
create table correction( -- a person's date, and quarter turns clockwise; the original stays as it is
  picture_id integer primary key not null references picture(id) on delete cascade,
  created integer,
  turn integer not null default 0 check(turn between 0 and 3),
  check(created is not null or turn != 0)
);

-- Derived. How many live pictures are in each set, character, project and store, and in the library (0).
create table derived_count(
  noun text not null,
  id integer not null,
  pictures integer not null,
  primary key(noun, id)
) without rowid;
insert into derived_count select 'library', 0, count(*) from derived_grid where live having count(*) > 0;
insert into derived_count
  select 'store', l.store_id, count(distinct l.picture_id) from location l
  where l.state != 'missing' and not exists (select 1 from scrapheap h where h.picture_id = l.picture_id)
  group by l.store_id;
-- Beneath another picture of its stack, and the size in pixels as it is shown.
alter table derived_grid add column covered integer not null default 0;
alter table derived_grid add column width integer not null default 0;
alter table derived_grid add column height integer not null default 0;
update derived_grid set width = p.width, height = p.height from picture p where p.id = derived_grid.id;
