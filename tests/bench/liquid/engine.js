// SPDX-License-Identifier: BSD-2-Clause
//
// liquidjs, Handlebars and Nunjucks as engines that run.py compares; see ours.c for the
// protocol. They are loaded from node_modules of the current folder.

"use strict";

const fs = require("fs");
const path = require("path");

const BATCH = 50;

const [engine, variant, mode, templateFile, dataFile, partials] = process.argv.slice(2);

function load(name) {
  const folder = path.join(process.cwd(), "node_modules", name);
  return [require(folder), require(path.join(folder, "package.json")).version];
}

// What Handlebars and Nunjucks leave to the application.

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August",
  "September", "October", "November", "December"];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

const two = (n) => (n < 10 ? "0" + n : "" + n);

const PARTS = {
  d: (date) => two(date.getUTCDate()),
  m: (date) => two(date.getUTCMonth() + 1),
  Y: (date) => "" + date.getUTCFullYear(),
  A: (date) => DAYS[date.getUTCDay()],
  B: (date) => MONTHS[date.getUTCMonth()],
  b: (date) => MONTHS[date.getUTCMonth()].slice(0, 3),
};

// Each format is taken apart once.
const formats = new Map();

function formatOf(text) {
  let pieces = formats.get(text);
  if (pieces === undefined) {
    pieces = text.split(/(%[a-zA-Z])/).filter((piece) => piece !== "")
      .map((piece) => (piece[0] === "%" ? PARTS[piece[1]] : () => piece));
    formats.set(text, pieces);
  }
  return pieces;
}

function date(text, format) {
  const at = new Date(text);
  let out = "";
  for (const piece of formatOf(format)) {
    out += piece(at);
  }
  return out;
}

function money(amount) {
  const text = amount.toFixed(2);
  return text.length <= 6 ? "$" + text : "$" + text.replace(/\d(?=(\d{3})+\.)/g, "$&,");
}

const shorten = (text, length) =>
  (text.length <= length ? text : text.slice(0, length - 3) + "...");

const HELPERS = {
  date,
  money,
  truncate: shorten,
  upcase: (text) => text.toUpperCase(),
  capitalize: (text) => text.charAt(0).toUpperCase() + text.slice(1).toLowerCase(),
  default: (value, other) => value || other,
  plus: (a, b) => a + b,
  times: (a, b) => a * b,
  join: (list, glue) => list.join(glue),
  url_encode: (text) => encodeURIComponent(text),
  eq: (a, b) => a === b,
  gt: (a, b) => a > b,
  lt: (a, b) => a < b,
};

function compileHandlebars(source) {
  const [handlebars, version] = load("handlebars");
  const options = { knownHelpersOnly: true, knownHelpers: {} };
  for (const name of Object.keys(HELPERS)) {
    handlebars.registerHelper(name, HELPERS[name]);
    options.knownHelpers[name] = true;
  }
  const template = handlebars.compile(source, options);
  return [(row) => template(row), version];
}

function compileNunjucks(source) {
  const [nunjucks, version] = load("nunjucks");
  const environment = new nunjucks.Environment(null, { autoescape: mode === "html" });
  environment.addFilter("date", date);
  environment.addFilter("money", money);
  environment.addFilter("shorten", shorten);
  const template = new nunjucks.Template(source, environment, "bench", true);
  return [(row) => template.render(row), version];
}

// increment and decrement count in the outermost object: it is copied, one level deep.
function compileLiquidjs(source) {
  const [{ Liquid }, version] = load("liquidjs");
  const liquid = new Liquid({
    root: partials,
    cache: true,
    timezoneOffset: 0,
    ownPropertyOnly: !variant.includes("prototypes"),
    outputEscape: mode === "html" ? "escape" : undefined,
  });
  liquid.registerFilter("money", money);
  if (variant.includes("plain-date")) {
    liquid.registerFilter("date", date);
  }
  const template = liquid.parse(source);
  return [(row) => liquid.renderSync(template, { ...row }), version];
}

const COMPILERS = {
  handlebars: compileHandlebars, nunjucks: compileNunjucks, liquidjs: compileLiquidjs,
};

function* linesOf(file) {
  const fd = fs.openSync(file, "r");
  const chunk = Buffer.alloc(1 << 20);
  let rest = Buffer.alloc(0);
  for (;;) {
    const n = fs.readSync(fd, chunk, 0, chunk.length, null);
    if (n === 0) {
      break;
    }
    const data = Buffer.concat([rest, chunk.subarray(0, n)]);
    let begin = 0;
    let end;
    while ((end = data.indexOf(10, begin)) >= 0) {
      yield data.toString("utf8", begin, end);
      begin = end + 1;
    }
    rest = Buffer.from(data.subarray(begin));
  }
  fs.closeSync(fd);
}

function* linesForEver(file) {
  for (;;) {
    yield* linesOf(file);
  }
}

function cpuNow() {
  const used = process.cpuUsage();
  return (used.user + used.system) * 1000;
}

function run(render, lines, seconds) {
  let renders = 0;
  let wall = 0;
  let cpu = 0;
  let size = 0;
  while (wall < seconds * 1e9) {
    const batch = [];
    while (batch.length < BATCH) {
      batch.push(JSON.parse(lines.next().value));
    }
    const wallBegan = process.hrtime.bigint();
    const cpuBegan = cpuNow();
    for (const row of batch) {
      size += render(row).length;
    }
    cpu += cpuNow() - cpuBegan;
    wall += Number(process.hrtime.bigint() - wallBegan);
    renders += BATCH;
  }
  return `${renders} ${wall} ${cpu} ${size}\n`;
}

function write(render, step, to) {
  const out = fs.openSync(to, "w");
  let number = 0;
  for (const line of linesOf(dataFile)) {
    if (number % step === 0) {
      const output = Buffer.from(render(JSON.parse(line)));
      fs.writeSync(out, `${number} ${output.length}\n`);
      fs.writeSync(out, output);
      fs.writeSync(out, "\n");
    }
    number++;
  }
  fs.closeSync(out);
  return "written\n";
}

const [render, version] = COMPILERS[engine](fs.readFileSync(templateFile, "utf8"));
const lines = linesForEver(dataFile);
process.stdout.write(`ready ${version}, Node.js ${process.versions.node}\n`);
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const words = line.split(" ");
  process.stdout.write(words[0] === "write" ? write(render, Number(words[1]), words[2])
    : run(render, lines, Number(words[1])));
});
