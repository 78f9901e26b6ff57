-- A key that stands for a person: the id of the Patient. Such a key opens what is about that person, and nothing else
-- (docs/decisions/2026-11-22-keys-that-stand-for-a-person.md).
alter table api_key add column if not exists patient text collate "C";
