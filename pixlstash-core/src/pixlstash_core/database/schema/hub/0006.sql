-- Version 0 of a link is a draft, of which nobody has the secret. `certificate`: what a stranger found at the last visit.
-- `baseline`: the pictures of a live link when it was made.
alter table link add column certificate text;
alter table link add column baseline blob;
