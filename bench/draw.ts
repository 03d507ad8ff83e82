import { type EChartsOption, init, type LineSeriesOption } from "echarts";

export interface Axis {
  /** With its unit. */
  name: string;
  log?: boolean;
  min?: number;
  max?: number;
  /** From one tick to the next. */
  interval?: number;
}

export interface Line {
  name: string;
  /** Ours are strong, peers' are pale, a limit is dashed and has no dots. */
  kind: "ours" | "peer" | "limit";
  points: [x: number, y: number][];
}

/** All that a drawing shows; it is also written into the drawing, so that it can be compared. */
export interface Chart {
  title: string;
  subtitle: string;
  x: Axis;
  y: Axis;
  lines: Line[];
}

const SIZE = { width: 960, height: 440 };
/** Of the lines' names, which stand beside the drawing: fonts differ in width, and beside it they have room. */
const LEGEND_WIDTH = 330;
const INK = "#24292f";
const FAINT = "#57606a";
const COLOURS = {
  ours: ["#0550ae", "#1a7f37", "#8250df"],
  peer: ["#cf222e", "#bc4c00", "#bf8700", "#6e7781"],
  limit: ["#24292f"],
};
const SYMBOLS = { ours: "circle", peer: "diamond", limit: "none" };
/** What the limit has beside its name. */
const DASHES = "path://M0 0h8v1.5h-8z M12 0h8v1.5h-8z M24 0h8v1.5h-8z";

/** Draws a chart as SVG: the same chart always gives the same bytes. */
export function draw(chart: Chart): string {
  const canvas = init(null, null, { renderer: "svg", ssr: true, ...SIZE });
  canvas.setOption(optionOf(chart));
  const svg = canvas.renderToSVGString();
  canvas.dispose();

  // The library counts drawings and styles in a process, and names by the counts what it draws. The styles are for a
  // pointer that hovers, which images do not know.
  const still = svg.replaceAll(/<style[\s>].*?<\/style>\s*| class="[^"]*"/gs, "").replaceAll(/\bzr\d+-/g, "zr-");

  return `${still}\n<!-- figures: ${JSON.stringify(chart)} -->\n`;
}

/** Returns the chart that a drawing was made from. */
export function chartIn(svg: string): Chart {
  const [, json] = svg.match(/<!-- figures: (.+) -->/) ?? [];
  if (json === undefined) throw new Error("The drawing has no figures in it");

  return JSON.parse(json) as Chart;
}

function optionOf({ title, subtitle, x, y, lines }: Chart): EChartsOption {
  return {
    animation: false,
    backgroundColor: "#ffffff",
    title: {
      text: title,
      subtext: subtitle,
      left: 16,
      top: 12,
      textStyle: { color: INK, fontSize: 18 },
      subtextStyle: { color: FAINT, fontSize: 13 },
    },
    legend: {
      orient: "vertical",
      left: SIZE.width - LEGEND_WIDTH,
      top: 84,
      itemGap: 14,
      itemWidth: 32,
      textStyle: { color: INK, fontSize: 13 },
      data: lines.map(({ name, kind }) => (kind === "limit" ? { name, icon: DASHES } : { name })),
    },
    grid: { left: 104, right: LEGEND_WIDTH + 32, top: 84, bottom: 64 },
    xAxis: { ...axisOf(x), nameGap: 34, splitLine: { show: false } },
    yAxis: { ...axisOf(y), nameGap: 82 },
    series: lines.map((line) => seriesOf(line, lines)),
  };
}

function seriesOf(line: Line, lines: Line[]): LineSeriesOption {
  const { name, kind, points } = line;
  const i = lines.filter((other) => other.kind === kind).indexOf(line);
  // The first of ours is the widest, so that what lies upon it leaves an edge to be seen.
  const ours = i === 0 ? 4.5 : 2;
  const width = kind === "ours" ? ours : 1.5;

  return {
    type: "line",
    name,
    data: points,
    symbol: SYMBOLS[kind],
    symbolSize: width + 6,
    color: COLOURS[kind][i],
    lineStyle: { width, type: kind === "limit" ? "dashed" : "solid" },
  };
}

function axisOf({ name, log = false, min, max, interval }: Axis) {
  return {
    type: log ? ("log" as const) : ("value" as const),
    name,
    nameLocation: "middle" as const,
    nameTextStyle: { color: INK, fontSize: 13 },
    axisLabel: { color: FAINT, formatter: (value: number) => value.toLocaleString("en") },
    min,
    max,
    interval,
  };
}
