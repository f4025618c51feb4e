/* What a screen adds to the page: it is whole without, and every button is made here. */
(() => {
  "use strict";
  const THEMES = { system: "screen and (prefers-color-scheme: dark)", light: "not all", dark: "screen" };
  const LINE = 120; // px below the window's top: the heading above it is being read
  const find = (selector, within = document) => [...within.querySelectorAll(selector)];

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
    element.append(...children);
    return element;
  }

  function button(text, press, attributes = {}) {
    const element = make("button", { type: "button", ...attributes }, text);
    element.addEventListener("click", () => press(element));
    return element;
  }

  /* Theme: the system's, until the reader chooses; the dark sheet's `media` is the switch. */
  let memory = {};
  try { memory = localStorage; } catch { /* a browser may keep nothing for files */ }
  let theme = memory.theme in THEMES ? memory.theme : "system";
  const dark = document.getElementById("dark");
  dark.media = THEMES[theme];

  function themeButton() {
    return button(`Theme: ${theme}`, (self) => {
      const names = Object.keys(THEMES);
      theme = names[(names.indexOf(theme) + 1) % names.length];
      dark.media = THEMES[theme];
      memory.theme = theme;
      self.textContent = `Theme: ${theme}`;
    });
  }

  /* Contents: beside the text on a wide screen, behind a button on a narrow one. */
  function addBar() {
    const bar = make("div", { class: "bar" });
    const nav = document.querySelector("nav.contents");
    if (!nav) {
      bar.append(themeButton());
      document.querySelector("header").prepend(bar);
      return;
    }
    const list = nav.querySelector("ol");
    list.id = "contents-list";
    const open = (isOpen) => {
      nav.classList.toggle("open", isOpen);
      toggle.setAttribute("aria-expanded", isOpen);
    };
    const toggle = button("Contents", () => open(!nav.classList.contains("open")),
      { class: "toggle", "aria-expanded": "false", "aria-controls": list.id });
    bar.append(toggle, themeButton());
    nav.prepend(bar);
    document.querySelector(".skip").after(nav);
    list.addEventListener("click", (event) => event.target.closest("a") && open(false));
    document.addEventListener("click", (event) => nav.contains(event.target) || open(false));
    nav.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !nav.classList.contains("open")) return;
      open(false);
      toggle.focus();
    });
    followReader(nav);
  }

  function followReader(nav) {
    const links = find("a[href^='#']", nav);
    const targets = links.map((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
    let current = null;
    const follow = () => {
      const isAtEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
      const read = targets.filter((t) => t && t.getBoundingClientRect().top < LINE).length;
      const link = links[(isAtEnd ? links.length : read) - 1] ?? null;
      if (link === current) return;
      current?.removeAttribute("aria-current");
      current = link;
      current?.setAttribute("aria-current", "location");
      const box = current?.parentElement;
      const list = nav.querySelector("ol"); // it alone scrolls: scrollIntoView would move the page
      if (box) list.scrollTop = box.offsetTop - list.offsetTop - (list.clientHeight - box.clientHeight) / 2;
    };
    addEventListener("scroll", () => requestAnimationFrame(follow), { passive: true });
    addEventListener("resize", follow);
    follow();
  }

  /* Copies: the address of a section, the BibTeX of a reference. */
  const status = make("div", { role: "status", class: "status" });

  async function copy(text, said) {
    const copied = navigator.clipboard?.writeText(text) ?? Promise.reject();
    status.textContent = await copied.then(() => said, () => "The browser does not allow copying");
    setTimeout(() => { status.textContent = ""; }, 2500);
  }

  function addCopies() {
    for (const heading of find("section :is(h2, h3, h4)")) {
      const id = heading.id || heading.querySelector("[id]")?.id;
      if (!id) continue;
      const name = heading.textContent.trim();
      const link = make("a", { class: "link", href: `#${id}`, "aria-label": `Link to ${name}` }, "#");
      link.addEventListener("click", () => copy(link.href, "Link copied"));
      heading.append("\u00a0", link); // never a line of its own
    }
    for (const entry of find("[data-bibtex]")) {
      const label = `Copy BibTeX of ${entry.id.replace(/^ref-/, "")}`;
      entry.append(" ", button("Copy BibTeX", () => copy(entry.dataset.bibtex, "BibTeX copied"),
        { "aria-label": label }));
    }
  }

  /* Figures: enlarged in a dialog, which gives the focus back by itself. */
  function addEnlarging() {
    const close = button("Close", () => dialog.close());
    const body = make("div", { class: "enlarged", tabindex: "0", role: "group" });
    const dialog = make("dialog", {}, close, body);
    dialog.addEventListener("click", ({ target }) =>
      (target === dialog || target.closest("a")) && dialog.close());
    document.body.append(dialog);
    const add = (picture, name, caption) => {
      const enlarge = button("Enlarge", () => {
        const text = make("p", { class: "caption" }, ...caption.cloneNode(true).childNodes);
        body.replaceChildren(picture.cloneNode(true), text);
        for (const own of ["id", "tabindex"]) {
          find(`[${own}]`, body).forEach((copied) => copied.removeAttribute(own));
        }
        body.setAttribute("aria-label", name);
        dialog.setAttribute("aria-label", name);
        dialog.showModal();
      }, { class: "enlarge", "aria-label": `Enlarge ${name}` });
      picture.after(enlarge);
      picture.addEventListener("click", (event) => event.target.matches("img") && enlarge.click());
    };
    for (const figure of find("figure.figure")) {
      const panels = figure.querySelector(".panels");
      const caption = figure.querySelector("figcaption");
      const name = caption.querySelector(".label").textContent;
      if (panels.querySelector("img")) add(panels, name, caption);
      figure.querySelector("summary")?.setAttribute("aria-label", `Values of ${name}`);
    }
    for (const image of find("p > .inserted:only-child")) {
      if (!image.parentElement.textContent.trim()) add(image, image.alt, new Text());
    }
  }

  /* Tables: sorted by what a cell is worth, not by how it prints; what is missing stays last. */
  function worth(cell) {
    const text = cell.textContent.trim();
    const raw = cell.querySelector("data")?.value ?? text.replace(/[\s,]/g, "").replace("\u2212", "-");
    const number = /^-?inf$/.test(raw) ? Number(raw.replace("inf", "Infinity")) : Number(raw);
    if (["", "\u2013", "\u2014"].includes(text) || raw === "nan") return null;
    return raw === "" || Number.isNaN(number) ? text : number;
  }

  function compare(one, other) {
    if (typeof one === "number" && typeof other === "number") return Math.sign(one - other) || 0;
    return String(one).localeCompare(String(other), "en", { numeric: true });
  }

  function sorted(rows, column, sign) {
    const keyed = rows.map((row) => [worth(row.cells[column]), row]);
    const known = keyed.filter(([key]) => key !== null).sort((a, b) => sign * compare(a[0], b[0]));
    return [...known, ...keyed.filter(([key]) => key === null)].map(([, row]) => row);
  }

  function addSorting() {
    for (const table of find("section table")) {
      const heads = find("thead th", table);
      const rows = find("tbody tr", table);
      const names = new Set(heads.map((head) => head.textContent.trim()));
      const isPlain = rows.every((row) => row.cells.length === heads.length);
      if (rows.length < 2 || names.size < heads.length || !isPlain) continue; // no list of rows
      heads.forEach((head, column) => {
        if (!head.textContent.trim()) return;
        const press = () => {
          const before = head.getAttribute("aria-sort");
          const next = { ascending: "descending", descending: null }[before];
          const order = next === undefined ? "ascending" : next;
          heads.forEach((each) => each.removeAttribute("aria-sort"));
          if (order) head.setAttribute("aria-sort", order);
          const sign = order === "descending" ? -1 : 1;
          table.tBodies[0].append(...(order ? sorted(rows, column, sign) : rows));
        };
        const sort = button("", press);
        sort.append(...head.childNodes);
        head.append(sort);
      });
    }
  }

  /* Boxes that scroll can be reached by keyboard, while they do. */
  function addScrolling() {
    const boxes = find(".scroll, .equation, .panel, pre");
    const watcher = new ResizeObserver(() => boxes.forEach((box) => {
      const { scrollWidth, clientWidth, scrollHeight, clientHeight } = box;
      if (scrollWidth > clientWidth || scrollHeight > clientHeight) box.setAttribute("tabindex", "0");
      else box.removeAttribute("tabindex");
    }));
    boxes.flatMap((box) => [box, ...box.children]).forEach((part) => watcher.observe(part));
  }

  document.documentElement.classList.add("scripted");
  document.addEventListener("DOMContentLoaded", () => {
    document.body.append(status);
    [addSorting, addCopies, addEnlarging, addBar, addScrolling].forEach((add) => add());
  });
})();
