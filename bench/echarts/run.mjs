// Forty charts of a metrics wall at 7680 × 2160: what one update of all of them costs, beside ECharts on canvas in Chromium,
// one after the other in one run. Prints one JSON object.
//
//   node bench/echarts/run.mjs [--wall target/release/gulang-wall] [--updates 30] [--dir DIR]
//
// ECharts is installed into --dir, a temporary folder if none is given; Chromium must be installed. Every card is drawn anew at
// each update, from made-up figures. An update of ours (`each_frame`) is the charts made and their shapes cut into triangles,
// ready for a GPU, which then fills them. Of theirs `told_ms` is `setOption` and `flush`, which leaves orders for the canvas,
// and is what ours is held against; `drawn_ms` is until the pixels are there, on the processor where there is no GPU.
//
// Exit status: 0 measured, 1 failed, 2 wrong usage.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ECHARTS = "echarts@6.1.0";
const BROWSERS = ["chromium", "chromium-browser", "google-chrome"];

function options() {
  const known = { wall: path.join(HERE, "../../target/release/gulang-wall"), updates: "30", dir: "" };
  const words = process.argv.slice(2);
  for (let i = 0; i < words.length; i += 2) {
    const name = words[i].replace(/^--/, "");
    if (!(name in known) || words[i + 1] === undefined) {
      console.error(`run.mjs: ${words[i]} is not known, or lacks its value; use --wall, --updates, --dir`);
      process.exit(2);
    }
    known[name] = words[i + 1];
  }
  return { ...known, updates: Number(known.updates) };
}

const browser = () => BROWSERS.find((it) => process.env.PATH.split(":").some((dir) => existsSync(path.join(dir, it))));
const sorted = (times) => [...times].sort((a, b) => a - b);
const part = (times, share) => sorted(times)[Math.min(times.length - 1, Math.floor(times.length * share))];
const round = (it) => Math.round(it * 10) / 10;

function echarts(dir, updates) {
  const program = browser();
  if (!program) throw new Error(`none of ${BROWSERS.join(", ")} is installed`);
  if (!existsSync(path.join(dir, "node_modules/echarts"))) {
    execFileSync("npm", ["install", "--no-audit", "--no-fund", "--prefix", dir, ECHARTS], { stdio: "ignore" });
  }
  const library = readFileSync(path.join(dir, "node_modules/echarts/dist/echarts.min.js"), "utf8");
  const own = readFileSync(path.join(HERE, "page.js"), "utf8");
  const page = path.join(dir, "page.html");
  const run = `document.title = JSON.stringify(run(echarts, ${updates}));`;
  writeFileSync(page, `<!doctype html><meta charset="utf-8"><body><script>${library}</script><script>${own}\n${run}</script>`);
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=7680,2160", `--user-data-dir=${dir}/profile`];
  const told = execFileSync(program, [...flags, "--dump-dom", `file://${page}`], { maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "ignore"] });
  const title = /<title>(.*?)<\/title>/s.exec(told.toString());
  if (!title) throw new Error(`the page of ${program} gave no figures`);
  return JSON.parse(title[1]);
}

function ours(wall, updates) {
  const words = ["bench", "metrics", "--size", "7680x2160", "--frames", String(updates), "--json"];
  const told = execFileSync(wall, words, { stdio: ["ignore", "pipe", "inherit"] }).toString();
  return JSON.parse(told.trim().split("\n").pop());
}

const asked = options();
const dir = asked.dir || mkdtempSync(path.join(tmpdir(), "gulang-echarts-"));
try {
  const gulang = ours(asked.wall, asked.updates);
  const theirs = echarts(dir, asked.updates);
  const of = (i) => theirs.map((it) => it[i]);
  const ms = (times) => ({ median: round(part(times, 0.5)), p95: round(part(times, 0.95)) });
  const figures = { version: ECHARTS, told_ms: ms(of(0)), drawn_ms: ms(of(1)) };
  console.log(JSON.stringify({ updates: asked.updates, gulang, echarts: figures }));
} catch (error) {
  console.error(`run.mjs: ${error.message}`);
  process.exitCode = 1;
} finally {
  if (!asked.dir) rmSync(dir, { recursive: true, force: true });
}
