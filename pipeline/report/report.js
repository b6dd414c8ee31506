"use strict";
(() => {
  const form = document.getElementById("filter");
  const bar = document.getElementById("filtered");
  const told = bar.querySelector("[role=status]");
  const facets = ["brand", "stage", "theme", "language", "period"];
  const claims = [...document.querySelectorAll(".swot .claim")];
  const marked = [...document.querySelectorAll("[data-f]")];
  const groups = [...document.querySelectorAll("[data-group]")];

  // The rows under each heading within a table, before any sorting.
  const stages = [...document.querySelectorAll("tr.stage")].map((stage) => {
    const rows = [];
    for (let at = stage.nextElementSibling; at && !at.classList.contains("stage"); at = at.nextElementSibling) rows.push(at);
    return [stage, rows];
  });

  // Tables, lists and sections whose parts a filter hides; where it leaves none of them, a line says so in their place.
  const blocks = [...document.querySelectorAll("table.swot, main tbody, main ul, main ol, main .courses, main section")]
    .filter((found) => !found.parentElement.closest(".swot"))
    .map((found) => {
      const isSwot = found.matches(".swot");
      const parts = isSwot ? claims : [...found.children].filter((part) => part.matches("[data-f], [data-group]"));
      return { found, items: parts.filter((part) => !part.matches(".stage")) };
    })
    .filter(({ items }) => items.length)
    .map(({ found, items }) => {
      const nothing = document.createElement("p");
      nothing.className = "none";
      nothing.textContent = form.dataset.nothing;
      nothing.hidden = true;
      const outer = found.matches("section") ? null : found.closest(".scroll") || found.closest("table.swot") || found;
      if (outer) outer.after(nothing);
      else items[0].before(nothing);
      return { outer, items, nothing };
    });

  const wanted = () => {
    const said = new FormData(form);
    return facets.map((name) => [name, said.getAll(name).filter(Boolean)]).filter(([, values]) => values.length);
  };

  const fits = (element, filters) =>
    filters.every(([name, values]) => {
      const own = element.dataset[name];
      return own === undefined || own.split(" ").some((value) => values.includes(value));
    });

  const apply = () => {
    const filters = wanted();
    for (const element of marked) element.hidden = !fits(element, filters);
    for (const group of groups) group.hidden = false;
    for (const { outer } of blocks) if (outer) outer.hidden = false;
    // What a filter leaves is worth seeing whole.
    for (const folded of document.querySelectorAll(".swot details")) folded.open = filters.length > 0;
    for (const box of document.querySelectorAll(".swot td")) {
      box.classList.toggle("emptied", !!box.querySelector(".claim") && !box.querySelector(".claim:not([hidden])"));
    }
    // A heading over nothing says nothing.
    for (const group of groups) group.hidden = ![...group.querySelectorAll("[data-f]")].some((part) => !part.closest("[hidden]"));
    for (const [stage, rows] of stages) stage.hidden = rows.every((row) => row.hidden);
    for (const { outer, items, nothing } of blocks) {
      nothing.hidden = items.some((item) => !item.hidden);
      if (outer) outer.hidden = !nothing.hidden;
    }
    const shown = claims.filter((claim) => !claim.closest("[hidden]")).length;
    told.textContent = form.dataset.status.replace("{shown}", shown).replace("{all}", claims.length);
    bar.hidden = filters.length === 0;
    return filters;
  };

  const remember = (filters) => {
    const state = filters.map(([name, values]) => `${name}=${values.map(encodeURIComponent).join(",")}`).join("&");
    history.replaceState(null, "", state ? `#${state}` : location.pathname + location.search);
  };

  const recall = () => {
    const state = new Map(
      location.hash.slice(1).split("&").filter((part) => part.includes("=")).map((part) => {
        const [name, values] = part.split("=", 2);
        return [name, values.split(",").map(decoded)];
      }),
    );
    for (const input of form.elements) {
      const values = state.get(input.name) || [];
      if (input.type === "checkbox") input.checked = values.includes(input.value);
      else if (input.tagName === "SELECT") input.value = [...input.options].some((o) => o.value === values[0]) ? values[0] : "";
    }
  };

  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return "";
    }
  };

  const clear = () => {
    form.reset();
    remember(apply());
  };

  // A link to a finding opens its evidence, also where a filter has hidden it.
  const open = () => {
    const id = decoded(location.hash.slice(1));
    const target = id && !id.includes("=") && document.getElementById(id);
    if (!target) return;
    if (target.closest("[hidden]")) {
      form.reset();
      apply();
    }
    for (let at = target.parentElement; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    (target.closest("details.cell") || target).scrollIntoView();
  };

  const arrive = () => {
    if (location.hash.includes("=") || location.hash === "") {
      recall();
      apply();
    } else open();
  };

  const sortable = (table) => {
    const body = table.tBodies[0];
    const original = [...body.rows];
    const heads = [...table.tHead.rows[0].cells];
    const value = (row, column) => {
      const cell = row.cells[column];
      const raw = cell.dataset.v ?? cell.textContent.trim();
      const number = raw === "" ? NaN : Number(raw);
      return { raw, number };
    };
    const compare = (column, sign) => (one, other) => {
      const [a, b] = [value(one, column), value(other, column)];
      // What is not known stands last, whichever way is up.
      if ((a.raw === "") !== (b.raw === "")) return a.raw === "" ? 1 : -1;
      if (!Number.isNaN(a.number) && !Number.isNaN(b.number)) return sign * (a.number - b.number);
      return sign * a.raw.localeCompare(b.raw, document.documentElement.lang);
    };
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.title = form.dataset.sort;
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const next = { none: "ascending", ascending: "descending", descending: "none" }[head.ariaSort || "none"];
        for (const each of heads) each.removeAttribute("aria-sort");
        if (next !== "none") head.setAttribute("aria-sort", next);
        table.classList.toggle("sorted", next !== "none");
        const rows = next === "none" ? original : original.filter((row) => !row.classList.contains("stage"));
        body.append(...(next === "none" ? rows : rows.toSorted(compare(column, next === "ascending" ? 1 : -1))));
      });
    });
  };

  const unfolded = [];
  addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details:not([open]):not(.analyst)")) {
      unfolded.push(folded);
      folded.open = true;
    }
  });
  addEventListener("afterprint", () => {
    for (const folded of unfolded.splice(0)) folded.open = false;
  });

  document.querySelectorAll("table.sortable").forEach(sortable);
  // Where the chart is wider than the screen, what is newest comes first.
  for (const wide of document.querySelectorAll("#trend figure .scroll")) wide.scrollLeft = wide.scrollWidth;
  form.addEventListener("input", () => remember(apply()));
  form.addEventListener("submit", (event) => event.preventDefault());
  bar.querySelector("button").addEventListener("click", clear);
  addEventListener("hashchange", arrive);
  form.hidden = false;
  arrive();
})();
