// Everything works without this: local times beside UTC, and news of a page while it is looked at.
"use strict";

const BUSY_MS = 4000, IDLE_MS = 30000, USED_WITHIN_MS = 600000;
const shown = new Intl.DateTimeFormat(undefined, {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hour12: false,
});

function localTimes(root) {
  if (new Date().getTimezoneOffset() === 0) return;
  for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    time.dataset.local = "";
    if (time.closest("table")) {
      time.title = `${shown.format(moment)} here`;
      continue;
    }
    const here = document.createElement("span");
    here.className = "here";
    here.textContent = ` (${shown.format(moment)} here)`;
    time.append(here);
  }
}

let used = Date.now();
for (const event of ["keydown", "pointerdown", "scroll"]) {
  addEventListener(event, () => { used = Date.now(); }, { passive: true });
}

function path(link) {
  return link && link.closest("#content") ? link.getAttribute("href") : null;
}

async function look() {
  const answer = await fetch(location.href, { cache: "no-cache", headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return;
  const news = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (news.body.dataset.position === document.body.dataset.position) return;
  const focused = path(document.activeElement);
  const open = new Set(Array.from(document.querySelectorAll("#content details[open] > summary"), (one) => one.textContent));
  document.body.dataset.position = news.body.dataset.position;
  const fresh = news.querySelector("#content");
  localTimes(fresh);
  for (const summary of fresh.querySelectorAll("details > summary")) {
    if (open.has(summary.textContent)) summary.parentElement.open = true;
  }
  document.querySelector("#content").replaceChildren(...fresh.childNodes);
  if (focused !== null) {
    const again = Array.from(document.querySelectorAll("#content a")).find((link) => link.getAttribute("href") === focused);
    if (again) again.focus({ preventScroll: true });
  }
}

function again() {
  const pause = Date.now() - used < USED_WITHIN_MS ? BUSY_MS : IDLE_MS;
  setTimeout(async () => {
    if (document.visibilityState === "visible" && !document.querySelector("#content :is(input, textarea, select):focus")) {
      try { await look(); } catch { /* away for a moment: the next look tells */ }
    }
    again();
  }, pause * (0.75 + Math.random() / 2));
}

localTimes(document);
if (document.body.dataset.position) again();
