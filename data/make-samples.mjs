/**
 * Makes the sample tables of this folder: houses.parquet, flowers.arrow and founding.parquet. See README.md beside it.
 *
 *   node data/make-samples.mjs [folder]        default: the folder of this script
 *
 * Every value is a pure function of (table, column, row): a 32-bit mixer over the three, sums of uniforms for what looks
 * normal, and otherwise + - * / only. So the files come out byte for byte the same on every machine, for the pinned
 * versions of DuckDB and apache-arrow. No real house, person or flower is in them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import * as arrow from 'apache-arrow';

const HERE = fileURLToPath(new URL('.', import.meta.url));

// ---- random numbers

/** A 32-bit hash of 32 bits: xor-shift and multiply, after Chris Wellons' search for low-bias mixers ("lowbias32"). */
function mix(x) {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}

/** Draws for one column of one table. `uniform(row, draw)` is in [0, 1); `normal(row)` has mean 0, deviation 1, |x| <= 6. */
function column(table, name) {
  let key = 0;
  for (const c of `${table}.${name}`) key = mix(key ^ c.codePointAt(0));
  const uniform = (row, draw = 0) => mix(mix(key ^ row) + draw) / 4294967296;
  const normal = (row) => {
    let sum = -6;
    for (let draw = 0; draw < 12; draw++) sum += uniform(row, draw);
    return sum;
  };
  return { uniform, normal };
}

const fourth = (x) => x * x * x * x;
const clamp = (x, low, high) => Math.min(high, Math.max(low, x));
/** Rounds to a multiple of 1 / parts. */
const round = (x, parts = 1) => Math.round(x * parts) / parts;

// ---- houses: a regression with a category, a boolean, missing values and a target on a large scale

const HOUSES = 4000;
/** Price of a square metre at the centre of the district, and how fast it falls with the distance. */
const DISTRICTS = [
  { name: 'Centre', share: 0.22, perMetre: 3600, fall: 0.03 },
  { name: 'Harbour', share: 0.18, perMetre: 3000, fall: 0.02 },
  { name: 'Hills', share: 0.15, perMetre: 3300, fall: 0.005 },
  { name: 'North', share: 0.27, perMetre: 2100, fall: 0.012 },
  { name: 'Riverside', share: 0.18, perMetre: 2600, fall: 0.035 },
];

function pick(choices, u) {
  let sum = 0;
  for (const choice of choices) {
    sum += choice.share;
    if (u < sum) return choice;
  }
  return choices[choices.length - 1];
}

/** One row, in the order of the columns below. */
function house(row) {
  const draw = (name) => column('houses', name);
  const area = clamp(round(95 + 32 * draw('area').normal(row) + 60 * fourth(draw('large').uniform(row)), 10), 24, 320);
  const rooms = clamp(Math.round(area / 27 + 0.7 * draw('rooms').normal(row)), 1, 9);
  const yearBuilt = 1900 + Math.floor(124 * draw('year').uniform(row));
  const distance = round(22 * draw('distance').uniform(row) * draw('distance').uniform(row, 1) + 0.2, 100);
  const garden = Math.max(0, Math.round(25 * distance + 90 * draw('garden').normal(row)));
  const district = pick(DISTRICTS, draw('district').uniform(row));
  const renovated = draw('renovated').uniform(row) < (yearBuilt < 1980 ? 0.4 : 0.1);

  // Old and new houses are dear, those of the sixties and seventies cheap; a renovation helps the old.
  const age = (yearBuilt - 1968) / 56;
  const era = 0.78 + 0.3 * age * age + (renovated ? 0.12 : 0);
  const size = area * (1 - area / 2400);
  const place = district.perMetre / (1 + district.fall * distance * distance * 0.2);
  const price = size * place * era + 110 * garden + 4000 * rooms;
  const noise = 1 + 0.085 * draw('noise').normal(row);

  return [
    area,
    rooms,
    yearBuilt,
    distance,
    draw('gardenMissing').uniform(row) < 0.08 ? null : garden,
    draw('districtMissing').uniform(row) < 0.02 ? null : district.name,
    renovated,
    Math.round((price * noise) / 100) * 100,
  ];
}

async function writeHouses(connection, file) {
  await connection.run(`CREATE TABLE houses (area_m2 DOUBLE, rooms INTEGER, year_built INTEGER, distance_km DOUBLE,
    garden_m2 DOUBLE, district VARCHAR, renovated BOOLEAN, price DOUBLE)`);
  const appender = await connection.createAppender('houses');
  for (let row = 0; row < HOUSES; row++) {
    const [area, rooms, yearBuilt, distance, garden, district, renovated, price] = house(row);
    appender.appendDouble(area);
    appender.appendInteger(rooms);
    appender.appendInteger(yearBuilt);
    appender.appendDouble(distance);
    if (garden === null) appender.appendNull();
    else appender.appendDouble(garden);
    if (district === null) appender.appendNull();
    else appender.appendVarchar(district);
    appender.appendBoolean(renovated);
    appender.appendDouble(price);
    appender.endRow();
  }
  appender.closeSync();
  await writeParquet(connection, 'houses', file);
}

/** Two row groups of up to 2048 rows (the smallest that DuckDB writes), in insertion order. */
async function writeParquet(connection, table, file) {
  const path = file.replaceAll("'", "''");
  await connection.run(`COPY ${table} TO '${path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)`);
}

// ---- founding: the 100 rows that the first network of this project was trained on, y = x0 + x1

async function writeFounding(connection, file) {
  const seed = JSON.parse(readFileSync(join(HERE, '../test/oracles/seed.json'), 'utf8'));
  await connection.run('CREATE TABLE founding (x0 DOUBLE, x1 DOUBLE, y DOUBLE)');
  const appender = await connection.createAppender('founding');
  seed.X.forEach(([x0, x1], row) => {
    for (const value of [x0, x1, seed.y[row]]) appender.appendDouble(value);
    appender.endRow();
  });
  appender.closeSync();
  await writeParquet(connection, 'founding', file);
}

// ---- flowers: four classes, dictionary-encoded, in several record batches

const FLOWERS = 720;
const BATCH = 160;
/** Mean measures of a species, in centimetres; all vary by about a tenth, and a flower that is large is large all over. */
const SPECIES = [
  { name: 'anemone', petalLength: 2.1, petalWidth: 1.5, stemHeight: 14, bloomWeek: 15 },
  { name: 'crocus', petalLength: 3.4, petalWidth: 1.3, stemHeight: 9, bloomWeek: 11 },
  { name: 'gentian', petalLength: 4.6, petalWidth: 1.6, stemHeight: 11, bloomWeek: 27 },
  { name: 'primrose', petalLength: 1.7, petalWidth: 1.4, stemHeight: 12, bloomWeek: 15 },
];

function flower(row) {
  const draw = (name) => column('flowers', name);
  const code = Math.floor(4 * draw('species').uniform(row));
  const species = SPECIES[code];
  const size = 1 + 0.08 * draw('size').normal(row);
  const measure = (name) => round(species[name] * size * (1 + 0.09 * draw(name).normal(row)), 100);
  return {
    petalLength: measure('petalLength'),
    petalWidth: draw('petalWidthMissing').uniform(row) < 0.01 ? null : measure('petalWidth'),
    stemHeight: measure('stemHeight'),
    bloomWeek: clamp(Math.round(species.bloomWeek + 2.5 * draw('bloomWeek').normal(row)), 1, 52),
    code,
  };
}

function writeFlowers(file) {
  const rows = Array.from({ length: FLOWERS }, (_, row) => flower(row));
  const names = arrow.vectorFromArray(
    SPECIES.map(({ name }) => name),
    new arrow.Utf8(),
  );
  const species = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8(), 0);
  const schema = new arrow.Schema([
    new arrow.Field('petal_length', new arrow.Float64(), false),
    new arrow.Field('petal_width', new arrow.Float64(), true),
    new arrow.Field('stem_height', new arrow.Float32(), false),
    new arrow.Field('bloom_week', new arrow.Int16(), false),
    new arrow.Field('species', species, false),
  ]);
  const batches = [];
  for (let start = 0; start < FLOWERS; start += BATCH) {
    const part = rows.slice(start, start + BATCH);
    const data = (name, type) =>
      arrow.vectorFromArray(
        part.map((r) => r[name]),
        type,
      ).data[0];
    const children = [
      data('petalLength', new arrow.Float64()),
      data('petalWidth', new arrow.Float64()),
      data('stemHeight', new arrow.Float32()),
      data('bloomWeek', new arrow.Int16()),
      arrow.makeData({ type: species, dictionary: names, data: Int8Array.from(part, (r) => r.code) }),
    ];
    const type = new arrow.Struct(schema.fields);
    batches.push(new arrow.RecordBatch(schema, arrow.makeData({ type, length: part.length, children })));
  }
  writeFileSync(file, arrow.tableToIPC(new arrow.Table(schema, batches), 'file'));
}

// ---- all of them

const folder = process.argv[2] ?? HERE;
const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await instance.connect();
await writeHouses(connection, join(folder, 'houses.parquet'));
await writeFounding(connection, join(folder, 'founding.parquet'));
writeFlowers(join(folder, 'flowers.arrow'));
connection.closeSync();
instance.closeSync();
