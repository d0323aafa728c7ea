// Readings over MQTT to screens, beside Node-RED: the same broker, publisher (`gulang-hub bench publish`), readings and
// number of screens, one after the other in one run. Prints one JSON object.
//
//   node bench/node-red/run.mjs [--hub target/release/gulang-hub] [--rate 100000] [--secs 10] [--screens 4] [--dir DIR]
//
// Node-RED (and `ws`, which it brings) is installed into --dir, a temporary folder if none is given; mosquitto must be
// installed. Node-RED does the least it can: MQTT in (JSON) to WebSocket out, every message to every screen. The hub keeps
// columns and an alarm rule for each sensor, records, and sends what is newest five times a second; so messages forwarded are
// counted for Node-RED, readings taken for the hub, and the delay is of what a screen got.
//
// Exit status: 0 measured, 1 failed, 2 wrong usage.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const NODE_RED = "node-red@4.1.0";
const children = [];

function options() {
  const known = { hub: path.join(ROOT, "target/release/gulang-hub"), rate: "100000", secs: "10", screens: "4", dir: "" };
  const words = process.argv.slice(2);
  for (let i = 0; i < words.length; i += 2) {
    const name = words[i].replace(/^--/, "");
    if (!(name in known) || words[i + 1] === undefined) {
      console.error(`run.mjs: ${words[i]} is not known, or lacks its value; use --hub, --rate, --secs, --screens, --dir`);
      process.exit(2);
    }
    known[name] = words[i + 1];
  }
  return { ...known, rate: Number(known.rate), secs: Number(known.secs), screens: Number(known.screens) };
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));

async function freePort() {
  const server = net.createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

async function untilListening(port, what, secs = 60) {
  for (let i = 0; i < secs * 10; i++) {
    const isUp = await new Promise((done) => {
      const socket = net.connect(port, "127.0.0.1", () => (socket.destroy(), done(true)));
      socket.on("error", () => done(false));
    });
    if (isUp) return;
    await wait(100);
  }
  throw new Error(`${what} does not listen on port ${port}`);
}

function start(program, args, settings = {}) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"], ...settings });
  child.on("error", (why) => fail(new Error(`${program}: ${why.message}`)));
  children.push(child);
  return child;
}

/** Has `gulang-hub bench publish` publish at an even rate, QoS 0; how many readings were sent, and how many a second. */
async function publish(mqttPort, { hub, rate, secs }) {
  const child = start(hub, ["bench", "publish", "--json", "--broker", `127.0.0.1:${mqttPort}`, "--n", String(rate), "--secs", String(secs)]);
  let text = "";
  child.stdout.on("data", (some) => (text += some));
  const status = await new Promise((done) => child.on("exit", done));
  if (status !== 0) throw new Error(`the publisher ended with ${status}`);
  const { published, per_sec } = JSON.parse(text);
  return { published, per_sec };
}

/** A histogram of whole milliseconds, so that millions of delays take no memory. */
class Delays {
  n = 0;
  counts = new Map();
  add(ms) {
    this.n++;
    this.counts.set(ms, (this.counts.get(ms) ?? 0) + 1);
  }
  at(part) {
    let seen = 0;
    for (const [ms, n] of [...this.counts].sort((a, b) => a[0] - b[0])) {
      seen += n;
      if (seen >= this.n * part) return ms;
    }
    return null;
  }
}

async function nodeRed(dir, mqttPort, asked) {
  const { secs, screens } = asked;
  const port = await freePort();
  const broker = { id: "b", type: "mqtt-broker", name: "", broker: "127.0.0.1", port: String(mqttPort), clientid: "", autoConnect: true, usetls: false, protocolVersion: "4", keepalive: "60", cleansession: true };
  const flow = [
    { id: "f", type: "tab", label: "bench", disabled: false },
    broker,
    { id: "w", type: "websocket-listener", path: "/readings", wholemsg: "false" },
    { id: "i", type: "mqtt in", z: "f", name: "", topic: "sensors/+/reading", qos: "0", datatype: "json", broker: "b", nl: false, rap: true, rh: 0, inputs: 0, x: 1, y: 1, wires: [["o"]] },
    { id: "o", type: "websocket out", z: "f", name: "", server: "w", client: "", x: 2, y: 1, wires: [] },
  ];
  writeFileSync(path.join(dir, "flows.json"), JSON.stringify(flow));
  const settings = { uiPort: port, uiHost: "127.0.0.1", flowFile: "flows.json", httpAdminRoot: false, logging: { console: { level: "off" } }, telemetry: { enabled: false } };
  writeFileSync(path.join(dir, "settings.js"), `module.exports = ${JSON.stringify(settings)};`);
  const child = start(process.execPath, [path.join(dir, "node_modules/node-red/red.js"), "--userDir", dir, "--settings", path.join(dir, "settings.js")]);
  await untilListening(port, "Node-RED");
  await wait(3000); // Its flows start after its server.
  const WebSocket = createRequire(path.join(dir, "node_modules/node-red/"))("ws");
  const delays = new Delays();
  let n_sockets = 0;
  const sockets = await Promise.all(
    Array.from({ length: screens }, () => new Promise((done, failed) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/readings`);
      socket.on("open", () => (n_sockets++, done(socket)));
      socket.on("error", failed);
      socket.on("message", (data) => delays.add(Date.now() - JSON.parse(data.toString()).t));
    })),
  );
  const sent = await publish(mqttPort, asked);
  const inTime = delays.n;
  await wait(5000);
  sockets.forEach((it) => it.terminate());
  child.kill("SIGKILL");
  return {
    ...sent,
    forwarded_while_publishing_per_sec: inTime / n_sockets / secs,
    forwarded: delays.n / n_sockets,
    share_forwarded: delays.n / n_sockets / Math.max(sent.published, 1),
    delay_ms: { p50: delays.at(0.5), p95: delays.at(0.95) },
  };
}

async function gulang(mqttPort, asked) {
  const { hub, secs, screens } = asked;
  const child = start(hub, ["bench", "mqtt", "--json", "--broker", `127.0.0.1:${mqttPort}`, "--screens", String(screens), "--secs", String(secs + 8)]);
  let text = "";
  child.stdout.on("data", (some) => (text += some));
  const ended = new Promise((done) => child.on("exit", done));
  await wait(6000); // The hub founds its city and connects.
  const sent = await publish(mqttPort, asked);
  const status = await ended;
  if (status !== 0) throw new Error(`gulang-hub ended with ${status}`);
  const figures = JSON.parse(text);
  return {
    ...sent,
    taken: figures.taken,
    share_taken: figures.taken / Math.max(sent.published, 1),
    taken_per_sec: figures.taken / secs,
    delay_ms: { p50: figures.message_to_columns_ms.p50, p95: figures.message_to_columns_ms.p95 },
  };
}

function stopAll() {
  for (const child of children) child.kill("SIGKILL");
}

function fail(why) {
  stopAll();
  console.error(`run.mjs: ${why.message}`);
  process.exit(1);
}

async function main() {
  const asked = options();
  if (!existsSync(asked.hub)) {
    console.error(`run.mjs: there is no ${asked.hub}; build it (cargo build --release -p gulang-hub) or name one with --hub`);
    process.exit(2);
  }
  const dir = asked.dir || mkdtempSync(path.join(tmpdir(), "gulang-node-red-"));
  if (!existsSync(path.join(dir, "node_modules/node-red"))) {
    execFileSync("npm", ["install", "--prefix", dir, "--no-audit", "--no-fund", "--omit=optional", NODE_RED], { stdio: ["ignore", "ignore", "inherit"] });
  }
  const port = await freePort();
  const mosquitto = ["/usr/sbin/mosquitto", "/usr/bin/mosquitto"].find(existsSync) ?? "mosquitto";
  start(mosquitto, ["-p", String(port)], { stdio: "ignore" });
  await untilListening(port, "mosquitto", 10);
  const theirs = await nodeRed(dir, port, asked);
  const ours = await gulang(port, asked);
  stopAll();
  const ratio = (a, b) => (b ? a / b : null);
  console.log(JSON.stringify({
    bench: "mqtt beside Node-RED", rate: asked.rate, secs: asked.secs, screens: asked.screens,
    gulang: ours, node_red: { version: NODE_RED, ...theirs },
    ratio: {
      readings_per_sec: ratio(ours.taken_per_sec, theirs.forwarded_while_publishing_per_sec),
      delay_p50: ratio(theirs.delay_ms.p50, ours.delay_ms.p50),
      delay_p95: ratio(theirs.delay_ms.p95, ours.delay_ms.p95),
    },
  }));
}

main().then(() => process.exit(0), fail);
