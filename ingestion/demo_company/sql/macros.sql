-- Random draws: a hash of what is drawn, of the seed and of the key, so that a draw never depends
-- on how many others were made. Adding before the last hash keeps draws of one key independent.
create or replace macro u(what, k) as
    (hash((hash(k) >> 2) + (hash(what, getvariable('seed')) >> 2)) >> 11)::double
    / 9007199254740992.0;
create or replace macro z(what, k) as
    sqrt(-2 * ln(greatest(u(what || ' radius', k), 1e-12)))
    * cos(6.283185307179586 * u(what || ' angle', k));
create or replace macro pick(list, what, k) as list[1 + floor(u(what, k) * len(list))::bigint];

-- Local time of an instant in UTC; working time itself is in workdays.py.
create or replace macro local_time(t) as
    t + to_minutes(getvariable('utc_offset')[datediff('day', date '2022-01-01', t::date) + 1]);

-- What has happened by the instant that is projected.
create or replace macro seen(moment) as case when moment <= getvariable('t') then moment end;
create or replace macro happened(moment) as coalesce(moment <= getvariable('t'), false);
-- A translated name as Odoo keeps it.
create or replace macro named(en, fr, it) as
    to_json({'en_US': en, 'fr_FR': fr, 'it_IT': it})::varchar;
