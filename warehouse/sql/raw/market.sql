-- One row: the market file as this build took it, and the run that it was built for.
-- run_id: the run
-- as_of: moment as of which everything is said; what was gathered or published later does not count (UTC)
-- market: market id
-- name: name of the market for readers
-- timezone: IANA zone in which the market counts its days
-- sha256: of the market file's bytes
-- version: version of rivalscope that built this
-- brands: the brands in the order of the file
-- targets: every crawl that the market asks for, in the order of the file; brand is null for search rankings
-- keywords: the searches whose rankings are watched
-- themes: the themes in force, in the order of the customer journey
select run_id, as_of, market, name, timezone, sha256, version, brands, targets, keywords, themes
from read_json(
    getvariable('market_file'),
    format = 'newline_delimited',
    columns = {
        run_id: 'varchar', as_of: 'timestamp', market: 'varchar', name: 'varchar', timezone: 'varchar', sha256: 'varchar',
        version: 'varchar',
        brands: 'struct(id varchar, name varchar, own boolean, aliases varchar[], domains varchar[])[]',
        targets: 'struct(target varchar, brand varchar, kind varchar, source varchar, name varchar, basis varchar, url varchar)[]',
        keywords: 'struct(keyword varchar, engine varchar, locale varchar, device varchar, searches bigint)[]',
        themes: 'struct(theme varchar, name varchar, names json, stage varchar)[]'
    }
)
