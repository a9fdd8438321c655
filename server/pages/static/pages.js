// What the pages do beyond HTML: load folded parts when they are opened, follow a run that goes on.
// Texts come as pages of the same server, which escaped them; nothing here makes markup from data.
"use strict";

async function pageAt(address) {
  const reply = await fetch(address, { headers: { accept: "text/html" } });
  if (!reply.ok || reply.redirected) throw new Error(`${address}: ${reply.status}`);
  return new DOMParser().parseFromString(await reply.text(), "text/html");
}

// A folded part, the first time it is opened.
document.addEventListener("toggle", async (event) => {
  const part = event.target;
  const address = part.dataset && part.dataset.load;
  if (!address || !part.open) return;
  delete part.dataset.load;
  part.setAttribute("aria-busy", "true");
  try {
    const found = (await pageAt(address)).querySelector(".fragment");
    const place = part.querySelector(":scope > .inside") || part.querySelector(":scope > p");
    const inside = document.createElement("div");
    inside.className = "inside";
    inside.append(...document.importNode(found, true).childNodes);
    place.replaceWith(inside);
  } catch {
    part.dataset.load = address; // the link inside still leads there
  } finally {
    part.removeAttribute("aria-busy");
  }
}, true);

// A run that goes on: ask how far it is, and take the page anew when there is more.
const EVERY_MS = 1000;

function takeOver(found) {
  const main = document.getElementById("content");
  if (main.contains(document.activeElement) && document.activeElement.form) return false; // typing
  const fresh = document.importNode(found, true);
  for (const one of main.querySelectorAll("details[id]")) {
    const same = fresh.querySelector(`#${CSS.escape(one.id)}`);
    if (same && !same.dataset.load) same.open = one.open;
  }
  main.replaceWith(fresh);
  return true;
}

async function follow(address) {
  let seen = null;
  for (;;) {
    await new Promise((done) => setTimeout(done, EVERY_MS));
    if (document.hidden) continue;
    try {
      const reply = await fetch(address, { headers: { accept: "application/json" } });
      if (!reply.ok || reply.redirected) return;
      const state = await reply.json();
      const over = state.status !== "running";
      if (over || state.mark !== seen) {
        const page = await pageAt(location.href);
        document.title = page.title;
        if (takeOver(page.getElementById("content"))) seen = state.mark;
        else continue;
      }
      if (over) return;
    } catch {
      // The server is away for a moment; the next round asks again.
    }
  }
}

const live = document.getElementById("content").dataset.live;
if (live) follow(live);
