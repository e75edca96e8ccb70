-- Faces a person chose to tell a character by. `box` of said_who: JSON of left, top, right and bottom as fractions of the
-- upright picture, as in region; it is where the face was when a person said so, and stays there whatever engines find.
alter table said_who add column reference integer not null default 0 check(reference in (0, 1));
create index said_who_boxed on said_who(picture_id, yes) where box is not null;
create index region_face on region(producer_id, picture_id) where vector is not null;
