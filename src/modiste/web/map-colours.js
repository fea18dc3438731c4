// Which colours the map's points may have, and what they say of a column of labels.

import { STEPS } from "./map-drawing.js";

// Distinguishable with any colour vision (after Okabe and Ito's colour universal design); on light ground plum stands
// for their yellow, which is hard to see there; the last is the ink. A test looks at them as the colour-blind do.
export const LIGHT = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#7a1f5c", "#1a1614"];
export const DARK = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442", "#f4efe8"];
const RAMP = ["#440154", "#3b528b", "#21918c", "#5ec962", "#fde725"]; // viridis: as light as it is much
export const OTHERS = { light: "#b9b0a7", dark: "#625953" };

export const rgb = (hex) => [1, 3, 5].map((from) => parseInt(hex.slice(from, from + 2), 16) / 255);

// What to colour by at first: of the columns whose labels with a colour cover three quarters, the finest.
export function tellingColumn(columns) {
  const covers = ({ kind, values, codes }) => kind === "list" && values.length > 1 &&
    codes.filter((code) => code >= 0 && code < LIGHT.length).length >= 0.75 * codes.filter((code) => code >= 0).length;
  return columns.filter(covers).sort((a, b) => b.values.length - a.values.length)[0] ?? columns[0];
}

// The scale's colours from its five, in even steps.
export function scaleColours() {
  return Array.from({ length: STEPS }, (_, step) => {
    const where = (step / (STEPS - 1)) * (RAMP.length - 1);
    const from = Math.min(RAMP.length - 2, Math.floor(where));
    const [a, b] = [rgb(RAMP[from]), rgb(RAMP[from + 1])];
    const mixed = a.map((value, channel) => Math.round(255 * (value + (b[channel] - value) * (where - from))));
    return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
  });
}

// Where a scale begins and ends: all but the two outermost hundredths of the pieces, so that one price in a million
// does not make all others look alike.
export function endsOf({ values, codes }) {
  const sorted = codes.filter((code) => code >= 0).sort();
  return [0.02, 0.98].map((share) => values[sorted[Math.round(share * (sorted.length - 1))]]);
}

// For each value of a scale its step.
export function stepsOf(column) {
  const [low, high] = endsOf(column);
  const share = (value) => (high > low ? Math.max(0, Math.min(1, (value - low) / (high - low))) : 0.5);
  return column.values.map((value) => Math.round(share(value) * (STEPS - 1)));
}
