// Forty charts of a metrics wall at 7680 × 2160, drawn by ECharts on canvas, one update after another. Runs in the page that
// run.mjs makes; leaves its figures in `document.title` as JSON.

const COLUMNS = 10;
const ROWS = 4;
const WIDTH = 7680;
const HEIGHT = 2160;
const POINTS = 288;
const GROUPS = 6;
const WARM_UP = 3;

/** The wall's mix: what each card is. */
const KINDS = [
  ...Array(16).fill("trend"),
  ...Array(10).fill("bars"),
  ...Array(4).fill("ranking"),
  ...Array(4).fill("gauge"),
  ...Array(2).fill("calendar"),
  ...Array(2).fill("multiples"),
  "funnel",
  "sankey",
];

/** The same numbers in every run. */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const line = (next) => {
  let at = 50;
  return Array.from({ length: POINTS }, (_, i) => [i, (at += next() - 0.5)]);
};
const names = Array.from({ length: GROUPS }, (_, i) => `第${i + 1}区`);
const text = { textStyle: { color: "#c8d2dc", fontSize: 26 } };

function option(kind, next) {
  const series = (it) => ({ animation: false, ...text, series: it });
  const grid = (it, x, y) => ({ ...series(it), grid: { left: 60, right: 20, top: 20, bottom: 50 }, xAxis: x, yAxis: y });
  const value = { type: "value" };
  const category = { type: "category", data: names };
  const each = (of) => names.map((name) => ({ name, value: of() }));
  switch (kind) {
    case "trend":
      return grid([{ type: "line", showSymbol: false, data: line(next) }], value, { ...value, scale: true });
    case "multiples":
      return grid(names.map(() => ({ type: "line", showSymbol: false, data: line(next) })), value, { ...value, scale: true });
    case "bars":
      return grid([{ type: "bar", label: { show: true }, data: names.map(() => Math.round(next() * 900)) }], category, value);
    case "ranking":
      return grid([{ type: "bar", label: { show: true }, data: names.map(() => Math.round(next() * 900)) }], value, category);
    case "gauge":
      return series([{ type: "gauge", data: [{ value: Math.round(next() * 100) }] }]);
    case "calendar": {
      const cells = Array.from({ length: 14 * 24 }, (_, i) => [i % 24, Math.floor(i / 24), Math.round(next() * 100)]);
      const hours = { type: "category", data: Array.from({ length: 24 }, (_, i) => i) };
      const days = { type: "category", data: Array.from({ length: 14 }, (_, i) => i) };
      return { ...grid([{ type: "heatmap", data: cells }], hours, days), visualMap: { min: 0, max: 100, show: false } };
    }
    case "funnel":
      return series([{ type: "funnel", data: each(() => next() * 900) }]);
    case "sankey": {
      const links = names.flatMap((from) =>
        names.map((to) => ({ source: from, target: `${to}局`, value: 1 + Math.round(next() * 40) })),
      );
      const data = [...names, ...names.map((it) => `${it}局`)].map((name) => ({ name }));
      return series([{ type: "sankey", data, links }]);
    }
  }
}

function run(echarts, updates) {
  const next = numbers(350200);
  const charts = KINDS.map((kind, i) => {
    const place = document.createElement("div");
    Object.assign(place.style, {
      position: "absolute",
      left: `${((i % COLUMNS) * WIDTH) / COLUMNS}px`,
      top: `${(Math.floor(i / COLUMNS) * HEIGHT) / ROWS}px`,
      width: `${WIDTH / COLUMNS}px`,
      height: `${HEIGHT / ROWS}px`,
    });
    document.body.append(place);
    return echarts.init(place, null, { renderer: "canvas", devicePixelRatio: 1 });
  });
  const times = [];
  for (let i = 0; i < WARM_UP + updates; i++) {
    const options = KINDS.map((kind) => option(kind, next));
    const from = performance.now();
    charts.forEach((chart, n) => {
      chart.setOption(options[n], { notMerge: true, lazyUpdate: false });
      chart.getZr().flush();
    });
    const told = performance.now();
    // Canvas only notes what is to be drawn; asking for a pixel makes it draw.
    charts.forEach((chart) => place(chart).getContext("2d").getImageData(0, 0, 1, 1));
    if (i >= WARM_UP) times.push([told - from, performance.now() - from]);
  }
  return times;
}

const place = (chart) => chart.getDom().querySelector("canvas");
