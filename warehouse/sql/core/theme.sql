-- One row per theme in force.
-- theme: theme id
-- name: name for readers, in English where the theme has an English one
-- names: name by language, as JSON
-- stage: stage of the customer journey: awareness, consideration, purchase, use or advocacy
-- position: place along the journey, from 1
with themes as (
    select unnest(themes) as theme, generate_subscripts(themes, 1) as position
    from raw.market
)
select theme.theme, theme.name, theme.names, theme.stage, position
from themes
