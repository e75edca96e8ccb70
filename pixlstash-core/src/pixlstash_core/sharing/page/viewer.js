// The viewer of shared pictures: opens the links of `.grid` one by one, full screen. It is used by galleries on disk and by
// the page of a link. Keys: arrows, Home, End, Escape; Z or + zooms, Space starts and stops a slide show.
"use strict";

const SECONDS = 4;

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Have the links in a list open in a viewer. `download`: offer to save the pictures. */
function showPictures(grid, download) {
  const links = [...grid.querySelectorAll("a")];
  const image = element("img", { alt: "" });
  const stage = element("div", { class: "stage", tabindex: "-1" }, image);
  const count = element("span", { role: "status" });
  const play = element("button", { type: "button", "aria-pressed": "false" }, "Slide show");
  const save = element("a", { download: "" }, "Save");
  const close = element("button", { type: "button", "aria-label": "Close" }, "✕");
  const back = element("button", { type: "button", class: "step back", "aria-label": "Previous picture" }, "‹");
  const next = element("button", { type: "button", class: "step next", "aria-label": "Next picture" }, "›");
  const bar = element("div", { class: "bar" }, count, play, ...(download ? [save] : []), close);
  const viewer = element("dialog", { "aria-label": "Picture viewer" }, bar, stage, back, next);
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
    new Image().src = links[(at + 1) % links.length].href;
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
  image.draggable = false;
  play.addEventListener("click", toggle);
  close.addEventListener("click", () => viewer.close());
  back.addEventListener("click", () => step(-1));
  next.addEventListener("click", () => step(1));
  document.body.append(viewer);
}
