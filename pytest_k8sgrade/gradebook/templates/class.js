"use strict";
(() => {
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });

  function compare(numeric, ascending) {
    const sign = ascending ? 1 : -1;
    return (one, other) => {
      if (one.value === "" || other.value === "") return (one.value === "") - (other.value === "");
      return sign * (numeric ? one.value - other.value : collator.compare(one.value, other.value));
    };
  }

  function sort(table, heading) {
    const column = [...heading.parentNode.children].indexOf(heading);
    const numeric = heading.dataset.sort === "number";
    const before = heading.getAttribute("aria-sort");
    const ascending = before ? before === "descending" : heading.dataset.first !== "descending";
    const rows = [...table.tBodies[0].rows].map((row) => ({ row, value: row.cells[column].dataset.value }));
    rows.sort(compare(numeric, ascending));
    table.tBodies[0].append(...rows.map((each) => each.row));
    for (const other of heading.parentNode.children) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  }

  for (const heading of document.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => sort(heading.closest("table"), heading));
  }

  const tools = document.getElementById("tools");
  const marks = document.getElementById("marks-table");
  const text = document.getElementById("filter-text");
  const which = document.getElementById("filter-which");
  const shown = document.getElementById("filter-shown");
  const all = document.getElementById("open-all");
  const rows = [...marks.tBodies[0].rows];
  const found = (row) => row.cells[0].textContent.toLowerCase().includes(text.value.trim().toLowerCase());
  const wanted = (row) => which.value === "" || row.dataset.tags.split(" ").includes(which.value);

  function filter() {
    let count = 0;
    for (const row of rows) {
      row.hidden = !(found(row) && wanted(row));
      count += row.hidden ? 0 : 1;
    }
    shown.textContent = `${count}/${rows.length}`;
  }

  function show() {
    const row = document.getElementById(location.hash.slice(1));
    if (row === null || !row.hidden) return;
    text.value = which.value = "";
    filter();
    row.scrollIntoView();
  }

  text.addEventListener("input", filter);
  which.addEventListener("change", filter);
  addEventListener("hashchange", show);
  all.addEventListener("click", () => {
    const open = all.getAttribute("aria-pressed") !== "true";
    all.setAttribute("aria-pressed", String(open));
    for (const details of marks.querySelectorAll("details")) details.open = open;
  });
  tools.hidden = false;
  filter();
})();
