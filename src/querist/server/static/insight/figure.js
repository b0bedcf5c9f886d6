// @ts-check
/** A plotly figure in the page's own colours, drawn again when they change. */

import { onTheme } from "../common/theme.js";

/** What plotly.js offers; it is served as it comes and has no types here. @type {any} */
const Plotly = /** @type {any} */ (globalThis).Plotly;
const ACCENT = "#2f6fed"; // the accent of the reports' figures

/** @param {string} name */
const token = (name) => resolve(`var(${name})`);

/**
 * A colour as the browser computes it, for plotly knows no variables and no light-dark().
 * @param {string} colour
 */
function resolve(colour) {
  const probe = document.createElement("span");
  probe.style.color = colour;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/**
 * @param {string} rgb such as "rgb(1, 2, 3)"
 * @param {string} alpha
 */
const faint = (rgb, alpha) => rgb.replace(/^rgba?\(([^)]*?)(,[^,)]*)?\)$/, (all, inner) => {
  const parts = all.slice(all.indexOf("(") + 1, -1).split(",").slice(0, 3);
  return `rgba(${parts.join(",")},${alpha || inner})`;
});

/**
 * A figure of the report in this page's colours.
 * @param {any} figure
 */
function dress(figure) {
  const ink = token("--soft");
  const line = token("--line");
  const accent = token("--accent");
  const paper = token("--paper");
  const data = structuredClone(figure.data);
  for (const trace of data) {
    if (trace.line?.color === ACCENT) trace.line.color = accent;
    if (trace.marker?.color === ACCENT) trace.marker.color = accent;
    if (trace.fillcolor?.startsWith("rgba(47,111,237,")) {
      trace.fillcolor = faint(accent, trace.fillcolor.split(",")[3].slice(0, -1));
    }
  }
  const layout = structuredClone(figure.layout);
  layout.font = { ...layout.font, color: ink, family: getComputedStyle(document.body).fontFamily };
  layout.hoverlabel = {
    ...layout.hoverlabel,
    bgcolor: paper,
    bordercolor: line,
    font: { color: token("--ink"), family: layout.font.family },
  };
  for (const axis of ["xaxis", "yaxis"]) {
    layout[axis] = { ...layout[axis], gridcolor: line, linecolor: line, tickcolor: line };
  }
  // Around a single point plotly would draw fractions of a label.
  if (data.every((/** @type {any} */ trace) => new Set(trace.x).size < 2)) layout.xaxis.rangemode = "tozero";
  if (innerWidth < 640) {
    layout.height = 320;
    layout.margin = { ...layout.margin, l: 44, r: 8 };
  }
  return { data, layout };
}

/** @type {Map<HTMLElement, any>} */
const drawn = new Map();

/** @param {HTMLElement} place */
function render(place) {
  const { data, layout } = dress(drawn.get(place));
  Plotly.react(place, data, layout, { responsive: true, displayModeBar: false });
}

/**
 * Draw a figure, or draw it again.
 * @param {HTMLElement} place
 * @param {any} figure
 */
export function show(place, figure) {
  place.hidden = !figure || !Plotly;
  if (place.hidden) return;
  drawn.set(place, figure);
  render(place);
}

const again = () => {
  for (const place of drawn.keys()) render(place);
};
onTheme(again);
matchMedia("(max-width: 640px)").addEventListener("change", again);
