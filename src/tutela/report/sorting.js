"use strict";
/* The page is whole without this. It adds two comforts: columns that sort, and a search over names. */
(() => {
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  /* Every finding is a table body of its own; its first row has a cell for each column. */
  function value(body, column) {
    const cell = body.rows[0].cells[column];
    return cell.dataset.v ?? cell.textContent;
  }

  function sort(head, button) {
    const table = head.closest("table");
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const numeric = head.dataset.sort === "number";
    const keyed = Array.from(table.tBodies, (body) => [value(body, head.cellIndex), body]);
    keyed.sort(([a], [b]) => (numeric ? a - b : collator.compare(a, b)));
    if (!up) keyed.reverse();
    for (const [, body] of keyed) table.append(body);
    button.focus();
  }

  for (const head of document.querySelectorAll("thead th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, button));
    head.append(button);
  }

  const box = document.getElementById("search");
  if (!box || !document.querySelector("th.file")) return;
  const told = document.querySelector(".search output");
  box.parentNode.hidden = false;
  let waiting = 0;

  function search() {
    const wanted = box.value.trim().toLocaleLowerCase();
    let shown = 0;
    let all = 0;
    for (const group of document.querySelectorAll("details.group")) {
      let here = 0;
      for (const name of group.querySelectorAll("th.file")) {
        const matches = name.dataset.v.toLocaleLowerCase().includes(wanted);
        name.closest("tbody").classList.toggle("unmatched", !matches);
        here += matches;
      }
      if (group.id === "problems") continue;
      if (wanted && here) group.open = true;
      group.classList.toggle("unmatched", !here);
      shown += here;
      all += group.querySelectorAll("th.file").length;
    }
    told.textContent = wanted ? `${shown.toLocaleString("en")} of ${all.toLocaleString("en")} listed` : "";
  }

  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, 120);
  });
})();
