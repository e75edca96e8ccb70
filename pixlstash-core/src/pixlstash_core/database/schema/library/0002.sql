-- Tags and captions: what engines found, what people said, and what follows from both.
-- Truth: recorded in changesets, in snapshots, undone and restored. A tag is never deleted: bodies name it by its id.
-- `folded` is the name as it is compared. An alias stands for the tag it names; a never-listed tag is not taken from
-- engines.

-- Why a picture has no still, as a word for programs: what may be drawn one day is found by it.
alter table picture add column cause text;
create index picture_undrawn on picture(cause, id) where cause is not null;

create table tag(
  id integer primary key autoincrement not null,
  name text not null,
  folded text not null unique,
  category text not null default '',
  alias_id integer references tag(id),
  never integer not null default 0 check(never in (0, 1)),
  check(alias_id != id)
);
create index tag_alias on tag(alias_id) where alias_id is not null;
create table implication(
  tag_id integer not null references tag(id),
  implied_id integer not null references tag(id),
  primary key(tag_id, implied_id),
  check(tag_id != implied_id)
) without rowid;
create index implication_implied on implication(implied_id);
-- An engine at one revision with one set of output parameters; and those whose outputs count now, the first first.
create table producer(
  id integer primary key autoincrement not null,
  kind text not null,
  engine text not null,
  revision text not null,
  params text not null,
  fingerprint text not null unique,
  package text not null,
  package_version text not null
);
create table active(
  kind text not null,
  producer_id integer not null references producer(id),
  threshold real not null,
  rank integer not null,
  primary key(kind, producer_id)
) without rowid;
-- Success, also an empty one, or an error: what is missing is what is not here.
create table done(
  picture_id integer not null references picture(id) on delete cascade,
  producer_id integer not null references producer(id),
  at integer not null,
  error text,
  primary key(picture_id, producer_id)
) without rowid;
create index done_producer on done(producer_id, picture_id);
-- `body`: entries of u32 tag id and u16 confidence × 65,535, little-endian, ascending by tag id.
create table tag_output(
  picture_id integer not null references picture(id) on delete cascade,
  producer_id integer not null references producer(id),
  body blob not null,
  primary key(picture_id, producer_id)
) without rowid;
create table caption_output(
  picture_id integer not null references picture(id) on delete cascade,
  producer_id integer not null references producer(id),
  text text not null,
  primary key(picture_id, producer_id)
) without rowid;
create table said_tag(
  picture_id integer not null references picture(id) on delete cascade,
  tag_id integer not null references tag(id),
  yes integer not null check(yes in (0, 1)),
  at integer not null,
  primary key(picture_id, tag_id)
) without rowid;
create table said_caption(
  picture_id integer primary key not null references picture(id) on delete cascade,
  text text not null
);

-- Derived. What becomes of a tag: `how` 0 is the tag it stands for, 1 one it implies, 2 it stands for a never-listed
-- tag. Tags that stand for themselves and nothing more have no row. `version` 1 is what is being prepared.
create table derived_meaning(
  version integer not null,
  tag_id integer not null,
  means_id integer not null,
  how integer not null,
  primary key(version, tag_id, means_id)
) without rowid;
create index derived_meaning_means on derived_meaning(version, means_id);
create table derived_active(
  version integer not null,
  producer_id integer not null,
  threshold integer not null,
  rank integer not null,
  primary key(version, producer_id)
) without rowid;
-- `phase` 0: all is derived; 1: what is new is being prepared in `next`; 2: `next` holds, and is being moved to `now`.
create table derived_tagging(
  version integer primary key not null check(version in (0, 1)),
  combine text not null,
  phase integer not null default 0,
  position integer not null default 0
);
insert into derived_tagging(version, combine) values (0, 'union'), (1, 'union');
-- The index from tag to pictures, in blocks of 4,096 pictures: what engines store lies close together, however many
-- tags there are. `now`: confidence × 65,535 above eight bits of state (`tagging.entries`); `next`: what it becomes
-- when what is being prepared is done, null where that is the same.
create table derived_tag(
  block integer not null,
  tag_id integer not null,
  picture_id integer not null,
  now integer not null,
  next integer,
  primary key(block, tag_id, picture_id)
) without rowid;
create table derived_block(block integer primary key not null);
-- The same by picture: entries of u64, little-endian, tag id above `now`, ascending.
create table derived_tags(
  picture_id integer primary key not null,
  body blob not null,
  next blob
);
create table derived_tag_count(
  tag_id integer primary key not null,
  pictures integer not null,
  change integer not null default 0
);
create index derived_tag_count_pictures on derived_tag_count(pictures);
-- Each word a tag's name can be found by.
create table derived_tag_word(
  word text not null,
  tag_id integer not null,
  primary key(word, tag_id)
) without rowid;
create index derived_tag_word_tag on derived_tag_word(tag_id);
-- What queries read.
create view derived_tagged as
  select t.picture_id, t.tag_id,
    case s.phase when 2 then coalesce(t.next, t.now) else t.now end & 1 as effective,
    case s.phase when 2 then coalesce(t.next, t.now) else t.now end & 255 as state,
    case s.phase when 2 then coalesce(t.next, t.now) else t.now end >> 8 as confidence
  from derived_tagging s cross join derived_block b cross join derived_tag t
  where s.version = 0 and t.block = b.block;
create view derived_tagged_pictures as
  select t.picture_id, case s.phase when 2 then coalesce(t.next, t.body) else t.body end as body
  from derived_tagging s cross join derived_tags t where s.version = 0;
-- The caption people are shown: a person's own, else that of the first active captioner that has one.
create view captions as
  select p.id as picture_id, coalesce(
    (select s.text from said_caption s where s.picture_id = p.id),
    (select o.text from active a join caption_output o on o.producer_id = a.producer_id and o.picture_id = p.id
     where a.kind = 'caption' order by a.rank limit 1)) as text
  from picture p;

drop table derived_words;
create virtual table derived_words using fts5(name, prompt, title, description, keywords, negative, caption, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2");
insert into derived_words(rowid, name, prompt, title, description, keywords, negative, caption)
  select p.id, p.name, coalesce(w.prompt, ''),
    (select group_concat(value, ' ') from fact where picture_id = p.id and name = 'title'),
    (select group_concat(value, ' ') from fact where picture_id = p.id and name = 'description'),
    (select group_concat(value, ' | ') from fact where picture_id = p.id and name = 'keyword'),
    coalesce(w.negative, ''), ''
  from picture p left join words w on w.picture_id = p.id;
