// The viewer of shared pictures: opens the links of `.grid` one by one, full screen. It is used by galleries on disk and by
// the page of a link. Keys: arrows, Home, End, Escape; Z or + zooms, Space starts and stops a slide show; 1 to 5 give
// stars where that is offered, and 0 takes them back.
"use strict";

const SECONDS = 4;
/** How often an image that did not load is asked for again; seconds to wait at first. */
const RETRIES = 6;
const PAUSE = 2;

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Load an image again, a few times, if the server has too much to do. */
function retryLater(image) {
  let tries = 0;
  image.addEventListener("load", () => (tries = 0));
  image.addEventListener("error", () => {
    const address = image.src;
    if (tries++ < RETRIES) setTimeout(() => image.src === address && (image.src = address), tries * PAUSE * 1000);
  });
}

/**
 * Five stars in a group. `onrate(stars)` is called with 0 for the stars that were given already. Returns the group, and
 * a function that shows stars.
 */
function starButtons(onrate) {
  let given = 0;
  const buttons = [1, 2, 3, 4, 5].map((number) => {
    const name = number === 1 ? "1 star" : `${number} stars`;
    const button = element("button", { type: "button", "aria-label": name, "aria-pressed": "false" }, "★");
    button.addEventListener("click", () => onrate(number === given ? 0 : number));
    return button;
  });
  const group = element("div", { class: "stars", role: "group" }, ...buttons);
  function show(stars) {
    given = stars;
    group.setAttribute("aria-label", stars ? `Your score: ${stars} of 5` : "Your score: none");
    buttons.forEach((button, index) => {
      button.classList.toggle("on", index < stars);
      button.setAttribute("aria-pressed", String(index + 1 === stars));
    });
  }
  return { group, show };
}

/**
 * Have the links in a list open in a viewer. `download`: offer to save the pictures. `rate(link, stars)`: store what
 * somebody thinks of a picture; it resolves to a sentence if that failed. The stars are in `dataset.stars`.
 */
function showPictures(grid, download, rate) {
  const links = [...grid.querySelectorAll("a")];
  const image = element("img", { alt: "" });
  const stage = element("div", { class: "stage", tabindex: "-1" }, image);
  const count = element("span", { role: "status" });
  const play = element("button", { type: "button", "aria-pressed": "false" }, "Slide show");
  const save = element("a", { download: "" }, "Save");
  const original = element("a", { download: "" }, "Original");
  const close = element("button", { type: "button", "aria-label": "Close" }, "✕");
  const back = element("button", { type: "button", class: "step back", "aria-label": "Previous picture" }, "‹");
  const next = element("button", { type: "button", class: "step next", "aria-label": "Next picture" }, "›");
  const offered = [...(download ? [save] : []), ...(links[0].dataset.original ? [original] : [])];
  const bar = element("div", { class: "bar" }, count, play, ...offered, close);
  const stars = starButtons((number) => void score(number));
  const problem = element("p", { role: "alert" });
  const below = element("div", { class: "below" }, problem, stars.group);
  const viewer = element("dialog", { "aria-label": "Picture viewer" }, bar, stage, back, next, ...(rate ? [below] : []));
  let at = 0;
  let timer = 0;
  let start = null;

  function show(index) {
    at = (index + links.length) % links.length;
    stage.classList.remove("large");
    image.src = links[at].href;
    image.alt = `Picture ${at + 1} of ${links.length}`;
    count.textContent = `${at + 1} / ${links.length}`;
    if (download) save.href = links[at].dataset.save ?? links[at].href;
    if (links[at].dataset.original) original.href = links[at].dataset.original;
    problem.textContent = "";
    stars.show(Number(links[at].dataset.stars ?? 0));
    new Image().src = links[(at + 1) % links.length].href;
  }

  /** Give the picture stars, which are shown at once, and taken back if they could not be stored. */
  async function score(number) {
    stop();
    const link = links[at];
    const before = link.dataset.stars ?? "0";
    const show = (value) => {
      link.dataset.stars = value;
      if (link === links[at]) stars.show(Number(value));
    };
    show(String(number));
    const wrong = await rate(link, number);
    if (wrong === undefined) return;
    show(before);
    problem.textContent = wrong;
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    play.setAttribute("aria-pressed", "false");
  }

  function toggle() {
    if (timer) return stop();
    timer = setInterval(() => show(at + 1), SECONDS * 1000);
    play.setAttribute("aria-pressed", "true");
  }

  function step(by) {
    stop();
    show(at + by);
  }

  function zoom() {
    stop();
    const large = stage.classList.toggle("large");
    if (large) stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
  }

  const keys = {
    ArrowRight: () => step(1),
    ArrowLeft: () => step(-1),
    Home: () => step(-at),
    End: () => step(links.length - 1 - at),
    z: zoom,
    "+": zoom,
    " ": toggle,
  };
  if (rate) for (const number of [0, 1, 2, 3, 4, 5]) keys[number] = () => void score(number);

  links.forEach((link, index) => {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      show(index);
      viewer.showModal();
      stage.focus();
    });
  });
  viewer.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === " " && event.target.closest("button, a")) return;
    if (stage.classList.contains("large") && event.key.startsWith("Arrow")) return;
    event.preventDefault();
    act();
  });
  viewer.addEventListener("close", () => {
    stop();
    links[at].focus();
    links[at].scrollIntoView({ block: "nearest" });
  });
  stage.addEventListener("pointerdown", (event) => {
    start = event.isPrimary ? { x: event.clientX, y: event.clientY } : null;
  });
  stage.addEventListener("pointerup", (event) => {
    if (!start) return;
    const [x, y] = [event.clientX - start.x, event.clientY - start.y];
    start = null;
    if (stage.classList.contains("large") ? Math.hypot(x, y) < 6 : Math.hypot(x, y) < 6 && event.target === image) zoom();
    else if (!stage.classList.contains("large") && Math.abs(x) > 40 && Math.abs(x) > 2 * Math.abs(y)) step(x < 0 ? 1 : -1);
  });
  stage.addEventListener("pointercancel", () => (start = null));
  retryLater(image);
  image.draggable = false;
  play.addEventListener("click", toggle);
  close.addEventListener("click", () => viewer.close());
  back.addEventListener("click", () => step(-1));
  next.addEventListener("click", () => step(1));
  document.body.append(viewer);
}
