// The shop's page: a photo goes to the API, three similar pieces come back, or silence and its reason.
// Everything that comes from elsewhere is set as text or as an attribute, never as markup.

const MOST_BYTES = 20_000_000; // what the server reads, see modiste/photos.py
const SAMPLES = 12;
const SAME_PIECE = 0.9995; // a similarity that only the very same photo has

const at = (id) => document.getElementById(id);

const asked = []; // every photo asked about since the page was opened, for the browser's Back and Forward
let asking = new AbortController();

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
  showQuestion(question);
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
  if (photo.size > MOST_BYTES) throw new Error("This file has more than 20 MB. Make the photo smaller.");
  const form = new FormData();
  form.append("photo", photo, name);
  if (id !== undefined) form.append("exclude", id);
  const response = await fetchOrExplain("/v1/recommendations", { method: "POST", body: form, signal });
  return response.json();
}

// A response that is fine, or an Error whose message a shopper can read.
async function fetchOrExplain(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw new Error("The shop cannot be reached. Is the server still running?");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Error(problem.detail ?? `The shop answered with an error (${response.status}).`);
}

// Showing

function showQuestion({ photo, name, url }) {
  const preview = at("preview");
  URL.revokeObjectURL(preview.src);
  preview.src = url ?? URL.createObjectURL(photo);
  preview.alt = name;
  preview.hidden = false;
  at("unshowable").hidden = true;
  at("slot").classList.add("filled");
  at("act").textContent = "Choose another";
}

function showView(view) {
  at("desk").dataset.view = view;
  at("answer").hidden = view === "welcome";
  at("answer").setAttribute("aria-busy", String(view === "busy"));
  at("reason").textContent = "";
  at("alert").textContent = "";
}

function showWelcome() {
  asking.abort();
  showView("welcome");
  at("preview").hidden = at("unshowable").hidden = true;
  at("slot").classList.remove("filled");
  at("act").textContent = "Choose a photo";
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
    element("span", { className: "mat" }, [element("img", { src: item.photo_url, alt: "", draggable: false })]),
    element("span", { className: "name", textContent: item.name }),
    element("span", { className: "similarity", textContent: similarity }),
    element("span", { className: "more", textContent: "More like this" }),
  ]);
  button.addEventListener("click", () => askForLikesOf(item));
  return button;
}

function element(tag, properties = {}, children = []) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const percent = (fraction) => `${Math.round(100 * fraction)}%`;

// The rack: pieces of the shop to begin with, from all over the catalogue.

async function fillRack(spread) {
  const page = async (offset, limit) => (await fetchOrExplain(`/v1/catalogue?offset=${offset}&limit=${limit}`)).json();
  const { total } = await page(0, 1);
  const wanted = Math.min(SAMPLES, total);
  const stretch = total / wanted; // one piece from each stretch of the catalogue
  const offsets = Array.from({ length: wanted }, (_, place) => Math.floor((place + spread()) * stretch));
  const pages = await Promise.all(offsets.map((offset) => page(offset, 1)));
  const items = pages.flatMap(({ items }) => items);
  at("samples").replaceChildren(...items.map((item) => {
    const photo = element("img", { src: item.photo_url, alt: item.name, draggable: false });
    const button = element("button", { type: "button", title: item.name }, [element("span", { className: "mat" }, [photo])]);
    button.addEventListener("click", () => askForLikesOf(item));
    return element("li", {}, [button]);
  }));
  at("count").textContent = total === 1 ? "1 piece" : `${total.toLocaleString("en")} pieces`;
  at("others").hidden = total <= SAMPLES;
  at("rack").hidden = total === 0;
}

// Ways to hand in a photo

function takeFile(file) {
  if (file) ask({ photo: file, name: file.name || "pasted photo" });
}

for (const input of [at("file"), at("camera")]) {
  input.addEventListener("change", () => {
    takeFile(input.files[0]);
    input.value = ""; // so that choosing the same file again is a change, too
  });
}

document.addEventListener("paste", ({ clipboardData }) => takeFile(clipboardData?.files[0]));

const bringsFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files") ?? false;
document.addEventListener("dragover", (event) => {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  at("veil").hidden = false;
});
document.addEventListener("dragleave", ({ relatedTarget }) => {
  if (relatedTarget === null) at("veil").hidden = true; // left the window, not just an element
});
document.addEventListener("drop", (event) => {
  at("veil").hidden = true;
  if (!bringsFiles(event)) return;
  event.preventDefault();
  takeFile(event.dataTransfer.files[0]);
});

// A format that the server reads and this browser does not show, such as TIFF.
at("preview").addEventListener("error", () => {
  at("preview").hidden = true;
  at("unshowable").textContent = at("preview").alt;
  at("unshowable").hidden = false;
});

window.addEventListener("popstate", ({ state }) => {
  const question = asked[state?.question];
  if (question) ask(question, { remember: false });
  else showWelcome();
});

at("others").addEventListener("click", () => fillRack(Math.random).catch((error) => showFailure(error.message)));
fillRack(() => 0.5).catch((error) => showFailure(error.message));
