// The page of a link. It exchanges the secret in the address for a cookie, and removes it from the address before.
"use strict";

const main = document.querySelector("main");
const api = `/api/v1/shared/${location.pathname.split("/").pop()}`;
const secret = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

function say(text, ...more) {
  const message = element("p", { role: "status" }, text);
  main.replaceChildren(element("div", { class: "message" }, element("h1", {}, "Shared pictures"), message, ...more));
}

async function ask(path, body) {
  const sent = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(api + path, { cache: "no-store", ...sent });
  const text = await answer.text();
  return { status: answer.status, data: text ? JSON.parse(text) : null };
}

/** Ask for the password of the link. */
function demandPassword(problem) {
  const input = element("input", { id: "password", type: "password", autocomplete: "off", required: "" });
  const form = element("form", {}, element("label", { for: "password" }, "Password"), input, element("button", {}, "Open"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void enter(input.value);
  });
  say(problem, form);
  input.focus();
}

async function enter(password) {
  const { status, data } = await ask("/open", password === undefined ? { secret } : { secret, password });
  if (status === 204) return show();
  if (status === 401 || (status === 429 && password !== undefined)) return demandPassword(data.detail);
  return say(data?.detail ?? "Something went wrong. Try again later.");
}

async function show() {
  const { status, data } = await ask("");
  if (status !== 200) return say(data?.detail ?? "Something went wrong. Try again later.");
  const { title, pictures, download, originals, scores } = data;
  if (title) document.title = title;
  const count = pictures.length === 1 ? "1 picture" : `${pictures.length.toLocaleString("en")} pictures`;
  const hint = scores ? `${count} · open a picture to give it stars` : count;
  const head = element("header", {}, element("h1", {}, title || "Shared pictures"), element("p", {}, hint));
  const items = pictures.map((name, index) => {
    const path = `${api}/pictures/${name}`;
    const image = element("img", { loading: "lazy", alt: `Picture ${index + 1}`, src: `${path}/preview` });
    retryLater(image);
    const link = element("a", { href: `${path}/image` }, image);
    if (download) link.dataset.save = `${path}/image?save=true`;
    if (originals !== "none") link.dataset.original = `${path}/original`;
    if (scores) link.dataset.stars = String(scores[name] ?? 0);
    if (scores) link.dataset.name = name;
    return element("li", {}, link);
  });
  const grid = element("ol", { class: "grid" }, ...items);
  main.replaceChildren(head, grid);
  if (pictures.length) showPictures(grid, download, scores ? rate : undefined);
}

/** Store the stars of a picture. Resolves to a sentence if that failed. */
async function rate(link, score) {
  try {
    const { status, data } = await ask(`/pictures/${link.dataset.name}/score`, { score });
    return status === 204 ? undefined : (data?.detail ?? "Something went wrong. Try again later.");
  } catch {
    return "The server cannot be reached. Try again later.";
  }
}

(secret ? enter() : show()).catch(() => say("The server cannot be reached. Try again later."));
