// The shop's page: a photo goes to the API, three similar pieces come back, or silence and its reason.

import { at, counted, element, mat, percent } from "./dom.js";
import { conditions, openFilters, parameters, query } from "./filters.js";
import { checkSize, emptySlot, fillSlot, openSlot } from "./photo.js";
import { ask as fetchOrExplain, askJson } from "./server.js";

const SAMPLES = 12;
const HITS = 24;
const SAME_PIECE = 0.9995; // a similarity that only the very same photo has

const asked = []; // every photo asked about since the page was opened, for the browser's Back and Forward
let asking = new AbortController();
let current = null; // the photo on the desk

// Asking

// A question is a photo (File or Blob) with its name, or one of the shop's own pieces: then `url` says where its
// photo is, and `id` which piece not to recommend.
async function ask(question, { remember = true, moveFocus = false } = {}) {
  if (remember) {
    asked.push(question);
    history.pushState({ question: asked.length - 1 }, "");
  }
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  current = question;
  fillSlot(question);
  showBusy();
  try {
    showAnswer(await recommend(question, signal));
  } catch (error) {
    if (signal.aborted) return;
    showFailure(error.message);
  }
  if (moveFocus) at("verdict").focus({ preventScroll: true });
}

function askForLikesOf({ id, name, photo_url: url }) {
  window.scrollTo({ top: 0 });
  return ask({ id, name, url }, { moveFocus: true });
}

async function recommend({ photo, name, id, url }, signal) {
  photo ??= await (await fetchOrExplain(url, { signal })).blob();
  checkSize(photo);
  const form = new FormData();
  form.append("photo", photo, name);
  if (id !== undefined) form.append("exclude", id);
  const words = at("words").value.trim();
  if (words) form.append("text", words);
  for (const condition of conditions()) form.append("where", condition);
  const response = await fetchOrExplain("/v1/recommendations", { method: "POST", body: form, signal });
  return response.json();
}

// Showing

function showView(view) {
  at("desk").dataset.view = view;
  at("answer").hidden = view === "welcome";
  at("answer").setAttribute("aria-busy", String(view === "busy"));
  at("reason").textContent = "";
  at("alert").textContent = "";
}

function showWelcome() {
  asking.abort();
  current = null;
  showView("welcome");
  emptySlot();
  at("status").textContent = "";
}

function showBusy() {
  showView("busy");
  at("verdict").textContent = "Looking through the collection…";
  at("status").textContent = "Looking through the collection.";
  at("pieces").replaceChildren(
    ...[1, 2, 3].map(() => element("li", { className: "blank", ariaHidden: "true" }, [
      element("span", { className: "mat" }),
      element("span", { className: "line" }),
      element("span", { className: "line" }),
    ])),
  );
}

function showAnswer({ shown, confidence, threshold, items, reason }) {
  showView(shown ? "shown" : "silent");
  const verdict = shown ? "Three pieces like it" : "Nothing close enough";
  at("verdict").textContent = verdict;
  at("reason").textContent = reason ?? "";
  at("percent").textContent = percent(confidence);
  at("threshold").textContent = `We recommend only at ${percent(threshold)} or more.`;
  at("bar").ariaValueNow = String(Math.round(100 * confidence));
  at("bar").ariaValueText = `${percent(confidence)}; recommended only at ${percent(threshold)} or more`;
  at("bar").style.setProperty("--confidence", `${100 * confidence}%`);
  at("bar").style.setProperty("--threshold", `${100 * threshold}%`);
  at("pieces").replaceChildren(...items.map((item) => element("li", {}, [piece(item)])));
  at("status").textContent = [
    `${verdict}.`,
    reason ?? `${items.map(({ name }) => name).join(", ")}.`,
    `Confidence ${percent(confidence)}.`,
  ].join(" ");
}

function showFailure(message) {
  showView("failed");
  at("verdict").textContent = "That did not work";
  at("reason").textContent = message;
  at("pieces").replaceChildren();
  at("status").textContent = "";
  at("alert").textContent = message;
}

function piece(item) {
  const same = item.similarity >= SAME_PIECE;
  const similarity = same ? "The very same photo" : `Similarity ${item.similarity.toFixed(2)}`;
  const button = element("button", { type: "button", className: "piece" }, [
    mat(item),
    element("span", { className: "name", textContent: item.name }),
    element("span", { className: "similarity", textContent: similarity }),
    element("span", { className: "more", textContent: "More like this" }),
  ]);
  button.addEventListener("click", () => askForLikesOf(item));
  return button;
}

// Search by name, and by filters

async function search({ more = false } = {}) {
  if (!query() && conditions().length === 0) return showFound(false);
  const offset = more ? at("hits").children.length : 0;
  const asked = parameters({ offset, limit: HITS });
  const { total, items } = await askJson(`/v1/items?${asked}`);
  if (String(asked) !== String(parameters({ offset, limit: HITS }))) return; // something else is looked for by now
  const cards = items.map((item) => {
    const button = element("button", { type: "button", className: "piece" }, [
      mat(item),
      element("span", { className: "name", textContent: item.name }),
      element("span", { className: "more", textContent: "More like this" }),
    ]);
    button.addEventListener("click", () => askForLikesOf(item));
    return element("li", {}, [button]);
  });
  if (more) at("hits").append(...cards);
  else at("hits").replaceChildren(...cards);
  const told = query() ? `${counted(total, "piece")} for “${query()}”` : counted(total, "piece");
  at("found-title").textContent = at("status").textContent = total ? told : "Nothing is called that here";
  at("further").hidden = at("hits").children.length >= total || items.length === 0;
  showFound(true);
  if (more) cards[0]?.firstElementChild.focus();
  else if (!current) at("found").scrollIntoView({ block: "nearest" });
}

function showFound(found) {
  at("found").hidden = !found;
  at("rack").hidden = found || at("samples").children.length === 0;
}

const searchOrExplain = (options) => search(options).catch((error) => showFailure(error.message));

// The rack: pieces of the shop to begin with, from all over the catalogue.

async function fillRack(spread) {
  const page = (offset, limit) => askJson(`/v1/catalogue?offset=${offset}&limit=${limit}`);
  const { total } = await page(0, 1);
  const wanted = Math.min(SAMPLES, total);
  const stretch = total / wanted; // one piece from each stretch of the catalogue
  const offsets = Array.from({ length: wanted }, (_, place) => Math.floor((place + spread()) * stretch));
  const pages = await Promise.all(offsets.map((offset) => page(offset, 1)));
  const items = pages.flatMap(({ items }) => items);
  at("samples").replaceChildren(...items.map((item) => {
    const button = element("button", { type: "button", title: item.name }, [mat(item, item.name)]);
    button.addEventListener("click", () => askForLikesOf(item));
    return element("li", {}, [button]);
  }));
  at("count").textContent = counted(total, "piece");
  at("others").hidden = total <= SAMPLES;
  at("rack").hidden = total === 0 || !at("found").hidden;
}

openSlot((file) => ask({ photo: file, name: file.name || "pasted photo" }));

window.addEventListener("popstate", ({ state }) => {
  const question = asked[state?.question];
  if (question) ask(question, { remember: false });
  else showWelcome();
});

const askAgain = () => current && ask(current, { remember: false });
at("add-words").addEventListener("submit", (event) => {
  event.preventDefault();
  askAgain();
});
at("forget").addEventListener("click", () => {
  at("query").value = "";
  at("clear").click(); // which tells of the change, too
  at("query").focus();
});
at("further").addEventListener("click", () => searchOrExplain({ more: true }));
let filtered = "";
openFilters(() => {
  searchOrExplain();
  if (filtered !== conditions().join()) askAgain();
  filtered = conditions().join();
}).catch((error) => showFailure(error.message));
at("others").addEventListener("click", () => fillRack(Math.random).catch((error) => showFailure(error.message)));
fillRack(() => 0.5).catch((error) => showFailure(error.message));
