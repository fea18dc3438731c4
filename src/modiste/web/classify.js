// What a photo shows: a model is chosen by its figures, and its labels come back with their probabilities.

import { at, counted, element, percent } from "./dom.js";
import { checkSize, fillSlot, openSlot } from "./photo.js";
import { ask, askJson } from "./server.js";

const FEW = 6; // rows to begin with

let models = [];
let photo = null;
let answer = null; // what the chosen model said of the photo
let threshold = null; // null: as the model itself answers
let whole = false; // whether all rows are shown
let asking = new AbortController();

const chosen = () => models.find(({ id }) => id === document.querySelector("[name=model]:checked")?.value);

// Asking

async function classify() {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  at("desk").dataset.view = "busy";
  at("alert").textContent = "";
  at("verdict").textContent = "Looking…";
  at("reason").textContent = "";
  try {
    checkSize(photo);
    const form = new FormData();
    form.append("photo", photo, photo.name || "pasted photo");
    if (chosen()) form.append("model", chosen().id);
    answer = await (await ask("/v1/classifications", { method: "POST", body: form, signal })).json();
    whole = false;
    at("desk").dataset.view = "shown";
    showAnswer();
  } catch (error) {
    if (signal.aborted) return;
    at("desk").dataset.view = "failed";
    at("answer").hidden = true;
    at("verdict").textContent = "That did not work";
    at("reason").textContent = at("alert").textContent = error.message;
  }
}

// The answer

const isSaid = ({ said, probability }) => (threshold === null ? said : probability >= threshold);

function showAnswer() {
  const { labels, several } = answer;
  const said = labels.filter(isSaid);
  const [first] = said;
  at("verdict").textContent = said.length ? said.map(({ label }) => label).join(", ") : "No label is probable enough";
  at("reason").textContent = !several && first ? `${percent(first.probability)} probable, says ${chosen()?.name ?? "the model"}.` : "";
  at("status").textContent = `${at("verdict").textContent}. ${at("reason").textContent}`;
  at("answer").hidden = false;

  const own = threshold === null;
  at("level").textContent = own ? "the model's own choice" : percent(threshold);
  at("threshold").value = threshold ?? 0.5;
  at("threshold").ariaValueText = at("level").textContent;
  at("own").hidden = own;

  const grouped = new Set(labels.map(({ group }) => group)).size > 1;
  at("columns").replaceChildren(
    ...["Label", ...(grouped ? ["Of"] : []), "Probability", "Answer"].map((textContent) =>
      element("th", { scope: "col", textContent }),
    ),
  );
  const shown = whole ? labels : labels.filter((label, place) => place < FEW || isSaid(label));
  at("rows").replaceChildren(...shown.map((label) => row(label, grouped)));
  at("all").hidden = labels.length <= FEW;
  at("all").textContent = whole ? "Only the most probable" : `All ${labels.length} labels`;
}

function row({ label, group, probability, said }, grouped) {
  const fill = element("span", { className: "fill" });
  fill.style.setProperty("--confidence", percent(probability, 1));
  const bar = element("span", { className: "bar", ariaHidden: "true" }, [fill]);
  if (threshold !== null) {
    bar.append(element("span", { className: "mark" }));
    bar.style.setProperty("--threshold", percent(threshold));
  }
  const number = element("span", { className: "number", textContent: percent(probability, 1) });
  const made = element("tr", { className: isSaid({ said, probability }) ? "said" : "" }, [
    element("th", { scope: "row", textContent: label }),
    ...(grouped ? [element("td", { className: "soft", textContent: group || "–" })] : []),
    element("td", {}, [element("span", { className: "measure" }, [bar, number])]),
    element("td", { textContent: isSaid({ said, probability }) ? "yes" : "no" }),
  ]);
  return made;
}

// The models

const FIGURES = [
  ["accuracy", "Accuracy"],
  ["balanced_accuracy", "Balanced accuracy"],
  ["f1_macro", "Mean F1"],
  ["mean_average_precision", "mAP"],
];

function card({ id, name, labels, groups, several, figures }, place) {
  const input = element("input", { type: "radio", name: "model", value: id, checked: place === 0, id: `model-${place}` });
  input.addEventListener("change", () => photo && classify());
  const what = several
    ? `${counted(labels, "label")}, several per photo`
    : `${counted(labels, "label")}${groups.length ? `: ${groups.join(", ")}` : ""}`;
  const head = element("label", { htmlFor: input.id }, [
    element("strong", { textContent: name }),
    element("span", { className: "soft", textContent: what }),
  ]);
  const parts = [input, head];
  if (figures) {
    const known = FIGURES.filter(([key]) => figures[key] !== null);
    parts.push(
      element("dl", {}, [
        ...known.map(([key, title]) =>
          element("div", {}, [
            element("dt", { textContent: title }),
            element("dd", { textContent: percent(figures[key], 1) }),
          ]),
        ),
        element("div", {}, [
          element("dt", { textContent: "Photos" }),
          element("dd", { textContent: figures.n.toLocaleString("en") }),
        ]),
      ]),
    );
    if (figures.classes.length) parts.push(each(figures.classes, name));
  } else {
    parts.push(element("p", { className: "soft", textContent: "Not measured, as far as this server knows." }));
  }
  return element("div", { className: "model" }, parts);
}

function each(classes, name) {
  const head = ["Label", "Precision", "Recall", "F1", "Photos"].map((textContent) =>
    element("th", { scope: "col", textContent }),
  );
  const rows = classes.map(({ label, precision, recall, f1, support }) =>
    element("tr", {}, [
      element("th", { scope: "row", textContent: label }),
      ...[percent(precision), percent(recall), percent(f1), support.toLocaleString("en")].map((textContent) =>
        element("td", { textContent }),
      ),
    ]),
  );
  const table = element("table", { className: "figures" }, [
    element("thead", {}, [element("tr", {}, head)]),
    element("tbody", {}, rows),
  ]);
  const scroller = element("div", { className: "scroller", tabIndex: 0, role: "region" }, [table]);
  scroller.setAttribute("aria-label", `Each label of ${name}`);
  return element("details", {}, [
    element("summary", { textContent: "Each label" }),
    scroller,
  ]);
}

// Together

at("threshold").addEventListener("input", ({ target }) => {
  threshold = Number(target.value);
  showAnswer();
});
at("own").addEventListener("click", () => {
  threshold = null;
  showAnswer();
  at("threshold").focus();
});
at("all").addEventListener("click", () => {
  whole = !whole;
  showAnswer();
});

openSlot((file) => {
  photo = file;
  fillSlot({ photo, name: file.name || "pasted photo" });
  classify();
});

async function showModels() {
  ({ models } = await askJson("/v1/models"));
  at("models").replaceChildren(...models.map(card));
  at("no-models").hidden = models.length > 0;
}

showModels().catch((error) => {
  at("reason").textContent = at("alert").textContent = error.message;
});
