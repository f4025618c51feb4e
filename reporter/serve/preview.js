// Hears of saves and renews what they changed, so that the reader's place and all else stay.
// What the page's own script has its hands on is renewed by loading the page again.
(() => {
  "use strict";
  const BLOCKS = ":is(h1, h2, h3, h4, p, li, dt, dd, pre, tr, figure, figcaption, img):not(nav *)";
  const PLAIN = ":is(p, li, dd, pre, tr, figcaption):not(nav *)"; // whose words no script changes
  const LIVELY = "h1, h2, h3, h4, h5, table, tr, th, td, figure, nav, li[id], .scroll, .equation, pre, img";
  const KEPT = "reporter-place"; // in the tab's memory, across a reload
  const page = new WeakMap(); // node as it was sent → node on the page
  const sent = document.body.cloneNode(true); // other scripts change the page; this stays
  const { frame } = document.currentScript.dataset; // of all that stands before the body
  let { version } = document.currentScript.dataset;
  let newest = version;
  let isBusy = false;

  const pair = (from, to) => {
    page.set(from, to);
    from.childNodes.forEach((child, i) => pair(child, to.childNodes[i]));
  };
  pair(sent, document.body);

  // The reader's place: what stands at the top of the window, and how far from it.

  function places(selector) {
    return [...document.querySelectorAll(selector)]
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ box }) => box.height > 0 && box.bottom > 0)
      .map(({ element, box }) => ({ element, top: box.top }))
      .sort((a, b) => Math.abs(a.top) - Math.abs(b.top));
  }

  function holding(found) {
    // Return what moves the page back to its place, as often as something above it grows.
    let y = scrollY;
    return () => {
      const still = found.find(({ element }) => element.isConnected);
      if (!still || scrollY !== y) return; // the reader has moved on
      scrollBy({ top: still.element.getBoundingClientRect().top - still.top, behavior: "instant" });
      y = scrollY;
    };
  }

  function keepingPlace(change) {
    const hold = scrollY > 0 ? holding(places(BLOCKS)) : () => {};
    change();
    hold();
    for (const image of document.images) {
      if (!image.complete) image.addEventListener("load", hold, { once: true });
    }
  }

  const start = (element) => element.textContent.trim().slice(0, 200);

  function remembered() {
    const near = scrollY > 0 ? places(PLAIN).slice(0, 20) : [];
    return near.map(({ element, top }) => ({ name: element.nodeName, text: start(element), top }));
  }

  function reload(place) {
    sessionStorage.setItem(KEPT, JSON.stringify(place));
    history.scrollRestoration = "manual";
    location.reload();
  }

  function returnToPlace() {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (!kept) return;
    sessionStorage.removeItem(KEPT);
    const alike = ({ name, text }) =>
      [...document.querySelectorAll(name)].filter((element) => start(element) === text);
    const found = kept
      .map(({ top, ...words }) => ({ top, elements: alike(words) }))
      .filter(({ elements }) => elements.length === 1)
      .map(({ top, elements }) => ({ top, element: elements[0] }));
    const hold = holding(found);
    hold();
    document.fonts.ready.then(hold);
    addEventListener("load", hold);
    for (const deed of ["wheel", "keydown", "pointerdown"]) { // before one, the browser would move
      const leave = () => (history.scrollRestoration = "auto");
      addEventListener(deed, leave, { once: true, passive: true });
    }
  }

  // From the page as it was sent to the page as it is sent now.

  const parts = (node) =>
    [...node.childNodes].filter(
      (child) =>
        child.nodeName !== "SCRIPT" &&
        !(node.nodeName === "BODY" && child.nodeType === 3 && !child.data.trim()),
    );
  const isSameShell = (a, b) => a.cloneNode(false).isEqualNode(b.cloneNode(false));

  // The longest common subsequence; what lies between is gone or has come.
  function* gaps(was, is) {
    const names = new Map();
    const name = (node) => {
      const text = `${node.nodeType} ${node.outerHTML ?? node.data}`;
      if (!names.has(text)) names.set(text, names.size);
      return names.get(text);
    };
    const [a, b] = [was.map(name), is.map(name)];
    const wide = b.length + 1;
    const common = new Uint32Array((a.length + 1) * wide);
    for (let i = a.length - 1; i >= 0; i -= 1) {
      for (let j = b.length - 1; j >= 0; j -= 1) {
        const at = i * wide + j;
        common[at] =
          a[i] === b[j] ? common[at + wide + 1] + 1 : Math.max(common[at + wide], common[at + 1]);
      }
    }
    let [i, j, gone, come, before] = [0, 0, [], [], null];
    while (i < a.length || j < b.length) {
      if (i < a.length && j < b.length && a[i] === b[j]) {
        if (gone.length || come.length) yield { before, gone, come };
        [gone, come, before] = [[], [], was[i]];
        i += 1;
        j += 1;
      } else if (j === b.length || common[(i + 1) * wide + j] >= common[i * wide + j + 1]) {
        gone.push(was[i++]);
      } else come.push(is[j++]);
    }
    if (gone.length || come.length) yield { before, gone, come };
  }

  function renew(old, fresh) {
    for (const { before, gone, come } of [...gaps(parts(old), parts(fresh))]) {
      if (gone.length === come.length) gone.forEach((node, i) => renewOne(node, come[i]));
      else replace(old, before, gone, come);
    }
  }

  function renewOne(old, fresh) {
    if (old.isEqualNode(fresh)) return;
    if (old.nodeType === 3 && fresh.nodeType === 3) {
      page.get(old).data = old.data = fresh.data;
    } else if (old.nodeType === 1 && isSameShell(old, fresh)) renew(old, fresh);
    else replace(old.parentNode, old.previousSibling, [old], [fresh]);
  }

  const isLively = (node) =>
    node.nodeType === 1 && (node.matches(LIVELY) || node.querySelector(LIVELY) !== null);

  function replace(parent, before, gone, come) {
    if ([...gone, ...come].some(isLively)) throw new Error("another script has to see it");
    const copies = come.map((node) => {
      const copy = document.importNode(node, true);
      pair(node, copy);
      return copy;
    });
    const at = gone.length ? page.get(gone[0]) : before && page.get(before);
    if (at && !at.parentNode) throw new Error("another script took it away");
    if (gone.length) at.before(...copies);
    else if (at) at.after(...copies);
    else page.get(parent).prepend(...copies);
    if (before) before.after(...come);
    else parent.prepend(...come);
    for (const node of gone) {
      page.get(node).remove();
      node.remove();
    }
  }

  function show(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    const place = remembered();
    try {
      if (fresh.querySelector("script[data-frame]").dataset.frame !== frame) throw new Error("head");
      keepingPlace(() => renew(sent, fresh.body));
    } catch {
      reload(place);
    }
  }

  async function catchUp() {
    if (isBusy) return;
    isBusy = true;
    try {
      while (version !== newest) {
        const wanted = newest;
        const answer = await fetch("/", { cache: "no-store" });
        const html = await answer.text();
        version = answer.headers.get("ETag").slice(1, -1);
        if (newest === wanted) newest = version; // else another save was told meanwhile
        show(html);
      }
    } finally {
      isBusy = false;
    }
  }

  // What is wrong, above the last good page.

  const panel = document.createElement("report-faults");
  panel.hidden = true;
  panel.attachShadow({ mode: "open" }).innerHTML = `
    <style>
      :host { position: fixed; inset: auto 0 0 0; z-index: 2147483647; font: 15px/1.5 sans-serif; }
      :host([hidden]) { display: none; }
      details { max-height: 50vh; overflow: auto; color: #fff; background: #8c1414; padding: .6em 1em; }
      summary { cursor: pointer; font-weight: 600; }
      ol { margin: .4em 0; padding-left: 1.4em; font-family: monospace; overflow-wrap: anywhere; }
      @media print { :host { display: none; } }
    </style>
    <details open><summary></summary><ol role="alert"></ol></details>`;
  document.documentElement.append(panel);

  function tell(title, faults) {
    const [summary, list] = ["summary", "ol"].map((name) => panel.shadowRoot.querySelector(name));
    panel.hidden = !title;
    summary.textContent = title;
    list.replaceChildren(
      ...faults.map((fault) => Object.assign(document.createElement("li"), { textContent: fault })),
    );
  }

  document.documentElement.style.overflowAnchor = "none"; // the place is kept here
  returnToPlace();
  const source = new EventSource("/events");
  source.onmessage = ({ data }) => {
    const told = JSON.parse(data);
    const title = told.is_current ? "To mend" : "To mend; the page is the last that could be set";
    tell(told.faults.length ? title : "", told.faults);
    newest = told.version;
    catchUp();
  };
  source.onerror = () => tell("The preview has ended; report serve starts it again", []);
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
})();
