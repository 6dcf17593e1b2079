// Pages work without this file. It tells of a new publication while a page is open, and lets a
// worklist show what was just noted.
"use strict";

const held = document.body.dataset.publication;

async function look() {
  if (!held || document.hidden) return;
  try {
    const answer = await fetch("/publication", { cache: "no-store" });
    if (answer.ok && (await answer.text()) !== held) {
      document.querySelector(".newer").hidden = false;
    }
  } catch {
    // Nobody to ask for a moment; the next look comes.
  }
}

document.addEventListener("visibilitychange", look);
setInterval(look, 60000);

for (const form of document.querySelectorAll('form[action$="/reminders"]')) {
  form.addEventListener("submit", () => {
    if (form.querySelector("input:checked")) setTimeout(() => location.reload(), 2500);
  });
}
