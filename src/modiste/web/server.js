// What is asked of the server, and what is written to it.

import { element } from "./dom.js";

const TOKEN = "modiste-token"; // kept until this tab is closed

// A response that is fine, or an Error whose message people can read.
export async function ask(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The shop cannot be reached. Is the server still running?");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const message = problem.detail ?? `The shop answered with an error (${response.status}).`;
  throw Object.assign(new Error(message), { status: response.status });
}

export const askJson = async (url, options) => (await ask(url, options)).json();

// A write: a form or plain values. Where the server wants a token, people are asked for it and it is tried again.
export async function write(method, url, body) {
  const isForm = body instanceof FormData;
  for (let wrong = false; ; wrong = true) {
    const token = sessionStorage.getItem(TOKEN);
    const headers = {};
    if (token) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
    try {
      return await ask(url, { method, headers, body: isForm || body === undefined ? body : JSON.stringify(body) });
    } catch (error) {
      if (error.status !== 401) throw error;
      sessionStorage.removeItem(TOKEN);
      const given = await askForToken(wrong || Boolean(token));
      if (!given) throw new Error("Nothing was changed: that needs the server's token.");
      sessionStorage.setItem(TOKEN, given);
    }
  }
}

function askForToken(wrong) {
  const input = element("input", { type: "password", id: "token", autocomplete: "off", required: true });
  const cancel = element("button", { type: "button", className: "plain", textContent: "Cancel" });
  const title = element("h2", { id: "token-title", textContent: "The server's token" });
  const form = element("form", { method: "dialog" }, [
    title,
    element("p", {
      className: "soft",
      textContent: wrong
        ? "The server did not take this token. Please check it."
        : "Changes need the token the server was started with. It is kept until you close this tab.",
    }),
    element("label", { className: "field" }, [element("span", { textContent: "Token" }), input]),
    element("div", { className: "acts" }, [element("button", { className: "act", textContent: "Continue" }), cancel]),
  ]);
  const dialog = element("dialog", { className: "sheet small" }, [form]);
  dialog.setAttribute("aria-labelledby", title.id);
  document.body.append(dialog);
  return new Promise((resolve) => {
    form.addEventListener("submit", () => dialog.close(input.value));
    cancel.addEventListener("click", () => dialog.close(""));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    dialog.showModal();
  });
}
