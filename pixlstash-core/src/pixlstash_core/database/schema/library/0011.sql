-- Text that engines read in pictures. Truth: recorded in changesets, in snapshots, undone and restored.
-- `text`: the lines, separated by line feeds; `lines`: JSON, for each of them its box (left, top, right and bottom as
-- fractions of the upright picture), confidence, corners (points as fractions, or none) and time in seconds, or null.
create table text_output(
  picture_id integer not null references picture(id) on delete cascade,
  producer_id integer not null references producer(id),
  text text not null,
  lines text not null,
  primary key(picture_id, producer_id)
) without rowid;

-- Derived. The text of each picture as it is compared (`database/nearby.py`), of the first active engine that read any;
-- and its index by every three characters in a row.
create table derived_text(picture_id integer primary key not null, words text not null);
create virtual table derived_text_index using fts5(words, content='', contentless_delete=1, tokenize="trigram case_sensitive 1");
