-- What resources are sorted by where no side table has it: ord holds the least and the greatest code of each token parameter, under the parameter's
-- number and the number with a minus behind it (where they differ); target is what a reference leads to, as text. Neither has an index: the rows a
-- search finds are sorted when they are found. Rows of an older version have neither, and come last.
alter table sx add column if not exists ord jsonb;
alter table sx_ref add column if not exists target text collate "C";
