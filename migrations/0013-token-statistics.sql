-- The planner takes a token it does not know for half as frequent as the rarest one it knows. With the usual statistics that is one row in a thousand: so
-- much that in a type of millions it reads all rows in order rather than look for one. Ten times as many known ones cost seconds of analysis.
alter table sx alter column tok set statistics 1000;
