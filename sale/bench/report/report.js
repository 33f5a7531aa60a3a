"use strict";

/* What a cell is worth when its column is sorted: null for what is unknown, else number or text. */
const worth = (text) => {
  const told = text.trim();
  if (["", "–", "unknown", "·", "?"].includes(told)) return null;
  if (told[0] === "✓") return 1;
  if (told[0] === "✗") return 0;
  const part = /^(\d+)\/(\d+)/.exec(told);
  if (part) return part[1] / part[2];
  const number = /^([+-]?)\$?(\d[\d,]*(?:\.\d+)?)(?![\w.-])/.exec(told);
  return number ? Number(number[1] + number[2].replaceAll(",", "")) : told.toLowerCase();
};

/* Numbers before texts, what is unknown last, whichever way it is sorted. */
const compare = (a, b, down) => {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  const order = typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
  return down ? -order : order;
};

/* The order of the rows by their cells of one column; rows that are equal stay as they were. */
const order = (texts, down) => {
  const values = texts.map(worth);
  return texts.map((_, row) => row).sort((a, b) => compare(values[a], values[b], down) || a - b);
};

const sortable = (table) => {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const rows = [...table.tBodies[0].rows];
      const texts = rows.map((row) => row.cells[column].textContent);
      const words = typeof texts.map(worth).find((one) => one !== null) === "string";
      const down = now === "none" ? !words : now === "ascending";
      heads.forEach((one) => one.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      table.tBodies[0].append(...order(texts, down).map((row) => rows[row]));
    });
  });
};

const filter = (box) => {
  const table = document.getElementById(box.dataset.table);
  const differ = document.getElementById(box.dataset.differ);
  const told = document.getElementById(box.dataset.told);
  const rows = [...table.tBodies[0].rows].map((row) => [
    row,
    `${row.cells[0].textContent} ${row.cells[1].textContent}`.toLowerCase(),
  ]);
  const apply = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [row, text] of rows) {
      const fits = words.every((word) => text.includes(word));
      row.hidden = !fits || (differ.checked && !row.classList.contains("d"));
      shown += row.hidden ? 0 : 1;
    }
    told.textContent = `${shown} of ${rows.length} tasks`;
  };
  box.addEventListener("input", apply);
  differ.addEventListener("change", apply);
  apply();
};

const copies = (code) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "selected";
    }
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });
  code.after(button);
};

/* A link to something inside a closed part opens it. */
const opened = () => {
  const target = document.getElementById(location.hash.slice(1));
  const parts = [];
  for (let part = target; part; part = part.parentElement) parts.push(part);
  const closed = parts.filter((part) => part.tagName === "DETAILS" && !part.open);
  closed.forEach((part) => { part.open = true; });
  if (closed.length) target.scrollIntoView();
};

if (typeof document !== "undefined") {
  document.documentElement.classList.add("scripted");
  document.querySelectorAll("table.sortable").forEach(sortable);
  document.querySelectorAll("input[data-table]").forEach(filter);
  document.querySelectorAll("code.command").forEach(copies);
  addEventListener("hashchange", opened);
  addEventListener("beforeprint", () => {
    document.querySelectorAll("details.print").forEach((part) => { part.open = true; });
  });
  opened();
}
