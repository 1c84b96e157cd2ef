// Tells while somebody writes how much of the last week a choice selects.
// Without it the preview does.
"use strict";
const count = document.querySelector("output[data-count]");
if (count) {
  const choices = count.closest("form");
  let timer = 0, asked = 0;
  const ask = async () => {
    const mine = ++asked, params = new URLSearchParams({ lang: document.documentElement.lang });
    for (const [name, value] of new FormData(choices)) {
      if (["digest", "theme", "q"].includes(name)) params.append(name, value);
    }
    try {
      const answer = await fetch(`${count.dataset.count}?${params}`, { credentials: "omit" });
      const text = answer.ok ? await answer.text() : "";
      if (mine === asked) count.textContent = text; // a later one counts
    } catch {
      if (mine === asked) count.textContent = "";
    }
  };
  choices.addEventListener("input", (event) => {
    if (!["digest", "theme", "q"].includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 300);
  });
}
