// How often the shop is right, what is promised of it, and what another threshold would do.

import { at, counted, drawn, element, percent } from "./dom.js";
import { askJson } from "./server.js";

const MOST_TOLERATED = 0.3;
const BEGIN = 0.05;
const CASES = 6; // examples of each kind

let choices = null;

// Now

function showNow({ threshold, promise }, quality) {
  const facts = [["Threshold", percent(threshold, 1), "less sure answers are withheld"]];
  if (promise) {
    facts.push(["Promised", `≤ ${percent(promise.max_error, 1)}`, `of what is shown is wrong, ${percent(promise.confidence)} sure`]);
    const units = promise.unit === "type" ? "types" : "groups of nearly equal photos";
    at("promise").textContent =
      `The promise rests on ${promise.units.toLocaleString("en")} ${units}, of which ${promise.shown.toLocaleString("en")} ` +
      `were shown and ${promise.wrong.toLocaleString("en")} of those were wrong. It is about photos like those.`;
  } else {
    at("promise").textContent = "Nothing is promised of this threshold yet: modiste calibrate does that, with labelled photos.";
  }
  if (quality) {
    const [low, high] = quality.interval;
    facts.push(
      quality.answers
        ? ["Wrong, by feedback", percent(quality.error, 1), `${quality.wrong} of ${counted(quality.answers, "answer")}; 95 %: ${percent(low, 1)} to ${percent(high, 1)}`]
        : ["Feedback", "none yet", "POST /v1/feedback takes it"],
    );
    if (quality.alarm) {
      at("alarm").hidden = false;
      at("alarm").textContent =
        `The promise is broken: feedback says ${percent(quality.error, 1)} of the answers are wrong, ` +
        `${percent(quality.promised_error, 1)} was promised. Calibrate again with photos like today's.`;
    }
  }
  at("facts").replaceChildren(...facts.map(fact));
}

const fact = ([title, value, about]) =>
  element("div", {}, [
    element("dt", { textContent: title }),
    element("dd", { className: "value", textContent: value }),
    element("dd", { className: "soft", textContent: about }),
  ]);

// Other thresholds

function beginChoice() {
  const { curve, model } = choices;
  if (!curve || curve.points.length === 0) {
    at("about").textContent =
      "This server knows no measurements. Measure the model with modiste evaluate MODEL --data PHOTOS --splits SPLITS " +
      "--out results.json, and start the server with --results results.json.";
    return;
  }
  at("about").textContent = measuredOn(curve, model);
  const worst = Math.max(...curve.points.map(({ error }) => error));
  Object.assign(at("tolerated"), {
    min: 0,
    max: Math.min(MOST_TOLERATED, Math.ceil(200 * worst) / 200) || 0.01,
    step: 0.0025,
    value: BEGIN,
  });
  at("tolerated").addEventListener("input", showChoice);
  at("choice").hidden = false;
  showChoice();
  let drawnAt = at("chart").clientWidth;
  new ResizeObserver(() => {
    if (drawnAt === at("chart").clientWidth) return;
    drawnAt = at("chart").clientWidth;
    draw(best(Number(at("tolerated").value)));
  }).observe(at("chart"));
}

// On what, said plainly: what was measured elsewhere is no promise for this catalogue.
function measuredOn({ source, n, model: measured }, model) {
  const strange = measured === model ? "" : ` It was another model than this server's ${model}.`;
  if (source === "rehearsal") {
    return (
      `Measured in training, not on this catalogue: on ${counted(n, "photo")} of the training data, with a shorter run ` +
      `of the same training that had not learned every third of their types.${strange} The confidence was fitted to the ` +
      "same photos, so expect a little more error than this."
    );
  }
  if (source === "labelled photos") {
    return `Measured by modiste calibrate on ${counted(n, "labelled photo")}, nearly equal ones counted once, with ${measured}.${strange}`;
  }
  return `Measured on ${counted(n, "test photo")} with ${measured}.${strange}`;
}

// The threshold that shows most and keeps to the error.
const best = (tolerated) =>
  choices.curve.points
    .filter(({ error }) => error <= tolerated + 1e-9)
    .reduce((most, point) => (most === null || point.coverage > most.coverage ? point : most), null);

function showChoice() {
  const tolerated = Number(at("tolerated").value);
  const point = best(tolerated);
  at("error").textContent = percent(tolerated, 2);
  at("tolerated").ariaValueText = `${percent(tolerated, 2)}: ${point ? `${percent(point.coverage)} answered` : "nothing answered"}`;
  const facts = point
    ? [
      ["Answered", percent(point.coverage, 1), "of the photos"],
      ["Wrong", percent(point.error, 1), "of those answers"],
      ["Threshold", percent(point.threshold, 1), "of confidence"],
    ]
    : [["Answered", "0%", "no threshold keeps to so small an error"]];
  at("chosen").replaceChildren(...facts.map(fact));
  const lines = [`modiste calibrate MODEL --data PHOTOS --labels CHECKED.csv --catalogue SHOP --max-error ${Math.max(tolerated, 0.0025)}`];
  if (point) lines.push(`modiste serve SHOP --model MODEL --threshold ${point.threshold.toFixed(4)}`);
  at("commands").textContent = lines.join("\n");
  draw(point);
  showExamples(point?.threshold ?? Infinity);
}

function showExamples(threshold) {
  const { examples } = choices.curve;
  const shown = examples.filter(({ confidence }) => confidence >= threshold);
  const withheld = examples.filter(({ confidence }) => confidence < threshold);
  at("examples").hidden = examples.length === 0;
  at("cases").replaceChildren(
    ...[...spread(shown), ...spread(withheld)].map((example) => caseOf(example, example.confidence >= threshold)),
  );
}

// Right and wrong ones take turns.
function spread(examples) {
  const right = examples.filter((example) => example.right);
  const wrong = examples.filter((example) => !example.right);
  return examples.flatMap((_, place) => [right[place], wrong[place]].filter(Boolean)).slice(0, CASES);
}

function caseOf({ type, photo, items, item_photos: photos, confidence, right }, shown) {
  const picture = (src, alt) =>
    element("span", { className: "mat" }, src ? [element("img", { src, alt })] : [element("span", { className: "gone", textContent: alt })]);
  const verdict = `${shown ? "Shown" : "Withheld"}, ${right ? "right" : "wrong"}`;
  return element("li", { className: shown ? "shown" : "withheld" }, [
    element("div", { className: "row" }, [picture(photo, type), ...items.map((item, place) => picture(photos[place], item))]),
    element("p", {}, [
      element("strong", { textContent: verdict }),
      element("span", { className: "soft", textContent: ` · ${type} · ${percent(confidence)}` }),
    ]),
  ]);
}

// The chart: error against coverage, drawn as wide as there is room, so that its letters stay readable.

function draw(point) {
  const { points } = choices.curve;
  const width = Math.max(280, at("chart").clientWidth);
  const height = Math.min(360, Math.max(240, width * 0.5));
  const [left, right, top, bottom] = [48, 14, 14, 44];
  const most = Math.max(0.01, ...points.map(({ error }) => error), Number(at("tolerated").value)) * 1.08;
  const x = (coverage) => left + coverage * (width - left - right);
  const y = (error) => height - bottom - (error / most) * (height - top - bottom);
  const text = (words, attributes, className = "tick") => {
    const made = drawn("text", { class: className, ...attributes });
    made.textContent = words;
    return made;
  };
  const tolerated = Number(at("tolerated").value);
  const step = [0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2].find((size) => most / size <= 6) ?? 0.25;
  const errors = Array.from({ length: Math.floor(most / step) + 1 }, (_, place) => place * step);
  const line = points.map(({ coverage, error }, place) => `${place ? "L" : "M"}${x(coverage).toFixed(1)} ${y(error).toFixed(1)}`).join("");
  const now = nearest(choices.threshold);
  const parts = [
    drawn("rect", { class: "fine", x: left, y: y(tolerated), width: width - left - right, height: y(0) - y(tolerated) }),
    ...errors.flatMap((error) => [
      drawn("line", { class: "grid", x1: left, x2: width - right, y1: y(error), y2: y(error) }),
      text(percent(error, step < 0.01 ? 1 : 0), { x: left - 8, y: y(error) + 4, "text-anchor": "end" }),
    ]),
    ...[0, 0.25, 0.5, 0.75, 1].map((coverage) =>
      text(percent(coverage), { x: x(coverage), y: height - bottom + 20, "text-anchor": coverage === 1 ? "end" : "middle" }),
    ),
    text("photos answered", { x: (left + width - right) / 2, y: height - 6, "text-anchor": "middle" }, "axis"),
    text("of those, wrong", { x: left + 6, y: top + 10 }, "axis"),
    drawn("line", { class: "limit", x1: left, x2: width - right, y1: y(tolerated), y2: y(tolerated) }),
    drawn("path", { class: "curve", d: line }),
  ];
  if (now) {
    parts.push(drawn("circle", { class: "now", cx: x(now.coverage), cy: y(now.error), r: 5 }));
    const end = now.coverage > 0.7;
    parts.push(text("now", { x: x(now.coverage) + (end ? -9 : 9), y: y(now.error) + (end ? -8 : 16), "text-anchor": end ? "end" : "start" }, "axis"));
  }
  if (point) parts.push(drawn("circle", { class: "point", cx: x(point.coverage), cy: y(point.error), r: 7 }));
  const told = point
    ? `With at most ${percent(tolerated, 1)} wrong, ${percent(point.coverage)} of the photos are answered.`
    : `No threshold has at most ${percent(tolerated, 1)} wrong.`;
  const picture = drawn("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" }, parts);
  picture.setAttribute("aria-label", `The share of wrong answers against the share of photos answered. ${told}`);
  at("chart").replaceChildren(picture);
}

// The point of the curve at this server's threshold; none if the curve is another model's.
function nearest(threshold) {
  if (choices.curve.model !== choices.model) return null;
  const shown = choices.curve.points.filter((point) => point.threshold >= threshold);
  return shown.at(-1) ?? choices.curve.points[0];
}

async function begin() {
  const none = (error) => {
    if (error.status === 404) return null; // this server takes no feedback
    throw error;
  };
  const [found, quality] = await Promise.all([askJson("/v1/quality/curve"), askJson("/v1/quality").catch(none)]);
  choices = found;
  showNow(choices, quality);
  beginChoice();
}

begin().catch((error) => {
  at("alarm").hidden = false;
  at("alarm").textContent = error.message;
});
