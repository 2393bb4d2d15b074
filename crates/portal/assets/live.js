// Looks every second whether the server would draw this page anew, and puts what it draws in the place of what is seen. Without it
// the pages say the same, when they are loaded again.
"use strict";

const EVERY_MS = 1000;
let tag = null;

async function look() {
  const response = await fetch(location.pathname, { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
  if (response.status === 200) {
    const first = tag === null;
    tag = response.headers.get("ETag");
    const drawn = new DOMParser().parseFromString(await response.text(), "text/html");
    if (!first || drawn.querySelector("main").textContent !== document.querySelector("main").textContent) {
      replace(drawn);
    }
  }
  return response.status !== 404;
}

/** What is open stays open, and what has the focus keeps it. */
function replace(drawn) {
  const [before, after] = [document.querySelector("main"), drawn.querySelector("main")];
  for (const open of before.querySelectorAll("details[open]")) {
    const same = after.querySelector(`#${CSS.escape(open.id)}`);
    if (same) same.open = true;
  }
  const focused = before.contains(document.activeElement) ? document.activeElement.id : "";
  before.replaceWith(document.adoptNode(after));
  document.title = drawn.title;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** An arrow of the diagram leads to its message: it is opened. */
function openTarget() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) {
    target.open = true;
    target.querySelector("summary").focus();
  }
}

function say(text, isLive) {
  const place = document.getElementById("live");
  if (place.textContent !== text) place.textContent = text;
  place.classList.toggle("on", isLive);
}

async function watch() {
  if (!document.hidden) {
    try {
      if (!(await look())) return say("forgotten by the hub", false);
      say("live", true);
    } catch {
      say("the hub does not answer", false);
    }
  }
  setTimeout(watch, EVERY_MS);
}

addEventListener("hashchange", openTarget);
openTarget();
if (document.querySelector("main[data-live]")) watch();
